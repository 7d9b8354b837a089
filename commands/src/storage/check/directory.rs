//! What is in a log directory, and whether several of them are of one node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_log::disk::Disk;
use broker_log::offline::{Left, PartitionFiles, VerifyOptions, verify_file};
use broker_log::{LogDir, PartitionDir};
use protocol::Uuid;
use protocol::files::{MetaProperties, names, parse_partition_metadata};

use super::report::Findings;
use crate::data_dir;
use crate::error::CommandError;

/// What Kafka has in a log directory besides partitions.
const OTHERS: [&str; 1] = ["remote-log-index-cache"];

/// A log directory.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) path: PathBuf,
    pub(super) meta: Option<MetaProperties>,
    pub(super) left: Left,
    /// The partitions in use, by topic and partition.
    pub(super) replicas: BTreeMap<(String, i32), PartitionDir>,
    /// Directories that replicas are moved into.
    pub(super) futures: Vec<(String, i32)>,
    /// The metadata's log.
    pub(super) metadata_log: Option<PathBuf>,
    /// Total and usable bytes.
    pub(super) space: (u64, u64),
}

/// Topic and partition of a directory that ends like this.
fn marked<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    name.strip_suffix(suffix)?.rsplit_once('.').map(|(name, _)| name)
}

impl Directory {
    /// Looks into a directory.
    pub(super) fn read(path: &Path, disk: &Arc<dyn Disk>, findings: &mut Findings) -> Result<Self, CommandError> {
        let failed = |action: &str, error: &dyn std::fmt::Display| {
            CommandError::io(&format!("{action} {}", path.display()), error)
        };
        let mut directory = Self {
            path: path.to_owned(),
            meta: meta(path, findings),
            left: data_dir::left(path),
            replicas: BTreeMap::new(),
            futures: Vec::new(),
            metadata_log: None,
            space: disk
                .space(path)
                .map_err(|error| failed("asking for the space of", &error))?,
        };
        for entry in disk.list(path).map_err(|error| failed("listing", &error))? {
            if entry.is_dir {
                directory.add(&entry.name, findings);
            }
        }
        if directory.left == Left::InUse {
            findings.info(path, "a broker is at work here", "What changes meanwhile is not told.");
        } else if directory.left == Left::Unclean && !directory.replicas.is_empty() {
            let message = "the broker was not shut down cleanly";
            findings.info(
                path,
                message,
                "The next start recovers each log from its recovery point on.",
            );
        }
        directory.bootstrap(disk.as_ref(), findings);
        Ok(directory)
    }

    /// A directory in it.
    fn add(&mut self, name: &str, findings: &mut Findings) {
        let path = self.path.join(name);
        if name == names::METADATA_LOG {
            self.metadata_log = Some(path);
        } else if name.ends_with("-delete") {
            if self.left != Left::InUse {
                let message = "the partition was deleted, and its files are still here";
                findings.info(&path, message, "The next start removes them.");
            }
        } else if name.ends_with("-stray") {
            let message = "the replica belongs to no topic, or not to this node, and was set aside";
            findings.warning(&path, message, "It takes space until it is removed; look at it first.");
        } else if let Some(partition) = marked(name, "-future").and_then(|name| LogDir::parse_name(name).ok()) {
            let message = "the replica was being moved here from another directory";
            findings.info(&path, message, "The next start goes on with that.");
            self.futures.push(partition);
        } else if let Ok((topic, partition)) = LogDir::parse_name(name) {
            let topic_id = topic_id(&path, findings);
            let replica = PartitionDir {
                path,
                topic: topic.clone(),
                partition,
                topic_id,
            };
            self.replicas.insert((topic, partition), replica);
        } else if !OTHERS.contains(&name) {
            let message = "this is no directory of a partition: Apache Kafka does not start with it";
            findings.warning(
                &path,
                message,
                "Move it away, or make a directory below the mount point the log directory.",
            );
        }
    }

    fn bootstrap(&self, disk: &dyn Disk, findings: &mut Findings) {
        let name = names::BOOTSTRAP_CHECKPOINT;
        let path = self.path.join(name);
        if !path.exists() {
            return;
        }
        let options = VerifyOptions {
            left: self.left,
            recovery_point: None,
            unpack_max_bytes: None,
        };
        let wrong = match verify_file(disk, &PartitionFiles::bare(&self.path, Vec::new()), name, &options) {
            Ok(found) => found.first().map(|finding| finding.kind.to_string()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(wrong) = wrong {
            let remedy = "Only a cluster's first start needs it; a node that has a metadata log starts without it.";
            findings.error(&path, wrong, remedy);
        }
    }

    /// From meta.properties.
    pub(super) fn directory_id(&self) -> Option<Uuid> {
        self.meta.as_ref()?.directory_id
    }
}

fn meta(dir: &Path, findings: &mut Findings) -> Option<MetaProperties> {
    let path = dir.join(names::META_PROPERTIES);
    let read = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let remedy = "storage format --ignore-formatted prepares a new one. If it held data, put back meta.properties with its directory.id.";
            findings.error(
                &path,
                "the directory is not formatted: no broker starts with it",
                remedy,
            );
            return None;
        }
        read => read.map_err(|error| error.to_string()),
    };
    match read.and_then(|bytes| MetaProperties::parse(&bytes).map_err(|error| error.to_string())) {
        Ok(meta) => Some(meta),
        Err(error) => {
            let remedy = "Write it anew: version=1, cluster.id and node.id as in the other directories, and the directory.id that the metadata has.";
            findings.error(&path, error, remedy);
            None
        }
    }
}

