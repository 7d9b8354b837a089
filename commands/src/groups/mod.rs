//! Groups.

mod delete;
mod describe;
pub(crate) mod empty;
pub(crate) mod find;
mod list;
mod members;
mod rows;
mod state;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use delete::GroupDeletion;
pub(crate) use list::GroupRow;
pub(crate) use members::{GroupMemberRow, assignment_text};
pub(crate) use rows::GroupOffsetRow;
pub(crate) use state::GroupStateRow;

/// Commands on groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupsCommand {
    Delete(delete::DeleteArgs),
    Describe(describe::DescribeArgs),
    List(list::ListArgs),
    Members(members::MembersArgs),
}

pub(crate) fn run(command: GroupsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        GroupsCommand::Delete(args) => delete::run(&args, context),
        GroupsCommand::Describe(args) => watch::run(args.watch, args, context, describe::run),
        GroupsCommand::List(args) => watch::run(args.watch, args, context, list::run),
        GroupsCommand::Members(args) => watch::run(args.watch, args, context, members::run),
    }
}
