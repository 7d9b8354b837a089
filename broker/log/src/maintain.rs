//! What happens to a log over time: retention, deletion of records, truncation, rolling by age.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::LogError;
use crate::log::Log;
use crate::segment::{Segment, io_error};

/// Suffix of files that are to be removed once nobody reads them.
const DELETED_SUFFIX: &str = "deleted";

/// Why a segment was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovalReason {
    /// retention.ms.
    Age,
    /// retention.bytes.
    Size,
    /// It lies before the log start offset.
    BeforeStart,
}

/// Files renamed to `.deleted`, to be removed after file.delete.delay.ms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// Base offsets and reasons.
    pub segments: Vec<(i64, RemovalReason)>,
    /// The renamed files.
    pub files: Vec<PathBuf>,
}

impl Log {
    /// Removes the segments that retention no longer wants.
    pub fn apply_retention(&mut self, now_ms: i64) -> Result<Removed, LogError> {
        self.check_online()?;
        let mut removed = Removed::default();
        while let Some(reason) = self.removable(now_ms)? {
            // The active segment goes only after another took its place.
            if self.segments.len() == 1 {
                let end_offset = self.log_end_offset;
                let result = self.roll(end_offset, now_ms);
                self.guard(result)?;
            }
            let Some((base_offset, segment)) = self.segments.pop_first() else {
                break;
            };
            let next = self
                .segments
                .first_key_value()
                .map_or(self.log_end_offset, |(base, _)| *base);
            self.log_start_offset = self.log_start_offset.max(next);
            removed.segments.push((base_offset, reason));
            let result = self.mark_deleted(&segment);
            removed.files.extend(self.guard(result)?);
        }
        if !removed.segments.is_empty() {
            self.high_watermark = self.high_watermark.max(self.log_start_offset);
            if self.epochs.truncate_from_start(self.log_start_offset) {
                let result = self.store_epochs();
                self.guard(result)?;
            }
        }
        Ok(removed)
    }

    /// Why the first segment can go, if it can. Nothing above the high watermark goes.
    fn removable(&self, now_ms: i64) -> Result<Option<RemovalReason>, LogError> {
        let mut segments = self.segments.values();
        let Some(first) = segments.next() else { return Ok(None) };
        let end = segments.next().map_or(self.log_end_offset, |next| next.base_offset);
        if first.size_bytes == 0 || end > self.high_watermark {
            return Ok(None);
        }
        if end <= self.log_start_offset && self.segments.len() > 1 {
            return Ok(Some(RemovalReason::BeforeStart));
        }
        if !self.config.delete {
            return Ok(None);
        }
        let newest = first.max_timestamp.timestamp;
        if self
            .config
            .retention_ms
            .is_some_and(|age_ms| newest >= 0 && now_ms.saturating_sub(newest) > age_ms)
        {
            return Ok(Some(RemovalReason::Age));
        }
        let excess = self
            .config
            .retention_bytes
            .and_then(|max| self.size_bytes().checked_sub(max));
        Ok(excess
            .filter(|excess| *excess >= first.size_bytes && self.segments.len() > 1)
            .map(|_| RemovalReason::Size))
    }

    fn mark_deleted(&self, segment: &Segment) -> Result<Vec<PathBuf>, LogError> {
        let disk = self.files.disk();
        let mut renamed = Vec::new();
        let snapshot = crate::segment::file(&self.dir, segment.base_offset, "snapshot");
        for path in segment.files().into_iter().chain([snapshot.as_path()]) {
            if !disk.exists(path).map_err(io_error("looking for", path))? {
                continue;
            }
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(DELETED_SUFFIX);
            let target = PathBuf::from(name);
            self.files.forget(path);
            disk.rename(path, &target).map_err(io_error("renaming", path))?;
            renamed.push(target);
        }
        Ok(renamed)
    }

    /// Moves the log start offset up (DeleteRecords); the new one.
    pub fn delete_records(&mut self, offset: i64) -> Result<i64, LogError> {
        self.check_online()?;
        if offset > self.high_watermark || offset < 0 {
            return Err(LogError::OutOfRange {
                offset,
                start_offset: self.log_start_offset,
                end_offset: self.high_watermark,
            });
        }
        if offset > self.log_start_offset {
            self.log_start_offset = offset;
            if self.epochs.truncate_from_start(offset) {
                let result = self.store_epochs();
                self.guard(result)?;
            }
        }
        Ok(self.log_start_offset)
    }

    /// Rolls a segment that has reached segment.ms although nothing more is written to it.
    pub fn roll_if_old(&mut self, now_ms: i64) -> Result<bool, LogError> {
        self.check_online()?;
        let segment_ms = self.config.segment_ms;
        let end_offset = self.log_end_offset;
        let active = self.active()?;
        let first = active.first_timestamp.filter(|first| *first >= 0);
        let due = active.size_bytes > 0 && first.is_some_and(|first| now_ms.saturating_sub(first) > segment_ms);
        if due {
            let result = self.roll(end_offset, now_ms);
            self.guard(result)?;
        }
        Ok(due)
    }

