//! groups list

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List groups of all brokers.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kfleet groups list -b localhost:9092\n  kfleet groups list --state Empty -o json")]
pub(crate) struct ListArgs {
    /// Only groups in this state, as in Stable or Empty
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
}

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
    let (id, found) = block_on(async {
        let client = context.connect().await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), client.list_groups().await))
    })??;
    let mut rows: Vec<GroupRow> = found
        .ok
        .into_iter()
        .map(|(coordinator, group)| GroupRow {
            group: group.group_id.to_string(),
            kind: group.group_type.to_string(),
            protocol: group.protocol_type.to_string(),
            state: group.group_state.to_string(),
            coordinator,
        })
        .collect();
    rows.retain(|row| args.state.is_empty() || args.state.iter().any(|s| s.eq_ignore_ascii_case(&row.state)));
    let warnings: Vec<String> = found.errors.iter().map(|error| error.error.to_string()).collect();
    context.out.show(Some(&id), &rows, &warnings)?;
    match found.errors.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(first.error.into()),
    }
}
