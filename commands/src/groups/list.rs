//! groups list

use clap::Args;
use client::{GroupFilter, GroupType};
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};
use crate::pattern::Pattern;
use crate::watch::WatchArgs;

/// States of groups of all types, in Kafka's words.
const STATES: [&str; 8] = [
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
    "NotReady",
];

/// List groups of all brokers.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet groups list -b localhost:9092\n  kfleet groups list --state Empty,Dead -o json\n  kfleet groups list 'billing-*' --type consumer --type share"
)]
pub(crate) struct ListArgs {
    /// Only groups of these names; * stands for any characters and ? for one
    names: Vec<Pattern>,
    /// Only groups in this state; may be repeated
    #[arg(long, value_name = "STATE", value_delimiter = ',', ignore_case = true, value_parser = STATES)]
    state: Vec<String>,
    /// Only groups of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', ignore_case = true, value_parser = TYPES)]
    types: Vec<String>,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// Types of groups.
const TYPES: [&str; 4] = [
    GroupType::Classic.name(),
    GroupType::Consumer.name(),
    GroupType::Share.name(),
    GroupType::Streams.name(),
];

/// A group.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GroupRow {
    /// Its id.
    group: String,
    /// Kind of group: classic, consumer, share or streams; empty where the broker does not say.
    #[serde(rename = "type")]
    kind: String,
    /// Protocol of its members, as in consumer or connect.
    protocol: String,
    /// Where it is in its life, in Kafka's words; empty where the broker does not say.
    state: String,
    /// The broker that coordinates it.
    coordinator: i32,
}

impl Shown for Vec<GroupRow> {
    const SCHEMA: &'static str = "groups-list/1";

    fn table(&self, wide: bool) -> Table {
        let row = |group: &GroupRow| {
            let mut row = vec![group.group.clone(), group.kind.clone(), group.state.clone()];
            if wide {
                row.extend([group.protocol.clone(), group.coordinator.to_string()]);
            }
            row
        };
        let mut headers = vec!["GROUP", "TYPE", "STATE"];
        if wide {
            headers.extend(["PROTOCOL", "COORDINATOR"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let types = args.types.iter().filter_map(|name| name.parse().ok());
    let filter = GroupFilter {
        states: args.state.clone(),
        types: types.collect(),
    };
    let (id, found) = block_on(async {
        let client = context.connect().await?;
        for kind in &filter.types {
            client.check_group_type(*kind).await?;
        }
        let id = client.cluster_id().to_owned();
        let found = client.list_groups(&filter, client.deadline()).await;
        Ok::<_, CommandError>((id, found))
    })??;
    let row = |group: client::ListedGroup| GroupRow {
        group: group.id,
        kind: group.type_name,
        protocol: group.protocol_type,
        state: group.state,
        coordinator: group.coordinator,
    };
    let is_meant =
        |group: &client::ListedGroup| args.names.is_empty() || args.names.iter().any(|name| name.matches(&group.id));
    let rows: Vec<GroupRow> = found.ok.into_iter().filter(is_meant).map(row).collect();
    let failures: Vec<Failure> = found.errors.into_iter().map(Failure::from).collect();
    context.out.show_part(Some(&id), &rows, &[], &failures)
}
