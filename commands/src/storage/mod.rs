//! Log directories before a node runs.

mod features;
mod format;
mod info;
mod random_uuid;
mod voters;

use clap::Subcommand;

pub(crate) use format::{FormatRequest, format_node};

use crate::context::Context;
use crate::error::CommandError;

/// Commands on log directories.
#[derive(Debug, Subcommand)]
pub(crate) enum StorageCommand {
    /// Format the log directories of a node
    Format(format::FormatArgs),
    /// Tell what the log directories of a node are
    Info(info::InfoArgs),
    /// Print an id for a new cluster
    RandomUuid(random_uuid::RandomUuidArgs),
}

pub(crate) fn run(command: StorageCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        StorageCommand::Format(args) => format::run(&args, context),
        StorageCommand::Info(args) => info::run(&args, context),
        StorageCommand::RandomUuid(args) => random_uuid::run(&args, context),
    }
}
