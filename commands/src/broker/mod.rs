//! The server.

mod run;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

/// Commands of the server.
#[derive(Debug, Subcommand)]
pub(crate) enum BrokerCommand {
    Run(run::RunArgs),
}

pub(crate) fn run(command: BrokerCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        BrokerCommand::Run(args) => run::run(&args, context),
    }
}
