//! Offsets of partitions.

mod get;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use get::OffsetRow;

/// Commands on offsets.
#[derive(Debug, Subcommand)]
pub(crate) enum OffsetsCommand {
    /// Print offsets of partitions
    Get(get::GetArgs),
}

pub(crate) fn run(command: OffsetsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        OffsetsCommand::Get(args) => get::run(&args, context),
    }
}
