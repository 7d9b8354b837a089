//! Making sealed segments durable while the log goes on: what is synced needs no check after a crash.

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::LogError;
use crate::files::Files;
use crate::log::{Log, sync_place};
use crate::segment::io_error;

/// Sealed segments that are to be synced. Nothing is written to them any more, so that needs no hold of the log.
#[derive(Debug)]
pub struct Sealed {
    files: Arc<Files>,
    dir: PathBuf,
    paths: Vec<PathBuf>,
    is_placed: bool,
    /// Where the active segment began, and how often the log had been truncated then.
    end_offset: i64,
    truncations: u64,
}

impl Sealed {
    /// Syncs them, and their names. One that was removed in the meantime needs it no longer.
    pub fn sync(&self) -> Result<(), LogError> {
        let disk = self.files.disk();
        for path in &self.paths {
            if disk.exists(path).map_err(io_error("looking for", path))? {
                let synced = self.files.get(path).and_then(|file| file.sync_data());
                synced.map_err(io_error("syncing", path))?;
            }
        }
        disk.sync_dir(&self.dir).map_err(io_error("syncing", &self.dir))?;
        if self.is_placed {
            return Ok(());
        }
        sync_place(disk.as_ref(), &self.dir)
    }
}

impl Log {
    /// The sealed segments that are not durable yet, if there are any.
    pub fn unsynced_sealed(&self) -> Option<Sealed> {
        let from = self.unsynced_from.filter(|_| !self.is_offline())?;
        let (end_offset, _) = self.segments.last_key_value()?;
        let sealed = self.segments.range(from.min(*end_offset)..*end_offset);
        let paths: Vec<PathBuf> = sealed
            .flat_map(|(_, segment)| segment.files())
            .map(std::path::Path::to_owned)
            .collect();
        if paths.is_empty() {
            return None;
        }
        Some(Sealed {
            files: Arc::clone(&self.files),
            dir: self.dir.clone(),
            paths,
            is_placed: self.is_placed,
            end_offset: *end_offset,
            truncations: self.truncations,
        })
    }

    /// Notes how the sync of sealed segments ended. A failure takes the log offline.
    pub fn note_synced(&mut self, sealed: &Sealed, result: Result<(), LogError>) -> Result<(), LogError> {
        // A log that moved to another directory since was made durable there.
        if sealed.dir != self.dir {
            return Ok(());
        }
        self.guard(result)?;
        self.is_placed = true;
        // What was cut off since may have been written anew.
        if sealed.truncations == self.truncations {
            self.unsynced_from = self.unsynced_from.map(|from| from.max(sealed.end_offset));
            self.recovery_point = self.recovery_point.max(sealed.end_offset);
        }
        Ok(())
    }
}
