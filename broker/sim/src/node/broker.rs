//! What a node does as a broker besides answering requests: its lifecycle, ISR proposals, announcements, upkeep.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::cx::Now;
use broker_core::lifecycle::{AnnouncementStep, BrokerLifecycle, BrokerStep, DirectoryAssignments, LifecycleNotice};
use broker_core::replication::fetcher::{Assignments, FetcherConfig};
use broker_core::replication::{IsrMember, Proposer, ProposerStep, alter_partition};
use protocol::Uuid;

use super::fetchers::Fetching;
use super::requests::Wanted;
use super::serve::Backlog;
use super::{Purpose, Running, Tag};
use crate::caller::ask;
use crate::world::World;

/// How long answers of the active controller are waited for.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How often silent members of groups are looked for.
const GROUP_TICK: Duration = Duration::from_millis(400);

/// How often it is looked whether a segment is full of age.
const MAINTENANCE_EVERY: Duration = Duration::from_millis(1100);

/// The broker of a process.
pub(crate) struct BrokerSide {
    pub(crate) broker: Arc<Broker>,
    pub(crate) lifecycle: BrokerLifecycle,
    pub(super) lifecycle_answer_max: Duration,
    pub(super) dirs: DirectoryAssignments,
    pub(super) is_telling_dirs: bool,
    pub(super) is_new_for_dirs: bool,
    pub(super) proposer: Proposer,
    pub(super) assignments: Assignments,
    pub(super) fetchers: BTreeMap<(i32, usize), Fetching>,
    pub(super) fetcher_config: FetcherConfig,
    pub(super) fetchers_each: usize,
    pub(super) wanted: Wanted,
    /// Whether its listener takes connections.
    pub(crate) serves: bool,
    pub(super) backlog: Backlog,
    /// Its epoch.
    pub(crate) epoch: i64,
    /// Directories that were told to have failed.
    pub(super) failed: BTreeSet<Uuid>,
    pub(super) may_stop: bool,
    /// What is told to the active controller has to be told to another.
    pub(crate) controller_changed: bool,
    /// When something is due.
    pub(crate) deadline: Option<Duration>,
    /// Something has happened since the last look, so that it may be due earlier.
    pub(crate) is_stirred: bool,
    pub(super) ticks: Ticks,
}

/// What is done now and then.
#[derive(Debug)]
pub(super) struct Ticks {
    pub(super) groups_at: Duration,
    pub(super) isr_at: Duration,
    pub(super) maintenance_at: Duration,
    pub(super) isr_every: Duration,
    pub(super) checkpoints_at: Duration,
    pub(super) checkpoints_every: Duration,
}

impl Ticks {
    fn next(&self) -> Duration {
        let logs = self.checkpoints_at.min(self.maintenance_at);
        self.groups_at.min(self.isr_at).min(logs)
    }
}

impl BrokerSide {
    /// Does what is due.
    fn tick(&mut self, now: Now) {
        if self.ticks.groups_at <= now.mono {
            self.ticks.groups_at = now.mono + GROUP_TICK;
            self.broker.tick_groups(now);
        }
        if self.ticks.isr_at <= now.mono {
            self.ticks.isr_at = now.mono + self.ticks.isr_every;
            for partition in self.broker.partitions() {
                partition.check_isr(now);
            }
        }
        if self.ticks.maintenance_at <= now.mono {
            self.ticks.maintenance_at = now.mono + MAINTENANCE_EVERY;
            for partition in self.broker.partitions() {
                // Nothing is so old that it goes; what a disk that fails says is in its health.
                let _removed = partition.maintain(now);
            }
        }
        if self.ticks.checkpoints_at <= now.mono {
            self.ticks.checkpoints_at = now.mono + self.ticks.checkpoints_every;
            for partition in self.broker.partitions() {
                // A disk that fails is found out by its health.
                let _failed = partition.flush_sealed();
            }
            let _failed = self.broker.write_checkpoints();
        }
    }

