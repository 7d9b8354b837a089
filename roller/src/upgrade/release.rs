//! Releases: what they support, and which levels they come with.

use super::feature::{
    ELR_VERSION, GROUP_VERSION, KRAFT_VERSION, METADATA_VERSION, Range, SHARE_VERSION, STREAMS_VERSION,
    TRANSACTION_VERSION,
};

/// A release whose features and configuration keys are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Apache Kafka 3.9.
    V3_9,
    /// Apache Kafka 4.0.
    V4_0,
    /// Apache Kafka 4.1.
    V4_1,
    /// Apache Kafka 4.2.
    V4_2,
    /// Apache Kafka 4.3.
    V4_3,
    /// kfleet's own broker: what Apache Kafka 4.3 supports, on the same files.
    Kfleet,
}

/// A release that is not known here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("release \"{0}\" is not known; 3.9, 4.0, 4.1, 4.2, 4.3 and kfleet are")]
pub struct UnknownRelease(String);

/// A feature, what releases support of it and what they come with.
struct Feature {
    name: &'static str,
    /// From 3.9 to 4.3: lowest and highest level, and the one that the release comes with.
    levels: [(i16, i16, i16); 5],
}

const NONE: (i16, i16, i16) = (0, 0, 0);

/// As the releases' own defaults for nodes (`QuorumFeatures`) and for clusters (`Feature`) have it.
const FEATURES: [Feature; 7] = [
    Feature {
        name: METADATA_VERSION,
        levels: [(1, 21, 21), (7, 25, 25), (7, 27, 27), (7, 29, 29), (7, 30, 30)],
    },
    Feature {
        name: KRAFT_VERSION,
        levels: [(0, 1, 1); 5],
    },
    Feature {
        name: TRANSACTION_VERSION,
        levels: [NONE, (0, 2, 2), (0, 2, 2), (0, 2, 2), (0, 2, 2)],
    },
    Feature {
        name: GROUP_VERSION,
        levels: [NONE, (0, 1, 1), (0, 1, 1), (0, 1, 1), (0, 1, 1)],
    },
    Feature {
        name: ELR_VERSION,
        levels: [NONE, (0, 1, 0), (0, 1, 1), (0, 1, 1), (0, 1, 1)],
    },
    Feature {
        name: SHARE_VERSION,
        levels: [NONE, NONE, (0, 1, 0), (0, 1, 1), (0, 1, 1)],
    },
    Feature {
        name: STREAMS_VERSION,
        levels: [NONE, NONE, NONE, (0, 1, 1), (0, 1, 1)],
    },
];

impl Release {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::V3_9, Self::V4_0, Self::V4_1, Self::V4_2, Self::V4_3, Self::Kfleet];

    /// A release by its name: `4.3`, `4.3.1` or `kfleet`.
    pub fn parse(text: &str) -> Result<Self, UnknownRelease> {
        let is_named = |release: &Self| {
            let rest = text.strip_prefix(release.name());
            let patch = rest.and_then(|rest| rest.strip_prefix('.'));
            rest == Some("") || *release != Self::Kfleet && patch.is_some_and(|patch| patch.parse::<u16>().is_ok())
        };
        let found = Self::ALL.into_iter().find(is_named);
        found.ok_or_else(|| UnknownRelease(text.to_owned()))
    }

    /// Its name, without a patch level.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V3_9 => "3.9",
            Self::V4_0 => "4.0",
            Self::V4_1 => "4.1",
            Self::V4_2 => "4.2",
            Self::V4_3 => "4.3",
            Self::Kfleet => "kfleet",
        }
    }

    /// How new its software is, by the place of Apache's release that it is or is like.
    pub(super) const fn age(self) -> usize {
        match self {
            Self::V3_9 => 0,
            Self::V4_0 => 1,
            Self::V4_1 => 2,
            Self::V4_2 => 3,
            Self::V4_3 | Self::Kfleet => 4,
        }
    }

    /// The names of all features that any release has.
    pub fn features() -> impl Iterator<Item = &'static str> {
        FEATURES.iter().map(|feature| feature.name)
    }

    /// What a node of it supports of a feature; level 0 alone of one that it does not know.
    pub fn range(self, feature: &str) -> Range {
        let (min, max, _) = self.levels(feature);
        Range { min, max }
    }

    /// The level of a feature that a cluster of it begins with; of kraft.version, one whose voters are dynamic.
    pub fn default_level(self, feature: &str) -> i16 {
        self.levels(feature).2
    }

    fn levels(self, feature: &str) -> (i16, i16, i16) {
        let found = FEATURES.iter().find(|known| known.name == feature);
        found
            .and_then(|feature| feature.levels.get(self.age()))
            .copied()
            .unwrap_or(NONE)
    }
}
