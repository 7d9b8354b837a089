//! kafka-delete-records

use std::collections::BTreeMap;

use client::{Client, PartitionKey};
use serde_json::Value;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::hash_order;
use super::io::Io;
use super::json;
use super::options::{Parsed, Syntax, valued};

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-delete-records",
    options: &[
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        valued("offset-json-file", "String"),
    ],
};

/// What became of a partition: where its log begins now, or why not.
type Outcome = Result<i64, Throwable>;

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let parsed = SYNTAX.parse_or_help(args)?;
    parsed.require(&["bootstrap-server", "offset-json-file"])?;
    let cluster = Where::of(&parsed)?;
    let to_stderr = |error: Throwable| Failed::on_stderr(error.message);
    let wanted = wanted(&parsed).map_err(to_stderr)?;
    io.line("Executing records delete operation");
    let client = cluster.connect("deleteRecords").await;
    let results = match &client {
        Ok(client) => delete(client, &wanted).await,
        Err(error) => wanted
            .iter()
            .map(|(key, _)| (key.clone(), Err(error.clone())))
            .collect(),
    };
    io.line("Records delete operation completed:");
    let mut results: Vec<(PartitionKey, Outcome)> = results.into_iter().collect();
    hash_order::sort_sized(&mut results, |(key, _)| key);
    for ((topic, partition), result) in &results {
        match result {
            Ok(low_watermark) => io.line(format!(
                "partition: {topic}-{partition}\tlow_watermark: {low_watermark}"
            )),
            Err(error) => io.line(format!("partition: {topic}-{partition}\terror: {error}")),
        }
    }
    if results.iter().all(|(_, result)| result.is_ok()) {
        Ok(())
    } else {
        Err(Failed::silently().apache_exits_with_0())
    }
}

fn wanted(parsed: &Parsed) -> Result<Vec<(PartitionKey, i64)>, Throwable> {
    let document = json::read(parsed.value("offset-json-file")?.unwrap_or_default())?;
    let version = document.get("version").map_or(Some(1), Value::as_i64);
    if version != Some(1) {
        return Err(Throwable::new(
            "org.apache.kafka.server.common.AdminOperationException",
            format!("Not supported version field value {}", version.unwrap_or_default()),
        ));
    }
    let mut wanted: Vec<(PartitionKey, i64)> = Vec::new();
    for element in json::partitions(&document)? {
        let key = json::key(element)?;
        let offset = element.get("offset").and_then(Value::as_i64);
        let offset = offset.ok_or_else(|| Throwable::illegal(format!("{element} has no offset")))?;
        if wanted.iter().any(|(known, _)| *known == key) {
            return Err(Throwable::new(
                "org.apache.kafka.tools.AdminCommandFailedException",
                format!(
                    "Offset json file contains duplicate topic partitions: {}-{}",
                    key.0, key.1
                ),
            ));
        }
        wanted.push((key, offset));
    }
    Ok(wanted)
}

/// Asks each leader for its partitions.
async fn delete(client: &Client, wanted: &[(PartitionKey, i64)]) -> BTreeMap<PartitionKey, Outcome> {
    let mut results: BTreeMap<PartitionKey, Outcome> = BTreeMap::new();
    let mut leaders = BTreeMap::new();
    for ((topic, partition), _) in wanted {
        let key = (topic.clone(), *partition);
        match client.leader(topic, *partition).await {
            Ok(leader) => drop(leaders.insert(key, leader)),
            Err(error) => drop(results.insert(key, Err(error.into()))),
        }
    }
    let offsets = wanted.iter().cloned().collect();
    let deleted = client.delete_records(&offsets, &leaders).await.into_iter();
    results.extend(deleted.map(|(key, result)| (key, result.map_err(Throwable::from))));
    results
}
