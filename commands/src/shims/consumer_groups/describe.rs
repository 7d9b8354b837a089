//! --describe

use std::collections::{BTreeMap, BTreeSet};

use client::{
    Client, GroupDescription, GroupMember, GroupOffsets, GroupType, OffsetSpec, PartitionKey, TopicPartitions,
};

use super::{Stopped, chosen, listed, wrapped};
use crate::groups::assignment_text;
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::shims::options::Parsed;

pub(super) async fn run(parsed: &Parsed, client: &Client, io: &mut Io) -> Result<(), Stopped> {
    let groups = chosen(parsed, client).await.map_err(wrapped)?;
    let described = described(client, &groups).await.map_err(wrapped)?;
    let verbose = parsed.has("verbose");
    if parsed.has("members") {
        described.iter().for_each(|group| members(group, verbose, io));
    } else if parsed.has("state") {
        let addresses = client.node_addresses();
        described.iter().for_each(|group| state(group, &addresses, verbose, io));
    } else {
        let committed = client.group_offsets(&groups).await.into_result();
        let committed: BTreeMap<String, GroupOffsets> = committed.map_err(super::wrapped_twice)?.into_iter().collect();
        let none = GroupOffsets::new();
        for group in &described {
            let committed = committed.get(&group.id).unwrap_or(&none);
            let rows = rows(client, group, committed).await?;
            offsets(group, &rows, verbose, io);
        }
    }
    Ok(())
}

/// Groups with their members, in the order of their ids.
pub(super) async fn described(client: &Client, groups: &[String]) -> Result<Vec<GroupDescription>, Throwable> {
    let listed = listed(client).await?;
    // Of groups that are no consumer groups, and of those that nobody knows, Apache's client asks as of classic ones.
    let kind = |id: &String| match listed.iter().find(|group| group.id == *id) {
        Some(group) if group.kind == GroupType::Consumer => GroupType::Consumer,
        _ => GroupType::Classic,
    };
    let kinds = groups.iter().map(|id| (id.clone(), kind(id))).collect();
    Ok(client.describe_groups(&kinds).await.into_result()?)
}

/// Says how a group is doing; whether there is anything to show of it.
fn is_shown(group: &GroupDescription, rows: usize, io: &mut Io) -> bool {
    let id = &group.id;
    match group.state.as_str() {
        "Dead" => io.line(format!("\nError: Consumer group '{id}' does not exist.")),
        "Empty" => io.note(format!("\nConsumer group '{id}' has no active members.")),
        "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling" => {
            io.note(format!("\nWarning: Consumer group '{id}' is rebalancing."));
        }
        _ => {}
    }
    group.state != "Dead" && rows > 0
}

/// A line of the offsets' table.
struct OffsetRow {
    key: PartitionKey,
    epoch: Option<i32>,
    offset: Option<i64>,
    end: Option<i64>,
    consumer: String,
    host: String,
    client: String,
}

/// Partitions of members, of whoever has most first, and then those that nobody reads.
async fn rows(client: &Client, group: &GroupDescription, committed: &GroupOffsets) -> Result<Vec<OffsetRow>, Stopped> {
    let mut members: Vec<(&GroupMember, BTreeSet<PartitionKey>)> = group
        .members
        .iter()
        .map(|member| (member, keys(&member.assignment)))
        .filter(|(_, keys)| !keys.is_empty())
        .collect();
    members.sort_by_key(|(_, keys)| std::cmp::Reverse(keys.len()));
    let assigned: BTreeSet<&PartitionKey> = members.iter().flat_map(|(_, keys)| keys).collect();
    let free: BTreeSet<PartitionKey> = committed
        .keys()
        .filter(|key| !assigned.contains(key))
        .cloned()
        .collect();
    let all: BTreeSet<PartitionKey> = assigned
        .iter()
        .map(|key| (*key).clone())
        .chain(free.iter().cloned())
        .collect();
    let ends = ends(client, &all).await.map_err(super::wrapped_twice)?;
    let mut rows = Vec::new();
    let mut add = |keys: &BTreeSet<PartitionKey>, consumer: &str, host: &str, client: &str| {
        for key in keys {
            let known = committed.get(key);
            rows.push(OffsetRow {
                epoch: known.map(|known| known.leader_epoch).filter(|epoch| *epoch >= 0),
                offset: known.map(|known| known.offset),
                end: ends.get(key).copied(),
                consumer: consumer.to_owned(),
                host: host.to_owned(),
                client: client.to_owned(),
                key: key.clone(),
            });
        }
    };
    for (member, keys) in &members {
        add(keys, &member.id, &member.host, &member.client_id);
    }
    add(&free, "-", "-", "-");
    Ok(rows)
}

