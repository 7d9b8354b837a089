//! The thread of the metadata quorum: it feeds the controller, commits in groups, and publishes what is
//! committed.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use broker_core::broker::{Broker, ControllerLink};
use broker_core::controller::{Controller, ControllerError, Event, Notice};
use broker_core::cx::{Cx, Outbox, Ticket};
use broker_core::reply::Reply;
use broker_log::disk::Disk;
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::random::SystemRandom;

/// Events taken together before what they append is synced.
const GROUP_MAX: usize = 256;

enum Message {
    Event(Event),
    Call(broker_core::call::Call, oneshot::Sender<Reply>),
    Stop,
}

/// The way to the thread.
#[derive(Debug, Clone)]
pub(crate) struct QuorumHandle {
    sender: Arc<Mutex<Sender<Message>>>,
}

impl QuorumHandle {
    fn post(&self, message: Message) {
        // A thread that is gone has said why; whoever waits for an answer sees its sender dropped.
        let _gone = self.sender.lock().unwrap_or_else(PoisonError::into_inner).send(message);
    }

    /// Hands over a request; the answer comes through the receiver.
    pub(crate) fn call(&self, call: broker_core::call::Call) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        self.post(Message::Call(call, sender));
        receiver
    }

    /// Ends the thread, after what was posted before.
    pub(crate) fn stop(&self) {
        self.post(Message::Stop);
    }
}

impl ControllerLink for QuorumHandle {
    fn send(&self, event: Event) {
        self.post(Message::Event(event));
    }
}

/// What the thread tells the node.
pub(crate) type Notices = tokio::sync::mpsc::UnboundedReceiver<Notice>;

/// Messages for a thread that is yet to be started.
#[derive(Debug)]
pub(crate) struct Mailbox {
    receiver: Receiver<Message>,
}

/// A way to a thread, and what it will read.
pub(crate) fn mailbox() -> (QuorumHandle, Mailbox) {
    let (sender, receiver) = channel();
    (
        QuorumHandle {
            sender: Arc::new(Mutex::new(sender)),
        },
        Mailbox { receiver },
    )
}

/// The machine and its surroundings.
pub(crate) struct QuorumThread {
    pub(crate) controller: Controller,
    pub(crate) broker: Arc<Broker>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Clock,
    pub(crate) notices: tokio::sync::mpsc::UnboundedSender<Notice>,
    pub(crate) removed: tokio::sync::mpsc::UnboundedSender<broker_core::broker::RemovedDirs>,
    pub(crate) waiting: BTreeMap<Ticket, oneshot::Sender<Reply>>,
    pub(crate) next_ticket: u64,
}

impl QuorumThread {
    /// Runs until stopped; the controller comes back closed.
    pub(crate) fn run(mut self, mailbox: &Mailbox) -> Result<(), ControllerError> {
        let mut stopping = false;
        while !stopping {
            let Ok(first) = mailbox.receiver.recv() else { break };
            let mut next = Some(first);
            for _ in 0..GROUP_MAX {
                match next {
                    None => break,
                    Some(Message::Stop) => {
                        stopping = true;
                        break;
                    }
                    Some(message) => self.take(message)?,
                }
                next = mailbox.receiver.try_recv().ok();
            }
            if let Some(message) = next.filter(|_| !stopping) {
                stopping = matches!(message, Message::Stop);
                self.take(message)?;
            }
            self.commit()?;
        }
        self.controller.close()
    }

    fn take(&mut self, message: Message) -> Result<(), ControllerError> {
        let event = match message {
            Message::Event(event) => event,
            Message::Call(call, sender) => {
                self.next_ticket += 1;
                let ticket = Ticket(self.next_ticket);
                self.waiting.insert(ticket, sender);
                Event::Call { ticket, call }
            }
            Message::Stop => return Ok(()),
        };
        self.drive(|controller, cx| controller.on(event, cx))
    }

    fn commit(&mut self) -> Result<(), ControllerError> {
        let mut image = None;
        let mut replies = Vec::new();
        let mut out = Outbox::default();
        let now = self.clock.now();
        let mut cx = Cx {
            now,
            random: &mut SystemRandom,
            disk: self.disk.as_ref(),
            out: &mut out,
        };
        if let Some(committed) = self.controller.commit(&mut cx)? {
            image = Some(committed);
        }
        replies.append(&mut out.replies);
        // The image is in place before anybody is told that it changed.
        if let Some(image) = image {
            let removed = self.broker.publish(image, now);
            if !removed.is_empty() {
                let _gone = self.removed.send(removed);
            }
        }
        for (ticket, reply) in replies {
            self.answer(ticket, reply);
        }
        for notice in self.controller.take_notices() {
            if let Notice::ProducerIds { first, count } = notice {
                self.broker.add_producer_ids(first, count);
            }
            let _gone = self.notices.send(notice);
        }
        Ok(())
    }

    fn drive(
        &mut self,
        step: impl FnOnce(&mut Controller, &mut broker_core::controller::ControllerCx<'_>) -> Result<(), ControllerError>,
    ) -> Result<(), ControllerError> {
        let mut out = Outbox::default();
        let mut cx = Cx {
            now: self.clock.now(),
            random: &mut SystemRandom,
            disk: self.disk.as_ref(),
            out: &mut out,
        };
        step(&mut self.controller, &mut cx)?;
        for (ticket, reply) in out.replies {
            self.answer(ticket, reply);
        }
        Ok(())
    }

    fn answer(&mut self, ticket: Ticket, reply: Reply) {
        if let Some(sender) = self.waiting.remove(&ticket) {
            // The client may be gone by now.
            let _gone = sender.send(reply);
        }
    }
}
