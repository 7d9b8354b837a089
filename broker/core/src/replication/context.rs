//! What the partitions of a broker share for replication.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use arc_swap::ArcSwap;
use protocol::Uuid;

use super::isr::{IsrMember, ProposeIsr};
use super::replica::Replica;
use super::throttle::Throttle;
use crate::image::Brokers;

/// What the partitions of a broker share: the brokers of the latest image, and the proposals on their way to the
/// controller.
#[derive(Debug)]
pub struct ReplicaContext {
    node_id: i32,
    lag_time_max: Duration,
    brokers: ArcSwap<Brokers>,
    outbox: Mutex<Outbox>,
    /// Partitions that lead, follow or went in another way than before.
    changed: Mutex<BTreeSet<(Uuid, i32)>>,
    leader_throttle: Throttle,
    follower_throttle: Throttle,
    /// Logs were cut below what the checkpoint of recovery points has as durable.
    truncated: AtomicBool,
}

#[derive(Debug, Default)]
struct Outbox {
    proposals: Vec<ProposeIsr>,
    waker: Option<Waker>,
}

impl ReplicaContext {
    /// Of this broker, with replica.lag.time.max.ms.
    pub fn new(node_id: i32, lag_time_max: Duration) -> Self {
        Self {
            node_id,
            lag_time_max,
            brokers: ArcSwap::default(),
            outbox: Mutex::default(),
            changed: Mutex::default(),
            leader_throttle: Throttle::default(),
            follower_throttle: Throttle::default(),
            truncated: AtomicBool::new(false),
        }
    }

    /// This broker's id.
    pub fn node_id(&self) -> i32 {
        self.node_id
    }

    /// replica.lag.time.max.ms: a follower that has not caught up for longer leaves the ISR.
    pub fn lag_time_max(&self) -> Duration {
        self.lag_time_max
    }

    /// What is sent to followers outside the ISR counts against it, where the partition is throttled.
    pub fn leader_throttle(&self) -> &Throttle {
        &self.leader_throttle
    }

    /// What is taken from leaders counts against it, where the partition is throttled.
    pub fn follower_throttle(&self) -> &Throttle {
        &self.follower_throttle
    }

    /// A log was cut below its recovery point.
    pub(crate) fn note_truncated(&self) {
        self.truncated.store(true, Ordering::Release);
    }

    /// Whether any was since this was asked last.
    pub(crate) fn take_truncated(&self) -> bool {
        self.truncated.swap(false, Ordering::AcqRel)
    }

    /// Takes the brokers of an image.
    pub fn set_brokers(&self, brokers: Brokers) {
        self.brokers.store(Arc::new(brokers));
    }

    /// The brokers of the latest image.
    pub(crate) fn brokers(&self) -> arc_swap::Guard<Arc<Brokers>> {
        self.brokers.load()
    }

    /// Whether a replica may join an ISR: its broker is neither fenced nor on its way out, and is the incarnation that
    /// fetched (KIP-841, KIP-903). Requests before version 15 do not tell an epoch.
    pub(crate) fn may_join(&self, replica: &Replica) -> bool {
        let brokers = self.brokers.load();
        let Some((broker, fetched_epoch)) = brokers.get(replica.id()).zip(replica.broker_epoch()) else {
            return false;
        };
        let same = fetched_epoch == -1 || fetched_epoch == broker.epoch;
        same && !broker.fenced && !broker.in_controlled_shutdown
    }

    /// Whether a fetch comes from an earlier incarnation of its broker.
    pub(crate) fn is_stale(&self, broker_id: i32, broker_epoch: i64) -> bool {
        let brokers = self.brokers.load();
        broker_epoch != -1 && brokers.get(broker_id).is_some_and(|broker| broker.epoch > broker_epoch)
    }

    /// This broker as a member of an ISR, -1 where its registration is not in the image yet.
    pub(crate) fn this_member(&self) -> IsrMember {
        let epoch = self.brokers.load().get(self.node_id).map(|broker| broker.epoch);
        IsrMember {
            broker_id: self.node_id,
            broker_epoch: epoch.unwrap_or(-1),
        }
    }

    /// Notes that a partition begins an epoch, or goes.
    pub(crate) fn note_change(&self, topic_id: Uuid, index: i32) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.insert((topic_id, index));
    }

    /// Partitions that have begun an epoch or gone since this was asked last.
    pub fn take_changed(&self) -> BTreeSet<(Uuid, i32)> {
        std::mem::take(&mut self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a proposal into the outbox.
    pub(crate) fn propose(&self, proposal: ProposeIsr) {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.proposals.push(proposal);
        if let Some(waker) = outbox.waker.take() {
            waker.wake();
        }
    }

    /// Empties the outbox.
    pub fn take_proposals(&self) -> Vec<ProposeIsr> {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut outbox.proposals)
    }

    /// Empties the outbox once there is something in it. One task does this.
    pub fn poll_proposals(&self, waker: &Waker) -> Poll<Vec<ProposeIsr>> {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        if outbox.proposals.is_empty() {
            outbox.waker = Some(waker.clone());
            return Poll::Pending;
        }
        Poll::Ready(std::mem::take(&mut outbox.proposals))
    }
}
