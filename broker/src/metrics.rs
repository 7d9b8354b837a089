//! Counters of what was refused, by kind. They only grow, and any thread may read them at any time.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use broker_core::reply::Refused;

/// What was refused, and with it the connection it came on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A frame with a bad length, or one that ended with its connection.
    Frame,
    /// A request whose bytes are not what its API and version say.
    Request,
    /// An API or version that is not served.
    NotServed,
    /// A request for which there was no memory.
    Memory,
    /// A connection that could not be accepted.
    Connection,
}

impl From<Refused> for Refusal {
    fn from(why: Refused) -> Self {
        match why {
            Refused::Malformed => Self::Request,
            Refused::NotServed => Self::NotServed,
        }
    }
}

impl Refusal {
    /// All kinds, in the order they are told.
    pub const ALL: [Self; 5] = [
        Self::Frame,
        Self::Request,
        Self::NotServed,
        Self::Memory,
        Self::Connection,
    ];

    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frame => "malformed_frames",
            Self::Request => "malformed_requests",
            Self::NotServed => "not_served",
            Self::Memory => "out_of_memory",
            Self::Connection => "not_accepted",
        }
    }
}

/// How often each kind was refused since the node started.
#[derive(Debug, Default)]
pub struct Refusals {
    frames: AtomicU64,
    requests: AtomicU64,
    not_served: AtomicU64,
    memory: AtomicU64,
    connections: AtomicU64,
}

impl Refusals {
    fn counter(&self, kind: Refusal) -> &AtomicU64 {
        match kind {
            Refusal::Frame => &self.frames,
            Refusal::Request => &self.requests,
            Refusal::NotServed => &self.not_served,
            Refusal::Memory => &self.memory,
            Refusal::Connection => &self.connections,
        }
    }

    /// Counts one.
    pub fn count(&self, kind: Refusal) {
        self.counter(kind).fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn of(&self, kind: Refusal) -> u64 {
        self.counter(kind).load(Ordering::Relaxed)
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, kind) in Refusal::ALL.into_iter().enumerate() {
            let separator = if at == 0 { "" } else { " " };
            write!(f, "{separator}{}={}", kind.name(), self.of(kind))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_counter_and_a_name_of_its_own() {
        let refusals = Refusals::default();
        for (at, kind) in Refusal::ALL.into_iter().enumerate() {
            for _ in 0..=at {
                refusals.count(kind);
            }
        }
        let told = "malformed_frames=1 malformed_requests=2 not_served=3 out_of_memory=4 not_accepted=5";
        assert_eq!(refusals.to_string(), told);
    }
}
