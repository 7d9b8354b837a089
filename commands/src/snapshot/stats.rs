//! snapshot stats

use std::path::PathBuf;

use clap::Args;
use planner::model::Cluster;
use schemars::JsonSchema;
use serde::Serialize;

use super::figures::{Figures, LoadRow, SpreadRow};
use super::rebuild::{Becomes, rebuilt};
use super::source::{LiveArgs, read_file};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::rebalance::file::PlanFile;

/// Statistics of a cluster, or of a snapshot of one: loads of brokers and racks, and how uneven they are.
///
/// With a plan everything is there twice, before and after it. An imbalance is what is above the average, all together:
/// what would have to be somewhere else if all were to be even.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet snapshot stats -b localhost:9092\n  kfleet snapshot stats cluster.json --plan plan.json -o json"
)]
pub(crate) struct StatsArgs {
    /// A snapshot in place of a running cluster; - is stdin
    #[arg(conflicts_with_all = ["window", "partial"])]
    file: Option<PathBuf>,
    /// A plan, as kfleet rebalance plan --out writes it
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    live: LiveArgs,
}

/// Statistics.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SnapshotStats {
    /// As it is.
    before: Figures,
    /// As it will be with the plan.
    after: Option<Figures>,
    /// Bytes that the plan copies.
    moved_bytes: Option<u64>,
    /// Replicas that it copies.
    replica_moves: Option<u64>,
    /// Partitions to which it gives another preferred leader.
    leader_changes: Option<u64>,
}

impl Shown for SnapshotStats {
    const SCHEMA: &'static str = "snapshot-stats/1";

    fn table(&self, wide: bool) -> Table {
        let mut headers = vec![
            "OF",
            "RESOURCE",
            "MEAN",
            "DEVIATION",
            "CV",
            "LEAST",
            "MOST",
            "IMBALANCE",
        ];
        if self.after.is_some() {
            headers.extend([
                "MEAN AFTER",
                "DEVIATION AFTER",
                "CV AFTER",
                "LEAST AFTER",
                "MOST AFTER",
                "IMBALANCE AFTER",
            ]);
        }
        let after = self.after.as_ref();
        let mut rows = Vec::new();
        for (at, row) in self.before.spreads.iter().enumerate() {
            let mut cells = vec![row.kind.to_owned(), row.resource.to_owned()];
            cells.extend(spread(row));
            cells.extend(
                after
                    .and_then(|after| after.spreads.get(at))
                    .into_iter()
                    .flat_map(spread),
            );
            rows.push(cells);
        }
        if wide {
            let loads = self.before.loads.iter().enumerate();
            rows.extend(
                loads.flat_map(|(at, row)| load(row, after.and_then(|after| after.loads.get(at)), headers.len())),
            );
        }
        Table { headers, rows }
    }
}

fn spread(row: &SpreadRow) -> Vec<String> {
    vec![
        format!("{:.1}", row.mean),
        format!("{:.1}", row.deviation),
        format!("{:.3}", row.variation),
        row.least.to_string(),
        row.most.to_string(),
        format!("{:.0}", row.imbalance),
    ]
}

/// A broker or rack, a line for each resource: its load stands where means do.
fn load(row: &LoadRow, after: Option<&LoadRow>, columns: usize) -> Vec<Vec<String>> {
    let of = |row: &LoadRow| {
        [
            ("disk", row.size_bytes),
            ("bytes-in", row.bytes_in_per_s),
            ("replicas", row.replicas),
            ("bytes-out", row.bytes_out_per_s),
            ("leaders", row.leaders),
        ]
    };
    let line = |(at, (resource, amount)): (usize, (&str, i64))| {
        let mut cells = vec![
            format!("{} {}", row.kind, row.name),
            resource.to_owned(),
            amount.to_string(),
        ];
        cells.resize(columns.min(8), String::new());
        if let Some((_, amount)) = after.and_then(|after| of(after).get(at).copied()) {
            cells.push(amount.to_string());
        }
        cells.resize(columns, String::new());
        cells
    };
    of(row).into_iter().enumerate().map(line).collect()
}

pub(crate) fn run(args: &StatsArgs, context: &Context) -> Result<(), CommandError> {
    let plan = args.plan.as_deref().map(PlanFile::read).transpose()?;
    let (cluster, mut warnings) = match &args.file {
        Some(file) => (read_file(file)?, Vec::new()),
        None => {
            let gathered = block_on(args.live.gather(context, &[]))??;
            (gathered.cluster, gathered.warnings)
        }
    };
    let mut stats = SnapshotStats {
        before: Figures::of(&cluster),
        after: None,
        moved_bytes: None,
        replica_moves: None,
        leader_changes: None,
    };
    if let Some(plan) = &plan {
        if plan.snapshot != format!("{:016x}", cluster.fingerprint()) {
            warnings.push("the plan was made from another snapshot: sizes and rates may differ".to_owned());
        }
        stats.after = Some(Figures::of(&planned(&cluster, plan)?));
        stats.moved_bytes = Some(plan.summary.moved_bytes);
        stats.replica_moves = Some(plan.summary.replica_moves);
        stats.leader_changes = Some(plan.summary.leader_changes);
    }
    context.out.show(cluster.cluster_id(), &stats, &warnings)
}

/// The cluster when the plan has been carried out.
fn planned(cluster: &Cluster, plan: &PlanFile) -> Result<Cluster, CommandError> {
    let mut becomes = std::collections::BTreeMap::new();
    for one in &plan.moves {
        let at = cluster.partition(&one.topic, one.partition);
        let at = at.ok_or_else(|| CommandError::refused(format!("{} is not there any more", one.name())))?;
        let now = cluster.ids(cluster.replicas(at));
        if now != one.replicas_from {
            let was = &one.replicas_from;
            return Err(CommandError::refused(format!(
                "{} is on {now:?} now, and was on {was:?} when the plan was made",
                one.name()
            ))
            .hint("plan again"));
        }
        becomes.insert(at, &one.replicas_to);
    }
    let changed = rebuilt(
        cluster,
        |_, _| (),
        |at| match becomes.get(&at) {
            Some(replicas) => Becomes::On((*replicas).clone()),
            None => Becomes::Same,
        },
    );
    changed.map_err(|error| CommandError::refused(format!("the plan does not fit: {error}")).hint("plan again"))
}
