//! Leaders of partitions.

mod elect;
mod selection;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use elect::ElectionRow;

/// Commands on leaders.
#[derive(Debug, Subcommand)]
pub(crate) enum LeadersCommand {
    Elect(elect::ElectArgs),
}

pub(crate) fn run(command: LeadersCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        LeadersCommand::Elect(args) => elect::run(&args, context),
    }
}
