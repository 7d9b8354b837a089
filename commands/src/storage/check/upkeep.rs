//! Files that operations left behind, who may read and write, and how much space is left.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_log::disk::Disk;
use broker_log::offline::Left;
use planner::counted::{counted, either};

use super::directory::Directory;
use super::report::Findings;
use crate::error::CommandError;
use crate::size::units;

/// Shares of a file system, in percent, below which it is nearly and as good as full.
const NEARLY_FULL: u64 = 5;
const FULL: u64 = 1;

/// Endings of files that are in nobody's use once the broker has stopped.
const LEFTOVERS: [&str; 4] = [".cleaned", ".swap", ".deleted", ".tmp"];
/// What the owner of files needs: to read and to write them, and to enter directories.
const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// Looks through a directory.
pub(super) fn check(directory: &Directory, disk: &Arc<dyn Disk>, findings: &mut Findings) -> Result<(), CommandError> {
    let mut owners = Owners::of(&directory.path)?;
    owners.look(&directory.path);
    let partitions = directory.replicas.values().map(|replica| &replica.path);
    for dir in partitions.chain(directory.metadata_log.iter()) {
        let entries = disk
            .list(dir)
            .map_err(|error| CommandError::io(&format!("listing {}", dir.display()), &error))?;
        let left: Vec<&str> = entries
            .iter()
            .map(|entry| entry.name.as_str())
            .filter(|name| LEFTOVERS.iter().any(|suffix| name.ends_with(suffix)))
            .collect();
        // A broker at work removes them in a minute.
        if let (Some(first), true) = (left.first(), directory.left != Left::InUse) {
            let message = format!(
                "{} of operations that did not end, such as {first}",
                counted(left.len(), "file")
            );
            findings.info(dir, message, "The next start finishes or undoes them.");
        }
        owners.look(dir);
    }
    owners.tell(findings);
    space(directory, findings);
    Ok(())
}

fn space(directory: &Directory, findings: &mut Findings) {
    let (total, free) = directory.space;
    let share = free.saturating_mul(100).checked_div(total).unwrap_or(100);
    let message = format!("{} of {} are free", units::bytes(free), units::bytes(total));
    if share < FULL {
        findings.error(
            &directory.path,
            message,
            "The directory goes offline with the first write that fails: make room.",
        );
    } else if share < NEARLY_FULL {
        findings.warning(
            &directory.path,
            message,
            "Move replicas away, shorten retention, or add a disk.",
        );
    }
}

/// Files that do not belong to whom the log directory does.
struct Owners {
    dir: PathBuf,
    uid: u32,
    foreign: Vec<PathBuf>,
    closed: Vec<PathBuf>,
}

impl Owners {
    fn of(dir: &Path) -> Result<Self, CommandError> {
        let metadata = std::fs::metadata(dir)
            .map_err(|error| CommandError::io(&format!("looking at {}", dir.display()), &error))?;
        let is_closed = metadata.mode() & DIR_MODE != DIR_MODE;
        Ok(Self {
            dir: dir.to_owned(),
            uid: metadata.uid(),
            foreign: Vec::new(),
            closed: if is_closed { vec![dir.to_owned()] } else { Vec::new() },
        })
    }

    /// Looks at what is right below a directory.
    fn look(&mut self, dir: &Path) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.uid() != self.uid {
                self.foreign.push(entry.path());
            }
            let needed = if metadata.is_dir() { DIR_MODE } else { FILE_MODE };
            if metadata.mode() & needed != needed {
                self.closed.push(entry.path());
            }
        }
    }

    fn tell(&self, findings: &mut Findings) {
        if let Some(first) = self.foreign.first() {
            let count = counted(self.foreign.len(), "file");
            let does = either(self.foreign.len(), "does", "do");
            let dir = self.dir.display();
            let message = format!("{count} {does} not belong to user {}, who owns {dir}", self.uid);
            findings.warning(first, message, "Something was run as another user: chown them back.");
        }
        if let Some(first) = self.closed.first() {
            let count = counted(self.closed.len(), "file");
            let message = format!("{count} cannot be read and written by their owner");
            findings.error(first, message, "chmod u+rwX: the broker cannot use them.");
        }
    }
}
