//! Leader epochs of a log: where each started (KIP-101, KIP-279).

use std::collections::BTreeMap;

use protocol::files::EpochStart;

/// Epochs and their first offsets, both increasing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EpochCache {
    starts: BTreeMap<i32, i64>,
}

impl EpochCache {
    /// From a checkpoint; entries that do not increase are dropped, as Kafka does.
    pub fn from_entries(entries: &[EpochStart]) -> Self {
        let mut cache = Self::default();
        for entry in entries {
            cache.assign(entry.epoch, entry.start_offset);
        }
        cache
    }

    /// For a checkpoint.
    pub fn entries(&self) -> Vec<EpochStart> {
        self.starts
            .iter()
            .map(|(epoch, start_offset)| EpochStart {
                epoch: *epoch,
                start_offset: *start_offset,
            })
            .collect()
    }

    /// Notes that a batch of `epoch` starts at `offset`; whether that is news.
    pub fn assign(&mut self, epoch: i32, offset: i64) -> bool {
        if epoch < 0 || self.starts.last_key_value().is_some_and(|(last, _)| *last == epoch) {
            return false;
        }
        // What comes later in epoch or offset contradicts the batch that is there.
        self.starts.retain(|known, start| *known < epoch && *start < offset);
        self.starts.insert(epoch, offset);
        true
    }

    /// Notes a batch that is met on a walk through the log. Only a later epoch is news: where a checkpoint knows
    /// better it has later ones, and a batch of an earlier one says nothing of those before it.
    pub(crate) fn walk(&mut self, epoch: i32, offset: i64) {
        if self.latest().is_none_or(|latest| latest < epoch) {
            self.assign(epoch, offset);
        }
    }

    /// The latest epoch.
    pub fn latest(&self) -> Option<i32> {
        self.starts.last_key_value().map(|(epoch, _)| *epoch)
    }

    /// The epoch of an offset.
    pub fn epoch_of(&self, offset: i64) -> Option<i32> {
        self.starts
            .iter()
            .rev()
            .find(|(_, start)| **start <= offset)
            .map(|(epoch, _)| *epoch)
    }

    /// The epoch of an offset, where it starts, and where the next one does.
    pub(crate) fn span_of(&self, offset: i64) -> Option<(i32, i64, i64)> {
        let mut end = i64::MAX;
        for (epoch, start) in self.starts.iter().rev() {
            if *start <= offset {
                return Some((*epoch, *start, end));
            }
            end = *start;
        }
        None
    }

    /// The greatest epoch that is at most `epoch`, and where it ended. For the latest epoch that is the
    /// log end offset; for an epoch before all known ones it is where the first of them starts.
    pub fn end_offset(&self, epoch: i32, log_end_offset: i64) -> Option<(i32, i64)> {
        let latest = self.latest()?;
        if epoch < 0 || epoch > latest {
            return None;
        }
        if epoch == latest {
            return Some((epoch, log_end_offset));
        }
        let next = self.starts.range(epoch + 1..).next().map(|(_, start)| *start)?;
        match self.starts.range(..=epoch).next_back() {
            Some((floor, _)) => Some((*floor, next)),
            None => Some((epoch, next)),
        }
    }

    /// Drops epochs that start at or after `offset`; whether any did.
    pub fn truncate_from_end(&mut self, offset: i64) -> bool {
        let before = self.starts.len();
        self.starts.retain(|_, start| *start < offset);
        self.starts.len() != before
    }

    /// Drops epochs that end before `offset`; the one it falls into starts there now.
    pub fn truncate_from_start(&mut self, offset: i64) -> bool {
        let Some(epoch) = self.epoch_of(offset) else {
            return false;
        };
        if self.starts.first_key_value() == Some((&epoch, &offset)) {
            return false;
        }
        let dropped = self
            .starts
            .first_key_value()
            .is_some_and(|(first, start)| *first != epoch || *start < offset);
        self.starts = self.starts.split_off(&epoch);
        self.starts.insert(epoch, offset);
        dropped
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.starts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> EpochCache {
        let mut cache = EpochCache::default();
        for (epoch, offset) in [(2, 6), (3, 8), (5, 11)] {
            assert!(cache.assign(epoch, offset));
        }
        cache
    }

    #[test]
    fn an_epoch_ends_where_the_next_starts() {
        let cache = cache();
        assert_eq!(cache.end_offset(5, 20), Some((5, 20)));
        assert_eq!(cache.end_offset(4, 20), Some((3, 11)));
        assert_eq!(cache.end_offset(2, 20), Some((2, 8)));
        assert_eq!(cache.end_offset(1, 20), Some((1, 6)));
        assert_eq!(cache.end_offset(6, 20), None);
        assert_eq!(cache.epoch_of(10), Some(3));
        assert_eq!(cache.epoch_of(5), None);
    }

    #[test]
    fn truncation_from_either_end() {
        let mut from_end = cache();
        assert!(from_end.truncate_from_end(8));
        assert_eq!(from_end.latest(), Some(2));
        let mut from_start = cache();
        assert!(from_start.truncate_from_start(9));
        assert_eq!(
            from_start.entries()[0],
            EpochStart {
                epoch: 3,
                start_offset: 9
            }
        );
    }

    #[test]
    fn a_later_assignment_overrules_what_contradicts_it() {
        let mut cache = cache();
        assert!(!cache.assign(5, 14));
        assert!(cache.assign(6, 7));
        assert_eq!(cache.entries().len(), 2, "epochs 3 and 5 started after offset 7");
    }
}
