//! A disk in memory that forgets what was not synced, for tests and simulations.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{DirEntry, Disk, DiskFile, OpenMode};
use data::Data;

mod data;

type Content = Arc<Mutex<Data>>;

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Content>,
    dirs: BTreeSet<PathBuf>,
    /// Names as they are on disk for certain.
    synced_files: BTreeMap<PathBuf, Content>,
    /// What names have meant since their directories were synced.
    renamed: BTreeMap<PathBuf, Vec<Option<Content>>>,
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

    /// Gives a name a meaning, or takes it away; what it meant before.
    fn name(&mut self, path: &Path, content: Option<Content>) -> Option<Content> {
        self.renamed.entry(path.to_owned()).or_default().push(content.clone());
        match content {
            Some(content) => self.files.insert(path.to_owned(), content),
            None => self.files.remove(path),
        }
    }
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
        let left = state.synced_files.iter().map(|(path, content)| {
            let bytes = lock(content).prefix(|at_stake| survives(path, at_stake));
            (path.clone(), bytes)
        });
        Self::found(left.collect(), state.dirs.clone())
    }

    /// What a crash leaves if the disk did what was not synced in any order, or not at all: sectors, lengths, and names
    /// that were created, changed or removed. `choose` picks a number below the one it is given.
    pub fn crash_in_any_order(&self, mut choose: impl FnMut(usize) -> usize) -> Self {
        let state = lock(&self.state);
        let mut left = BTreeMap::new();
        let paths: BTreeSet<&PathBuf> = state.synced_files.keys().chain(state.renamed.keys()).collect();
        for path in paths {
            let synced = state.synced_files.get(path);
            let since = state.renamed.get(path).map_or(&[][..], Vec::as_slice);
            let meaning = match choose(since.len() + 1).checked_sub(1) {
                None => synced,
                Some(at) => since.get(at).and_then(Option::as_ref),
            };
            if let Some(content) = meaning {
                left.insert(path.clone(), lock(content).any_image(&mut choose));
            }
        }
        Self::found(left, state.dirs.clone())
    }

    /// A disk with these files, all of it durable.
    fn found(files: BTreeMap<PathBuf, Vec<u8>>, dirs: BTreeSet<PathBuf>) -> Self {
        let content = |bytes| Arc::new(Mutex::new(Data::durable(bytes)));
        let files: BTreeMap<PathBuf, Content> = files.into_iter().map(|(path, bytes)| (path, content(bytes))).collect();
        let state = State {
            synced_files: files.clone(),
            files,
            dirs,
            ..State::default()
        };
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
        if let Some(content) = lock(&self.state).files.get(path) {
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

/// Names in a directory. Paths are in the order of their components, so those below it stand together.
fn names_in<T>(names: &BTreeMap<PathBuf, T>, dir: &Path) -> Vec<PathBuf> {
    let after = names.range::<Path, _>((Bound::Excluded(dir), Bound::Unbounded));
    let below = after.map(|(path, _)| path).take_while(|path| path.starts_with(dir));
    below.filter(|path| path.parent() == Some(dir)).cloned().collect()
}

fn not_found(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} does not exist", path.display()))
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = lock(&self.state);
        let found = state.files.get(path).cloned();
        let content = match (found, mode) {
            (Some(_), OpenMode::CreateNew) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(content), _) => content,
            (None, OpenMode::Read) => return Err(not_found(path)),
            (None, _) => {
                if !path.parent().is_some_and(|dir| state.dirs.contains(dir)) {
                    return Err(not_found(path));
                }
                state.change()?;
                let content = Content::default();
                state.name(path, Some(Arc::clone(&content)));
                content
            }
        };
        Ok(Arc::new(SimFile {
            content,
            state: Arc::clone(&self.state),
        }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let state = lock(&self.state);
        if !state.dirs.contains(dir) {
            return Err(not_found(dir));
        }
        let named = |path: &PathBuf, is_dir| {
            let name = path.file_name()?.to_str()?.to_owned();
            Some(DirEntry { name, is_dir })
        };
        let files = names_in(&state.files, dir);
        let below = state.dirs.range::<Path, _>((Bound::Excluded(dir), Bound::Unbounded));
        let below = below.take_while(|path| path.starts_with(dir));
        let dirs = below.filter(|path| path.parent() == Some(dir));
        let files = files.iter().filter_map(|path| named(path, false));
        let mut entries: Vec<DirEntry> = files.chain(dirs.filter_map(|path| named(path, true))).collect();
        entries.sort();
        Ok(entries)
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        for dir in dir.ancestors() {
            state.dirs.insert(dir.to_owned());
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        if state.dirs.contains(from) {
            let moved = |path: &PathBuf| path.strip_prefix(from).ok().map(|rest| to.join(rest));
            let files = state
                .files
                .iter()
                .map(|(p, c)| (moved(p).unwrap_or_else(|| p.clone()), Arc::clone(c)))
                .collect();
            let synced = state
                .synced_files
                .iter()
                .map(|(p, c)| (moved(p).unwrap_or_else(|| p.clone()), Arc::clone(c)))
                .collect();
            let dirs = state
                .dirs
                .iter()
                .map(|p| moved(p).unwrap_or_else(|| p.clone()))
                .collect();
            let renamed = state
                .renamed
                .iter()
                .map(|(p, c)| (moved(p).unwrap_or_else(|| p.clone()), c.clone()))
                .collect();
            (state.files, state.synced_files, state.dirs, state.renamed) = (files, synced, dirs, renamed);
            return Ok(());
        }
        let content = state.files.get(from).cloned().ok_or_else(|| not_found(from))?;
        state.name(to, Some(content));
        state.name(from, None);
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        if !state.files.contains_key(path) {
            return Err(not_found(path));
        }
        state.change()?;
        state.name(path, None);
        Ok(())
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        state.files.retain(|path, _| !path.starts_with(dir));
        state.synced_files.retain(|path, _| !path.starts_with(dir));
        state.renamed.retain(|path, _| !path.starts_with(dir));
        state.dirs.retain(|path| !path.starts_with(dir));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = lock(&self.state);
        state.change()?;
        if state.fail_syncs {
            return Err(io::Error::other("the disk failed a sync"));
        }
        let State {
            files,
            synced_files,
            renamed,
            ..
        } = &mut *state;
        for path in names_in(synced_files, dir) {
            synced_files.remove(&path);
        }
        for path in names_in(renamed, dir) {
            renamed.remove(&path);
        }
        for path in names_in(files, dir) {
            if let Some(content) = files.get(&path) {
                synced_files.insert(path, Arc::clone(content));
            }
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let state = lock(&self.state);
        Ok(state.files.contains_key(path) || state.dirs.contains(path))
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
