//! Checkpoints of a log directory against the logs in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use broker_log::disk::Disk;
use broker_log::offline::{Left, PartitionFiles, log_end_offset};
use broker_log::{LogDir, LogError, Offsets};
use planner::counted::{counted, either};
use protocol::files::names;

use super::directory::Directory;
use super::report::Findings;
use crate::error::CommandError;

/// Most partitions that are named in a sentence.
const NAMED_MAX: usize = 3;

/// Compares the four checkpoints with the logs; of partitions that are `missing` it was told already.
pub(super) fn check(
    directory: &Directory,
    missing: &BTreeSet<(String, i32)>,
    disk: &Arc<dyn Disk>,
    findings: &mut Findings,
) -> Result<(), CommandError> {
    let mut ends = BTreeMap::new();
    for name in [
        names::RECOVERY_POINTS,
        names::LOG_START_OFFSETS,
        names::HIGH_WATERMARKS,
        names::CLEANER_OFFSETS,
    ] {
        let path = directory.path.join(name);
        let offsets = match LogDir::new(directory.path.clone(), Arc::clone(disk)).read_offsets(name) {
            Ok(offsets) => offsets,
            Err(LogError::File { source, .. }) => {
                let remedy = "Stop the broker and delete it: it is written anew, after all logs were looked through.";
                findings.error(&path, source.to_string(), remedy);
                continue;
            }
            Err(error) => return Err(CommandError::io("reading a checkpoint", &error)),
        };
        // A broker at work writes all of this anew.
        if directory.left == Left::InUse {
            continue;
        }
        foreign(directory, missing, &path, &offsets, findings);
        for (partition, offset) in &offsets {
            let Some(replica) = directory.replicas.get(partition) else {
                continue;
            };
            if !ends.contains_key(partition) {
                ends.insert(partition.clone(), end_of(disk.as_ref(), &replica.path)?);
            }
            if let Some(Some(end)) = ends.get(partition)
                && offset > end
            {
                beyond(name, directory.left, &path, partition, (*offset, *end), findings);
            }
        }
    }
    Ok(())
}

/// Entries of partitions that are not in the directory.
fn foreign(
    directory: &Directory,
    missing: &BTreeSet<(String, i32)>,
    path: &Path,
    offsets: &Offsets,
    findings: &mut Findings,
) {
    let is_here = |partition: &(String, i32)| {
        directory.replicas.contains_key(partition)
            || directory.futures.contains(partition)
            || missing.contains(partition)
    };
    let foreign: Vec<String> = offsets
        .keys()
        .filter(|partition| !is_here(partition))
        .map(|(topic, partition)| format!("{topic}-{partition}"))
        .collect();
    if foreign.is_empty() {
        return;
    }
    let named = foreign.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
    let more = if foreign.len() > NAMED_MAX { ", ..." } else { "" };
    let message = format!(
        "it has {} that {} not in this directory: {named}{more}",
        counted(foreign.len(), "partition"),
        either(foreign.len(), "is", "are")
    );
    let remedy = "If they were deleted or moved, the next start drops them; otherwise their directories are missing.";
    findings.warning(path, message, remedy);
}

fn beyond(
    name: &str,
    left: Left,
    path: &Path,
    (topic, partition): &(String, i32),
    (offset, end): (i64, i64),
    findings: &mut Findings,
) {
    let what = match name {
        names::RECOVERY_POINTS => "recovery point",
        names::LOG_START_OFFSETS => "log start offset",
        names::HIGH_WATERMARKS => "high watermark",
        _ => "offset of the cleaner",
    };
    let message = format!("the {what} of {topic}-{partition} is {offset}, and its log ends at {end}");
    let lost =
        "Records are missing at the end of the log. If other replicas are in sync, the broker copies them from there.";
    // What was not synced may be lost with the machine; what was, and what is closed, may not.
    let is_loss = match name {
        names::RECOVERY_POINTS | names::LOG_START_OFFSETS => true,
        names::HIGH_WATERMARKS => left == Left::Clean,
        _ => false,
    };
    if is_loss {
        findings.error(path, message, lost);
    } else {
        findings.warning(path, message, "The next start takes the log's end instead.");
    }
}

/// Where a log ends; none if its end is damaged, which is the business of `logs verify`.
fn end_of(disk: &dyn Disk, dir: &Path) -> Result<Option<i64>, CommandError> {
    PartitionFiles::read(disk, dir)
        .and_then(|files| log_end_offset(disk, &files))
        .map_err(|error| CommandError::io("reading a log", &error))
}
