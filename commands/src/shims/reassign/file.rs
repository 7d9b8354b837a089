//! Kafka's JSON of reassignments.

use std::collections::BTreeMap;

use client::{PartitionKey, ReplicaKey};
use serde_json::Value;

use super::super::failed::Throwable;
use super::{given_up, named};
use crate::reassign::file::ANY;

/// What a file asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Partitions in the file's order, with the brokers that are to have them.
    pub(super) partitions: Vec<(PartitionKey, Vec<i32>)>,
    /// Log directories that replicas are to be in.
    pub(super) directories: BTreeMap<ReplicaKey, String>,
}

fn no_json(message: impl Into<String>) -> Throwable {
    Throwable::new("com.fasterxml.jackson.databind.JsonMappingException", message)
}

fn expected(what: &str, found: &Value) -> Throwable {
    no_json(format!("Expected {what}, received {found}"))
}

fn field<'a>(object: &'a Value, name: &str) -> Result<&'a Value, Throwable> {
    let found = object.get(name);
    found.ok_or_else(|| no_json(format!("No such field exists: `{name}`")))
}

fn integer(value: &Value) -> Result<i32, Throwable> {
    let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
    number.ok_or_else(|| expected("`Integer` value", value))
}

fn text(value: &Value) -> Result<String, Throwable> {
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| expected("`String` value", value))
}

fn list<T>(value: &Value, item: impl Fn(&Value) -> Result<T, Throwable>) -> Result<Vec<T>, Throwable> {
    let items = value.as_array().ok_or_else(|| expected("`JSON array` value", value))?;
    items.iter().map(item).collect()
}

impl Wanted {
    /// Reads a file.
    pub(super) fn read(path: &str) -> Result<Self, Throwable> {
        let unreadable = |_| Throwable::new("java.io.IOException", format!("Unable to read file {path}"));
        Self::parse(&std::fs::read_to_string(path).map_err(unreadable)?)
    }

    fn parse(json: &str) -> Result<Self, Throwable> {
        let operation = |message| Throwable::new("org.apache.kafka.tools.AdminOperationException", message);
        let document: Value = serde_json::from_str(json).map_err(|error| operation(error.to_string()))?;
        if !document.is_object() {
            return Err(expected("JSON object", &document));
        }
        let version = document.get("version").map_or(Ok(1), integer)?;
        if version != 1 {
            return Err(operation(format!("Not supported version field value {version}")));
        }
        let mut wanted = Self {
            partitions: Vec::new(),
            directories: BTreeMap::new(),
        };
        let Some(elements) = document.get("partitions") else {
            return Ok(wanted);
        };
        let elements = elements.as_array().ok_or_else(|| expected("JSON array", elements))?;
        for element in elements {
            wanted.take(element)?;
        }
        Ok(wanted)
    }

    fn take(&mut self, element: &Value) -> Result<(), Throwable> {
        if !element.is_object() {
            return Err(expected("JSON object", element));
        }
        let key = (text(field(element, "topic")?)?, integer(field(element, "partition")?)?);
        let replicas = list(field(element, "replicas")?, integer)?;
        if let Some(directories) = element.get("log_dirs") {
            let directories = list(directories, text)?;
            if directories.len() != replicas.len() {
                let (replicas, directories) = (in_brackets(&replicas), in_brackets(&directories));
                return Err(given_up(format!(
                    "Size of replicas list {replicas} is different from size of log dirs list {directories} for partition {}",
                    named(&key)
                )));
            }
            let chosen = replicas
                .iter()
                .zip(directories)
                .filter(|(_, directory)| directory != ANY);
            self.directories.extend(chosen.map(|(broker, directory)| {
                let replica = ReplicaKey {
                    broker: *broker,
                    partition: key.clone(),
                };
                (replica, directory)
            }));
        }
        self.partitions.push((key, replicas));
        Ok(())
    }

    /// Whether it can be carried out.
    pub(super) fn check(&self) -> Result<(), Throwable> {
        if self.partitions.is_empty() {
            return Err(given_up("Partition reassignment list cannot be empty"));
        }
        if self.partitions.iter().any(|(_, replicas)| replicas.is_empty()) {
            return Err(given_up("Partition replica list cannot be empty"));
        }
        let keys: Vec<&PartitionKey> = self.partitions.iter().map(|(key, _)| key).collect();
        let twice: Vec<String> = repeated(&keys).into_iter().map(named).collect();
        if !twice.is_empty() {
            return Err(given_up(format!(
                "Partition reassignment contains duplicate topic partitions: {}",
                twice.join(",")
            )));
        }
        let mut sentences = Vec::new();
        for (key, replicas) in &self.partitions {
            let twice: Vec<String> = repeated(replicas).into_iter().map(|id| id.to_string()).collect();
            if !twice.is_empty() {
                sentences.push(format!(
                    "{} contains multiple entries for {}",
                    named(key),
                    twice.join(",")
                ));
            }
        }
        if sentences.is_empty() {
            return Ok(());
        }
        Err(given_up(format!(
            "Partition replica lists may not contain duplicate entries: {}",
            sentences.join(". ")
        )))
    }
}

/// Those that come more than once.
fn repeated<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut counts: BTreeMap<&T, usize> = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    let repeated = counts.into_iter().filter(|(_, count)| *count > 1);
    repeated.map(|(item, _)| item.clone()).collect()
}

/// As Java's lists are written.
fn in_brackets<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(json: &str) -> String {
        let wanted = Wanted::parse(json).and_then(|wanted| wanted.check());
        wanted.unwrap_err().message
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_script() {
        for (json, why) in [
            ("[]", "Expected JSON object, received []"),
            ("{\"version\":2}", "Not supported version field value 2"),
            ("{\"partitions\":[]}", "Partition reassignment list cannot be empty"),
            ("{\"partitions\":[{}]}", "No such field exists: `topic`"),
            (
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":\"0\"}]}",
                "Expected `Integer` value, received \"0\"",
            ),
            (
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[]}]}",
                "Partition replica list cannot be empty",
            ),
            (
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[1,2],\"log_dirs\":[\"any\"]}]}",
                "Size of replicas list [1, 2] is different from size of log dirs list [any] for partition t-0",
            ),
            (
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[1,2,1]}]}",
                "Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 1",
            ),
        ] {
            assert_eq!(wrong(json), why);
        }
    }

    #[test]
    fn directories_are_read() {
        let json = "{\"version\":1,\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"replicas\":[2,1],\"log_dirs\":[\"any\",\"/d\"]}]}";
        let wanted = Wanted::parse(json).unwrap();
        assert_eq!(wanted.directories.len(), 1);
        assert_eq!(wanted.directories.values().next().map(String::as_str), Some("/d"));
    }
}
