//! What goes wrong in a run, drawn from its seed: each draws its own, so that some are rough in ways that others are not.

use std::time::Duration;

use crate::membership::{Membership, SPARE};
use crate::random::Seeded;
use crate::world::{EndId, What, World};
use broker_core::cx::Random as _;

/// How long a run has weather. Calm comes after it.
pub const LENGTH: Duration = Duration::from_secs(20);

/// broker.session.timeout.ms, without haste.
pub(crate) const SESSION_MS: u64 = 9000;
/// broker.heartbeat.interval.ms, without haste.
pub(crate) const HEARTBEAT_MS: u64 = 2000;

/// controller.quorum.fetch.timeout.ms, without haste.
pub(crate) const FETCH_MS: u64 = 2000;

/// Which processes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Three nodes that are both.
    Combined,
    /// Three brokers, three controllers.
    Separate,
    /// Some are both, some are not.
    Mixed,
}

/// What a run is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) layout: Layout,
    /// Log directories of each broker.
    pub(crate) log_dirs: usize,
    /// Whether the metadata has a directory of its own.
    pub(crate) own_metadata_dir: bool,
    pub(crate) min_isr: i32,
    /// Whether the metadata knows of eligible leaders.
    pub(crate) elr: bool,
    /// What timeouts are divided by.
    pub(crate) haste: u64,
    pub(crate) latency_us: u64,
    pub(crate) lose_one_in: u64,
    pub(crate) late_one_in: u64,
    pub(crate) late_max_ms: u64,
    pub(crate) sync_max_us: u64,
    pub(crate) segment_ms: u64,
    pub(crate) snapshot_bytes: u64,
    pub(crate) kill_new_leader: u64,
    pub(crate) kill_after_vote: u64,
    pub(crate) kill_new_controller: u64,
    pub(crate) restart_followers: u64,
    pub(crate) isolate_leader: u64,
    /// Crashes take the power with them, and what was not synced.
    pub(crate) power: bool,
    pub(crate) drifts: bool,
    pub(crate) produce_every_ms: u64,
    pub(crate) fetchers: u64,
    pub(crate) membership: Membership,
    /// A round of the quorum's thread may take so long, in which it takes what comes.
    pub(crate) round_max_us: u64,
    /// One leader in so many loses its power when another has what it has not synced.
    pub(crate) cut_overtaken: u64,
    /// A voter that two ask who do not reach each other is restarted between them.
    pub(crate) bridges: u64,
    /// One proposal of an ISR in so many is held back on its way until it is out of date.
    pub(crate) hold_proposal: u64,
    /// Where a fetch can be made to come late, it is so once in so many looks.
    pub(crate) hold_fetch: u64,
}

/// Something that goes wrong, or right again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Kill(EndId),
    PowerCut(EndId),
    Stop(EndId),
    Pause(EndId, Duration),
    ClockJump(EndId, i64),
    /// From the first to the second nothing goes.
    CutOneWay(EndId, EndId),
    /// Nothing goes to or from it.
    Cut(EndId),
    Heal,
    BreakConnections(u64),
    FailSyncs(EndId, usize),
    FillDisk(EndId, usize),
    /// Cuts off whoever leads a partition while appends are on their way.
    IsolateLeader(u64),
    /// A controller's metadata directory is formatted anew.
    Reformat(EndId),
    /// The two that follow the active controller do not reach each other, and it is restarted.
    Bridge,
    /// Something goes again from the first to the second, and back.
    Rejoin(EndId, EndId),
    Calm,
}

impl Weather {
    pub(crate) fn draw(random: &mut Seeded) -> Self {
        let rough = random.below(3);
        let min_isr = 1 + i32::from(random.below(4) > 0);
        Self {
            layout: random
                .pick(&[Layout::Combined, Layout::Separate, Layout::Mixed])
                .unwrap_or(Layout::Combined),
            log_dirs: 1 + random.below(2) as usize,
            own_metadata_dir: random.one_in(3),
            min_isr,
            elr: random.below(4) > 0,
            haste: 1 + random.below(4),
            latency_us: random.pick(&[150, 400, 2000]).unwrap_or(400),
            lose_one_in: random.pick(&[0, 400, 60]).unwrap_or(0),
            late_one_in: random.pick(&[0, 200, 40]).unwrap_or(0),
            late_max_ms: random.pick(&[20, 300, 3000]).unwrap_or(20),
            sync_max_us: random.pick(&[200, 4000, 60_000]).unwrap_or(200),
            segment_ms: random.pick(&[600_000, 1500]).unwrap_or(1500),
            snapshot_bytes: random.pick(&[1500, 4000, 20_000]).unwrap_or(4000),
            kill_new_leader: random.pick(&[0, 12, 4]).unwrap_or(0),
            kill_after_vote: random.pick(&[0, 10, 3]).unwrap_or(0),
            kill_new_controller: random.pick(&[0, 6, 3]).unwrap_or(0),
            restart_followers: random.pick(&[0, 8]).unwrap_or(0),
            isolate_leader: rough,
            power: random.one_in(2),
            drifts: random.one_in(2),
            produce_every_ms: 60 + random.below(90),
            fetchers: 1 + random.below(2),
            membership: Membership::draw(random),
            round_max_us: random.pick(&[0, 0, 8000, 30_000]).unwrap_or(0),
            cut_overtaken: random.pick(&[0, 2, 6]).unwrap_or(0),
            bridges: random.below(2),
            hold_proposal: random.pick(&[0, 0, 2]).unwrap_or(0),
            hold_fetch: random.pick(&[0, 10]).unwrap_or(0),
        }
    }

