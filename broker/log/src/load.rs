//! Opening a log: trusting what a clean shutdown left, or recovering what a crash left.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::files::{names, parse_leader_epochs, parse_producer_snapshot};
use protocol::records::{BatchHeader, HEADER_BYTES, HeaderError};

use crate::config::LogConfig;
use crate::epochs::EpochCache;
use crate::error::LogError;
use crate::log::{Log, LogContext};
use crate::producers::Producers;
use crate::segment::{Segment, io_error};

/// Most bytes of a small file.
const SMALL_FILE_MAX_BYTES: u64 = 256 << 20;

/// What is known of a log before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// Whether the broker that wrote it was shut down cleanly.
    pub clean: bool,
    /// From recovery-point-offset-checkpoint, 0 if it is not there.
    pub recovery_point: i64,
    /// From log-start-offset-checkpoint, 0 if it is not there.
    pub log_start_offset: i64,
    /// From replication-offset-checkpoint, 0 if it is not there.
    pub high_watermark: i64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            clean: true,
            recovery_point: 0,
            log_start_offset: 0,
            high_watermark: 0,
        }
    }
}

/// What opening a log did to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Segment, where it was cut, bytes cut off, and why.
    pub truncated: Option<Truncation>,
    /// Segments whose indexes were rebuilt.
    pub rebuilt: Vec<i64>,
    /// Files of interrupted operations and later segments that were removed.
    pub removed: Vec<PathBuf>,
}

/// The end of a log was not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truncation {
    /// The segment.
    pub path: PathBuf,
    /// Its new length in bytes.
    pub position: u64,
    /// Bytes cut off it.
    pub cut_bytes: u64,
    /// The new log end offset.
    pub log_end_offset: i64,
    /// What was wrong.
    pub reason: String,
}

impl Log {
    /// Opens or creates the log in `dir`.
    pub fn open(
        context: &LogContext,
        dir: &Path,
        config: Arc<LogConfig>,
        options: OpenOptions,
    ) -> Result<(Self, LoadReport), LogError> {
        let mut log = Self::empty(context, dir, config, options.log_start_offset);
        let mut report = LoadReport::default();
        let disk = Arc::clone(log.files.disk());
        disk.create_dir_all(dir).map_err(io_error("creating", dir))?;
        let bases = log.list_segments(&mut report)?;
        log.load_epochs()?;
        log.recovery_point = options.recovery_point;
        log.load_segments(&bases, options, &mut report)?;
        if log.segments.is_empty() {
            let segment = Segment::create(dir, log.log_start_offset, &log.files)?;
            log.segments.insert(segment.base_offset, segment);
            log.log_end_offset = log.log_start_offset;
        }
        let first = log.segments.first_key_value().map_or(0, |(base, _)| *base);
        log.log_start_offset = log.log_start_offset.max(first).min(log.log_end_offset);
        log.recovery_point = log.recovery_point.clamp(log.log_start_offset, log.log_end_offset);
        log.epochs
            .truncate_from_end(log.log_end_offset.max(log.log_start_offset + 1));
        if log.log_end_offset == log.log_start_offset && log.segments.values().all(|s| s.size_bytes == 0) {
            log.epochs.truncate_from_end(log.log_end_offset);
        }
        log.epochs.truncate_from_start(log.log_start_offset);
        log.high_watermark = options.high_watermark.clamp(log.log_start_offset, log.log_end_offset);
        log.load_producers(options.clean, report.rebuilt.first().copied())?;
        Ok((log, report))
    }

    /// Base offsets of the segments there are, after interrupted operations are tidied up.
    fn list_segments(&self, report: &mut LoadReport) -> Result<Vec<i64>, LogError> {
        self.finish_interrupted(report)?;
        let disk = self.files.disk();
        let mut bases = Vec::new();
        for entry in disk.list(&self.dir).map_err(io_error("listing", &self.dir))? {
            if let Some(base) = entry.name.strip_suffix(".log").and_then(|digits| digits.parse().ok()) {
                bases.push(base);
            }
        }
        bases.sort_unstable();
        Ok(bases)
    }

    fn load_epochs(&mut self) -> Result<(), LogError> {
        let path = self.dir.join(names::LEADER_EPOCHS);
        let disk = self.files.disk();
        if !disk.exists(&path).map_err(io_error("looking for", &path))? {
            return Ok(());
        }
        let bytes = disk
            .read(&path, SMALL_FILE_MAX_BYTES)
            .map_err(io_error("reading", &path))?;
        let entries = parse_leader_epochs(&String::from_utf8_lossy(&bytes)).map_err(|source| LogError::File {
            path: path.clone(),
            source,
        })?;
        self.epochs = EpochCache::from_entries(&entries);
        Ok(())
    }

