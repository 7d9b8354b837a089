//! Plans of moves: made, looked at, carried out.

pub(crate) mod asked;
mod deliver;
pub(crate) mod file;
mod kafkas_json;
mod locality;
pub(crate) mod make;
mod plan;
mod request;
pub(crate) mod screen;
mod share;
mod tradeoff;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use tradeoff::TradeoffRow;

/// Commands on plans.
#[derive(Debug, Subcommand)]
pub(crate) enum RebalanceCommand {
    Plan(Box<plan::PlanArgs>),
}

pub(crate) fn run(command: RebalanceCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        RebalanceCommand::Plan(args) => plan::run(&args, context),
    }
}
