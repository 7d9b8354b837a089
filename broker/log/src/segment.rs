//! A segment: a file of batches and its indexes.

use std::path::{Path, PathBuf};

use protocol::records::{BatchHeader, HEADER_BYTES, HeaderError};

use crate::error::LogError;
use crate::files::Files;
use crate::index::{Index, OffsetEntry, TimeEntry};
use crate::txn_index::TxnIndex;

/// Bytes read at a time while looking for a batch.
const SCAN_CHUNK_BYTES: usize = 8 * 1024;

/// The greatest timestamp in a segment and an offset at or after the batch that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaxTimestamp {
    pub(crate) timestamp: i64,
    pub(crate) offset: i64,
}

/// One segment.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) base_offset: i64,
    pub(crate) path: PathBuf,
    pub(crate) size_bytes: u64,
    pub(crate) offsets: Index<OffsetEntry>,
    pub(crate) times: Index<TimeEntry>,
    pub(crate) txns: TxnIndex,
    pub(crate) max_timestamp: MaxTimestamp,
    /// Timestamp of the first batch, from which its age counts; none if not read yet.
    pub(crate) first_timestamp: Option<i64>,
    pub(crate) bytes_since_entry: u64,
}

/// A file of a segment: base offset in 20 digits and a suffix.
pub(crate) fn file(dir: &Path, base_offset: i64, suffix: &str) -> PathBuf {
    dir.join(format!("{base_offset:020}.{suffix}"))
}

/// The offset in the name of a file with this suffix; none for other files, among them those whose number is not
/// written in 20 digits.
pub(crate) fn offset_of(name: &str, suffix: &str) -> Option<i64> {
    parse_offset(name.strip_suffix(suffix)?.strip_suffix('.')?)
}

/// The offset in the name of a file that belongs to a segment: 20 digits, no fewer and no more.
pub(crate) fn parse_offset(digits: &str) -> Option<i64> {
    let all_digits = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten()
}

/// An I/O error with what was tried and where.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LogError {
    move |source| LogError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

fn sync(path: &Path, files: &Files) -> Result<(), LogError> {
    files
        .get(path)
        .and_then(|file| file.sync_data())
        .map_err(io_error("syncing", path))
}

impl Segment {
    /// A new, empty segment.
    pub(crate) fn create(dir: &Path, base_offset: i64, files: &Files) -> Result<Self, LogError> {
        let path = file(dir, base_offset, "log");
        let opened = files.get(&path).map_err(io_error("creating", &path))?;
        if !opened.is_empty().map_err(io_error("reading", &path))? {
            opened.set_len(0).map_err(io_error("emptying", &path))?;
        }
        let mut segment = Self::rebuilt(dir, base_offset, 0, files)?;
        // Whatever a segment of this name left behind.
        segment
            .txns
            .clear(files)
            .map_err(io_error("removing", segment.txns.path()))?;
        segment.store_indexes(files)?;
        Ok(segment)
    }

    /// Whether these names are all that belongs to a segment without a batch.
    pub(crate) fn is_whole(base_offset: i64, names: &[String]) -> bool {
        let has = |suffix| names.iter().any(|name| offset_of(name, suffix) == Some(base_offset));
        ["log", "index", "timeindex"].into_iter().all(has) && !has("txnindex")
    }

    /// A segment without a batch, whose files are there.
    pub(crate) fn empty(dir: &Path, base_offset: i64) -> Self {
        Self {
            base_offset,
            path: file(dir, base_offset, "log"),
            size_bytes: 0,
            offsets: Index::empty(file(dir, base_offset, "index")),
            times: Index::empty(file(dir, base_offset, "timeindex")),
            txns: TxnIndex::empty(file(dir, base_offset, "txnindex")),
            max_timestamp: MaxTimestamp {
                timestamp: -1,
                offset: base_offset,
            },
            first_timestamp: None,
            bytes_since_entry: 0,
        }
    }

    /// A segment whose indexes are yet to be filled from its batches.
    pub(crate) fn rebuilt(dir: &Path, base_offset: i64, size_bytes: u64, files: &Files) -> Result<Self, LogError> {
        let txn_path = file(dir, base_offset, "txnindex");
        Ok(Self {
            size_bytes,
            txns: TxnIndex::open(txn_path.clone(), files).map_err(io_error("opening", &txn_path))?,
            ..Self::empty(dir, base_offset)
        })
    }

