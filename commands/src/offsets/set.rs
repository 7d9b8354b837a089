//! offsets set

use clap::Args;
use client::{CommittedOffset, GroupOffsets, PartitionKey};

use super::change::{ChangeArgs, Deed};
use super::group::{GroupArgs, no_plan};
use super::plan::{Wish, plan};
use super::store;
use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Set offsets of a group, partition by partition.
///
/// An offset outside the log becomes that of its nearest end. The group must not have members.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet offsets set billing orders:0=1500 orders:1=1480 --dry-run\n  kfleet offsets set billing orders:0=0 --create --yes -b localhost:9092"
)]
pub(crate) struct SetArgs {
    #[command(flatten)]
    group: GroupArgs,
    /// Partitions with their offsets
    #[arg(required = true, value_name = "TOPIC:PARTITION=OFFSET", value_parser = parse)]
    offsets: Vec<(PartitionKey, i64)>,
    #[command(flatten)]
    change: ChangeArgs,
}

fn parse(text: &str) -> Result<(PartitionKey, i64), String> {
    let parsed = || {
        let (name, offset) = text.rsplit_once('=')?;
        let (topic, partition) = name.rsplit_once(':')?;
        let partition: i32 = partition.parse().ok().filter(|partition| *partition >= 0)?;
        let offset: i64 = offset.parse().ok().filter(|offset| *offset >= 0)?;
        (!topic.is_empty()).then(|| ((topic.to_owned(), partition), offset))
    };
    parsed().ok_or_else(|| format!("\"{text}\" is not TOPIC:PARTITION=OFFSET, as in orders:0=1500"))
}

pub(crate) fn run(args: &SetArgs, context: &Context) -> Result<(), CommandError> {
    let mut wished = GroupOffsets::new();
    for (key, offset) in &args.offsets {
        if wished.insert(key.clone(), CommittedOffset::at(*offset)).is_some() {
            return Err(CommandError::usage(format!("{}-{} is there twice", key.0, key.1)));
        }
    }
    let (id, changed) = block_on(async {
        let client = args.change.empty.connect(context).await?;
        let target = [args.group.target(&client).await?];
        let keys = wished.keys().cloned().collect();
        let partitions = store::all_of(&client, &keys).await?;
        let wish = Wish::Each(wished);
        let changed = super::change::change(context, &client, &target, &args.change, Deed::Commit, async |target| {
            let logs = store::logs(&client, &partitions).await?;
            plan(&wish, &keys, &target.current(&client).await?, &logs).map_err(no_plan)
        });
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed.await?))
    })??;
    changed.show(context, &id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_given_with_their_offsets() {
        assert_eq!(parse("a.b:1=20"), Ok((("a.b".to_owned(), 1), 20)));
        for wrong in ["", "a", "a:1", "a=1", ":1=2", "a:x=1", "a:-1=1", "a:1=-1", "a:1=x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
