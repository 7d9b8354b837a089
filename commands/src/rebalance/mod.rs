//! Plans of moves: made, looked at, carried out.

pub(crate) mod apply;
pub(crate) mod asked;
mod decommission;
mod deliver;
pub(crate) mod file;
mod kafkas_json;
mod locality;
mod log_dirs;
pub(crate) mod make;
mod plan;
mod replace;
mod replication_factor;
mod request;
mod rules;
mod scale_out;
pub(crate) mod screen;
mod share;
#[cfg(test)]
mod tests;
mod tradeoff;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use decommission::{DecommissionArgs, decommission};
pub(crate) use replace::{ReplaceArgs, replace};
pub(crate) use replication_factor::{FactorArgs, set_replication_factor};
pub(crate) use scale_out::{ScaleOutArgs, scale_out};
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
