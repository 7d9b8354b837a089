//! tokens describe

use clap::Args;
use client::Principal;

use super::rows::TokenRow;
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Print the tokens that we may see: our own, those we may renew, and with rights to it those of others.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet tokens describe --command-config admin.properties\n  kfleet tokens describe --owner User:job -o json"
)]
pub(crate) struct DescribeArgs {
    /// Only those of this owner, as in User:job; may be repeated
    #[arg(long, alias = "owner-principal", value_name = "PRINCIPAL")]
    owner: Vec<Principal>,
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, mut tokens) = block_on(async {
        let client = context.connect().await?;
        let tokens = client.tokens().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), tokens))
    })??;
    tokens.retain(|token| args.owner.is_empty() || args.owner.contains(&token.owner));
    let rows: Vec<TokenRow> = tokens.iter().map(TokenRow::from).collect();
    context.out.show(Some(&id), &rows, &[])
}
