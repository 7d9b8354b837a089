//! throttle set

use std::collections::BTreeSet;

use clap::Args;
use client::{
    Client, ConfigChange, ConfigChanges, PartitionKey, PartitionMove, throttle_log_dirs, throttle_replication,
    throttle_topics,
};
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use crate::change::{result_cell, show_plan};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::live_brokers::check_alive;
use crate::output::{Shown, Table};
use crate::size::units::parse_rate;

/// Limit how fast replicas are copied: rates of brokers, and the replicas that are under way on the lists of their topics,
/// without which rates do nothing.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet throttle set --rate 50MB/s --yes -b localhost:9092\n  kfleet throttle set --log-dirs-rate 20MB/s --brokers 1,2 --dry-run"
)]
pub(crate) struct SetArgs {
    /// The most that a broker sends, and receives, in a second for reassignments
    #[arg(long, value_name = "RATE", value_parser = parse_rate, required_unless_present = "log_dirs_rate")]
    rate: Option<u64>,
    /// The most that a broker copies in a second between its log directories
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    log_dirs_rate: Option<u64>,
    /// Brokers, as in 1,2; all that are alive if not given
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    brokers: Vec<i32>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What became of a throttle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ThrottleChange {
    /// What it is set for: topic or broker.
    entity_type: &'static str,
    /// Its name.
    entity: String,
    /// The key.
    key: String,
    /// Its new value; none if it is taken away.
    value: Option<String>,
    /// Whether anything was changed.
    changed: bool,
    /// Why not, if the cluster refused.
    error: Option<String>,
}

impl Shown for Vec<ThrottleChange> {
    const SCHEMA: &'static str = "throttle-change/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &ThrottleChange| {
            vec![
                row.entity_type.to_owned(),
                row.entity.clone(),
                row.key.clone(),
                row.value.clone().unwrap_or_else(|| "-".to_owned()),
                result_cell(row.changed, row.error.as_ref()),
            ]
        };
        Table {
            headers: vec!["TYPE", "NAME", "KEY", "NEW", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &SetArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        let changes = changes(&client, args).await?;
        let (rows, failures) = change(context, &client, &args.safety, &changes, "set").await?;
        Ok::<_, CommandError>((id, rows, failures))
    })??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

async fn changes(client: &Client, args: &SetArgs) -> Result<ConfigChanges, CommandError> {
    let alive: BTreeSet<i32> = client.broker_ids().collect();
    let asked: BTreeSet<i32> = args.brokers.iter().copied().collect();
    check_alive(client, &asked, &alive).await?;
    let brokers = if asked.is_empty() { alive } else { asked };
    let mut changes = ConfigChanges::new();
    if let Some(rate) = args.rate {
        let running = client.reassignments().await?;
        let moves = running
            .iter()
            .map(|(key, running)| (key.clone(), PartitionMove::running(running)));
        let moves: std::collections::BTreeMap<PartitionKey, PartitionMove> = moves.collect();
        add(&mut changes, throttle_topics(&moves));
        add(&mut changes, throttle_replication(brokers.iter().copied(), rate));
    }
    if let Some(rate) = args.log_dirs_rate {
        add(&mut changes, throttle_log_dirs(brokers, rate));
    }
    Ok(changes)
}

fn add(changes: &mut ConfigChanges, more: ConfigChanges) {
    for (resource, keys) in more {
        changes.entry(resource).or_default().extend(keys);
    }
}

/// Shows, asks, changes.
pub(super) async fn change(
    context: &Context,
    client: &Client,
    safety: &SafetyArgs,
    changes: &ConfigChanges,
    verb: &str,
) -> Result<(Vec<ThrottleChange>, Vec<Failure>), CommandError> {
    let mut rows: Vec<ThrottleChange> = rows(changes);
    context.expect_cluster(safety, client.cluster_id())?;
    if rows.is_empty() {
        return Ok((rows, Vec::new()));
    }
    if !safety.ask.dry_run {
        show_plan(context, rows.table(false));
    }
    let action = format!("{verb} {}", counted(rows.len(), "key"));
    if !context.may_go_ahead(&safety.ask, &action)? {
        return Ok((rows, Vec::new()));
    }
    let altered = client.alter_configs(changes, false).await;
    let refused = |row: &ThrottleChange| {
        let what = format!("{} {}", row.entity_type, row.entity);
        altered.errors.iter().find(|failed| failed.what == what)
    };
    for row in &mut rows {
        row.error = refused(row).map(|failed| failed.error.reason());
        row.changed = row.error.is_none();
    }
    let failures = altered.errors.into_iter().map(Failure::from).collect();
    Ok((rows, failures))
}

fn rows(changes: &ConfigChanges) -> Vec<ThrottleChange> {
    let rows = changes.iter().flat_map(|(resource, keys)| {
        keys.iter().map(|(key, change)| ThrottleChange {
            entity_type: resource.entity.name(),
            entity: resource.name.clone(),
            key: key.clone(),
            value: match change {
                ConfigChange::Set(value) => Some(value.clone()),
                _ => None,
            },
            changed: false,
            error: None,
        })
    });
    rows.collect()
}
