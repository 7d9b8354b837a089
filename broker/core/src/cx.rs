//! What a machine may know and do besides its own state.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use broker_log::disk::Disk;

use crate::reply::Reply;

/// The time, given to a machine with each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Wall clock in milliseconds since 1970, for what is written into records.
    pub wall_ms: i64,
    /// Time since the node started; never goes back. All timers and deadlines count in it.
    pub mono: Duration,
}

/// A source of random numbers: the system's in the shell, seeded in a simulation.
pub trait Random: Send {
    /// 64 random bits.
    fn next_u64(&mut self) -> u64;

    /// 128 random bits, for ids.
    fn next_u128(&mut self) -> u128 {
        (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64())
    }

    /// A number below `bound`; 0 if `bound` is 0.
    fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }
}

/// Names one request whose answer is still owed. The shell makes it and remembers the connection,
/// the correlation id and the API version behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What a machine is handed with an event.
pub struct Cx<'a, S, T> {
    /// The time of the event.
    pub now: Now,
    /// Randomness.
    pub random: &'a mut dyn Random,
    /// The disk.
    pub disk: &'a dyn Disk,
    /// What the machine wants done.
    pub out: &'a mut Outbox<S, T>,
}

impl<S, T> fmt::Debug for Cx<'_, S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cx").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What the shell carries out once the event is handled, in this order: syncs are started, sends and
/// replies leave, timers are armed. `S` is the machine's message to a peer, `T` names its timers.
#[derive(Debug)]
pub struct Outbox<S, T> {
    /// Messages to other nodes.
    pub sends: Vec<S>,
    /// Answers to requests.
    pub replies: Vec<(Ticket, Reply)>,
    /// Timers: a deadline in `Now::mono`, or none to disarm. The last word for a name counts.
    pub timers: BTreeMap<T, Option<Duration>>,
    /// Whether the machine's log is to be synced; the shell reports the end offset that became durable.
    pub sync: bool,
}

impl<S, T> Default for Outbox<S, T> {
    fn default() -> Self {
        Self {
            sends: Vec::new(),
            replies: Vec::new(),
            timers: BTreeMap::new(),
            sync: false,
        }
    }
}

impl<S, T: Ord> Outbox<S, T> {
    /// Arms or re-arms a timer.
    pub fn arm(&mut self, timer: T, at: Duration) {
        self.timers.insert(timer, Some(at));
    }

    /// Disarms a timer.
    pub fn disarm(&mut self, timer: T) {
        self.timers.insert(timer, None);
    }

    /// Answers a request.
    pub fn reply(&mut self, ticket: Ticket, reply: Reply) {
        self.replies.push((ticket, reply));
    }
}
