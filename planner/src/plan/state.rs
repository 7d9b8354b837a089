//! Where every replica is while a plan is made, and what follows from it, kept up to date move by move.

use super::topics::TopicCounts;
use crate::dense::{BrokerIx, Key, PartitionIx, PerResource, RackIx, Resource, SlotIx, Table};
use crate::model::Cluster;
use crate::request::{Problem, Role};

/// A placement in the making. A slot is one place in a partition's new replica list; the first slot leads.
#[derive(Debug, Clone)]
pub(crate) struct State<'p> {
    pub problem: &'p Problem<'p>,
    first: Table<PartitionIx, u32>,
    at: Table<SlotIx, Option<BrokerIx>>,
    home: Table<SlotIx, Option<BrokerIx>>,
    partition: Table<SlotIx, PartitionIx>,
    pub loads: Table<BrokerIx, PerResource<i64>>,
    disk_before: Table<BrokerIx, i64>,
    arriving: Table<BrokerIx, i64>,
    held: Table<BrokerIx, Vec<SlotIx>>,
    /// Whose list in `held` has slots that have left, or twice.
    stale: Table<BrokerIx, bool>,
    topics: TopicCounts,
    racks: Table<BrokerIx, RackIx>,
    rack_caps: Vec<usize>,
    /// Whether each rack holds as much of every partition as it has room for, so that none can leave it.
    pub closed_racks: bool,
    /// Bytes of all replicas that are where their partition had none.
    pub bytes: i64,
    /// How many those are.
    pub moves: u64,
    steps_left: u64,
    undo: Vec<(SlotIx, BrokerIx)>,
    on_hold: Vec<SlotIx>,
}

impl<'p> State<'p> {
    /// Everything where it is; slots that a higher replication factor adds are empty, replicas beyond a lower one are
    /// gone: `kept` says which positions stay.
    pub(crate) fn new(problem: &'p Problem<'p>, kept: impl Fn(PartitionIx) -> Option<Vec<BrokerIx>>) -> Self {
        let cluster = problem.cluster;
        let mut first = Table::from(Vec::with_capacity(cluster.partitions().len()));
        let mut home: Table<SlotIx, Option<BrokerIx>> = Table::from(Vec::with_capacity(cluster.replica_count()));
        let mut partition_of: Table<SlotIx, PartitionIx> = Table::from(Vec::with_capacity(cluster.replica_count()));
        for at in cluster.partitions().keys() {
            first.push(home.len() as u32);
            let chosen = kept(at);
            let staying = chosen.as_deref().unwrap_or(cluster.replicas(at));
            for position in 0..usize::from(problem.target_rf[at]) {
                home.push(staying.get(position).copied());
                partition_of.push(at);
            }
        }
        let brokers = cluster.brokers().len();
        let no_rack = RackIx::from_index(0);
        let racks = cluster
            .brokers()
            .values()
            .iter()
            .map(|broker| broker.rack.unwrap_or(no_rack))
            .collect();
        let rack_caps = (0..=crate::model::REPLICAS_MAX)
            .map(|replicas| problem.room.rule(replicas))
            .collect();
        let mut state = Self {
            problem,
            first,
            at: Table::new(),
            home: Table::new(),
            partition: partition_of,
            loads: Table::filled(brokers, PerResource::new([0; 5])),
            disk_before: crate::model::loads(cluster)
                .values()
                .iter()
                .map(|load| load[Resource::Disk])
                .collect(),
            arriving: Table::filled(brokers, 0),
            held: Table::filled(brokers, Vec::new()),
            stale: Table::filled(brokers, true),
            topics: TopicCounts::new(problem),
            racks,
            rack_caps,
            closed_racks: has_closed_racks(problem),
            bytes: 0,
            moves: 0,
            steps_left: problem.request.effort.steps,
            undo: Vec::new(),
            on_hold: Vec::new(),
        };
        state.start(home);
        state
    }

    /// Puts every replica where it is.
    fn start(&mut self, home: Table<SlotIx, Option<BrokerIx>>) {
        for partition in self.cluster().partitions().keys() {
            let of = &self.cluster().partitions()[partition];
            let load = of.load(usize::from(self.problem.target_rf[partition]));
            for slot in self.slots_of(partition) {
                let Some(broker) = home[slot] else { continue };
                for resource in Resource::REPLICA {
                    self.loads[broker][resource] += load[resource];
                }
                self.held[broker].push(slot);
                self.topics.add(of.topic, broker, 1);
            }
            if let Some(first) = home.lookup(self.first_slot(partition)).copied().flatten() {
                self.account_leader(first, &load, 1);
            }
        }
        self.at = home.clone();
        self.home = home;
        self.stale.values_mut().fill(false);
        self.topics.start();
    }

