//! Replicas that are here, against those that the metadata says are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use broker_log::PartitionDir;
use planner::counted::counted;
use protocol::Uuid;

use super::directory::Directory;
use super::metadata::{Metadata, Topic};
use super::report::Findings;

const STRAY: &str =
    "The next start sets it aside, its name ending in -stray, if the metadata that the broker gets by then agrees.";
const LOST: &str = "If other replicas are in sync, the next start copies it from them. Otherwise find the directory first: \
                    its records are lost once the broker leads it without them.";

/// Compares replicas with their assignments; those that are missing.
pub(super) fn check(
    directories: &[Directory],
    metadata: Option<&Metadata>,
    node_id: Option<i32>,
    findings: &mut Findings,
) -> BTreeSet<(String, i32)> {
    twice(directories, findings);
    let (Some(metadata), Some(node_id)) = (metadata, node_id) else {
        return BTreeSet::new();
    };
    let by_name: BTreeMap<&str, Uuid> = metadata
        .topics
        .iter()
        .map(|(id, topic)| (topic.name.as_str(), *id))
        .collect();
    for directory in directories {
        for replica in directory.replicas.values() {
            if let Some(wrong) = wrong(replica, metadata, &by_name, node_id, directory) {
                match wrong {
                    Wrong::Stray(message) => findings.warning(&replica.path, message, STRAY),
                    Wrong::OtherTopic(message) => {
                        let remedy = "It was renamed or copied by hand: give it back its name, or move it away.";
                        findings.error(&replica.path, message, remedy);
                    }
                    Wrong::OtherDirectory(message) => {
                        let remedy = "The next start tells the controller where it is.";
                        findings.warning(&replica.path, message, remedy);
                    }
                }
            }
        }
        for (topic, partition) in &directory.futures {
            let key = (topic.clone(), *partition);
            if !directories.iter().any(|dir| dir.replicas.contains_key(&key)) {
                let path = directory.path.join(format!("{topic}-{partition}"));
                let message = "the replica was being moved here, and where it came from is gone";
                findings.warning(
                    &path,
                    message,
                    "The next start makes the copy the replica, as far as it has come.",
                );
            }
        }
    }
    missing(directories, metadata, node_id, findings)
}

/// A replica in two directories.
fn twice(directories: &[Directory], findings: &mut Findings) {
    let mut seen: BTreeMap<&(String, i32), &Path> = BTreeMap::new();
    for directory in directories {
        for (partition, replica) in &directory.replicas {
            if let Some(other) = seen.insert(partition, &replica.path) {
                let message = format!(
                    "the replica is in {}, too: a broker does not start with both",
                    other.display()
                );
                findings.error(
                    &replica.path,
                    message,
                    "Keep the one that goes further, and move the other away.",
                );
            }
        }
    }
}

enum Wrong {
    Stray(String),
    OtherTopic(String),
    OtherDirectory(String),
}

/// What is wrong with a replica that is here.
fn wrong(
    replica: &PartitionDir,
    metadata: &Metadata,
    by_name: &BTreeMap<&str, Uuid>,
    node_id: i32,
    directory: &Directory,
) -> Option<Wrong> {
    // One without an id has been told of.
    let id = replica.topic_id?;
    let Some(topic) = metadata.topics.get(&id) else {
        let now = by_name.get(replica.topic.as_str());
        return Some(Wrong::Stray(match now {
            Some(now) => format!(
                "topic {} has id {now}, and this is a replica of {id}: the topic was deleted and made again",
                replica.topic
            ),
            None => format!("no topic has id {id}"),
        }));
    };
    if topic.name != replica.topic {
        return Some(Wrong::OtherTopic(format!(
            "topic {id} is {}, not {}",
            topic.name, replica.topic
        )));
    }
    let Some(assigned) = topic.partitions.get(&replica.partition) else {
        return Some(Wrong::Stray(format!(
            "topic {} has no partition {}",
            topic.name, replica.partition
        )));
    };
    let Some(expected) = assigned.directory_of(node_id) else {
        let replicas: Vec<String> = assigned.replicas.iter().map(ToString::to_string).collect();
        let message = format!(
            "the partition's replicas are on {}, and not on node {node_id}",
            replicas.join(", ")
        );
        return Some(Wrong::Stray(message));
    };
    let is_elsewhere = !expected.is_reserved() && directory.directory_id().is_some_and(|id| id != expected);
    is_elsewhere.then(|| Wrong::OtherDirectory(format!("the metadata has the replica in directory {expected}")))
}

/// Replicas that are not here.
fn missing(
    directories: &[Directory],
    metadata: &Metadata,
    node_id: i32,
    findings: &mut Findings,
) -> BTreeSet<(String, i32)> {
    let mut missing = BTreeSet::new();
    let mut elsewhere: BTreeMap<Uuid, usize> = BTreeMap::new();
    for topic in metadata.topics.values() {
        for (partition, directory) in of_node(topic, node_id) {
            let key = (topic.name.clone(), partition);
            let is_here = directories
                .iter()
                .any(|dir| dir.replicas.contains_key(&key) || dir.futures.contains(&key));
            // The broker makes those that were never given a directory.
            if is_here || (directory.is_reserved() && directory != Uuid::TWO) {
                continue;
            }
            match directories.iter().find(|dir| dir.directory_id() == Some(directory)) {
                Some(dir) => {
                    let path = dir.path.join(format!("{}-{partition}", topic.name));
                    findings.error(
                        &path,
                        "the replica is missing: the metadata has it in this directory",
                        LOST,
                    );
                    missing.insert(key);
                }
                None => *elsewhere.entry(directory).or_default() += 1,
            }
        }
    }
    let Some(first) = directories.first() else {
        return missing;
    };
    for (directory, count) in elsewhere {
        let is_registered = metadata
            .log_dirs
            .get(&node_id)
            .is_some_and(|dirs| dirs.contains(&directory));
        let replicas = counted(count, "replica");
        let message =
            format!("the metadata has {replicas} of this node in directory {directory}, which is none of these");
        let remedy = if is_registered {
            "Name all directories of the node. If the disk is gone, these are copied from other replicas."
        } else {
            "The disk was replaced or removed; these are copied from other replicas."
        };
        findings.warning(&first.path, message, remedy);
    }
    missing
}

/// Partitions of a topic that have a replica on the node, and its directory.
fn of_node(topic: &Topic, node_id: i32) -> impl Iterator<Item = (i32, Uuid)> {
    let assigned = topic.partitions.iter();
    assigned.filter_map(move |(partition, assigned)| Some((*partition, assigned.directory_of(node_id)?)))
}