    fn load_segments(&mut self, bases: &[i64], options: OpenOptions, report: &mut LoadReport) -> Result<(), LogError> {
        // What lies wholly below the recovery point was synced; the segment that holds it was not.
        let doubtful = bases
            .iter()
            .rev()
            .find(|base| **base <= options.recovery_point)
            .copied()
            .unwrap_or(0);
        for (at, base) in bases.iter().enumerate() {
            let is_last = at + 1 == bases.len();
            let trusted = options.clean || *base < doubtful;
            let opened = if trusted {
                Segment::open(&self.dir, *base, &self.files)?
            } else {
                None
            };
            match opened {
                Some(mut segment) => {
                    if is_last {
                        segment.activate(&self.files)?;
                        self.log_end_offset = self.end_of(&mut segment)?;
                    }
                    self.segments.insert(*base, segment);
                }
                None => {
                    report.rebuilt.push(*base);
                    if !self.recover_segment(*base, options.clean, report)? {
                        let later = bases.get(at + 1..).unwrap_or_default();
                        return self.drop_segments(later, report);
                    }
                }
            }
        }
        Ok(())
    }

    /// The end offset of a segment whose indexes are trusted, from its last indexed batch on.
    fn end_of(&self, segment: &mut Segment) -> Result<i64, LogError> {
        let last = segment
            .offsets
            .last(&self.files)
            .map_err(io_error("reading", segment.offsets.path()))?;
        let mut scan = segment.scan(last.map_or(0, |entry| entry.position as u64), &self.files)?;
        let (mut end_offset, mut first, mut newest) = (segment.base_offset, None, segment.max_timestamp);
        while let Some((position, header)) = scan.next()? {
            end_offset = header.next_offset();
            if position == 0 {
                first = Some(header.max_timestamp);
            }
            if header.max_timestamp > newest.timestamp {
                newest.timestamp = header.max_timestamp;
                newest.offset = header.last_offset();
            }
        }
        if first.is_none() && segment.size_bytes > 0 {
            first = Some(segment.header_at(0, &self.files)?.max_timestamp);
        }
        segment.first_timestamp = first;
        segment.max_timestamp = newest;
        Ok(end_offset)
    }

    /// Walks all batches of a segment, checking each; cuts it at the first that is not whole. Whether the
    /// whole segment was good. In a cleanly closed log only indexes are rebuilt: a bad batch there is damage,
    /// which is reported when it is read and not cut away.
    fn recover_segment(&mut self, base: i64, clean: bool, report: &mut LoadReport) -> Result<bool, LogError> {
        let path = crate::segment::file(&self.dir, base, "log");
        let file = self.files.get(&path).map_err(io_error("opening", &path))?;
        let len = file.len().map_err(io_error("reading", &path))?;
        let mut segment = Segment::rebuilt(&self.dir, base, len, &self.files)?;
        segment
            .txns
            .clear(&self.files)
            .map_err(io_error("removing", segment.txns.path()))?;
        self.epochs.truncate_from_end(base);
        self.log_end_offset = self.log_end_offset.max(base);
        let mut position = 0;
        let mut reason = None;
        while position < len {
            match self.checked_batch(&segment, position, base) {
                Ok(header) => {
                    segment.note(&header, position, self.config.index_interval_bytes);
                    if header.leader_epoch >= 0 {
                        self.epochs.assign(header.leader_epoch, header.base_offset);
                    }
                    self.log_end_offset = header.next_offset();
                    position += header.size_bytes() as u64;
                }
                Err(error @ LogError::Io { .. }) => return Err(error),
                Err(error) if clean => return Err(error),
                Err(error) => {
                    reason = Some(error.to_string());
                    break;
                }
            }
        }
        if let Some(reason) = &reason {
            file.set_len(position).map_err(io_error("truncating", &path))?;
            // A torn tail that comes back after another crash would stand before segments written since.
            file.sync_data().map_err(io_error("syncing", &path))?;
            report.truncated = Some(Truncation {
                path,
                position,
                cut_bytes: len - position,
                log_end_offset: self.log_end_offset,
                reason: reason.clone(),
            });
            segment.size_bytes = position;
        }
        segment.store_indexes(&self.files)?;
        self.seal_previous();
        self.segments.insert(base, segment);
        Ok(reason.is_none())
    }

    /// A batch whose bytes are all there, whose checksum holds, and that follows the one before it.
    fn checked_batch(&self, segment: &Segment, position: u64, base: i64) -> Result<BatchHeader, LogError> {
        let header = segment.header_at(position, &self.files)?;
        let batch = segment.read_batch(position, &header, &self.files)?;
        let header = BatchHeader::parse_checked(&batch).map_err(|source| segment.corrupt(position, source))?;
        let expected = if position == 0 { base } else { self.log_end_offset };
        if header.base_offset < expected || header.last_offset_delta < 0 {
            let source = HeaderError::BadLength {
                length: header.last_offset_delta,
            };
            return Err(segment.corrupt(position, source));
        }
        Ok(header)
    }

