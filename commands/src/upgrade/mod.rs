//! Upgrades to another release.

mod configs;
mod look;
mod plan;
mod report;
mod screen;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use report::UpgradePlan;

/// Commands on upgrades.
#[derive(Debug, Subcommand)]
pub(crate) enum UpgradeCommand {
    Plan(plan::PlanArgs),
}

pub(crate) fn run(command: &UpgradeCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        UpgradeCommand::Plan(args) => plan::run(args, context),
    }
}
