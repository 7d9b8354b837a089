//! A disk that is only read, counts what is read, and is in no hurry if that was asked for.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use broker_log::disk::{DirEntry, Disk, DiskFile, OpenMode, RealDisk};

/// What all files of the disk have in common.
#[derive(Debug)]
struct Meter {
    bytes_read: Arc<AtomicU64>,
    /// Bytes in a second, and when the next may be read.
    limit: Option<(u64, Mutex<Instant>)>,
}

impl Meter {
    fn count(&self, bytes: usize, is_segment: bool) {
        if is_segment {
            self.bytes_read.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        let Some((rate, next)) = &self.limit else {
            return;
        };
        let now = Instant::now();
        let wait = {
            let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
            let start = (*next).max(now);
            *next = start + Duration::from_secs_f64(bytes as f64 / *rate as f64);
            next.saturating_duration_since(now)
        };
        std::thread::sleep(wait);
    }
}

/// The machine's files, to be read.
#[derive(Debug)]
pub(super) struct MeteredDisk {
    meter: Arc<Meter>,
}

impl MeteredDisk {
    /// With a bound on the bytes in a second.
    pub(super) fn new(rate: Option<u64>) -> Self {
        Self {
            meter: Arc::new(Meter {
                bytes_read: Arc::default(),
                limit: rate.map(|rate| (rate.max(1), Mutex::new(Instant::now()))),
            }),
        }
    }

    /// What was read of segments so far.
    pub(super) fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.meter.bytes_read)
    }
}

fn read_only<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

impl Disk for MeteredDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        if mode != OpenMode::Read {
            return read_only();
        }
        Ok(Arc::new(MeteredFile {
            file: RealDisk.open(path, mode)?,
            is_segment: path.extension().is_some_and(|suffix| suffix == "log"),
            meter: Arc::clone(&self.meter),
        }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        RealDisk.list(dir)
    }

    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn remove_file(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn remove_dir_all(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        read_only()
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }

    fn space(&self, dir: &Path) -> io::Result<(u64, u64)> {
        RealDisk.space(dir)
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        RealDisk.size(path)
    }
}

#[derive(Debug)]
struct MeteredFile {
    file: Arc<dyn DiskFile>,
    is_segment: bool,
    meter: Arc<Meter>,
}

impl DiskFile for MeteredFile {
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        let read = self.file.read_at(buf, position)?;
        self.meter.count(read, self.is_segment);
        Ok(read)
    }

    fn write_at(&self, _: &[&[u8]], _: u64) -> io::Result<()> {
        read_only()
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        read_only()
    }

    fn sync_data(&self) -> io::Result<()> {
        read_only()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_counted_and_held_to_their_rate() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.log");
        std::fs::write(&path, [7; 3000]).unwrap();
        let disk = MeteredDisk::new(Some(20_000));
        let start = Instant::now();
        for _ in 0..2 {
            assert_eq!(disk.read(&path, 4000).unwrap().len(), 3000);
        }
        assert_eq!(disk.bytes_read().load(Ordering::Relaxed), 6000);
        assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    }

    #[test]
    fn nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let disk = MeteredDisk::new(None);
        assert!(disk.open(&path, OpenMode::Write).is_err() && disk.put(&path, b"x", false).is_err());
        assert!(!path.exists());
    }
}
