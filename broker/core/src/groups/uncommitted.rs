//! Changes whose records are in the log, but perhaps not on all in-sync replicas yet: a failover may take them back. They
//! count once the high watermark has passed them, and nobody sees them before.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use protocol::api::ErrorCode;

use super::group::GroupState;
use super::offsets::{CommittedOffset, OffsetKey};
use super::shard::{GroupSettings, Shard};

/// What changes in a group once its records are committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Offsets are set.
    Offsets(Vec<(OffsetKey, CommittedOffset)>),
    /// Offsets are taken back.
    OffsetsGone(Vec<OffsetKey>),
    /// The group is taken back, with these offsets.
    GroupGone(Vec<OffsetKey>),
    /// A generation has its assignments.
    Assigned {
        /// The generation.
        generation: i32,
        /// Assignments by member.
        assignments: BTreeMap<String, Bytes>,
    },
}

#[derive(Debug)]
struct Entry {
    group: String,
    last_offset: i64,
    due: Duration,
    change: Change,
}

/// Changes in the order of their records.
#[derive(Debug, Default)]
pub(super) struct Uncommitted {
    entries: VecDeque<Entry>,
}

impl Shard {
    /// Takes a change whose records end at `last_offset`. Who waits for an assignment that is not committed when it is
    /// due has to join again.
    pub fn await_commit(&mut self, group: &str, last_offset: i64, due: Duration, change: Change) {
        // Those who wait for their leader to assign wait for the record from now on.
        if let (Change::Assigned { .. }, Some(group)) = (&change, self.groups.get_mut(group)) {
            group.waiters.wake_all();
        }
        self.uncommitted.entries.push_back(Entry {
            group: group.to_owned(),
            last_offset,
            due,
            change,
        });
    }

    /// Makes what is below the high watermark count.
    pub fn settle(&mut self, high_watermark: i64, now: Duration) {
        while let Some(entry) = self.uncommitted.entries.pop_front() {
            if entry.last_offset >= high_watermark {
                self.uncommitted.entries.push_front(entry);
                return;
            }
            self.take(entry, now);
        }
    }

    /// Gives up on assignments that are overdue: their members join again. Offsets count whenever they get committed.
    pub fn give_up_overdue(&mut self, now: Duration, settings: &GroupSettings) {
        let overdue = |entry: &Entry| entry.due <= now && matches!(entry.change, Change::Assigned { .. });
        let (given_up, rest) = std::mem::take(&mut self.uncommitted.entries)
            .into_iter()
            .partition::<VecDeque<_>, _>(overdue);
        self.uncommitted.entries = rest;
        for entry in given_up {
            let (Change::Assigned { generation, .. }, Some(group)) = (entry.change, self.groups.get_mut(&entry.group))
            else {
                continue;
            };
            if (group.state, group.generation) == (GroupState::CompletingRebalance, generation) {
                group.assignment_failed(ErrorCode::CoordinatorNotAvailable, now, settings);
            }
        }
    }

    /// Where the record of a group's assignment is that its members wait for.
    pub fn assigning(&self, group: &str) -> Option<i64> {
        let generation = self.groups.get(group)?.generation;
        let awaited = self.uncommitted.entries.iter().find(|entry| {
            entry.group == group && matches!(entry.change, Change::Assigned { generation: of, .. } if of == generation)
        });
        awaited.map(|entry| entry.last_offset)
    }

    /// What a group has committed offsets of, or is about to.
    pub fn offset_keys(&self, group: &str) -> BTreeSet<OffsetKey> {
        let committed = self
            .groups
            .get(group)
            .into_iter()
            .flat_map(|group| group.offsets.keys());
        let awaited = self.uncommitted.entries.iter().filter(|entry| entry.group == group);
        let awaited = awaited.flat_map(|entry| match &entry.change {
            Change::Offsets(offsets) => offsets.as_slice(),
            _ => &[],
        });
        committed.chain(awaited.map(|(key, _)| key)).cloned().collect()
    }

    fn take(&mut self, entry: Entry, now: Duration) {
        let id = entry.group;
        match entry.change {
            Change::Offsets(offsets) => {
                for (key, offset) in offsets {
                    self.take_offset((id.clone(), key), entry.last_offset, offset);
                }
            }
            Change::OffsetsGone(keys) => self.take_back_offsets(&id, &keys),
            Change::GroupGone(keys) => {
                self.take_back_offsets(&id, &keys);
                let is_gone = |group: &super::Group| {
                    group.state == GroupState::Empty && group.offsets.is_empty() && group.pending.is_empty()
                };
                if self.groups.get(&id).is_some_and(is_gone) {
                    self.groups.remove(&id);
                }
            }
            Change::Assigned {
                generation,
                assignments,
            } => {
                let group = self.groups.get_mut(&id);
                // The group may have begun another generation meanwhile.
                if let Some(group) = group
                    && (group.state, group.generation) == (GroupState::CompletingRebalance, generation)
                {
                    group.assigned(&assignments, now);
                }
            }
        }
    }

    fn take_back_offsets(&mut self, id: &str, keys: &[OffsetKey]) {
        for key in keys {
            if let Some(group) = self.groups.get_mut(id) {
                group.offsets.remove(key);
            }
            self.transactions.forget(id, key);
        }
    }
}