fn keys(partitions: &TopicPartitions) -> BTreeSet<PartitionKey> {
    let of_topic = |(topic, partitions): (&String, &Vec<i32>)| -> Vec<PartitionKey> {
        partitions.iter().map(|partition| (topic.clone(), *partition)).collect()
    };
    partitions.iter().flat_map(of_topic).collect()
}

/// Ends of logs; a partition without a leader has none.
async fn ends(client: &Client, keys: &BTreeSet<PartitionKey>) -> Result<BTreeMap<PartitionKey, i64>, Throwable> {
    let topics: BTreeSet<String> = keys.iter().map(|(topic, _)| topic.clone()).collect();
    let topics: Vec<String> = topics.into_iter().collect();
    if topics.is_empty() {
        return Ok(BTreeMap::new());
    }
    let leaders = client.partition_leaders(&topics).await?;
    if let Some(failed) = leaders.errors.iter().find(|failed| failed.what.starts_with("topic ")) {
        return Err(failed.error.clone().into());
    }
    let leaders: BTreeMap<PartitionKey, i32> = leaders.ok.into_iter().filter(|(key, _)| keys.contains(key)).collect();
    let listed = client.list_offsets(&leaders, OffsetSpec::Latest).await.into_result()?;
    Ok(listed
        .into_iter()
        .map(|found| ((found.topic, found.partition), found.offset))
        .collect())
}

fn offsets(group: &GroupDescription, rows: &[OffsetRow], verbose: bool, io: &mut Io) {
    if !is_shown(group, rows.len(), io) {
        return;
    }
    let group_width = width(15, [group.id.as_str()]);
    let topic_width = width(15, rows.iter().map(|row| row.key.0.as_str()));
    let consumer_width = width(15, rows.iter().map(|row| row.consumer.as_str()));
    let host_width = width(15, rows.iter().map(|row| row.host.as_str()));
    let mut line = |cells: [&str; 10]| {
        let [group, topic, partition, epoch, offset, end, lag, consumer, host, client] = cells;
        let epoch = if verbose {
            format!("{epoch:<15} ")
        } else {
            String::new()
        };
        io.text(format!(
            "\n{group:<group_width$} {topic:<topic_width$} {partition:<10} {epoch}{offset:<15} {end:<15} {lag:<15} \
             {consumer:<consumer_width$} {host:<host_width$} {client}"
        ));
    };
    line([
        "GROUP",
        "TOPIC",
        "PARTITION",
        "LEADER-EPOCH",
        "CURRENT-OFFSET",
        "LOG-END-OFFSET",
        "LAG",
        "CONSUMER-ID",
        "HOST",
        "CLIENT-ID",
    ]);
    for row in rows {
        let lag = row.offset.zip(row.end).map(|(offset, end)| end - offset);
        line([
            &group.id,
            &row.key.0,
            &row.key.1.to_string(),
            &or_dash(row.epoch),
            &or_dash(row.offset),
            &or_dash(row.end),
            &or_dash(lag),
            &row.consumer,
            &row.host,
            &row.client,
        ]);
    }
    io.line("");
}

