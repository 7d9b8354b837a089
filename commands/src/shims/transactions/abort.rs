//! kafka-transactions abort

use std::collections::BTreeMap;

use client::{AbortMarker, Client, PartitionKey};

use super::super::arguments::Given;
use super::super::cluster::Where;
use super::super::failed::Failed;
use super::{connect, failed, partition};

/// What the script says of a transaction that it cannot abort.
fn shown(marker: &AbortMarker) -> String {
    let (topic, partition) = &marker.partition;
    format!(
        "AbortTransactionSpec(topicPartition={topic}-{partition}, producerId={}, producerEpoch={}, coordinatorEpoch={})",
        marker.producer_id, marker.producer_epoch, marker.coordinator_epoch
    )
}

pub(super) async fn run(given: &Given, cluster: &Where) -> Result<(), Failed> {
    let key = partition(given)?;
    let start_offset: Option<i64> = given.number("start-offset")?;
    let producer_id: Option<i64> = given.number("producer-id")?;
    let producer_epoch: Option<i16> = given.number("producer-epoch")?;
    let coordinator_epoch: Option<i32> = given.number("coordinator-epoch")?;
    let what = format!("Failed to validate producer state for partition {}-{}", key.0, key.1);
    let (client, marker) = match (start_offset, producer_id) {
        (Some(start_offset), _) => {
            let client = connect(cluster, "describeProducers", &what).await?;
            let marker = find(&client, key, start_offset, &what).await?;
            (client, marker)
        }
        (None, Some(producer_id)) => {
            let missing = |flag: &str| Failed::on_stderr(format!("Missing required argument --{flag}"));
            let marker = AbortMarker {
                partition: key,
                producer_id,
                producer_epoch: producer_epoch.ok_or_else(|| missing("producer-epoch"))?,
                // A producer that has ended no transaction yet is listed with -1.
                coordinator_epoch: coordinator_epoch.ok_or_else(|| missing("coordinator-epoch"))?.max(0),
            };
            let what = format!("Failed to abort transaction {}", shown(&marker));
            (connect(cluster, "abortTransaction", &what).await?, marker)
        }
        (None, None) => {
            return Err(Failed::on_stderr(
                "Say which transaction: with --start-offset, or with --producer-id, --producer-epoch and --coordinator-epoch",
            ));
        }
    };
    let what = format!("Failed to abort transaction {}", shown(&marker));
    let (topic, partition) = &marker.partition;
    let leader = client
        .leader(topic, *partition)
        .await
        .map_err(|error| failed(&what, error))?;
    let aborted = client.abort_transaction(leader, &marker).await;
    aborted.map_err(|error| failed(&what, error))
}

/// The transaction that is open from this offset on.
async fn find(client: &Client, key: PartitionKey, start_offset: i64, what: &str) -> Result<AbortMarker, Failed> {
    let leader = client
        .leader(&key.0, key.1)
        .await
        .map_err(|error| failed(what, error))?;
    let told = client
        .describe_producers(&BTreeMap::from([(key.clone(), leader)]), true)
        .await;
    let told = told.into_result().map_err(|error| failed(what, error))?;
    let mut producers = told.into_iter().flat_map(|(_, producers)| producers);
    let Some(producer) = producers.find(|producer| producer.open_from == Some(start_offset)) else {
        return Err(Failed::on_stderr(format!(
            "Could not find any open transactions starting at offset {start_offset} on partition {}-{}",
            key.0, key.1
        )));
    };
    Ok(AbortMarker {
        partition: key,
        producer_id: producer.producer_id,
        producer_epoch: producer.producer_epoch as i16,
        coordinator_epoch: producer.coordinator_epoch.unwrap_or(0),
    })
}
