//! Delegation tokens.

mod change;
mod create;
mod describe;
mod rows;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use create::TokenCreation;
pub(crate) use rows::{TokenChange, TokenRow};

/// Commands on delegation tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    Create(create::CreateArgs),
    #[command(visible_alias = "list")]
    Describe(describe::DescribeArgs),
    Expire(change::ExpireArgs),
    Renew(change::RenewArgs),
}

pub(crate) fn run(command: TokensCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        TokensCommand::Create(args) => create::run(&args, context),
        TokensCommand::Describe(args) => describe::run(&args, context),
        TokensCommand::Expire(args) => change::expire(&args, context),
        TokensCommand::Renew(args) => change::renew(&args, context),
    }
}
