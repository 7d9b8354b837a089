//! Entries of an index, one after the other, with a look at the one that follows.

use std::path::{Path, PathBuf};

use super::super::index::{Entries, Raw};
use super::super::{Fault, FaultKind};
use super::finding::{Finding, Severity};
use crate::disk::Disk;
use crate::error::LogError;

/// What is wrong with one index: the first fault, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Faults {
    first: Option<(Fault, Option<i64>)>,
    count: u64,
}

impl Faults {
    pub(super) fn push(&mut self, position: u64, offset: Option<i64>, kind: FaultKind) {
        self.count += 1;
        self.first.get_or_insert((Fault { position, kind }, offset));
    }

    pub(super) fn finding(self, path: PathBuf, severity: Severity) -> Option<Finding> {
        let (fault, offset) = self.first?;
        Some(Finding {
            path,
            position: Some(fault.position),
            offset,
            severity,
            kind: fault.kind,
            more: self.count - 1,
        })
    }
}

/// Reads an index ahead by two entries.
#[derive(Debug)]
pub(super) struct Cursor<E> {
    entries: Entries,
    read: fn(&[u8]) -> E,
    ahead: Option<(u64, E)>,
    behind_it: Option<(u64, E)>,
    /// Zeros at the end.
    pub(super) unused: Option<(u64, u64)>,
    pub(super) faults: Faults,
}

impl<E: Copy> Cursor<E> {
    pub(super) fn open(
        disk: &dyn Disk,
        path: &Path,
        entry_bytes: usize,
        read: fn(&[u8]) -> E,
    ) -> Result<Self, LogError> {
        let mut cursor = Self {
            entries: Entries::open_hasty(disk, path, entry_bytes)?,
            read,
            ahead: None,
            behind_it: None,
            unused: None,
            faults: Faults::default(),
        };
        cursor.ahead = cursor.read()?;
        cursor.behind_it = cursor.read()?;
        Ok(cursor)
    }

    fn read(&mut self) -> Result<Option<(u64, E)>, LogError> {
        match self.entries.next()? {
            None => {}
            Some(Raw::Entry(position, bytes)) => return Ok(Some((position, (self.read)(bytes)))),
            Some(Raw::Unused(position, left_bytes)) => self.unused = Some((position, left_bytes)),
            Some(Raw::Partial(fault)) => self.faults.push(fault.position, None, fault.kind),
        }
        Ok(None)
    }

    /// The next entry; it stays there until it is taken.
    pub(super) fn peek(&self) -> Option<(u64, E)> {
        self.ahead
    }

    /// The one after it.
    pub(super) fn second(&self) -> Option<E> {
        self.behind_it.map(|(_, entry)| entry)
    }

    /// Takes the next entry.
    pub(super) fn take(&mut self) -> Result<Option<(u64, E)>, LogError> {
        let taken = std::mem::replace(&mut self.ahead, self.behind_it.take());
        if self.ahead.is_some() {
            self.behind_it = self.read()?;
        }
        Ok(taken)
    }
}