    /// Only the last segment keeps its indexes in memory.
    fn seal_previous(&mut self) {
        if let Some(mut entry) = self.segments.last_entry() {
            entry.get_mut().offsets.unload();
            entry.get_mut().times.unload();
        }
    }

    fn drop_segments(&mut self, bases: &[i64], report: &mut LoadReport) -> Result<(), LogError> {
        for base in bases {
            for suffix in ["log", "index", "timeindex", "txnindex", "snapshot"] {
                let path = crate::segment::file(&self.dir, *base, suffix);
                self.files.forget(&path);
                if self
                    .files
                    .disk()
                    .exists(&path)
                    .map_err(io_error("looking for", &path))?
                {
                    self.files
                        .disk()
                        .remove_file(&path)
                        .map_err(io_error("removing", &path))?;
                    report.removed.push(path);
                }
            }
        }
        Ok(())
    }

    /// Rebuilds a segment's indexes after it was cut to `size_bytes`.
    pub(crate) fn reload_segment(&mut self, base: i64, size_bytes: u64) -> Result<(), LogError> {
        let mut segment = Segment::rebuilt(&self.dir, base, size_bytes, &self.files)?;
        let mut headers = Vec::new();
        let mut scan = segment.scan(0, &self.files)?;
        while let Some(found) = scan.next()? {
            headers.push(found);
        }
        for (position, header) in headers {
            segment.note(&header, position, self.config.index_interval_bytes);
        }
        self.segments.insert(base, segment);
        Ok(())
    }

    /// Offsets of the producer snapshots there are.
    fn snapshots(&self) -> Result<Vec<i64>, LogError> {
        let entries = self
            .files
            .disk()
            .list(&self.dir)
            .map_err(io_error("listing", &self.dir))?;
        let offset = |name: &str| name.strip_suffix(".snapshot").and_then(|digits| digits.parse().ok());
        Ok(entries.iter().filter_map(|entry| offset(&entry.name)).collect())
    }

    /// Where a segment was rebuilt, its aborted transactions are found again by walking all of it, so nothing later
    /// may be started from.
    fn load_producers(&mut self, clean: bool, first_rebuilt: Option<i64>) -> Result<(), LogError> {
        let trusted = if clean {
            self.log_end_offset
        } else {
            self.recovery_point
        };
        let usable = trusted.min(first_rebuilt.unwrap_or(i64::MAX));
        let mut offsets = self.snapshots()?;
        offsets.sort_unstable();
        let latest = offsets.iter().rev().find(|offset| **offset <= usable).copied();
        for offset in offsets {
            // Those between segments are of earlier clean stops, and only the latest is of use.
            if offset > usable || !(self.segments.contains_key(&offset) || Some(offset) == latest) {
                let path = crate::segment::file(&self.dir, offset, "snapshot");
                self.files
                    .disk()
                    .remove_file(&path)
                    .map_err(io_error("removing", &path))?;
            }
        }
        self.rebuild_producers()
    }

    /// Starts from the latest usable producer snapshot and walks the batches after it.
    pub(crate) fn rebuild_producers(&mut self) -> Result<(), LogError> {
        self.producers = Producers::default();
        let mut from = self.log_start_offset;
        let mut offsets = self.snapshots()?;
        offsets.retain(|offset| *offset <= self.log_end_offset);
        offsets.sort_unstable();
        while let Some(offset) = offsets.pop() {
            let path = crate::segment::file(&self.dir, offset, "snapshot");
            let bytes = self
                .files
                .disk()
                .read(&path, SMALL_FILE_MAX_BYTES)
                .map_err(io_error("reading", &path))?;
            if let Ok(entries) = parse_producer_snapshot(&bytes) {
                self.producers = Producers::from_snapshot(&entries);
                from = from.max(offset);
                break;
            }
            self.files
                .disk()
                .remove_file(&path)
                .map_err(io_error("removing", &path))?;
        }
        self.replay_producers(from)
    }

    fn replay_producers(&mut self, from: i64) -> Result<(), LogError> {
        if from >= self.log_end_offset {
            return Ok(());
        }
        let first = self.segments.range(..=from).next_back().map_or(from, |(base, _)| *base);
        let bases: Vec<i64> = self.segments.range(first..).map(|(base, _)| *base).collect();
        for base in bases {
            let Some(segment) = self.segments.get(&base) else {
                continue;
            };
            let mut found = Vec::new();
            if let Some((position, _)) = segment.find(from, &self.files)? {
                let mut scan = segment.scan(position, &self.files)?;
                while let Some((position, header)) = scan.next()? {
                    if header.producer_id >= 0 && header.base_offset >= from {
                        let batch = if header.is_control() {
                            segment.read_batch(position, &header, &self.files)?
                        } else {
                            Vec::new()
                        };
                        found.push((header, batch));
                    }
                }
            }
            for (header, batch) in found {
                self.replay_producer(base, &header, batch.get(HEADER_BYTES..).unwrap_or_default())?;
            }
        }
        Ok(())
    }
}
