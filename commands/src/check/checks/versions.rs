//! versions: whether all nodes serve the same APIs and features, and know the same levels to count. A node does not tell
//! the name of its release.

use std::collections::{BTreeMap, BTreeSet};

use planner::counted::counted;

use super::{Definition, Judged, Limits, Need, Rules};
use crate::check::facts::{Facts, NodeSoftware};
use crate::check::verdict::{Finding, Untold};
use crate::status::Status;

pub(super) const CHECK: Definition = Definition {
    name: "versions",
    unit: None,
    limits: Limits::NONE,
    needs: &[Need::Software],
    takes_topics: false,
    judge,
};

/// The feature that follows releases.
const METADATA_VERSION: &str = "metadata.version";

/// Nodes that are alike.
type Alike<'a, K> = BTreeMap<K, Vec<&'a NodeSoftware>>;

fn judge(facts: &Facts, _: &Rules) -> Judged {
    let nodes = &facts.software.ok;
    let (mut software, mut finalized) = (Alike::new(), Alike::new());
    for node in nodes {
        software.entry((&node.apis, &node.supported)).or_default().push(node);
        if let Some(levels) = &node.finalized {
            finalized.entry(levels).or_default().push(node);
        }
    }
    let mut judged = Judged::new(Status::Ok, String::new())
        .metric("nodes", nodes.len())
        .metric("software_versions", software.len())
        .metric("feature_levels", finalized.len());
    judged.unknown = facts.software.untold.clone();
    let silent = nodes.iter().filter(|node| node.finalized.is_none());
    let untold = silent.map(|node| {
        let why = "it does not tell the levels of features that count";
        Untold::new(format!("node {}", node.id), "unsupported", why)
    });
    judged.unknown.extend(untold);
    let is_uniform = software.len() <= 1 && finalized.len() <= 1;
    let level = finalized.keys().next().and_then(|levels| levels.get(METADATA_VERSION));
    judged.summary = match (is_uniform, nodes.is_empty(), level) {
        (_, true, _) => "it could not be found out".to_owned(),
        (true, _, Some(level)) => format!("{} alike, metadata.version {level}", counted(nodes.len(), "node")),
        (true, _, None) => format!("{} alike", counted(nodes.len(), "node")),
        (false, ..) => format!(
            "{} with {} and {}",
            counted(nodes.len(), "node"),
            counted(software.len(), "kind") + " of software",
            counted(finalized.len(), "set") + " of feature levels"
        ),
    };
    if is_uniform {
        return judged;
    }
    judged.status = Status::Warning;
    judged.findings.extend(unlike(&software).map(|node| {
        let detail = match node.supported.get(METADATA_VERSION) {
            Some((_, max)) => format!("takes metadata.version up to {max}, {} APIs", node.apis.len()),
            None => format!("{} APIs", node.apis.len()),
        };
        Finding::of_node(format!("node {}", node.id), detail, node.id)
    }));
    let differing = differing(&finalized);
    judged.findings.extend(unlike(&finalized).map(|node| {
        let level = |name: &str| {
            node.finalized
                .as_ref()
                .and_then(|levels| levels.get(name))
                .copied()
                .unwrap_or(0)
        };
        let levels = differing.iter().map(|name| format!("{name}={}", level(name)));
        let detail = format!("knows {}", levels.collect::<Vec<_>>().join(" "));
        Finding::of_node(format!("node {}", node.id), detail, node.id)
    }));
    judged
}

/// Nodes that are not like most.
fn unlike<'a, K: Ord>(alike: &Alike<'a, K>) -> impl Iterator<Item = &'a NodeSoftware> {
    let most = alike.values().map(Vec::len).max().unwrap_or(0);
    let usual = alike.values().position(|nodes| nodes.len() == most);
    let others = alike.values().enumerate().filter(move |(at, _)| Some(*at) != usual);
    let mut nodes: Vec<&NodeSoftware> = others.flat_map(|(_, nodes)| nodes.iter().copied()).collect();
    nodes.sort_by_key(|node| node.id);
    nodes.into_iter()
}

/// Features whose levels are not the same everywhere.
fn differing<'a>(finalized: &Alike<'_, &'a BTreeMap<String, i16>>) -> BTreeSet<&'a str> {
    let names: BTreeSet<&str> = finalized
        .keys()
        .flat_map(|levels| levels.keys().map(String::as_str))
        .collect();
    let mut names = names;
    names.retain(|name| {
        let levels: BTreeSet<i16> = finalized
            .keys()
            .map(|levels| levels.get(*name).copied().unwrap_or(0))
            .collect();
        levels.len() > 1
    });
    names
}
