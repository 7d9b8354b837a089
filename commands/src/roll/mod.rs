//! Rolling restarts: planned, carried out, gone on with.

mod asked;
mod plan;
mod screen;
mod view;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use plan::RollPlan;

/// Commands on rolling restarts.
#[derive(Debug, Subcommand)]
pub(crate) enum RollCommand {
    Plan(Box<plan::PlanArgs>),
}

pub(crate) fn run(command: RollCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        RollCommand::Plan(args) => plan::run(&args, context),
    }
}
