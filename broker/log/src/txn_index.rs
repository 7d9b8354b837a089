//! `.txnindex`: aborted transactions of a segment, 34 bytes each: version i16 (0), producer id, first offset,
//! last offset, last stable offset at the time of the abort, i64 each.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::OpenMode;
use crate::files::Files;
use crate::producers::CompletedTxn;

const FILE_MAX_BYTES: u64 = 1 << 30;

/// An aborted transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortedTxn {
    /// Its producer.
    pub producer_id: i64,
    /// Its first offset.
    pub first_offset: i64,
    /// Its marker's offset.
    pub last_offset: i64,
    /// The last stable offset when it was aborted.
    pub last_stable_offset: i64,
}

impl AbortedTxn {
    pub(crate) const BYTES: usize = 34;

    pub(crate) fn new(txn: CompletedTxn, last_stable_offset: i64) -> Self {
        let CompletedTxn {
            producer_id,
            first_offset,
            last_offset,
            ..
        } = txn;
        Self {
            producer_id,
            first_offset,
            last_offset,
            last_stable_offset,
        }
    }

    fn to_bytes(self) -> Vec<u8> {
        let mut out = vec![0, 0];
        for field in [
            self.producer_id,
            self.first_offset,
            self.last_offset,
            self.last_stable_offset,
        ] {
            out.extend_from_slice(&field.to_be_bytes());
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let field = |at: usize| {
            bytes
                .get(at..)
                .and_then(|rest| rest.first_chunk())
                .map_or(0, |chunk| i64::from_be_bytes(*chunk))
        };
        Self {
            producer_id: field(2),
            first_offset: field(10),
            last_offset: field(18),
            last_stable_offset: field(26),
        }
    }
}

/// The aborted transactions of one segment. The file exists only if there are any.
#[derive(Debug)]
pub(crate) struct TxnIndex {
    path: PathBuf,
    count: usize,
}

impl TxnIndex {
    pub(crate) fn open(path: PathBuf, files: &Files) -> io::Result<Self> {
        let count = if files.disk().exists(&path)? {
            files.get(&path)?.len()? as usize / AbortedTxn::BYTES
        } else {
            0
        };
        Ok(Self { path, count })
    }

    /// Without a file.
    pub(crate) fn empty(path: PathBuf) -> Self {
        Self { path, count: 0 }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn append(&mut self, txn: AbortedTxn, files: &Files) -> io::Result<()> {
        let file = files.disk().open(&self.path, OpenMode::Write)?;
        file.write_at(&[&txn.to_bytes()], (self.count * AbortedTxn::BYTES) as u64)?;
        self.count += 1;
        Ok(())
    }

    pub(crate) fn all(&self, files: &Files) -> io::Result<Vec<AbortedTxn>> {
        if self.count == 0 {
            return Ok(Vec::new());
        }
        let bytes = files.disk().read(&self.path, FILE_MAX_BYTES)?;
        Ok(bytes
            .chunks_exact(AbortedTxn::BYTES)
            .map(AbortedTxn::from_bytes)
            .collect())
    }

    /// Whether the file has nothing but whole entries.
    pub(crate) fn is_whole(&self, files: &Files) -> io::Result<bool> {
        if !files.disk().exists(&self.path)? {
            return Ok(true);
        }
        Ok(files.get(&self.path)?.len()? % AbortedTxn::BYTES as u64 == 0)
    }

    /// Removes the file.
    pub(crate) fn clear(&mut self, files: &Files) -> io::Result<()> {
        if files.disk().exists(&self.path)? {
            files.forget(&self.path);
            files.disk().remove_file(&self.path)?;
        }
        self.count = 0;
        Ok(())
    }
}
