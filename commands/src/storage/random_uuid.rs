//! storage random-uuid

use clap::Args;

use super::shown::RandomUuid;
use crate::context::Context;
use crate::error::CommandError;

/// Print an id for a new cluster.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kfleet storage format -c server.properties -t \"$(kfleet storage random-uuid)\" --standalone"
)]
pub(crate) struct RandomUuidArgs {}

pub(crate) fn run(_: &RandomUuidArgs, context: &Context) -> Result<(), CommandError> {
    let uuid = ::broker::random_uuid().to_string();
    context.out.show(None, &RandomUuid { uuid }, &[])
}
