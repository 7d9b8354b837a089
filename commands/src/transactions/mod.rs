//! Transactions.

mod abort;
mod describe;
mod find_hanging;
mod hanging;
mod list;
mod target;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use abort::AbortRow;
pub(crate) use describe::TransactionDescriptionRow;
pub(crate) use find_hanging::HangingRow;
pub(crate) use list::TransactionRow;

/// Commands on transactions.
#[derive(Debug, Subcommand)]
pub(crate) enum TransactionsCommand {
    /// Abort a transaction
    Abort(abort::AbortArgs),
    /// Print what coordinators know of transactional ids
    Describe(describe::DescribeArgs),
    /// Find transactions that nobody will end
    FindHanging(find_hanging::FindHangingArgs),
    /// List transactional ids
    List(list::ListArgs),
}

pub(crate) fn run(command: TransactionsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        TransactionsCommand::Abort(args) => abort::run(&args, context),
        TransactionsCommand::Describe(args) => describe::run(&args, context),
        TransactionsCommand::FindHanging(args) => find_hanging::run(&args, context),
        TransactionsCommand::List(args) => list::run(&args, context),
    }
}
