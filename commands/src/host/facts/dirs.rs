//! A broker's log directories: space, owners, and how many partitions and segments they have.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use protocol::files::{MetaProperties, names};

use super::fact::Fact;
use super::measured::{Counts, DirState, Space};
use super::root::{Root, of_error};

/// Most files of a log directory that are counted.
const FILES_MAX: u64 = 5_000_000;

/// A log directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogDir {
    /// Its path.
    pub(crate) path: String,
    /// What it is.
    pub(crate) state: Fact<DirState>,
    /// Space of its file system.
    pub(crate) space: Fact<Space>,
    /// What its meta.properties says.
    pub(crate) meta: Fact<MetaProperties>,
}

impl LogDir {
    pub(crate) fn read(root: &Root, path: &str) -> Self {
        let meta = root.read(&format!("{path}/{}", names::META_PROPERTIES));
        Self {
            path: path.to_owned(),
            state: root.measure(
                || state(Path::new(path)),
                |measured, state| drop(measured.dirs.insert(path.to_owned(), state)),
                |measured| measured.dirs.get(path).cloned(),
            ),
            space: root.measure(
                || space(Path::new(path)),
                |measured, space| drop(measured.spaces.insert(path.to_owned(), space)),
                |measured| measured.spaces.get(path).cloned(),
            ),
            meta: meta.and_then(|bytes| match MetaProperties::parse(&bytes) {
                Ok(meta) => Fact::Present(meta),
                Err(error) => Fact::Unreadable(error.to_string()),
            }),
        }
    }

    /// What it has in it.
    pub(crate) fn counts(&self) -> Fact<Counts> {
        self.state.as_ref().and_then(|state| state.counts.clone())
    }
}

fn state(path: &Path) -> Fact<DirState> {
    match fs::metadata(path) {
        Err(error) => of_error(&error),
        Ok(metadata) => Fact::Present(DirState {
            is_dir: metadata.is_dir(),
            uid: metadata.uid(),
            gid: metadata.gid(),
            mode: metadata.mode() & 0o7777,
            counts: count(path),
        }),
    }
}

fn space(path: &Path) -> Fact<Space> {
    match rustix::fs::statvfs(path) {
        Err(error) => of_error(&error.into()),
        Ok(stat) => Fact::Present(Space {
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            inodes: stat.f_files,
            free_inodes: stat.f_favail,
        }),
    }
}

/// Counts partitions and their files. What vanishes meanwhile is not counted: a broker deletes segments as it runs.
fn count(path: &Path) -> Fact<Counts> {
    let mut counts = Counts::default();
    let mut files = 0_u64;
    let partitions = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return of_error(&error),
    };
    for partition in partitions
        .flatten()
        .filter(|entry| is_partition(&entry.file_name().to_string_lossy()))
    {
        let inner = match fs::read_dir(partition.path()) {
            Ok(inner) => inner,
            Err(error) => match of_error(&error) {
                Fact::Absent => continue,
                unreadable => return unreadable,
            },
        };
        counts.partitions += 1;
        for file in inner.flatten() {
            match Path::new(&file.file_name())
                .extension()
                .and_then(|suffix| suffix.to_str())
            {
                Some("log") => counts.segments += 1,
                Some("index" | "timeindex") => counts.indexes += 1,
                _ => {}
            }
            files += 1;
            if files > FILES_MAX {
                return Fact::Unreadable(format!("has more than {FILES_MAX} files"));
            }
        }
    }
    Fact::Present(counts)
}

/// Whether a folder is a partition's: its topic, a hyphen, its number.
fn is_partition(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(topic, number)| {
        !topic.is_empty() && !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_and_their_files_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "a-0/0.log",
            "a-0/0.index",
            "a-0/0.timeindex",
            "a-0/1.log",
            "b-12/leader-epoch-checkpoint",
            "x/0.log",
        ] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        fs::write(dir.path().join("meta.properties"), "version=1\n").unwrap();
        let counts = Counts {
            partitions: 2,
            segments: 2,
            indexes: 2,
        };
        assert_eq!(count(dir.path()), Fact::Present(counts));
        assert_eq!(count(&dir.path().join("missing")), Fact::Absent);
    }
}
