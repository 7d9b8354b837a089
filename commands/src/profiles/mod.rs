//! Clusters by name: the profile file, and what commands take from it.

pub(crate) mod apply;
mod discovery;
pub(crate) mod file;
mod import;
mod list;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use import::ImportedProfile;
pub(crate) use list::ProfileRow;

/// Commands on the profile file.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfilesCommand {
    Import(import::ImportArgs),
    List(list::ListArgs),
}

pub(crate) fn run(command: ProfilesCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ProfilesCommand::Import(args) => import::run(&args, context),
        ProfilesCommand::List(args) => list::run(&args, context),
    }
}
