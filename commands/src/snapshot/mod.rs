//! Snapshots: what planners are told of a cluster.

mod assemble;
mod live;
mod save;
pub(crate) mod source;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use save::SavedSnapshot;

/// Commands on snapshots.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    Save(save::SaveArgs),
}

pub(crate) fn run(command: SnapshotCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        SnapshotCommand::Save(args) => save::run(&args, context),
    }
}
