//! What was there before it was changed, line by line: each is on disk before the change that it is about.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::CommandError;

/// A sysctl and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pair {
    /// Its name.
    pub(crate) key: String,
    /// Its value.
    pub(crate) value: String,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Entry {
    /// A sysctl will be set.
    Value {
        /// Its name.
        key: String,
        /// What it is.
        before: String,
        /// What it will be.
        wanted: String,
        /// The other one of a pair that exclude each other.
        partner: Option<Pair>,
    },
    /// The file in sysctl.d will be replaced.
    File {
        /// What is in it; none if there is none.
        before: Option<String>,
        /// What will be in it; none if it will be taken away.
        after: Option<String>,
        /// Whether its folder is there.
        had_folder: bool,
    },
    /// A sysctl was set, and the kernel made this of it.
    Took {
        /// Its name.
        key: String,
        /// Its value.
        value: String,
    },
}

/// The journal of a host, or of a tree.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
}

impl Journal {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The one of this machine, or of a tree.
    pub(crate) fn of(root: &Path) -> Result<Self, CommandError> {
        let is_this_host = root == Path::new("/");
        let state = state_folder(is_this_host, |name| std::env::var_os(name).map(PathBuf::from));
        let state = state.ok_or_else(|| {
            CommandError::usage("there is no place for the journal of what was changed")
                .hint("set XDG_STATE_HOME to a folder, as in /var/lib")
        })?;
        let name = if is_this_host {
            "this-host".to_owned()
        } else {
            let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
            let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            format!("tree-{hex}")
        };
        Ok(Self::at(state.join("kfleet/host").join(name + ".journal")))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps other runs off until it is dropped.
    pub(crate) fn lock(&self) -> Result<File, CommandError> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let action = format!("locking {}", folder.display());
        let failed = |error: &dyn std::fmt::Display| {
            CommandError::io(&action, error).hint("set XDG_STATE_HOME to a folder that can be written")
        };
        make_folder(folder).map_err(|error| failed(&error))?;
        let file = File::open(folder).map_err(|error| failed(&error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(CommandError::refused(
                "another kfleet is at work on a host's settings; nothing was changed",
            )),
            Err(error) => Err(failed(&error)),
        }
    }

    /// All lines; one that was cut short was never acted upon.
    pub(crate) fn read(&self) -> io::Result<Vec<Entry>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let lines = bytes.get(..whole(&bytes)).unwrap_or_default();
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .enumerate()
            .map(|(at, line)| {
                serde_json::from_slice(line).map_err(|error| {
                    let message = format!("line {} makes no sense: {error}", at + 1);
                    io::Error::new(ErrorKind::InvalidData, message)
                })
            })
            .collect()
    }

    /// Adds a line. When it returns, the line outlives a power cut.
    pub(crate) fn append(&self, entry: &Entry) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        make_folder(folder)?;
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        let bytes = fs::read(&self.path)?;
        if whole(&bytes) < bytes.len() {
            file.set_len(whole(&bytes) as u64)?;
        }
        file.write_all(&line)?;
        file.sync_all()?;
        if bytes.is_empty() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Ends it: everything is as it was.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => File::open(self.path.parent().unwrap_or(Path::new("/")))?.sync_all(),
        }
    }
}

/// Bytes of whole lines.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// Below $XDG_STATE_HOME; else, for this machine, below /var/lib, so that whoever becomes root finds it, by sudo, in a shell or
/// in a unit; and for a tree below ~/.local/state.
fn state_folder(is_this_host: bool, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|path| path.is_absolute());
    match folder("XDG_STATE_HOME") {
        Some(state) => Some(state),
        None if is_this_host => Some(PathBuf::from("/var/lib")),
        None => Some(folder("HOME")?.join(".local/state")),
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(key: &str) -> Entry {
        Entry::Took {
            key: key.to_owned(),
            value: "1".to_owned(),
        }
    }

    #[test]
    fn a_line_that_was_cut_short_is_none_and_the_next_one_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::at(dir.path().join("state/a.journal"));
        assert_eq!(journal.read().unwrap(), []);
        journal.append(&took("a")).unwrap();
        let one = fs::read(journal.path()).unwrap();
        journal.append(&took("b")).unwrap();
        let two = fs::read(journal.path()).unwrap();
        for cut in one.len()..two.len() {
            fs::write(journal.path(), &two[..cut]).unwrap();
            assert_eq!(journal.read().unwrap(), [took("a")], "{cut}");
            journal.append(&took("c")).unwrap();
            assert_eq!(journal.read().unwrap(), [took("a"), took("c")], "{cut}");
        }
        fs::write(journal.path(), "nonsense\n").unwrap();
        assert_eq!(journal.read().unwrap_err().kind(), ErrorKind::InvalidData);
        journal.remove().unwrap();
        journal.remove().unwrap();
    }

    #[test]
    fn all_who_become_root_find_the_journal_of_this_machine_in_one_place() {
        let of = |is_this_host, xdg: &str, home: &str| {
            let found = state_folder(is_this_host, |name| {
                let value = if name == "HOME" { home } else { xdg };
                Some(PathBuf::from(value)).filter(|path| path != Path::new(""))
            });
            found.map(|path| path.display().to_string())
        };
        for home in ["/root", "/home/alice", ""] {
            assert_eq!(of(true, "", home).as_deref(), Some("/var/lib"));
            assert_eq!(of(true, "/state", home).as_deref(), Some("/state"));
        }
        assert_eq!(
            of(false, "", "/home/alice").as_deref(),
            Some("/home/alice/.local/state")
        );
        assert_eq!(
            of(false, "relative", "/home/alice").as_deref(),
            Some("/home/alice/.local/state")
        );
        assert_eq!((of(false, "", ""), of(false, "", "relative")), (None, None));
    }

    #[test]
    fn two_do_not_work_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::at(dir.path().join("a.journal"));
        let lock = journal.lock().unwrap();
        assert_eq!(journal.lock().unwrap_err().kind, "refused");
        drop(lock);
        journal.lock().unwrap();
    }
}
