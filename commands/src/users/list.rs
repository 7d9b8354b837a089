//! users list, users describe

use clap::Args;

use super::rows::{find, rows, unknown};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::together;

/// List users that can log in with SCRAM.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet users list -b localhost:9092")]
pub(crate) struct ListArgs {}

/// Print users' credentials: mechanism and iterations. What they are made of is told to nobody.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet users describe alice -b localhost:9092\n  kfleet users describe alice bob -o json"
)]
pub(crate) struct DescribeArgs {
    /// Users
    #[arg(required = true, value_name = "USER")]
    users: Vec<String>,
}

pub(crate) fn list(_: &ListArgs, context: &Context) -> Result<(), CommandError> {
    show(&[], context)
}

pub(crate) fn describe(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let mut names = args.users.clone();
    names.sort_unstable();
    names.dedup();
    show(&names, context)
}

fn show(names: &[String], context: &Context) -> Result<(), CommandError> {
    let (id, users, failures) = block_on(async {
        let client = context.connect().await?;
        let (users, missing, mut failures) = find(&client, names).await?;
        failures.extend(unknown(&client, &missing).await?);
        Ok::<_, CommandError>((client.cluster_id().to_owned(), users, failures))
    })??;
    if let (true, Some(error)) = (users.is_empty(), together(&failures)) {
        return Err(error);
    }
    context.out.show_part(Some(&id), &rows(&users), &[], &failures)
}
