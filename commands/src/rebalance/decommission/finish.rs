//! The last steps of brokers that go: nothing is left on them, they are stopped, and the cluster forgets them.

use std::collections::BTreeSet;
use std::time::Duration;

use client::{Client, ClusterNodes};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::change::result_cell;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::reassign::{joined, named};

/// How often it is looked whether they are stopped.
const POLL: Duration = Duration::from_millis(500);
/// Replicas that are named.
const NAMED_MAX: usize = 10;

/// What became of a broker.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ForgottenRow {
    /// The broker.
    broker: i32,
    /// Whether the cluster has forgotten it now, and had not before.
    changed: bool,
}

impl Shown for Vec<ForgottenRow> {
    const SCHEMA: &'static str = "decommission-finish/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &ForgottenRow| vec![row.broker.to_string(), result_cell(row.changed, None)];
        Table {
            headers: vec!["BROKER", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

/// Sees them off.
pub(super) fn run(brokers: &[i32], wait: Duration, safety: &SafetyArgs, context: &Context) -> Result<(), CommandError> {
    let brokers: BTreeSet<i32> = brokers.iter().copied().collect();
    let (id, rows) = block_on(async {
        let client = context.connect_for_long().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(safety, &id)?;
        let rows = see_off(context, &client, &brokers, wait, safety).await?;
        Ok::<_, CommandError>((id, rows))
    })??;
    context.out.show(Some(&id), &rows, &[])
}

async fn see_off(
    context: &Context,
    client: &Client,
    brokers: &BTreeSet<i32>,
    wait: Duration,
    safety: &SafetyArgs,
) -> Result<Vec<ForgottenRow>, CommandError> {
    let alive = alive_of(&client.cluster_nodes(true).await?, brokers);
    insist_on_empty(client, brokers, &alive).await?;
    let ids = joined(&brokers.iter().copied().collect::<Vec<_>>());
    let action = format!("make the cluster forget broker {ids} once stopped");
    let unchanged = |broker: &i32| ForgottenRow {
        broker: *broker,
        changed: false,
    };
    let mut rows: Vec<ForgottenRow> = brokers.iter().map(unchanged).collect();
    if !context.may_change(safety, client.cluster_id(), &action)? {
        return Ok(rows);
    }
    until_stopped(context, client, brokers, wait).await?;
    // A cluster that knows no cordons may have put something there meanwhile.
    insist_on_empty(client, brokers, &BTreeSet::new()).await?;
    for row in &mut rows {
        row.changed = client.unregister_broker(row.broker).await?;
    }
    Ok(rows)
}

/// Those that are alive.
fn alive_of(found: &ClusterNodes, brokers: &BTreeSet<i32>) -> BTreeSet<i32> {
    let alive = found.nodes.iter().filter(|node| !node.is_fenced);
    let alive = alive.map(|node| node.broker_id.0);
    alive.filter(|id| brokers.contains(id)).collect()
}

/// Refuses brokers that have replicas, or will; those that are alive are asked what is on their disks, too.
async fn insist_on_empty(client: &Client, brokers: &BTreeSet<i32>, alive: &BTreeSet<i32>) -> Result<(), CommandError> {
    let mut left: BTreeSet<String> = BTreeSet::new();
    for (topic, description) in client.describe_topics(None).await? {
        let here = description.partitions.iter();
        let here = here.filter(|(_, partition)| partition.replicas.iter().any(|id| brokers.contains(id)));
        left.extend(here.map(|(number, _)| named(&(topic.clone(), *number))));
    }
    for (key, running) in client.reassignments().await? {
        if running.adding.iter().any(|id| brokers.contains(id)) {
            left.insert(named(&key));
        }
    }
    let asked: Vec<i32> = alive.iter().copied().collect();
    let told = client.log_dir_contents(&asked, None).await;
    // One that does not answer is being stopped; what the cluster has assigned to it has been looked at.
    if let Some(failed) = told.errors.into_iter().find(|failed| !failed.error.is_retriable()) {
        return Err(failed.error.into());
    }
    for (broker, dirs) in told.ok {
        for (topic, partition, is_future) in dirs.iter().flat_map(|dir| dir.replicas.keys()) {
            let name = named(&(topic.clone(), *partition));
            let what = if *is_future { "a move of " } else { "" };
            left.insert(format!("{what}{name} on the disks of broker {broker}"));
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = left.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = match left.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let ids = joined(&brokers.iter().copied().collect::<Vec<_>>());
    let message = format!(
        "broker {ids} is not empty: {}{more}; it was not forgotten",
        names.join(", ")
    );
    Err(CommandError::refused(message).hint("`kfleet decommission` without --finish plans what has to move"))
}

async fn until_stopped(
    context: &Context,
    client: &Client,
    brokers: &BTreeSet<i32>,
    wait: Duration,
) -> Result<(), CommandError> {
    let until = Instant::now() + wait;
    let mut told = BTreeSet::new();
    loop {
        let alive = match client.cluster_nodes(true).await {
            Ok(found) => alive_of(&found, brokers),
            // It may have been the one that was asked.
            Err(error) if error.is_retriable() && Instant::now() < until => {
                sleep(POLL).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if alive.is_empty() {
            return Ok(());
        }
        let ids = joined(&alive.iter().copied().collect::<Vec<_>>());
        if alive != told {
            context
                .out
                .note(&format!("nothing is left on broker {ids}; stop it now"));
            told = alive;
        }
        if Instant::now() >= until {
            let message = format!("broker {ids} has not been stopped; the cluster has forgotten nothing");
            return Err(CommandError::timed_out(message).hint("the same command goes on; --wait gives it longer"));
        }
        sleep(POLL).await;
    }
}
