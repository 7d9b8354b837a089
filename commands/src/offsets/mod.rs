//! Offsets of partitions and of groups.

mod change;
mod copy;
mod delete;
mod file;
mod get;
mod group;
mod plan;
mod reset;
mod restore;
mod rows;
mod save;
mod scope;
mod set;
mod shift;
mod store;
pub(crate) mod time;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use file::SavedOffset;
pub(crate) use get::OffsetRow;
pub(crate) use rows::OffsetChange;
pub(crate) use save::OffsetsFile;

/// Commands on offsets.
#[derive(Debug, Subcommand)]
pub(crate) enum OffsetsCommand {
    Copy(copy::CopyArgs),
    Delete(delete::DeleteArgs),
    Get(get::GetArgs),
    Reset(reset::ResetArgs),
    Restore(restore::RestoreArgs),
    Save(save::SaveArgs),
    Set(set::SetArgs),
    Shift(shift::ShiftArgs),
}

pub(crate) fn run(command: OffsetsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        OffsetsCommand::Copy(args) => copy::run(&args, context),
        OffsetsCommand::Delete(args) => delete::run(&args, context),
        OffsetsCommand::Get(args) => watch::run(args.watch, args, context, get::run),
        OffsetsCommand::Reset(args) => reset::run(&args, context),
        OffsetsCommand::Restore(args) => restore::run(&args, context),
        OffsetsCommand::Save(args) => save::run(&args, context),
        OffsetsCommand::Set(args) => set::run(&args, context),
        OffsetsCommand::Shift(args) => shift::run(&args, context),
    }
}
