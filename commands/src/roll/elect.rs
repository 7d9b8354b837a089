//! Preferred leaders after a step.

use std::collections::BTreeSet;
use std::time::Duration;

use client::{Client, ClientError, ElectionType};
use tokio::time::sleep;

/// So often it is tried, this far apart: brokers hear of a replica that is back in sync one after the other.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);

/// Makes these brokers the leaders of the partitions whose first replica they are.
pub(super) async fn elect(client: &Client, brokers: &[i32]) -> Result<(), String> {
    let mut tries = 1;
    loop {
        match elect_once(client, brokers).await {
            Ok(()) => return Ok(()),
            Err(reason) if tries >= TRIES => return Err(reason),
            Err(_) => tries += 1,
        }
        sleep(PAUSE).await;
    }
}

async fn elect_once(client: &Client, brokers: &[i32]) -> Result<(), String> {
    let needed = needed(client, brokers).await.map_err(|error| error.to_string())?;
    if needed.is_empty() {
        return Ok(());
    }
    let elected = client.elect_leaders(ElectionType::Preferred, &needed).await;
    let elected = elected.map_err(|error| error.to_string())?;
    match elected.errors.first() {
        None => Ok(()),
        Some(failed) => Err(format!("{}: {}", failed.what, failed.error.reason())),
    }
}

async fn needed(client: &Client, brokers: &[i32]) -> Result<BTreeSet<(String, i32)>, ClientError> {
    let topics = client.describe_topics(None).await?;
    let partitions = topics.iter().flat_map(|(topic, description)| {
        let partitions = description.partitions.iter();
        partitions.map(move |(number, partition)| (topic, number, partition))
    });
    let needed = partitions.filter(|(_, _, partition)| {
        let preferred = partition.replicas.first();
        partition.leader.as_ref() != preferred && preferred.is_some_and(|id| brokers.contains(id))
    });
    Ok(needed.map(|(topic, number, _)| (topic.clone(), *number)).collect())
}
