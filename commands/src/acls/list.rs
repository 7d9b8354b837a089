//! acls list

use clap::Args;

use super::resources::FilterArgs;
use super::rows::AclRow;
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// List ACLs.
///
/// Without flags, all of them; with --output json in a form that acls apply takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet acls list -b localhost:9092\n  kfleet acls list --principal User:alice\n  kfleet acls list --topic orders --pattern-type match\n  kfleet acls list -o json > acls.json\n  kfleet acls list --bootstrap-controller localhost:9093"
)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filter: FilterArgs,
}

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let (id, found) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let found = args.filter.find(&client).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), found))
    })??;
    let rows: Vec<AclRow> = found.iter().map(AclRow::from).collect();
    context.out.show(Some(&id), &rows, &[])
}
