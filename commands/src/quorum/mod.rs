//! The metadata quorum.

mod status;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use status::QuorumStatus;

/// Commands on the metadata quorum.
#[derive(Debug, Subcommand)]
pub(crate) enum QuorumCommand {
    /// Tell who leads and who follows how closely
    Status(status::StatusArgs),
}

pub(crate) fn run(command: QuorumCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        QuorumCommand::Status(args) => status::run(&args, context),
    }
}
