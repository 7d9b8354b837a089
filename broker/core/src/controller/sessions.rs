//! When brokers were last heard of, and how far they are. Nothing of it is in the log: after a change of leader all
//! sessions start anew.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::image::Brokers;

/// What is known of a broker besides its registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Broker {
    /// The broker's epoch and when it was last heard of; none once the session is over.
    contact: Option<(i64, Duration)>,
    /// Whether it was heard of since leadership began, with which its session began.
    is_heard: bool,
    /// The last offset of the metadata log it says it has.
    metadata_offset: i64,
    /// Where its controlled shutdown began.
    shutdown_offset: Option<i64>,
    /// Fenced because it could not be reached, although its session is not over.
    suspected: bool,
    /// When it was last suspected without reason.
    wronged_at: Option<Duration>,
    /// It was suspected without reason twice in a minute: it is not suspected any more.
    trusted: bool,
}

/// A session that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expired {
    pub(super) id: i32,
    /// Whether the broker was fenced before because it could not be reached.
    pub(super) suspected: bool,
}

/// Two false suspicions within this time are too many.
const WRONGED_WITHIN: Duration = Duration::from_secs(60);

/// Sessions of all brokers.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    timeout: Duration,
    /// When leadership began.
    since: Duration,
    brokers: BTreeMap<i32, Broker>,
    /// Whether a session's time has passed since leadership began: whoever was suspected before has shown itself.
    settled: bool,
    false_suspicions: u64,
}

const NEW: Broker = Broker {
    contact: None,
    is_heard: false,
    metadata_offset: -1,
    shutdown_offset: None,
    suspected: false,
    wronged_at: None,
    trusted: false,
};

impl Sessions {
    /// No sessions yet.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            timeout,
            ..Self::default()
        }
    }

    /// Forgets everything and begins the sessions of those who are not fenced.
    pub(super) fn restart(&mut self, brokers: &Brokers, now: Duration) {
        self.clear();
        self.since = now;
        for broker in brokers.iter() {
            let contact = (!broker.fenced).then_some((broker.epoch, now));
            self.brokers.insert(broker.id, Broker { contact, ..NEW });
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.brokers.clear();
        self.settled = false;
    }

    /// A new incarnation: the session of the one before is over, its own begins with its first heartbeat.
    pub(super) fn register(&mut self, id: i32) {
        self.brokers.insert(id, NEW);
    }

    /// Forgets a broker.
    pub(super) fn remove(&mut self, id: i32) {
        self.brokers.remove(&id);
    }

    /// A heartbeat came.
    pub(super) fn touch(&mut self, id: i32, epoch: i64, now: Duration, metadata_offset: i64) {
        let broker = self.brokers.entry(id).or_insert(NEW);
        broker.contact = Some((epoch, now));
        broker.is_heard = true;
        broker.metadata_offset = metadata_offset;
        if std::mem::take(&mut broker.suspected) {
            self.false_suspicions += 1;
            let again = broker.wronged_at.is_some_and(|at| now < at + WRONGED_WITHIN);
            broker.trusted |= again;
            broker.wronged_at = Some(now);
            tracing::warn!(broker = id, again, "a broker that could not be reached is alive");
        }
    }

    /// Since when a broker has not been heard of, if that is since leadership began.
    pub(super) fn is_awaited_since(&self, id: i32) -> Option<Duration> {
        let awaited = self.brokers.get(&id).is_some_and(|broker| !broker.is_heard);
        awaited.then_some(self.since)
    }

    /// Whether it counts if a broker cannot be reached: not for one that was suspected without reason before, or
    /// whose session is over anyway.
    pub(super) fn may_suspect(&self, id: i32, epoch: i64, now: Duration) -> bool {
        self.is_alive(id, epoch, now) && self.brokers.get(&id).is_some_and(|broker| !broker.trusted)
    }

    /// A broker cannot be reached, and that counts.
    pub(super) fn suspect(&mut self, id: i32) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.suspected = true;
        }
    }

    /// Brokers that are fenced although they may be alive.
    pub(super) fn suspected(&self) -> Vec<i32> {
        let suspected = self.brokers.iter().filter(|(_, broker)| broker.suspected);
        suspected.map(|(id, _)| *id).collect()
    }

    /// How often a broker was suspected that was alive.
    pub(super) fn false_suspicions(&self) -> u64 {
        self.false_suspicions
    }

    /// Whether leadership has lasted as long as a session.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Leadership has lasted as long as a session.
    pub(super) fn settle(&mut self) {
        self.settled = true;
    }

    /// How long a session lasts.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether a broker was heard of in time, and nothing says that it is gone.
    pub(super) fn is_alive(&self, id: i32, epoch: i64, now: Duration) -> bool {
        let broker = self.brokers.get(&id).filter(|broker| !broker.suspected);
        let contact = broker.and_then(|broker| broker.contact);
        contact.is_some_and(|(known, at)| known == epoch && at + self.timeout > now)
    }

    /// A session that is over; it is told once.
    pub(super) fn take_expired(&mut self, now: Duration) -> Option<Expired> {
        let timeout = self.timeout;
        let mut all = self.brokers.iter_mut();
        all.find_map(|(id, broker)| {
            broker.contact.take_if(|(_, at)| *at + timeout <= now)?;
            Some(Expired {
                id: *id,
                suspected: std::mem::take(&mut broker.suspected),
            })
        })
    }

    /// When the next session ends.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let contacts = self.brokers.values().filter_map(|broker| broker.contact);
        contacts.map(|(_, at)| at + self.timeout).min()
    }

    /// Where a broker's controlled shutdown began, if it is in one.
    pub(super) fn shutdown_offset(&self, id: i32) -> Option<i64> {
        self.brokers.get(&id).and_then(|broker| broker.shutdown_offset)
    }

    /// A controlled shutdown begins, unless it has.
    pub(super) fn shut_down(&mut self, id: i32, offset: i64) {
        let broker = self.brokers.entry(id).or_insert(NEW);
        broker.shutdown_offset.get_or_insert(offset);
    }

    /// A fenced broker is not in a controlled shutdown any longer.
    pub(super) fn fence(&mut self, id: i32) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.shutdown_offset = None;
        }
    }

    /// A broker stops: whoever comes next under its id need not wait for its session to end.
    pub(super) fn end(&mut self, id: i32) {
        if let Some(broker) = self.brokers.get_mut(&id) {
            broker.contact = None;
            broker.shutdown_offset = None;
        }
    }

    /// The offset that all active brokers have reached.
    pub(super) fn lowest_active_offset(&self, brokers: &Brokers) -> i64 {
        let active = brokers.iter().filter(|broker| !broker.fenced);
        let states = active.filter_map(|broker| self.brokers.get(&broker.id));
        let active = states.filter(|state| state.shutdown_offset.is_none());
        active.map(|state| state.metadata_offset).min().unwrap_or(i64::MAX)
    }
}