    fn sender(&self) -> IsrMember {
        let image = self.broker.image();
        let broker_id = self.broker.node_id();
        IsrMember {
            broker_id,
            broker_epoch: image.brokers().get(broker_id).map_or(-1, |broker| broker.epoch),
        }
    }
}

impl Running {
    /// The broker has taken another image.
    pub(super) fn published(&mut self, world: &mut World) {
        let Some(side) = &mut self.broker else { return };
        side.is_stirred = true;
        side.lifecycle.published(&side.broker.image());
        side.is_new_for_dirs = true;
        self.assign_fetchers(world);
    }

    /// Whether anything was done.
    pub(super) fn drive_broker(&mut self, world: &mut World) -> bool {
        let now = self.clock.now(world.now);
        let Some(side) = &mut self.broker else { return false };
        let is_due = side.deadline.is_some_and(|at| at <= now.mono);
        if !std::mem::take(&mut side.is_stirred) && !is_due {
            return false;
        }
        self.tell_who_is_active(now);
        if let Some(side) = &mut self.broker {
            side.tick(now);
            if side.broker.poll_groups_to_load(Waker::noop()).is_ready() {
                side.broker.load_groups(now);
                world.totals.coordinator_changes += 1;
            }
        }
        self.watch_dirs(world, now);
        let mut deadlines = [None; 6];
        let mut is_news = false;
        let steps = [
            Self::drive_lifecycle,
            Self::tell_dirs,
            Self::propose,
            Self::drive_fetchers,
            Self::drive_wanted,
        ];
        for (step, deadline) in steps.into_iter().zip(&mut deadlines) {
            let (sent, until) = step(self, world, now);
            is_news |= sent;
            *deadline = until;
        }
        if let Some(side) = &mut self.broker {
            side.is_stirred |= is_news;
            side.deadline = deadlines.into_iter().flatten().chain([side.ticks.next()]).min();
        }
        is_news
    }

    fn tell_who_is_active(&mut self, now: Now) {
        let active = self.active;
        let Some(side) = &mut self.broker else { return };
        if !std::mem::take(&mut side.controller_changed) || active.id.is_none() {
            return;
        }
        side.lifecycle.controller_changed();
        side.proposer.controller_changed();
        side.dirs.controller_changed(now);
        side.wanted.controller_changed(now);
    }

    fn watch_dirs(&mut self, world: &mut World, now: Now) {
        let Some(side) = &mut self.broker else { return };
        for home in side.broker.log_dirs() {
            if !home.health.is_failed() || !side.failed.insert(home.id) {
                continue;
            }
            world.totals.dirs_offline += 1;
            if let std::task::Poll::Ready(offline) = side.broker.poll_offline(home, Waker::noop()) {
                let id = self.id;
                world.tell(|| format!("node {id}: {}", offline.message));
                if offline.stops_node {
                    self.over.get_or_insert(offline.message);
                } else {
                    side.lifecycle.directory_failed(home.id, now);
                }
            }
        }
    }

    /// One step of the lifecycle: whether it was one, and how long to wait otherwise.
    fn drive_lifecycle(&mut self, world: &mut World, now: Now) -> (bool, Option<Duration>) {
        let Some(side) = &mut self.broker else {
            return (false, None);
        };
        let step = side.lifecycle.next(now);
        let max = side.lifecycle_answer_max;
        self.take_notices(world);
        let (tag, ask) = match step {
            BrokerStep::Wait(until) => return (false, until),
            BrokerStep::Register(request) => (Tag::Register, ask(request, None, 0)),
            BrokerStep::Heartbeat(request) => (Tag::Heartbeat, ask(request, None, 0)),
        };
        if !self.ask_active(world, Purpose::Lifecycle, tag, ask, max)
            && let Some(side) = &mut self.broker
        {
            side.lifecycle.on_failure(now);
        }
        (true, None)
    }