    /// A segment of a cleanly closed log; none if an index is missing or damaged.
    pub(crate) fn open(dir: &Path, base_offset: i64, files: &Files) -> Result<Option<Self>, LogError> {
        let mut segment = Self::rebuilt(dir, base_offset, 0, files)?;
        let path = segment.path.clone();
        segment.size_bytes = files
            .get(&path)
            .and_then(|file| file.len())
            .map_err(io_error("opening", &path))?;
        let (offsets, times) = (segment.offsets.path().to_owned(), segment.times.path().to_owned());
        let offsets = Index::open(offsets.clone(), files).map_err(io_error("opening", &offsets))?;
        let times = Index::open(times.clone(), files).map_err(io_error("opening", &times))?;
        let (Some(offsets), Some(times)) = (offsets, times) else {
            return Ok(None);
        };
        (segment.offsets, segment.times) = (offsets, times);
        let last_offset = segment
            .offsets
            .last(files)
            .map_err(io_error("reading", segment.offsets.path()))?;
        let last_time = segment
            .times
            .last(files)
            .map_err(io_error("reading", segment.times.path()))?;
        if last_offset.is_some_and(|entry| entry.relative_offset < 0 || entry.position as u64 >= segment.size_bytes) {
            return Ok(None);
        }
        if let Some(entry) = last_time {
            let offset = base_offset.saturating_add(i64::from(entry.relative_offset));
            segment.max_timestamp = MaxTimestamp {
                timestamp: entry.timestamp,
                offset,
            };
        }
        Ok(Some(segment))
    }

    /// Notes a batch at `position`, for the indexes.
    pub(crate) fn note(&mut self, header: &BatchHeader, position: u64, interval_bytes: u64) {
        if self.first_timestamp.is_none() {
            self.first_timestamp = Some(header.max_timestamp);
        }
        if header.max_timestamp > self.max_timestamp.timestamp {
            self.max_timestamp = MaxTimestamp {
                timestamp: header.max_timestamp,
                offset: header.last_offset(),
            };
        }
        if self.bytes_since_entry > interval_bytes {
            let relative_offset = (header.last_offset() - self.base_offset) as i32;
            self.offsets.push(OffsetEntry {
                relative_offset,
                position: position as i32,
            });
            self.note_time();
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += header.size_bytes() as u64;
    }

    /// Adds the greatest timestamp so far to the time index, if it is news.
    fn note_time(&mut self) {
        let MaxTimestamp { timestamp, offset } = self.max_timestamp;
        if timestamp >= 0 && self.times.len() == 0 || self.times.newest().is_some_and(|newest| newest < timestamp) {
            self.times.push(TimeEntry {
                timestamp,
                relative_offset: (offset - self.base_offset) as i32,
            });
        }
    }

    /// Writes the indexes of the active segment.
    pub(crate) fn store_indexes(&mut self, files: &Files) -> Result<(), LogError> {
        self.note_time();
        self.offsets
            .store(files)
            .map_err(io_error("writing", self.offsets.path()))?;
        self.times.store(files).map_err(io_error("writing", self.times.path()))
    }

    /// Writes the indexes so that a crash leaves the old or the new ones, whole.
    pub(crate) fn replace_indexes(&mut self, files: &Files) -> Result<(), LogError> {
        self.note_time();
        self.offsets
            .replace(files)
            .map_err(io_error("writing", self.offsets.path()))?;
        self.times
            .replace(files)
            .map_err(io_error("writing", self.times.path()))
    }

    /// Makes a cleanly closed segment the active one again.
    pub(crate) fn activate(&mut self, files: &Files) -> Result<(), LogError> {
        self.offsets
            .load(files)
            .map_err(io_error("reading", self.offsets.path()))?;
        self.times.load(files).map_err(io_error("reading", self.times.path()))
    }

    /// Whether the indexes have no room for another entry.
    pub(crate) fn index_full(&self, max_bytes: u64) -> bool {
        self.offsets.size_bytes() + 8 > max_bytes || self.times.size_bytes() + 12 > max_bytes
    }

    /// Makes content durable, and the indexes too where they are in files.
    pub(crate) fn sync(&self, files: &Files) -> Result<(), LogError> {
        sync(&self.path, files)?;
        if self.offsets.is_sealed() {
            self.sync_indexes(files)?;
        }
        if self.txns.is_empty() {
            Ok(())
        } else {
            sync(self.txns.path(), files)
        }
    }

    /// Makes the index files durable.
    pub(crate) fn sync_indexes(&self, files: &Files) -> Result<(), LogError> {
        sync(self.offsets.path(), files)?;
        sync(self.times.path(), files)
    }

    /// The header at a position.
    pub(crate) fn header_at(&self, position: u64, files: &Files) -> Result<BatchHeader, LogError> {
        let mut bytes = [0; HEADER_BYTES];
        let file = files.get(&self.path).map_err(io_error("opening", &self.path))?;
        let read = file
            .read_at(&mut bytes, position)
            .map_err(io_error("reading", &self.path))?;
        BatchHeader::parse(bytes.get(..read).unwrap_or_default()).map_err(|source| self.corrupt(position, source))
    }

    pub(crate) fn corrupt(&self, position: u64, source: HeaderError) -> LogError {
        LogError::Corrupt {
            path: self.path.clone(),
            position,
            source,
        }
    }

    /// Checks that a batch starts at `expected` or later, ends no earlier than it starts, and that its offsets can
    /// be told from the segment's base in 31 bits, as the indexes do.
    pub(crate) fn check_place(&self, header: &BatchHeader, position: u64, expected: i64) -> Result<(), LogError> {
        let last_offset = header.last_offset();
        let in_reach = self.base_offset.saturating_add(i64::from(i32::MAX)).min(i64::MAX - 2);
        if header.base_offset >= expected && header.last_offset_delta >= 0 && last_offset <= in_reach {
            return Ok(());
        }
        Err(LogError::Misplaced {
            path: self.path.clone(),
            position,
            first_offset: header.base_offset,
            last_offset,
            expected,
        })
    }

    /// The first batch whose last offset is at least `offset`: where it starts and its header.
    pub(crate) fn find(&self, offset: i64, files: &Files) -> Result<Option<(u64, BatchHeader)>, LogError> {
        let entry = self.offsets.floor(offset - self.base_offset, files);
        let entry = entry.map_err(io_error("reading", self.offsets.path()))?;
        let from = entry.and_then(|entry| u64::try_from(entry.position).ok()).unwrap_or(0);
        if from > 0 && self.starts_at_or_before(from, offset, files)? {
            return self.find_from(from, offset, files);
        }
        self.find_from(0, offset, files)
    }

    /// Whether there is a batch at `position` and it does not start after `offset`; not so where an index is damaged.
    fn starts_at_or_before(&self, position: u64, offset: i64, files: &Files) -> Result<bool, LogError> {
        match self.header_at(position, files) {
            Ok(header) => Ok(header.base_offset <= offset),
            Err(error @ LogError::Io { .. }) => Err(error),
            Err(_) => Ok(false),
        }
    }

    fn find_from(&self, position: u64, offset: i64, files: &Files) -> Result<Option<(u64, BatchHeader)>, LogError> {
        let mut scan = self.scan(position, files)?;
        while let Some((position, header)) = scan.next()? {
            if header.last_offset() >= offset {
                return Ok(Some((position, header)));
            }
        }
        Ok(None)
    }

    /// Walks the headers from a position on.
    pub(crate) fn scan<'a>(&'a self, position: u64, files: &Files) -> Result<Scan<'a>, LogError> {
        let file = files.get(&self.path).map_err(io_error("opening", &self.path))?;
        Ok(Scan {
            segment: self,
            file,
            position,
            chunk: Vec::new(),
            chunk_at: 0,
        })
    }

    /// Reads a whole batch.
    pub(crate) fn read_batch(&self, position: u64, header: &BatchHeader, files: &Files) -> Result<Vec<u8>, LogError> {
        let size_bytes = header.size_bytes();
        let left = self.size_bytes.saturating_sub(position);
        if size_bytes as u64 > left {
            let source = HeaderError::Truncated {
                have: left as usize,
                need: size_bytes,
            };
            return Err(self.corrupt(position, source));
        }
        let mut batch = vec![0; size_bytes];
        let file = files.get(&self.path).map_err(io_error("opening", &self.path))?;
        file.read_at(&mut batch, position)
            .map_err(io_error("reading", &self.path))?;
        Ok(batch)
    }

    /// All files of the segment.
    pub(crate) fn files(&self) -> [&Path; 4] {
        [&self.path, self.offsets.path(), self.times.path(), self.txns.path()]
    }
}

