//! kafka-reassign-partitions --execute and --cancel

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use client::{Client, PartitionKey, PartitionResults, ReplicaKey, ReplicaTarget, ReplicaTargets, throttle_log_dirs};
use protocol::api::ErrorCode;

use super::super::cluster::Where;
use super::super::failed::Throwable;
use super::super::hash_order;
use super::super::io::Io;
use super::super::options::Parsed;
use super::file::Wanted;
use super::moves::{self, State};
use super::{Wrong, given_up, named, plural, throttles};
use crate::reassign::file::file_of;
use crate::reassign::places::{find, replicas_of};
use crate::storage::java_order;

/// How long is waited until moves between log directories have begun.
const TIMEOUT_MS: i64 = 10_000;

const RUNNING: &str = "Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.";

fn timeout(parsed: &Parsed) -> Result<Duration, Throwable> {
    let timeout_ms = parsed.number("timeout")?.unwrap_or(TIMEOUT_MS);
    Ok(Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0)))
}

/// A rate; below zero is none.
fn rate(parsed: &Parsed, flag: &str) -> Result<Option<u64>, Throwable> {
    let rate: Option<i64> = parsed.number(flag)?;
    Ok(rate.and_then(|rate| u64::try_from(rate).ok()))
}

pub(super) async fn run(parsed: &Parsed, cluster: &Where, wanted: Wanted, io: &mut Io) -> Result<(), Wrong> {
    let timeout = timeout(parsed)?;
    let (between_brokers, between_dirs) = (
        rate(parsed, "throttle")?,
        rate(parsed, "replica-alter-log-dirs-throttle")?,
    );
    wanted.check()?;
    let client = cluster.connect_for_long("listPartitionReassignments").await?;
    let running = client.reassignments().await?;
    if !running.is_empty() && !parsed.has("additional") {
        return Err(Wrong::Sentence(RUNNING.to_owned()));
    }
    check_brokers(&client, &wanted)?;
    let current = current(&client, &wanted).await?;
    tell_current(&client, &current, io).await?;
    if between_brokers.is_some() || between_dirs.is_some() {
        io.line(
            "Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.",
        );
    }
    if let Some(rate) = between_brokers {
        throttles::limit_replication(&client, &running, &wanted, &current, rate, io).await?;
    }
    if let Some(rate) = between_dirs {
        let brokers: BTreeSet<i32> = wanted.directories.keys().map(|replica| replica.broker).collect();
        throttles::alter(&client, &throttle_log_dirs(brokers, rate)).await?;
        io.line(format!("The replica-alter-dir throttle limit was set to {rate} B/s"));
    }
    let targets = wanted.partitions.iter();
    let targets: ReplicaTargets = targets
        .map(|(key, replicas)| (key.clone(), ReplicaTarget::Brokers(replicas.clone())))
        .collect();
    let may_change_factor = !parsed.has("disallow-replication-factor-change");
    let results = client.alter_reassignments(&targets, may_change_factor).await;
    let results = of_each(results, &targets);
    if let Some(told) = errors(&results) {
        return Err(Wrong::Sentence(format!("Error reassigning partition(s):\n{told}")));
    }
    io.line(format!(
        "Successfully started partition reassignment{} for {}",
        plural(targets.len()),
        all(targets.keys())
    ));
    moves::start(&client, wanted.directories, timeout, io).await
}

fn all<'a>(keys: impl Iterator<Item = &'a PartitionKey>) -> String {
    keys.map(named).collect::<Vec<_>>().join(",")
}

/// What was refused as a whole was refused for each.
fn of_each(results: Result<PartitionResults, client::ClientError>, targets: &ReplicaTargets) -> PartitionResults {
    results.unwrap_or_else(|error| targets.keys().map(|key| (key.clone(), Err(error.clone()))).collect())
}

