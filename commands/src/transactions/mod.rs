//! Transactions.

mod abort;
mod describe;
mod find_hanging;
pub(crate) mod hanging;
mod list;
mod target;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use abort::AbortRow;
pub(crate) use describe::TransactionDescriptionRow;
pub(crate) use find_hanging::HangingRow;
pub(crate) use list::TransactionRow;

/// Commands on transactions.
#[derive(Debug, Subcommand)]
pub(crate) enum TransactionsCommand {
    Abort(abort::AbortArgs),
    Describe(describe::DescribeArgs),
    FindHanging(find_hanging::FindHangingArgs),
    List(list::ListArgs),
}

pub(crate) fn run(command: TransactionsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        TransactionsCommand::Abort(args) => abort::run(&args, context),
        TransactionsCommand::Describe(args) => describe::run(&args, context),
        TransactionsCommand::FindHanging(args) => find_hanging::run(&args, context),
        TransactionsCommand::List(args) => watch::run(args.watch, args, context, list::run),
    }
}