/// Headers of a segment, one after the other, read in chunks.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    segment: &'a Segment,
    file: std::sync::Arc<dyn crate::disk::DiskFile>,
    position: u64,
    chunk: Vec<u8>,
    chunk_at: u64,
}

impl Scan<'_> {
    /// The next header and where its batch starts; none at the end of the segment.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, BatchHeader)>, LogError> {
        let position = self.position;
        if position >= self.segment.size_bytes {
            return Ok(None);
        }
        let in_chunk = position.checked_sub(self.chunk_at).map(|at| at as usize);
        let held = in_chunk.and_then(|at| self.chunk.get(at..at + HEADER_BYTES)).is_some();
        if !held {
            let left = (self.segment.size_bytes - position) as usize;
            self.chunk.resize(SCAN_CHUNK_BYTES.min(left), 0);
            let read = self.file.read_at(&mut self.chunk, position);
            let read = read.map_err(io_error("reading", &self.segment.path))?;
            self.chunk.truncate(read);
            self.chunk_at = position;
        }
        let at = (position - self.chunk_at) as usize;
        let header = BatchHeader::parse(self.chunk.get(at..).unwrap_or_default())
            .map_err(|source| self.segment.corrupt(position, source))?;
        let left = self.segment.size_bytes - position;
        if header.size_bytes() as u64 > left {
            let source = HeaderError::Truncated {
                have: left as usize,
                need: header.size_bytes(),
            };
            return Err(self.segment.corrupt(position, source));
        }
        self.position += header.size_bytes() as u64;
        Ok(Some((position, header)))
    }
}
