//! Measuring a cluster.

mod consume;
mod latency;
pub(crate) mod load;
mod produce;
mod stats;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use consume::ConsumeBench;
pub(crate) use latency::LatencyBench;
pub(crate) use produce::ProduceBench;

/// Measurements of a cluster.
#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Measure how fast records can be written
    Produce(produce::ProduceArgs),
    /// Measure how fast records can be read
    Consume(consume::ConsumeArgs),
    /// Measure how long a record takes from its writer to its reader
    Latency(latency::LatencyArgs),
}

pub(crate) fn run(command: BenchCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        BenchCommand::Produce(args) => produce::run(&args, context),
        BenchCommand::Consume(args) => consume::run(&args, context),
        BenchCommand::Latency(args) => latency::run(&args, context),
    }
}
