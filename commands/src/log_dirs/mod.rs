//! Log directories of brokers.

mod describe;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use describe::{LogDirReplicaRow, LogDirRow};

/// Commands on log directories.
#[derive(Debug, Subcommand)]
pub(crate) enum LogDirsCommand {
    Describe(describe::DescribeArgs),
}

pub(crate) fn run(command: LogDirsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        LogDirsCommand::Describe(args) => watch::run(args.watch, args, context, describe::run),
    }
}
