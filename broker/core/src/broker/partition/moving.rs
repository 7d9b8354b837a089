//! Moving a replica to another log directory of its broker (KIP-113): a copy of the log there follows the log as a
//! follower does its leader, and takes its place once it is level.

use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError};

use broker_log::{AppendError, Log, LogConfig, LogError, OpenOptions, gather};
use protocol::Uuid;

use super::follower::{append_batches, parting};
use super::{Inner, Partition};
use crate::cx::Now;

/// The copy.
#[derive(Debug)]
pub(super) struct Moving {
    to: Uuid,
    log: Log,
    /// It was level with the log once.
    caught_up: bool,
}

/// How a move stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The id of the log directory it goes to.
    pub to: Uuid,
    /// Where the copy is.
    pub path: PathBuf,
    /// Size of the copy.
    pub size_bytes: u64,
    /// How many offsets the copy is behind.
    pub lag: i64,
    /// From where on the copy is not durable.
    pub recovery_point: i64,
    /// Whether it was level once: then the controller is told of the new directory.
    pub caught_up: bool,
}

/// What a round of copying did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Bytes that were read.
    pub size_bytes: usize,
    /// Whether the copy is level with the log.
    pub is_level: bool,
}

/// Why a replica cannot be moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// The log cannot be read.
    #[error("cannot read the log: {0}")]
    Source(LogError),
    /// The copy cannot be written.
    #[error("cannot write the copy: {0}")]
    Target(#[from] AppendError),
    /// Files cannot be read or renamed.
    #[error("cannot put the copy in the place of the log: {0}")]
    Swap(LogError),
}

/// What is to be opened in the place of a log, after the directories changed names.
#[derive(Debug)]
pub(in crate::broker) struct Swap<'a> {
    /// The directory of the log that goes.
    pub(in crate::broker) from: &'a Path,
    /// The directory of the copy, which is closed.
    pub(in crate::broker) to: &'a Path,
    pub(in crate::broker) config: Arc<LogConfig>,
    pub(in crate::broker) options: OpenOptions,
}

impl Partition {
    fn moving(&self) -> MutexGuard<'_, Option<Moving>> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to move it; `log` is the copy. A move on its way is given up, and the directory of its copy comes back.
    pub(in crate::broker) fn begin_move(&self, to: Uuid, log: Log) -> Option<PathBuf> {
        let moving = Moving {
            to,
            log,
            caught_up: false,
        };
        self.moving().replace(moving).map(|old| old.log.dir().to_owned())
    }

    /// Gives up the move, if there is one; the directory of the copy.
    pub(in crate::broker) fn end_move(&self) -> Option<PathBuf> {
        self.moving().take().map(|old| old.log.dir().to_owned())
    }

    /// How its move to another log directory stands, if it is moved.
    pub fn moved(&self) -> Option<Moved> {
        let moving = self.moving();
        let moving = moving.as_ref()?;
        let lag = self.lock().log.log_end_offset() - moving.log.log_end_offset();
        Some(Moved {
            to: moving.to,
            path: moving.log.dir().to_owned(),
            size_bytes: moving.log.size_bytes(),
            lag: lag.max(0),
            recovery_point: moving.log.recovery_point(),
            caught_up: moving.caught_up,
        })
    }

    /// Writes down what a clean start reads of the copy, if it is moved. On failure: in which log directory.
    pub(in crate::broker) fn close_copy(&self) -> Result<(), (Uuid, LogError)> {
        let mut moving = self.moving();
        let Some(moving) = moving.as_mut() else {
            return Ok(());
        };
        moving.log.close().map_err(|error| (moving.to, error))
    }

    /// Id of the log directory that the controller is to have it in: where it goes, once there is all of it.
    pub fn assigned_dir_id(&self) -> Uuid {
        let moving = self.moving();
        match moving.as_ref().filter(|moving| moving.caught_up) {
            Some(moving) => moving.to,
            None => self.log_dir_id(),
        }
    }

    /// Copies the next bytes, some `max_bytes` of them; none if it is not moved. Writers and readers of the log go on.
    pub(in crate::broker) fn copy_some(&self, max_bytes: usize, now: Now) -> Result<Option<Copied>, MoveError> {
        let mut moving = self.moving();
        let Some(moving) = moving.as_mut() else {
            return Ok(None);
        };
        let slices = moving.next_of(&self.lock().log, max_bytes)?;
        let bytes = gather(slices).map_err(|source| MoveError::Source(self.unreadable(source)))?;
        append_batches(&mut moving.log, i32::MAX, &bytes, now)?;
        let is_level = moving.log.log_end_offset() == self.lock().log.log_end_offset();
        moving.caught_up |= is_level;
        Ok(Some(Copied {
            size_bytes: bytes.len(),
            is_level,
        }))
    }

