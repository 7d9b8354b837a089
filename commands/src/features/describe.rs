//! features describe

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use client::{FinalizedFeatures, NodeVersions};
use schemars::JsonSchema;
use serde::Serialize;

use super::{level_text, release_of};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

/// List features with their levels.
///
/// The level that counts for all, and the levels that all nodes that were asked support; -o wide and JSON have those of
/// each node.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet features describe -b localhost:9092\n  kfleet features describe --bootstrap-controller localhost:9093 -o wide"
)]
pub(crate) struct DescribeArgs {
    /// Only what this node supports
    #[arg(long, value_name = "ID")]
    node: Option<i32>,
}

/// A feature.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct FeatureRow {
    /// Its name.
    feature: String,
    /// The level that counts; 0 if it is off.
    finalized_level: i16,
    /// What a level of metadata.version is called.
    finalized_release: Option<&'static str>,
    /// The lowest level that all nodes support; none if there is no such level.
    supported_min: Option<i16>,
    /// The highest level that all nodes support.
    supported_max: Option<i16>,
    /// Offset of the metadata that the level is of.
    epoch: Option<i64>,
    /// What each node supports.
    nodes: Vec<NodeRange>,
}

/// What a node supports of a feature.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct NodeRange {
    /// The node.
    node: i32,
    /// The lowest level.
    min: i16,
    /// The highest level.
    max: i16,
}

impl Shown for Vec<FeatureRow> {
    const SCHEMA: &'static str = "features-describe/1";

    fn table(&self, wide: bool) -> Table {
        let row = |row: &FeatureRow| {
            let level = |level: Option<i16>| level.map_or_else(|| "-".to_owned(), |l| level_text(&row.feature, l));
            let mut cells = vec![
                row.feature.clone(),
                level(Some(row.finalized_level)),
                level(row.supported_min),
                level(row.supported_max),
            ];
            if wide {
                let range = |range: &NodeRange| format!("{}: {}-{}", range.node, range.min, range.max);
                cells.push(row.epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string()));
                cells.push(row.nodes.iter().map(range).collect::<Vec<_>>().join(", "));
            }
            cells
        };
        let mut headers = vec!["FEATURE", "FINALIZED", "SUPPORTED FROM", "SUPPORTED TO"];
        if wide {
            headers.extend(["EPOCH", "NODES"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, finalized, nodes) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let finalized = client.finalized_features().await?;
        let nodes = client.node_versions(args.node).await;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), finalized, nodes))
    })??;
    if let Some(asked) = args.node.filter(|_| nodes.ok.is_empty() && nodes.errors.is_empty()) {
        return Err(CommandError::not_found(format!("there is no node {asked}")));
    }
    let warnings: Vec<String> = nodes
        .errors
        .iter()
        .map(|e| format!("{}: {}", e.what, e.error))
        .collect();
    context.out.show(Some(&id), &rows(&finalized, &nodes.ok), &warnings)?;
    match nodes.errors.into_iter().next() {
        None => Ok(()),
        // What is there has been shown, and what is not has been named.
        Some(first) => Err(CommandError::exit(CommandError::from(first.error).code)),
    }
}

/// Lowest and highest levels by feature.
type Ranges = BTreeMap<String, (i16, i16)>;

fn rows(finalized: &FinalizedFeatures, nodes: &[NodeVersions]) -> Vec<FeatureRow> {
    let range = |feature: &protocol::api::messages::api_versions_response::SupportedFeatureKey| {
        (feature.name.to_string(), (feature.min_version, feature.max_version))
    };
    let supported: Vec<(i32, Ranges)> = nodes
        .iter()
        .map(|node| (node.id, node.versions.supported_features.iter().map(range).collect()))
        .collect();
    let names = supported.iter().flat_map(|(_, features)| features.keys());
    let names: BTreeSet<&String> = names.chain(finalized.levels.keys()).collect();
    let row = |name: &String| {
        // A node that does not know a feature leaves it at level 0.
        let range = |(node, features): &(i32, Ranges)| {
            let (min, max) = features.get(name).copied().unwrap_or((0, 0));
            NodeRange { node: *node, min, max }
        };
        let nodes: Vec<NodeRange> = supported.iter().map(range).collect();
        let shared = (nodes.iter().map(|n| n.min).max()).zip(nodes.iter().map(|n| n.max).min());
        let shared = shared.filter(|(min, max)| min <= max);
        let level = finalized.level(name);
        FeatureRow {
            feature: name.clone(),
            finalized_level: level,
            finalized_release: release_of(name, level),
            supported_min: shared.map(|(min, _)| min),
            supported_max: shared.map(|(_, max)| max),
            epoch: finalized.epoch,
            nodes,
        }
    };
    names.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use protocol::api::StrBytes;
    use protocol::api::messages::ApiVersionsResponse;
    use protocol::api::messages::api_versions_response::SupportedFeatureKey;

    use super::*;

    fn node(id: i32, features: &[(&'static str, i16, i16)]) -> NodeVersions {
        let feature = |(name, min, max): &(&'static str, i16, i16)| {
            SupportedFeatureKey::default()
                .with_name(StrBytes::from_static_str(name))
                .with_min_version(*min)
                .with_max_version(*max)
        };
        let features = features.iter().map(feature).collect();
        NodeVersions {
            id,
            address: "a:1".to_owned(),
            versions: ApiVersionsResponse::default().with_supported_features(features),
        }
    }

    #[test]
    fn what_is_supported_is_what_all_nodes_support() {
        let old = node(1, &[("metadata.version", 7, 25), ("group.version", 0, 1)]);
        let new = node(2, &[("metadata.version", 26, 30), ("share.version", 0, 1)]);
        let levels = BTreeMap::from([("metadata.version".to_owned(), 25), ("other".to_owned(), 1)]);
        let finalized = FinalizedFeatures { levels, epoch: Some(9) };
        let found = rows(&finalized, &[old, new]);
        let shared = |at: usize| (found[at].supported_min, found[at].supported_max);
        let names: Vec<&str> = found.iter().map(|row| row.feature.as_str()).collect();
        assert_eq!(names, ["group.version", "metadata.version", "other", "share.version"]);
        assert_eq!(shared(0), (Some(0), Some(0)), "node 2 does not know it");
        assert_eq!(shared(1), (None, None), "the nodes have no level in common");
        assert_eq!(
            (found[1].finalized_level, found[1].finalized_release),
            (25, Some("4.0-IV3"))
        );
        assert_eq!((found[2].finalized_level, shared(2)), (1, (Some(0), Some(0))));
        assert_eq!(found[3].finalized_level, 0);
    }
}
