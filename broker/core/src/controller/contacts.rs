//! Connections of brokers of ours, and what their ends prove.
//!
//! When the last connection of a broker ends and none comes back, its inter-broker endpoints are tried twice. Only if
//! all of them refuse both times the process is gone: whoever answers, or lets a connect time out, may be alive. It is
//! tried until the broker comes back, is proved gone, or is none that is looked for any more.
//!
//! Brokers connect to the active controller only. Another controller knows those that are voters, too: they send it the
//! quorum's requests. Whose last connection it saw ending it tries as soon as it is active itself.

use std::collections::BTreeMap;
use std::time::Duration;

/// Before the first try: what may be a new connection gets through, and a process that dies closes its sockets one
/// after the other.
const GRACE: Duration = Duration::from_millis(20);
/// Between the two tries that have to be refused.
const BETWEEN: Duration = Duration::from_millis(50);
/// Before it is tried anew, after a try that proved nothing.
const RETRY: Duration = Duration::from_millis(250);

/// Who is behind a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// A broker, in an epoch.
    Broker(i32, i64),
    /// A node that has sent requests of the quorum.
    Node(i32),
}

/// A broker that may be gone.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    epoch: i64,
    /// Whether it was refused once.
    refused: bool,
    next: Next,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    /// It is tried at this time.
    TryAt(Duration),
    /// The try of this number is on its way.
    Tried(u64),
}

/// A try that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// Its number.
    pub(super) id: u64,
    pub(super) broker_id: i32,
}

/// All connections and suspects.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    owners: BTreeMap<u64, Owner>,
    /// The last epoch in which a broker was known to be one of ours.
    ours: BTreeMap<i32, i64>,
    suspects: BTreeMap<i32, Suspect>,
    last_try: u64,
}

impl Contacts {
    /// A broker of ours was heard of in this epoch over a connection.
    pub(super) fn heard(&mut self, connection: u64, id: i32, epoch: i64) {
        self.owners.insert(connection, Owner::Broker(id, epoch));
        self.ours.insert(id, epoch);
        self.suspects.remove(&id);
    }

    /// A node of ours sent a request of the quorum over a connection; whether nothing came over that before.
    pub(super) fn heard_of_node(&mut self, connection: u64, id: i32) -> bool {
        let is_new = !self.owners.contains_key(&connection);
        if is_new {
            self.owners.insert(connection, Owner::Node(id));
        }
        is_new
    }

    /// A connection has ended. The broker whose last it was, if it is known; `registered` tells the epoch of a node's
    /// broker.
    pub(super) fn ended(&mut self, connection: u64, registered: impl FnOnce(i32) -> Option<i64>) -> Option<(i32, i64)> {
        let (id, epoch) = match self.owners.remove(&connection)? {
            Owner::Broker(id, epoch) => (id, epoch),
            // The process that is both has said who it is; what is registered was registered by it.
            Owner::Node(id) => (id, registered(id)?),
        };
        self.ours.insert(id, epoch);
        (!self.is_connected(id, epoch)).then_some((id, epoch))
    }

    fn is_connected(&self, id: i32, epoch: i64) -> bool {
        self.owners.values().any(|owner| *owner == Owner::Broker(id, epoch))
    }

    /// Whether the last connection of a broker of ours has ended.
    pub(super) fn is_lost(&self, id: i32, epoch: i64) -> bool {
        self.ours.get(&id) == Some(&epoch) && !self.is_connected(id, epoch)
    }

    /// Begins to try a broker, unless it is being tried.
    pub(super) fn suspect(&mut self, id: i32, epoch: i64, now: Duration) {
        if self.suspects.get(&id).is_some_and(|known| known.epoch == epoch) {
            return;
        }
        let suspect = Suspect {
            epoch,
            refused: false,
            next: Next::TryAt(now + GRACE),
        };
        self.suspects.insert(id, suspect);
    }

    /// Tries nobody any more. Connections stay known.
    pub(super) fn suspect_nobody(&mut self) {
        self.suspects.clear();
    }

    /// What is to be tried now. Those who are not `wanted` any more are forgotten.
    pub(super) fn take_due(&mut self, now: Duration, wanted: impl Fn(i32, i64) -> bool) -> Vec<Due> {
        self.suspects.retain(|id, suspect| wanted(*id, suspect.epoch));
        let mut due = Vec::new();
        for (id, suspect) in &mut self.suspects {
            if matches!(suspect.next, Next::TryAt(at) if at <= now) {
                self.last_try += 1;
                suspect.next = Next::Tried(self.last_try);
                due.push(Due {
                    id: self.last_try,
                    broker_id: *id,
                });
            }
        }
        due
    }

    /// How a try ended. The broker and its epoch, if that proves that it is gone.
    pub(super) fn tried(&mut self, id: u64, all_refused: bool, now: Duration) -> Option<(i32, i64)> {
        let mut suspects = self.suspects.iter_mut();
        let (broker_id, suspect) = suspects.find(|(_, suspect)| matches!(suspect.next, Next::Tried(at) if at == id))?;
        if all_refused && suspect.refused {
            let proved = (*broker_id, suspect.epoch);
            self.suspects.remove(&proved.0);
            return Some(proved);
        }
        suspect.refused = all_refused;
        suspect.next = Next::TryAt(now + if all_refused { BETWEEN } else { RETRY });
        None
    }

    /// When something is to be tried next.
    pub(super) fn next_try(&self) -> Option<Duration> {
        let waiting = self.suspects.values().filter_map(|suspect| match suspect.next {
            Next::TryAt(at) => Some(at),
            Next::Tried(_) => None,
        });
        waiting.min()
    }
}

#[cfg(test)]
mod tests;
