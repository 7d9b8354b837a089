//! Clients of the cluster, which do what real ones do when its nodes change.

mod admin;
mod group;
mod metadata;
mod operator;
mod producer;
mod reader;

use std::time::Duration;

use client::history::History;

use crate::caller::{Answer, Ask, Caller};
use crate::network::Port;
use crate::world::{ConnId, EndId, Packet, What, World};
pub(crate) use admin::Admin;
pub(crate) use group::Group;
use metadata::Metadata;
pub(crate) use operator::Operator;
pub(crate) use producer::{Producer, id_of};
pub(crate) use reader::{Reader, records_in};

/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// A partition that clients write and read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    /// Its number in the history.
    pub(crate) number: i32,
}

/// What clients ask brokers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Metadata,
    ProducerId,
    Produce,
    Fetch,
    Coordinator,
    OffsetCommit,
    OffsetFetch,
    Admin,
    Operator,
}

/// A client's connections and what it knows of the cluster.
pub(crate) struct Session {
    pub(crate) id: EndId,
    caller: Caller<u8, Asked>,
    metadata: Metadata,
    wake_at: Option<Duration>,
    /// When it does something again.
    pub(crate) due: Option<Duration>,
}

impl Session {
    fn new(id: EndId) -> Self {
        Self {
            id,
            caller: Caller::new(id, 0),
            metadata: Metadata::default(),
            wake_at: Some(Duration::ZERO),
            due: Some(Duration::ZERO),
        }
    }

    fn ask(&mut self, world: &mut World, server: EndId, tag: Asked, ask: Ask) {
        self.ask_at(world, (Port::Broker, server), tag, ask);
    }

    fn ask_at(&mut self, world: &mut World, (port, server): (Port, EndId), tag: Asked, ask: Ask) {
        let purpose = u8::from(port == Port::Controller);
        self.caller.ask(world, (purpose, port, server), tag, ask, ANSWER_MAX);
    }

    fn wait(&mut self, world: &mut World, from_ms: u64, to_ms: u64) {
        self.due = Some(world.now + world.random.ms(from_ms, to_ms));
    }

    fn arm(&mut self, world: &mut World) {
        let Some(at) = self.due.into_iter().chain(self.caller.deadline()).min() else {
            return;
        };
        let at = at.max(world.now + Duration::from_micros(1));
        if self.wake_at.is_none_or(|known| at < known || known <= world.now) {
            self.wake_at = Some(at);
            let end = self.id;
            world.at(at, What::Wake { end, life: 0 });
        }
    }
}

/// What a kind of client does.
pub(crate) trait Work {
    /// Its session.
    fn session(&mut self) -> &mut Session;
    /// It is time to do something.
    fn go_on(&mut self, world: &mut World, history: &mut History);
    /// Something came of a request.
    fn answered(&mut self, world: &mut World, history: &mut History, asked: Asked, answer: &Answer);
    /// What it still has to do before all is done; none if nothing.
    fn unfinished(&self) -> Option<String>;
    /// Nothing new is to be begun.
    fn finish(&mut self);
}

/// A client.
pub(crate) enum Client {
    Producer(Producer),
    Reader(Reader),
    Group(Group),
    Admin(Admin),
    Operator(Operator),
}

impl Client {
    pub(crate) fn work(&mut self) -> &mut dyn Work {
        match self {
            Self::Producer(producer) => producer,
            Self::Reader(reader) => reader,
            Self::Group(group) => group,
            Self::Admin(admin) => admin,
            Self::Operator(operator) => operator,
        }
    }

    pub(crate) fn unfinished(&self) -> Option<String> {
        match self {
            Self::Producer(producer) => producer.unfinished(),
            Self::Reader(reader) => reader.unfinished(),
            Self::Group(group) => group.unfinished(),
            Self::Admin(admin) => admin.unfinished(),
            Self::Operator(operator) => operator.unfinished(),
        }
    }

    /// Something came over one of its connections.
    pub(crate) fn packet(&mut self, world: &mut World, history: &mut History, conn: ConnId, packet: Packet) {
        self.work().session().caller.take(world, conn, packet);
        self.settle(world, history);
    }

    /// Something is due.
    pub(crate) fn wake(&mut self, world: &mut World, history: &mut History) {
        let session = self.work().session();
        // One that an earlier one has replaced is for nothing.
        if session.wake_at.is_some_and(|at| at <= world.now) {
            session.wake_at = None;
            self.settle(world, history);
        }
    }

    /// Has the preferred leader of a partition elected, if it is the admin.
    pub(crate) fn elect(&mut self, world: &mut World, history: &mut History, place: &Place, through: EndId) {
        if let Self::Admin(admin) = self {
            admin.elect(world, place, through);
            self.settle(world, history);
        }
    }

    fn settle(&mut self, world: &mut World, history: &mut History) {
        let work = self.work();
        work.session().caller.expire(world);
        loop {
            if let Some((asked, answer)) = work.session().caller.done() {
                work.answered(world, history, asked, &answer);
            } else if work.session().due.is_some_and(|at| at <= world.now) {
                work.session().due = None;
                work.go_on(world, history);
            } else {
                break;
            }
        }
        work.session().arm(world);
    }
}
