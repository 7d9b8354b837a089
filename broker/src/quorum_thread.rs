//! The thread of the metadata quorum: it feeds the controller's machine, syncs in groups, carries out what it sends and
//! when it wants to be called, and hands what is committed to the publisher.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use broker_core::call::Call;
use broker_core::controller::{
    Controller, ControllerCx, ControllerError, ControllerTimer, Event, QuorumRequest, SnapshotJob, is_for_clients,
};
use broker_core::cx::{Cx, Outbox, Ticket};
use broker_core::reply::Reply;
use broker_log::disk::Disk;
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::controller_channel::ActiveController;
use crate::members::Members;
use crate::peers::address_of;
use crate::probe;
use crate::publisher::Publisher;
use crate::random::SystemRandom;

/// Events taken together before what they append is synced.
const GROUP_MAX: usize = 256;
/// How long a leader that stops waits for brokers that are to stop, too: a cluster that stops as a whole.
const LET_GO_MAX: Duration = Duration::from_secs(3);
/// How long a leader that stops waits until the others know.
const HAND_OVER_MAX: Duration = Duration::from_secs(1);

enum Message {
    Event(Event),
    Call(Call, oneshot::Sender<Reply>),
    Stop,
}

/// The way to the thread.
#[derive(Debug, Clone)]
pub(crate) struct QuorumHandle {
    sender: Sender<Message>,
}

impl QuorumHandle {
    fn post(&self, message: Message) {
        // A thread that is gone has said why; whoever waits for an answer sees its sender dropped.
        let _gone = self.sender.send(message);
    }

    /// Tells it something.
    pub(crate) fn send(&self, event: Event) {
        self.post(Message::Event(event));
    }

    /// Hands over a request; the answer comes through the receiver.
    pub(crate) fn call(&self, call: Call) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        self.post(Message::Call(call, sender));
        receiver
    }

    /// Ends the thread, after what was posted before.
    pub(crate) fn stop(&self) {
        self.post(Message::Stop);
    }
}

/// Messages for a thread that is yet to be started.
#[derive(Debug)]
pub(crate) struct Mailbox {
    receiver: Receiver<Message>,
}

#[cfg(test)]
impl Mailbox {
    /// Waits for a request, as the thread would.
    pub(crate) fn next_call(&self) -> (Call, oneshot::Sender<Reply>) {
        loop {
            if let Message::Call(call, answer) = self.receiver.recv().unwrap() {
                return (call, answer);
            }
        }
    }
}

/// A way to a thread, and what it will read.
pub(crate) fn mailbox() -> (QuorumHandle, Mailbox) {
    let (sender, receiver) = channel();
    (QuorumHandle { sender }, Mailbox { receiver })
}

/// Who waits for an answer.
#[derive(Debug)]
pub(crate) struct Asker {
    sender: oneshot::Sender<Reply>,
    is_client: bool,
}

/// The machine and its surroundings.
pub(crate) struct QuorumThread {
    pub(crate) controller: Controller,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Clock,
    pub(crate) members: Members,
    /// Who is active. Whoever watches sees the end of the thread as the end of the sender.
    pub(crate) active: watch::Sender<ActiveController>,
    pub(crate) publisher: Publisher,
    /// How this node reaches its own controller: its port may have been picked by the system.
    pub(crate) own_address: Option<String>,
    pub(crate) waiting: BTreeMap<Ticket, Asker>,
    pub(crate) timers: BTreeMap<ControllerTimer, Duration>,
    pub(crate) next_ticket: u64,
}

type Out = Outbox<QuorumRequest, ControllerTimer>;

impl QuorumThread {
    /// Runs until stopped; the controller comes back closed.
    pub(crate) fn run(mut self, mailbox: &Mailbox) -> Result<(), ControllerError> {
        let ended = self.serve(mailbox);
        self.publisher.finish();
        ended
    }

    fn serve(&mut self, mailbox: &Mailbox) -> Result<(), ControllerError> {
        while !self.round(mailbox, None)? {}
        self.hand_over(mailbox)?;
        self.controller.close()
    }

