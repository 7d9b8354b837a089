//! acls create

use clap::Args;
use client::AclFilter;

use super::change::{Plan, change};
use super::grant::GrantArgs;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Create ACLs: each principal may do each operation on each resource, from each host.
///
/// Those that are there already are left as they are.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet acls create --allow-principal User:alice --operation read --operation describe --topic orders --yes\n  kfleet acls create --allow-principal User:billing --consumer --topic orders --group billing\n  kfleet acls create --allow-principal User:shop --producer --topic shop. --transactional-id shop. --pattern-type prefixed\n  kfleet acls create --deny-principal 'User:*' --deny-host 10.0.0.7 --operation all --topic orders --dry-run"
)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    grant: GrantArgs,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &CreateArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = args.grant.bindings()?;
    let (id, changed) = block_on(async {
        let client = context.connect_to_any_role().await?;
        client.prefer_active().await?;
        let known = client.acls(&AclFilter::default()).await?;
        let plan = Plan::create(wanted, &known);
        let changed = change(context, &client, &args.safety, &plan).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed))
    })??;
    changed.show(context, &id)
}
