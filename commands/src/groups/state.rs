//! Rows of groups as a whole.

use std::collections::BTreeMap;

use client::GroupDescription;
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::{Shown, Table};

/// A group as a whole.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GroupStateRow {
    /// The group.
    group: String,
    /// Its type: classic, consumer, share or streams.
    #[serde(rename = "type")]
    kind: String,
    /// Where it is in its life, in Kafka's words.
    state: String,
    /// The broker that coordinates it.
    coordinator: i32,
    /// host:port of that broker; none if it is not known.
    coordinator_address: Option<String>,
    /// Who or what assigns partitions; empty if nobody does.
    assignor: String,
    /// The group's epoch, where the type has one.
    epoch: Option<i32>,
    /// The epoch of the assignment that is aimed at.
    target_epoch: Option<i32>,
    /// How many members it has; none if that is not told, as of streams groups that are not empty.
    members: Option<usize>,
}

impl Shown for Vec<GroupStateRow> {
    const SCHEMA: &'static str = "groups-state/1";

    fn table(&self, wide: bool) -> Table {
        let number = |value: Option<i32>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let text = |value: &str| {
            if value.is_empty() {
                "-".to_owned()
            } else {
                value.to_owned()
            }
        };
        let row = |row: &GroupStateRow| {
            let address = row.coordinator_address.as_deref().unwrap_or("-");
            let mut cells = vec![
                row.group.clone(),
                row.kind.clone(),
                row.state.clone(),
                format!("{address} ({})", row.coordinator),
                text(&row.assignor),
                row.members
                    .map_or_else(|| "-".to_owned(), |members| members.to_string()),
            ];
            if wide {
                cells.extend([number(row.epoch), number(row.target_epoch)]);
            }
            cells
        };
        let mut headers = vec!["GROUP", "TYPE", "STATE", "COORDINATOR", "ASSIGNOR", "MEMBERS"];
        if wide {
            headers.extend(["EPOCH", "TARGET-EPOCH"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(super) fn row(group: &GroupDescription, addresses: &BTreeMap<i32, String>) -> GroupStateRow {
    GroupStateRow {
        group: group.id.clone(),
        kind: group.kind.to_string(),
        state: group.state.clone(),
        coordinator: group.coordinator,
        coordinator_address: addresses.get(&group.coordinator).cloned(),
        assignor: group.assignor.clone(),
        epoch: group.epoch,
        target_epoch: group.target_epoch,
        members: group.members_told.then_some(group.members.len()),
    }
}