    /// Ids of brokers.
    pub(crate) fn brokers(&self) -> [EndId; 3] {
        [1, 2, 3]
    }

    /// Ids of controllers that vote at first.
    pub(crate) fn first_voters(&self) -> [EndId; 3] {
        match self.layout {
            Layout::Combined => [1, 2, 3],
            Layout::Separate => [11, 12, 13],
            Layout::Mixed => [1, 2, 13],
        }
    }

    /// Ids of all controllers.
    pub(crate) fn controllers(&self) -> Vec<EndId> {
        let spare = self.membership.has_spare.then_some(SPARE);
        self.first_voters().into_iter().chain(spare).collect()
    }

    /// Ids of all nodes.
    pub(crate) fn nodes(&self) -> Vec<EndId> {
        let mut all: Vec<EndId> = self.brokers().into_iter().chain(self.controllers()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl World {
    fn any(&mut self, of: &[EndId]) -> EndId {
        self.random.pick(of).unwrap_or(1)
    }

    fn plan_changes(&mut self) {
        let until = LENGTH.as_millis() as u64;
        for _ in 0..self.weather.bridges {
            let at = self.random.ms(2500, until - 2000);
            self.at(at, What::Fault(Fault::Bridge));
        }
        if self.weather.membership.loses_dirs {
            let controllers = self.weather.controllers();
            for _ in 0..1 + self.random.below(4) {
                let (at, node) = (self.random.ms(2500, until), self.any(&controllers));
                self.at(at, What::Fault(Fault::Reformat(node)));
            }
        }
    }

    /// Draws when what goes wrong.
    pub(crate) fn plan(&mut self) {
        let nodes = self.weather.nodes();
        let until = LENGTH.as_millis() as u64;
        let count = |random: &mut Seeded, max: u64| random.below(max + 1);
        let when = |random: &mut Seeded| random.ms(2500, until);
        for _ in 0..count(&mut self.random, 5) {
            let (at, node) = (when(&mut self.random), self.any(&nodes));
            let power = self.weather.power && self.random.one_in(2);
            let fault = if power {
                Fault::PowerCut(node)
            } else {
                Fault::Kill(node)
            };
            self.at(at, What::Fault(fault));
        }
        // Several at about the same time.
        for _ in 0..count(&mut self.random, 1) {
            let at = when(&mut self.random);
            for _ in 0..3 {
                let (after, node) = (self.random.ms(0, 300), self.any(&nodes));
                self.at(at + after, What::Fault(Fault::Kill(node)));
            }
        }
        for _ in 0..count(&mut self.random, 2) {
            let (at, node) = (when(&mut self.random), self.any(&nodes));
            self.at(at, What::Fault(Fault::Stop(node)));
        }
        for _ in 0..count(&mut self.random, 2) {
            let (at, node) = (when(&mut self.random), self.any(&nodes));
            let length = self.random.ms(50, 6000);
            self.at(at, What::Fault(Fault::Pause(node, length)));
        }
        for _ in 0..count(&mut self.random, 2) {
            let (at, node) = (when(&mut self.random), self.any(&nodes));
            // Producers' timestamps may be an hour ahead of a broker at most.
            let jump = self.random.below(2_400_000) as i64 - 1_200_000;
            self.at(at, What::Fault(Fault::ClockJump(node, jump)));
        }
        for _ in 0..count(&mut self.random, 3) {
            let (at, one, other) = (when(&mut self.random), self.any(&nodes), self.any(&nodes));
            let fault = if self.random.one_in(2) || one == other {
                Fault::Cut(one)
            } else {
                Fault::CutOneWay(one, other)
            };
            self.at(at, What::Fault(fault));
            let length = self.random.ms(50, 5000);
            self.at(at + length, What::Fault(Fault::Heal));
        }
        for _ in 0..count(&mut self.random, 12) {
            let (at, which) = (when(&mut self.random), self.random.next_u64());
            self.at(at, What::Fault(Fault::BreakConnections(which)));
        }
        for _ in 0..self.weather.isolate_leader {
            let (at, which) = (when(&mut self.random), self.random.next_u64());
            self.at(at, What::Fault(Fault::IsolateLeader(which)));
            let length = self.random.ms(500, 5000);
            self.at(at + length, What::Fault(Fault::Heal));
        }
        if self.random.one_in(3) {
            let (at, node) = (when(&mut self.random), self.any(&nodes));
            let disk = self.random.below(3) as usize;
            self.at(at, What::Fault(Fault::FailSyncs(node, disk)));
        }
        if self.random.one_in(3) {
            let (at, node) = (when(&mut self.random), self.any(&nodes));
            let disk = self.random.below(3) as usize;
            self.at(at, What::Fault(Fault::FillDisk(node, disk)));
        }
        self.plan_changes();
        self.at(LENGTH, What::Fault(Fault::Calm));
    }
}
