//! Snapshots: what planners are told of a cluster.

mod assemble;
mod figures;
mod import;
mod live;
pub(crate) mod rebuild;
mod save;
pub(crate) mod source;
mod stats;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use save::SavedSnapshot;
pub(crate) use stats::SnapshotStats;

/// Commands on snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    Save(save::SaveArgs),
    Import(import::ImportArgs),
    Stats(stats::StatsArgs),
}

pub(crate) fn run(command: SnapshotCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        SnapshotCommand::Save(args) => save::run(&args, context),
        SnapshotCommand::Import(args) => import::run(&args, context),
        SnapshotCommand::Stats(args) => stats::run(&args, context),
    }
}
