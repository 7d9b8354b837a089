//! reassign execute

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use client::{
    Client, ConfigChanges, PartitionKey, PartitionMove, PartitionResults, Reassignment, ReplicaKey, throttle_log_dirs,
    throttle_replication, throttle_topics,
};
use planner::counted::counted;
use protocol::api::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;

use super::file::{AssignmentFile, Assignments, file_of};
use super::{joined, named, places};
use crate::change::{result_cell, show_plan};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::live_brokers::check_alive;
use crate::output::{Shown, Table};
use crate::replace_file::replace_file;
use crate::size::units::parse_rate;

/// Have partitions moved to where a file says.
///
/// It is begun, and goes on by itself: `reassign verify` tells how far it has come. Partitions that are there already are
/// left alone. `rebalance apply` does the same in steps, with throttles that it takes away itself, and can be undone.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet reassign execute --reassignment-json-file moves.json --save-current back.json --throttle 50MB/s --yes\n  kfleet reassign execute --reassignment-json-file moves.json --dry-run"
)]
pub(crate) struct ExecuteArgs {
    /// Kafka's JSON of assignments (- is stdin)
    #[arg(long, value_name = "FILE")]
    reassignment_json_file: PathBuf,
    /// The most that a broker sends, and receives, in a second for these moves
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    throttle: Option<u64>,
    /// The most that a broker copies in a second between its log directories
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    replica_alter_log_dirs_throttle: Option<u64>,
    /// Go ahead although others are under way; throttles are set anew for all of them
    #[arg(long)]
    additional: bool,
    /// Have the cluster refuse to change how many replicas a partition has
    #[arg(long)]
    disallow_replication_factor_change: bool,
    /// Write where the partitions are now into this file first, for the way back
    #[arg(long, value_name = "FILE")]
    save_current: Option<PathBuf>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What became of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Execution {
    /// Its partitions.
    partitions: Vec<ExecutionRow>,
    /// Where they were: a file for the way back.
    current: AssignmentFile,
}

/// What became of a partition.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ExecutionRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Brokers that had it.
    replicas: Vec<i32>,
    /// Brokers that are to have it.
    wanted: Vec<i32>,
    /// Log directories that its replicas are to be in, by broker.
    log_dirs: BTreeMap<i32, String>,
    /// Whether anything was begun.
    changed: bool,
    /// Why not, if the cluster refused.
    error: Option<String>,
}

impl Shown for Execution {
    const SCHEMA: &'static str = "reassign-execute/1";

    fn table(&self, _: bool) -> Table {
        rows_table(&self.partitions)
    }
}

fn rows_table(rows: &[ExecutionRow]) -> Table {
    let row = |row: &ExecutionRow| {
        let dirs = row.log_dirs.iter().map(|(broker, path)| format!("{broker}:{path}"));
        vec![
            row.topic.clone(),
            row.partition.to_string(),
            joined(&row.replicas),
            joined(&row.wanted),
            dirs.collect::<Vec<_>>().join(" "),
            result_cell(row.changed, row.error.as_ref()),
        ]
    };
    Table {
        headers: vec!["TOPIC", "PARTITION", "FROM", "TO", "LOG DIRS", "RESULT"],
        rows: rows.iter().map(row).collect(),
    }
}

/// What there is and what is to be done.
struct Planned {
    running: BTreeMap<PartitionKey, Reassignment>,
    current: BTreeMap<PartitionKey, Vec<i32>>,
    /// What of the file is not so already.
    needed: Assignments,
    done: Execution,
}

pub(crate) fn run(args: &ExecuteArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = Assignments::read(&args.reassignment_json_file)?;
    let (id, done, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let mut planned = plan(&client, args, &wanted).await?;
        let count = planned.needed.partitions.len().max(planned.needed.directories.len());
        if count == 0 {
            return Ok((id, planned.done, Vec::new()));
        }
        if !args.safety.ask.dry_run {
            show_plan(context, rows_table(&planned.done.partitions));
        }
        let action = format!("begin to move {}", counted(planned.needed_keys().len(), "partition"));
        if !context.may_change(&args.safety, &id, &action)? {
            return Ok((id, planned.done, Vec::new()));
        }
        save_current(args, &planned.done.current)?;
        let failures = carry_out(&client, args, &mut planned).await?;
        if args.throttle.is_some() || args.replica_alter_log_dirs_throttle.is_some() {
            context
                .out
                .note("throttles stay until they are taken away: `kfleet throttle clear --leftover`, once all is done");
        }
        Ok::<_, CommandError>((id, planned.done, failures))
    })??;
    context.out.show_part(Some(&id), &done, &[], &failures)
}

impl Planned {
    /// Partitions of which something is to be changed.
    fn needed_keys(&self) -> BTreeSet<PartitionKey> {
        let of_dirs = self.needed.directories.keys().map(|replica| replica.partition.clone());
        self.needed.partitions.keys().cloned().chain(of_dirs).collect()
    }
}

