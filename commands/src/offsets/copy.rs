//! offsets copy

use std::collections::BTreeSet;

use clap::Args;
use client::{Client, GroupOffsets, ListedGroup, PartitionKey};

use super::change::{ChangeArgs, Changed, Deed, Target};
use super::group::no_plan;
use super::plan::{Plan, Wish, plan};
use super::scope::ScopeArgs;
use super::store;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::groups::empty::members_of;
use crate::groups::find::KnownGroups;

/// Make a group go on where another stands; the group is made if it does not exist.
///
/// With --delete-source the other one is deleted afterwards, so that the group has a new name; then neither may have
/// members. Offsets that only the second group has stay as they are.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet offsets copy billing billing-green --yes -b localhost:9092\n  kfleet offsets copy billing invoicing --delete-source --dry-run"
)]
pub(crate) struct CopyArgs {
    /// The group that is copied from
    source: String,
    /// The group that is copied to
    target: String,
    /// Delete the group that is copied from
    #[arg(long, conflicts_with = "topic")]
    delete_source: bool,
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

pub(crate) fn run(args: &CopyArgs, context: &Context) -> Result<(), CommandError> {
    if args.source == args.target {
        return Err(CommandError::usage("a group is no copy of itself"));
    }
    let (id, changed) = block_on(async {
        let client = args.change.empty.connect(context).await?;
        let changed = copy(args, &client, context).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed))
    })??;
    changed.show(context, &id)
}

async fn copy(args: &CopyArgs, client: &Client, context: &Context) -> Result<Changed, CommandError> {
    let known = KnownGroups::ask(client).await;
    let source = known.find(client, &args.source).await?;
    let target = [match known.get(client, &args.target).await? {
        Some(group) => Target::of(group),
        None => Target::new(&args.target, &source.type_name),
    }];
    context.expect_cluster(&args.change.safety, client.cluster_id())?;
    let mut warnings = check_source(args, client, source, context).await?;
    let changed = super::change::change(context, client, &target, &args.change, Deed::Commit, async |target| {
        make(args, client, source, target).await
    });
    let mut changed = changed.await?;
    changed.warnings.append(&mut warnings);
    if args.delete_source && changed.is_done && changed.failures.is_empty() {
        let deleted = client.delete_groups(std::slice::from_ref(&source.id)).await;
        changed.failures.extend(deleted.errors.into_iter().map(Failure::from));
        for (id, ()) in deleted.ok {
            changed.warnings.push(format!("group {id} was deleted"));
        }
    }
    Ok(changed)
}

/// Whether the group that is copied from is as it has to be; what is to be known about it.
async fn check_source(
    args: &CopyArgs,
    client: &Client,
    source: &ListedGroup,
    context: &Context,
) -> Result<Vec<String>, CommandError> {
    let mut warnings = Vec::new();
    if args.delete_source {
        let dry_run = args.change.safety.ask.dry_run;
        let empty = crate::groups::empty::EmptyArgs {
            remove_members: false,
            ..args.change.empty.clone()
        };
        empty.members_to_remove(client, source, dry_run, context).await?;
        if dry_run {
            context
                .out
                .note(&format!("would delete group {} afterwards", source.id));
        }
    } else if !members_of(client, &source.id, source.kind()).await?.is_empty() {
        warnings.push(format!(
            "group {} has members, so that it does not stay where it stands",
            source.id
        ));
    }
    Ok(warnings)
}

async fn make(args: &CopyArgs, client: &Client, source: &ListedGroup, target: &Target) -> Result<Plan, CommandError> {
    let mut warnings = Vec::new();
    let mut wished = store::read(client, source).await?;
    let meant = args.scope.of_committed(&wished)?;
    wished.retain(|key, _| meant.contains(key));
    if wished.is_empty() {
        let message = format!("group {} has committed nothing that could be copied", source.id);
        return Err(CommandError::not_found(message));
    }
    let partitions = store::existing(client, &meant, &mut warnings).await?;
    let keys: BTreeSet<PartitionKey> = partitions.keys().cloned().collect();
    let logs = store::logs(client, &partitions).await?;
    let current: GroupOffsets = target.current(client).await?;
    let mut plan = plan(&Wish::Each(wished), &keys, &current, &logs).map_err(no_plan)?;
    plan.warnings.splice(0..0, warnings);
    Ok(plan)
}
