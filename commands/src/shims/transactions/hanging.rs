//! kafka-transactions find-hanging

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, PartitionKey};

use super::super::arguments::Given;
use super::super::cluster::Where;
use super::super::columns;
use super::super::failed::Failed;
use super::super::hash_order;
use super::super::io::Io;
use super::{connect, failed};
use crate::offsets::time::now_ms;
use crate::storage::java_order;
use crate::transactions::hanging::{Coordinated, OpenTransaction, late_ones, open_ones};

const MINUTE_MS: i64 = 60_000;

/// Where to look.
struct Scope<'a> {
    topic: Option<&'a str>,
    partition: Option<i32>,
    broker: Option<i32>,
}

pub(super) async fn run(given: &Given, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let scope = Scope {
        topic: given.value("topic"),
        partition: given.number("partition")?,
        broker: given.number("broker-id")?,
    };
    let timeout_max_ms = given.number::<i32>("max-transaction-timeout")?.map_or(15, i64::from) * MINUTE_MS;
    if scope.topic.is_none() && scope.broker.is_none() {
        return Err(Failed::on_stderr(
            "find-hanging needs --topic or --broker-id, which bound the search",
        ));
    }
    if scope.topic.is_none() && scope.partition.is_some() {
        return Err(Failed::on_stderr("--partition needs --topic"));
    }
    let client = connect(cluster, "describeTopics", "Failed to list topics").await?;
    let asked = partitions(&client, &scope).await?;
    let what = format!("Failed to describe producers for {} partitions", asked.len());
    let told = client.describe_producers(&asked, scope.broker.is_none()).await;
    let told = told.into_result().map_err(|error| failed(&what, error))?;
    let now_ms = now_ms();
    let mut late = late_ones(open_ones(told), now_ms, timeout_max_ms);
    let producers: BTreeSet<i64> = late.iter().map(|open| open.producer.producer_id).collect();
    let what = format!("Failed to list transactions for {} producers", producers.len());
    let coordinated = Coordinated::ask(&client, producers).await.map_err(|errors| {
        let first = errors.into_iter().next().map(|failed| failed.error);
        first.map_or_else(|| Failed::on_stderr(&what), |error| failed(&what, error))
    })?;
    hash_order::sort(&mut late, |open| &open.partition);
    java_order::grown(&mut late, |open| {
        let id = open.producer.producer_id;
        (id ^ (id >> 32)) as i32
    });
    let hanging = late.into_iter().filter(|open| coordinated.find(open).is_none());
    print(hanging, now_ms, io);
    Ok(())
}

/// Partitions that are meant, each with the broker to ask.
async fn partitions(client: &Client, scope: &Scope<'_>) -> Result<BTreeMap<PartitionKey, i32>, Failed> {
    if let (Some(topic), Some(partition)) = (scope.topic, scope.partition) {
        let what = "Failed to describe producers for 1 partitions";
        let at = match scope.broker {
            Some(broker) => broker,
            None => client
                .leader(topic, partition)
                .await
                .map_err(|error| failed(what, error))?,
        };
        return Ok(BTreeMap::from([((topic.to_owned(), partition), at)]));
    }
    let topics = scope.topic.map(|topic| vec![topic.to_owned()]);
    let described = client.describe_topics(topics.as_deref()).await;
    let described = described.map_err(|error| failed("Failed to describe 1 topics", error))?;
    let mut asked = BTreeMap::new();
    for (topic, description) in described {
        for (index, partition) in description.partitions {
            let at = match scope.broker {
                Some(broker) => partition.replicas.contains(&broker).then_some(broker),
                None => partition.leader,
            };
            if let Some(at) = at {
                asked.insert((topic.clone(), index), at);
            }
        }
    }
    Ok(asked)
}

fn print(hanging: impl Iterator<Item = OpenTransaction>, now_ms: i64, io: &mut Io) {
    let rows = hanging.map(|open| {
        let last_ms = open.producer.last_timestamp_ms.unwrap_or(-1);
        [
            open.partition.0,
            open.partition.1.to_string(),
            open.producer.producer_id.to_string(),
            open.producer.producer_epoch.to_string(),
            open.producer.coordinator_epoch.unwrap_or(-1).to_string(),
            open.start_offset.to_string(),
            last_ms.to_string(),
            ((now_ms - last_ms) / MINUTE_MS).to_string(),
        ]
    });
    let headers = [
        "Topic",
        "Partition",
        "ProducerId",
        "ProducerEpoch",
        "CoordinatorEpoch",
        "StartOffset",
        "LastTimestamp",
        "Duration(min)",
    ];
    columns::print(headers, rows.collect(), io);
}
