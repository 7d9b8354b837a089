//! groups describe

use std::collections::BTreeMap;

use clap::Args;
use client::{Client, ClientError, GroupDescription, GroupOffsets, GroupType, OffsetSpec, PartitionKey};
use protocol::api::ErrorCode;

use super::find::KnownGroups;
use super::members;
use super::rows::{GroupOffsetRow, offset_rows};
use super::state::{self, GroupStateRow};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::output::{Format, Output, Shown};
use crate::watch::WatchArgs;

/// Print what groups committed, how far they lag and who reads what.
///
/// Of a share group, what is told as committed is where it starts to read, so that its lag is the most it can be.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet groups describe billing -b localhost:9092\n  kfleet groups describe --all-groups --state\n  kfleet groups describe billing orders --members --verbose"
)]
pub(crate) struct DescribeArgs {
    /// Groups; * stands for any characters and ? for one
    #[arg(required_unless_present = "all_groups", conflicts_with = "all_groups")]
    groups: Vec<String>,
    /// All groups
    #[arg(long)]
    all_groups: bool,
    /// A line for each group instead: its coordinator, state, assignor and number of members
    #[arg(long, conflicts_with = "members")]
    state: bool,
    /// A line for each member instead; --verbose adds assignments
    #[arg(long)]
    members: bool,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let names = Names {
        groups: &args.groups,
        all: args.all_groups,
    };
    if args.members {
        members::show(&names, context)
    } else if args.state {
        show(&names, context, async |client, found| {
            let addresses = client.node_addresses();
            found
                .groups
                .iter()
                .map(|group| state::row(group, &addresses))
                .collect::<Vec<GroupStateRow>>()
        })
    } else {
        show(&names, context, offsets)
    }
}

/// Which groups are meant.
pub(super) struct Names<'a> {
    pub(super) groups: &'a [String],
    pub(super) all: bool,
}

/// What was found out.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) groups: Vec<GroupDescription>,
    pub(super) warnings: Vec<String>,
    pub(super) failures: Vec<Failure>,
}

/// Describes groups and shows rows made of that.
pub(super) fn show<T>(
    names: &Names<'_>,
    context: &Context,
    rows: impl AsyncFnOnce(&Client, &mut Found) -> Vec<T>,
) -> Result<(), CommandError>
where
    Vec<T>: Shown,
{
    let (id, rows, found) = block_on(async {
        let client = context.connect().await?;
        let mut found = describe(&client, names).await;
        let rows = rows(&client, &mut found).await;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), rows, found))
    })??;
    if let (true, Some(error)) = (found.groups.is_empty(), together(&found.failures)) {
        return Err(error);
    }
    let is_verbose = context.global.verbose > 0 && context.out.format == Format::Table;
    let out = Output {
        format: if is_verbose { Format::Wide } else { context.out.format },
        ..context.out.clone()
    };
    out.show_part(Some(&id), &rows, &found.warnings, &found.failures)
}

async fn describe(client: &Client, names: &Names<'_>) -> Found {
    let known = KnownGroups::ask(client).await;
    let (chosen, mut failures) = known.choose(client, names.groups, names.all).await;
    let kinds: BTreeMap<String, GroupType> = chosen.iter().map(|group| (group.id.clone(), group.kind())).collect();
    let described = client.describe_groups(&kinds).await;
    failures.extend(described.errors.into_iter().map(Failure::from));
    let untold = described.ok.iter().filter(|group| !group.members_told);
    let warnings = untold.map(|group| {
        format!(
            "group {} is a streams group, whose members are not told by its coordinator",
            group.id
        )
    });
    Found {
        warnings: warnings.collect(),
        groups: described.ok,
        failures,
    }
}

/// Rows of what groups committed.
async fn offsets(client: &Client, found: &mut Found) -> Vec<GroupOffsetRow> {
    let committed = committed(client, found).await;
    let mut wanted: Vec<PartitionKey> = committed.values().flat_map(|offsets| offsets.keys().cloned()).collect();
    for group in &found.groups {
        let assigned = group.members.iter().flat_map(|member| &member.assignment);
        wanted.extend(assigned.flat_map(|(topic, partitions)| partitions.iter().map(|p| (topic.clone(), *p))));
    }
    let ends = ends(client, wanted, found).await;
    let none = GroupOffsets::new();
    let rows = found.groups.iter().flat_map(|group| {
        let committed = committed.get(&group.id).unwrap_or(&none);
        offset_rows(group, committed, &ends)
    });
    rows.collect()
}

async fn committed(client: &Client, found: &mut Found) -> BTreeMap<String, GroupOffsets> {
    let of_kind = |share: bool| {
        let groups = found.groups.iter();
        let groups = groups.filter(|group| (group.kind == GroupType::Share) == share);
        groups.map(|group| group.id.clone()).collect::<Vec<String>>()
    };
    let (ordinary, share) = (of_kind(false), of_kind(true));
    let mut committed = client.group_offsets(&ordinary).await;
    let starts = client.share_offsets(&share).await;
    committed.ok.extend(starts.ok);
    committed.errors.extend(starts.errors);
    let failures: Vec<Failure> = committed.errors.into_iter().map(Failure::from).collect();
    // Without its offsets nothing is told of a group.
    found
        .groups
        .retain(|group| committed.ok.iter().any(|(id, _)| *id == group.id));
    found.failures.extend(failures);
    committed.ok.into_iter().collect()
}

/// Ends of partitions. A deleted topic keeps its offsets for a while, and must not hide the others.
async fn ends(client: &Client, mut wanted: Vec<PartitionKey>, found: &mut Found) -> BTreeMap<PartitionKey, i64> {
    wanted.sort();
    wanted.dedup();
    let mut topics: Vec<String> = wanted.iter().map(|(topic, _)| topic.clone()).collect();
    topics.dedup();
    let leaders = match client.partition_leaders(&topics).await {
        Ok(leaders) => leaders,
        Err(error) => {
            found.failures.push(Failure::of("ends of partitions", error));
            return BTreeMap::new();
        }
    };
    let names: Vec<String> = wanted.iter().map(|(topic, p)| format!("{topic}-{p}")).collect();
    for failed in leaders.errors {
        if is_gone(&failed.error) {
            found.warnings.push(failed.error.to_string());
        } else if failed.what.starts_with("topic ") || names.contains(&failed.what) {
            found.failures.push(failed.into());
        }
    }
    let mut leaders: BTreeMap<PartitionKey, i32> = leaders.ok.into_iter().collect();
    leaders.retain(|key, _| wanted.binary_search(key).is_ok());
    let listed = client.list_offsets(&leaders, OffsetSpec::Latest).await;
    found.failures.extend(listed.errors.into_iter().map(Failure::from));
    let end = |found: client::ListedOffset| ((found.topic, found.partition), found.offset);
    listed.ok.into_iter().map(end).collect()
}

fn is_gone(error: &ClientError) -> bool {
    error.code() == Some(ErrorCode::UnknownTopicOrPartition)
}
