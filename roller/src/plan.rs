//! A plan: which nodes stop when, what that does, and how few steps could do.

mod build;
mod steps;
mod why;

use planner::model::Cluster;

use crate::batches::Bound;
use crate::fleet::{Fleet, Role};
use crate::gate::Breach;
use crate::rule::Rule;
pub use build::plan;

/// The name and version of the plan's JSON.
pub const PLAN_SCHEMA: &str = "kfleet/roll-plan/1";

/// What is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Ids of the nodes to restart.
    pub nodes: Vec<i32>,
    /// How much must stay.
    pub rule: Rule,
    /// Brokers that stop together at most; a tenth of all brokers, but one at least, if `None`.
    pub max_batch: Option<usize>,
    /// How much more those that stay may give out.
    pub headroom: Headroom,
    /// One broker alone first, then twice as many each time.
    pub ramp: bool,
    /// A quorum of one or two voters may be gone while one restarts.
    pub accept_quorum: bool,
    /// How long things take.
    pub pace: Pace,
}

impl Request {
    /// Restarts these nodes as carefully as is the default.
    pub fn new(nodes: Vec<i32>) -> Self {
        Self {
            nodes,
            rule: Rule::default(),
            max_batch: None,
            headroom: Headroom::default(),
            ramp: true,
            accept_quorum: false,
            pace: Pace::default(),
        }
    }

    /// Brokers that stop together at most.
    pub fn max_batch(&self, cluster: &Cluster) -> usize {
        self.max_batch.unwrap_or(cluster.brokers().len() / 10).max(1)
    }
}

/// How much those that stay may give out while others are away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Headroom {
    /// A share of what a broker can give out, where that is known.
    pub share_of_capacity: f64,
    /// What it, or the average broker if that is more, gives out now, times this; any if `None`.
    pub times_now: Option<f64>,
}

impl Default for Headroom {
    fn default() -> Self {
        Self {
            share_of_capacity: 0.8,
            times_now: None,
        }
    }
}

/// How long things take, for the estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Seconds from the request to stop until the last of a batch is back and in sync.
    pub restart_s: u64,
    /// Seconds of looking before the next batch.
    pub settle_s: u64,
}

impl Default for Pace {
    /// A minute to restart, ten seconds until preferred leaders lead and three looks at five seconds.
    fn default() -> Self {
        Self {
            restart_s: 60,
            settle_s: 25,
        }
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A node that is neither a broker nor a voter.
    #[error("node {0} is neither a broker nor a voter of this cluster")]
    Unknown(i32),
    /// A node is named twice.
    #[error("node {0} is named twice")]
    Twice(i32),
}

/// Nodes that stop together.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// Their ids, in order.
    pub nodes: Vec<i32>,
    /// What they are.
    pub role: Role,
    /// Their racks, in order.
    pub racks: Vec<String>,
    /// Whether this is the one that goes first, alone.
    pub is_canary: bool,
    /// Partitions that have not one replica in sync more than must stay while all of them are away.
    pub partitions_at_floor: usize,
    /// Partitions that get another leader.
    pub leaders_moved: usize,
    /// Who gives out the most meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busiest: Option<Busiest>,
}

/// A broker that stays, and what it gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Busiest {
    /// Its id.
    pub node: i32,
    /// Bytes a second that it gives out.
    pub bytes_out_per_s: u64,
    /// More than its headroom, though only one node is away.
    pub is_over: bool,
}

/// A node that may not stop now, not even alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Its id.
    pub node: i32,
    /// Why.
    pub breaches: Vec<Breach>,
}

/// What keeps more nodes from stopping together, and could be mended.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Crowded {
    /// Partitions with more replicas in one rack than they can do without.
    pub partitions: Vec<String>,
    /// Classes if those were spread over racks; none without such partitions.
    pub classes_without: Option<usize>,
}

/// A rolling restart.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Fingerprint of the cluster it was made for.
    pub snapshot: u64,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// Sets of brokers that may stop together, before they are cut into smaller batches.
    pub classes: usize,
    /// The fewest classes that could do.
    pub bound: Bound,
    /// Nodes that are in no step, because not one of them may stop now.
    pub blocked: Vec<Blocked>,
    /// Partitions that any restart hurts, accepted or not.
    pub unavoidable: Vec<String>,
    /// What keeps more nodes from stopping together.
    pub crowded: Crowded,
    /// Seconds it takes, at the request's pace.
    pub seconds: u64,
}

impl Plan {
    /// Whether it restarts every node that it was asked to.
    pub fn is_complete(&self) -> bool {
        self.blocked.is_empty()
    }
}

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
struct Given<'a> {
    fleet: Fleet<'a>,
    request: &'a Request,
}
