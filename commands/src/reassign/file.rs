//! Kafka's JSON of assignments: which brokers are to have a partition, and in which of their log directories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use client::{PartitionKey, ReplicaKey, ReplicaTarget, ReplicaTargets};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::named;
use crate::error::CommandError;
use crate::json_file;

/// A directory that is not chosen.
pub(crate) const ANY: &str = "any";
/// The version of the files.
const VERSION: i32 = 1;

/// A file of assignments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AssignmentFile {
    /// 1.
    #[serde(default = "version")]
    pub(crate) version: i32,
    /// Partitions.
    pub(crate) partitions: Vec<AssignedPartition>,
}

/// A partition in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AssignedPartition {
    /// Its topic.
    pub(crate) topic: String,
    /// Its number.
    pub(crate) partition: i32,
    /// Brokers that are to have it, the preferred leader first.
    pub(crate) replicas: Vec<i32>,
    /// For each of them a log directory, or "any".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log_dirs: Option<Vec<String>>,
}

/// A file of topics.
#[derive(Debug, Deserialize)]
struct TopicsFile {
    #[serde(default = "version")]
    version: i32,
    topics: Vec<NamedTopic>,
}

#[derive(Debug, Deserialize)]
struct NamedTopic {
    topic: String,
}

const fn version() -> i32 {
    VERSION
}

/// What a file asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Assignments {
    /// Brokers that are to have each partition.
    pub(crate) partitions: BTreeMap<PartitionKey, Vec<i32>>,
    /// Log directories that replicas are to be in.
    pub(crate) directories: BTreeMap<ReplicaKey, String>,
}

impl Assignments {
    /// Reads a file, or stdin if it is called `-`.
    pub(crate) fn read(file: &Path) -> Result<Self, CommandError> {
        json_file::read(file, Self::checked)
    }

    /// What a file asks for, unless it contradicts itself.
    pub(crate) fn checked(file: AssignmentFile) -> Result<Self, String> {
        check_version(file.version)?;
        if file.partitions.is_empty() {
            return Err("it names no partition".to_owned());
        }
        let mut wanted = Self::default();
        for partition in file.partitions {
            wanted.take(partition)?;
        }
        Ok(wanted)
    }

    fn take(&mut self, assigned: AssignedPartition) -> Result<(), String> {
        let key = (assigned.topic, assigned.partition);
        let name = named(&key);
        let replicas = assigned.replicas;
        let known: BTreeSet<i32> = replicas.iter().copied().collect();
        if key.0.is_empty() || key.1 < 0 {
            return Err(format!("it names a partition {name}, which cannot be"));
        }
        if replicas.is_empty() {
            return Err(format!("it leaves {name} without a replica"));
        }
        if known.len() < replicas.len() {
            return Err(format!("it names a broker twice for {name}"));
        }
        if known.first().is_some_and(|least| *least < 0) {
            return Err(format!("it names a broker below zero for {name}"));
        }
        for (broker, directory) in replicas.iter().zip(assigned.log_dirs.iter().flatten()) {
            if directory == ANY {
                continue;
            }
            if !directory.starts_with('/') {
                return Err(format!(
                    "log directory \"{directory}\" of {name} is neither \"any\" nor absolute"
                ));
            }
            let partition = key.clone();
            let replica = ReplicaKey {
                broker: *broker,
                partition,
            };
            self.directories.insert(replica, directory.clone());
        }
        if assigned.log_dirs.is_some_and(|given| given.len() != replicas.len()) {
            return Err(format!("it has not as many log directories as replicas for {name}"));
        }
        if self.partitions.insert(key, replicas).is_some() {
            return Err(format!("it names {name} twice"));
        }
        Ok(())
    }

    /// What the cluster is to be asked for.
    pub(crate) fn targets(&self) -> ReplicaTargets {
        let targets = self.partitions.iter();
        targets
            .map(|(key, replicas)| (key.clone(), ReplicaTarget::Brokers(replicas.clone())))
            .collect()
    }
}

fn check_version(version: i32) -> Result<(), String> {
    match version {
        VERSION => Ok(()),
        other => Err(format!("its version is {other}, and {VERSION} is known")),
    }
}

