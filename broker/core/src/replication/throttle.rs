//! Replication throttles (KIP-73): how many bytes of throttled partitions a broker sends to, or takes as, replicas that
//! are not in sync.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a leader counts its throttled bytes against.
pub const LEADER_RATE: &str = "leader.replication.throttled.rate";
/// What a follower counts its throttled bytes against.
pub const FOLLOWER_RATE: &str = "follower.replication.throttled.rate";

/// What copies to other log directories of a broker count against.
pub const MOVES_RATE: &str = "replica.alter.log.dirs.io.max.bytes.per.second";

/// Bytes that may go, which grow with time at a rate.
///
/// What goes is counted afterwards and may overdraw the account, as a batch goes whole or not at all; nothing more goes
/// until it is settled.
#[derive(Debug, Default)]
pub struct Throttle {
    account: Mutex<Account>,
}

/// Parts of a byte that are counted, so that none is lost however often the account is settled.
const PARTS: i128 = 1_000_000;

#[derive(Debug, Default)]
struct Account {
    /// Bytes a second; none for no bound.
    rate: Option<u64>,
    /// In [`PARTS`] of a byte.
    balance: i128,
    settled_at: Duration,
}

impl Account {
    /// Adds what has grown since; at most what grows in a second is saved.
    fn settle(&mut self, now: Duration) {
        let Some(rate) = self.rate.map(i128::from) else {
            return;
        };
        let elapsed = now.saturating_sub(self.settled_at);
        let elapsed_us = i128::try_from(elapsed.as_micros()).unwrap_or(i128::MAX);
        let grown = rate.saturating_mul(elapsed_us);
        self.balance = self.balance.saturating_add(grown).min(rate * PARTS);
        self.settled_at = now;
    }
}

impl Throttle {
    fn with<T>(&self, use_account: impl FnOnce(&mut Account) -> T) -> T {
        use_account(&mut self.account.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the rate in bytes a second; none for no bound.
    pub fn set_rate(&self, rate: Option<u64>, now: Duration) {
        self.with(|account| {
            if account.rate != rate {
                account.settle(now);
                account.rate = rate;
                account.settled_at = now;
                account.balance = account.balance.min(0);
            }
        });
    }

    /// Whether nothing may go now.
    pub fn is_exceeded(&self, now: Duration) -> bool {
        self.with(|account| {
            account.settle(now);
            account.rate.is_some() && account.balance < 0
        })
    }

    /// Counts bytes that went.
    pub fn record(&self, size_bytes: usize, now: Duration) {
        self.with(|account| {
            if account.rate.is_some() {
                account.settle(now);
                account.balance -= size_bytes as i128 * PARTS;
            }
        });
    }
}

/// Which replicas on a broker a topic's list names: `*`, or `partition:broker` for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ThrottledReplicas {
    All,
    Some(BTreeSet<i32>),
}

impl ThrottledReplicas {
    /// From a topic's configuration; what cannot be read was refused when it was set.
    pub(crate) fn parse(text: &str, broker_id: i32) -> Self {
        if text.trim() == "*" {
            return Self::All;
        }
        let here = text.split(',').filter_map(|item| {
            let (partition, broker) = item.trim().split_once(':')?;
            let here = broker.parse::<i32>() == Ok(broker_id);
            here.then(|| partition.parse().ok()).flatten()
        });
        Self::Some(here.collect())
    }

    pub(crate) fn names(&self, partition: i32) -> bool {
        match self {
            Self::All => true,
            Self::Some(partitions) => partitions.contains(&partition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn bytes_go_at_the_rate_however_large_the_pieces() {
        let throttle = Throttle::default();
        throttle.set_rate(Some(1500), ms(0));
        let mut sent = 0;
        for now in 0..20_000 {
            if !throttle.is_exceeded(ms(now)) {
                throttle.record(2000, ms(now));
                sent += 2000;
            }
        }
        assert!((30_000..=33_500).contains(&sent), "{sent} bytes in 20 seconds");
    }

    #[test]
    fn idle_time_saves_a_second_at_most() {
        let throttle = Throttle::default();
        throttle.set_rate(Some(1000), ms(0));
        assert!(!throttle.is_exceeded(ms(100_000)));
        throttle.record(1001, ms(100_000));
        assert!(throttle.is_exceeded(ms(100_000)));
        assert!(!throttle.is_exceeded(ms(100_001)));
    }

    #[test]
    fn without_a_rate_nothing_is_counted_and_a_new_rate_starts_even() {
        let throttle = Throttle::default();
        throttle.record(usize::MAX, ms(0));
        assert!(!throttle.is_exceeded(ms(0)));
        throttle.set_rate(Some(10), ms(1));
        assert!(!throttle.is_exceeded(ms(1)));
        throttle.record(1000, ms(1));
        assert!(throttle.is_exceeded(ms(1)));
        throttle.set_rate(None, ms(2));
        assert!(!throttle.is_exceeded(ms(2)));
    }

    #[test]
    fn a_rate_below_a_byte_for_each_question_still_grows() {
        let throttle = Throttle::default();
        throttle.set_rate(Some(10), ms(0));
        throttle.record(1, ms(0));
        let over = (1..1000).find(|now| !throttle.is_exceeded(ms(*now)));
        assert_eq!(over, Some(100));
    }

    #[test]
    fn lists_name_partitions_on_this_broker() {
        assert!(ThrottledReplicas::parse("*", 1).names(7));
        let list = ThrottledReplicas::parse("0:1, 1:2,2:1", 1);
        assert_eq!([0, 1, 2].map(|partition| list.names(partition)), [true, false, true]);
        assert!(!ThrottledReplicas::parse("", 1).names(0));
    }
}
