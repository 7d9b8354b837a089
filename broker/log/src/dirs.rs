//! A log directory: partition directories, checkpoints, and the mark of a clean shutdown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::Uuid;
use protocol::files::{
    CheckpointEntry, format_checkpoint, format_clean_shutdown, format_partition_metadata, names, parse_checkpoint,
    parse_clean_shutdown, parse_partition_metadata,
};

use crate::disk::Disk;
use crate::error::LogError;
use crate::segment::io_error;

/// Most bytes of a checkpoint.
const CHECKPOINT_MAX_BYTES: u64 = 256 << 20;
/// Longest name of a directory marked for deletion (Kafka's rule).
const NAME_MAX_BYTES: usize = 255;

/// Ends the name of the directory of a deleted partition.
const DELETE_SUFFIX: &str = "-delete";
/// Ends the name of a directory that a replica is moved into (KIP-113).
const FUTURE_SUFFIX: &str = "-future";
/// Ends the name of a partition's directory that belongs to no topic.
const STRAY_SUFFIX: &str = "-stray";

/// Why a name is not that of a partition directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is not the name of a partition directory: expected TOPIC-PARTITION")]
pub struct DirError {
    name: String,
}

/// A partition directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDir {
    /// Where it is.
    pub path: PathBuf,
    /// Its topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// From partition.metadata, if it is there.
    pub topic_id: Option<Uuid>,
}

/// Partitions and offsets.
pub type Offsets = BTreeMap<(String, i32), i64>;

/// A log directory.
#[derive(Debug, Clone)]
pub struct LogDir {
    path: PathBuf,
    disk: Arc<dyn Disk>,
}

