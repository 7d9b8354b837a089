//! The journal of a plan that is carried out: a line is on disk before what it tells of is done.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::state::{Entry, State};
use crate::error::CommandError;
use crate::replace_file::replace_file;

/// The journal that is being written.
const JOURNAL: &str = "rebalance.journal";
/// The one before.
const PREVIOUS: &str = "rebalance.previous.journal";
/// Held by whoever writes it.
const LOCK: &str = "rebalance.lock";
/// What whoever writes it is asked to do.
const REQUEST: &str = "rebalance.request";

/// The files of a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    folder: PathBuf,
}

/// What is asked of whoever carries a plan out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// To begin nothing more.
    Pause,
    /// To go on.
    Resume,
    /// To undo what is under way.
    Cancel,
    /// To undo everything.
    Rollback,
}

impl Request {
    const ALL: [Self; 4] = [Self::Pause, Self::Resume, Self::Cancel, Self::Rollback];

    /// As it is written.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Rollback => "rollback",
        }
    }

    /// What it puts into the journal.
    pub(crate) const fn entry(self) -> Entry {
        match self {
            Self::Pause => Entry::Paused { paused: true },
            Self::Resume => Entry::Paused { paused: false },
            Self::Cancel => Entry::Cancelled,
            Self::Rollback => Entry::RolledBack,
        }
    }
}

impl Journal {
    /// Of this cluster, below $XDG_STATE_HOME or ~/.local/state.
    pub(crate) fn of(cluster_id: &str) -> Result<Self, CommandError> {
        let folder = |name: &str| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let state = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
        let state = state.ok_or_else(|| {
            CommandError::usage("there is no place for the journal").hint("set XDG_STATE_HOME to a folder")
        })?;
        // An id from a cluster is untrusted text, and this is to be one folder.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if cluster_id.is_empty() || !cluster_id.chars().all(is_plain) {
            return Err(CommandError::rejected(
                "the cluster's id cannot be the name of a folder",
            ));
        }
        Ok(Self::at(state.join("kfleet").join(cluster_id)))
    }

    /// In this folder.
    pub(crate) const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The journal's file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(JOURNAL)
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> CommandError {
        CommandError::io(&format!("the journal in {}", self.folder.display()), error)
            .hint("set XDG_STATE_HOME to a folder that can be written")
    }

    /// Keeps others off until it is dropped; none if another one is at work.
    pub(crate) fn lock(&self) -> Result<Option<File>, CommandError> {
        let failed = |error: io::Error| self.failed(&error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(failed)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.folder.join(LOCK))
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// All lines; one that was cut short was never acted upon.
    pub(crate) fn read(&self) -> Result<Vec<Entry>, CommandError> {
        let bytes = match fs::read(self.path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(&error)),
        };
        let lines = bytes.get(..whole(&bytes)).unwrap_or_default();
        let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let parse = |(at, line)| {
            serde_json::from_slice(line).map_err(|error| {
                let message = format!("{}: line {} makes no sense: {error}", self.path().display(), at + 1);
                CommandError::data(message)
            })
        };
        lines.enumerate().map(parse).collect()
    }

    /// How far it has come; none if there is no journal.
    pub(crate) fn state(&self) -> Result<Option<State>, CommandError> {
        let entries = self.read()?;
        if entries.is_empty() {
            return Ok(None);
        }
        let state = State::replay(&entries);
        state
            .map(Some)
            .map_err(|why| CommandError::data(format!("{}: {why}", self.path().display())))
    }

    /// Begins a new one; the one before is kept beside it.
    pub(crate) fn begin(&self, entry: &Entry) -> Result<(), CommandError> {
        let failed = |error: io::Error| self.failed(&error);
        match fs::rename(self.path(), self.folder.join(PREVIOUS)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        self.take_request()?;
        self.append(std::slice::from_ref(entry))
    }

    /// Adds lines. When it returns, they outlive a power cut.
    pub(crate) fn append(&self, entries: &[Entry]) -> Result<(), CommandError> {
        self.write(entries).map_err(|error| self.failed(&error))
    }

    fn write(&self, entries: &[Entry]) -> io::Result<()> {
        let mut lines = Vec::new();
        for entry in entries {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
        }
        let mut file = OpenOptions::new()
            .append(true)
            .read(true)
            .create(true)
            .mode(0o600)
            .open(self.path())?;
        let length = file.metadata()?.len();
        if length > 0 {
            let whole = whole_length(&self.path(), length)?;
            if whole < length {
                file.set_len(whole)?;
            }
        }
        file.write_all(&lines)?;
        file.sync_all()?;
        if length == 0 {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Asks whoever carries the plan out.
    pub(crate) fn ask(&self, request: Request) -> Result<(), CommandError> {
        let path = self.folder.join(REQUEST);
        replace_file(&path, request.word().as_bytes()).map_err(|error| self.failed(&error))
    }

    /// What is asked, if anything is.
    pub(crate) fn request(&self) -> Result<Option<Request>, CommandError> {
        let text = match fs::read_to_string(self.folder.join(REQUEST)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error)),
        };
        Ok(Request::ALL.into_iter().find(|request| request.word() == text))
    }

    /// What was asked has been written down.
    pub(crate) fn take_request(&self) -> Result<(), CommandError> {
        match fs::remove_file(self.folder.join(REQUEST)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.failed(&error)),
            _ => Ok(()),
        }
    }
}

/// Bytes of whole lines.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// The same of a file, of which only the end is read unless a line was cut short.
fn whole_length(path: &Path, length: u64) -> io::Result<u64> {
    use std::os::unix::fs::FileExt as _;
    let mut last = [0];
    File::open(path)?.read_exact_at(&mut last, length - 1)?;
    if last == *b"\n" {
        return Ok(length);
    }
    Ok(whole(&fs::read(path)?) as u64)
}
