//! Offsets committed in transactions: they count once their producer's transaction is committed (KIP-98).

use std::collections::BTreeMap;

use super::group::Group;
use super::offsets::{CommittedOffset, OffsetKey};
use super::shard::Shard;

/// A group and what it committed an offset of.
type Committed = (String, OffsetKey);

/// Offsets of open transactions, by producer, with where their records are.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    open: BTreeMap<i64, BTreeMap<Committed, (i64, CommittedOffset)>>,
}

impl Transactions {
    pub(super) fn add(&mut self, producer_id: i64, about: Committed, at: i64, offset: CommittedOffset) {
        self.open.entry(producer_id).or_default().insert(about, (at, offset));
    }

    /// What was taken back will not be committed either.
    pub(super) fn forget(&mut self, group: &str, about: &OffsetKey) {
        let about = (group.to_owned(), about.clone());
        for offsets in self.open.values_mut() {
            offsets.remove(&about);
        }
    }

    /// Of two commits of the same offset the later record counts, whichever transaction ends first.
    fn overrule(&mut self, about: &Committed, at: i64) {
        for offsets in self.open.values_mut() {
            if offsets.get(about).is_some_and(|(earlier, _)| *earlier < at) {
                offsets.remove(about);
            }
        }
    }
}

impl Shard {
    /// Takes a committed offset whose record is at `at`.
    pub(super) fn take_offset(&mut self, about: (String, OffsetKey), at: i64, offset: CommittedOffset) {
        self.transactions.overrule(&about, at);
        let (id, key) = about;
        let group = self.groups.entry(id).or_insert_with_key(|id| Group::new(id));
        group.offsets.insert(key, offset);
    }

    /// Ends a producer's transaction: what it committed counts now, or never.
    pub fn end_transaction(&mut self, producer_id: i64, committed: bool) {
        let offsets = self.transactions.open.remove(&producer_id).unwrap_or_default();
        for (about, (at, offset)) in offsets.into_iter().filter(|_| committed) {
            self.take_offset(about, at, offset);
        }
    }
}
