//! Leaders of partitions.

mod elect;
mod evacuate;
mod evacuation;
mod selection;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use elect::ElectionRow;
pub(crate) use evacuate::EvacuationRow;

/// Commands on leaders.
#[derive(Debug, Subcommand)]
pub(crate) enum LeadersCommand {
    Elect(elect::ElectArgs),
    Evacuate(evacuate::EvacuateArgs),
}

pub(crate) fn run(command: LeadersCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        LeadersCommand::Elect(args) => elect::run(&args, context),
        LeadersCommand::Evacuate(args) => evacuate::run(&args, context),
    }
}
