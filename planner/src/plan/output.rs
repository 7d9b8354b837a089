//! A plan as others see it: brokers by id, topics by name.

use serde::{Deserialize, Serialize};

use super::state::State;
use super::violation::Measure;
use crate::bound::{Bound, Certificate};
use crate::dense::Resource;

/// The name and version of the format.
pub const PLAN_SCHEMA: &str = "kfleet/plan/1";

/// A partition that gets another replica list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// The list now.
    pub from: Vec<i32>,
    /// The list to be; the first is the preferred leader.
    pub to: Vec<i32>,
}

/// What a plan claims of itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// Bytes of replicas that are copied to brokers without one.
    pub moved_bytes: u64,
    /// How many replicas are.
    pub moves: u64,
    /// Partitions whose list begins with another broker than before.
    pub leader_changes: u64,
    /// Bytes that any plan moves which ends in the same windows, or no further outside of them.
    pub bound_bytes: u64,
    /// The same from bytes on disk alone.
    pub simple_bound_bytes: u64,
    /// Whether every load is inside its window.
    pub windows_met: bool,
    /// By how much loads are outside, before, in units of the average broker's load.
    pub outside_before: f64,
    /// The same after.
    pub outside_after: f64,
}

impl Summary {
    /// How much more is moved than must be, as a part of what must be; `None` if nothing must and something is.
    pub fn gap(&self) -> Option<f64> {
        match (self.moved_bytes, self.bound_bytes) {
            (0, _) => Some(0.0),
            (_, 0) => None,
            (moved, bound) => Some(moved as f64 / bound as f64 - 1.0),
        }
    }
}

/// A plan for one snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The format.
    pub schema: String,
    /// The snapshot's fingerprint.
    pub snapshot: u64,
    /// What changes, in order of topics and partitions.
    pub changes: Vec<Change>,
    /// What it claims.
    pub summary: Summary,
    /// The proof of the bound.
    pub certificate: Certificate,
}

pub(super) fn output(state: &State<'_>, measure: &Measure, bound: Bound) -> Plan {
    let cluster = state.cluster();
    let mut changes = Vec::new();
    let mut leader_changes = 0;
    for (at, partition) in cluster.partitions().iter() {
        let before = cluster.replicas(at);
        let after: Vec<_> = state.placed(at).iter().copied().flatten().collect();
        if before == after {
            continue;
        }
        leader_changes += u64::from(before.first() != after.first());
        changes.push(Change {
            topic: cluster.topics()[partition.topic].name.clone(),
            partition: partition.number,
            from: cluster.ids(before),
            to: cluster.ids(&after),
        });
    }
    let before = measure.total(&crate::model::loads(cluster), &Resource::ALL);
    let after = measure.total(&state.loads, &Resource::ALL);
    let summary = Summary {
        moved_bytes: state.bytes as u64,
        moves: state.moves,
        leader_changes,
        bound_bytes: bound.bytes,
        simple_bound_bytes: bound.simple_bytes,
        windows_met: after <= 0.0,
        outside_before: before,
        outside_after: after,
    };
    let snapshot = cluster.fingerprint();
    Plan {
        schema: PLAN_SCHEMA.to_owned(),
        snapshot,
        changes,
        summary,
        certificate: bound.certificate,
    }
}
