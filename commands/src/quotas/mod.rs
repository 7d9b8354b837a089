//! Quotas of users, client ids and addresses.

mod change;
mod describe;
mod effective;
mod entity;
mod list;
mod rows;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use rows::{QuotaChange, QuotaRow};

/// Commands on quotas.
#[derive(Debug, Subcommand)]
pub(crate) enum QuotasCommand {
    Describe(describe::DescribeArgs),
    List(list::ListArgs),
    Set(change::SetArgs),
    Unset(change::UnsetArgs),
}

pub(crate) fn run(command: QuotasCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        QuotasCommand::Describe(args) => describe::run(&args, context),
        QuotasCommand::List(args) => list::run(&args, context),
        QuotasCommand::Set(args) => change::set(&args, context),
        QuotasCommand::Unset(args) => change::unset(&args, context),
    }
}