    /// Puts the copy in the place of the log, if it is level after `max_bytes` more; whether it did. Nobody writes or
    /// reads meanwhile.
    pub(in crate::broker) fn finish_move(
        &self,
        max_bytes: usize,
        now: Now,
        swap: impl FnOnce(Swap<'_>) -> Result<Log, LogError>,
    ) -> Result<bool, MoveError> {
        let mut guard = self.moving();
        let Some(moving) = guard.as_mut() else {
            return Ok(false);
        };
        let mut inner = self.lock();
        let slices = moving.next_of(&inner.log, max_bytes)?;
        let bytes = gather(slices).map_err(|source| MoveError::Source(self.unreadable(source)))?;
        append_batches(&mut moving.log, i32::MAX, &bytes, now)?;
        moving.follow_offsets(&inner.log)?;
        if moving.log.log_end_offset() != inner.log.log_end_offset() {
            return Ok(false);
        }
        let Some(Moving { to, mut log, .. }) = guard.take() else {
            return Ok(false);
        };
        log.close().map_err(AppendError::from)?;
        let copy = log.dir().to_owned();
        drop(log);
        inner.replace_log(to, &copy, swap)?;
        Ok(true)
    }

    fn unreadable(&self, source: std::io::Error) -> LogError {
        LogError::Io {
            action: "reading",
            path: format!("{}-{}", self.topic, self.index).into(),
            source,
        }
    }
}

impl Inner {
    fn replace_log(
        &mut self,
        to: Uuid,
        copy: &Path,
        swap: impl FnOnce(Swap<'_>) -> Result<Log, LogError>,
    ) -> Result<(), MoveError> {
        let log = swap(Swap {
            from: self.log.dir(),
            to: copy,
            config: Arc::clone(self.log.config()),
            options: OpenOptions {
                clean: true,
                recovery_point: self.log.log_end_offset(),
                log_start_offset: self.log.log_start_offset(),
                high_watermark: self.log.high_watermark(),
            },
        });
        self.log = log.map_err(MoveError::Swap)?;
        self.log_dir_id = to;
        if self.leading.is_some() {
            // The copy knows epochs by their batches, and this one may not have any yet.
            self.log.begin_epoch(self.state.leader_epoch);
        }
        self.wake_all();
        Ok(())
    }
}

impl Moving {
    /// The next pieces to copy, after what the log no longer has is cut off the copy.
    fn next_of(&mut self, from: &Log, max_bytes: usize) -> Result<Vec<broker_log::Slice>, MoveError> {
        self.log.set_config(Arc::clone(from.config()));
        self.truncate_like(from).map_err(AppendError::from)?;
        self.follow_offsets(from)?;
        from.read(self.log.log_end_offset(), from.log_end_offset(), max_bytes, true)
            .map_err(MoveError::Source)
    }

    fn truncate_like(&mut self, from: &Log) -> Result<(), LogError> {
        while let Some(latest) = self.log.epochs().latest() {
            let end_offset = self.log.log_end_offset();
            let Some(parts) = from.end_offset_for_epoch(latest) else {
                // All that the copy has is older than the log.
                return self.log.truncate_fully_and_start_at(from.log_start_offset());
            };
            if parts.0 == latest && parts.1 >= end_offset {
                break;
            }
            let target = parting(&self.log, parts);
            self.log.truncate_to(target)?;
            if (self.log.epochs().latest(), self.log.log_end_offset()) == (Some(latest), end_offset) {
                return self.log.truncate_fully_and_start_at(from.log_start_offset());
            }
        }
        if self.log.log_end_offset() < from.log_start_offset() || self.log.log_end_offset() > from.log_end_offset() {
            self.log.truncate_fully_and_start_at(from.log_start_offset())?;
        }
        Ok(())
    }

    fn follow_offsets(&mut self, from: &Log) -> Result<(), MoveError> {
        self.log.set_high_watermark(from.high_watermark());
        let start_offset = from.log_start_offset().min(self.log.high_watermark());
        if start_offset > self.log.log_start_offset() {
            self.log.delete_records(start_offset).map_err(AppendError::from)?;
        }
        Ok(())
    }
}
