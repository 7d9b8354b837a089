//! Producers, as leaders of partitions know them.

mod describe;
pub(crate) mod scope;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use describe::ProducerRow;

/// Commands on producers.
#[derive(Debug, Subcommand)]
pub(crate) enum ProducersCommand {
    Describe(describe::DescribeArgs),
}

pub(crate) fn run(command: ProducersCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ProducersCommand::Describe(args) => describe::run(&args, context),
    }
}