/// Reads a file of topics.
pub(crate) fn read_topics(file: &Path) -> Result<BTreeSet<String>, CommandError> {
    json_file::read(file, |file: TopicsFile| {
        check_version(file.version)?;
        if file.topics.is_empty() {
            return Err("it names no topic".to_owned());
        }
        Ok(file.topics.into_iter().map(|named| named.topic).collect())
    })
}

/// Where partitions are, as a file.
pub(crate) fn file_of(
    partitions: &BTreeMap<PartitionKey, Vec<i32>>,
    directories: &BTreeMap<ReplicaKey, String>,
) -> AssignmentFile {
    let element = |(key, replicas): (&PartitionKey, &Vec<i32>)| {
        let directory = |broker: &i32| {
            let replica = ReplicaKey {
                broker: *broker,
                partition: key.clone(),
            };
            directories.get(&replica).map_or(ANY, String::as_str).to_owned()
        };
        AssignedPartition {
            topic: key.0.clone(),
            partition: key.1,
            replicas: replicas.clone(),
            log_dirs: Some(replicas.iter().map(directory).collect()),
        }
    };
    AssignmentFile {
        version: VERSION,
        partitions: partitions.iter().map(element).collect(),
    }
}

impl AssignmentFile {
    /// As Kafka's script writes it, on one line, its fields in the script's order.
    pub(crate) fn text(&self) -> String {
        let element = |partition: &AssignedPartition| {
            let directories = partition.log_dirs.as_ref();
            let directories = directories.map_or_else(String::new, |dirs| format!(",\"log_dirs\":{}", json!(dirs)));
            format!(
                "{{\"topic\":{},\"partition\":{},\"replicas\":{}{directories}}}",
                json!(partition.topic),
                partition.partition,
                json!(partition.replicas),
            )
        };
        let elements: Vec<String> = self.partitions.iter().map(element).collect();
        format!("{{\"version\":{VERSION},\"partitions\":[{}]}}", elements.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_file::parse;

    #[test]
    fn what_a_file_says_is_read_and_written_as_it_was() {
        let json = "{\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[2,1],\"log_dirs\":[\"any\",\"/d\"]}]}";
        let wanted = parse(json, Assignments::checked).unwrap();
        assert_eq!(wanted.directories.len(), 1);
        assert_eq!(file_of(&wanted.partitions, &wanted.directories).text(), json);
        let plain = "{\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[2,1]}]}";
        let file: AssignmentFile = serde_json::from_str(plain).unwrap();
        assert_eq!(file.text(), plain);
    }

    #[test]
    fn what_contradicts_itself_is_told() {
        let wrong = |partitions: &str| {
            let json = format!("{{\"version\":1,\"partitions\":[{partitions}]}}");
            parse(&json, Assignments::checked).unwrap_err()
        };
        for (json, why) in [
            ("", "it names no partition"),
            (
                r#"{"topic":"t","partition":0,"replicas":[]}"#,
                "it leaves t-0 without a replica",
            ),
            (
                r#"{"topic":"t","partition":0,"replicas":[1,2,1]}"#,
                "it names a broker twice for t-0",
            ),
            (
                r#"{"topic":"t","partition":0,"replicas":[-1]}"#,
                "it names a broker below zero for t-0",
            ),
            (
                r#"{"topic":"t","partition":-1,"replicas":[1]}"#,
                "it names a partition t--1, which cannot be",
            ),
            (
                r#"{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["any"]}"#,
                "it has not as many log directories as replicas for t-0",
            ),
            (
                r#"{"topic":"t","partition":0,"replicas":[1],"log_dirs":["d"]}"#,
                "log directory \"d\" of t-0 is neither \"any\" nor absolute",
            ),
            (
                r#"{"topic":"t","partition":0,"replicas":[1]},{"topic":"t","partition":0,"replicas":[2]}"#,
                "it names t-0 twice",
            ),
        ] {
            assert_eq!(wrong(json), why);
        }
        assert!(wrong("{").contains("line 1"));
        assert!(parse(r#"{"version":2,"partitions":[]}"#, Assignments::checked).is_err());
    }
}
