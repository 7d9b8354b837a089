//! cluster api-versions

use clap::Args;
use client::NodeVersions;
use protocol::api::ApiKey;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List the APIs that each node serves.
///
/// With the oldest and the newest version, and the newest that is known here too. A node that does not answer is named,
/// with exit code 69.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet cluster api-versions -b localhost:9092 --node 1\n  kfleet cluster api-versions --bootstrap-controller localhost:9093 -o json"
)]
pub(crate) struct ApiVersionsArgs {
    /// Only this node
    #[arg(long, value_name = "ID")]
    node: Option<i32>,
}

/// An API of a node.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ApiVersionRow {
    /// The node.
    node: i32,
    /// Where it is reached, HOST:PORT.
    address: String,
    /// The API's number.
    key: i16,
    /// Its name; none if nobody here has heard of it.
    api: Option<String>,
    /// The oldest version that the node serves.
    min: i16,
    /// The newest version that the node serves.
    max: i16,
    /// The newest version that is known here too; none if there is none.
    usable: Option<i16>,
}

impl Shown for Vec<ApiVersionRow> {
    const SCHEMA: &'static str = "cluster-api-versions/1";

    fn table(&self, wide: bool) -> Table {
        let row = |row: &ApiVersionRow| {
            let mut cells = vec![
                row.node.to_string(),
                row.key.to_string(),
                row.api.clone().unwrap_or_else(|| "-".to_owned()),
                row.min.to_string(),
                row.max.to_string(),
                row.usable.map_or_else(|| "-".to_owned(), |version| version.to_string()),
            ];
            if wide {
                cells.push(row.address.clone());
            }
            cells
        };
        let mut headers = vec!["NODE", "KEY", "API", "MIN", "MAX", "USABLE"];
        if wide {
            headers.push("ADDRESS");
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// APIs that are known by name only; the last two came with Kafka 4.4.
const NEWER: [(i16, &str); 4] = [
    (88, "StreamsGroupHeartbeat"),
    (89, "StreamsGroupDescribe"),
    (93, "StreamsGroupTopologyDescriptionUpdate"),
    (94, "UnregisterController"),
];

pub(crate) fn run(args: &ApiVersionsArgs, context: &Context) -> Result<(), CommandError> {
    let (id, nodes) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let nodes = client.node_versions(args.node).await;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), nodes))
    })??;
    if let Some(asked) = args.node.filter(|_| nodes.ok.is_empty() && nodes.errors.is_empty()) {
        return Err(CommandError::not_found(format!("there is no node {asked}")));
    }
    let rows: Vec<ApiVersionRow> = nodes.ok.iter().flat_map(rows).collect();
    let warnings: Vec<String> = nodes
        .errors
        .iter()
        .map(|e| format!("{}: {}", e.what, e.error))
        .collect();
    context.out.show(Some(&id), &rows, &warnings)?;
    match nodes.errors.into_iter().next() {
        None => Ok(()),
        // What is there has been shown, and who is not has been named.
        Some(first) => Err(CommandError::exit(CommandError::from(first.error).code)),
    }
}

fn rows(node: &NodeVersions) -> Vec<ApiVersionRow> {
    let row = |key: &protocol::api::messages::api_versions_response::ApiVersion| {
        let api = ApiKey::try_from(key.api_key).ok();
        let named = NEWER.iter().find(|(newer, _)| *newer == key.api_key);
        ApiVersionRow {
            node: node.id,
            address: node.address.clone(),
            key: key.api_key,
            api: api
                .map(|api| format!("{api:?}"))
                .or(named.map(|(_, name)| (*name).to_owned())),
            min: key.min_version,
            max: key.max_version,
            usable: api.and_then(|api| usable(api, key.min_version, key.max_version)),
        }
    };
    let mut rows: Vec<ApiVersionRow> = node.versions.api_keys.iter().map(row).collect();
    rows.sort_by_key(|row| row.key);
    rows
}

/// The newest version that both sides know.
fn usable(api: ApiKey, min: i16, max: i16) -> Option<i16> {
    let own = api.valid_versions();
    let newest = max.min(own.max);
    (newest >= min && newest >= own.min).then_some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usable_is_what_both_sides_know() {
        assert_eq!(usable(ApiKey::DescribeCluster, 0, 1), Some(1));
        assert_eq!(usable(ApiKey::DescribeCluster, 0, 9), Some(2));
        assert_eq!(usable(ApiKey::DescribeCluster, 7, 9), None);
    }
}
