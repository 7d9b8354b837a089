//! Cuts classes of brokers into steps: no larger than allowed, no more load on those that stay than they bear, one broker
//! alone first and twice as many each time. A part of a safe class is safe.

use planner::dense::{BrokerIx, PartitionIx, Table};

use super::{Busiest, Given, Headroom, Step};
use crate::fleet::Role;
use crate::held::Held;
use crate::leaders::{Away, Out, out_now};

/// A step of one controller that holds no partitions.
pub(super) fn step_of_controller(id: i32) -> Step {
    Step {
        nodes: vec![id],
        role: Role::Controller,
        racks: Vec::new(),
        is_canary: false,
        partitions_at_floor: 0,
        leaders_moved: 0,
        busiest: None,
    }
}

/// Makes steps of classes.
#[derive(Debug)]
pub(super) struct Cutter<'a> {
    given: Given<'a>,
    rooms: &'a Table<PartitionIx, i8>,
    held: &'a Held,
    out_now: Out,
    limits: Table<BrokerIx, i64>,
    /// How many go together next.
    size: usize,
    pub(super) steps: Vec<Step>,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(given: Given<'a>, rooms: &'a Table<PartitionIx, i8>, held: &'a Held) -> Self {
        let cluster = given.fleet.cluster;
        let out_now = out_now(cluster);
        let all: i64 = out_now.values().iter().sum();
        let average = all as f64 / cluster.brokers().len().max(1) as f64;
        let brokers = cluster.brokers().iter();
        let limits = brokers
            .map(|(at, broker)| {
                let capacity = broker.capacity.bytes_out_per_s;
                limit(given.request.headroom, capacity, average.max(out_now[at] as f64))
            })
            .collect();
        let size = if given.request.ramp {
            1
        } else {
            given.request.max_batch(cluster)
        };
        Self {
            given,
            rooms,
            held,
            out_now,
            limits,
            size,
            steps: Vec::new(),
        }
    }

    /// Adds the steps of these classes.
    pub(super) fn cut(&mut self, mut classes: Vec<Vec<BrokerIx>>) {
        if self.given.request.ramp && self.steps.is_empty() {
            self.canary_first(&mut classes);
        }
        for class in classes {
            let mut left = class.into_iter().peekable();
            while left.peek().is_some() {
                let step = self.fill(&mut left);
                self.steps.push(step);
                self.size = (self.size * 2).min(self.given.request.max_batch(self.given.fleet.cluster));
            }
        }
    }

    /// The broker that gives out the least comes first, with its class.
    fn canary_first(&self, classes: &mut [Vec<BrokerIx>]) {
        let all = classes.iter().enumerate();
        let canary = all
            .flat_map(|(class, brokers)| brokers.iter().enumerate().map(move |(at, broker)| (class, at, *broker)))
            .min_by_key(|(_, _, broker)| (self.votes(*broker), self.out_now[*broker], *broker));
        let Some((class, at, _)) = canary else { return };
        if let Some(brokers) = classes.get_mut(class).and_then(|brokers| brokers.get_mut(..=at)) {
            brokers.rotate_right(1);
        }
        if let Some(classes) = classes.get_mut(..=class) {
            classes.rotate_right(1);
        }
    }

    fn votes(&self, broker: BrokerIx) -> bool {
        let id = self.given.fleet.cluster.brokers()[broker].id;
        self.given.fleet.quorum.is_voter(id)
    }

    /// The next step: as many of these as may go together.
    fn fill(&self, left: &mut std::iter::Peekable<impl Iterator<Item = BrokerIx>>) -> Step {
        let cluster = self.given.fleet.cluster;
        let mut brokers: Vec<BrokerIx> = Vec::new();
        let mut away = Away::nobody(cluster, self.held, &self.out_now);
        let mut is_over = false;
        while let Some(next) = left.peek().copied() {
            if brokers.len() >= self.size {
                break;
            }
            let mut with_next = away.clone();
            let gaining = with_next.goes(next);
            let bears = gaining
                .iter()
                .all(|broker| with_next.out[*broker] <= self.limits[*broker]);
            if !bears && !brokers.is_empty() {
                break;
            }
            is_over |= !bears;
            away = with_next;
            brokers.push(next);
            left.next();
            if !bears {
                break;
            }
        }
        brokers.sort_unstable();
        self.step(&brokers, &away, is_over)
    }

    fn step(&self, brokers: &[BrokerIx], away: &Away<'_>, is_over: bool) -> Step {
        let cluster = self.given.fleet.cluster;
        let votes = brokers.iter().any(|broker| self.votes(*broker));
        let mut racks: Vec<String> = brokers
            .iter()
            .filter_map(|broker| cluster.brokers()[*broker].rack)
            .map(|rack| cluster.racks()[rack].clone())
            .collect();
        racks.sort_unstable();
        racks.dedup();
        Step {
            nodes: cluster.ids(brokers),
            role: if votes { Role::Combined } else { Role::Broker },
            racks,
            is_canary: self.given.request.ramp && self.steps.is_empty(),
            partitions_at_floor: self.at_floor(brokers),
            leaders_moved: away.leaders_moved,
            busiest: away.busiest().map(|(broker, out)| Busiest {
                node: cluster.brokers()[broker].id,
                bytes_out_per_s: out.max(0).unsigned_abs(),
                is_over,
            }),
        }
    }

    /// Partitions that have no more room while these are away.
    fn at_floor(&self, brokers: &[BrokerIx]) -> usize {
        let seats = brokers.iter().flat_map(|broker| &self.held[*broker]);
        let mut touched: Vec<PartitionIx> = seats
            .filter(|seat| seat.is_in_sync)
            .map(|seat| seat.partition)
            .collect();
        touched.sort_unstable();
        let runs = touched.chunk_by(|one, other| one == other);
        let is_full = |run: &&[PartitionIx]| {
            run.first()
                .is_some_and(|at| run.len() as isize >= self.rooms[*at].into())
        };
        runs.filter(is_full).count()
    }
}

/// What a broker may give out meanwhile.
fn limit(headroom: Headroom, capacity: Option<u64>, now: f64) -> i64 {
    let of_capacity = capacity.map_or(f64::INFINITY, |capacity| capacity as f64 * headroom.share_of_capacity);
    let of_now = headroom.times_now.map_or(f64::INFINITY, |times| now * times);
    // As whole numbers: what is not bounded becomes the largest.
    of_capacity.min(of_now) as i64
}
