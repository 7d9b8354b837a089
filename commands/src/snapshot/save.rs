//! snapshot save

use std::path::PathBuf;

use clap::Args;
use planner::model::{Cluster, write_snapshot};
use schemars::JsonSchema;
use serde::Serialize;

use super::source::LiveArgs;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::replace_file::replace_file;

/// Save what planners have to know of a cluster: brokers, racks, disks, replicas, sizes, rates.
///
/// Plans can be made from it anywhere, and the cluster need not be there. Sizes are those of the leaders' replicas. Rates
/// are measured for as long as --window says, from where partitions end and from how their replicas grow.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet snapshot save cluster.json -b localhost:9092\n  kfleet snapshot save --window 5m cluster.json\n  kfleet snapshot save - --window 0s | kfleet rebalance plan --snapshot -"
)]
pub(crate) struct SaveArgs {
    /// The file, which is replaced as a whole; - is stdout
    file: PathBuf,
    #[command(flatten)]
    live: LiveArgs,
}

/// A snapshot that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SavedSnapshot {
    /// The file.
    pub(super) file: String,
    /// How many brokers it tells of.
    pub(super) brokers: usize,
    /// How many topics.
    pub(super) topics: usize,
    /// How many partitions.
    pub(super) partitions: usize,
    /// How many replicas.
    pub(super) replicas: usize,
    /// Bytes of all replicas.
    pub(super) size_bytes: u64,
}

impl Shown for SavedSnapshot {
    const SCHEMA: &'static str = "snapshot-save/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: vec!["FILE", "BROKERS", "TOPICS", "PARTITIONS", "REPLICAS", "SIZE"],
            rows: vec![vec![
                self.file.clone(),
                self.brokers.to_string(),
                self.topics.to_string(),
                self.partitions.to_string(),
                self.replicas.to_string(),
                self.size_bytes.to_string(),
            ]],
        }
    }
}

pub(crate) fn run(args: &SaveArgs, context: &Context) -> Result<(), CommandError> {
    let gathered = block_on(args.live.gather(context, &[]))??;
    store(&gathered.cluster, &args.file, &gathered.warnings, context)
}

/// Writes a snapshot, and says so.
pub(super) fn store(
    cluster: &Cluster,
    path: &std::path::Path,
    warnings: &[String],
    context: &Context,
) -> Result<(), CommandError> {
    let text = write_snapshot(cluster).map_err(|error| CommandError::bug(error.to_string()))?;
    if path == std::path::Path::new("-") {
        for warning in warnings {
            context.out.note(&format!("warning: {warning}"));
        }
        return context.out.print(&text);
    }
    replace_file(path, text.as_bytes())
        .map_err(|error| CommandError::io(&format!("writing {}", path.display()), &error))?;
    let partitions = cluster.partitions().values().iter();
    let sizes = partitions.map(|partition| partition.size_bytes as u64 * partition.replication_factor() as u64);
    let saved = SavedSnapshot {
        file: path.display().to_string(),
        brokers: cluster.brokers().len(),
        topics: cluster.topics().len(),
        partitions: cluster.partitions().len(),
        replicas: cluster.replica_count(),
        size_bytes: sizes.sum(),
    };
    context.out.show(cluster.cluster_id(), &saved, warnings)
}
