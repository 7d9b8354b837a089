//! kafka-leader-election

use std::collections::BTreeSet;
use std::time::Duration;

use client::{ClientError, ElectionType, PartitionKey};
use protocol::api::messages::ElectLeadersRequest;
use protocol::api::messages::elect_leaders_request::TopicPartitions;
use protocol::api::{ErrorCode, StrBytes, TopicName};

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::hash_order;
use super::io::Io;
use super::json;
use super::options::{Parsed, Syntax, flag, valued};

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-leader-election",
    options: &[
        valued("admin.config", "String"),
        flag("all-topic-partitions"),
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        valued("election-type", "PREFERRED|UNCLEAN"),
        valued("partition", "Integer"),
        valued("path-to-json-file", "String"),
        valued("topic", "String"),
    ],
};

/// default.api.timeout.ms of this script.
const API_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let parsed = SYNTAX.parse_or_help(args)?;
    elect(&parsed, io)
        .await
        .map_err(|error| Failed::on_stderr(error.message))
}

fn failed(message: impl Into<String>) -> Throwable {
    Throwable::new("org.apache.kafka.tools.AdminCommandFailedException", message)
}

async fn elect(parsed: &Parsed, io: &mut Io) -> Result<(), Throwable> {
    let missing: Vec<&str> = ["bootstrap-server", "election-type"]
        .into_iter()
        .filter(|name| !parsed.has(name))
        .collect();
    if !missing.is_empty() {
        return Err(failed(format!("Missing required option(s): {}", missing.join(", "))));
    }
    let scopes = ["topic", "all-topic-partitions", "path-to-json-file"];
    if scopes.iter().filter(|scope| parsed.has(scope)).count() != 1 {
        return Err(failed(
            "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file",
        ));
    }
    if parsed.has("topic") != parsed.has("partition") {
        return Err(failed("Missing required option(s): topic and partition go together"));
    }
    let election = parsed.value("election-type")?.unwrap_or_default();
    let election = match election.to_ascii_uppercase().as_str() {
        "PREFERRED" => ElectionType::Preferred,
        "UNCLEAN" => ElectionType::Unclean,
        _ => {
            return Err(Throwable::new(
                "joptsimple.OptionArgumentConversionException",
                format!("Cannot parse argument '{election}' of option election-type"),
            ));
        }
    };
    let partitions = partitions(parsed)?;
    let config = match parsed.value("admin.config")? {
        Some(config) => {
            io.line("Option --admin.config has been deprecated and will be removed in a future version. Use --command-config instead.");
            Some(config)
        }
        None => parsed.value("command-config")?,
    };
    let servers = parsed.value("bootstrap-server")?.unwrap_or_default();
    let mut cluster = Where::new(servers, false, config)?;
    cluster.properties.default_api_timeout.get_or_insert(API_TIMEOUT);
    let late = |error: Throwable, io: &mut Io| {
        if error.class.ends_with(".TimeoutException") {
            io.line("Timeout waiting for election results");
        }
        error
    };
    let client = cluster.connect("electLeaders").await.map_err(|error| late(error, io))?;
    let topics = partitions.as_ref().map(by_topic);
    let request = ElectLeadersRequest::default()
        .with_election_type(match election {
            ElectionType::Preferred => 0,
            ElectionType::Unclean => 1,
        })
        .with_topic_partitions(topics)
        .with_timeout_ms(client.request_timeout_ms());
    let response = client.send_active(&request, |response| response.error_code).await;
    let response = response.map_err(|error| late(error.into(), io))?;
    if response.error_code == ErrorCode::ClusterAuthorizationFailed.code() {
        io.line("Not authorized to perform leader election");
    }
    if response.error_code != 0 {
        return Err(Throwable::of_code(response.error_code, None));
    }
    let (mut done, mut same, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for topic in response.replica_election_results {
        for result in topic.partition_result {
            let key = (topic.topic.to_string(), result.partition_id);
            match result.error_code {
                0 => done.push(key),
                code if code == ErrorCode::ElectionNotNeeded.code() => same.push(key),
                code => {
                    let error: Throwable = ClientError::rejected("", code, result.error_message.as_deref()).into();
                    refused.push((key, error));
                }
            }
        }
    }
    report(election, done, same, refused, io)
}

fn by_topic(partitions: &BTreeSet<PartitionKey>) -> Vec<TopicPartitions> {
    let mut topics: Vec<TopicPartitions> = Vec::new();
    for (topic, partition) in partitions {
        match topics.last_mut() {
            Some(last) if last.topic.as_str() == topic => last.partitions.push(*partition),
            _ => topics.push(
                TopicPartitions::default()
                    .with_topic(TopicName(StrBytes::from_string(topic.clone())))
                    .with_partitions(vec![*partition]),
            ),
        }
    }
    topics
}

/// Partitions that are meant; none for all.
fn partitions(parsed: &Parsed) -> Result<Option<BTreeSet<PartitionKey>>, Throwable> {
    if let Some(topic) = parsed.value("topic")? {
        let partition = parsed.number("partition")?.unwrap_or_default();
        return Ok(Some(BTreeSet::from([(topic.to_owned(), partition)])));
    }
    let Some(path) = parsed.value("path-to-json-file")? else {
        return Ok(None);
    };
    let document = json::read(path)?;
    let mut keys = BTreeSet::new();
    for element in json::partitions(&document)? {
        let key = json::key(element)?;
        if !keys.insert(key.clone()) {
            return Err(failed(format!(
                "Replica election data contains duplicate partitions: [{}-{}]",
                key.0, key.1
            )));
        }
    }
    Ok(Some(keys))
}

fn report(
    election: ElectionType,
    mut done: Vec<PartitionKey>,
    mut same: Vec<PartitionKey>,
    mut refused: Vec<(PartitionKey, Throwable)>,
    io: &mut Io,
) -> Result<(), Throwable> {
    let name = match election {
        ElectionType::Preferred => "PREFERRED",
        ElectionType::Unclean => "UNCLEAN",
    };
    let joined = |keys: &[PartitionKey]| {
        let texts: Vec<String> = keys
            .iter()
            .map(|(topic, partition)| format!("{topic}-{partition}"))
            .collect();
        texts.join(", ")
    };
    hash_order::sort(&mut done, |key| key);
    hash_order::sort(&mut same, |key| key);
    hash_order::sort(&mut refused, |(key, _)| key);
    if !done.is_empty() {
        let done = joined(&done);
        io.line(format!(
            "Successfully completed leader election ({name}) for partitions {done}"
        ));
    }
    if !same.is_empty() {
        io.line(format!(
            "Valid replica already elected for partitions {}",
            joined(&same)
        ));
    }
    for ((topic, partition), error) in &refused {
        io.line(format!(
            "Error completing leader election ({name}) for partition: {topic}-{partition}: {error}"
        ));
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(failed(format!("{} replica(s) could not be elected", refused.len())))
    }
}
