//! What a leader knows of one follower.

use std::time::Duration;

/// What a leader knows of one follower, from its fetches in the leader's epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    id: i32,
    log_start_offset: i64,
    log_end_offset: i64,
    /// The leader's end at the last fetch.
    leader_end_offset: i64,
    last_fetch: Option<Duration>,
    /// The latest time at which it had all of the leader's log.
    last_caught_up: Option<Duration>,
    broker_epoch: Option<i64>,
}

/// A fetch of a follower, as far as the leader's books are concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetched {
    pub(crate) offset: i64,
    pub(crate) log_start_offset: i64,
    pub(crate) leader_end_offset: i64,
    pub(crate) broker_epoch: i64,
    pub(crate) at: Duration,
}

impl Replica {
    /// A follower that has not fetched in this epoch yet. A member of the ISR has the benefit of the doubt.
    pub(crate) fn new(id: i32, in_sync_at: Option<Duration>) -> Self {
        Self {
            id,
            log_start_offset: -1,
            log_end_offset: -1,
            leader_end_offset: -1,
            last_fetch: None,
            last_caught_up: in_sync_at,
            broker_epoch: None,
        }
    }

    /// Its broker.
    pub fn id(&self) -> i32 {
        self.id
    }

    /// Its log start offset, -1 if unknown.
    pub fn log_start_offset(&self) -> i64 {
        self.log_start_offset
    }

    /// Everything below it is in its log; -1 if unknown.
    pub fn log_end_offset(&self) -> i64 {
        self.log_end_offset
    }

    /// The latest time at which it had all of the leader's log.
    pub fn last_caught_up(&self) -> Option<Duration> {
        self.last_caught_up
    }

    /// The epoch its broker told, -1 if the request has no room for it; none before its first fetch.
    pub fn broker_epoch(&self) -> Option<i64> {
        self.broker_epoch
    }

    /// Notes a fetch. It has caught up to now if it asks for the leader's end, and to its previous fetch if it asks for
    /// what was the end then: a follower of a busy leader never sees the end.
    pub(crate) fn note(&mut self, fetched: Fetched) {
        let caught_up = if fetched.offset >= fetched.leader_end_offset {
            Some(fetched.at)
        } else if self.last_fetch.is_some() && fetched.offset >= self.leader_end_offset {
            self.last_fetch
        } else {
            None
        };
        self.last_caught_up = self.last_caught_up.max(caught_up);
        self.log_start_offset = fetched.log_start_offset;
        self.log_end_offset = fetched.offset;
        self.leader_end_offset = self.leader_end_offset.max(fetched.leader_end_offset);
        self.last_fetch = Some(fetched.at);
        self.broker_epoch = Some(fetched.broker_epoch);
    }

    /// Whether it has all of the leader's log, or had within `lag_max`.
    pub(crate) fn is_caught_up(&self, leader_end_offset: i64, now: Duration, lag_max: Duration) -> bool {
        let recently = |at: Duration| now.saturating_sub(at) <= lag_max;
        self.log_end_offset == leader_end_offset || self.last_caught_up.is_some_and(recently)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn fetch(replica: &mut Replica, offset: i64, leader_end_offset: i64, seconds: u64) {
        replica.note(Fetched {
            offset,
            log_start_offset: 0,
            leader_end_offset,
            broker_epoch: 1,
            at: at(seconds),
        });
    }

    #[test]
    fn a_follower_of_a_busy_leader_is_caught_up_to_its_previous_fetch() {
        let mut replica = Replica::new(2, None);
        fetch(&mut replica, 0, 10, 100);
        assert_eq!(replica.last_caught_up(), None);
        fetch(&mut replica, 10, 20, 101);
        assert_eq!(replica.last_caught_up(), Some(at(100)), "it has what was there then");
        fetch(&mut replica, 15, 30, 102);
        assert_eq!(replica.last_caught_up(), Some(at(100)), "not all that was there at 101");
        fetch(&mut replica, 30, 30, 103);
        assert_eq!(replica.last_caught_up(), Some(at(103)));
    }

    #[test]
    fn it_falls_behind_after_the_lag_unless_it_has_everything() {
        let mut replica = Replica::new(2, Some(at(5)));
        assert!(replica.is_caught_up(10, at(35), LAG) && !replica.is_caught_up(10, at(36), LAG));
        fetch(&mut replica, 10, 10, 36);
        assert!(
            replica.is_caught_up(10, at(500), LAG),
            "an idle partition needs no fetches"
        );
        assert!(!replica.is_caught_up(11, at(500), LAG));
    }
}
