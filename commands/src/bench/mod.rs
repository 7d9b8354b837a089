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
    Produce(produce::ProduceArgs),
    Consume(consume::ConsumeArgs),
    Latency(latency::LatencyArgs),
}

pub(crate) fn run(command: BenchCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        BenchCommand::Produce(args) => produce::run(&args, context),
        BenchCommand::Consume(args) => consume::run(&args, context),
        BenchCommand::Latency(args) => latency::run(&args, context),
    }
}
