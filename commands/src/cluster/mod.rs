//! Identity and nodes of a cluster.

mod api_versions;
mod describe;
mod endpoints;
mod id;
mod unregister;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CommandError;

pub(crate) use api_versions::ApiVersionRow;
pub(crate) use describe::ClusterNode;
pub(crate) use endpoints::EndpointRow;
pub(crate) use id::ClusterId;
pub(crate) use unregister::Unregistered;

/// Commands on a cluster as a whole.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    ApiVersions(api_versions::ApiVersionsArgs),
    Describe(describe::DescribeArgs),
    Endpoints(endpoints::EndpointsArgs),
    Id(id::IdArgs),
    Unregister(unregister::UnregisterArgs),
}

pub(crate) fn run(command: ClusterCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ClusterCommand::ApiVersions(args) => api_versions::run(&args, context),
        ClusterCommand::Describe(args) => describe::run(&args, context),
        ClusterCommand::Endpoints(args) => endpoints::run(&args, context),
        ClusterCommand::Id(args) => id::run(&args, context),
        ClusterCommand::Unregister(args) => unregister::run(&args, context),
    }
}
