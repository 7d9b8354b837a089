//! Partitions that --topic names.

use std::collections::BTreeSet;

use client::{Client, PartitionKey};
use protocol::api::ErrorCode;

use super::Stopped;
use crate::shims::failed::Throwable;

/// TOPIC:PARTITION[,...]
pub(super) fn named(text: &str) -> Result<Vec<PartitionKey>, Stopped> {
    let parts: Vec<&str> = text.split(':').collect();
    let [topic, partitions] = parts[..] else {
        return Err(Stopped::Usage(format!(
            "Invalid topic arg '{text}', expected topic name and partitions"
        )));
    };
    let key = |partition: &str| match partition.parse() {
        Ok(partition) => Ok((topic.to_owned(), partition)),
        Err(_) => Err(Stopped::Usage(format!(
            "Invalid partition '{partition}' specified in topic arg '{text}''"
        ))),
    };
    partitions.split(',').map(key).collect()
}

/// All partitions of a topic.
pub(super) async fn of_topic(client: &Client, topic: &str) -> Result<Vec<PartitionKey>, Throwable> {
    let count = client.partition_count(topic).await?;
    Ok((0..count as i32)
        .map(|partition| (topic.to_owned(), partition))
        .collect())
}

/// Insists that partitions exist and have leaders.
pub(super) async fn check(client: &Client, partitions: &[PartitionKey]) -> Result<(), Stopped> {
    let topics: BTreeSet<String> = partitions.iter().map(|(topic, _)| topic.clone()).collect();
    let topics: Vec<String> = topics.into_iter().collect();
    if topics.is_empty() {
        return Ok(());
    }
    let metadata = client.metadata(Some(&topics)).await.map_err(super::wrapped_twice)?;
    let (mut existing, mut led) = (BTreeSet::new(), BTreeSet::new());
    for topic in metadata.topics {
        if topic.error_code != 0 {
            return Err(super::wrapped_twice(Throwable::of_code(topic.error_code, None)));
        }
        let name = topic.name.map_or(String::new(), |name| name.to_string());
        for p in topic.partitions {
            let key = (name.clone(), p.partition_index);
            if p.leader_id.0 >= 0 {
                led.insert(key.clone());
            }
            existing.insert(key);
        }
    }
    let without = |known: &BTreeSet<PartitionKey>| -> Vec<String> {
        let missing = partitions.iter().filter(|key| !known.contains(key));
        missing
            .map(|(topic, partition)| format!("{topic}-{partition}"))
            .collect()
    };
    let missing = without(&existing);
    if !missing.is_empty() {
        return Err(thrown(ErrorCode::UnknownTopicOrPartition, &missing, "do not exist"));
    }
    let leaderless = without(&led);
    if !leaderless.is_empty() {
        return Err(thrown(ErrorCode::LeaderNotAvailable, &leaderless, "have no leader"));
    }
    Ok(())
}

fn thrown(code: ErrorCode, partitions: &[String], what: &str) -> Stopped {
    let message = format!("The partitions \"{}\" {what}", partitions.join(","));
    Throwable::of_code(code.code(), Some(&message)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_name_their_partitions() {
        assert_eq!(named("a:0,7").unwrap(), [("a".to_owned(), 0), ("a".to_owned(), 7)]);
        assert!(named("a:x").is_err() && named("a:1:2").is_err());
    }
}