async fn plan(client: &Client, args: &ExecuteArgs, wanted: &Assignments) -> Result<Planned, CommandError> {
    let running = client.reassignments().await?;
    if !running.is_empty() && !args.additional {
        let message = format!(
            "{} under way already; nothing was changed",
            counted(running.len(), "reassignment")
        );
        return Err(CommandError::refused(message)
            .hint("`kfleet reassign list` shows them; --additional goes ahead beside them"));
    }
    let alive: BTreeSet<i32> = client.broker_ids().collect();
    let named: BTreeSet<i32> = wanted.partitions.values().flatten().copied().collect();
    check_alive(client, &named, &alive).await?;
    let now = places::partitions(client, wanted.partitions.keys()).await?;
    let current: BTreeMap<PartitionKey, Vec<i32>> = now
        .into_iter()
        .map(|(key, partition)| (key, partition.replicas))
        .collect();
    let found = places::find(client, &places::replicas_of(&current)).await?;
    let mut needed = wanted.clone();
    needed
        .partitions
        .retain(|key, replicas| running.contains_key(key) || current.get(key) != Some(replicas));
    needed.directories.retain(|replica, directory| {
        let found = found.get(replica);
        found.is_none_or(|found| found.future.as_ref().or(found.current.as_ref()) != Some(directory))
    });
    let row = |(key, replicas): (&PartitionKey, &Vec<i32>)| ExecutionRow {
        topic: key.0.clone(),
        partition: key.1,
        replicas: current.get(key).cloned().unwrap_or_default(),
        wanted: replicas.clone(),
        log_dirs: wanted
            .directories
            .iter()
            .filter(|(replica, _)| replica.partition == *key)
            .map(|(replica, directory)| (replica.broker, directory.clone()))
            .collect(),
        changed: false,
        error: None,
    };
    let in_dirs = found
        .into_iter()
        .filter_map(|(replica, found)| Some((replica, found.current?)));
    let done = Execution {
        partitions: wanted.partitions.iter().map(row).collect(),
        current: file_of(&current, &in_dirs.collect()),
    };
    Ok(Planned {
        running,
        current,
        needed,
        done,
    })
}

fn save_current(args: &ExecuteArgs, current: &AssignmentFile) -> Result<(), CommandError> {
    let Some(path) = &args.save_current else {
        return Ok(());
    };
    let text = format!("{}\n", current.text());
    replace_file(path, text.as_bytes())
        .map_err(|error| CommandError::io(&format!("writing {}", path.display()), &error))
}

async fn carry_out(client: &Client, args: &ExecuteArgs, planned: &mut Planned) -> Result<Vec<Failure>, CommandError> {
    if let Some(rate) = args.throttle {
        let moves = places::moves(&planned.running, &planned.needed.partitions, &planned.current);
        alter(client, &throttle_topics(&moves)).await?;
        let brokers: BTreeSet<i32> = moves.values().flat_map(PartitionMove::brokers).collect();
        alter(client, &throttle_replication(brokers, rate)).await?;
    }
    if let Some(rate) = args.replica_alter_log_dirs_throttle {
        let brokers: BTreeSet<i32> = planned
            .needed
            .directories
            .keys()
            .map(|replica| replica.broker)
            .collect();
        alter(client, &throttle_log_dirs(brokers, rate)).await?;
    }
    // Brokers that do not have a replica yet note where they are to put it.
    let dirs = client.move_replicas(&planned.needed.directories).await;
    let mut failures = Vec::new();
    let mut refused: BTreeMap<PartitionKey, String> = BTreeMap::new();
    for (replica, result) in dirs {
        if let Err(error) = result
            && error.code() != Some(ErrorCode::ReplicaNotAvailable)
        {
            let ReplicaKey { broker, partition } = replica;
            refused.insert(partition.clone(), error.reason());
            failures.push(Failure::of(format!("{} on broker {broker}", named(&partition)), error));
        }
    }
    let may_change_factor = !args.disallow_replication_factor_change;
    let targets = planned.needed.targets();
    let results = match targets.is_empty() {
        true => PartitionResults::new(),
        false => client.alter_reassignments(&targets, may_change_factor).await?,
    };
    let keys = planned.needed_keys();
    for row in &mut planned.done.partitions {
        let key = (row.topic.clone(), row.partition);
        if let Some(Err(error)) = results.get(&key) {
            refused.insert(key.clone(), error.reason());
            failures.push(Failure::of(named(&key), error.clone()));
        }
        row.changed = keys.contains(&key) && !refused.contains_key(&key);
        row.error = refused.get(&key).cloned();
    }
    Ok(failures)
}

/// Changes settings, all of them.
async fn alter(client: &Client, changes: &ConfigChanges) -> Result<(), CommandError> {
    let altered = client.alter_configs(changes, false).await;
    let failures: Vec<Failure> = altered.errors.into_iter().map(Failure::from).collect();
    together(&failures).map_or(Ok(()), Err)
}
