//! What is wanted of a plan: rules that must hold, windows that loads should be in, and budgets.

mod problem;
mod shares;

use std::collections::BTreeMap;

pub use problem::{Limits, Problem, RequestError, Role};

use crate::dense::PerResource;

/// What a plan has to do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// What the plan is for.
    pub goal: Goal,
    /// What must hold.
    pub rules: Rules,
    /// Where loads should be.
    pub windows: Windows,
    /// How much may be moved.
    pub budget: Budget,
    /// Topics that get another replication factor.
    pub replication_factors: BTreeMap<String, usize>,
    /// How much work the planner does.
    pub effort: Effort,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Goal {
    /// Loads inside the windows.
    #[default]
    Balance,
    /// Only what is above this share of its disk gives, until it is not; nothing else is asked for.
    Relief {
        /// A share of the capacity, between 0 and 1.
        above: f64,
    },
    /// Replica lists are reordered; no data moves.
    Leaders,
}

/// What must hold for every plan. A plan never makes worse what is already broken where it may not be mended.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// At most ceil(replication factor / racks) replicas of a partition in a rack.
    pub racks: bool,
    /// Brokers that may take replicas; all that are alive if `None`.
    pub allowed: Option<Vec<i32>>,
    /// Brokers that everything leaves, besides those the snapshot says are removed.
    pub removed: Vec<i32>,
    /// Brokers that stay as they are, besides those the snapshot says are excluded.
    pub excluded: Vec<i32>,
    /// Topics that stay as they are.
    pub excluded_topics: Vec<String>,
    /// A share of each disk that is not exceeded, in whatever order replicas move.
    pub disk_limit: Option<f64>,
    /// Replicas of one topic on one broker.
    pub topic_spread: Option<TopicSpread>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            racks: true,
            allowed: None,
            removed: Vec::new(),
            excluded: Vec::new(),
            excluded_topics: Vec::new(),
            disk_limit: None,
            topic_spread: None,
        }
    }
}

/// How many replicas of one topic a broker may be given: `factor` times the average, at least the average rounded up
/// plus `gap_min`, at most that plus `gap_max`. Who has more than that keeps it, and gets none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TopicSpread {
    /// Times the average.
    pub factor: f64,
    /// At least this much above the average.
    pub gap_min: usize,
    /// At most this much above the average.
    pub gap_max: usize,
}

impl Default for TopicSpread {
    fn default() -> Self {
        Self {
            factor: 2.8,
            gap_min: 2,
            gap_max: 40,
        }
    }
}

impl TopicSpread {
    /// The cap for a topic of which a broker has `average` replicas on average.
    pub fn cap(&self, average: f64) -> usize {
        let base = average.ceil() as usize;
        let wanted = (average * self.factor).ceil() as usize;
        wanted.max(base + self.gap_min).min(base + self.gap_max)
    }
}

/// For each resource how far from its fair share a broker's load may be, as a part of the share; `None`: no window.
pub type Tolerances = PerResource<Option<f64>>;

/// The windows of a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// How far from the fair share.
    pub tolerances: Tolerances,
}

impl Default for Windows {
    fn default() -> Self {
        Self::all(0.09)
    }
}

impl Windows {
    /// The same tolerance for everything.
    pub fn all(tolerance: f64) -> Self {
        Self {
            tolerances: PerResource::new([Some(tolerance); 5]),
        }
    }

    /// Windows on counts alone: of replicas, and of leaders if asked for.
    pub fn counts(replicas: f64, leaders: Option<f64>) -> Self {
        Self {
            tolerances: PerResource::new([None, None, Some(replicas), None, leaders]),
        }
    }

    /// None at all.
    pub fn none() -> Self {
        Self {
            tolerances: PerResource::new([None; 5]),
        }
    }
}

/// How much a plan may move; what rules demand counts, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Bytes at most.
    pub bytes: Option<u64>,
    /// Replicas at most.
    pub moves: Option<u64>,
}

/// How much work the planner does. The same effort and seed give the same plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Candidates looked at; when they are used up, the plan is finished with what there is.
    pub steps: u64,
    /// Breaks ties.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            steps: 20_000_000_000,
            seed: 0,
        }
    }
}
