//! Following a leader: taking its batches, and truncating what it does not have (KIP-101, KIP-595).

use broker_log::{AppendError, Log, LogError};
use bytes::Bytes;
use protocol::records::Batches;

use super::{Inner, Partition};
use crate::cx::Now;
use crate::mutation::{Mutation, mutated};

/// Where a follower is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowerPosition {
    /// Whom it follows.
    pub leader: i32,
    /// In this epoch.
    pub leader_epoch: i32,
    /// Its log start offset.
    pub log_start_offset: i64,
    /// Its log end offset: what it fetches next.
    pub log_end_offset: i64,
    /// The epoch of its last batch; none if it has no batch.
    pub last_epoch: Option<i32>,
}

impl FollowerPosition {
    /// Whether an answer to a fetch from `asked` is still about this position.
    fn is_still(&self, asked: &Self) -> bool {
        (self.leader_epoch, self.log_end_offset, self.last_epoch)
            == (asked.leader_epoch, asked.log_end_offset, asked.last_epoch)
    }
}

/// What a leader sent.
#[derive(Debug, Clone, Copy)]
pub struct FromLeader<'a> {
    /// Batches; the last may be cut short.
    pub records: &'a Bytes,
    /// The leader's high watermark.
    pub high_watermark: i64,
    /// The leader's log start offset.
    pub log_start_offset: i64,
}

/// Why a follower does not do what a leader's answer asks for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The answer is one of the past: the epoch or the log's end has changed since the question.
    #[error(
        "the answer is about leader epoch {leader_epoch} and offset {offset}, from which this replica has moved on"
    )]
    Outdated {
        /// Epoch that was asked in.
        leader_epoch: i32,
        /// Offset that was asked for.
        offset: i64,
    },
    /// What was sent does not fit; another try may get better bytes.
    #[error("cannot append what the leader sent: {0}")]
    Records(AppendError),
    /// The log cannot be written.
    #[error(transparent)]
    Log(LogError),
}

impl From<LogError> for FollowError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<AppendError> for FollowError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Log(error) => Self::Log(error),
            other => Self::Records(other),
        }
    }
}

impl Partition {
    /// Where this follower is; none if it does not follow anyone.
    pub fn follower_position(&self) -> Option<FollowerPosition> {
        self.lock().position()
    }

    /// Appends what the leader sent and takes its high watermark and log start offset. Nothing is taken from an answer
    /// to a question of the past.
    pub fn append_as_follower(
        &self,
        asked: &FollowerPosition,
        sent: FromLeader<'_>,
        now: Now,
    ) -> Result<FollowerPosition, FollowError> {
        let mut inner = self.lock();
        inner.check_asked(asked)?;
        append_batches(&mut inner.log, asked.leader_epoch, sent.records, now)?;
        // What a leader told as committed stays so; only truncation takes it back.
        let committed = sent.high_watermark.min(inner.log.log_end_offset());
        if committed > inner.log.high_watermark() && inner.log.set_high_watermark(committed) {
            inner.waiters.wake_all();
        }
        let log_start_offset = sent.log_start_offset.min(inner.log.high_watermark());
        if log_start_offset > inner.log.log_start_offset() {
            inner.log.delete_records(log_start_offset)?;
        }
        inner.here(asked)
    }

    /// Truncates to where the leader says the logs part: `epoch` ended at `end_offset` in its log.
    pub fn truncate_to_divergence(
        &self,
        asked: &FollowerPosition,
        (epoch, end_offset): (i32, i64),
    ) -> Result<FollowerPosition, FollowError> {
        let mut inner = self.lock();
        inner.check_asked(asked)?;
        let target = parting(&inner.log, (epoch, end_offset));
        let end_offset = inner.log.log_end_offset();
        tracing::info!(
            topic = self.topic(),
            partition = self.index(),
            offset = target,
            end_offset,
            "truncates what the leader does not have"
        );
        if !mutated(Mutation::NoTruncation) {
            inner.cut(|log| log.truncate_to(target))?;
        }
        inner.here(asked)
    }

