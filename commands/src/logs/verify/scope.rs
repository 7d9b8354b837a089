//! Which files are to be verified, and what is known of where they are.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use broker_log::disk::Disk;
use broker_log::offline::{Left, PartitionFiles, VerifyOptions};
use broker_log::{LogDir, Offsets};
use protocol::files::names;

use super::VerifyArgs;
use crate::data_dir;
use crate::error::CommandError;
use crate::offsets::time::{now_ms, parse_datetime, parse_span};

/// A directory of files that belong together.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) files: PartitionFiles,
    pub(super) options: VerifyOptions,
}

/// A file to be verified.
#[derive(Debug)]
pub(super) enum Task {
    /// The segment of a directory with this base offset.
    Segment(usize, i64),
    /// Another file of a directory.
    File(usize, String),
}

/// What a log directory says of its logs.
struct LogDirFacts {
    left: Left,
    recovery_points: Option<Offsets>,
}

impl LogDirFacts {
    fn of(dir: &Path, disk: &Arc<dyn Disk>) -> Result<Self, CommandError> {
        let recovery_points = data_dir::offsets(dir, names::RECOVERY_POINTS, disk)
            .map_err(|error| CommandError::io(&format!("reading {}", dir.display()), &error))?;
        Ok(Self {
            left: data_dir::left(dir),
            recovery_points,
        })
    }

    /// What is known of the log in one of its directories.
    fn options(&self, dir: &Path, args: &VerifyArgs) -> VerifyOptions {
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let unpack_max_bytes = args.deep.then_some(args.max_message_size);
        let partition = LogDir::parse_name(name).ok().filter(|_| name != names::METADATA_LOG);
        let Some(partition) = partition else {
            // The marks of a directory are not about the metadata's log, nor about copies and strays.
            let is_clean = self.left == Left::Clean;
            return VerifyOptions {
                left: if is_clean { Left::Unknown } else { self.left },
                recovery_point: None,
                unpack_max_bytes,
            };
        };
        let points = self.recovery_points.as_ref();
        VerifyOptions {
            left: self.left,
            recovery_point: points.and_then(|points| points.get(&partition).copied()),
            unpack_max_bytes,
        }
    }
}

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) directories: Vec<Directory>,
    pub(super) tasks: Vec<Task>,
    /// Of all segments.
    pub(super) size_bytes: u64,
    pub(super) segments: u64,
    pub(super) in_use: bool,
}

/// A time, or how long ago it is; milliseconds since 1970.
pub(super) fn parse_since(text: &str) -> Result<i64, String> {
    if let Ok(span_ms) = parse_span(text) {
        return Ok(now_ms().saturating_sub(span_ms));
    }
    parse_datetime(text).map_err(|_| {
        format!("\"{text}\" is neither a time such as 2026-11-27T14:30:00Z nor a duration such as 90m or P1D")
    })
}

impl Scope {
    /// All that the paths name.
    pub(super) fn of(args: &VerifyArgs, disk: &Arc<dyn Disk>) -> Result<Self, CommandError> {
        let mut scope = Self::default();
        for path in &args.paths {
            let shown = path.display();
            if !path.exists() {
                return Err(CommandError::not_found(format!("{shown} does not exist")));
            }
            if !path.is_dir() {
                scope.add_file(path, args, disk)?;
            } else if is_partition(path) {
                let facts = LogDirFacts::of(&parent(path), disk)?;
                scope.add_partition(path, &facts, args, disk)?;
            } else {
                scope.add_log_dir(path, args, disk)?;
            }
        }
        Ok(scope)
    }

    fn add_log_dir(&mut self, dir: &Path, args: &VerifyArgs, disk: &Arc<dyn Disk>) -> Result<(), CommandError> {
        let entries = disk.list(dir).map_err(|error| unlisted(dir, &error))?;
        let partitions: Vec<PathBuf> = entries
            .iter()
            .filter(|entry| entry.is_dir && is_partition_name(&entry.name))
            .map(|entry| dir.join(&entry.name))
            .collect();
        let is_log_dir = dir.join(names::META_PROPERTIES).exists();
        if partitions.is_empty() && !is_log_dir {
            return Err(
                CommandError::data(format!("{} has neither partitions nor segments", dir.display()))
                    .hint("name a log directory, which is in log.dirs, or the directory of a partition"),
            );
        }
        let checkpoints = [
            names::RECOVERY_POINTS,
            names::LOG_START_OFFSETS,
            names::HIGH_WATERMARKS,
            names::CLEANER_OFFSETS,
            names::BOOTSTRAP_CHECKPOINT,
        ];
        let there = checkpoints.iter().filter(|name| dir.join(name).exists());
        let others = there.map(|name| (*name).to_owned()).collect();
        let files = PartitionFiles::bare(dir, others);
        let facts = LogDirFacts::of(dir, disk)?;
        self.add(files, &facts, args);
        for partition in partitions {
            self.add_partition(&partition, &facts, args, disk)?;
        }
        Ok(())
    }

