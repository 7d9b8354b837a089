//! What has to hold in a run, looked at as only one can who sees all nodes at once.

mod end;
mod logs;
mod metadata;
mod voters;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::partition::Partition;
use broker_core::image::MetadataImage;
use broker_core::raft::VoterSet;
use protocol::Uuid;

use crate::client::Place;
use crate::node::{BrokerSide, Running};
use crate::weather::FETCH_MS;
use crate::world::{EndId, World};
use logs::Logs;

/// A partition by its topic's id and its number.
type PartitionKey = (Uuid, i32);

/// What happened at a node that something may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happened {
    /// It leads a partition in a new epoch.
    Leads,
    /// It has granted a vote.
    Granted,
    /// It is the active controller of a new epoch.
    Active,
    /// It leads the quorum, and takes its time with what it has appended.
    Lingers,
    /// It leads the quorum, and this voter alone has what it has not synced.
    Overtaken(EndId),
    /// It leads the quorum, and has changed the voters; that is not committed.
    Changing,
}

/// What was seen of a process.
#[derive(Debug, Default)]
struct Seen {
    raft_epoch: i32,
    raft_high_watermark: i64,
    /// Where the voters changed last, as it is committed.
    voters_offset: Option<i64>,
    image_offset: i64,
    /// By replica; one that was removed and came again is another.
    replicas: BTreeMap<PartitionKey, Replica>,
}

/// What was seen of a replica.
#[derive(Debug)]
struct Replica {
    partition: Arc<Partition>,
    high_watermark: i64,
    end: i64,
}

/// All that was seen.
#[derive(Debug)]
pub(crate) struct Checker {
    seen: BTreeMap<EndId, Seen>,
    /// Who led which epoch of the quorum.
    controllers: BTreeMap<i32, EndId>,
    /// What is committed in the metadata log, by offset: the epoch, and a hash of what is there.
    committed: BTreeMap<i64, (i32, u64)>,
    /// The voters as they are committed, by the offsets of the records that changed them.
    voters: BTreeMap<i64, VoterSet>,
    /// Who led which epoch of a partition, by itself.
    leaders: BTreeMap<(PartitionKey, i32), EndId>,
    /// The newest metadata that is committed.
    newest: MetadataImage,
    logs: Logs,
    /// Nodes that lost what was not synced.
    pub(crate) tainted: BTreeSet<EndId>,
    /// When processes ended that have not begun again.
    ended_at: BTreeMap<EndId, Duration>,
    /// The last active controller whose process ended as such: its epoch, and when.
    leader_ended: Option<(i32, Duration)>,
}

impl Default for Checker {
    fn default() -> Self {
        Self {
            seen: BTreeMap::new(),
            controllers: BTreeMap::new(),
            committed: BTreeMap::new(),
            voters: BTreeMap::new(),
            leaders: BTreeMap::new(),
            newest: MetadataImage::empty(),
            logs: Logs::default(),
            tainted: BTreeSet::new(),
            ended_at: BTreeMap::new(),
            leader_ended: None,
        }
    }
}

impl Checker {
    /// A process begins.
    pub(crate) fn began(&mut self, id: EndId) {
        let seen = Seen {
            image_offset: -1,
            ..Seen::default()
        };
        self.seen.insert(id, seen);
        self.ended_at.remove(&id);
    }

    /// A process has ended.
    pub(crate) fn ended(&mut self, id: EndId, led_epoch: Option<i32>, now: Duration) {
        self.ended_at.insert(id, now);
        let last = self.controllers.last_key_value().map(|(epoch, _)| *epoch);
        if let Some(epoch) = led_epoch.filter(|epoch| last == Some(*epoch)) {
            self.leader_ended = Some((epoch, now));
        }
        self.seen.remove(&id);
    }

    /// What must hold after each step of a node.
    pub(crate) fn node(&mut self, world: &mut World, id: EndId, running: &mut Running) -> Vec<Happened> {
        let mut happened = Vec::new();
        self.quorum(world, id, running, &mut happened);
        let offset = running.quorum.image.offset();
        let Some(seen) = self.seen.get_mut(&id) else {
            return happened;
        };
        if offset == seen.image_offset {
            return happened;
        }
        if offset < seen.image_offset {
            let before = seen.image_offset;
            world.wrong(format!("node {id} publishes metadata up to {offset} after {before}"));
        }
        seen.image_offset = offset;
        if offset > self.newest.offset() {
            let newest = running.quorum.image.clone();
            self.metadata(world, &newest);
            self.newest = newest;
        }
        if running.broker.is_some() && self.leads(world, id, running) {
            happened.push(Happened::Leads);
        }
        happened
    }

