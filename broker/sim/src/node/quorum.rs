//! The thread of the quorum: it takes events in rounds, syncs, and tells what is committed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use broker_core::call::Call;
use broker_core::controller::{
    Controller, ControllerCx, ControllerError, ControllerTimer, Event, QuorumRequest, SnapshotJob,
};
use broker_core::cx::{Cx, Outbox, Ticket};
use broker_core::image::MetadataImage;
use broker_core::raft::wire::Identity;

use super::{Active, Purpose, Route, Running};
use broker_core::reply::{Reply, ReplyPart};
use protocol::api::ApiKey;
use protocol::api::messages::VoteRequest;

use crate::caller::Answer;
use crate::random::Seeded;
use crate::world::{What, World};

/// Bytes of a frame's length.
const LENGTH_BYTES: usize = 4;

/// One round of the quorum's thread in so many takes its time, if any do.
const SLOW_ROUNDS: u64 = 8;

type Out = Outbox<QuorumRequest, ControllerTimer>;

/// What has come and is to be taken in the next round.
#[derive(Debug)]
pub(crate) enum Mail {
    Event(Event),
    Call(Call, Route),
}

/// The machine and its surroundings.
pub(crate) struct Quorum {
    pub(crate) controller: Controller,
    pub(crate) mail: VecDeque<Mail>,
    pub(crate) own: Identity,
    pub(crate) request_max: Duration,
    random: Seeded,
    /// A round has come to its sync.
    is_committing: bool,
    /// A round goes on until then, and takes what comes.
    round_until: Option<Duration>,
    timers: BTreeMap<ControllerTimer, Duration>,
    waiting: BTreeMap<Ticket, (Route, i16, i16)>,
    next_ticket: u64,
    /// What was published last.
    pub(crate) image: MetadataImage,
    /// When the controller's registration is looked at again.
    pub(crate) announce_at: Option<Duration>,
    pub(crate) is_new_image: bool,
    pub(crate) led_epoch: Option<i32>,
    pub(crate) just_granted: bool,
    pub(crate) just_lingers: bool,
    /// Where a change of the voters was seen that was not committed.
    pub(crate) changing_at: Option<i64>,
    /// What was synced when another was seen to have more.
    pub(crate) overtaken_at: i64,
}

impl Quorum {
    pub(crate) fn new(controller: Controller, own: Identity, request_max: Duration, random: Seeded) -> Self {
        Self {
            controller,
            mail: VecDeque::from([Mail::Event(Event::Start)]),
            own,
            request_max,
            random,
            is_committing: false,
            round_until: None,
            timers: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
            image: MetadataImage::empty(),
            announce_at: None,
            is_new_image: false,
            led_epoch: None,
            just_granted: false,
            just_lingers: false,
            changing_at: None,
            overtaken_at: -1,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        if self.is_committing || self.round_until.is_some() {
            return self.round_until;
        }
        self.timers.values().copied().min()
    }

    /// Whether it waits for something to happen.
    pub(crate) fn is_idle(&self) -> bool {
        !self.is_committing && self.round_until.is_none() && self.mail.is_empty()
    }
}

impl Running {
    /// Takes what there is, up to the sync; whether there was anything.
    pub(super) fn quorum_round(&mut self, world: &mut World) -> bool {
        let now = self.clock.now(world.now).mono;
        let is_due = match self.quorum.round_until {
            Some(until) => until <= now,
            None => self.quorum.timers.values().any(|at| *at <= now),
        };
        if self.quorum.is_committing || (self.quorum.mail.is_empty() && !is_due) {
            return false;
        }
        while let Some(mail) = self.quorum.mail.pop_front() {
            let event = match mail {
                Mail::Event(event) => event,
                Mail::Call(call, route) => {
                    self.quorum.next_ticket += 1;
                    let ticket = Ticket(self.quorum.next_ticket);
                    let (key, version) = (call.header.api_key, call.header.api_version);
                    self.quorum.waiting.insert(ticket, (route, key, version));
                    Event::Call { ticket, call }
                }
            };
            self.drive(world, |controller, cx| controller.on(event, cx));
        }
        if self.goes_on(world, now) {
            return true;
        }
        let due = self.quorum.timers.iter().filter(|(_, at)| **at <= now);
        let due: Vec<ControllerTimer> = due.map(|(timer, _)| *timer).collect();
        for timer in due {
            self.quorum.timers.remove(&timer);
            self.drive(world, |controller, cx| controller.on(Event::Timer(timer), cx));
        }
        self.drive(world, Controller::spread);
        self.quorum.is_committing = true;
        let wait = world.random.us(5, world.weather.sync_max_us);
        let (node, life) = (self.id, self.life);
        world.after(wait, What::Commit { node, life });
        true
    }

    /// Whether the round is not over: a thread that has not got its turn finds more to take when it has.
    fn goes_on(&mut self, world: &mut World, now: Duration) -> bool {
        if let Some(until) = self.quorum.round_until {
            if until > now {
                return true;
            }
            self.quorum.round_until = None;
            return false;
        }
        let max_us = world.weather.round_max_us;
        if max_us == 0 || world.is_calm || !world.random.one_in(SLOW_ROUNDS) {
            return false;
        }
        self.quorum.round_until = Some(now + world.random.us(0, max_us));
        self.quorum.just_lingers = self.quorum.controller.quorum().is_leader();
        true
    }

