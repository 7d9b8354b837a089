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

pub(crate) use decommission::{DecommissionArgs, ForgottenRow, decommission};
pub(crate) use replace::{ReplaceArgs, replace};
pub(crate) use replication_factor::{FactorArgs, set_replication_factor};
pub(crate) use scale_out::{ScaleOutArgs, scale_out};
pub(crate) use tradeoff::TradeoffRow;

/// Commands on plans.
#[derive(Debug, Subcommand)]
pub(crate) enum RebalanceCommand {
    Apply(Box<apply::run::ApplyArgs>),
    Cancel(apply::control::CancelArgs),
    Pause(apply::control::PauseArgs),
    Plan(Box<plan::PlanArgs>),
    Resume(apply::control::ResumeArgs),
    Rollback(apply::control::RollbackArgs),
    Status(apply::control::StatusArgs),
    Verify(apply::control::VerifyArgs),
}

pub(crate) fn run(command: RebalanceCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        RebalanceCommand::Apply(args) => apply::run::run(&args, context),
        RebalanceCommand::Cancel(args) => apply::control::cancel(&args, context),
        RebalanceCommand::Pause(args) => apply::control::pause(&args, context),
        RebalanceCommand::Plan(args) => plan::run(&args, context),
        RebalanceCommand::Resume(args) => apply::control::resume(&args, context),
        RebalanceCommand::Rollback(args) => apply::control::rollback(&args, context),
        RebalanceCommand::Status(args) => apply::control::status(&args, context),
        RebalanceCommand::Verify(args) => apply::control::verify(&args, context),
    }
}