fn members(group: &GroupDescription, verbose: bool, io: &mut Io) {
    let members = if is_shown(group, group.members.len(), io) {
        &group.members[..]
    } else {
        &[]
    };
    let instance = |member: &GroupMember| member.instance_id.clone().unwrap_or_default();
    let assigned = |member: &GroupMember| assignment_text(&member.assignment);
    let target = |member: &GroupMember| member.target.as_ref().map_or_else(|| "-".to_owned(), assignment_text);
    let shown = members.iter();
    let group_width = width(15, shown.clone().map(|_| group.id.as_str()));
    let id_width = width(15, shown.clone().map(|member| member.id.as_str()));
    let instance_width = width(17, shown.clone().map(instance));
    let host_width = width(15, shown.clone().map(|member| member.host.as_str()));
    let client_width = width(15, shown.clone().map(|member| member.client_id.as_str()));
    let assigned_width = width(20, shown.clone().map(assigned));
    let target_width = width(20, shown.clone().map(target));
    let has_instances = shown.clone().any(|member| !instance(member).is_empty());
    // Only where members of both protocols meet it is told who speaks which.
    let of_consumer_group = group.kind == GroupType::Consumer;
    let is_mixed = of_consumer_group
        && shown.clone().any(|member| member.is_classic)
        && shown.clone().any(|member| !member.is_classic);
    let mut line = |cells: [&str; 11]| {
        let [
            id,
            member,
            instance,
            host,
            client,
            count,
            epoch,
            assigned,
            target_epoch,
            target,
            upgraded,
        ] = cells;
        let instance = if has_instances {
            format!("{instance:<instance_width$} ")
        } else {
            String::new()
        };
        io.text(format!(
            "{id:<group_width$} {member:<id_width$} {instance}{host:<host_width$} {client:<client_width$} {count:<15} "
        ));
        if verbose {
            let upgraded = if is_mixed {
                format!(" {upgraded}")
            } else {
                String::new()
            };
            io.text(format!(
                "{epoch:<15} {assigned:<assigned_width$} {target_epoch:<15} {target:<target_width$}{upgraded}"
            ));
        }
        io.line("");
    };
    // The line break in front is none of the column's characters.
    let first = format!("\n{:<group_width$}", "GROUP");
    line([
        &first,
        "CONSUMER-ID",
        "GROUP-INSTANCE-ID",
        "HOST",
        "CLIENT-ID",
        "#PARTITIONS",
        "CURRENT-EPOCH",
        "CURRENT-ASSIGNMENT",
        "TARGET-EPOCH",
        "TARGET-ASSIGNMENT",
        "UPGRADED",
    ]);
    for member in members {
        line([
            &group.id,
            &member.id,
            &instance(member),
            &member.host,
            &member.client_id,
            &keys(&member.assignment).len().to_string(),
            &or_dash(member.epoch),
            &assigned(member),
            &or_dash(group.target_epoch),
            &target(member),
            if member.is_classic { "false" } else { "true" },
        ]);
    }
}

fn state(group: &GroupDescription, addresses: &BTreeMap<i32, String>, verbose: bool, io: &mut Io) {
    if !is_shown(group, 1, io) {
        return;
    }
    let address = addresses.get(&group.coordinator).map_or("", String::as_str);
    let coordinator = format!("{address}  ({})", group.coordinator);
    let (group_width, coordinator_width) = (width(15, [&group.id]), width(25, [&coordinator]));
    let mut line = |cells: [&str; 7]| {
        let [id, coordinator, strategy, state, epoch, target_epoch, members] = cells;
        let epochs = if verbose {
            format!("{epoch:<15} {target_epoch:<25} ")
        } else {
            String::new()
        };
        io.text(format!(
            "\n{id:<group_width$} {coordinator:<coordinator_width$} {strategy:<20} {state:<20} {epochs}{members}"
        ));
    };
    line([
        "GROUP",
        "COORDINATOR (ID)",
        "ASSIGNMENT-STRATEGY",
        "STATE",
        "GROUP-EPOCH",
        "TARGET-ASSIGNMENT-EPOCH",
        "#MEMBERS",
    ]);
    let strategy = if group.assignor.is_empty() {
        "-"
    } else {
        &group.assignor
    };
    line([
        &group.id,
        &coordinator,
        strategy,
        &group.state,
        &or_dash(group.epoch),
        &or_dash(group.target_epoch),
        &group.members.len().to_string(),
    ]);
    io.line("");
}

/// The width of a column.
fn width(least: usize, cells: impl IntoIterator<Item = impl AsRef<str>>) -> usize {
    let widths = cells.into_iter().map(|cell| cell.as_ref().chars().count());
    widths.max().unwrap_or(0).max(least)
}

fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
