//! The independent checker: from the snapshot and the request it recomputes everything a plan claims.
//!
//! It shares with the planner only the model and what a request means in numbers ([`Problem`]); rules, sums and the
//! proof of the bound are computed here by the shortest way, not by the planner's.

mod fault;
mod proof;
mod rules;
mod sums;

pub use fault::Fault;

use crate::dense::{BrokerIx, PartitionIx, PerResource, Table};
use crate::model::Cluster;
use crate::plan::{PLAN_SCHEMA, Plan};
use crate::request::{Problem, Request, RequestError};

/// What the checker found, of a plan that is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// Loads of each broker when the plan is carried out.
    pub loads: Table<BrokerIx, PerResource<i64>>,
    /// Bytes that are copied.
    pub moved_bytes: u64,
    /// What the certificate proves, recomputed.
    pub bound_bytes: u64,
}

/// Why a plan is not accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Rejected {
    /// The request does not fit the snapshot.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// What is wrong with the plan.
    #[error("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faults {
        /// All that was found; at least one.
        faults: Vec<Fault>,
    },
}

/// Every partition's replicas when the plan is carried out.
pub(crate) type Placement = Table<PartitionIx, Option<Vec<BrokerIx>>>;

/// Checks a plan.
pub fn check(cluster: &Cluster, request: &Request, plan: &Plan) -> Result<Accepted, Rejected> {
    let problem = Problem::new(cluster, request)?;
    let mut faults = Vec::new();
    if plan.schema != PLAN_SCHEMA {
        faults.push(Fault::Schema(plan.schema.clone()));
    }
    if plan.snapshot != cluster.fingerprint() {
        faults.push(Fault::OtherSnapshot);
    }
    let placement = rules::placement(cluster, plan, &mut faults);
    rules::check(&problem, &placement, &mut faults);
    let sums = sums::Sums::new(&problem, &placement);
    sums.check(&problem, plan, &mut faults);
    let bound_bytes = proof::check(&problem, &sums.loads, plan, &mut faults);
    if faults.is_empty() {
        Ok(Accepted {
            loads: sums.loads,
            moved_bytes: sums.moved_bytes,
            bound_bytes,
        })
    } else {
        Err(Rejected::Faults { faults })
    }
}

/// A partition's replicas when the plan is carried out.
pub(crate) fn after<'a>(cluster: &'a Cluster, placement: &'a Placement, at: PartitionIx) -> &'a [BrokerIx] {
    placement[at].as_deref().unwrap_or(cluster.replicas(at))
}
