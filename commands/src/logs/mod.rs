//! Files of logs, offline.

mod dump;
mod verify;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use dump::{Decoder, DumpElement, KafkasText, TextOptions, Told};
pub(crate) use verify::VerifyElement;

/// Commands on the files of logs.
#[derive(Debug, Subcommand)]
pub(crate) enum LogsCommand {
    Dump(dump::DumpArgs),
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: LogsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        LogsCommand::Dump(args) => dump::run(&args, context),
        LogsCommand::Verify(args) => verify::run(&args, context),
    }
}
