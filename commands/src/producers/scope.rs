//! Which partitions are asked about, and whom.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use client::{Client, PartitionDescription, PartitionKey, TopicDescription};

use crate::error::CommandError;
use crate::failure::Failure;
use crate::nearest::did_you_mean;

/// Which partitions, of which broker.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct ScopeArgs {
    /// Only this partition of the topic; may be repeated
    #[arg(long)]
    partition: Vec<i32>,
    /// Only partitions with a replica on this broker, as it knows them; their leaders are asked if not given
    #[arg(long, alias = "broker-id", value_name = "ID")]
    broker: Option<i32>,
}

impl ScopeArgs {
    /// One partition, of its leader.
    pub(crate) fn of_partition(partition: i32) -> Self {
        Self {
            partition: vec![partition],
            broker: None,
        }
    }

    /// Whether leaders are asked.
    pub(crate) const fn is_of_leaders(&self) -> bool {
        self.broker.is_none()
    }

    /// Partitions are of one topic.
    pub(crate) fn check(&self, topics: &[String]) -> Result<(), CommandError> {
        if self.partition.is_empty() || topics.len() == 1 {
            return Ok(());
        }
        Err(CommandError::usage("--partition is of one topic").hint("name one topic, or leave --partition out"))
    }

    /// Whom to ask about a partition; nobody if it is not meant, and an error if there is nobody.
    fn whom(&self, key: &PartitionKey, partition: &PartitionDescription) -> Option<Result<i32, Failure>> {
        if !self.partition.is_empty() && !self.partition.contains(&key.1) {
            return None;
        }
        match (self.broker, partition.leader) {
            (Some(broker), _) => partition.replicas.contains(&broker).then_some(Ok(broker)),
            (None, Some(leader)) => Some(Ok(leader)),
            (None, None) => {
                let what = format!("{}-{}", key.0, key.1);
                let error = CommandError::rejected(format!("{what} has no leader"));
                Some(Err(Failure::new(what, error)))
            }
        }
    }
}

/// Topics by their names; what does not exist is told with what is like it.
async fn describe(
    client: &Client,
    topics: Option<&[String]>,
) -> Result<BTreeMap<String, TopicDescription>, CommandError> {
    let all: BTreeSet<String> = match topics {
        None => return Ok(client.describe_topics(None).await?),
        Some(topics) => {
            let names = client.metadata(None).await?.topics.into_iter();
            let known: BTreeSet<String> = names
                .filter_map(|topic| topic.name.map(|name| name.to_string()))
                .collect();
            if topics.iter().all(|topic| known.contains(topic)) {
                return Ok(client.describe_topics(Some(topics)).await?);
            }
            known
        }
    };
    let missing = topics.unwrap_or_default().iter().filter(|topic| !all.contains(*topic));
    let mut error = CommandError::not_found("");
    let mut sentences = Vec::new();
    for topic in missing {
        sentences.push(format!("topic {topic} does not exist"));
        error.hints.extend(did_you_mean(topic, all.iter().map(String::as_str)));
    }
    error.message = sentences.join("; ");
    Err(error)
}

/// Partitions of these topics, or of all, each with the broker to ask; and those that nobody can be asked about.
pub(crate) async fn partitions(
    client: &Client,
    topics: Option<&[String]>,
    scope: &ScopeArgs,
) -> Result<(BTreeMap<PartitionKey, i32>, Vec<Failure>), CommandError> {
    if let Some(broker) = scope
        .broker
        .filter(|broker| client.broker_ids().all(|id| id != *broker))
    {
        return Err(CommandError::not_found(format!(
            "broker {broker} is not among the live brokers"
        )));
    }
    let described = describe(client, topics).await?;
    if let (Some([topic]), false) = (topics, scope.partition.is_empty()) {
        let known = described.get(topic).map(|topic| &topic.partitions);
        let lacks = |partition: &&i32| known.is_none_or(|known| !known.contains_key(*partition));
        if let Some(partition) = scope.partition.iter().find(lacks) {
            let message = format!("topic {topic} has no partition {partition}");
            return Err(CommandError::not_found(message));
        }
    }
    let (mut asked, mut failures) = (BTreeMap::new(), Vec::new());
    for (topic, description) in described {
        for (index, partition) in &description.partitions {
            let key = (topic.clone(), *index);
            match scope.whom(&key, partition) {
                Some(Ok(broker)) => drop(asked.insert(key, broker)),
                Some(Err(failure)) => failures.push(failure),
                None => {}
            }
        }
    }
    Ok((asked, failures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaders_are_asked_or_one_broker_about_its_replicas() {
        let partition = |leader| PartitionDescription {
            leader,
            leader_epoch: 0,
            replicas: vec![1, 2],
            isr: vec![1],
            offline: vec![],
            elr: None,
            last_known_elr: None,
        };
        let whom = |scope: &ScopeArgs, index, leader| {
            let key = ("t".to_owned(), index);
            let whom = scope.whom(&key, &partition(leader));
            whom.map(|whom| whom.map_err(|failure| failure.what))
        };
        let leaders = ScopeArgs::default();
        assert_eq!(whom(&leaders, 0, Some(1)), Some(Ok(1)));
        assert_eq!(whom(&leaders, 0, None), Some(Err("t-0".to_owned())));
        let of = |broker| ScopeArgs {
            partition: vec![3],
            broker: Some(broker),
        };
        assert_eq!(whom(&of(2), 3, None), Some(Ok(2)), "a follower knows, too");
        assert_eq!(whom(&of(2), 0, Some(1)), None);
        assert_eq!(whom(&of(4), 3, Some(1)), None);
        assert!(of(2).check(&["t".to_owned()]).is_ok() && of(2).check(&[]).is_err());
    }
}
