//! A disk in memory that forgets what was not synced, for tests and simulations.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{DirEntry, Disk, DiskFile, OpenMode};
use data::Data;

mod data;

type Content = Arc<Mutex<Data>>;

/// What is in a directory, by name.
#[derive(Debug, Default)]
struct Dir {
    files: BTreeMap<String, Content>,
    /// Names as they are on disk for certain.
    synced: BTreeMap<String, Content>,
    /// What names have meant since the directory was synced.
    renamed: BTreeMap<String, Vec<Option<Content>>>,
}

impl Dir {
    /// Gives a name a meaning, or takes it away.
    fn name(&mut self, name: &str, content: Option<Content>) {
        self.renamed.entry(name.to_owned()).or_default().push(content.clone());
        match content {
            Some(content) => self.files.insert(name.to_owned(), content),
            None => self.files.remove(name),
        };
    }
}

#[derive(Debug, Default)]
struct State {
    /// By path, which compares faster as a string.
    dirs: BTreeMap<String, Dir>,
    fail_writes: bool,
    fail_syncs: bool,
    /// Changes until the power is cut.
    changes_left: Option<usize>,
}

impl State {
    /// Counts a change; none is made once the power is cut.
    fn change(&mut self) -> io::Result<()> {
        match &mut self.changes_left {
            None => Ok(()),
            Some(0) => Err(io::Error::other("the power is cut")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    fn dir(&mut self, path: &Path) -> io::Result<&mut Dir> {
        self.dirs.get_mut(key(path)?).ok_or_else(|| not_found(path))
    }

    fn file(&self, path: &Path) -> io::Result<Option<&Content>> {
        let (dir, name) = split(path)?;
        Ok(self.dirs.get(dir).and_then(|dir| dir.files.get(name)))
    }

    /// Gives a path a meaning, or takes it away.
    fn name(&mut self, path: &Path, content: Option<Content>) -> io::Result<()> {
        let (dir, name) = split(path)?;
        let dir = self.dirs.get_mut(dir).ok_or_else(|| not_found(path))?;
        dir.name(name, content);
        Ok(())
    }

    /// The directory and all below it.
    fn tree(&self, dir: &str) -> Vec<String> {
        let is_below = |path: &&String| {
            path.strip_prefix(dir)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.dirs.keys().filter(is_below).cloned().collect()
    }

    /// Directories that stay as they are.
    fn dir_names(&self) -> BTreeSet<String> {
        self.dirs.keys().cloned().collect()
    }
}

/// A directory's key; the root's is empty.
fn key(dir: &Path) -> io::Result<&str> {
    let path = dir.to_str().ok_or_else(|| not_found(dir))?;
    Ok(path.trim_end_matches('/'))
}

/// The key of a file's directory, and its name there.
fn split(path: &Path) -> io::Result<(&str, &str)> {
    let path = key(path)?;
    Ok(path.rsplit_once('/').unwrap_or(("", path)))
}

fn path_of(dir: &str, name: &str) -> PathBuf {
    PathBuf::from(format!("{dir}/{name}"))
}

/// A disk whose files live in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
}

impl SimDisk {
    /// What a crash leaves: synced names with synced bytes, and of the bytes written since, whatever
    /// `survives` lets through. It is asked once for each file and told how many bytes are at stake; it
    /// answers how many of them reached the disk.
    pub fn crash(&self, mut survives: impl FnMut(&Path, usize) -> usize) -> Self {
        let state = lock(&self.state);
        let mut synced: BTreeMap<PathBuf, &Content> = BTreeMap::new();
        for (dir, there) in &state.dirs {
            synced.extend(there.synced.iter().map(|(name, content)| (path_of(dir, name), content)));
        }
        let left = synced.into_iter().map(|(path, content)| {
            let bytes = lock(content).prefix(|at_stake| survives(&path, at_stake));
            (path, bytes)
        });
        Self::found(left.collect(), state.dir_names())
    }

    /// What a crash leaves if the disk did what was not synced in any order, or not at all: sectors, lengths, and names
    /// that were created, changed or removed. `choose` picks a number below the one it is given.
    pub fn crash_in_any_order(&self, mut choose: impl FnMut(usize) -> usize) -> Self {
        let state = lock(&self.state);
        let mut meanings: BTreeMap<PathBuf, (Option<&Content>, &[Option<Content>])> = BTreeMap::new();
        for (dir, there) in &state.dirs {
            for (name, content) in &there.synced {
                meanings.insert(path_of(dir, name), (Some(content), &[]));
            }
            for (name, since) in &there.renamed {
                meanings.entry(path_of(dir, name)).or_default().1 = since;
            }
        }
        let mut left = BTreeMap::new();
        for (path, (synced, since)) in meanings {
            let meaning = match choose(since.len() + 1).checked_sub(1) {
                None => synced,
                Some(at) => since.get(at).and_then(Option::as_ref),
            };
            if let Some(content) = meaning {
                left.insert(path, lock(content).any_image(&mut choose));
            }
        }
        Self::found(left, state.dir_names())
    }

    /// A disk with these files and directories, all of it durable.
    fn found(files: BTreeMap<PathBuf, Vec<u8>>, dirs: BTreeSet<String>) -> Self {
        let mut state = State::default();
        state.dirs.extend(dirs.into_iter().map(|dir| (dir, Dir::default())));
        for (path, bytes) in files {
            let Ok((dir, name)) = split(&path) else { continue };
            let content = Arc::new(Mutex::new(Data::durable(bytes)));
            let dir = state.dirs.entry(dir.to_owned()).or_default();
            dir.files.insert(name.to_owned(), Arc::clone(&content));
            dir.synced.insert(name.to_owned(), content);
        }
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Cuts the power after so many more changes: whatever would change the disk fails from then on.
    pub fn cut_power_after(&self, changes: usize) {
        lock(&self.state).changes_left = Some(changes);
    }

    /// Whether the power is cut.
    pub fn is_power_cut(&self) -> bool {
        lock(&self.state).changes_left == Some(0)
    }

    /// Makes every write fail, as on a full disk.
    pub fn fail_writes(&self, fail: bool) {
        lock(&self.state).fail_writes = fail;
    }

    /// Makes every sync fail.
    pub fn fail_syncs(&self, fail: bool) {
        lock(&self.state).fail_syncs = fail;
    }

    /// Changes a file's bytes behind everyone's back, as a fault of the hardware would.
    pub fn damage(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        if let Ok(Some(content)) = lock(&self.state).file(path) {
            let mut data = lock(content);
            let mut bytes = data.now().to_vec();
            change(&mut bytes);
            *data = Data::durable(bytes);
        }
    }
}

/// The state is consistent between any two statements, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn not_found(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} does not exist", path.display()))
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = lock(&self.state);
        let found = state.file(path)?.cloned();
        let content = match (found, mode) {
            (Some(_), OpenMode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(content), _) => content,
            (None, OpenMode::Read) => return Err(not_found(path)),
            (None, _) => {
                if !state.dirs.contains_key(split(path)?.0) {
                    return Err(not_found(path));
                }
                state.change()?;
                let content = Content::default();
                state.name(path, Some(Arc::clone(&content)))?;
                content
            }
        };
        Ok(Arc::new(SimFile {
            content,
            state: Arc::clone(&self.state),
        }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let mut state = lock(&self.state);
        let named = |name: &str, is_dir| DirEntry {
            name: name.to_owned(),
            is_dir,
        };
        let files = state.dir(dir)?.files.keys();
        let mut entries: Vec<DirEntry> = files.map(|name| named(name, false)).collect();
        let at = key(dir)?;
        let dirs = state
            .dirs
            .keys()
            .filter_map(|path| path.strip_prefix(at)?.strip_prefix('/'));
        entries.extend(dirs.filter(|name| !name.contains('/')).map(|name| named(name, true)));
        entries.sort();
        Ok(entries)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        for dir in dir.ancestors() {
            state.dirs.entry(key(dir)?.to_owned()).or_default();
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        let (old, new) = (key(from)?, key(to)?);
        if state.dirs.contains_key(old) {
            for path in state.tree(old) {
                let moved = format!("{new}{}", path.strip_prefix(old).unwrap_or_default());
                if let Some(dir) = state.dirs.remove(&path) {
                    state.dirs.insert(moved, dir);
                }
            }
            return Ok(());
        }
        let content = state.file(from)?.cloned().ok_or_else(|| not_found(from))?;
        state.name(to, Some(content))?;
        state.name(from, None)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.file(path)?.is_none() {
            return Err(not_found(path));
        }
        state.change()?;
        state.name(path, None)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        for path in state.tree(key(dir)?) {
            state.dirs.remove(&path);
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        if state.fail_syncs {
            return Err(io::Error::other("the disk failed a sync"));
        }
        if let Ok(dir) = state.dir(dir) {
            for (name, _) in std::mem::take(&mut dir.renamed) {
                match dir.files.get(&name) {
                    Some(content) => dir.synced.insert(name, Arc::clone(content)),
                    None => dir.synced.remove(&name),
                };
            }
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let state = lock(&self.state);
        Ok(state.file(path)?.is_some() || state.dirs.contains_key(key(path)?))
    }

    fn space(&self, _dir: &Path) -> io::Result<(u64, u64)> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[derive(Debug)]
struct SimFile {
    content: Content,
    state: Arc<Mutex<State>>,
}

impl DiskFile for SimFile {
    fn read_at(&self, buf: &mut [u8], position: u64) -> io::Result<usize> {
        let data = lock(&self.content);
        let rest = data.now().get(position as usize..).unwrap_or_default();
        let len = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..len), rest.get(..len)) {
            to.copy_from_slice(from);
        }
        Ok(len)
    }

    fn write_at(&self, slices: &[&[u8]], position: u64) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        if state.fail_writes {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "no space left on the disk"));
        }
        lock(&self.content).write(slices.concat(), position as usize);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(lock(&self.content).now().len() as u64)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        lock(&self.state).change()?;
        lock(&self.content).set_len(len as usize);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        if state.fail_syncs {
            return Err(io::Error::other("the disk failed a sync"));
        }
        lock(&self.content).sync();
        Ok(())
    }
}