    fn add_partition(
        &mut self,
        dir: &Path,
        facts: &LogDirFacts,
        args: &VerifyArgs,
        disk: &Arc<dyn Disk>,
    ) -> Result<(), CommandError> {
        let files = PartitionFiles::read(disk.as_ref(), dir)
            .map_err(|error| CommandError::io(&format!("reading {}", dir.display()), &error))?;
        self.add(files, facts, args);
        Ok(())
    }

    fn add(&mut self, files: PartitionFiles, facts: &LogDirFacts, args: &VerifyArgs) {
        let at = self.directories.len();
        let segments = files.segments.clone();
        for base_offset in segments {
            let path = files.segment_path(base_offset);
            let Ok(metadata) = std::fs::metadata(&path) else {
                continue;
            };
            let modified = metadata.modified().ok();
            let since = args
                .since
                .map(|ms| UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0)));
            if since.is_some_and(|since| modified.is_some_and(|modified| modified < since)) {
                continue;
            }
            self.segments += 1;
            self.size_bytes += metadata.len();
            self.tasks.push(Task::Segment(at, base_offset));
        }
        let others = files.others.iter().map(|name| Task::File(at, name.clone()));
        self.tasks.extend(others);
        let options = facts.options(&files.dir, args);
        self.in_use |= options.left == Left::InUse;
        self.directories.push(Directory { files, options });
    }

    /// One file, and what is known from those around it.
    fn add_file(&mut self, path: &Path, args: &VerifyArgs, disk: &Arc<dyn Disk>) -> Result<(), CommandError> {
        let dir = parent(path);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let before = self.tasks.len();
        let known_above = [
            names::BOOTSTRAP_CHECKPOINT,
            names::RECOVERY_POINTS,
            names::LOG_START_OFFSETS,
            names::HIGH_WATERMARKS,
            names::CLEANER_OFFSETS,
        ];
        if known_above.contains(&name) {
            let files = PartitionFiles::bare(&dir, vec![name.to_owned()]);
            self.add(files, &LogDirFacts::of(&dir, disk)?, args);
            return Ok(());
        }
        let stem = name.split('.').next().unwrap_or_default();
        let is_segment = name
            .strip_prefix(stem)
            .is_some_and(|suffix| [".log", ".index", ".timeindex", ".txnindex"].contains(&suffix));
        let (segments, bytes) = (self.segments, self.size_bytes);
        let facts = LogDirFacts::of(&parent(&dir), disk)?;
        self.add_partition(&dir, &facts, args, disk)?;
        let wanted = |task: &Task, scope: &Self| match task {
            Task::Segment(at, base) => {
                let path = scope.directories.get(*at).map(|dir| dir.files.segment_path(*base));
                is_segment && path.is_some_and(|path| path.file_stem().is_some_and(|found| found == stem))
            }
            Task::File(_, found) => found == name,
        };
        let added = self.tasks.split_off(before);
        let task = added.into_iter().find(|task| wanted(task, self));
        (self.segments, self.size_bytes) = (segments, bytes);
        let Some(task) = task else {
            return Err(
                CommandError::data(format!("{} is no file that can be verified", path.display()))
                    .hint("segments, indexes, snapshots and checkpoints are known by their names"),
            );
        };
        if let Task::Segment(at, base) = &task
            && let Some(dir) = self.directories.get(*at)
        {
            self.segments += 1;
            self.size_bytes += disk.size(&dir.files.segment_path(*base)).unwrap_or(0);
        }
        self.tasks.push(task);
        Ok(())
    }
}

fn unlisted(dir: &Path, error: &std::io::Error) -> CommandError {
    CommandError::io(&format!("listing {}", dir.display()), error)
}

fn parent(path: &Path) -> PathBuf {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    full.parent().map_or(full.clone(), Path::to_owned)
}

/// Whether a directory holds a log.
fn is_partition(dir: &Path) -> bool {
    let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let has_segments = || {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .any(|name| name.ends_with(".log") && name.len() == 24)
    };
    !dir.join(names::META_PROPERTIES).exists() && (is_partition_name(name) || has_segments())
}

/// Names of directories whose logs are still somebody's: not those on their way out.
fn is_partition_name(name: &str) -> bool {
    let name = name
        .strip_suffix("-future")
        .or_else(|| name.strip_suffix("-stray"))
        .map_or(name, |name| name.rsplit_once('.').map_or(name, |(name, _)| name));
    !name.ends_with("-delete") && LogDir::parse_name(name).is_ok()
}
