//! In which order nodes get other software.
//!
//! Apache's documents name no order between controllers and brokers; its own test of upgrades
//! (tests/kafkatest/tests/core/upgrade_test.py) takes all controllers first. A broker that is newer than the active
//! controller does not serve what it hands on to it in versions that the controller lacks; so on the way back brokers come first.

use super::judge::{Move, NodeVerdict};
use crate::fleet::Role;

/// Nodes that are done one after the other, or in the batches of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What they are.
    pub kind: StageKind,
    /// Their ids.
    pub nodes: Vec<i32>,
}

/// What nodes of a stage are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageKind {
    /// Voters that are not active, one after the other; they may be brokers, too.
    Controllers,
    /// The active controller, after the others.
    ActiveController,
    /// Those that only hold partitions, in batches that are proved safe.
    Brokers,
}

impl StageKind {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Controllers => "controllers",
            Self::ActiveController => "active controller",
            Self::Brokers => "brokers",
        }
    }
}

/// Stages of all nodes that are to get other software.
pub(super) fn order(nodes: &[NodeVerdict], active: Option<i32>) -> Vec<Stage> {
    let moving = || {
        nodes
            .iter()
            .filter(|node| node.step.is_some_and(|step| step != Move::Stay))
    };
    let stage = |kind: StageKind| {
        let is_in = |node: &&NodeVerdict| match kind {
            StageKind::Brokers => node.role == Role::Broker,
            StageKind::ActiveController => node.role != Role::Broker && active == Some(node.id),
            StageKind::Controllers => node.role != Role::Broker && active != Some(node.id),
        };
        let mut ids: Vec<i32> = moving().filter(is_in).map(|node| node.id).collect();
        ids.sort_unstable();
        Stage { kind, nodes: ids }
    };
    let is_back = moving().any(|node| node.step == Some(Move::Back));
    let kinds = if is_back {
        [StageKind::Brokers, StageKind::Controllers, StageKind::ActiveController]
    } else {
        [StageKind::Controllers, StageKind::ActiveController, StageKind::Brokers]
    };
    kinds
        .into_iter()
        .map(stage)
        .filter(|stage| !stage.nodes.is_empty())
        .collect()
}
