//! What all of a run share: the time, what is to happen, chance, and the story.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use bytes::Bytes;
use protocol::Uuid;

use crate::network::Network;
use crate::random::Seeded;
use crate::totals::Totals;
use crate::weather::{Fault, Weather};

/// A node's id, or a client's, which is above all of those.
pub(crate) type EndId = i32;
/// The first client's id.
pub(crate) const CLIENTS_FROM: EndId = 100;

/// A connection's number.
pub(crate) type ConnId = u64;

/// Which end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Server,
    Client,
}

/// What comes over a connection.
#[derive(Debug, Clone)]
pub(crate) enum Packet {
    /// The connection is wanted; on the way back, it is there.
    Open,
    /// A frame, length bytes included.
    Frame(Bytes),
    /// Nobody listens there.
    Refused,
    /// Nothing more comes.
    End,
}

/// What happens.
#[derive(Debug)]
pub(crate) enum What {
    /// Something arrives.
    Packet { conn: ConnId, to: To, packet: Packet },
    /// Something of a node or client is due.
    Wake { end: EndId, life: u64 },
    /// The quorum's thread of a node has come to its sync.
    Commit { node: EndId, life: u64 },
    /// A snapshot of the metadata has been made.
    Snapshot {
        node: EndId,
        life: u64,
        id: protocol::files::SnapshotId,
        bytes: Option<Bytes>,
    },
    /// Endpoints of a broker were tried.
    Probed {
        node: EndId,
        life: u64,
        id: u64,
        all_refused: bool,
    },
    /// A node starts.
    Start(EndId),
    /// A node goes on that was paused.
    Resume { node: EndId, life: u64 },
    /// Something goes wrong, or right again.
    Fault(Fault),
    /// It is time to look whether all is well.
    Look,
}

struct Scheduled {
    at: Duration,
    number: u64,
    what: What,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// What all share.
pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) random: Seeded,
    pub(crate) weather: Weather,
    pub(crate) network: Network,
    /// Nodes that are down on machines that are up: connections to them are refused.
    pub(crate) refuses: BTreeSet<EndId>,
    /// Metadata directories of controllers, as whoever formatted them knows.
    pub(crate) directories: BTreeMap<EndId, Uuid>,
    /// Who leads the partition of committed offsets, as is committed, and since when.
    pub(crate) offsets_leader: Option<(EndId, Duration)>,
    pub(crate) totals: Totals,
    /// Nothing goes wrong any more.
    pub(crate) is_calm: bool,
    /// What must not be, as it was found.
    pub(crate) wrong: Vec<String>,
    queue: BinaryHeap<Scheduled>,
    next_number: u64,
    story: Option<Vec<String>>,
    hasher: DefaultHasher,
}

impl World {
    pub(crate) fn new(seed: u64, tells: bool) -> Self {
        let mut random = Seeded::new(seed);
        let weather = Weather::draw(&mut random);
        Self {
            now: Duration::ZERO,
            random,
            weather,
            network: Network::default(),
            refuses: BTreeSet::new(),
            directories: BTreeMap::new(),
            offsets_leader: None,
            totals: Totals::default(),
            is_calm: false,
            wrong: Vec::new(),
            queue: BinaryHeap::new(),
            next_number: 0,
            story: tells.then(Vec::new),
            hasher: DefaultHasher::new(),
        }
    }

    /// Lets something happen at a time.
    pub(crate) fn at(&mut self, at: Duration, what: What) {
        self.next_number += 1;
        self.queue.push(Scheduled {
            at: at.max(self.now),
            number: self.next_number,
            what,
        });
    }

    /// Lets something happen after a while.
    pub(crate) fn after(&mut self, wait: Duration, what: What) {
        self.at(self.now + wait, what);
    }

    /// What happens next; the time is then.
    pub(crate) fn next(&mut self) -> Option<What> {
        let due = self.queue.pop()?;
        self.now = due.at;
        self.hasher.write_u64(due.at.as_nanos() as u64);
        Some(due.what)
    }

    /// A number that nothing else has.
    pub(crate) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Tells a line of the story.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let line = format!("{:>11.3} {}", self.now.as_secs_f64() * 1e3, line());
            line.hash(&mut self.hasher);
            story.push(line);
        }
    }

    /// Notes what must not be.
    pub(crate) fn wrong(&mut self, mut line: String) {
        self.tell(|| format!("WRONG: {line}"));
        line.insert_str(0, &format!("{:.3} ms: ", self.now.as_secs_f64() * 1e3));
        self.wrong.push(line);
    }

    /// The story, and a hash of all that happened.
    pub(crate) fn finish(&mut self) -> (Vec<String>, u64) {
        (self.story.take().unwrap_or_default(), self.hasher.finish())
    }
}