    fn take_notices(&mut self, world: &mut World) {
        let id = self.id;
        let Some(side) = &mut self.broker else { return };
        for notice in side.lifecycle.take_notices() {
            world.tell(|| format!("broker {id}: {notice:?}"));
            match notice {
                LifecycleNotice::Registered { epoch } => {
                    side.epoch = epoch;
                    side.lifecycle.startup_finished();
                }
                LifecycleNotice::Unfenced => side.serves = true,
                LifecycleNotice::Fenced => {}
                LifecycleNotice::MayStop { .. } => side.may_stop = true,
                LifecycleNotice::Failed(reason) => {
                    self.over.get_or_insert(reason);
                }
            }
        }
    }

    fn tell_dirs(&mut self, world: &mut World, now: Now) -> (bool, Option<Duration>) {
        let Some(side) = &mut self.broker else {
            return (false, None);
        };
        if side.is_telling_dirs {
            return (false, None);
        }
        if std::mem::take(&mut side.is_new_for_dirs) {
            let partitions = side.broker.partitions();
            let replicas = partitions
                .iter()
                .map(|partition| ((partition.topic_id(), partition.index()), partition.log_dir_id()));
            side.dirs.published(&side.broker.image(), replicas);
        }
        match side.dirs.next(now) {
            AnnouncementStep::Wait(until) => (false, until),
            AnnouncementStep::Send(request) => {
                side.is_telling_dirs = true;
                let ask = ask(request, None, 0);
                if !self.ask_active(
                    world,
                    Purpose::AssignDirectories,
                    Tag::AssignDirectories,
                    ask,
                    ANSWER_MAX,
                ) && let Some(side) = &mut self.broker
                {
                    side.is_telling_dirs = false;
                    side.dirs.on_failure(now);
                }
                (true, None)
            }
        }
    }

    fn propose(&mut self, world: &mut World, now: Now) -> (bool, Option<Duration>) {
        let Some(side) = &mut self.broker else {
            return (false, None);
        };
        let proposals = side.broker.replicas().take_proposals();
        if !proposals.is_empty() {
            side.proposer.take(proposals, now.mono);
        }
        let sender = side.sender();
        match side.proposer.next(sender, now.mono) {
            ProposerStep::Wait(until) => (false, until),
            ProposerStep::Send(request) => {
                let ask = ask(request, Some(alter_partition::VERSION), 0);
                if !self.ask_active(world, Purpose::AlterPartition, Tag::AlterPartition, ask, ANSWER_MAX)
                    && let Some(side) = &mut self.broker
                {
                    for (proposal, outcome) in side.proposer.on_answer(None) {
                        if let Ok(partition) = side.broker.partition_by_id(proposal.topic_id, proposal.partition) {
                            partition.isr_outcome(&proposal, outcome, now);
                        }
                    }
                }
                (true, None)
            }
        }
    }

    /// One step of the controller's registration.
    pub(super) fn announce_controller(&mut self, world: &mut World) -> bool {
        let now = self.clock.now(world.now);
        let is_new = std::mem::take(&mut self.quorum.is_new_image);
        let active = self.active;
        let Some((machine, asked)) = &mut self.registration else {
            return false;
        };
        let is_other = *asked != active && active.id.is_some();
        let is_due = self.quorum.announce_at.is_some_and(|at| at <= now.mono);
        if !(is_new || is_other || is_due) {
            return false;
        }
        if is_new {
            machine.published(&self.quorum.image);
        }
        if is_other {
            *asked = active;
            machine.controller_changed(now);
        }
        match machine.next(now) {
            AnnouncementStep::Wait(until) => {
                self.quorum.announce_at = until;
                false
            }
            AnnouncementStep::Send(request) => {
                self.quorum.announce_at = None;
                let ask = ask(request, None, 0);
                let purpose = Purpose::RegisterController;
                if !self.ask_active(world, purpose, Tag::RegisterController, ask, ANSWER_MAX)
                    && let Some((machine, _)) = &mut self.registration
                {
                    machine.on_failure(now);
                    self.quorum.announce_at = Some(now.mono);
                }
                true
            }
        }
    }
}
