//! throttle clear

use clap::Args;
use client::{ConfigChange, ConfigChanges};

use super::read::read;
use super::set::change;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Take throttles of replication away: all of them, or those that nothing under way needs any more.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet throttle clear --leftover --yes -b localhost:9092\n  kfleet throttle clear --dry-run"
)]
pub(crate) struct ClearArgs {
    /// Only those that no reassignment that is under way could need
    #[arg(long)]
    leftover: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &ClearArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows, failures) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        let mut changes = ConfigChanges::new();
        for found in read(&client).await? {
            if found.is_leftover || !args.leftover {
                let keys = changes.entry(found.resource).or_default();
                keys.insert(found.key, ConfigChange::Delete);
            }
        }
        let (rows, failures) = change(context, &client, &args.safety, &changes, "take away").await?;
        Ok::<_, CommandError>((id, rows, failures))
    })??;
    context.out.show_part(Some(&id), &rows, &[], &failures)
}