impl LogDir {
    /// The directory at `path`, which must exist when it is used.
    pub fn new(path: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Self { path, disk }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a partition's directory is or would be.
    pub fn partition_path(&self, topic: &str, partition: i32) -> PathBuf {
        self.path.join(format!("{topic}-{partition}"))
    }

    /// Topic and partition of a directory's name.
    pub fn parse_name(name: &str) -> Result<(String, i32), DirError> {
        let invalid = || DirError { name: name.to_owned() };
        let (topic, partition) = name.rsplit_once('-').ok_or_else(invalid)?;
        let partition: i32 = partition.parse().map_err(|_| invalid())?;
        if topic.is_empty() || partition < 0 {
            Err(invalid())
        } else {
            Ok((topic.to_owned(), partition))
        }
    }

    /// The partitions in use; other directories are left alone.
    pub fn scan(&self) -> Result<Vec<PartitionDir>, LogError> {
        let mut partitions = Vec::new();
        for entry in self.disk.list(&self.path).map_err(io_error("listing", &self.path))? {
            let path = self.path.join(&entry.name);
            if !entry.is_dir || entry.name == names::METADATA_LOG {
                continue;
            }
            if let Ok((topic, partition)) = Self::parse_name(&entry.name) {
                let topic_id = self.topic_id(&path)?;
                partitions.push(PartitionDir {
                    path,
                    topic,
                    partition,
                    topic_id,
                });
            }
        }
        Ok(partitions)
    }

    /// Directories of deleted partitions that are yet to be removed.
    pub fn deleted(&self) -> Result<Vec<PathBuf>, LogError> {
        let entries = self.disk.list(&self.path).map_err(io_error("listing", &self.path))?;
        let deleted = entries
            .into_iter()
            .filter(|entry| entry.is_dir && entry.name.ends_with(DELETE_SUFFIX));
        Ok(deleted.map(|entry| self.path.join(entry.name)).collect())
    }

    /// Directories that replicas were being moved into.
    pub fn futures(&self) -> Result<Vec<PartitionDir>, LogError> {
        let mut futures = Vec::new();
        for entry in self.disk.list(&self.path).map_err(io_error("listing", &self.path))? {
            if let Some((topic, partition)) = parse_future(&entry.name).filter(|_| entry.is_dir) {
                let path = self.path.join(&entry.name);
                let topic_id = self.topic_id(&path)?;
                futures.push(PartitionDir {
                    path,
                    topic,
                    partition,
                    topic_id,
                });
            }
        }
        Ok(futures)
    }

    /// The id of the topic that a partition's directory belongs to, if it says one.
    pub fn topic_id(&self, dir: &Path) -> Result<Option<Uuid>, LogError> {
        let path = dir.join(names::PARTITION_METADATA);
        // One whose bytes a failing machine lost says as much as one that is not there.
        let whole = format_partition_metadata(Uuid::ZERO).trim_end().len();
        let is_whole = |text: &String| text.trim_end().len() >= whole && !text.contains('\0');
        let Some(text) = self.read_text(&path)?.filter(is_whole) else {
            return Ok(None);
        };
        parse_partition_metadata(&text)
            .map(Some)
            .map_err(|source| LogError::File { path, source })
    }

    fn read_text(&self, path: &Path) -> Result<Option<String>, LogError> {
        match self.disk.read(path, CHECKPOINT_MAX_BYTES) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error("reading", path)(error)),
        }
    }

    /// Creates a partition's directory with its topic id. Both become durable with the first records of its log that
    /// do: thousands of partitions are created at a time, and one without a record has nothing to lose.
    pub fn create_partition(&self, topic: &str, partition: i32, topic_id: Uuid) -> Result<PathBuf, LogError> {
        self.create(self.partition_path(topic, partition), topic_id)
    }

    /// Creates a directory that a replica is to be moved into; `unique` tells it from others.
    pub fn create_future(
        &self,
        topic: &str,
        partition: i32,
        topic_id: Uuid,
        unique: Uuid,
    ) -> Result<PathBuf, LogError> {
        let name = format!("{topic}-{partition}");
        self.create(self.path.join(suffixed(&name, unique, FUTURE_SUFFIX)), topic_id)
    }

    fn create(&self, dir: PathBuf, topic_id: Uuid) -> Result<PathBuf, LogError> {
        self.disk.create_dir_all(&dir).map_err(io_error("creating", &dir))?;
        let path = dir.join(names::PARTITION_METADATA);
        let text = format_partition_metadata(topic_id);
        self.disk
            .put(&path, text.as_bytes(), false)
            .map_err(io_error("writing", &path))?;
        Ok(dir)
    }

    /// Renames a partition's directory so that it counts no longer; `unique` tells it from others.
    pub fn mark_deleted(&self, dir: &Path, unique: Uuid) -> Result<PathBuf, LogError> {
        self.rename(dir, unique, DELETE_SUFFIX)
    }

    /// Renames a partition's directory that nobody knows of any more, and keeps it.
    pub fn mark_stray(&self, dir: &Path, unique: Uuid) -> Result<PathBuf, LogError> {
        self.rename(dir, unique, STRAY_SUFFIX)
    }

    /// Makes the directory that a replica was moved into the partition's.
    pub fn promote_future(&self, dir: &Path, topic: &str, partition: i32) -> Result<PathBuf, LogError> {
        self.rename_to(dir, self.partition_path(topic, partition))
    }

    fn rename(&self, dir: &Path, unique: Uuid, suffix: &str) -> Result<PathBuf, LogError> {
        let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        self.rename_to(dir, self.path.join(suffixed(name, unique, suffix)))
    }

    fn rename_to(&self, dir: &Path, target: PathBuf) -> Result<PathBuf, LogError> {
        self.disk.rename(dir, &target).map_err(io_error("renaming", dir))?;
        self.disk
            .sync_dir(&self.path)
            .map_err(io_error("syncing", &self.path))?;
        Ok(target)
    }

    /// The offsets in a checkpoint; none if it is not there.
    pub fn read_offsets(&self, name: &str) -> Result<Offsets, LogError> {
        let path = self.path.join(name);
        let Some(text) = self.read_text(&path)? else {
            return Ok(Offsets::new());
        };
        let entries = parse_checkpoint(&text).map_err(|source| LogError::File { path, source })?;
        Ok(entries
            .into_iter()
            .map(|entry| ((entry.topic, entry.partition), entry.offset))
            .collect())
    }

    /// Writes a checkpoint.
    pub fn write_offsets(&self, name: &str, offsets: &Offsets) -> Result<(), LogError> {
        let path = self.path.join(name);
        let entry = |((topic, partition), offset): (&(String, i32), &i64)| CheckpointEntry {
            topic: topic.clone(),
            partition: *partition,
            offset: *offset,
        };
        let entries: Vec<CheckpointEntry> = offsets.iter().map(entry).collect();
        let text = format_checkpoint(&entries);
        self.disk
            .write_atomic(&path, text.as_bytes())
            .map_err(io_error("writing", &path))
    }

    /// Whether the last shutdown was clean, and the broker's epoch then. The mark is removed: it is true of one start
    /// only.
    pub fn take_clean_shutdown(&self) -> Result<Option<Option<i64>>, LogError> {
        let path = self.path.join(names::CLEAN_SHUTDOWN);
        let Some(text) = self.read_text(&path)? else {
            return Ok(None);
        };
        self.disk.remove_file(&path).map_err(io_error("removing", &path))?;
        self.disk
            .sync_dir(&self.path)
            .map_err(io_error("syncing", &self.path))?;
        Ok(Some(parse_clean_shutdown(&text)))
    }

    /// Marks the shutdown as clean; nothing may be written to the directory after it.
    pub fn write_clean_shutdown(&self, broker_epoch: i64) -> Result<(), LogError> {
        let path = self.path.join(names::CLEAN_SHUTDOWN);
        let text = format_clean_shutdown(broker_epoch);
        self.disk
            .write_atomic(&path, text.as_bytes())
            .map_err(io_error("writing", &path))
    }
}

