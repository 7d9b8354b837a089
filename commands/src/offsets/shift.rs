//! offsets shift

use std::collections::BTreeSet;

use clap::Args;
use client::PartitionKey;

use super::change::{ChangeArgs, Deed};
use super::group::{existing, no_plan};
use super::plan::{Wish, plan};
use super::scope::ScopeArgs;
use super::store;
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Make a group go on so many records further, or back.
///
/// Offsets end at the ends of the logs. The group must not have members.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet offsets shift billing --by -100 --topic orders --dry-run\n  kfleet offsets shift billing --by 1 --topic orders:3 --yes -b localhost:9092"
)]
pub(crate) struct ShiftArgs {
    /// The group
    group: String,
    /// So many records further, or back if the number is below zero
    #[arg(long, value_name = "RECORDS", allow_negative_numbers = true)]
    by: i64,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(crate) fn run(args: &ShiftArgs, context: &Context) -> Result<(), CommandError> {
    args.scope.check()?;
    let (id, changed) = block_on(async {
        let client = args.change.empty.connect(context).await?;
        let target = [existing(&client, &args.group).await?];
        let changed = super::change::change(context, &client, &target, &args.change, Deed::Commit, async |target| {
            let mut warnings = Vec::new();
            let current = target.current(&client).await?;
            let partitions = args.scope.resolve(&client, &current, &mut warnings).await?;
            let keys: BTreeSet<PartitionKey> = partitions.keys().cloned().collect();
            let logs = store::logs(&client, &partitions).await?;
            let mut plan = plan(&Wish::Shift(args.by), &keys, &current, &logs).map_err(no_plan)?;
            plan.warnings.splice(0..0, warnings);
            Ok(plan)
        });
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed.await?))
    })??;
    changed.show(context, &id)
}
