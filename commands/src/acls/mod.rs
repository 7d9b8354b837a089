//! ACLs: who may do what.

mod apply;
mod change;
mod create;
mod delete;
mod grant;
mod list;
mod resources;
mod rows;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use rows::{AclChange, AclRow};

/// Commands on ACLs.
#[derive(Debug, Subcommand)]
pub(crate) enum AclsCommand {
    Apply(apply::ApplyArgs),
    Create(create::CreateArgs),
    Delete(delete::DeleteArgs),
    List(list::ListArgs),
}

pub(crate) fn run(command: AclsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        AclsCommand::Apply(args) => apply::run(&args, context),
        AclsCommand::Create(args) => create::run(&args, context),
        AclsCommand::Delete(args) => delete::run(&args, context),
        AclsCommand::List(args) => list::run(&args, context),
    }
}