    /// Truncates to the high watermark: the leader has no epochs to compare.
    pub fn truncate_to_high_watermark(&self, asked: &FollowerPosition) -> Result<FollowerPosition, FollowError> {
        let mut inner = self.lock();
        inner.check_asked(asked)?;
        let high_watermark = inner.log.high_watermark();
        inner.cut(|log| log.truncate_to(high_watermark))?;
        inner.here(asked)
    }

    /// Starts over after OFFSET_OUT_OF_RANGE from a leader whose log goes from `start_offset` to `end_offset`.
    pub fn start_over(
        &self,
        asked: &FollowerPosition,
        start_offset: i64,
        end_offset: i64,
    ) -> Result<FollowerPosition, FollowError> {
        let mut inner = self.lock();
        inner.check_asked(asked)?;
        if end_offset < asked.log_end_offset {
            inner.cut(|log| log.truncate_to(end_offset))?;
            // An unclean leader may end before this log starts.
            if end_offset < inner.log.log_start_offset() {
                inner.cut(|log| log.truncate_fully_and_start_at(end_offset))?;
            }
        } else if start_offset > asked.log_end_offset {
            inner.cut(|log| log.truncate_fully_and_start_at(start_offset))?;
        }
        inner.here(asked)
    }
}

impl Inner {
    /// Cuts the log. If what goes was durable, the checkpoint that says so is out of date.
    fn cut(&mut self, cut: impl FnOnce(&mut Log) -> Result<(), LogError>) -> Result<(), LogError> {
        let recovery_point = self.log.recovery_point();
        let result = cut(&mut self.log);
        if self.log.recovery_point() < recovery_point {
            self.context.note_truncated();
        }
        result
    }
}

/// Where a log parts from one in which `epoch` ended at `end_offset`, as far as that tells.
pub(super) fn parting(log: &Log, (epoch, end_offset): (i32, i64)) -> i64 {
    match log.end_offset_for_epoch(epoch) {
        // A log without epochs: all that is sure is what is committed.
        _ if end_offset < 0 => log.high_watermark(),
        // This log lacks the epoch: back to the end of the one before it, and ask again.
        Some((known, own_end)) if known != epoch => own_end,
        Some((_, own_end)) => own_end.min(end_offset),
        None => end_offset,
    }
}

/// Appends the whole ones of batches that come from a log of this epoch or an earlier one.
pub(super) fn append_batches(log: &mut Log, epoch: i32, records: &Bytes, now: Now) -> Result<(), AppendError> {
    let mut size_bytes = 0;
    let mut first = None;
    for batch in Batches::new(records) {
        let (header, _) = batch?;
        // The leader's log may have changed hands between the question and the answer.
        if header.leader_epoch > epoch {
            break;
        }
        size_bytes += header.size_bytes();
        first = first.or(Some(header));
    }
    let Some(first) = first else {
        return Ok(());
    };
    let (start_offset, end_offset) = (log.log_start_offset(), log.log_end_offset());
    // The leader's log starts within its first batch, which comes as a whole.
    if start_offset == end_offset && first.base_offset < end_offset && first.last_offset() >= end_offset {
        log.truncate_fully_and_start_at(first.base_offset)?;
    }
    log.append_as_follower(&records.slice(..size_bytes), now.wall_ms)
}

fn outdated(asked: &FollowerPosition) -> FollowError {
    FollowError::Outdated {
        leader_epoch: asked.leader_epoch,
        offset: asked.log_end_offset,
    }
}

impl Inner {
    fn position(&self) -> Option<FollowerPosition> {
        if self.leading.is_some() || self.state.leader < 0 || self.retired {
            return None;
        }
        Some(FollowerPosition {
            leader: self.state.leader,
            leader_epoch: self.state.leader_epoch,
            log_start_offset: self.log.log_start_offset(),
            log_end_offset: self.log.log_end_offset(),
            last_epoch: self.log.epochs().latest(),
        })
    }

    /// The position after what was asked for at `asked` is done.
    fn here(&self, asked: &FollowerPosition) -> Result<FollowerPosition, FollowError> {
        self.position().ok_or(outdated(asked))
    }

    fn check_asked(&self, asked: &FollowerPosition) -> Result<(), FollowError> {
        let still = self.position().is_some_and(|position| position.is_still(asked));
        if still { Ok(()) } else { Err(outdated(asked)) }
    }
}
