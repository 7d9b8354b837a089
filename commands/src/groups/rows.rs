//! Rows of what groups committed.

use std::collections::BTreeMap;

use client::{GroupDescription, GroupMember, GroupOffsets, PartitionKey};
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Shown, Table};

/// A partition that a group has an offset of, or that one of its members reads.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct GroupOffsetRow {
    /// The group.
    group: String,
    /// Its type: classic, consumer, share or streams.
    #[serde(rename = "type")]
    kind: String,
    /// Where the group is in its life.
    state: String,
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// What was committed; none if nothing was. Of a share group, where it starts to read.
    committed_offset: Option<i64>,
    /// Epoch of the leader that the record before that offset was read from; none if it was not told.
    leader_epoch: Option<i32>,
    /// The partition's end; none if it could not be found out.
    log_end_offset: Option<i64>,
    /// Records between the two.
    lag: Option<i64>,
    /// The member that reads it, the first of several; none if nobody does.
    member: Option<String>,
    /// The name the member keeps from one life to the next.
    instance_id: Option<String>,
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
                let epoch = number(row.leader_epoch.map(i64::from));
                cells.extend([text(&row.member), text(&row.host), row.state.clone(), epoch]);
            }
            cells
        };
        let mut headers = vec!["GROUP", "TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "CLIENT"];
        if wide {
            headers.extend(["MEMBER", "HOST", "STATE", "LEADER-EPOCH"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// Rows of a group, in the order of topics and partitions.
pub(super) fn offset_rows(
    group: &GroupDescription,
    committed: &GroupOffsets,
    ends: &BTreeMap<PartitionKey, i64>,
) -> Vec<GroupOffsetRow> {
    let owners = owners(group);
    let mut keys: Vec<&PartitionKey> = committed.keys().chain(owners.keys()).collect();
    keys.sort();
    keys.dedup();
    let row = |key: &PartitionKey| {
        let (found, log_end_offset) = (committed.get(key), ends.get(key).copied());
        let committed_offset = found.map(|found| found.offset);
        let owner = owners.get(key);
        GroupOffsetRow {
            group: group.id.clone(),
            kind: group.kind.to_string(),
            state: group.state.clone(),
            topic: key.0.clone(),
            partition: key.1,
            committed_offset,
            leader_epoch: found.map(|found| found.leader_epoch).filter(|epoch| *epoch >= 0),
            log_end_offset,
            lag: committed_offset
                .zip(log_end_offset)
                .map(|(committed, end)| (end - committed).max(0)),
            member: owner.map(|member| member.id.clone()),
            instance_id: owner.and_then(|member| member.instance_id.clone()),
            client_id: owner.map(|member| member.client_id.clone()),
            host: owner.map(|member| member.host.clone()),
        }
    };
    keys.into_iter().map(row).collect()
}

/// Which member reads which partition; the first one where members share it.
fn owners(group: &GroupDescription) -> BTreeMap<PartitionKey, &GroupMember> {
    let mut owners = BTreeMap::new();
    for member in &group.members {
        for (topic, partitions) in &member.assignment {
            for partition in partitions {
                owners.entry((topic.clone(), *partition)).or_insert(member);
            }
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use client::{CommittedOffset, GroupType};

    use super::*;

    #[test]
    fn a_row_stands_for_what_was_committed_and_for_what_is_read() {
        let member = GroupMember {
            id: "m".to_owned(),
            client_id: "c".to_owned(),
            assignment: BTreeMap::from([("t".to_owned(), vec![1, 2])]),
            ..GroupMember::default()
        };
        let group = GroupDescription {
            id: "g".to_owned(),
            kind: GroupType::Classic,
            state: "Stable".to_owned(),
            coordinator: 1,
            assignor: "range".to_owned(),
            epoch: None,
            target_epoch: None,
            members: vec![member],
            members_told: true,
        };
        let key = |partition| ("t".to_owned(), partition);
        let committed = BTreeMap::from([(key(0), CommittedOffset::at(5)), (key(1), CommittedOffset::at(9))]);
        let ends = BTreeMap::from([(key(0), 8), (key(1), 7)]);
        let rows = offset_rows(&group, &committed, &ends);
        let seen: Vec<_> = rows.iter().map(|r| (r.partition, r.lag, r.member.as_deref())).collect();
        assert_eq!(
            seen,
            [(0, Some(3), None), (1, Some(0), Some("m")), (2, None, Some("m"))]
        );
    }
}
