//! Opening a log: trusting what a clean shutdown left, or recovering what a crash left.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::records::BatchHeader;

use crate::config::LogConfig;
use crate::error::LogError;
use crate::log::{Log, LogContext};
use crate::segment::{Segment, io_error};

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
    /// Why the leader epochs were read from the batches, if their checkpoint was not readable.
    pub epochs_rebuilt: Option<String>,
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
        let mut log = Self::empty(context, dir, config, options.log_start_offset.max(0));
        let mut report = LoadReport::default();
        let names = log.tidied_names(&mut report)?;
        let bases = offsets_in(&names, "log");
        // Without a batch it has no epochs, and there may be no checkpoint of them.
        let starts_empty = log.starts_empty(&bases)?;
        if !starts_empty {
            report.epochs_rebuilt = log.load_epochs()?;
        }
        log.recovery_point = options.recovery_point;
        if !starts_empty {
            log.load_segments(&bases, options, &mut report)?;
        }
        if log.segments.is_empty() {
            let base_offset = bases.first().copied().unwrap_or(log.log_start_offset);
            let is_there = starts_empty && options.clean && Segment::is_whole(base_offset, &names);
            let segment = if is_there {
                Segment::empty(dir, base_offset)
            } else {
                Segment::create(dir, base_offset, &log.files)?
            };
            log.segments.insert(segment.base_offset, segment);
            log.log_end_offset = base_offset;
        }
        if report.epochs_rebuilt.is_some() {
            log.rebuild_epochs()?;
        }
        let first = log.segments.first_key_value().map_or(0, |(base, _)| *base);
        log.log_start_offset = log.log_start_offset.max(first).min(log.log_end_offset);
        if options.clean && log.unsynced_from.is_none() {
            // Whoever closed it had made all of it durable, whether or not a checkpoint says so.
            log.recovery_point = log.log_end_offset;
        }
        log.recovery_point = log.recovery_point.clamp(log.log_start_offset, log.log_end_offset);
        log.epochs
            .truncate_from_end(log.log_end_offset.max(log.log_start_offset.saturating_add(1)));
        log.epochs.truncate_from_start(log.log_start_offset);
        // A log without a batch has no epochs, also not one that ended before it starts.
        if log.log_end_offset == log.log_start_offset && log.has_no_batch() {
            log.epochs.truncate_from_end(log.log_end_offset);
        }
        log.high_watermark = options.high_watermark.clamp(log.log_start_offset, log.log_end_offset);
        let recovered = report.rebuilt.first().copied().filter(|_| !options.clean);
        let has_producers = !starts_empty || !offsets_in(&names, "snapshot").is_empty();
        let snapshot = if has_producers {
            log.load_producers(recovered)?
        } else {
            None
        };
        log.is_settled = log.unsynced_from.is_none()
            && report == LoadReport::default()
            && (log.has_no_batch() || snapshot == Some(log.log_end_offset));
        Ok((log, report))
    }

    /// Whether there is no segment, or a single one without a batch, which is as good as none.
    fn starts_empty(&self, bases: &[i64]) -> Result<bool, LogError> {
        match bases {
            [] => Ok(true),
            [base] => {
                let path = crate::segment::file(&self.dir, *base, "log");
                let size_bytes = self.files.disk().size(&path);
                Ok(size_bytes.map_err(io_error("reading", &path))? == 0)
            }
            _ => Ok(false),
        }
    }

    /// Names of the files there are, after interrupted operations are tidied up; none in a directory that is new.
    fn tidied_names(&self, report: &mut LoadReport) -> Result<Vec<String>, LogError> {
        match self.file_names() {
            Ok(names) => self.finish_interrupted(names, report),
            Err(LogError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                let created = self.files.disk().create_dir_all(&self.dir);
                created.map_err(io_error("creating", &self.dir))?;
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    fn load_segments(&mut self, bases: &[i64], options: OpenOptions, report: &mut LoadReport) -> Result<(), LogError> {
        // What lies wholly below the recovery point was synced. The segment that ends there may have been sealed
        // since, so its indexes were not.
        let below = |base: &&i64| **base < options.recovery_point;
        let doubtful = bases.iter().rev().find(below).copied().unwrap_or(i64::MIN);
        let mut follows_doubtful = false;
        for (at, base) in bases.iter().enumerate() {
            let is_last = at + 1 == bases.len();
            let is_doubtful = !options.clean && *base >= doubtful;
            let opened = if is_doubtful {
                None
            } else if options.clean {
                Segment::open(&self.dir, *base, &self.files)?
            } else {
                self.open_verified(*base)?
            };
            if let Some(mut segment) = opened {
                if is_last {
                    segment.activate(&self.files)?;
                    self.log_end_offset = self.end_of(&mut segment)?;
                }
                self.seal_previous();
                self.segments.insert(*base, segment);
                continue;
            }
            // Compaction leaves gaps, too, and everything in its place.
            let gap = *base > self.log_end_offset && !self.config.compact;
            if follows_doubtful && (gap || *base < self.log_end_offset) {
                report.truncated = Some(self.cut_off_at(*base));
                return self.drop_segments(bases.get(at..).unwrap_or_default(), report);
            }
            report.rebuilt.push(*base);
            if is_doubtful {
                self.epochs.truncate_from_end(*base);
            }
            follows_doubtful = is_doubtful;
            if !self.recover_segment(*base, is_doubtful, report)? {
                let later = bases.get(at + 1..).unwrap_or_default();
                return self.drop_segments(later, report);
            }
        }
        Ok(())
    }

    /// What is told of a segment that reached the disk although records before it did not, or that does not
    /// start where the one before it ends.
    fn cut_off_at(&self, base: i64) -> Truncation {
        let end_offset = self.log_end_offset;
        let reason = if base > end_offset {
            format!("the records from offset {end_offset} up to it are missing")
        } else {
            format!("the segment before it goes up to offset {end_offset}")
        };
        Truncation {
            path: crate::segment::file(&self.dir, base, "log"),
            position: 0,
            cut_bytes: 0,
            log_end_offset: self.log_end_offset,
            reason,
        }
    }

    /// The end offset of a segment whose indexes are trusted, from its last indexed batch on.
    fn end_of(&self, segment: &mut Segment) -> Result<i64, LogError> {
        let last = segment
            .offsets
            .last(&self.files)
            .map_err(io_error("reading", segment.offsets.path()))?;
        let mut scan = segment.scan(last.map_or(0, |entry| entry.position as u64), &self.files)?;
        let (mut end_offset, mut first, mut newest) = (segment.base_offset, None, segment.max_timestamp);
        let mut since_entry = 0;
        while let Some((position, header)) = scan.next()? {
            segment.check_place(&header, position, end_offset)?;
            since_entry += header.size_bytes() as u64;
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
        segment.bytes_since_entry = since_entry;
        segment.first_timestamp = first;
        segment.max_timestamp = newest;
        Ok(end_offset)
    }

    /// Walks all batches of a segment, checking each; cuts it at the first that is not whole if it was not flushed.
    /// Whether the whole segment was good. In one that was flushed only indexes are rebuilt: a bad batch there is
    /// damage, which is reported and not cut away.
    fn recover_segment(&mut self, base: i64, doubtful: bool, report: &mut LoadReport) -> Result<bool, LogError> {
        let path = crate::segment::file(&self.dir, base, "log");
        let file = self.files.get(&path).map_err(io_error("opening", &path))?;
        let len = file.len().map_err(io_error("reading", &path))?;
        let mut segment = Segment::rebuilt(&self.dir, base, len, &self.files)?;
        // Those that were flushed count; what is missing is added as the producers are restored.
        if doubtful || !self.txns_make_sense(&segment)? {
            segment
                .txns
                .clear(&self.files)
                .map_err(io_error("removing", segment.txns.path()))?;
        }
        self.log_end_offset = base;
        let mut position = 0;
        let mut reason = None;
        while position < len {
            match self.checked_batch(&segment, position, self.log_end_offset) {
                Ok(header) => {
                    segment.note(&header, position, self.config.index_interval_bytes);
                    self.epochs.walk(header.leader_epoch, header.base_offset);
                    self.log_end_offset = header.next_offset();
                    position += header.size_bytes() as u64;
                }
                Err(error @ LogError::Io { .. }) => return Err(error),
                Err(error) if !doubtful => return Err(error),
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
        if doubtful {
            segment.store_indexes(&self.files)?;
        } else {
            // The next start may trust them whatever becomes of this one.
            segment.replace_indexes(&self.files)?;
        }
        self.seal_previous();
        self.segments.insert(base, segment);
        self.note_unsynced(base);
        Ok(reason.is_none())
    }

    /// A batch whose bytes are all there, whose checksum holds, and that follows the one before it.
    fn checked_batch(&self, segment: &Segment, position: u64, expected: i64) -> Result<BatchHeader, LogError> {
        let header = segment.header_at(position, &self.files)?;
        let batch = segment.read_batch(position, &header, &self.files)?;
        let header = BatchHeader::parse_checked(&batch).map_err(|source| segment.corrupt(position, source))?;
        segment.check_place(&header, position, expected)?;
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
        // They may not come back behind what is written from here on.
        if bases.is_empty() { Ok(()) } else { self.sync_dir() }
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
}

/// The offsets in the names of files with this suffix, in order.
fn offsets_in(names: &[String], suffix: &str) -> Vec<i64> {
    let offsets = names.iter().filter_map(|name| crate::segment::offset_of(name, suffix));
    let mut offsets: Vec<i64> = offsets.collect();
    offsets.sort_unstable();
    offsets
}
