//! One file.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use broker_log::LogError;
use broker_log::disk::Disk;
use broker_log::offline::{Finding, Left, PartitionFiles, SegmentReport, verify_file, verify_segment};

use super::scope::{Scope, Task};

/// How often a finding in a directory that is in use is looked at again, and after how long: it may be a write in progress.
const LOOKS: u32 = 4;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(150);

/// What came of a file.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was read.
    Verified(SegmentReport),
    /// It was removed meanwhile.
    Gone,
    /// It cannot be read.
    Unreadable(String, LogError),
}

/// Verifies a file.
pub(super) fn run(scope: &Scope, task: &Task, disk: &dyn Disk) -> Outcome {
    let at = match task {
        Task::Segment(at, _) | Task::File(at, _) => *at,
    };
    let Some(directory) = scope.directories.get(at) else {
        return Outcome::Gone;
    };
    let (mut files, options) = (Cow::Borrowed(&directory.files), &directory.options);
    let path = match task {
        Task::Segment(_, base) => files.segment_path(*base),
        Task::File(_, name) => files.dir.join(name),
    };
    let look = |files: &PartitionFiles| match task {
        Task::Segment(_, base) => verify_segment(disk, files, *base, options),
        Task::File(_, name) => verify_file(disk, files, name, options).map(|findings| SegmentReport {
            findings,
            ..SegmentReport::default()
        }),
    };
    let mut report = look(&files);
    for _ in 1..LOOKS {
        let is_settled = report.as_ref().is_ok_and(|report| report.findings.is_empty());
        if is_settled || options.left != Left::InUse {
            break;
        }
        std::thread::sleep(LOOK_AGAIN_AFTER);
        // Compaction puts one segment in the place of several.
        if !files.segments.is_empty()
            && let Ok(now) = PartitionFiles::read(disk, &files.dir)
        {
            if let Task::Segment(_, base) = task
                && !now.segments.contains(base)
            {
                return Outcome::Gone;
            }
            files = Cow::Owned(now);
        }
        report = same_again(report, look(&files));
    }
    match report {
        Ok(report) => Outcome::Verified(report),
        // Segments go with retention, snapshots with time.
        Err(LogError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound && options.left == Left::InUse => {
            Outcome::Gone
        }
        Err(error) => Outcome::Unreadable(path.display().to_string(), error),
    }
}

/// Of two looks at a file that is in use, what both have seen.
fn same_again(
    before: Result<SegmentReport, LogError>,
    again: Result<SegmentReport, LogError>,
) -> Result<SegmentReport, LogError> {
    let (before, mut again) = match (before, again) {
        (Ok(before), Ok(again)) => (before, again),
        (_, again) => return again,
    };
    let same = |finding: &Finding| {
        let known = |other: &Finding| other.kind.name() == finding.kind.name() && other.position == finding.position;
        before.findings.iter().any(known)
    };
    again.findings.retain(same);
    Ok(again)
}
