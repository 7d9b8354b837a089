//! A node's disks: one for each directory, so that one can fail alone.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use broker_log::disk::{DirEntry, Disk, DiskFile, OpenMode, SimDisk};

use crate::random::Seeded;
use broker_core::cx::Random as _;

/// Disks by the directory that each is mounted at.
#[derive(Debug, Clone)]
pub(crate) struct Disks {
    mounted: Vec<(PathBuf, SimDisk)>,
    is_failing: Arc<AtomicBool>,
}

impl Disks {
    /// Empty ones.
    pub(crate) fn new(dirs: &[PathBuf]) -> io::Result<Self> {
        let mut mounted = Vec::new();
        for dir in dirs {
            let disk = SimDisk::default();
            disk.create_dir_all(dir)?;
            mounted.push((dir.clone(), disk));
        }
        Ok(Self {
            mounted,
            is_failing: Arc::default(),
        })
    }

    fn of(&self, path: &Path) -> io::Result<&SimDisk> {
        let path_bytes = path.as_os_str().as_encoded_bytes();
        let found = self.mounted.iter().find(|(dir, _)| {
            let rest = path_bytes.strip_prefix(dir.as_os_str().as_encoded_bytes());
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
        });
        found
            .map(|(_, disk)| disk)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no disk has {}", path.display())))
    }

    /// An empty disk in the place of another.
    pub(crate) fn replace(&mut self, dir: &Path) -> io::Result<()> {
        if let Some((_, mounted)) = self.mounted.iter_mut().find(|(at, _)| at == dir) {
            *mounted = SimDisk::default();
            mounted.create_dir_all(dir)?;
        }
        Ok(())
    }

    /// What a power cut leaves.
    pub(crate) fn cut_power(&mut self, random: &mut Seeded) {
        for (_, disk) in &mut self.mounted {
            *disk = disk.crash_in_any_order(|bound| random.below(bound as u64) as usize);
        }
    }

    /// Whether one of them fails.
    pub(crate) fn are_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// One of them fails from here on: each sync, or each write.
    pub(crate) fn fail(&self, at: usize, syncs: bool) {
        if let Some((_, disk)) = self.mounted.get(at) {
            self.is_failing.store(true, Ordering::Relaxed);
            if syncs {
                disk.fail_syncs(true);
            } else {
                disk.fail_writes(true);
            }
        }
    }

    /// What a process finds after one that was killed: all that was written, on disks that work again.
    pub(crate) fn repair(&self) {
        for (_, disk) in &self.mounted {
            disk.fail_syncs(false);
            disk.fail_writes(false);
        }
        self.is_failing.store(false, Ordering::Relaxed);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.mounted.len()
    }
}

impl Disk for Disks {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        self.of(path)?.open(path, mode)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        self.of(dir)?.list(dir)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.of(dir)?.create_dir_all(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.of(from)?.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.of(path)?.remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        self.of(dir)?.remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.of(dir)?.sync_dir(dir)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        self.of(path)?.exists(path)
    }

    fn space(&self, dir: &Path) -> io::Result<(u64, u64)> {
        self.of(dir)?.space(dir)
    }
}
