//! quotas list

use clap::Args;
use client::QuotaEntity;

use super::entity::EntityArgs;
use super::rows::rows;
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// List quotas: all, or those that are also of a user, of a client id, or of an address.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quotas list -b localhost:9092\n  kfleet quotas list --user alice\n  kfleet quotas list --client-id-default -o json"
)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    entity: EntityArgs,
}

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let named = args.entity.named();
    let (id, mut all) = block_on(async {
        let client = context.connect().await?;
        let all = client.client_quotas().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), all))
    })??;
    let is_meant = |entity: &QuotaEntity| named.iter().all(|(kind, name)| entity.get(kind) == Some(name));
    all.retain(|entity, _| is_meant(entity));
    context.out.show(Some(&id), &rows(&all), &[])
}