    pub(crate) fn cluster(&self) -> &'p Cluster {
        self.problem.cluster
    }

    pub(crate) fn partition(&self, slot: SlotIx) -> PartitionIx {
        self.partition[slot]
    }

    pub(crate) fn broker(&self, slot: SlotIx) -> Option<BrokerIx> {
        self.at[slot]
    }

    /// Where the slot's replica is in the snapshot.
    pub(crate) fn home(&self, slot: SlotIx) -> Option<BrokerIx> {
        self.home[slot]
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = SlotIx> + use<> {
        self.at.keys()
    }

    pub(crate) fn first_slot(&self, partition: PartitionIx) -> SlotIx {
        SlotIx::from_index(self.first[partition] as usize)
    }

    pub(crate) fn slots_of(&self, partition: PartitionIx) -> impl Iterator<Item = SlotIx> + use<> {
        let first = self.first[partition] as usize;
        (first..first + usize::from(self.problem.target_rf[partition])).map(SlotIx::from_index)
    }

    /// The brokers of a partition's slots.
    pub(crate) fn placed(&self, partition: PartitionIx) -> &[Option<BrokerIx>] {
        self.at.span(
            self.first[partition] as usize,
            usize::from(self.problem.target_rf[partition]),
        )
    }

    /// The slots on a broker, in order.
    pub(crate) fn held(&mut self, broker: BrokerIx) -> Vec<SlotIx> {
        let Self { held, at, stale, .. } = self;
        let slots = &mut held[broker];
        if std::mem::take(&mut stale[broker]) {
            slots.retain(|slot| at[*slot] == Some(broker));
            slots.sort_unstable();
            slots.dedup();
        }
        slots.clone()
    }

    /// Whether a replica may leave where it is.
    pub(crate) fn may_leave(&self, slot: SlotIx) -> bool {
        let frozen = self.at[slot].is_some_and(|broker| self.problem.roles[broker] == Role::Frozen);
        !frozen && self.problem.may_change(self.partition[slot]) && !self.on_hold.contains(&slot)
    }

    /// Whether a replica on this broker is one that the partition did not have there.
    pub(crate) fn arrives(&self, slot: SlotIx, broker: BrokerIx) -> bool {
        !self.cluster().replicas(self.partition[slot]).contains(&broker)
    }

    /// Bytes to be copied for having the slot here rather than where it is.
    pub(crate) fn cost(&self, slot: SlotIx, to: BrokerIx) -> i64 {
        let size = self.cluster().partitions()[self.partition[slot]].size_bytes;
        let paid = self.at[slot].is_some_and(|from| self.arrives(slot, from));
        (i64::from(self.arrives(slot, to)) - i64::from(paid)) * size
    }

    pub(crate) fn load(&self, slot: SlotIx) -> PerResource<i64> {
        let partition = self.partition[slot];
        self.cluster().partitions()[partition].load(usize::from(self.problem.target_rf[partition]))
    }

    /// What the replica in this slot takes of its broker: the leader's part only if it leads.
    pub(crate) fn borne(&self, slot: SlotIx) -> PerResource<i64> {
        let mut load = self.load(slot);
        if self.first_slot(self.partition[slot]) != slot {
            for resource in Resource::LEADER {
                load[resource] = 0;
            }
        }
        load
    }

    pub(crate) fn lift(&mut self, slot: SlotIx) {
        if let Some(from) = self.at[slot].take() {
            self.account(slot, from, -1);
            self.undo.push((slot, from));
        }
    }

    /// From here on changes can be undone.
    pub(crate) fn mark(&mut self) {
        self.undo.clear();
    }

    /// Undoes all since the mark. Nothing may be in hand, and no leader may have changed places since.
    pub(crate) fn undo(&mut self) {
        while let Some((slot, from)) = self.undo.pop() {
            if let Some(at) = self.at[slot].take() {
                self.account(slot, at, -1);
            }
            self.at[slot] = Some(from);
            self.held[from].push(slot);
            self.account(slot, from, 1);
        }
    }

    /// Keeps these slots where they are until others are named.
    pub(crate) fn hold(&mut self, slots: Vec<SlotIx>) {
        self.on_hold = slots;
    }

    pub(crate) fn put(&mut self, slot: SlotIx, to: BrokerIx) {
        self.lift(slot);
        self.at[slot] = Some(to);
        self.held[to].push(slot);
        self.account(slot, to, 1);
    }

    fn account(&mut self, slot: SlotIx, broker: BrokerIx, sign: i64) {
        self.stale[broker] = true;
        let load = self.load(slot);
        let partition = self.partition[slot];
        for resource in Resource::REPLICA {
            self.loads[broker][resource] += sign * load[resource];
        }
        if self.first_slot(partition) == slot {
            self.account_leader(broker, &load, sign);
        }
        self.topics
            .add(self.cluster().partitions()[partition].topic, broker, sign);
        if self.arrives(slot, broker) {
            self.arriving[broker] += sign * load[Resource::Disk];
            self.bytes += sign * load[Resource::Disk];
            self.moves = self.moves.wrapping_add_signed(sign);
        }
    }

    fn account_leader(&mut self, broker: BrokerIx, load: &PerResource<i64>, sign: i64) {
        for resource in Resource::LEADER {
            self.loads[broker][resource] += sign * load[resource];
        }
    }

    /// Lets the replica in this slot lead: it changes places with the first.
    pub(crate) fn lead(&mut self, slot: SlotIx) {
        let first = self.first_slot(self.partition[slot]);
        let (Some(old), Some(new)) = (self.at[first], self.at[slot]) else {
            return;
        };
        let load = self.load(slot);
        self.account_leader(old, &load, -1);
        self.account_leader(new, &load, 1);
        (self.at[first], self.at[slot]) = (Some(new), Some(old));
        self.held[new].push(first);
        self.held[old].push(slot);
        (self.stale[new], self.stale[old]) = (true, true);
        let homes = (self.home[first], self.home[slot]);
        (self.home[slot], self.home[first]) = homes;
    }

    /// Whether the rules let the slot's replica be on this broker, wherever it is now.
    pub(crate) fn may_take(&self, slot: SlotIx, to: BrokerIx) -> bool {
        self.may_take_without(slot, to, None)
    }

    /// The same, with another broker's replica of the partition not counted.
    pub(crate) fn may_take_without(&self, slot: SlotIx, to: BrokerIx, gone: Option<SlotIx>) -> bool {
        let partition = self.partition[slot];
        let of = &self.cluster().partitions()[partition];
        let first = self.first[partition] as usize;
        let placed = self.placed(partition);
        let rack = self.racks[to];
        let mut in_rack = 0;
        for (offset, broker) in placed.iter().enumerate() {
            let other = SlotIx::from_index(first + offset);
            if other == slot || Some(other) == gone {
                continue;
            }
            if *broker == Some(to) {
                return false;
            }
            in_rack += usize::from(broker.is_some_and(|broker| self.racks[broker] == rack));
        }
        let cap = self.rack_caps.get(placed.len()).copied().unwrap_or(usize::MAX);
        let was_there = !self.arrives(slot, to);
        let role = self.problem.roles[to];
        (role == Role::Takes || (was_there && role != Role::Drains))
            && in_rack < cap
            && self.topics.has_room(of.topic, to, was_there)
            && self.has_disk(slot, to, of.size_bytes)
    }

    /// Whether the disk has room for the replica before anything has left it.
    fn has_disk(&self, slot: SlotIx, to: BrokerIx, size_bytes: i64) -> bool {
        let ceiling = self.problem.disk_ceilings[to];
        if ceiling == i64::MAX || self.at[slot] == Some(to) || !self.arrives(slot, to) {
            return true;
        }
        self.disk_before[to] + self.arriving[to] + size_bytes <= ceiling
    }

    /// How many replicas of the slot's partition its rack has beyond the rule.
    pub(crate) fn rack_surplus(&self, slot: SlotIx) -> usize {
        let Some(at) = self.at[slot] else { return 0 };
        let placed = self.placed(self.partition[slot]);
        let rack = self.racks[at];
        let in_rack = placed
            .iter()
            .flatten()
            .filter(|broker| self.racks[**broker] == rack)
            .count();
        in_rack.saturating_sub(self.rack_caps.get(placed.len()).copied().unwrap_or(usize::MAX))
    }

    pub(crate) fn rack(&self, broker: BrokerIx) -> RackIx {
        self.racks[broker]
    }

    /// Takes from the budget of work; false once it is used up.
    pub(crate) fn spend(&mut self, steps: usize) -> bool {
        self.steps_left = self.steps_left.saturating_sub(steps as u64);
        self.steps_left > 0
    }
}

fn has_closed_racks(problem: &Problem<'_>) -> bool {
    let racks = problem.room.racks();
    let is_closed = |at: PartitionIx| {
        let replicas = usize::from(problem.target_rf[at]);
        replicas == racks * problem.room.rule(replicas) && problem.cluster.replicas(at).len() == replicas
    };
    problem.room.is_ruled() && problem.cluster.partitions().keys().all(is_closed)
}
