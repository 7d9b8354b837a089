//! One node on its way through a restart.

use std::time::Duration;

use super::{Action, Doubt, Outcome, Phase, Record, Roll};

/// What an executor says of a node's process.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// The executor has no way to tell.
    Unknown,
    /// There is no process.
    NotRunning,
    /// The process, by what no other process of the node ever has: an invocation id, a start time.
    Is(String),
}

/// Where a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was done with it.
    Waiting,
    /// A journal ends with its intent; what became of it is asked.
    InDoubt,
    /// A journal says that it restarted; whether it still runs is asked.
    Revisited,
    /// Its identity is asked before anything is done.
    Probing,
    /// Its identity is known; the others' are waited for.
    Probed,
    /// Its intent is being written.
    Intending,
    Stopping,
    Starting,
    /// It is asked whether it is another process now.
    Checking,
    /// That it restarted is being written.
    Confirming,
    /// It restarted.
    Back,
    /// Nothing more is done with it.
    Held,
}

/// A node of the step under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Restart {
    pub(super) id: i32,
    pub(super) stage: Stage,
    /// What it was before it was stopped.
    pub(super) old: Probe,
    /// Whether the executor is asked what it is, after it has restarted.
    pub(super) is_asked: bool,
}

impl Restart {
    pub(super) fn new(id: i32) -> Self {
        Self {
            id,
            stage: Stage::Waiting,
            old: Probe::Unknown,
            is_asked: false,
        }
    }

    /// Whether it has to be asked what became of it since its journal ended.
    pub(super) fn is_in_doubt(&self) -> bool {
        matches!(self.stage, Stage::InDoubt | Stage::Revisited)
    }

    /// Whether it was meant to be stopped before an interruption, and is still the same process: it may be about to end.
    pub(super) fn is_lingering(&self) -> bool {
        self.stage == Stage::Waiting && self.old != Probe::Unknown
    }

    fn is_settled(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Back | Stage::Held)
    }
}

impl Roll {
    fn node(&mut self, id: i32) -> Option<&mut Restart> {
        self.nodes.iter_mut().find(|node| node.id == id)
    }

    fn hold(&mut self, id: i32, doubt: Doubt) {
        self.doubts.push(doubt);
        if let Some(node) = self.node(id) {
            node.stage = Stage::Held;
        }
    }

    pub(super) fn probed(&mut self, id: i32, probe: Result<Probe, String>, actions: &mut Vec<Action>) {
        let Some(node) = self.node(id) else { return };
        let (stage, old) = (node.stage, node.old.clone());
        if stage == Stage::Back {
            node.is_asked = false;
            return self.probed_again(id, &probe, actions);
        }
        let probe = match probe {
            Ok(probe) => probe,
            Err(reason) => return self.hold(id, Doubt::Probe { node: id, reason }),
        };
        match (stage, probe) {
            (Stage::InDoubt, Probe::Unknown) => self.hold(id, Doubt::NoProbe(id)),
            (Stage::InDoubt, _) if old == Probe::Unknown => self.hold(id, Doubt::NoProbe(id)),
            (Stage::InDoubt, Probe::NotRunning) => self.start(id, actions),
            // The same process: it was never stopped, or is about to end.
            (Stage::InDoubt, probe) if probe == old => node.stage = Stage::Waiting,
            (Stage::InDoubt, probe) => self.confirm(id, probe, actions),
            // What was asked of it before an interruption has come true since.
            // It ended after its restart: starting it restarts nothing twice.
            (Stage::Revisited, Probe::NotRunning) => self.start(id, actions),
            (Stage::Revisited, _) => node.stage = Stage::Back,
            (Stage::Probing, Probe::NotRunning) if old != Probe::Unknown => self.start(id, actions),
            (Stage::Probing, probe) if old != Probe::Unknown && probe != Probe::Unknown && probe != old => {
                self.confirm(id, probe, actions);
            }
            (Stage::Probing, Probe::NotRunning) => self.hold(id, Doubt::NotRunning(id)),
            (Stage::Probing, probe) => {
                node.old = probe;
                node.stage = Stage::Probed;
            }
            (Stage::Checking, Probe::NotRunning) => self.hold(id, Doubt::Died(id)),
            (Stage::Checking, probe) if probe == old && probe != Probe::Unknown => {
                self.hold(id, Doubt::SameProcess(id));
            }
            (Stage::Checking, probe) => self.confirm(id, probe, actions),
            _ => {}
        }
    }

    /// A node that is not back in sync may have ended.
    fn probed_again(&mut self, id: i32, probe: &Result<Probe, String>, actions: &mut Vec<Action>) {
        if matches!(self.phase, Phase::Recovering { .. }) && *probe == Ok(Probe::NotRunning) {
            self.halt(Doubt::Died(id), actions);
        }
    }

    fn start(&mut self, id: i32, actions: &mut Vec<Action>) {
        if let Some(node) = self.node(id) {
            node.stage = Stage::Starting;
            actions.push(Action::Start(id));
        }
    }

    fn confirm(&mut self, id: i32, identity: Probe, actions: &mut Vec<Action>) {
        if let Some(node) = self.node(id) {
            node.stage = Stage::Confirming;
            self.write(Record::Restarted { node: id, identity }, actions);
        }
    }

    pub(super) fn stopped(&mut self, id: i32, result: Result<(), String>, actions: &mut Vec<Action>) {
        match result {
            Ok(()) => self.start(id, actions),
            Err(reason) => self.hold(id, Doubt::Stop { node: id, reason }),
        }
    }

    pub(super) fn started(&mut self, id: i32, result: Result<(), String>, actions: &mut Vec<Action>) {
        match result {
            Err(reason) => self.hold(id, Doubt::Start { node: id, reason }),
            Ok(()) => {
                if let Some(node) = self.node(id) {
                    node.stage = Stage::Checking;
                    actions.push(Action::Probe(id));
                }
            }
        }
    }

    /// Goes on when all nodes of the step are as far as they come by themselves.
    pub(super) fn after_nodes(&mut self, now: Duration, actions: &mut Vec<Action>) {
        let is_restarting = matches!(self.phase, Phase::Restarting(_));
        if is_restarting && !self.nodes.iter().any(|node| node.stage == Stage::Probing) {
            self.intend(actions);
        }
        let is_resolving = matches!(self.phase, Phase::Resolving { .. });
        if !(is_restarting || is_resolving) || !self.nodes.iter().all(Restart::is_settled) {
            return;
        }
        if !self.doubts.is_empty() {
            let outcome = Outcome::Halted(self.doubts.clone());
            return self.end(outcome, actions);
        }
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Restarting(before) => {
                let until = now + self.order.waits.recovery;
                self.phase = Phase::Recovering { before, until };
                self.look(actions);
            }
            Phase::Resolving { until: Some(until) } => self.ask_gate(until, actions),
            _ => self.next_step(now, actions),
        }
    }

    /// All that are probed are meant to be stopped, unless there is a doubt by now.
    fn intend(&mut self, actions: &mut Vec<Action>) {
        let probed: Vec<(i32, Probe)> = self
            .nodes
            .iter()
            .filter(|node| node.stage == Stage::Probed)
            .map(|node| (node.id, node.old.clone()))
            .collect();
        for (id, identity) in probed {
            let is_clear = self.doubts.is_empty();
            if let Some(node) = self.node(id) {
                node.stage = if is_clear { Stage::Intending } else { Stage::Held };
            }
            if is_clear {
                self.write(Record::Intended { node: id, identity }, actions);
            }
        }
    }
}
