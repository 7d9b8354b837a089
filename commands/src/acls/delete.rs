//! acls delete

use clap::Args;
use client::AclFilter;

use super::change::{Plan, change};
use super::resources::FilterArgs;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Delete ACLs: all that are as the flags say, which are shown first; nothing else is deleted.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet acls delete --principal User:alice --topic orders --dry-run\n  kfleet acls delete --principal User:alice --operation read --topic orders --yes\n  kfleet acls delete --topic orders --pattern-type any\n  kfleet acls delete --all"
)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// All ACLs
    #[arg(long)]
    all: bool,
    /// That there are none is no error
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), CommandError> {
    if args.all != args.filter.is_empty() {
        let message = if args.all {
            "--all is all ACLs, and other flags choose some of them"
        } else {
            "it is not said which ACLs"
        };
        return Err(CommandError::usage(message).hint("name a resource or a principal, or give --all alone"));
    }
    let (id, changed) = block_on(async {
        let client = context.connect_to_any_role().await?;
        client.prefer_active().await?;
        context.expect_cluster(&args.safety, client.cluster_id())?;
        let deletions = args.filter.find(&client).await?;
        if deletions.is_empty() && !args.if_exists {
            let all = client.acls(&AclFilter::default()).await?;
            return Err(args.filter.nothing_of(&all));
        }
        let plan = Plan {
            deletions,
            ..Plan::default()
        };
        let changed = change(context, &client, &args.safety, &plan).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed))
    })??;
    changed.show(context, &id)
}
