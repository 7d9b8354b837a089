//! kafka-transactions

mod abort;
mod hanging;

use std::collections::BTreeMap;

use client::{Client, TransactionFilter};

use super::arguments::{Given, Grammar, Subcommand, switch, value};
use super::cluster::Where;
use super::columns;
use super::failed::{Failed, Throwable};
use super::hash_order;
use super::io::Io;
use crate::offsets::time::now_ms;

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-transactions",
    arguments: &[
        switch("version", Some('v')),
        value("command-config", None),
        value("bootstrap-server", None),
    ],
    commands: &[
        Subcommand {
            name: "list",
            arguments: &[value("duration-filter", None), value("transactional-id-pattern", None)],
        },
        Subcommand {
            name: "describe",
            arguments: &[value("transactional-id", None)],
        },
        Subcommand {
            name: "describe-producers",
            arguments: &[value("broker-id", None), value("topic", None), value("partition", None)],
        },
        Subcommand {
            name: "abort",
            arguments: &[
                value("topic", None),
                value("partition", None),
                value("start-offset", None),
                value("producer-id", None),
                value("producer-epoch", None),
                value("coordinator-epoch", None),
            ],
        },
        Subcommand {
            name: "find-hanging",
            arguments: &[
                value("broker-id", None),
                value("max-transaction-timeout", None),
                value("topic", None),
                value("partition", None),
            ],
        },
        Subcommand {
            name: "forceTerminateTransaction",
            arguments: &[value("transactionalId", None)],
        },
    ],
    help_exits: 1,
};

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let given = GRAMMAR.parse(args)?;
    let servers = given.require("bootstrap-server")?;
    let cluster = Where::new(servers, false, given.value("command-config"));
    let cluster = cluster.map_err(|error| Failed::on_stderr(error.message))?;
    match given.command {
        "list" => list(&given, &cluster, io).await,
        "describe" => describe(&given, &cluster, io).await,
        "describe-producers" => producers(&given, &cluster, io).await,
        "abort" => abort::run(&given, &cluster).await,
        "find-hanging" => hanging::run(&given, &cluster, io).await,
        _ => terminate(&given, &cluster).await,
    }
}

/// What could not be done, and why, as all commands of the script say it.
fn failed(what: &str, error: impl Into<Throwable>) -> Failed {
    let error = error.into();
    Failed::on_stderr(format!(
        "{what}: {}. Enable debug logging for additional detail.",
        error.message
    ))
}

/// Connects for what `what` says could not be done otherwise.
async fn connect(cluster: &Where, call: &str, what: &str) -> Result<Client, Failed> {
    cluster.connect(call).await.map_err(|error| failed(what, error))
}

/// Topic and partition, which have to be given.
fn partition(given: &Given) -> Result<(String, i32), Failed> {
    let topic = given.require("topic")?.to_owned();
    given.require("partition")?;
    Ok((topic, given.number("partition")?.unwrap_or_default()))
}

async fn list(given: &Given, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    const FAILED: &str = "Failed to list transactions";
    let filter = TransactionFilter {
        // Below zero all of them are meant.
        duration_ms: given
            .number("duration-filter")?
            .filter(|duration_ms: &i64| *duration_ms >= 0),
        pattern: given.value("transactional-id-pattern").map(str::to_owned),
        ..TransactionFilter::default()
    };
    let client = connect(cluster, "listTransactions", FAILED).await?;
    let listed = client.list_transactions(&filter).await.into_result();
    let mut listed = listed.map_err(|error| failed(FAILED, error))?;
    listed.sort_by_key(|transaction| transaction.coordinator);
    let rows = listed.into_iter().map(|transaction| {
        [
            transaction.id,
            transaction.coordinator.to_string(),
            transaction.producer_id.to_string(),
            transaction.state,
        ]
    });
    let headers = ["TransactionalId", "Coordinator", "ProducerId", "TransactionState"];
    columns::print(headers, rows.collect(), io);
    Ok(())
}

async fn describe(given: &Given, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let id = given.require("transactional-id")?;
    let what = format!("Failed to describe transaction state of transactional-id `{id}`");
    let client = connect(cluster, "describeTransactions", &what).await?;
    let described = client.describe_transactions(&[id.to_owned()]).await.into_result();
    let described = described.map_err(|error| failed(&what, error))?;
    let rows = described.into_iter().map(|(id, known)| {
        let mut partitions: Vec<_> = known.partitions.into_iter().collect();
        hash_order::sort(&mut partitions, |key| key);
        let partitions = partitions
            .iter()
            .map(|(topic, partition)| format!("{topic}-{partition}"));
        [
            known.coordinator.to_string(),
            id,
            known.producer_id.to_string(),
            known.producer_epoch.to_string(),
            known.state,
            known.timeout_ms.to_string(),
            or_none(known.started_ms),
            or_none(known.started_ms.map(|started_ms| now_ms() - started_ms)),
            partitions.collect::<Vec<_>>().join(","),
        ]
    });
    let headers = [
        "CoordinatorId",
        "TransactionalId",
        "ProducerId",
        "ProducerEpoch",
        "TransactionState",
        "TransactionTimeoutMs",
        "CurrentTransactionStartTimeMs",
        "TransactionDurationMs",
        "TopicPartitions",
    ];
    columns::print(headers, rows.collect(), io);
    Ok(())
}

fn or_none(number: Option<i64>) -> String {
    number.map_or_else(|| "None".to_owned(), |number| number.to_string())
}

async fn producers(given: &Given, cluster: &Where, io: &mut Io) -> Result<(), Failed> {
    let broker: Option<i32> = given.number("broker-id")?;
    let key = partition(given)?;
    let asked = broker.map_or_else(|| "leader".to_owned(), |broker| format!("broker {broker}"));
    let what = format!(
        "Failed to describe producers for partition {}-{} on {asked}",
        key.0, key.1
    );
    let client = connect(cluster, "describeProducers", &what).await?;
    let at = match broker {
        Some(broker) => broker,
        None => client
            .leader(&key.0, key.1)
            .await
            .map_err(|error| failed(&what, error))?,
    };
    let told = client
        .describe_producers(&BTreeMap::from([(key, at)]), broker.is_none())
        .await;
    let told = told.into_result().map_err(|error| failed(&what, error))?;
    let rows = told.into_iter().flat_map(|(_, producers)| producers).map(|producer| {
        [
            producer.producer_id.to_string(),
            producer.producer_epoch.to_string(),
            producer.coordinator_epoch.unwrap_or(-1).to_string(),
            producer.last_sequence.unwrap_or(-1).to_string(),
            producer.last_timestamp_ms.unwrap_or(-1).to_string(),
            or_none(producer.open_from),
        ]
    });
    let headers = [
        "ProducerId",
        "ProducerEpoch",
        "LatestCoordinatorEpoch",
        "LastSequence",
        "LastTimestamp",
        "CurrentTransactionStartOffset",
    ];
    columns::print(headers, rows.collect(), io);
    Ok(())
}

/// Has a coordinator abort what runs under an id.
async fn terminate(given: &Given, cluster: &Where) -> Result<(), Failed> {
    let id = given.require("transactionalId")?;
    let what = format!("Failed to force terminate transactionalId `{id}`");
    let client = connect(cluster, "fenceProducers", &what).await?;
    client.fence_producer(id).await.map_err(|error| failed(&what, error))
}
