//! kafka-log-dirs

use std::collections::BTreeSet;

use client::{Client, PartitionKey};
use protocol::api::ErrorCode;
use protocol::api::messages::DescribeLogDirsRequest;
use protocol::api::messages::describe_log_dirs_request::DescribableLogDirTopic;
use protocol::api::messages::describe_log_dirs_response::{DescribeLogDirsPartition, DescribeLogDirsResult};

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::hash_order;
use super::io::Io;
use super::java_names;
use super::options::{Parsed, Syntax, flag, valued};
use crate::storage::java_order;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-log-dirs",
    options: &[
        valued("bootstrap-server", "String"),
        valued("broker-list", "String"),
        valued("command-config", "String"),
        flag("describe"),
        valued("topic-list", "String"),
    ],
};

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let parsed = SYNTAX.parse_or_help(args)?;
    parsed.require(&["bootstrap-server", "describe"])?;
    let cluster = Where::of(&parsed)?;
    describe(&parsed, &cluster, io)
        .await
        .map_err(|error| Failed::on_stderr(error.message))
}

fn list<'a>(parsed: &'a Parsed, name: &str) -> Result<Vec<&'a str>, Throwable> {
    let text = parsed.value(name)?.unwrap_or_default();
    Ok(text.split(',').filter(|part| !part.is_empty()).collect())
}

async fn describe(parsed: &Parsed, cluster: &Where, io: &mut Io) -> Result<(), Throwable> {
    let topics = list(parsed, "topic-list")?;
    let client = cluster.connect("describeCluster").await?;
    let known: BTreeSet<i32> = client.broker_ids().collect();
    let mut asked: BTreeSet<i32> = BTreeSet::new();
    for id in list(parsed, "broker-list")? {
        let not_a_number = |_| Throwable::new("java.lang.NumberFormatException", format!("For input string: \"{id}\""));
        asked.insert(id.parse().map_err(not_a_number)?);
    }
    let unknown: Vec<i32> = asked.difference(&known).copied().collect();
    if !unknown.is_empty() {
        return Err(Throwable::illegal(format!(
            "ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
            joined(unknown),
            joined(known)
        )));
    }
    let mut brokers: Vec<i32> = if asked.is_empty() { known } else { asked }.into_iter().collect();
    java_order::grown(&mut brokers, |id| *id);
    io.line("Querying brokers for log directories information");
    let mut texts = Vec::new();
    for broker in &brokers {
        texts.push(of_broker(&client, *broker, &topics).await?);
    }
    io.line(format!(
        "Received log directory information from brokers {}",
        joined(brokers)
    ));
    io.line(format!("{{\"brokers\":[{}],\"version\":1}}", texts.join(",")));
    Ok(())
}

fn joined(ids: impl IntoIterator<Item = i32>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.join(",")
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

async fn of_broker(client: &Client, broker: i32, topics: &[&str]) -> Result<String, Throwable> {
    let all: Option<Vec<DescribableLogDirTopic>> = None;
    let request = DescribeLogDirsRequest::default().with_topics(all);
    let response = client.send_to(broker, &request).await?;
    if response.error_code != 0 {
        return Err(Throwable::of_code(response.error_code, None));
    }
    let mut dirs = response.results;
    java_order::grown(&mut dirs, |dir| java_order::string_hash(&dir.log_dir));
    let dirs: Vec<String> = dirs.iter().map(|dir| of_dir(dir, topics)).collect();
    Ok(format!("{{\"broker\":{broker},\"logDirs\":[{}]}}", dirs.join(",")))
}

fn of_dir(dir: &DescribeLogDirsResult, topics: &[&str]) -> String {
    let mut replicas = Vec::new();
    for topic in &dir.topics {
        if topics.is_empty() || topics.contains(&topic.name.as_str()) {
            replicas.extend(
                topic
                    .partitions
                    .iter()
                    .map(|p| ((topic.name.to_string(), p.partition_index), p)),
            );
        }
    }
    hash_order::sort(&mut replicas, |(key, _)| key);
    let replica = |((topic, partition), p): &(PartitionKey, &DescribeLogDirsPartition)| {
        format!(
            "{{\"partition\":{},\"size\":{},\"offsetLag\":{},\"isFuture\":{}}}",
            quoted(&format!("{topic}-{partition}")),
            p.partition_size,
            p.offset_lag,
            p.is_future_key
        )
    };
    let replicas: Vec<String> = replicas.iter().map(replica).collect();
    let error = match dir.error_code {
        0 => "null".to_owned(),
        code => quoted(java_names::class_of(
            ErrorCode::try_from_code(code).unwrap_or(ErrorCode::Unknown(code)),
        )),
    };
    format!(
        "{{\"partitions\":[{}],\"error\":{error},\"logDir\":{}}}",
        replicas.join(","),
        quoted(&dir.log_dir)
    )
}
