//! The disk as the log engine sees it: small enough that a simulation can stand in for it and lose
//! whatever was not synced.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

mod real;
mod sim;

pub use real::{DirLock, RealDisk};
pub use sim::SimDisk;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Read only; the file must exist.
    Read,
    /// Read and write; created if missing.
    Write,
    /// Read and write; created, and an error if it exists.
    CreateNew,
}

/// Directories and whole files.
///
/// Nothing is durable before the matching sync: `sync_data` for a file's bytes, [`Disk::sync_dir`] for
/// names created, renamed or removed in a directory.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>>;
    /// Names in a directory, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>>;
    /// Creates a directory and its parents.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Renames a file or directory, replacing a file that has the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with all it holds.
    fn remove_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Makes the directory's entries durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Whether a file or directory of this name exists.
    fn exists(&self, path: &Path) -> io::Result<bool>;

    /// Total and usable bytes of the file system a directory is on.
    fn space(&self, dir: &Path) -> io::Result<(u64, u64)>;

    /// The size of a file in bytes.
    fn size(&self, path: &Path) -> io::Result<u64> {
        self.open(path, OpenMode::Read)?.len()
    }

    /// The whole file, refusing more than `max_bytes`.
    fn read(&self, path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
        let file = self.open(path, OpenMode::Read)?;
        let len = file.len()?;
        if len > max_bytes {
            let message = format!("{} has {len} bytes, more than the {max_bytes} expected", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Replaces a file's content so that after a crash it is the old or the new one, whole:
    /// `<name>.tmp`, sync, rename, sync of the directory.
    fn write_atomic(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.put(path, bytes, true)?;
        path.parent().map_or(Ok(()), |dir| self.sync_dir(dir))
    }

    /// Puts a file in its place by way of `<name>.tmp`: whole or not at all whenever the process ends. Without
    /// `sync` nothing of it is durable.
    fn put(&self, path: &Path, bytes: &[u8], sync: bool) -> io::Result<()> {
        let mut tmp = path.as_os_str().to_owned();
        tmp.push(".tmp");
        let tmp = PathBuf::from(tmp);
        let file = match self.open(&tmp, OpenMode::CreateNew) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.remove_file(&tmp)?;
                self.open(&tmp, OpenMode::CreateNew)?
            }
            opened => opened?,
        };
        file.write_at(&[bytes], 0)?;
        if sync {
            file.sync_data()?;
        }
        if let Err(error) = self.rename(&tmp, path) {
            // Whether that fails too makes no difference to whoever waits for the file.
            let _left_behind = self.remove_file(&tmp);
            return Err(error);
        }
        Ok(())
    }
}

/// One open file. Reads and writes carry their position, so a file can be shared.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Fills `buf` from `position` as far as the file goes; the bytes read.
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize>;
    /// Writes the slices one after the other at `position`, all of them.
    fn write_at(&self, slices: &[&[u8]], position: u64) -> io::Result<()>;
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether the file is empty.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Cuts or extends the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes content and length durable (fdatasync).
    fn sync_data(&self) -> io::Result<()>;
    /// The descriptor, for sendfile; none on a simulated disk.
    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// The name alone.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
}
