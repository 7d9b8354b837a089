//! What is told of a rolling restart that is carried out, or was.

use std::collections::BTreeMap;

use roller::run::{Probe, Record};
use schemars::JsonSchema;
use serde::Serialize;

use super::journal::State;
use crate::offsets::time::now_ms;
use crate::output::{Shown, Table};

/// How far a rolling restart has come.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RollReport {
    /// planned, running, stopped (nobody carries it out), aborted or done.
    pub(super) state: &'static str,
    /// Steps of the plan.
    steps: usize,
    /// Those that are done.
    steps_done: usize,
    /// Every node of the plan, in the order of its steps.
    nodes: Vec<RolledNode>,
    /// Why it stopped.
    doubts: Vec<String>,
    /// Time since it was begun, up to its end, in milliseconds.
    elapsed_ms: u64,
    /// Whether a node was stopped by this command.
    pub(super) changed: bool,
}

/// A node.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RolledNode {
    /// Its id.
    node: i32,
    /// Its step, from 1.
    step: usize,
    /// waiting, stopping (it was to be stopped, and is not known to be back) or restarted.
    state: &'static str,
    /// What its process was before.
    was: Option<String>,
    /// What its process is now.
    is: Option<String>,
    /// From just before it was stopped until it was another process, in milliseconds.
    away_ms: Option<u64>,
}

impl RollReport {
    /// Of what is only planned.
    pub(super) fn planned(steps: &[Vec<i32>]) -> Self {
        Self {
            state: "planned",
            steps: steps.len(),
            steps_done: 0,
            nodes: nodes(steps, &[]),
            doubts: Vec::new(),
            elapsed_ms: 0,
            changed: false,
        }
    }

    /// As a journal has it.
    pub(super) fn of(state: &State, is_at_work: bool) -> Self {
        let is_done = |(_, record): &&(i64, Record)| matches!(record, Record::StepDone { .. });
        let is_ended = state.records.iter().any(|(_, record)| *record == Record::Ended);
        let elapsed_ms = state.ended_ms.unwrap_or_else(now_ms) - state.began_ms;
        Self {
            state: match state.ended_ms {
                Some(_) if is_ended => "done",
                Some(_) => "aborted",
                None if is_at_work => "running",
                None => "stopped",
            },
            steps: state.steps().len(),
            steps_done: state.records.iter().filter(is_done).count(),
            nodes: nodes(state.steps(), &state.records),
            doubts: state.doubts.clone(),
            elapsed_ms: u64::try_from(elapsed_ms).unwrap_or(0),
            changed: false,
        }
    }
}

fn text_of(probe: &Probe) -> Option<String> {
    match probe {
        Probe::Unknown => None,
        Probe::NotRunning => Some("not running".to_owned()),
        Probe::Is(identity) => Some(identity.clone()),
    }
}

fn nodes(steps: &[Vec<i32>], records: &[(i64, Record)]) -> Vec<RolledNode> {
    let steps = (1..).zip(steps);
    let planned = steps.flat_map(|(step, nodes)| nodes.iter().map(move |node| (*node, step)));
    let mut nodes: Vec<RolledNode> = planned
        .map(|(node, step)| RolledNode {
            node,
            step,
            state: "waiting",
            was: None,
            is: None,
            away_ms: None,
        })
        .collect();
    let mut since: BTreeMap<i32, i64> = BTreeMap::new();
    for (at_ms, record) in records {
        let (Record::Intended { node, identity } | Record::Restarted { node, identity }) = record else {
            continue;
        };
        let Some(row) = nodes.iter_mut().find(|row| row.node == *node) else {
            continue;
        };
        if matches!(record, Record::Intended { .. }) {
            // A second intent is the first one's, after an interruption.
            since.entry(*node).or_insert(*at_ms);
            row.state = "stopping";
            row.was = text_of(identity);
        } else {
            row.state = "restarted";
            row.is = text_of(identity);
            let away_ms = since.get(node).map(|since| at_ms - since);
            row.away_ms = away_ms.and_then(|away_ms| u64::try_from(away_ms).ok());
        }
    }
    nodes
}

impl Shown for RollReport {
    const SCHEMA: &'static str = "roll-run/1";

    fn table(&self, _: bool) -> Table {
        let row = |node: &RolledNode| {
            let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            vec![
                node.step.to_string(),
                node.node.to_string(),
                node.state.to_owned(),
                node.away_ms
                    .map_or_else(|| "-".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1000.0)),
                dash(&node.was),
                dash(&node.is),
            ]
        };
        Table {
            headers: vec!["STEP", "NODE", "STATE", "AWAY", "WAS", "IS"],
            rows: self.nodes.iter().map(row).collect(),
        }
    }

    fn text(&self) -> Option<String> {
        let mut lines = vec![self.table(false).plain(), String::new()];
        lines.push(format!(
            "{}: {} of {} steps in {:.1} s",
            self.state,
            self.steps_done,
            self.steps,
            self.elapsed_ms as f64 / 1000.0
        ));
        lines.extend(self.doubts.iter().map(|doubt| format!("stopped because {doubt}")));
        Some(lines.join("\n") + "\n")
    }
}