    /// Syncs, and tells.
    pub(crate) fn commit(&mut self, world: &mut World) {
        self.quorum.is_committing = false;
        let mut image = None;
        let out = self.step(world, |controller, cx| {
            image = controller.commit(cx)?;
            Ok(())
        });
        if let Some(image) = image {
            self.publish(world, image);
        }
        if let Some(out) = out {
            self.carry_out(world, out);
        }
        self.note_who_is_active(world);
        let now = self.clock.now(world.now);
        match self.quorum.controller.snapshot_due(now) {
            Ok(Some(job)) => self.make_snapshot(world, &job),
            Ok(None) => {}
            Err(error) => self.fail(&error),
        }
        self.settle(world);
    }

    fn make_snapshot(&self, world: &mut World, job: &SnapshotJob) {
        let bytes = job.bytes();
        if let Err(error) = &bytes {
            world.wrong(format!("node {} cannot make a snapshot: {error}", self.id));
        }
        world.totals.snapshots += 1;
        let wait = world.random.ms(0, 50);
        let what = What::Snapshot {
            node: self.id,
            life: self.life,
            id: job.id,
            bytes: bytes.ok(),
        };
        world.after(wait, what);
    }

    fn publish(&mut self, world: &mut World, image: MetadataImage) {
        let is_same = self.quorum.image.is_same_as(&image);
        let now = self.clock.now(world.now);
        if let Some(side) = &self.broker {
            if is_same {
                side.broker.advance(image.clone());
            } else {
                for dir in side.broker.publish(image.clone(), now) {
                    use broker_log::disk::Disk as _;
                    // A disk that fails is found out by the logs.
                    let _failed = self.disks.remove_dir_all(&dir);
                }
            }
        }
        self.quorum.image = image;
        self.quorum.is_new_image = true;
        self.published(world);
    }

    fn note_who_is_active(&mut self, world: &mut World) {
        let raft = self.quorum.controller.quorum();
        let active = Active {
            id: raft
                .leader_id()
                .filter(|id| *id == self.id || raft.address_of(*id).is_some()),
            epoch: raft.epoch(),
        };
        if active == self.active {
            return;
        }
        let is_replaced = active.epoch != self.active.epoch;
        self.active = active;
        if is_replaced {
            for purpose in Purpose::TO_ACTIVE {
                self.caller.give_up(world, purpose);
            }
        }
        if let Some(side) = &mut self.broker {
            side.controller_changed = true;
            side.is_stirred = true;
        }
    }

    pub(super) fn drive(
        &mut self,
        world: &mut World,
        step: impl FnOnce(&mut Controller, &mut ControllerCx<'_>) -> Result<(), ControllerError>,
    ) {
        if let Some(out) = self.step(world, step) {
            self.carry_out(world, out);
        }
    }

    fn step(
        &mut self,
        world: &World,
        step: impl FnOnce(&mut Controller, &mut ControllerCx<'_>) -> Result<(), ControllerError>,
    ) -> Option<Out> {
        if self.over.is_some() {
            return None;
        }
        let mut out = Outbox::default();
        let mut cx = Cx {
            now: self.clock.now(world.now),
            random: &mut self.quorum.random,
            disk: &self.disks,
            out: &mut out,
        };
        match step(&mut self.quorum.controller, &mut cx) {
            Ok(()) => Some(out),
            Err(error) => {
                self.fail(&error);
                None
            }
        }
    }

    fn fail(&mut self, error: &ControllerError) {
        self.over.get_or_insert(format!("its metadata quorum failed: {error}"));
    }

    fn carry_out(&mut self, world: &mut World, out: Out) {
        for request in out.sends {
            self.ask_member(world, request);
        }
        for probe in self.quorum.controller.take_probes() {
            self.probe(world, &probe);
        }
        for (ticket, reply) in out.replies {
            if let Some((route, key, version)) = self.quorum.waiting.remove(&ticket) {
                self.quorum.just_granted |= crate::caller::is(key, ApiKey::Vote) && is_granted(&reply, version);
                self.answer(world, route, reply);
            }
        }
        for (timer, at) in out.timers {
            match at {
                Some(at) => self.quorum.timers.insert(timer, at),
                None => self.quorum.timers.remove(&timer),
            };
        }
    }
}

/// Whether an answer to a Vote grants it.
fn is_granted(reply: &Reply, version: i16) -> bool {
    let Reply::Frame(parts) = reply else { return false };
    let [ReplyPart::Bytes(frame)] = parts.as_slice() else {
        return false;
    };
    let frame = frame.slice(LENGTH_BYTES.min(frame.len())..);
    let response = Answer::Frame { version, frame }.read::<VoteRequest>();
    let mut partitions = response
        .iter()
        .flat_map(|response| &response.topics)
        .flat_map(|topic| &topic.partitions);
    partitions.any(|partition| partition.vote_granted)
}
