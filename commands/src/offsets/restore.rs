//! offsets restore

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use client::{Client, GroupOffsets, PartitionKey};

use super::change::{ChangeArgs, Deed, Target};
use super::file::{self, SavedOffset};
use super::group::no_plan;
use super::plan::{Plan, Wish, plan};
use super::store;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::groups::find::KnownGroups;

/// Give groups the offsets that were saved; groups that do not exist are made.
///
/// Takes what offsets save writes, Kafka's CSV, and the JSON of kafka-consumer-manager offset_save. None of the groups may
/// have members.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet offsets restore billing.json --dry-run -b localhost:9092\n  kfleet offsets restore all.json --group billing --yes\n  kfleet offsets restore billing.csv --group billing --yes"
)]
pub(crate) struct RestoreArgs {
    /// The file; - stands for stdin
    file: PathBuf,
    /// Only this group of those in the file; the one that is meant, if the file names none
    #[arg(long)]
    group: Option<String>,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Offsets by group, and the types they had.
type Saved = BTreeMap<String, (String, GroupOffsets)>;

pub(crate) fn run(args: &RestoreArgs, context: &Context) -> Result<(), CommandError> {
    let saved = by_group(file::read(&args.file)?, args.group.as_deref())?;
    let (id, changed) = block_on(async {
        let client = args.change.empty.connect(context).await?;
        let known = KnownGroups::ask(&client).await;
        let mut targets = Vec::new();
        for (group, (kind, _)) in &saved {
            targets.push(match known.get(&client, group).await? {
                Some(found) => Target::of(found),
                None => Target::new(group, kind),
            });
        }
        let changed = super::change::change(context, &client, &targets, &args.change, Deed::Commit, async |target| {
            let (_, wished) = saved.get(&target.group.id).cloned().unwrap_or_default();
            make(&client, target, wished).await
        });
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changed.await?))
    })??;
    changed.show(context, &id)
}

fn by_group(saved: Vec<SavedOffset>, only: Option<&str>) -> Result<Saved, CommandError> {
    let mut groups = Saved::new();
    for offset in saved {
        let group = match (&offset.group, only) {
            (Some(group), Some(only)) if group != only => continue,
            (Some(group), _) => group.clone(),
            (None, Some(only)) => only.to_owned(),
            (None, None) => {
                return Err(
                    CommandError::usage("the file does not say of which group it is").hint("give --group GROUP")
                );
            }
        };
        let kind = offset.kind.clone().unwrap_or_default();
        let (_, offsets) = groups.entry(group).or_insert_with(|| (kind, GroupOffsets::new()));
        offsets.insert((offset.topic.clone(), offset.partition), offset.committed());
    }
    if groups.is_empty() {
        let group = only.unwrap_or_default();
        return Err(CommandError::not_found(format!(
            "the file has no offsets of group {group}"
        )));
    }
    Ok(groups)
}

async fn make(client: &Client, target: &Target, wished: GroupOffsets) -> Result<Plan, CommandError> {
    let keys: BTreeSet<PartitionKey> = wished.keys().cloned().collect();
    let partitions = store::all_of(client, &keys).await?;
    let logs = store::logs(client, &partitions).await?;
    let current = target.current(client).await?;
    plan(&Wish::Each(wished), &keys, &current, &logs).map_err(no_plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(group: Option<&str>, partition: i32) -> SavedOffset {
        SavedOffset {
            group: group.map(str::to_owned),
            kind: None,
            topic: "t".to_owned(),
            partition,
            offset: 3,
            leader_epoch: Some(4),
            metadata: None,
        }
    }

    #[test]
    fn a_file_is_of_the_groups_it_names_or_of_the_one_that_is_given() {
        let both = vec![saved(Some("a"), 0), saved(Some("b"), 0), saved(Some("a"), 1)];
        let groups = by_group(both.clone(), None).unwrap();
        assert_eq!(groups.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(groups["a"].1.len(), 2);
        assert_eq!(by_group(both.clone(), Some("b")).unwrap().len(), 1);
        assert_eq!(by_group(both, Some("c")).unwrap_err().code, 66);
        let unnamed = vec![saved(None, 0)];
        assert_eq!(by_group(unnamed.clone(), None).unwrap_err().code, 64);
        assert!(by_group(unnamed, Some("c")).unwrap().contains_key("c"));
    }
}
