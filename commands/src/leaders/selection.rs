//! Which partitions are meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use client::{Client, PartitionDescription, TopicDescription};
use serde::Deserialize;

use crate::error::CommandError;
use crate::json_file;
use crate::topics::names::{Choice, Wanted, resolve};

/// Which partitions.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct SelectionArgs {
    /// A topic, or a pattern as in 'orders-*', which does not reach the cluster's own topics
    #[arg(long, required_unless_present_any = ["all", "file"])]
    topic: Option<String>,
    /// A partition of it; may be repeated; all of them if not given
    #[arg(long, requires = "topic")]
    partition: Vec<i32>,
    /// All partitions of all topics
    #[arg(long, alias = "all-topic-partitions", conflicts_with_all = ["topic", "file"])]
    all: bool,
    /// The partitions that a file names (- is stdin), as in {"partitions":[{"topic":"orders","partition":1}]}
    #[arg(long, alias = "path-to-json-file", value_name = "FILE", conflicts_with = "topic")]
    file: Option<PathBuf>,
}

/// Partitions with what is known of them, by topic and number.
pub(super) type Selected = BTreeMap<(String, i32), PartitionDescription>;

/// What kafka-leader-election takes.
#[derive(Debug, Deserialize)]
struct PartitionsFile {
    partitions: Vec<NamedPartition>,
}

#[derive(Debug, Deserialize)]
struct NamedPartition {
    topic: String,
    partition: i32,
}

impl SelectionArgs {
    /// The partitions, as they are now.
    pub(super) async fn resolve(&self, client: &Client) -> Result<Selected, CommandError> {
        if self.all {
            return Ok(of_topics(client.describe_topics(None).await?));
        }
        let named = match &self.file {
            Some(file) => json_file::read(file, self::named)?,
            None => {
                let topic = self.topic.clone().unwrap_or_default();
                if self.partition.is_empty() {
                    let topics = existing(client, &[topic]).await?;
                    return Ok(of_topics(client.describe_topics(Some(&topics)).await?));
                }
                self.partition
                    .iter()
                    .map(|partition| (topic.clone(), *partition))
                    .collect()
            }
        };
        let topics: BTreeSet<String> = named.iter().map(|(topic, _)| topic.clone()).collect();
        let topics: Vec<String> = topics.into_iter().collect();
        let topics = existing(client, &topics).await?;
        let mut all = of_topics(client.describe_topics(Some(&topics)).await?);
        let missing = named.iter().find(|key| !all.contains_key(*key));
        if let Some((topic, partition)) = missing {
            let message = format!("topic {topic} has no partition {partition}");
            return Err(CommandError::not_found(message));
        }
        all.retain(|key, _| named.contains(key));
        Ok(all)
    }
}

pub(super) fn of_topics(topics: BTreeMap<String, TopicDescription>) -> Selected {
    let partitions = topics.into_iter().flat_map(|(name, topic)| {
        let partitions = topic.partitions.into_iter();
        partitions.map(move |(index, partition)| ((name.clone(), index), partition))
    });
    partitions.collect()
}

/// These topics, all of which have to be there.
async fn existing(client: &Client, topics: &[String]) -> Result<Vec<String>, CommandError> {
    let wanted = Wanted::parse(topics, false)?;
    Ok(resolve(client, &wanted, Choice::CHANGE)
        .await?
        .names
        .into_iter()
        .collect())
}

/// The partitions of a file, each once.
fn named(file: PartitionsFile) -> Result<BTreeSet<(String, i32)>, String> {
    if file.partitions.is_empty() {
        return Err("it names no partition".to_owned());
    }
    let mut named = BTreeSet::new();
    for NamedPartition { topic, partition } in file.partitions {
        if !named.insert((topic.clone(), partition)) {
            return Err(format!("it names {topic}-{partition} twice"));
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_file::parse;

    #[test]
    fn files_are_those_of_kafkas_script() {
        let text = r#"{"partitions":[{"topic":"a","partition":1},{"topic":"a","partition":0}],"version":1}"#;
        assert_eq!(
            parse(text, named).unwrap(),
            BTreeSet::from([("a".to_owned(), 0), ("a".to_owned(), 1)])
        );
        for wrong in [
            "",
            "{}",
            r#"{"partitions":[]}"#,
            r#"{"partitions":[{"topic":"a"}]}"#,
            r#"{"partitions":[{"topic":"a","partition":0},{"topic":"a","partition":0}]}"#,
        ] {
            assert!(parse(wrong, named).is_err(), "{wrong}");
        }
    }
}
