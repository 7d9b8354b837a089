//! Limits on how fast replicas are copied: brokers' rates, and the replicas of topics that they count for.

mod clear;
mod get;
mod read;
mod set;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use get::ThrottleRow;
pub(crate) use set::ThrottleChange;

/// Commands on throttles.
#[derive(Debug, Subcommand)]
pub(crate) enum ThrottleCommand {
    Clear(clear::ClearArgs),
    Get(get::GetArgs),
    Set(set::SetArgs),
}

pub(crate) fn run(command: ThrottleCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ThrottleCommand::Clear(args) => clear::run(&args, context),
        ThrottleCommand::Get(args) => watch::run(args.watch, args, context, get::run),
        ThrottleCommand::Set(args) => set::run(&args, context),
    }
}