/// What failed, a line for each partition.
fn errors(results: &PartitionResults) -> Option<String> {
    let lines = results.iter().filter_map(|(key, result)| {
        let error = Throwable::from(result.as_ref().err()?.clone());
        Some(format!("{}: {}", named(key), error.message))
    });
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn check_brokers(client: &Client, wanted: &Wanted) -> Result<(), Throwable> {
    let alive: BTreeSet<i32> = client.broker_ids().collect();
    let named: BTreeSet<i32> = wanted
        .partitions
        .iter()
        .flat_map(|(_, replicas)| replicas.iter().copied())
        .collect();
    let mut named: Vec<i32> = named.into_iter().collect();
    java_order::grown(&mut named, |id| *id);
    match named.into_iter().find(|id| !alive.contains(id)) {
        Some(id) => Err(given_up(format!("Unknown broker id {id}"))),
        None => Ok(()),
    }
}

/// Where the partitions are now.
async fn current(client: &Client, wanted: &Wanted) -> Result<BTreeMap<PartitionKey, Vec<i32>>, Wrong> {
    let unknown = |message: String| Throwable {
        code: Some(ErrorCode::UnknownTopicOrPartition),
        ..Throwable::new(
            "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
            message,
        )
    };
    let topics: BTreeSet<&String> = wanted.partitions.iter().map(|((topic, _), _)| topic).collect();
    let mut topics: Vec<&String> = topics.into_iter().collect();
    java_order::grown(&mut topics, |topic| java_order::string_hash(topic));
    let mut found = BTreeMap::new();
    for topic in topics {
        let described = client.describe_topics(Some(std::slice::from_ref(topic))).await;
        let described = described.map_err(|error| match error.code() {
            Some(ErrorCode::UnknownTopicOrPartition) => unknown(format!("Topic {topic} not found.")),
            _ => error.into(),
        })?;
        for (topic, description) in described {
            let partitions = description.partitions.into_iter();
            found.extend(partitions.map(|(index, partition)| ((topic.clone(), index), partition.replicas)));
        }
    }
    let wanted: BTreeSet<&PartitionKey> = wanted.partitions.iter().map(|(key, _)| key).collect();
    let mut missing: Vec<&PartitionKey> = wanted.iter().copied().filter(|key| !found.contains_key(*key)).collect();
    if !missing.is_empty() {
        hash_order::sort(&mut missing, |key| *key);
        let missing: Vec<String> = missing.into_iter().map(named).collect();
        return Err(unknown(format!("Unable to find partition: {}", missing.join(", "))).into());
    }
    found.retain(|key, _| wanted.contains(key));
    Ok(found)
}

async fn tell_current(client: &Client, current: &BTreeMap<PartitionKey, Vec<i32>>, io: &mut Io) -> Result<(), Wrong> {
    let found = find(client, &replicas_of(current)).await?.into_iter();
    let directories = found.filter_map(|(replica, found)| Some((replica, found.current?)));
    io.line(format!(
        "Current partition replica assignment\n\n{}\n\nSave this to use as the --reassignment-json-file option during rollback",
        file_of(current, &directories.collect()).text()
    ));
    Ok(())
}

pub(super) async fn cancel(parsed: &Parsed, cluster: &Where, wanted: &Wanted, io: &mut Io) -> Result<(), Wrong> {
    let timeout = timeout(parsed)?;
    let client = cluster.connect_for_long("listPartitionReassignments").await?;
    let running = client.reassignments().await?;
    let asked: BTreeSet<&PartitionKey> = wanted.partitions.iter().map(|(key, _)| key).collect();
    let is_moving = |key: &PartitionKey| {
        running
            .get(key)
            .is_some_and(|running| !running.adding.is_empty() || !running.removing.is_empty())
    };
    let targets: ReplicaTargets = asked
        .into_iter()
        .filter(|key| is_moving(key))
        .map(|key| (key.clone(), ReplicaTarget::Cancel))
        .collect();
    if targets.is_empty() {
        io.line("None of the specified partition reassignments are active.");
    } else {
        let results = of_each(client.alter_reassignments(&targets, true).await, &targets);
        if let Some(told) = errors(&results) {
            let count = results.values().filter(|result| result.is_err()).count();
            return Err(Wrong::Sentence(format!(
                "Error cancelling partition reassignment{} for:\n{told}",
                plural(count)
            )));
        }
        io.line(format!(
            "Successfully cancelled partition reassignment{} for: {}",
            plural(targets.len()),
            all(targets.keys())
        ));
    }
    let found = find(&client, wanted.directories.keys()).await?;
    let moving = wanted.directories.iter().filter_map(|(replica, target)| {
        let state = State::new(replica, target, &found);
        Some((replica.clone(), state.moving_from()?.to_owned()))
    });
    let back: BTreeMap<ReplicaKey, String> = moving.collect();
    if back.is_empty() {
        // Without an end of the line, as Apache Kafka 4.3.1 has it.
        io.text("None of the specified partition moves are active.");
    } else {
        moves::start(&client, back, timeout, io).await?;
    }
    if !parsed.has("preserve-throttles") {
        throttles::clear(&client, wanted, io).await?;
    }
    Ok(())
}