    /// Drops every record at or after `offset`, and with it the whole batch that `offset` lies in. Where that is before the
    /// log start offset, the log starts there: what is kept below might be seen again after a crash.
    pub fn truncate_to(&mut self, offset: i64) -> Result<(), LogError> {
        self.check_online()?;
        let result = if offset >= self.log_end_offset {
            self.forget_unused_epochs()
        } else {
            self.truncate(offset.max(0))
        };
        self.guard(result)
    }

    /// Drops epochs that began at the log end and have no batch: a leader that wrote nothing knows one that the next
    /// leader may not know.
    fn forget_unused_epochs(&mut self) -> Result<(), LogError> {
        if self.epochs.truncate_from_end(self.log_end_offset) {
            self.store_epochs()?;
        }
        Ok(())
    }

    fn truncate(&mut self, mut offset: i64) -> Result<(), LogError> {
        let files = Arc::clone(&self.files);
        self.truncations += 1;
        self.tail.clear();
        while let Some((base_offset, segment)) = self.segments.pop_last() {
            if base_offset > offset || (base_offset == offset && !self.segments.is_empty()) {
                self.remove_now(&segment)?;
                continue;
            }
            let path = segment.path.clone();
            let mut cut = segment.size_bytes;
            if let Some((position, header)) = segment.find(offset, &files)? {
                // A batch goes as a whole, so the log ends where it began.
                cut = position;
                offset = offset.min(header.base_offset);
            }
            let file = files.get(&path).map_err(io_error("opening", &path))?;
            file.set_len(cut).map_err(io_error("truncating", &path))?;
            file.sync_data().map_err(io_error("syncing", &path))?;
            drop(segment);
            self.reload_segment(base_offset, cut)?;
            self.note_unsynced(base_offset);
            break;
        }
        // What was removed may not come back behind what is written from here on.
        self.sync_dir()?;
        if self.segments.is_empty() {
            let segment = Segment::create(&self.dir, offset, &files)?;
            self.segments.insert(offset, segment);
            self.note_unsynced(offset);
        }
        self.log_start_offset = self.log_start_offset.min(offset);
        self.log_end_offset = offset;
        self.high_watermark = self.high_watermark.min(offset);
        self.recovery_point = self.recovery_point.min(offset);
        self.epochs.truncate_from_end(offset);
        self.store_epochs()?;
        self.remove_snapshots(|snapshot| snapshot > offset)?;
        self.rebuild_producers()
    }

    /// Drops everything; the next record gets `offset`.
    pub fn truncate_fully_and_start_at(&mut self, offset: i64) -> Result<(), LogError> {
        self.check_online()?;
        let result = self.restart_at(offset);
        self.guard(result)
    }

    fn restart_at(&mut self, offset: i64) -> Result<(), LogError> {
        let files = Arc::clone(&self.files);
        self.truncations += 1;
        self.tail.clear();
        while let Some((_, segment)) = self.segments.pop_last() {
            self.remove_now(&segment)?;
        }
        self.remove_snapshots(|_| true)?;
        self.sync_dir()?;
        self.segments
            .insert(offset, Segment::create(&self.dir, offset, &files)?);
        self.unsynced_from = None;
        self.note_unsynced(offset);
        self.log_start_offset = offset;
        self.log_end_offset = offset;
        self.high_watermark = offset;
        self.recovery_point = offset;
        self.epochs.clear();
        self.producers = crate::producers::Producers::default();
        self.store_epochs()
    }

    fn remove_now(&self, segment: &Segment) -> Result<(), LogError> {
        let snapshot = crate::segment::file(&self.dir, segment.base_offset, "snapshot");
        for path in segment.files().into_iter().chain([snapshot.as_path()]) {
            self.files.forget(path);
            if self.files.disk().exists(path).map_err(io_error("looking for", path))? {
                self.files
                    .disk()
                    .remove_file(path)
                    .map_err(io_error("removing", path))?;
            }
        }
        Ok(())
    }

    /// Removes segments that end at or before `offset`, for logs that a snapshot stands in for.
    pub fn remove_before(&mut self, offset: i64) -> Result<Removed, LogError> {
        self.check_online()?;
        let mut removed = Removed::default();
        self.log_start_offset = self.log_start_offset.max(offset.min(self.log_end_offset));
        self.high_watermark = self.high_watermark.max(self.log_start_offset);
        while self.segments.len() > 1 {
            let next = self.segments.keys().nth(1).copied().unwrap_or(i64::MAX);
            if next > self.log_start_offset {
                break;
            }
            let Some((base_offset, segment)) = self.segments.pop_first() else {
                break;
            };
            removed.segments.push((base_offset, RemovalReason::BeforeStart));
            let result = self.mark_deleted(&segment);
            removed.files.extend(self.guard(result)?);
        }
        Ok(removed)
    }
}
