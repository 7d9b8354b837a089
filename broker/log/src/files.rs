//! Open files, as many as the process may have: the least recently used are closed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::{Disk, DiskFile, OpenMode};

/// A cache of open files, shared by the logs of a broker. A file handed out stays open as long as its user
/// keeps it, whatever the cache does.
#[derive(Debug)]
pub struct Files {
    disk: Arc<dyn Disk>,
    open_max: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    tick: u64,
    /// By the bytes of paths, which compare faster than their components.
    by_path: BTreeMap<OsString, (u64, Arc<dyn DiskFile>)>,
    by_age: BTreeMap<u64, OsString>,
}

impl Files {
    /// A cache that keeps at most `open_max` files open.
    pub fn new(disk: Arc<dyn Disk>, open_max: usize) -> Self {
        Self {
            disk,
            open_max: open_max.max(1),
            open: Mutex::default(),
        }
    }

    /// The disk the files are on.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The file, opened for reading and writing if it is not open already.
    pub fn get(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.tick += 1;
        let tick = open.tick;
        if let Some((age, file)) = open.by_path.get_mut(path.as_os_str()) {
            let (old, file) = (std::mem::replace(age, tick), Arc::clone(file));
            if let Some(path) = open.by_age.remove(&old) {
                open.by_age.insert(tick, path);
            }
            return Ok(file);
        }
        let file = self.disk.open(path, OpenMode::Write)?;
        open.by_path.insert(path.into(), (tick, Arc::clone(&file)));
        open.by_age.insert(tick, path.into());
        if open.by_path.len() > self.open_max
            && let Some((_, oldest)) = open.by_age.pop_first()
        {
            open.by_path.remove(&oldest);
        }
        Ok(file)
    }

    /// Forgets a file that was renamed or removed.
    pub fn forget(&self, path: &Path) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((age, _)) = open.by_path.remove(path.as_os_str()) {
            open.by_age.remove(&age);
        }
    }

    /// Forgets all files below a directory.
    pub fn forget_dir(&self, dir: &Path) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = &mut *open;
        // Those below a directory are neighbours, all of which start with its name and a slash.
        let dir = dir.join("").into_os_string();
        let below = open.by_path.range(dir.clone()..);
        let below: Vec<OsString> = below
            .map(|(path, _)| path.clone())
            .take_while(|path| path.as_encoded_bytes().starts_with(dir.as_encoded_bytes()))
            .collect();
        for path in below {
            if let Some((age, _)) = open.by_path.remove(&path) {
                open.by_age.remove(&age);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimDisk;

    #[test]
    fn the_least_recently_used_file_is_closed() {
        let disk = SimDisk::default();
        disk.create_dir_all(Path::new("/d")).unwrap();
        let files = Files::new(Arc::new(disk), 2);
        let (a, b, c) = (Path::new("/d/a"), Path::new("/d/b"), Path::new("/d/c"));
        let first = files.get(a).unwrap();
        files.get(b).unwrap();
        assert!(Arc::ptr_eq(&first, &files.get(a).unwrap()));
        files.get(c).unwrap();
        assert!(Arc::ptr_eq(&first, &files.get(a).unwrap()), "b was used least recently");
        files.forget_dir(Path::new("/d"));
        assert!(!Arc::ptr_eq(&first, &files.get(a).unwrap()));
    }
}
