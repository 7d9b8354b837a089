//! One partition's log: its segments, what is known about them, and the state that goes with their end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::files::{format_leader_epochs, format_producer_snapshot, names};

use crate::config::LogConfig;
use crate::disk::{Disk, OpenMode};
use crate::epochs::EpochCache;
use crate::error::LogError;
use crate::files::Files;
use crate::health::DirHealth;
use crate::producers::{ActiveProducer, Producers};
use crate::segment::{MaxTimestamp, Segment, io_error};
use crate::tail::{Tail, TailBudget};

/// A partition's log.
///
/// Nothing here blocks on durability except [`Log::flush`] and [`Log::close`]. After a failed write or sync
/// every call fails: its directory is offline.
#[derive(Debug)]
pub struct Log {
    pub(crate) files: Arc<Files>,
    pub(crate) dir: PathBuf,
    pub(crate) config: Arc<LogConfig>,
    pub(crate) segments: BTreeMap<i64, Segment>,
    pub(crate) log_start_offset: i64,
    pub(crate) log_end_offset: i64,
    pub(crate) high_watermark: i64,
    pub(crate) recovery_point: i64,
    /// The first segment with anything that is not durable, its indexes counted in.
    pub(crate) unsynced_from: Option<i64>,
    /// The names of its directory and what else has to be there before its records are durable.
    pub(crate) is_placed: bool,
    /// A clean start finds on disk all that it reads, and the log has not changed since.
    pub(crate) is_settled: bool,
    /// How often something was cut off its end.
    pub(crate) truncations: u64,
    pub(crate) epochs: EpochCache,
    /// The latest epoch is not in the checkpoint yet; it need not be before its first batch.
    pub(crate) epochs_unsaved: bool,
    pub(crate) producers: Producers,
    pub(crate) tail: Tail,
    pub(crate) health: Arc<DirHealth>,
}

/// What logs of a broker share.
#[derive(Debug, Clone)]
pub struct LogContext {
    /// Open files.
    pub files: Arc<Files>,
    /// Memory for the latest batches.
    pub tail_budget: TailBudget,
    /// The log directory they are in.
    pub health: Arc<DirHealth>,
}

impl LogContext {
    /// Keeps at most `open_max` files open and `tail_max_bytes` of records in memory.
    pub fn new(disk: Arc<dyn Disk>, open_max: usize, tail_max_bytes: usize) -> Self {
        Self {
            files: Arc::new(Files::new(disk, open_max)),
            tail_budget: TailBudget::new(tail_max_bytes),
            health: Arc::default(),
        }
    }

    /// The same for logs in a log directory of its own.
    pub fn in_dir(&self, health: &Arc<DirHealth>) -> Self {
        Self {
            health: Arc::clone(health),
            ..self.clone()
        }
    }
}

