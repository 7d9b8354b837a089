//! quotas describe

use clap::Args;

use super::effective::effective;
use super::entity::{EntityArgs, in_words, like};
use super::rows::{row, rows};
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Print the quotas of one entity: of a user, of a client id, of both together, or of an address.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quotas describe --user alice -b localhost:9092\n  kfleet quotas describe --user alice --client-id app --effective\n  kfleet quotas describe --ip-default"
)]
pub(crate) struct DescribeArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// What counts for it instead, wherever that is set: a user's quota for a client id comes before the user's own, and
    /// that before what each other has
    #[arg(long)]
    effective: bool,
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let named = args.entity.one()?;
    let (id, all) = block_on(async {
        let client = context.connect().await?;
        let all = client.client_quotas().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), all))
    })??;
    let rows = if args.effective {
        effective(&all, &named).into_iter().map(row).collect()
    } else {
        rows(all.get_key_value(&named))
    };
    if rows.is_empty() && !args.effective {
        let mut error = CommandError::not_found(format!("{} has no quota", in_words(&named)));
        error.hints = like(&named, all.keys());
        return Err(error);
    }
    context.out.show(Some(&id), &rows, &[])
}
