//! What finalizing a release sets, feature by feature, and what of it cannot be undone.
//!
//! Nothing is finalized by an upgrade itself. kraft.version is set only if it is named: it makes static voters dynamic,
//! for good (KAFKA-21426).

use std::fmt;

use super::feature::{ELR_VERSION, KRAFT_VERSION, METADATA_VERSION, level_text, lowest_way_back};
use super::release::Release;
use super::view::{BrokerMinIsr, View};

/// What can be done about a level once it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    /// It can be set back to what it was.
    Free,
    /// metadata.version can be set back to this level and not below it: it brought records that older ones cannot have.
    DownTo(i16),
    /// It stays.
    Never,
}

/// A level to set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The feature.
    pub feature: String,
    /// The level that counts.
    pub from: i16,
    /// The one that is to.
    pub to: i16,
    /// Whether it can be undone.
    pub way_back: WayBack,
}

/// A level that stays, though the release has another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The feature.
    pub feature: String,
    /// The level that counts.
    pub level: i16,
    /// Why it stays.
    pub why: Why,
}

/// Why a level stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is above the release's.
    Above,
    /// kraft.version was not named.
    Unnamed,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Above => "it is above what the release comes with",
            Self::Unnamed => "it is set only if it is named: it makes the voters dynamic, for good",
        })
    }
}

/// What is against finalizing now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocker {
    /// A node does not know the level.
    #[error("node {node} knows {feature} up to {} only, not {}", level_text(feature, *max), level_text(feature, *level))]
    Node {
        /// Its id.
        node: i32,
        /// The feature.
        feature: String,
        /// The highest level that it supports.
        max: i16,
        /// The level that is to count.
        level: i16,
    },
    /// A node did not tell.
    #[error("node {0} did not tell which features it supports")]
    Untold(i32),
    /// No release has this level.
    #[error("{} knows no level {level} of {feature}", to.name())]
    NoLevel {
        /// The release.
        to: Release,
        /// The feature.
        feature: &'static str,
        /// The level that was named.
        level: i16,
    },
    /// Static voters become dynamic from 4.1 on.
    #[error("static voters cannot be made dynamic under {}, which 4.1 and newer can", .0.name())]
    KraftTooEarly(Release),
    /// Voters that are dynamic stay so.
    #[error("{KRAFT_VERSION} is at {0} and never goes down")]
    KraftDown(i16),
}

/// What cannot be undone, or is undone to something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lasting {
    /// metadata.version cannot go below this level any longer, and nodes of older software do not start.
    Metadata {
        /// The lowest level that is left.
        floor: i16,
        /// The level that is to count.
        level: i16,
    },
    /// Voters become dynamic.
    Voters,
    /// A broker's own min.insync.replicas is removed when eligible leader replicas are kept track of.
    MinIsrRemoved(BrokerMinIsr),
    /// From then on brokers cannot have their own, and the cluster's cannot be deleted.
    MinIsrOfCluster,
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata { floor, level } => write!(
                f,
                "{METADATA_VERSION} at {} cannot go back below {}, and software that does not know {} does not start any longer",
                level_text(METADATA_VERSION, *level),
                level_text(METADATA_VERSION, *floor),
                level_text(METADATA_VERSION, *level),
            ),
            Self::Voters => write!(
                f,
                "voters become dynamic, for good; then controller.quorum.bootstrap.servers takes the place of controller.quorum.voters on every node"
            ),
            Self::MinIsrRemoved(BrokerMinIsr { broker, value }) => {
                write!(
                    f,
                    "min.insync.replicas = {value} of broker {broker} is removed by {ELR_VERSION}"
                )
            }
            Self::MinIsrOfCluster => write!(
                f,
                "under {ELR_VERSION} brokers cannot have a min.insync.replicas of their own, and the cluster's cannot be deleted"
            ),
        }
    }
}

/// What finalizing sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finalize {
    /// Levels to set, all in one request.
    pub updates: Vec<Update>,
    /// Levels that stay.
    pub left: Vec<Left>,
    /// What cannot be undone: to be said first.
    pub lasting: Vec<Lasting>,
    /// What is against it now.
    pub blockers: Vec<Blocker>,
}

/// What finalizing a release would set. `kraft_version` is its level if it is named.
pub fn finalize(view: &View, to: Release, kraft_version: Option<i16>) -> Finalize {
    let mut all = Finalize::default();
    for feature in Release::features() {
        if feature == KRAFT_VERSION {
            kraft(view, to, kraft_version, &mut all);
        } else {
            raise(view, feature, to.default_level(feature), &mut all);
        }
    }
    all.lasting = lasting(view, &all.updates);
    all.blockers.extend(blockers(view, &all.updates));
    all
}

fn raise(view: &View, feature: &str, level: i16, all: &mut Finalize) {
    let from = view.level(feature);
    if level > from {
        let way_back = match feature {
            METADATA_VERSION if lowest_way_back(level) > from => WayBack::DownTo(lowest_way_back(level)),
            _ => WayBack::Free,
        };
        all.updates.push(Update {
            feature: feature.to_owned(),
            from,
            to: level,
            way_back,
        });
    } else if level < from {
        all.left.push(Left {
            feature: feature.to_owned(),
            level: from,
            why: Why::Above,
        });
    }
}

fn kraft(view: &View, to: Release, named: Option<i16>, all: &mut Finalize) {
    let from = view.level(KRAFT_VERSION);
    match named {
        Some(level) if level < from => all.blockers.push(Blocker::KraftDown(from)),
        Some(level) if level < 0 || level > to.range(KRAFT_VERSION).max => all.blockers.push(Blocker::NoLevel {
            to,
            feature: KRAFT_VERSION,
            level,
        }),
        Some(level) if level > from && to.age() < Release::V4_1.age() => {
            all.blockers.push(Blocker::KraftTooEarly(to));
        }
        Some(level) if level > from => all.updates.push(Update {
            feature: KRAFT_VERSION.to_owned(),
            from,
            to: level,
            way_back: WayBack::Never,
        }),
        Some(_) => {}
        None if from < to.default_level(KRAFT_VERSION) => all.left.push(Left {
            feature: KRAFT_VERSION.to_owned(),
            level: from,
            why: Why::Unnamed,
        }),
        None => {}
    }
}

fn lasting(view: &View, updates: &[Update]) -> Vec<Lasting> {
    let mut lasting = Vec::new();
    for update in updates {
        match (update.feature.as_str(), update.way_back) {
            (METADATA_VERSION, WayBack::DownTo(floor)) => lasting.push(Lasting::Metadata {
                floor,
                level: update.to,
            }),
            (KRAFT_VERSION, _) => lasting.push(Lasting::Voters),
            (ELR_VERSION, _) => {
                lasting.extend(view.broker_min_isr.iter().cloned().map(Lasting::MinIsrRemoved));
                lasting.push(Lasting::MinIsrOfCluster);
            }
            _ => {}
        }
    }
    lasting
}

/// Nodes that do not know a level. Every registered node counts, also one that is down.
fn blockers(view: &View, updates: &[Update]) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    for node in &view.nodes {
        let Some(features) = &node.features else {
            blockers.push(Blocker::Untold(node.id));
            continue;
        };
        for update in updates {
            let max = features.get(&update.feature).copied().unwrap_or_default().max;
            if max < update.to {
                blockers.push(Blocker::Node {
                    node: node.id,
                    feature: update.feature.clone(),
                    max,
                    level: update.to,
                });
            }
        }
    }
    blockers
}