impl Log {
    pub(crate) fn empty(context: &LogContext, dir: &Path, config: Arc<LogConfig>, start_offset: i64) -> Self {
        Self {
            files: Arc::clone(&context.files),
            dir: dir.to_owned(),
            config,
            segments: BTreeMap::new(),
            log_start_offset: start_offset,
            log_end_offset: start_offset,
            high_watermark: start_offset,
            recovery_point: start_offset,
            unsynced_from: None,
            is_placed: false,
            is_settled: false,
            truncations: 0,
            epochs: EpochCache::default(),
            epochs_unsaved: false,
            producers: Producers::default(),
            tail: Tail::new(context.tail_budget.clone()),
            health: Arc::clone(&context.health),
        }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The first offset that can be read.
    pub fn log_start_offset(&self) -> i64 {
        self.log_start_offset
    }

    /// The offset the next record gets.
    pub fn log_end_offset(&self) -> i64 {
        self.log_end_offset
    }

    /// The end of what every in-sync replica has.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Everything below it survives a crash of the machine.
    pub fn recovery_point(&self) -> i64 {
        self.recovery_point
    }

    /// The end of what a read_committed reader may see.
    pub fn last_stable_offset(&self) -> i64 {
        let unstable = self.producers.first_unstable_offset();
        unstable.map_or(self.high_watermark, |offset| {
            offset.clamp(self.log_start_offset, self.high_watermark)
        })
    }

    /// Moves the high watermark, never past the log end offset nor below the log start offset; whether
    /// it moved.
    pub fn set_high_watermark(&mut self, offset: i64) -> bool {
        let bounded = offset.clamp(self.log_start_offset, self.log_end_offset);
        let moved = bounded != self.high_watermark;
        self.high_watermark = bounded;
        moved
    }

    /// Leader epochs.
    pub fn epochs(&self) -> &EpochCache {
        &self.epochs
    }

    /// A leader's epoch begins at the log end offset, whether or not it comes to write anything.
    pub fn begin_epoch(&mut self, epoch: i32) {
        if self.epochs.latest().is_none_or(|latest| latest < epoch) {
            self.epochs_unsaved |= self.epochs.assign(epoch, self.log_end_offset);
        }
    }

    /// The greatest known epoch that is at most `epoch` and where it ended.
    pub fn end_offset_for_epoch(&self, epoch: i32) -> Option<(i32, i64)> {
        self.epochs.end_offset(epoch, self.log_end_offset)
    }

    /// Producers, for DescribeProducers.
    pub fn active_producers(&self) -> Vec<ActiveProducer> {
        self.producers.active()
    }

    /// Loses what it knows of producers, as no log may.
    #[cfg(feature = "mutations")]
    pub fn forget_producers(&mut self) {
        self.producers = crate::producers::Producers::default();
    }

    /// Bytes of all segments.
    pub fn size_bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.size_bytes).sum()
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    /// Whether a disk failure took the log directory offline.
    pub fn is_offline(&self) -> bool {
        self.health.is_failed()
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<LogConfig> {
        &self.config
    }

    /// Changes the configuration.
    pub fn set_config(&mut self, config: Arc<LogConfig>) {
        self.config = config;
    }

    pub(crate) fn check_online(&self) -> Result<(), LogError> {
        if self.health.is_failed() {
            Err(LogError::Offline { path: self.dir.clone() })
        } else {
            Ok(())
        }
    }

    /// Takes the log directory offline if a write or sync failed.
    pub(crate) fn guard<T>(&mut self, result: Result<T, LogError>) -> Result<T, LogError> {
        result.inspect_err(|error| {
            if matches!(error, LogError::Io { .. }) {
                self.health.fail(error.to_string());
            }
        })
    }

    pub(crate) fn active(&mut self) -> Result<&mut Segment, LogError> {
        let offline = LogError::Offline { path: self.dir.clone() };
        self.segments
            .last_entry()
            .map(std::collections::btree_map::OccupiedEntry::into_mut)
            .ok_or(offline)
    }

    /// The greatest timestamp in the log.
    pub(crate) fn max_timestamp(&self) -> Option<MaxTimestamp> {
        let candidates = self.segments.values().map(|segment| segment.max_timestamp);
        candidates
            .filter(|max| max.timestamp >= 0)
            .max_by_key(|max| (max.timestamp, -max.offset))
    }

    /// Makes everything durable: the segments since the recovery point, their directory, the epochs.
    pub fn flush(&mut self) -> Result<(), LogError> {
        self.check_online()?;
        let result = self.flush_segments();
        self.guard(result)
    }

    fn flush_segments(&mut self) -> Result<(), LogError> {
        let Some(from) = self.unsynced_from else {
            return Ok(());
        };
        for segment in self.segments.range(from..).map(|(_, segment)| segment) {
            segment.sync(&self.files)?;
        }
        self.sync_dir()?;
        if !self.is_placed {
            sync_place(self.files.disk().as_ref(), &self.dir)?;
            self.is_placed = true;
        }
        self.unsynced_from = None;
        self.recovery_point = self.log_end_offset;
        Ok(())
    }

    /// Notes that a segment has something that is not durable.
    pub(crate) fn note_unsynced(&mut self, base_offset: i64) {
        self.unsynced_from = Some(self.unsynced_from.map_or(base_offset, |from| from.min(base_offset)));
        self.is_settled = false;
    }

    /// Makes the names in the log's directory durable.
    pub(crate) fn sync_dir(&self) -> Result<(), LogError> {
        self.files
            .disk()
            .sync_dir(&self.dir)
            .map_err(io_error("syncing", &self.dir))
    }

    /// Flushes, and writes down what a clean start reads instead of looking at every batch; nothing where that is
    /// still so.
    pub fn close(&mut self) -> Result<(), LogError> {
        self.check_online()?;
        if self.is_settled {
            return Ok(());
        }
        let result = self.write_closing_state();
        self.guard(result)
    }

    fn write_closing_state(&mut self) -> Result<(), LogError> {
        self.store_epochs()?;
        self.store_producers()?;
        let files = Arc::clone(&self.files);
        let active = self.active()?;
        active.store_indexes(&files)?;
        // A clean start trusts these, so they may not be lost after it was promised.
        active.sync_indexes(&files)?;
        let base_offset = active.base_offset;
        self.note_unsynced(base_offset);
        self.flush_segments()?;
        self.is_settled = true;
        Ok(())
    }

    /// Whether there is no batch in it.
    pub(crate) fn has_no_batch(&self) -> bool {
        self.segments.values().all(|segment| segment.size_bytes == 0)
    }

    /// Writes leader-epoch-checkpoint.
    pub(crate) fn store_epochs(&mut self) -> Result<(), LogError> {
        let path = self.dir.join(names::LEADER_EPOCHS);
        let text = format_leader_epochs(&self.epochs.entries());
        self.files
            .disk()
            .write_atomic(&path, text.as_bytes())
            .map_err(io_error("writing", &path))?;
        self.epochs_unsaved = false;
        Ok(())
    }

    /// Writes a producer snapshot at the log end offset.
    pub(crate) fn store_producers(&self) -> Result<(), LogError> {
        let path = crate::segment::file(&self.dir, self.log_end_offset, "snapshot");
        let bytes = format_producer_snapshot(&self.producers.to_snapshot());
        let write = || {
            let file = self.files.disk().open(&path, OpenMode::Write)?;
            file.set_len(bytes.len() as u64)?;
            file.write_at(&[&bytes], 0)?;
            file.sync_data()
        };
        write().map_err(io_error("writing", &path))
    }
}

/// Makes durable what leads to a log's directory: its name, and of which topic it is.
pub(crate) fn sync_place(disk: &dyn Disk, dir: &Path) -> Result<(), LogError> {
    let path = dir.join(names::PARTITION_METADATA);
    if disk.exists(&path).map_err(io_error("looking for", &path))? {
        let file = disk.open(&path, OpenMode::Write).map_err(io_error("opening", &path))?;
        file.sync_data().map_err(io_error("syncing", &path))?;
    }
    match dir.parent() {
        Some(parent) => disk.sync_dir(parent).map_err(io_error("syncing", parent)),
        None => Ok(()),
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.files.forget_dir(&self.dir);
    }
}
