//! offsets delete

use clap::Args;
use client::GroupType;

use super::change::{ChangeArgs, Deed};
use super::group::existing;
use super::plan::deletion;
use super::scope::ScopeArgs;
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Delete offsets that a group committed.
///
/// The coordinator keeps those of topics that the group's members read.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet offsets delete billing --topic old-orders --dry-run\n  kfleet offsets delete billing --topic orders:0,1 --yes -b localhost:9092"
)]
pub(crate) struct DeleteArgs {
    /// The group
    group: String,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), CommandError> {
    args.scope.check()?;
    let (id, changed) = block_on(async {
        let client = args.change.empty.connect(context).await?;
        let target = existing(&client, &args.group).await?;
        if let (GroupType::Share, Some(topic)) = (target.group.kind(), args.scope.part_of_a_topic()) {
            let message = format!("a share group forgets a topic as a whole, and not some partitions of {topic}");
            return Err(CommandError::rejected(message).hint(format!("give --topic {topic}")));
        }
        let target = [target];
        let changed = super::change::change(context, &client, &target, &args.change, Deed::Delete, async |target| {
            let current = target.current(&client).await?;
            Ok(deletion(&args.scope.of_committed(&current)?, &current))
        });
        Ok((client.cluster_id().to_owned(), changed.await?))
    })??;
    changed.show(context, &id)
}