/// The topic that a partition's directory says it is of.
fn topic_id(dir: &Path, findings: &mut Findings) -> Option<Uuid> {
    let path = dir.join(names::PARTITION_METADATA);
    match std::fs::read_to_string(&path) {
        Ok(text) => match parse_partition_metadata(&text) {
            Ok(id) => Some(id),
            Err(error) => {
                findings.error(
                    &path,
                    error.to_string(),
                    "Write version: 0 and topic_id: with the topic's id, one a line.",
                );
                None
            }
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if has_records(dir) {
                let message = "it is missing, and the log has records: the broker takes them for no topic's";
                findings.error(
                    &path,
                    message,
                    "Write version: 0 and topic_id: with the topic's id, one a line.",
                );
            } else {
                findings.info(&path, "it is missing", "The next start writes it.");
            }
            None
        }
        Err(error) => {
            findings.error(&path, error.to_string(), "Mend what keeps it from being read.");
            None
        }
    }
}

fn has_records(dir: &Path) -> bool {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut logs = files.filter(|file| file.path().extension().is_some_and(|suffix| suffix == "log"));
    logs.any(|file| file.metadata().is_ok_and(|metadata| metadata.len() > 0))
}

/// Whether the directories are those of one node, each with an id of its own.
pub(super) fn compare(directories: &[Directory], node_id: Option<i32>, findings: &mut Findings) {
    let mut ids: BTreeMap<Uuid, &Path> = BTreeMap::new();
    let mut first: Option<(&MetaProperties, &Path)> = None;
    for directory in directories {
        let path = directory.path.join(names::META_PROPERTIES);
        let Some(meta) = &directory.meta else { continue };
        if let (Some(expected), Some(found)) = (node_id, meta.node_id)
            && expected != found
        {
            let message = format!("node.id is {found}, and {expected} in the configuration");
            findings.error(
                &path,
                message,
                "The disk is that of another node, or node.id was changed.",
            );
        }
        match first {
            None => first = Some((meta, &directory.path)),
            Some((other, of)) => {
                let of = of.display();
                if other.cluster_id != meta.cluster_id {
                    let (ours, theirs) = (text(meta.cluster_id.as_ref()), text(other.cluster_id.as_ref()));
                    let message = format!("cluster.id is {ours}, and {theirs} in {of}");
                    findings.error(
                        &path,
                        message,
                        "The disks are of two clusters: no broker starts with both.",
                    );
                }
                if other.node_id != meta.node_id {
                    let (ours, theirs) = (text(meta.node_id.as_ref()), text(other.node_id.as_ref()));
                    let message = format!("node.id is {ours}, and {theirs} in {of}");
                    findings.error(
                        &path,
                        message,
                        "The disks are of two nodes: no broker starts with both.",
                    );
                }
            }
        }
        let Some(id) = meta.directory_id else {
            findings.info(&path, "it has no directory.id", "The next start gives it one.");
            continue;
        };
        if id.is_reserved() {
            findings.error(
                &path,
                format!("directory.id {id} is reserved"),
                "Remove the line: the next start gives it one.",
            );
        }
        if let Some(other) = ids.insert(id, &directory.path) {
            let message = format!("directory.id {id} is that of {}, too", other.display());
            let remedy = "One is a copy of the other: find out which, and remove the line from the copy.";
            findings.error(&path, message, remedy);
        }
    }
    compare_ends(directories, findings);
}

/// Whether all directories were closed by the same stop.
fn compare_ends(directories: &[Directory], findings: &mut Findings) {
    let is_some_clean = directories.iter().any(|dir| dir.left == Left::Clean);
    let unclean = directories.iter().filter(|dir| dir.left == Left::Unclean);
    for directory in unclean.filter(|dir| is_some_clean && !dir.replicas.is_empty()) {
        findings.warning(
            &directory.path,
            "this directory was not closed cleanly, and others of the node were",
            "It failed, or was not mounted, when the broker stopped; its logs are recovered at the next start.",
        );
    }
}

fn text(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "not given".to_owned(), ToString::to_string)
}
