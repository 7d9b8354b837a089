//! A file read front to back through a window of fixed size.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::error::LogError;
use crate::segment::io_error;

/// Bytes read at once; also the most that can be looked at together.
pub(super) const WINDOW_BYTES: usize = 64 << 10;

/// A window on a file. The file counts as long as it was when it was opened: a broker may be writing to it.
#[derive(Debug)]
pub(super) struct Window {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    pub(super) fn open(disk: &dyn Disk, path: &Path) -> Result<Self, LogError> {
        let file = disk.open(path, OpenMode::Read).map_err(io_error("opening", path))?;
        let len = file.len().map_err(io_error("reading", path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            len,
            start: 0,
            bytes: Vec::new(),
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The bytes from `position` on, `wanted` of them or as many as the file has; at most a window's.
    pub(super) fn slice(&mut self, position: u64, wanted: usize) -> Result<&[u8], LogError> {
        let left = self.len.saturating_sub(position);
        let wanted = (wanted.min(WINDOW_BYTES) as u64).min(left) as usize;
        let held = position
            .checked_sub(self.start)
            .is_some_and(|at| at + wanted as u64 <= self.bytes.len() as u64);
        if !held {
            self.start = position;
            self.bytes.resize((WINDOW_BYTES as u64).min(left) as usize, 0);
            let read = self
                .file
                .read_at(&mut self.bytes, position)
                .map_err(io_error("reading", &self.path))?;
            self.bytes.truncate(read);
        }
        let at = (position - self.start) as usize;
        let end = (at + wanted).min(self.bytes.len());
        Ok(self.bytes.get(at..end).unwrap_or_default())
    }

    /// Reads a range whole.
    pub(super) fn read(&self, position: u64, len: usize) -> Result<Vec<u8>, LogError> {
        let mut bytes = vec![0; len];
        let read = self
            .file
            .read_at(&mut bytes, position)
            .map_err(io_error("reading", &self.path))?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// The first byte from `position` on that is not zero; none if nothing but zeros is left.
    pub(super) fn nonzero_from(&mut self, position: u64) -> Result<Option<u64>, LogError> {
        self.nonzero_within(position, u64::MAX)
    }

    /// The same for no more than so many bytes.
    pub(super) fn nonzero_within(&mut self, mut position: u64, max_bytes: u64) -> Result<Option<u64>, LogError> {
        let end = self.len.min(position.saturating_add(max_bytes));
        while position < end {
            let wanted = (end - position).min(WINDOW_BYTES as u64) as usize;
            let bytes = self.slice(position, wanted)?;
            if let Some(at) = bytes.iter().position(|byte| *byte != 0) {
                return Ok(Some(position + at as u64));
            }
            if bytes.is_empty() {
                break;
            }
            position += bytes.len() as u64;
        }
        Ok(None)
    }
}