    fn quorum(&mut self, world: &mut World, id: EndId, running: &mut Running, happened: &mut Vec<Happened>) {
        if std::mem::take(&mut running.quorum.just_granted) {
            happened.push(Happened::Granted);
        }
        let raft = running.quorum.controller.quorum();
        let (epoch, high_watermark) = (raft.epoch(), raft.high_watermark());
        let Some(seen) = self.seen.get_mut(&id) else { return };
        if epoch < seen.raft_epoch || high_watermark < seen.raft_high_watermark {
            let before = (seen.raft_epoch, seen.raft_high_watermark);
            world.wrong(format!(
                "node {id}: epoch and high watermark of the quorum are {epoch} and {high_watermark} after {before:?}"
            ));
        }
        seen.raft_epoch = epoch;
        if raft.is_leader() && running.quorum.led_epoch.replace(epoch) != Some(epoch) {
            world.totals.active_controllers += 1;
            world.tell(|| format!("node {id} is the active controller in epoch {epoch}"));
            happened.push(Happened::Active);
            let fetch = Duration::from_millis(FETCH_MS / world.weather.haste);
            let is_early = |ended: (i32, Duration)| ended.0 < epoch && world.now < ended.1 + fetch / 2;
            world.totals.early_elections += u64::from(self.leader_ended.take().is_some_and(is_early));
            let first = *self.controllers.entry(epoch).or_insert(id);
            if first != id {
                world.wrong(format!("nodes {first} and {id} both lead the quorum in epoch {epoch}"));
            }
        }
        if raft.is_leader() {
            leads_quorum(world, running, happened);
        }
        if high_watermark > seen.raft_high_watermark {
            let from = std::mem::replace(&mut seen.raft_high_watermark, high_watermark);
            self.compare_metadata(world, id, running, from);
            self.compare_voters(world, id, running);
        }
    }

    /// What is committed in one node's metadata log is so in all.
    fn compare_metadata(&mut self, world: &mut World, id: EndId, running: &Running, from: i64) {
        let batches = match running.quorum.controller.quorum().read_committed(from) {
            Ok(batches) => batches,
            Err(error) => return world.wrong(format!("node {id} cannot read what is committed: {error}")),
        };
        for batch in batches {
            let mut hasher = DefaultHasher::new();
            batch.values.hash(&mut hasher);
            let here = (batch.epoch, hasher.finish());
            let first = *self.committed.entry(batch.base_offset).or_insert(here);
            if first != here {
                let offset = batch.base_offset;
                world.wrong(format!(
                    "node {id} has another batch committed at {offset} of the metadata"
                ));
            }
        }
    }

    /// Who leads a partition of the clients, as far as is committed.
    pub(crate) fn leader_of(&self, places: &[Place], which: u64) -> Option<EndId> {
        let place = places.get(which as usize % places.len().max(1))?;
        let topic = self.newest.topics().by_name(&place.topic)?;
        let leader = topic.partition(place.partition)?.leader;
        (leader >= 0).then_some(leader)
    }

    /// The latest image of the metadata that is committed.
    pub(crate) fn newest(&self) -> &MetadataImage {
        &self.newest
    }

    /// Whether a broker's process is the one that is registered, and unfenced.
    pub(crate) fn is_registered(&self, running: &Running) -> bool {
        let own = self.newest.brokers().get(running.id);
        let is_known = |side: &BrokerSide| own.is_some_and(|own| own.epoch == side.epoch && !own.fenced);
        running.broker.as_ref().is_some_and(is_known)
    }

    /// Whether every partition that a node has is complete at another.
    pub(crate) fn survives_loss_of(&self, id: EndId) -> bool {
        let mut partitions = self
            .newest
            .topics()
            .iter()
            .flat_map(broker_core::image::TopicImage::partitions);
        partitions.all(|(_, partition)| {
            let mut complete = partition.isr.iter().chain(&partition.elr);
            !partition.replicas.contains(&id) || complete.any(|other| *other != id)
        })
    }

    /// Whether a node's replicas are all in sync, under its latest registration.
    pub(crate) fn is_in_sync_everywhere(&self, running: &Running) -> bool {
        let id = running.id;
        let mut partitions = self
            .newest
            .topics()
            .iter()
            .flat_map(broker_core::image::TopicImage::partitions);
        self.is_registered(running)
            && partitions.all(|(_, partition)| !partition.replicas.contains(&id) || partition.isr.contains(&id))
    }
}

/// What a leader of the quorum is in the middle of.
fn leads_quorum(world: &World, running: &mut Running, happened: &mut Vec<Happened>) {
    let quorum = &mut running.quorum;
    let raft = quorum.controller.quorum();
    if std::mem::take(&mut quorum.just_lingers) {
        happened.push(Happened::Lingers);
    }
    let changed = raft.voter_changes().next_back().map(|(offset, _)| offset);
    let changing = changed.filter(|offset| *offset >= raft.high_watermark());
    if changing.is_some() && quorum.changing_at != changing {
        quorum.changing_at = changing;
        happened.push(Happened::Changing);
    }
    let synced = raft.synced_offset();
    if world.weather.cut_overtaken == 0 || raft.log_end_offset() == synced || quorum.overtaken_at == synced {
        return;
    }
    let others = raft.replicas().filter(|(key, _)| raft.voters().is_voter(*key));
    let mut ahead = others.filter(|(_, progress)| progress.end_offset > synced);
    if let (Some((key, _)), None) = (ahead.next(), ahead.next()) {
        quorum.overtaken_at = synced;
        happened.push(Happened::Overtaken(key.id));
    }
}
