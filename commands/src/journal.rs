//! The journal of long work on a cluster: a line is on disk before what it tells of is done.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::marker::PhantomData;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep};

use crate::error::CommandError;
use crate::replace_file::replace_file;

/// Until whoever is at work has taken a request, and how often it is looked.
const TAKEN_MAX: Duration = Duration::from_secs(30);
const TAKEN_POLL: Duration = Duration::from_millis(100);

/// The journal of one kind of work on a cluster, with lines of one type.
///
/// `KIND.journal` is the one that is being written, `KIND.previous.journal` the one before; `KIND.lock` is held by
/// whoever writes it, and `KIND.request` says what that one is asked to do.
#[derive(Debug, Clone)]
pub(crate) struct Journal<E> {
    folder: PathBuf,
    kind: &'static str,
    lines: PhantomData<fn() -> E>,
}

impl<E: Serialize + DeserializeOwned> Journal<E> {
    /// Of this cluster, below $XDG_STATE_HOME or ~/.local/state.
    pub(crate) fn of(cluster_id: &str, kind: &'static str) -> Result<Self, CommandError> {
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
        Ok(Self::at(state.join("kfleet").join(cluster_id), kind))
    }

    /// In this folder.
    pub(crate) const fn at(folder: PathBuf, kind: &'static str) -> Self {
        Self {
            folder,
            kind,
            lines: PhantomData,
        }
    }

    fn file(&self, what: &str) -> PathBuf {
        self.folder.join(format!("{}.{what}", self.kind))
    }

    /// The journal's file.
    pub(crate) fn path(&self) -> PathBuf {
        self.file("journal")
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
            .open(self.file("lock"))
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// All lines; one that was cut short was never acted upon.
    pub(crate) fn read(&self) -> Result<Vec<E>, CommandError> {
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

    /// Begins a new one; the one before is kept beside it.
    pub(crate) fn begin(&self, entries: &[E]) -> Result<(), CommandError> {
        let failed = |error: io::Error| self.failed(&error);
        match fs::rename(self.path(), self.file("previous.journal")) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        self.take_request()?;
        self.append(entries)
    }

    /// Adds lines. When it returns, they outlive a power cut.
    pub(crate) fn append(&self, entries: &[E]) -> Result<(), CommandError> {
        self.write(entries).map_err(|error| self.failed(&error))
    }

    fn write(&self, entries: &[E]) -> io::Result<()> {
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

    /// Asks whoever is at work, by a word.
    pub(crate) fn ask(&self, word: &str) -> Result<(), CommandError> {
        replace_file(&self.file("request"), word.as_bytes()).map_err(|error| self.failed(&error))
    }

    /// What is asked, if anything is.
    pub(crate) fn asked(&self) -> Result<Option<String>, CommandError> {
        match fs::read_to_string(self.file("request")) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Waits until whoever is at work has taken what was asked.
    pub(crate) async fn until_taken(&self) -> Result<(), CommandError> {
        let until = Instant::now() + TAKEN_MAX;
        while self.asked()?.is_some() {
            if Instant::now() >= until {
                return Err(CommandError::timed_out(
                    "whoever is at work has not taken the request yet",
                ));
            }
            sleep(TAKEN_POLL).await;
        }
        Ok(())
    }

    /// What was asked has been written down.
    pub(crate) fn take_request(&self) -> Result<(), CommandError> {
        match fs::remove_file(self.file("request")) {
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
