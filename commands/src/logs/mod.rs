//! Files of logs, offline.

mod dump;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use dump::DumpElement;

/// Commands on the files of logs.
#[derive(Debug, Subcommand)]
pub(crate) enum LogsCommand {
    /// Show what segments, indexes, snapshots and checkpoints hold
    Dump(dump::DumpArgs),
}

pub(crate) fn run(command: LogsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        LogsCommand::Dump(args) => dump::run(&args, context),
    }
}
