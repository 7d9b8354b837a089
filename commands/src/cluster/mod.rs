//! Identity and nodes of a cluster.

mod describe;
mod id;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use describe::ClusterNode;

/// Commands on a cluster as a whole.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// List the nodes
    Describe(describe::DescribeArgs),
    /// Print the cluster's id
    Id(id::IdArgs),
}

pub(crate) fn run(command: ClusterCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ClusterCommand::Describe(args) => describe::run(&args, context),
        ClusterCommand::Id(args) => id::run(&args, context),
    }
}
