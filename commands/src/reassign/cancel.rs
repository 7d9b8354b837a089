//! reassign cancel

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use client::{Client, PartitionKey, Reassignment, ReplicaTarget, ReplicaTargets};
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::file::Assignments;
use super::{joined, named};
use crate::change::{result_cell, show_plan};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};

/// Cancel reassignments that are under way: partitions stay on the brokers that had them.
///
/// Throttles stay as they are; `throttle clear --leftover` takes away those that are left.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet reassign cancel --reassignment-json-file moves.json --yes -b localhost:9092\n  kfleet reassign cancel --all --dry-run"
)]
pub(crate) struct CancelArgs {
    /// Kafka's JSON of assignments, whose partitions are meant (- is stdin)
    #[arg(long, value_name = "FILE", required_unless_present = "all")]
    reassignment_json_file: Option<PathBuf>,
    /// All that are under way
    #[arg(long, conflicts_with = "reassignment_json_file")]
    all: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What became of a partition.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CancelRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Brokers that would have got it.
    adding: Vec<i32>,
    /// Brokers that would have lost it.
    removing: Vec<i32>,
    /// Whether anything was changed.
    changed: bool,
    /// Why not, if the cluster refused.
    error: Option<String>,
}

impl Shown for Vec<CancelRow> {
    const SCHEMA: &'static str = "reassign-cancel/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &CancelRow| {
            vec![
                row.topic.clone(),
                row.partition.to_string(),
                joined(&row.adding),
                joined(&row.removing),
                result_cell(row.changed, row.error.as_ref()),
            ]
        };
        Table {
            headers: vec!["TOPIC", "PARTITION", "ADDING", "REMOVING", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &CancelArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = args
        .reassignment_json_file
        .as_deref()
        .map(Assignments::read)
        .transpose()?;
    let wanted = wanted.map(|wanted| wanted.partitions.into_keys().collect::<BTreeSet<_>>());
    let (id, rows, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let mut running = client.reassignments().await?;
        running.retain(|key, _| wanted.as_ref().is_none_or(|wanted| wanted.contains(key)));
        let mut rows: Vec<CancelRow> = running.iter().map(row).collect();
        if rows.is_empty() {
            return Ok((id, rows, Vec::new()));
        }
        if !args.safety.ask.dry_run {
            show_plan(context, rows.table(false));
        }
        let action = format!("cancel {}", counted(rows.len(), "reassignment"));
        if !context.may_change(&args.safety, &id, &action)? {
            return Ok((id, rows, Vec::new()));
        }
        let failures = carry_out(&client, running.into_keys(), &mut rows).await?;
        Ok::<_, CommandError>((id, rows, failures))
    })??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

fn row((key, running): (&PartitionKey, &Reassignment)) -> CancelRow {
    CancelRow {
        topic: key.0.clone(),
        partition: key.1,
        adding: running.adding.clone(),
        removing: running.removing.clone(),
        changed: false,
        error: None,
    }
}

async fn carry_out(
    client: &Client,
    keys: impl Iterator<Item = PartitionKey>,
    rows: &mut [CancelRow],
) -> Result<Vec<Failure>, CommandError> {
    let targets: ReplicaTargets = keys.map(|key| (key, ReplicaTarget::Cancel)).collect();
    let mut results = client.alter_reassignments(&targets, true).await?;
    let mut failures = Vec::new();
    for row in rows {
        let key = (row.topic.clone(), row.partition);
        match results.remove(&key) {
            Some(Err(error)) => {
                row.error = Some(error.reason());
                failures.push(Failure::of(named(&key), error));
            }
            Some(Ok(())) => row.changed = true,
            None => {}
        }
    }
    Ok(failures)
}
