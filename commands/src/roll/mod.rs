//! Rolling restarts: planned, carried out, gone on with.

mod asked;
mod control;
mod drive;
mod elect;
mod executor;
mod journal;
mod plan;
mod report;
mod run;
mod screen;
mod tell;
mod view;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use executor::Inventory;
pub(crate) use plan::RollPlan;
pub(crate) use report::RollReport;

/// Commands on rolling restarts.
#[derive(Debug, Subcommand)]
pub(crate) enum RollCommand {
    Abort(control::AbortArgs),
    Plan(Box<plan::PlanArgs>),
    Resume(control::ResumeArgs),
    Run(Box<run::RunArgs>),
    Status(control::StatusArgs),
}

pub(crate) fn run(command: RollCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        RollCommand::Abort(args) => control::abort(&args, context),
        RollCommand::Plan(args) => plan::run(&args, context),
        RollCommand::Resume(args) => control::resume(&args, context),
        RollCommand::Run(args) => run::run(&args, context),
        RollCommand::Status(args) => control::status(&args, context),
    }
}
