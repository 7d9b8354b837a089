//! groups describe

use std::collections::BTreeMap;

use clap::Args;
use client::{Client, ClientError, CommittedOffsets, OffsetSpec};
use protocol::api::ErrorCode;
use protocol::api::messages::describe_groups_response::DescribedGroup;
use protocol::messages::framing::decode_consumer_assignment;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// Print what groups committed, how far they lag and who reads what.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet groups describe billing -b localhost:9092")]
pub(crate) struct DescribeArgs {
    /// Groups
    #[arg(required = true)]
    groups: Vec<String>,
}

/// A partition that a group has an offset of, or that one of its members reads.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GroupOffsetRow {
    /// The group.
    group: String,
    /// Where the group is in its life.
    state: String,
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// What was committed; none if nothing was.
    committed_offset: Option<i64>,
    /// The partition's end; none if it could not be found out.
    log_end_offset: Option<i64>,
    /// Records between the two.
    lag: Option<i64>,
    /// The member that reads it; none if nobody does.
    member: Option<String>,
    /// What the member's client calls itself.
    client_id: Option<String>,
    /// Where the member is.
    host: Option<String>,
}

impl Shown for Vec<GroupOffsetRow> {
    const SCHEMA: &'static str = "groups-describe/1";

    fn table(&self, wide: bool) -> Table {
        let number = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let row = |row: &GroupOffsetRow| {
            let mut cells = vec![
                row.group.clone(),
                row.topic.clone(),
                row.partition.to_string(),
                number(row.committed_offset),
                number(row.log_end_offset),
                number(row.lag),
                text(&row.client_id),
            ];
            if wide {
                cells.extend([text(&row.member), text(&row.host), row.state.clone()]);
            }
            cells
        };
        let mut headers = vec!["GROUP", "TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "CLIENT"];
        if wide {
            headers.extend(["MEMBER", "HOST", "STATE"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, rows, warnings) = block_on(async {
        let client = context.connect().await?;
        let (mut rows, mut warnings) = (Vec::new(), Vec::new());
        for group in &args.groups {
            rows.extend(describe(&client, group, &mut warnings).await?);
        }
        Ok::<_, CommandError>((client.cluster_id().to_owned(), rows, warnings))
    })??;
    context.out.show(Some(&id), &rows, &warnings)
}

async fn describe(
    client: &Client,
    group: &str,
    warnings: &mut Vec<String>,
) -> Result<Vec<GroupOffsetRow>, CommandError> {
    let coordinator = client.coordinator(group).await?;
    let described = client.describe_group(coordinator, group).await?;
    let committed = client.committed_offsets(coordinator, group).await?;
    // Before version 6, DescribeGroups answers a group nobody knows as one that is dead.
    if &*described.group_state == "Dead" && committed.is_empty() {
        return Err(ClientError::rejected(format!("group {group}"), ErrorCode::GroupIdNotFound.code(), None).into());
    }
    let owners = owners(&described);
    let ends = ends(client, &committed, &owners, warnings).await;
    let mut keys: Vec<&(String, i32)> = committed.keys().chain(owners.keys()).collect();
    keys.sort();
    keys.dedup();
    let row = |key: &(String, i32)| {
        let (committed_offset, log_end_offset) = (committed.get(key).copied(), ends.get(key).copied());
        let owner = owners.get(key).and_then(|at| described.members.get(*at));
        GroupOffsetRow {
            group: group.to_owned(),
            state: described.group_state.to_string(),
            topic: key.0.clone(),
            partition: key.1,
            committed_offset,
            log_end_offset,
            lag: committed_offset
                .zip(log_end_offset)
                .map(|(committed, end)| (end - committed).max(0)),
            member: owner.map(|member| member.member_id.to_string()),
            client_id: owner.map(|member| member.client_id.to_string()),
            host: owner.map(|member| member.client_host.to_string()),
        }
    };
    Ok(keys.into_iter().map(row).collect())
}

/// Which member reads which partition. Assignments of protocols other than consumer's are not looked into.
fn owners(described: &DescribedGroup) -> BTreeMap<(String, i32), usize> {
    let mut owners = BTreeMap::new();
    if &*described.protocol_type != "consumer" {
        return owners;
    }
    for (at, member) in described.members.iter().enumerate() {
        let Ok(assignment) = decode_consumer_assignment(&member.member_assignment) else {
            continue;
        };
        for topic in assignment.assigned_partitions {
            for partition in topic.partitions {
                owners.insert((topic.topic.clone(), partition), at);
            }
        }
    }
    owners
}

async fn ends(
    client: &Client,
    committed: &CommittedOffsets,
    owners: &BTreeMap<(String, i32), usize>,
    warnings: &mut Vec<String>,
) -> BTreeMap<(String, i32), i64> {
    let mut topics: Vec<String> = committed
        .keys()
        .chain(owners.keys())
        .map(|(topic, _)| topic.clone())
        .collect();
    topics.sort();
    topics.dedup();
    let mut wanted = BTreeMap::new();
    // A deleted topic keeps its offsets for a while, and must not hide the others.
    for topic in topics {
        match client.leaders(std::slice::from_ref(&topic)).await {
            Ok(leaders) => wanted.extend(leaders),
            Err(error) => warnings.push(error.to_string()),
        }
    }
    wanted.retain(|key, _| committed.contains_key(key) || owners.contains_key(key));
    let listed = client.list_offsets(&wanted, OffsetSpec::Latest).await;
    warnings.extend(
        listed
            .errors
            .iter()
            .map(|error| format!("{}: {}", error.what, error.error)),
    );
    let end = |found: client::ListedOffset| ((found.topic, found.partition), found.offset);
    listed.ok.into_iter().map(end).collect()
}
