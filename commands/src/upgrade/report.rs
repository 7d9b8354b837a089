//! What is told of an upgrade.

use roller::upgrade::finalize::{Finalize, Left, Update, WayBack};
use roller::upgrade::judge::{Move, NodeVerdict, Verdict};
use roller::upgrade::order::Stage;
use schemars::JsonSchema;
use serde::Serialize;

use super::screen;
use crate::output::{Shown, Table};

/// What an upgrade to a release would meet.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UpgradePlan {
    /// The release.
    pub(super) to: &'static str,
    /// Whether nothing is in the way.
    pub(super) may_go: bool,
    /// What is in the way for the whole cluster.
    pub(super) refusals: Vec<String>,
    /// Every node.
    pub(super) nodes: Vec<NodeRow>,
    /// In which order nodes get it.
    pub(super) order: Vec<StageRow>,
    /// What to know before.
    pub(super) notes: Vec<String>,
    /// Files of server.properties.
    pub(super) configs: Vec<ConfigRow>,
    /// What finalizing would set, once every node runs it.
    pub(super) finalize: FinalizeRow,
}

/// A node.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NodeRow {
    /// Its id.
    pub(super) node: i32,
    /// controller, broker or combined.
    pub(super) role: &'static str,
    /// What it runs, as far as that is known.
    pub(super) software: String,
    /// stay, unclear (it may run the release already), up, across (to what supports the same) or back; none if something
    /// is in the way.
    pub(super) step: Option<&'static str>,
    /// What is in the way.
    pub(super) refusal: Option<String>,
}

/// Nodes that follow one another.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StageRow {
    /// controllers, active controller or brokers.
    pub(super) stage: &'static str,
    /// Their ids.
    pub(super) nodes: Vec<i32>,
}

/// What finalizing would set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FinalizeRow {
    /// Levels to set.
    pub(super) updates: Vec<UpdateRow>,
    /// Levels that stay.
    pub(super) left: Vec<LeftRow>,
    /// What cannot be undone.
    pub(super) lasting: Vec<String>,
    /// What keeps it from being done now.
    pub(super) blockers: Vec<String>,
}

/// A level to set.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UpdateRow {
    /// The feature.
    pub(super) feature: String,
    /// The level that counts.
    pub(super) from: i16,
    /// The one that is to.
    pub(super) to: i16,
    /// free, down-to (the lowest level that is left) or never.
    pub(super) way_back: &'static str,
    /// The lowest level that it can be set back to.
    pub(super) lowest: Option<i16>,
}

/// A level that stays, though the release comes with another one.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LeftRow {
    /// The feature.
    pub(super) feature: String,
    /// The level that counts.
    pub(super) level: i16,
    /// Why it stays.
    pub(super) reason: String,
}

/// A server.properties.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConfigRow {
    /// The file.
    pub(super) file: String,
    /// Whether a node starts with it, as far as its keys are known here.
    pub(super) starts: bool,
    /// Keys that the release makes something else of.
    pub(super) findings: Vec<ConfigFinding>,
    /// Keys that no release defines; they stay.
    pub(super) unknown: Vec<String>,
    /// Keys that stand with escapes and have to be changed by hand.
    pub(super) by_hand: Vec<String>,
    /// The change of the file, as diff -U0 has it, without values that may be secret.
    pub(super) diff: String,
}

/// A key of a server.properties.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConfigFinding {
    /// The key.
    pub(super) key: String,
    /// removed, renamed, deprecated, refused, missing, default, meaning or not-yet.
    pub(super) what: &'static str,
    /// The release that began to.
    pub(super) since: &'static str,
    /// Keys in its place.
    pub(super) instead: Vec<String>,
    /// What that means.
    pub(super) detail: String,
}

impl Shown for UpgradePlan {
    const SCHEMA: &'static str = "upgrade-plan/1";

    fn table(&self, _: bool) -> Table {
        screen::nodes(self)
    }

    fn text(&self) -> Option<String> {
        Some(screen::text(self))
    }
}

impl UpgradePlan {
    pub(super) fn of(verdict: Verdict, finalize: Finalize, configs: Vec<ConfigRow>) -> Self {
        Self {
            may_go: verdict.may_go() && configs.iter().all(|config| config.starts),
            to: verdict.to.name(),
            refusals: verdict.against.iter().map(ToString::to_string).collect(),
            notes: verdict.notes.iter().map(ToString::to_string).collect(),
            nodes: verdict.nodes.iter().map(NodeRow::of).collect(),
            order: verdict.order.into_iter().map(StageRow::of).collect(),
            configs,
            finalize: FinalizeRow {
                updates: finalize.updates.into_iter().map(UpdateRow::of).collect(),
                left: finalize.left.into_iter().map(LeftRow::of).collect(),
                lasting: finalize.lasting.iter().map(ToString::to_string).collect(),
                blockers: finalize.blockers.iter().map(ToString::to_string).collect(),
            },
        }
    }
}

impl NodeRow {
    fn of(node: &NodeVerdict) -> Self {
        Self {
            node: node.id,
            role: node.role.name(),
            software: node.software.to_string(),
            step: node.step.map(Move::name),
            refusal: node.against.as_ref().map(ToString::to_string),
        }
    }
}

impl StageRow {
    fn of(stage: Stage) -> Self {
        Self {
            stage: stage.kind.name(),
            nodes: stage.nodes,
        }
    }
}

impl UpdateRow {
    fn of(update: Update) -> Self {
        let (way_back, lowest) = match update.way_back {
            WayBack::Free => ("free", Some(update.from)),
            WayBack::DownTo(level) => ("down-to", Some(level)),
            WayBack::Never => ("never", None),
        };
        Self {
            feature: update.feature,
            from: update.from,
            to: update.to,
            way_back,
            lowest,
        }
    }
}

impl LeftRow {
    fn of(left: Left) -> Self {
        Self {
            feature: left.feature,
            level: left.level,
            reason: left.why.to_string(),
        }
    }
}
