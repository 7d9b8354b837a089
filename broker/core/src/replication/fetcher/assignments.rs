//! Which partition is fetched from whom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::PartitionKey;
use crate::broker::partition::Partition;

/// What has to change about the fetchers of a broker.
#[derive(Debug)]
pub enum FollowAction {
    /// Fetch a partition from a leader; the fetcher is made if it is not there.
    Start {
        /// The leader's broker id.
        leader: i32,
        /// Which of the fetchers for that leader.
        fetcher: usize,
        /// The partition.
        partition: Arc<Partition>,
    },
    /// Stop fetching a partition.
    Stop {
        /// The leader's broker id.
        leader: i32,
        /// Which of the fetchers for that leader.
        fetcher: usize,
        /// The partition.
        key: PartitionKey,
    },
}

/// Which of `fetchers` fetchers for a leader (num.replica.fetchers) has a partition.
pub fn fetcher_of((topic_id, index): PartitionKey, fetchers: usize) -> usize {
    let folded = topic_id.as_bytes().iter().fold(index as u32, |folded, byte| {
        folded.wrapping_mul(31).wrapping_add(u32::from(*byte))
    });
    folded as usize % fetchers.max(1)
}

/// What the fetchers of a broker have been told.
#[derive(Debug, Default)]
pub struct Assignments {
    fetched: BTreeMap<PartitionKey, (i32, i32)>,
}

impl Assignments {
    /// What follows from changes ([`ReplicaContext::take_changed`](crate::replication::ReplicaContext::take_changed)),
    /// in the order in which it is to be done: a partition leaves its old fetcher before the new one gets it.
    pub fn plan(
        &mut self,
        changed: BTreeSet<PartitionKey>,
        fetchers: usize,
        find: impl Fn(PartitionKey) -> Option<Arc<Partition>>,
    ) -> Vec<FollowAction> {
        let (mut stops, mut starts) = (Vec::new(), Vec::new());
        for key in changed {
            let found = find(key).and_then(|partition| partition.follower_position().zip(Some(partition)));
            let wanted = found
                .as_ref()
                .map(|(position, _)| (position.leader, position.leader_epoch));
            let known = self.fetched.get(&key).copied();
            if wanted == known {
                continue;
            }
            let fetcher = fetcher_of(key, fetchers);
            if let Some((leader, _)) = known.filter(|(leader, _)| wanted.is_none_or(|(new, _)| new != *leader)) {
                stops.push(FollowAction::Stop { leader, fetcher, key });
            }
            match found {
                Some((position, partition)) => {
                    let leader = position.leader;
                    self.fetched.insert(key, (leader, position.leader_epoch));
                    starts.push(FollowAction::Start {
                        leader,
                        fetcher,
                        partition,
                    });
                }
                None => {
                    self.fetched.remove(&key);
                }
            }
        }
        stops.append(&mut starts);
        stops
    }
}