/// A directory's name with a suffix, no longer than names may be.
fn suffixed(name: &str, unique: Uuid, suffix: &str) -> String {
    let id: String = unique.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let suffix = format!(".{id}{suffix}");
    let kept = NAME_MAX_BYTES.saturating_sub(suffix.len()).min(name.len());
    format!("{}{suffix}", name.get(..kept).unwrap_or(name))
}

/// Topic and partition of a directory that a replica is moved into: TOPIC-PARTITION.UNIQUE-future.
fn parse_future(name: &str) -> Option<(String, i32)> {
    let (name, unique) = name.strip_suffix(FUTURE_SUFFIX)?.rsplit_once('.')?;
    let is_unique = unique.len() == 32 && unique.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_unique.then(|| LogDir::parse_name(name).ok()).flatten()
}

/// The broker's epoch when it stopped, as [`LogDir::take_clean_shutdown`] of each of its directories tells it. None unless
/// all of them were closed under one epoch: a directory that was not may lack what the broker acknowledged.
pub fn epoch_of_clean_end(marks: &[Option<Option<i64>>]) -> Option<i64> {
    let first = marks.first().copied().flatten().flatten();
    first.filter(|epoch| marks.iter().all(|mark| *mark == Some(Some(*epoch))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::SimDisk;

    #[test]
    fn partitions_checkpoints_and_the_clean_mark() {
        let disk = Arc::new(SimDisk::default());
        disk.create_dir_all(Path::new("/d/lost+found")).unwrap();
        let dir = LogDir::new("/d".into(), disk);
        let id = Uuid::from_u128(900);
        let path = dir.create_partition("a-b.c", 3, id).unwrap();
        let found = dir.scan().unwrap();
        assert_eq!((found.len(), dir.deleted().unwrap().len()), (1, 0));
        assert_eq!(
            (found[0].topic.as_str(), found[0].partition, found[0].topic_id),
            ("a-b.c", 3, Some(id))
        );
        let gone = dir.mark_deleted(&path, Uuid::from_u128(1)).unwrap();
        assert_eq!(gone, Path::new("/d/a-b.c-3.00000000000000000000000000000001-delete"));
        assert_eq!((dir.scan().unwrap(), dir.deleted().unwrap()), (vec![], vec![gone]));
        let path = dir.create_partition("a", 0, id).unwrap();
        let stray = dir.mark_stray(&path, Uuid::from_u128(2)).unwrap();
        assert_eq!(stray, Path::new("/d/a-0.00000000000000000000000000000002-stray"));
        assert_eq!(dir.deleted().unwrap().len(), 1, "a stray one is kept");

        let future = dir.create_future("a", 1, id, Uuid::from_u128(3)).unwrap();
        assert_eq!(future, Path::new("/d/a-1.00000000000000000000000000000003-future"));
        assert!(dir.scan().unwrap().is_empty());
        let found = dir.futures().unwrap();
        assert_eq!(
            (found[0].topic.as_str(), found[0].partition, found[0].topic_id),
            ("a", 1, Some(id))
        );
        let path = dir.promote_future(&future, "a", 1).unwrap();
        assert_eq!(
            (dir.scan().unwrap()[0].path.clone(), dir.futures().unwrap()),
            (path, vec![])
        );

        let offsets = Offsets::from([(("t".to_owned(), 0), 5)]);
        dir.write_offsets(names::RECOVERY_POINTS, &offsets).unwrap();
        assert_eq!(dir.read_offsets(names::RECOVERY_POINTS).unwrap(), offsets);
        assert_eq!(dir.take_clean_shutdown().unwrap(), None);
        dir.write_clean_shutdown(12).unwrap();
        assert_eq!(dir.take_clean_shutdown().unwrap(), Some(Some(12)));
        assert_eq!(dir.take_clean_shutdown().unwrap(), None);
    }

    #[test]
    fn an_end_is_clean_if_it_is_so_in_all_directories() {
        let (clean, other, unknown) = (Some(Some(7)), Some(Some(6)), Some(None));
        assert_eq!(epoch_of_clean_end(&[clean, clean]), Some(7));
        for marks in [
            &[][..],
            &[clean, None],
            &[None, clean],
            &[clean, other],
            &[unknown, clean],
        ] {
            assert_eq!(epoch_of_clean_end(marks), None, "{marks:?}");
        }
    }

    #[test]
    fn names_of_other_directories() {
        for bad in ["topic", "-1", "t-x", ""] {
            assert!(LogDir::parse_name(bad).is_err(), "{bad}");
        }
        for bad in [
            "a-1-future",
            "a-1.3-future",
            "-1.00000000000000000000000000000003-future",
        ] {
            assert_eq!(parse_future(bad), None, "{bad}");
        }
    }
}
