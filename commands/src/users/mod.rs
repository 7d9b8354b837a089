//! Users that log in with SCRAM.

mod delete;
mod list;
mod password;
mod rows;
mod set;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use rows::{UserChange, UserRow};

/// Commands on users.
#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    Delete(delete::DeleteArgs),
    Describe(list::DescribeArgs),
    List(list::ListArgs),
    Set(set::SetArgs),
}

pub(crate) fn run(command: UsersCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        UsersCommand::Delete(args) => delete::run(&args, context),
        UsersCommand::Describe(args) => list::describe(&args, context),
        UsersCommand::List(args) => list::list(&args, context),
        UsersCommand::Set(args) => set::run(&args, context),
    }
}
