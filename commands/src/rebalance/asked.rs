//! What somebody asked of a plan, in the words of the command line.

use std::collections::BTreeMap;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a plan is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GoalName {
    /// Loads inside their windows
    #[default]
    Balance,
    /// Replicas spread over racks, and nothing else
    Racks,
    /// Disks that are too full give, until they are not, and nothing else
    Relief,
    /// Topics on brokers of their own
    Locality,
    /// Replicas spread over the log directories of their broker
    LogDirs,
    /// Replica lists reordered so that leaders are spread; no data moves
    Leaders,
    /// Brokers emptied, others taking their place, or another replication factor, and nothing else
    #[value(skip)]
    Demands,
}

/// How far from its fair share each load may be, as a part of it; none: anywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct AskedWindows {
    /// Bytes on disk.
    pub(crate) disk: Option<f64>,
    /// Bytes a second that come in.
    pub(crate) bytes_in: Option<f64>,
    /// Bytes a second that leaders give out.
    pub(crate) bytes_out: Option<f64>,
    /// Replicas.
    pub(crate) replicas: Option<f64>,
    /// Partitions led.
    pub(crate) leaders: Option<f64>,
}

impl AskedWindows {
    /// The same for everything.
    pub(crate) const fn all(tolerance: f64) -> Self {
        let tolerance = Some(tolerance);
        Self {
            disk: tolerance,
            bytes_in: tolerance,
            bytes_out: tolerance,
            replicas: tolerance,
            leaders: tolerance,
        }
    }

    /// Counts of replicas and leaders as even as they can be, and nothing else.
    pub(crate) const fn counts() -> Self {
        Self {
            disk: None,
            bytes_in: None,
            bytes_out: None,
            replicas: Some(0.0),
            leaders: Some(0.0),
        }
    }

    /// Those that there are, all as wide as this.
    pub(crate) fn as_wide_as(&self, tolerance: f64) -> Self {
        let wide = |window: Option<f64>| window.map(|_| tolerance);
        Self {
            disk: wide(self.disk),
            bytes_in: wide(self.bytes_in),
            bytes_out: wide(self.bytes_out),
            replicas: wide(self.replicas),
            leaders: wide(self.leaders),
        }
    }
}

/// What was asked of a plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Asked {
    /// What it is for.
    pub(crate) goal: GoalName,
    /// Topics, or patterns, that may move; all if none is named.
    pub(crate) topics: Vec<String>,
    /// Topics, or patterns, that stay as they are.
    pub(crate) exclude_topics: Vec<String>,
    /// Brokers that take part; all if none is named.
    pub(crate) brokers: Vec<i32>,
    /// Brokers that stay as they are.
    pub(crate) exclude_brokers: Vec<i32>,
    /// Racks whose brokers take part; all if none is named.
    pub(crate) racks: Vec<String>,
    /// Brokers that alone take replicas; all that take part if none is named.
    pub(crate) onto: Vec<i32>,
    /// Brokers that everything leaves.
    pub(crate) remove: Vec<i32>,
    /// New replication factors, by topic or pattern.
    pub(crate) replication_factors: BTreeMap<String, usize>,
    /// Where loads should be.
    pub(crate) windows: AskedWindows,
    /// The share of a disk above which relief takes from it.
    pub(crate) relief_above: Option<f64>,
    /// The share of each disk that is not exceeded, also while replicas move.
    pub(crate) disk_limit: Option<f64>,
    /// Whether racks do not matter.
    pub(crate) ignore_racks: bool,
    /// How many times the average a broker may have of a topic; none: any number.
    pub(crate) topic_spread: Option<f64>,
    /// Bytes that are moved at most.
    pub(crate) max_bytes: Option<u64>,
    /// Replicas that are moved at most.
    pub(crate) max_moves: Option<u64>,
    /// What breaks ties.
    pub(crate) seed: u64,
    /// What a broker copies in a second, where somebody wants to know how long it takes.
    pub(crate) rate_bytes_per_s: Option<u64>,
}
