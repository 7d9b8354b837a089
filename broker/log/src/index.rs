//! Sparse indexes of a segment: offsets to positions (`.index`, 8 bytes an entry), timestamps to offsets
//! (`.timeindex`, 12 bytes an entry).
//!
//! The active segment's entries are kept in memory and written when the segment is sealed or the log is
//! closed: after a crash they are rebuilt anyway. A sealed segment's entries are read in place.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::OpenMode;
use crate::files::Files;

/// Entries of a sealed index read at once when it is loaded.
const LOAD_MAX_BYTES: u64 = 64 << 20;

/// One entry.
pub(crate) trait Entry: Copy {
    const BYTES: usize;
    fn read(bytes: &[u8]) -> Self;
    fn write(self, out: &mut Vec<u8>);
    fn key(self) -> i64;
}

/// Where the batch with an offset starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffsetEntry {
    pub(crate) relative_offset: i32,
    pub(crate) position: i32,
}

impl Entry for OffsetEntry {
    const BYTES: usize = 8;

    fn read(bytes: &[u8]) -> Self {
        Self {
            relative_offset: i32_at(bytes, 0),
            position: i32_at(bytes, 4),
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }

    fn key(self) -> i64 {
        i64::from(self.relative_offset)
    }
}

/// No batch up to this offset has a greater timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeEntry {
    pub(crate) timestamp: i64,
    pub(crate) relative_offset: i32,
}

impl Entry for TimeEntry {
    const BYTES: usize = 12;

    fn read(bytes: &[u8]) -> Self {
        let high = i64::from(i32_at(bytes, 0));
        let low = i64::from(i32_at(bytes, 4)) & 0xffff_ffff;
        Self {
            timestamp: high << 32 | low,
            relative_offset: i32_at(bytes, 8),
        }
    }

    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
    }

    fn key(self) -> i64 {
        self.timestamp
    }
}

fn i32_at(bytes: &[u8], at: usize) -> i32 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |chunk| i32::from_be_bytes(*chunk))
}

/// An index of one segment.
#[derive(Debug)]
pub(crate) struct Index<E> {
    path: PathBuf,
    /// All entries, while the segment is active.
    memory: Option<Vec<E>>,
    /// Entries in the file.
    stored: usize,
}

impl<E: Entry> Index<E> {
    /// An empty index of an active segment.
    pub(crate) fn empty(path: PathBuf) -> Self {
        Self {
            path,
            memory: Some(Vec::new()),
            stored: 0,
        }
    }

    /// A sealed index, if the file is whole.
    pub(crate) fn open(path: PathBuf, files: &Files) -> io::Result<Option<Self>> {
        if !files.disk().exists(&path)? {
            return Ok(None);
        }
        let len = files.get(&path)?.len()?;
        let entry_bytes = E::BYTES as u64;
        if len % entry_bytes != 0 {
            return Ok(None);
        }
        Ok(Some(Self {
            path,
            memory: None,
            stored: (len / entry_bytes) as usize,
        }))
    }

    /// Whether all entries are in the file.
    pub(crate) fn is_sealed(&self) -> bool {
        self.memory.is_none()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.memory.as_ref().map_or(self.stored, Vec::len)
    }

    /// Size in bytes.
    pub(crate) fn size_bytes(&self) -> u64 {
        (self.len() * E::BYTES) as u64
    }

    fn get(&self, slot: usize, files: &Files) -> io::Result<Option<E>> {
        if let Some(memory) = &self.memory {
            return Ok(memory.get(slot).copied());
        }
        let mut bytes = [0; 16];
        let Some(entry) = bytes.get_mut(..E::BYTES) else {
            return Ok(None);
        };
        let read = files.get(&self.path)?.read_at(entry, (slot * E::BYTES) as u64)?;
        Ok((read == E::BYTES).then(|| E::read(entry)))
    }

    /// The last key in memory.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.memory
            .as_ref()
            .and_then(|memory| memory.last())
            .map(|entry| entry.key())
    }

    /// The last entry.
    pub(crate) fn last(&self, files: &Files) -> io::Result<Option<E>> {
        match self.len().checked_sub(1) {
            None => Ok(None),
            Some(slot) => self.get(slot, files),
        }
    }

    /// The last entry whose key is at most `key`.
    pub(crate) fn floor(&self, key: i64, files: &Files) -> io::Result<Option<E>> {
        let (mut low, mut high) = (0, self.len());
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle, files)? {
                Some(entry) if entry.key() <= key => {
                    found = Some(entry);
                    low = middle + 1;
                }
                _ => high = middle,
            }
        }
        Ok(found)
    }

    /// Appends an entry; only for the active segment's index.
    pub(crate) fn push(&mut self, entry: E) {
        if let Some(memory) = &mut self.memory {
            memory.push(entry);
        }
    }

    /// Takes the entries into memory, so that some can be added.
    pub(crate) fn load(&mut self, files: &Files) -> io::Result<()> {
        if self.memory.is_none() {
            self.memory = Some(self.all(files)?);
        }
        Ok(())
    }

    /// All entries in the file.
    pub(crate) fn all(&self, files: &Files) -> io::Result<Vec<E>> {
        let bytes = files.disk().read(&self.path, LOAD_MAX_BYTES)?;
        Ok(bytes.chunks_exact(E::BYTES).map(E::read).collect())
    }

    /// Writes what is in memory to the file, whole.
    pub(crate) fn store(&mut self, files: &Files) -> io::Result<()> {
        let Some(bytes) = self.to_bytes() else { return Ok(()) };
        let file = files.disk().open(&self.path, OpenMode::Write)?;
        if file.len()? != bytes.len() as u64 {
            file.set_len(bytes.len() as u64)?;
        }
        file.write_at(&[&bytes], 0)?;
        self.stored = self.len();
        files.forget(&self.path);
        Ok(())
    }

    /// Replaces the file by what is in memory, so that a crash leaves one or the other.
    pub(crate) fn replace(&mut self, files: &Files) -> io::Result<()> {
        let Some(bytes) = self.to_bytes() else { return Ok(()) };
        files.disk().write_atomic(&self.path, &bytes)?;
        self.stored = self.len();
        files.forget(&self.path);
        Ok(())
    }

    fn to_bytes(&self) -> Option<Vec<u8>> {
        let memory = self.memory.as_ref()?;
        let mut bytes = Vec::with_capacity(memory.len() * E::BYTES);
        for entry in memory {
            entry.write(&mut bytes);
        }
        Some(bytes)
    }

    /// Gives up the entries in memory, which are in the file.
    pub(crate) fn unload(&mut self) {
        self.memory = None;
    }
}
