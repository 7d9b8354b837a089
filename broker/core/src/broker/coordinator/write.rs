//! What a coordinator writes, and answers that wait until it is committed.

use std::fmt;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::api::ErrorCode;
use protocol::records::{BatchBuilder, Compression, NewRecord};

use super::OpenShard;
use crate::broker::Broker;
use crate::broker::partition::{Appended, Partition, Replicated};
use crate::call::{Call, Outcome, Pending};
use crate::cx::Now;
use crate::groups::KeyValue;
use crate::reply::Reply;

/// A batch that a coordinator wrote.
#[derive(Debug)]
pub(in crate::broker) struct Written {
    partition: Arc<Partition>,
    appended: Appended,
}

impl Written {
    /// Offset of its last record.
    pub(in crate::broker) fn last_offset(&self) -> i64 {
        self.appended.last_offset
    }
}

impl OpenShard {
    /// Writes records as one batch.
    pub(in crate::broker) fn append(&self, records: &[KeyValue], now: Now) -> Result<Written, ErrorCode> {
        let mut batch = BatchBuilder::new(0, Compression::None);
        for (key, value) in records {
            let (timestamp, key, value) = (now.wall_ms, Some(key.as_slice()), value.as_deref());
            batch.push(&NewRecord {
                timestamp,
                key,
                value,
                headers: &[],
            });
        }
        let batch = batch.build().map_err(|_| ErrorCode::UnknownServerError)?;
        let partition = Arc::clone(&self.partition);
        match partition.append_as_coordinator(&batch.into(), self.leader_epoch, now) {
            Ok(appended) => Ok(Written { partition, appended }),
            Err(error) => Err(coordinator_error(error.code)),
        }
    }
}

/// How a failure of the log is told to a group's client.
fn coordinator_error(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::NotLeaderOrFollower
        | ErrorCode::FencedLeaderEpoch
        | ErrorCode::UnknownLeaderEpoch
        | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => ErrorCode::InvalidCommitOffsetSize,
        _ => ErrorCode::CoordinatorNotAvailable,
    }
}

/// What became of each thing that a request changes.
#[derive(Debug, Default)]
pub(in crate::broker) struct Writes {
    results: Vec<Option<ErrorCode>>,
    waits: Vec<(usize, Written)>,
}

impl Writes {
    /// Adds what became of one thing; none if there was nothing to write for it.
    pub(in crate::broker) fn push(&mut self, written: Result<Option<Written>, ErrorCode>) {
        let (result, wait) = match written {
            Ok(wait) => (None, wait),
            Err(error) => (Some(error), None),
        };
        self.waits.extend(wait.map(|written| (self.results.len(), written)));
        self.results.push(result);
    }
}

impl From<Result<Option<Written>, ErrorCode>> for Writes {
    fn from(written: Result<Option<Written>, ErrorCode>) -> Self {
        let mut writes = Self::default();
        writes.push(written);
        writes
    }
}

type Answer = Box<dyn Fn(&[Option<ErrorCode>]) -> Reply + Send>;

/// Answers once all that was written is committed, or is known not to be.
pub(in crate::broker) struct PendingWrites {
    id: u64,
    writes: Writes,
    deadline: Duration,
    answer: Answer,
}

impl PendingWrites {
    /// The answer, which is made of what became of each thing, as soon as it is due.
    pub(in crate::broker) fn begin(
        broker: &Broker,
        call: &Call,
        writes: impl Into<Writes>,
        answer: impl Fn(&[Option<ErrorCode>]) -> Reply + Send + 'static,
    ) -> Outcome {
        let mut pending = Self {
            id: broker.next_waiter_id(),
            writes: writes.into(),
            deadline: call.now.mono + broker.commit_timeout(),
            answer: Box::new(answer),
        };
        match pending.poll(call.now, Waker::noop()) {
            Poll::Ready(reply) => reply.into(),
            Poll::Pending => Outcome::Wait(Box::new(pending)),
        }
    }
}

impl Pending for PendingWrites {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        let (id, results) = (self.id, &mut self.writes.results);
        let expired = now.mono >= self.deadline;
        self.writes.waits.retain(|(index, written)| {
            let result = match written.partition.committed(&written.appended, id, waker) {
                Replicated::Yes => None,
                // It may get committed yet. The client cannot know and tries again.
                Replicated::NotYet if expired => Some(ErrorCode::CoordinatorNotAvailable),
                Replicated::NotYet => return true,
                Replicated::Failed(code) => Some(coordinator_error(code)),
            };
            written.partition.forget(id);
            if let Some(slot) = results.get_mut(*index) {
                *slot = result;
            }
            false
        });
        if self.writes.waits.is_empty() {
            return Poll::Ready((self.answer)(&self.writes.results));
        }
        Poll::Pending
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Drop for PendingWrites {
    fn drop(&mut self) {
        for (_, written) in &self.writes.waits {
            written.partition.forget(self.id);
        }
    }
}

impl fmt::Debug for PendingWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingWrites")
            .field("id", &self.id)
            .field("writes", &self.writes)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
