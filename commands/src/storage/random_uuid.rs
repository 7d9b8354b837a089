//! storage random-uuid

use clap::Args;

use crate::context::Context;
use crate::error::CommandError;

/// Print an id for a new cluster.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kfleet storage format -c server.properties -t \"$(kfleet storage random-uuid)\" --standalone"
)]
pub(crate) struct RandomUuidArgs {}

pub(crate) fn run(_: &RandomUuidArgs, context: &Context) -> Result<(), CommandError> {
    context.out.print(&format!("{}\n", ::broker::random_uuid()))
}
