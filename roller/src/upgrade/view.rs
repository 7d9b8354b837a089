//! What nodes and the cluster tell before an upgrade.

use std::fmt;

use super::feature::{Levels, METADATA_VERSION, Ranges};
use super::release::Release;
use crate::fleet::Role;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: i32,
    /// What it does.
    pub role: Role,
    /// The release that somebody says it is of. A node itself does not tell.
    pub told: Option<Release>,
    /// What it supports; none if it could not be asked.
    pub features: Option<Ranges>,
}

/// A broker's own min.insync.replicas, as a dynamic setting of that broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerMinIsr {
    /// Its id.
    pub broker: i32,
    /// The setting.
    pub value: String,
}

/// A cluster before an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its nodes.
    pub nodes: Vec<Node>,
    /// The active controller, if there is one.
    pub active_controller: Option<i32>,
    /// Whether its metadata is in a log of its own (KRaft), and not in ZooKeeper.
    pub is_kraft: bool,
    /// The levels that count.
    pub finalized: Levels,
    /// min.insync.replicas that single brokers have.
    pub broker_min_isr: Vec<BrokerMinIsr>,
}

impl View {
    /// The level that counts.
    pub fn level(&self, feature: &str) -> i16 {
        self.finalized.get(feature).copied().unwrap_or(0)
    }
}

/// What a node runs, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Software {
    /// This release.
    Is(Release),
    /// One of these, which support the same.
    OneOf(Vec<Release>),
    /// No release that is known here; it supports metadata.version up to this level.
    Other(i16),
    /// It is said to be of one release, and supports what that one does not.
    Contradicted(Release),
    /// Nobody told.
    Untold,
}

impl Software {
    /// Releases that it may be.
    pub fn releases(&self) -> &[Release] {
        match self {
            Self::Is(release) => std::slice::from_ref(release),
            Self::OneOf(releases) => releases,
            Self::Other(_) | Self::Contradicted(_) | Self::Untold => &[],
        }
    }

    /// The highest metadata.version that it supports.
    pub fn metadata_max(&self) -> Option<i16> {
        match self {
            Self::Other(level) => Some(*level),
            _ => self
                .releases()
                .first()
                .map(|release| release.range(METADATA_VERSION).max),
        }
    }
}

impl fmt::Display for Software {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(release) => write!(f, "{}", release.name()),
            Self::OneOf(releases) => {
                let names: Vec<&str> = releases.iter().map(|release| release.name()).collect();
                write!(f, "{}", names.join(" or "))
            }
            Self::Other(level) => {
                let level = super::feature::level_text(METADATA_VERSION, *level);
                write!(f, "a build with {METADATA_VERSION} up to {level}")
            }
            Self::Contradicted(release) => write!(f, "not {}, as was said", release.name()),
            Self::Untold => write!(f, "unknown"),
        }
    }
}

impl Node {
    /// What it runs.
    pub fn software(&self) -> Software {
        let Some(features) = &self.features else {
            return self.told.map_or(Software::Untold, Software::Is);
        };
        let Some(range) = features.get(METADATA_VERSION) else {
            return Software::Untold;
        };
        let is_like = |release: &Release| release.range(METADATA_VERSION).max == range.max;
        match self.told {
            Some(told) if is_like(&told) => return Software::Is(told),
            Some(told) => return Software::Contradicted(told),
            None => {}
        }
        let like: Vec<Release> = Release::ALL.into_iter().filter(is_like).collect();
        match like.as_slice() {
            [] => Software::Other(range.max),
            [one] => Software::Is(*one),
            _ => Software::OneOf(like),
        }
    }
}
