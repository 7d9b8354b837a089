//! What a log directory says about itself without being opened.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_log::disk::Disk;
use broker_log::offline::Left;
use broker_log::{LogDir, LogError, Offsets};
use protocol::files::names;
use rustix::process::{Flock, FlockType, fcntl_getlk};

/// Whether a process has the lock of a log directory. Asked, not taken: a broker may start meanwhile.
pub(crate) fn is_in_use(dir: &Path) -> io::Result<bool> {
    let file = match File::open(dir.join(names::LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    Ok(fcntl_getlk(&file, &Flock::from(FlockType::WriteLock))?.is_some())
}

/// How a log directory was left; unknown of one that is none.
pub(crate) fn left(dir: &Path) -> Left {
    // A lock that cannot be looked at tells nothing.
    if is_in_use(dir).unwrap_or(false) {
        Left::InUse
    } else if dir.join(names::CLEAN_SHUTDOWN).exists() {
        Left::Clean
    } else if dir.join(names::META_PROPERTIES).exists() {
        Left::Unclean
    } else {
        Left::Unknown
    }
}

/// Offsets of one of the checkpoints; none if it makes no sense.
pub(crate) fn offsets(dir: &Path, name: &str, disk: &Arc<dyn Disk>) -> Result<Option<Offsets>, LogError> {
    let dir = LogDir::new(PathBuf::from(dir), Arc::clone(disk));
    match dir.read_offsets(name) {
        Ok(offsets) => Ok(Some(offsets)),
        Err(LogError::File { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
