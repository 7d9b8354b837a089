//! Groups.

mod describe;
mod list;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use describe::GroupOffsetRow;
pub(crate) use list::GroupRow;

/// Commands on groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupsCommand {
    /// Print what groups committed, how far they lag and who reads what
    Describe(describe::DescribeArgs),
    /// List groups
    List(list::ListArgs),
}

pub(crate) fn run(command: GroupsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        GroupsCommand::Describe(args) => describe::run(&args, context),
        GroupsCommand::List(args) => list::run(&args, context),
    }
}
