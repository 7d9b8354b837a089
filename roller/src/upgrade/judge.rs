//! Whether a cluster and its nodes may go to a release.

use super::feature::{METADATA_VERSION, Range, level_text};
use super::notes::{Note, notes};
use super::order::{Stage, order};
use super::release::Release;
use super::view::{Node, Software, View};
use crate::fleet::Role;

/// The first metadata.version that Apache Kafka 4 knows; software without it goes by way of 3.9.
const FIRST_OF_4: i16 = 7;

/// What is against a release for the whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only 3.9 and older know ZooKeeper.
    #[error("the cluster's metadata is in ZooKeeper, which {} does not know: it has to be migrated to KRaft under 3.9 first", .0.name())]
    ZooKeeper(Release),
    /// What was finalized cannot be read.
    #[error("{feature} is finalized at {}, and {} knows it up to {} only{}", level_text(feature, *level), to.name(), level_text(feature, *max), way(feature))]
    Above {
        /// The feature.
        feature: String,
        /// The level that counts.
        level: i16,
        /// The release.
        to: Release,
        /// The highest level that it knows.
        max: i16,
    },
    /// It is too old to be read.
    #[error("{feature} is finalized at {}, and {} knows it from {} on only: finalize a newer level first", level_text(feature, *level), to.name(), level_text(feature, *min))]
    Below {
        /// The feature.
        feature: String,
        /// The level that counts.
        level: i16,
        /// The release.
        to: Release,
        /// The lowest level that it knows.
        min: i16,
    },
}

/// What to do about a level that is too high.
fn way(feature: &str) -> &'static str {
    match feature {
        METADATA_VERSION => ": nodes of it would not start",
        super::feature::KRAFT_VERSION => ": dynamic voters stay so",
        _ => ": it has to be lowered first",
    }
}

/// What is against a release for a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeRefusal {
    /// It could not be asked, and nobody told.
    #[error("what it runs is not known: it did not tell its features, and no release was told for it")]
    Untold,
    /// It is not what somebody said.
    #[error("it was said to be of {}, and supports other levels of {METADATA_VERSION}", .0.name())]
    Contradicted(Release),
    /// Release 4.0 and later take over from 3.3 at the earliest.
    #[error("it knows {METADATA_VERSION} up to {}, and {} takes over from 3.3 at the earliest: upgrade it to 3.9 first", level_text(METADATA_VERSION, *max), to.name())]
    TooOld {
        /// The highest level that it supports.
        max: i16,
        /// The release.
        to: Release,
    },
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// Nothing: it runs that release, in whatever patch level.
    Stay,
    /// It may run it already: another release supports the same.
    Unclear,
    /// It gets newer software.
    Up,
    /// It gets other software that supports the same.
    Across,
    /// It gets older software.
    Back,
}

impl Move {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stay => "stay",
            Self::Unclear => "unclear",
            Self::Up => "up",
            Self::Across => "across",
            Self::Back => "back",
        }
    }
}

/// A node, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeVerdict {
    /// Its id.
    pub id: i32,
    /// What it does in the cluster.
    pub role: Role,
    /// What it runs.
    pub software: Software,
    /// What it does; nothing if something is against it.
    pub step: Option<Move>,
    /// What is against it.
    pub against: Option<NodeRefusal>,
}

/// Whether a cluster may go to a release, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The release.
    pub to: Release,
    /// What is against it for the whole cluster.
    pub against: Vec<Refusal>,
    /// Nodes, in order of their ids.
    pub nodes: Vec<NodeVerdict>,
    /// In which order they get it.
    pub order: Vec<Stage>,
    /// What to know before.
    pub notes: Vec<Note>,
}

impl Verdict {
    /// Whether nothing is against it.
    pub fn may_go(&self) -> bool {
        self.against.is_empty() && self.nodes.iter().all(|node| node.against.is_none())
    }
}

/// Holds a cluster against a release.
pub fn judge(view: &View, to: Release) -> Verdict {
    let mut nodes: Vec<NodeVerdict> = view.nodes.iter().map(|node| of_node(node, to)).collect();
    nodes.sort_by_key(|node| node.id);
    Verdict {
        to,
        against: of_cluster(view, to),
        order: order(&nodes, view.active_controller),
        notes: notes(view, &nodes, to),
        nodes,
    }
}

fn of_cluster(view: &View, to: Release) -> Vec<Refusal> {
    if !view.is_kraft {
        let knows_zookeeper = to == Release::V3_9;
        return (!knows_zookeeper)
            .then_some(Refusal::ZooKeeper(to))
            .into_iter()
            .collect();
    }
    let refusal = |(feature, level): (&String, &i16)| {
        let (feature, level) = (feature.clone(), *level);
        let Range { min, max } = to.range(&feature);
        if level > max {
            Some(Refusal::Above {
                feature,
                level,
                to,
                max,
            })
        } else if level < min {
            Some(Refusal::Below {
                feature,
                level,
                to,
                min,
            })
        } else {
            None
        }
    };
    view.finalized.iter().filter_map(refusal).collect()
}

fn of_node(node: &Node, to: Release) -> NodeVerdict {
    let software = node.software();
    let against = match (&software, software.metadata_max()) {
        (Software::Contradicted(release), _) => Some(NodeRefusal::Contradicted(*release)),
        (_, None) => Some(NodeRefusal::Untold),
        (_, Some(max)) if max < FIRST_OF_4 && to != Release::V3_9 => Some(NodeRefusal::TooOld { max, to }),
        _ => None,
    };
    let step = match against {
        Some(_) => None,
        None => Some(step(&software, to)),
    };
    NodeVerdict {
        id: node.id,
        role: node.role,
        software,
        step,
        against,
    }
}

fn step(software: &Software, to: Release) -> Move {
    let (from, newest) = (software.metadata_max().unwrap_or(0), to.range(METADATA_VERSION).max);
    match software.releases() {
        [one] if *one == to => Move::Stay,
        [_, ..] if software.releases().contains(&to) => Move::Unclear,
        _ if from < newest => Move::Up,
        _ if from > newest => Move::Back,
        _ => Move::Across,
    }
}
