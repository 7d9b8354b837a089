//! The latest batches of a log in memory, so that readers who keep up never touch the disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Most bytes one log keeps.
const LOG_MAX_BYTES: usize = 1 << 20;

/// What all logs of a broker keep together.
#[derive(Debug, Clone)]
pub struct TailBudget {
    used_bytes: Arc<AtomicUsize>,
    max_bytes: usize,
}

impl TailBudget {
    /// A budget of so many bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            used_bytes: Arc::default(),
            max_bytes,
        }
    }

    fn is_exceeded(&self) -> bool {
        self.used_bytes.load(Ordering::Relaxed) > self.max_bytes
    }
}

/// A batch: its header as stamped, and what follows it as it came from the client.
#[derive(Debug, Clone)]
pub(crate) struct TailBatch {
    pub(crate) base_offset: i64,
    pub(crate) next_offset: i64,
    pub(crate) header: Bytes,
    pub(crate) rest: Bytes,
}

impl TailBatch {
    pub(crate) fn size_bytes(&self) -> usize {
        self.header.len() + self.rest.len()
    }
}

/// The latest batches, oldest first.
#[derive(Debug)]
pub(crate) struct Tail {
    budget: TailBudget,
    batches: VecDeque<TailBatch>,
    size_bytes: usize,
}

impl Tail {
    pub(crate) fn new(budget: TailBudget) -> Self {
        Self {
            budget,
            batches: VecDeque::new(),
            size_bytes: 0,
        }
    }

    pub(crate) fn push(&mut self, batch: TailBatch) {
        self.account(batch.size_bytes() as isize);
        self.batches.push_back(batch);
        while self.size_bytes > LOG_MAX_BYTES || (self.budget.is_exceeded() && !self.batches.is_empty()) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.batches.pop_front() {
            self.account(-(oldest.size_bytes() as isize));
        }
    }

    fn account(&mut self, change: isize) {
        self.size_bytes = self.size_bytes.saturating_add_signed(change);
        if change >= 0 {
            self.budget.used_bytes.fetch_add(change as usize, Ordering::Relaxed);
        } else {
            self.budget
                .used_bytes
                .fetch_sub(change.unsigned_abs(), Ordering::Relaxed);
        }
    }

    pub(crate) fn clear(&mut self) {
        while !self.batches.is_empty() {
            self.drop_oldest();
        }
    }

    /// Batches from the one that holds `offset` on; none if it is not here.
    pub(crate) fn from(&self, offset: i64) -> Option<impl Iterator<Item = &TailBatch>> {
        if self.batches.front()?.base_offset > offset {
            return None;
        }
        let at = self.batches.partition_point(|batch| batch.next_offset <= offset);
        Some(self.batches.range(at..))
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.clear();
    }
}
