//! Replicas of partitions, moved as Kafka's own JSON files say.

mod cancel;
mod execute;
pub(crate) mod file;
mod generate;
mod list;
pub(crate) mod places;
mod spread;
mod verify;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use cancel::CancelRow;
pub(crate) use execute::Execution;
pub(crate) use generate::Proposal;
pub(crate) use list::ReassignmentRow;
pub(crate) use verify::VerifyRow;

/// Commands on reassignments.
#[derive(Debug, Subcommand)]
pub(crate) enum ReassignCommand {
    Cancel(cancel::CancelArgs),
    Execute(execute::ExecuteArgs),
    Generate(generate::GenerateArgs),
    List(list::ListArgs),
    Verify(verify::VerifyArgs),
}

pub(crate) fn run(command: ReassignCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ReassignCommand::Cancel(args) => cancel::run(&args, context),
        ReassignCommand::Execute(args) => execute::run(&args, context),
        ReassignCommand::Generate(args) => generate::run(&args, context),
        ReassignCommand::List(args) => watch::run(args.watch, args, context, list::run),
        ReassignCommand::Verify(args) => watch::run(args.watch, args, context, verify::run),
    }
}

/// A partition as Kafka writes it.
pub(crate) fn named((topic, partition): &client::PartitionKey) -> String {
    format!("{topic}-{partition}")
}

/// Brokers as Kafka writes them.
pub(crate) fn joined(ids: &[i32]) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(",")
}
