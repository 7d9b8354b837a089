//! Which partitions are meant.

use std::collections::BTreeSet;

use clap::Args;
use client::{Client, GroupOffsets, PartitionKey};

use super::store::{self, Partitions};
use crate::error::CommandError;
use crate::nearest::did_you_mean;

/// Which partitions.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(super) struct ScopeArgs {
    /// A topic, or some of its partitions as in orders:0,1,2; may be repeated
    #[arg(long, value_name = "TOPIC[:PARTITIONS]", value_parser = parse_topic)]
    topic: Vec<TopicScope>,
    /// All topics that the group committed offsets of
    #[arg(long, conflicts_with = "topic")]
    all_topics: bool,
}

/// A topic, or some of its partitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopicScope {
    topic: String,
    partitions: Option<Vec<i32>>,
}

fn parse_topic(text: &str) -> Result<TopicScope, String> {
    let wrong = || format!("\"{text}\" is neither TOPIC nor TOPIC:0,1,2");
    let (topic, partitions) = match text.rsplit_once(':') {
        None => (text, None),
        Some((topic, list)) => {
            let numbers = list
                .split(',')
                .map(|number| number.parse().ok().filter(|n: &i32| *n >= 0));
            let numbers: Option<Vec<i32>> = numbers.collect();
            (topic, Some(numbers.ok_or_else(wrong)?))
        }
    };
    if topic.is_empty() {
        return Err(wrong());
    }
    Ok(TopicScope {
        topic: topic.to_owned(),
        partitions,
    })
}

impl TopicScope {
    fn has(&self, (topic, partition): &PartitionKey) -> bool {
        *topic == self.topic && self.partitions.as_ref().is_none_or(|some| some.contains(partition))
    }
}

impl ScopeArgs {
    /// Whether anything is meant.
    pub(super) fn is_given(&self) -> bool {
        self.all_topics || !self.topic.is_empty()
    }

    /// Insists on a choice.
    pub(super) fn check(&self) -> Result<(), CommandError> {
        if self.is_given() {
            return Ok(());
        }
        Err(CommandError::usage("which partitions are meant is not said")
            .hint("give --topic TOPIC[:PARTITIONS], or --all-topics for all that the group has offsets of"))
    }

    /// The partitions, which have to be there; topics that are gone and whose offsets are still there are left out, with
    /// a warning.
    pub(super) async fn resolve(
        &self,
        client: &Client,
        current: &GroupOffsets,
        warnings: &mut Vec<String>,
    ) -> Result<Partitions, CommandError> {
        if self.all_topics {
            let keys = current.keys().cloned().collect();
            return store::existing(client, &keys, warnings).await;
        }
        let topics: BTreeSet<String> = self.topic.iter().map(|scope| scope.topic.clone()).collect();
        let found = store::of_topics(client, &topics, |key| self.topic.iter().any(|scope| scope.has(key))).await?;
        for scope in &self.topic {
            for partition in scope.partitions.iter().flatten() {
                let key = (scope.topic.clone(), *partition);
                if !found.contains_key(&key) {
                    return Err(store::no_partition(&key));
                }
            }
        }
        Ok(found)
    }

    /// Those of a group's offsets that are meant, whether or not their topics are still there.
    pub(super) fn of_committed(&self, current: &GroupOffsets) -> Result<BTreeSet<PartitionKey>, CommandError> {
        if self.all_topics || self.topic.is_empty() {
            return Ok(current.keys().cloned().collect());
        }
        let mut meant = BTreeSet::new();
        for scope in &self.topic {
            let of_topic = current.keys().filter(|(topic, _)| *topic == scope.topic);
            let committed: BTreeSet<PartitionKey> = of_topic.cloned().collect();
            if committed.is_empty() {
                let error = CommandError::not_found(format!("the group has no offsets of topic {}", scope.topic));
                let topics: BTreeSet<&str> = current.keys().map(|(topic, _)| topic.as_str()).collect();
                let hint = did_you_mean(&scope.topic, topics);
                return Err(hint.into_iter().fold(error, CommandError::hint));
            }
            match &scope.partitions {
                None => meant.extend(committed),
                Some(partitions) => meant.extend(partitions.iter().map(|p| (scope.topic.clone(), *p))),
            }
        }
        Ok(meant)
    }

    /// A topic of which only some partitions are meant.
    pub(super) fn part_of_a_topic(&self) -> Option<&str> {
        let part = self.topic.iter().find(|scope| scope.partitions.is_some());
        part.map(|scope| scope.topic.as_str())
    }
}

#[cfg(test)]
mod tests {
    use client::CommittedOffset;

    use super::*;

    #[test]
    fn topics_are_named_as_for_kafkas_script() {
        let scope = |topic: &str, partitions: Option<Vec<i32>>| TopicScope {
            topic: topic.to_owned(),
            partitions,
        };
        assert_eq!(parse_topic("a.b_c"), Ok(scope("a.b_c", None)));
        assert_eq!(parse_topic("a:0,12"), Ok(scope("a", Some(vec![0, 12]))));
        for wrong in ["", ":1", "a:", "a:x", "a:1,", "a:-1"] {
            assert!(parse_topic(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_what_was_committed_the_meant_part_is_taken() {
        let key = |topic: &str, partition| (topic.to_owned(), partition);
        let current: GroupOffsets = [key("orders", 0), key("orders", 1), key("other", 0)]
            .into_iter()
            .map(|key| (key, CommittedOffset::at(1)))
            .collect();
        let scope = |topics: &[&str]| ScopeArgs {
            topic: topics.iter().map(|text| parse_topic(text).unwrap()).collect(),
            all_topics: false,
        };
        assert_eq!(scope(&["orders"]).of_committed(&current).unwrap().len(), 2);
        assert_eq!(
            scope(&["orders:1", "other"]).of_committed(&current).unwrap(),
            BTreeSet::from([key("orders", 1), key("other", 0)])
        );
        let missing = scope(&["order"]).of_committed(&current).unwrap_err();
        assert_eq!((missing.code, &*missing.hints[0]), (66, "did you mean orders?"));
        let all = ScopeArgs {
            all_topics: true,
            ..ScopeArgs::default()
        };
        assert_eq!(all.of_committed(&current).unwrap().len(), 3);
    }
}