    /// Waits, until a time at most, takes what there is, syncs, and tells; whether the thread is to end.
    fn round(&mut self, mailbox: &Mailbox, until: Option<Duration>) -> Result<bool, ControllerError> {
        let mut next = self.receive(mailbox, until);
        let mut stops = false;
        for _ in 0..GROUP_MAX {
            match next {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    stops = true;
                    break;
                }
                Err(RecvTimeoutError::Timeout) => break,
                Ok(message) => self.take(message)?,
            }
            next = mailbox.receiver.recv_timeout(Duration::ZERO);
        }
        self.ring()?;
        self.commit()?;
        Ok(stops)
    }

    /// The next message, unless a timer is due or the time is up before.
    fn receive(&self, mailbox: &Mailbox, until: Option<Duration>) -> Result<Message, RecvTimeoutError> {
        match self.timers.values().copied().chain(until).min() {
            None => mailbox.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => mailbox.receiver.recv_timeout(at.saturating_sub(self.clock.now().mono)),
        }
    }

    /// Calls for the timers that are due.
    fn ring(&mut self) -> Result<(), ControllerError> {
        let now = self.clock.now().mono;
        let due: Vec<ControllerTimer> = self
            .timers
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(timer, _)| *timer)
            .collect();
        for timer in due {
            self.timers.remove(&timer);
            self.drive(|controller, cx| controller.on(Event::Timer(timer), cx))?;
        }
        Ok(())
    }

    fn take(&mut self, message: Message) -> Result<(), ControllerError> {
        let event = match message {
            Message::Event(event) => event,
            Message::Call(call, sender) => {
                self.next_ticket += 1;
                let ticket = Ticket(self.next_ticket);
                let is_client = is_for_clients(&call);
                self.waiting.insert(ticket, Asker { sender, is_client });
                Event::Call { ticket, call }
            }
            Message::Stop => return Ok(()),
        };
        self.drive(|controller, cx| controller.on(event, cx))
    }

    fn commit(&mut self) -> Result<(), ControllerError> {
        self.drive(Controller::spread)?;
        let mut image = None;
        let out = self.step(|controller, cx| {
            image = controller.commit(cx)?;
            Ok(())
        })?;
        // Before the answers, of which clients' wait until it is in place.
        if let Some(image) = image {
            self.publisher.publish(image);
        }
        self.carry_out(out);
        self.tell_who_is_active();
        if let Some(job) = self.controller.snapshot_due(self.clock.now())? {
            self.make_snapshot(job);
        }
        Ok(())
    }

    /// On a thread of its own: a large image takes its time.
    fn make_snapshot(&self, job: SnapshotJob) {
        let (id, quorum) = (job.id, self.members.quorum.clone());
        let not_made = quorum.clone();
        let make = move || {
            let bytes = job.bytes();
            if let Err(error) = &bytes {
                tracing::error!(%id, %error, "no snapshot of the metadata was taken");
            }
            let bytes = bytes.ok();
            quorum.send(Event::SnapshotMade { id, bytes });
        };
        let started = std::thread::Builder::new()
            .name("metadata-snapshot".to_owned())
            .spawn(make);
        if let Err(error) = started {
            tracing::error!(%id, %error, "no snapshot of the metadata was taken");
            not_made.send(Event::SnapshotMade { id, bytes: None });
        }
    }

    fn tell_who_is_active(&self) {
        let quorum = self.controller.quorum();
        let id = quorum.leader_id();
        let address = match id {
            Some(id) if id == quorum.node_id() => self.own_address.clone(),
            Some(id) => quorum.address_of(id).map(|(host, port)| address_of(host, port)),
            None => None,
        };
        let epoch = quorum.epoch();
        let active = ActiveController {
            id,
            epoch,
            address,
            is_gone: quorum.has_no_majority(self.clock.now().mono),
        };
        self.active.send_if_modified(|known| {
            let is_new = *known != active;
            if is_new {
                *known = active;
            }
            is_new
        });
    }

    fn drive(
        &mut self,
        step: impl FnOnce(&mut Controller, &mut ControllerCx<'_>) -> Result<(), ControllerError>,
    ) -> Result<(), ControllerError> {
        let out = self.step(step)?;
        self.carry_out(out);
        Ok(())
    }

    fn step(
        &mut self,
        step: impl FnOnce(&mut Controller, &mut ControllerCx<'_>) -> Result<(), ControllerError>,
    ) -> Result<Out, ControllerError> {
        let mut out = Outbox::default();
        let mut cx = Cx {
            now: self.clock.now(),
            random: &mut SystemRandom,
            disk: self.disk.as_ref(),
            out: &mut out,
        };
        step(&mut self.controller, &mut cx)?;
        Ok(out)
    }

    fn carry_out(&mut self, out: Out) {
        for request in out.sends {
            self.members.send(request, self.controller.quorum());
        }
        for probe in self.controller.take_probes() {
            self.members
                .runtime
                .spawn(probe::run(probe, self.members.quorum.clone()));
        }
        for (ticket, reply) in out.replies {
            let Some(Asker { sender, is_client }) = self.waiting.remove(&ticket) else {
                continue;
            };
            if is_client {
                self.publisher.answer(sender, reply);
            } else {
                // Whoever asked may be gone by now.
                let _gone = sender.send(reply);
            }
        }
        for (timer, at) in out.timers {
            match at {
                Some(at) => self.timers.insert(timer, at),
                None => self.timers.remove(&timer),
            };
        }
    }

    /// A leader that stops lets the others' brokers go that are on their way out, and says that it leads no more, so
    /// that nobody need find out.
    fn hand_over(&mut self, mailbox: &Mailbox) -> Result<(), ControllerError> {
        let until = self.clock.now().mono + LET_GO_MAX;
        self.rounds_while(mailbox, until, Controller::lets_brokers_go)?;
        self.drive(|controller, cx| controller.on(Event::Resign, cx))?;
        let until = self.clock.now().mono + HAND_OVER_MAX;
        self.rounds_while(mailbox, until, |controller| !controller.quorum().has_handed_over())
    }

    fn rounds_while(
        &mut self,
        mailbox: &Mailbox,
        until: Duration,
        is_so: impl Fn(&Controller) -> bool,
    ) -> Result<(), ControllerError> {
        while is_so(&self.controller) && self.clock.now().mono < until {
            self.round(mailbox, Some(until))?;
        }
        Ok(())
    }
}
