//! Mirroring from one cluster to another.

mod append;
mod fetch;
mod flow;
mod look;
mod run;
mod state_topic;
mod topics;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use run::MirroredPartition;

/// Commands on mirrors.
#[derive(Debug, Subcommand)]
pub(crate) enum MirrorCommand {
    Run(Box<run::RunArgs>),
}

pub(crate) fn run(command: MirrorCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        MirrorCommand::Run(args) => run::run(&args, context),
    }
}
