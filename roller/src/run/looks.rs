//! What a look at the cluster leads to, phase by phase.

use std::time::Duration;

use super::node::{Restart, Stage};
use super::view::{Before, Missing, View, list};
use super::{Action, Doubt, Phase, Record, Roll};
use crate::rule::Rule;

impl Roll {
    pub(super) fn unseen(&mut self, reason: String, now: Duration, actions: &mut Vec<Action>) {
        self.awaited = Some(reason.clone());
        match &mut self.phase {
            Phase::Gate { until } | Phase::Recovering { until, .. } => {
                if *until <= now {
                    return self.halt(Doubt::Unseen(reason), actions);
                }
            }
            Phase::Settling { until, well, .. } => {
                if *until <= now {
                    return self.halt(Doubt::Unseen(reason), actions);
                }
                *well = 0;
            }
            _ => return,
        }
        actions.push(Action::WakeAt(now + self.order.waits.poll));
    }

    pub(super) fn saw(&mut self, view: &View, now: Duration, actions: &mut Vec<Action>) {
        self.awaited = None;
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Gate { until } => self.at_gate(view, until, now, actions),
            Phase::Recovering { before, until } => self.recovering(view, before, until, now, actions),
            Phase::Settling { before, well, until } => self.settling(view, before, (well, until), now, actions),
            other => self.phase = other,
        }
    }

    fn at_gate(&mut self, view: &View, until: Duration, now: Duration, actions: &mut Vec<Action>) {
        self.put_active_controller_last(view);
        let rule = self.rule(view);
        let left: Vec<i32> = self
            .nodes
            .iter()
            .filter(|node| node.stage == Stage::Waiting)
            .map(|node| node.id)
            .collect();
        let against = view.against(&left, &rule, self.order.accept_quorum);
        if against.is_empty() {
            let all: Vec<i32> = self.nodes.iter().map(|node| node.id).collect();
            self.phase = Phase::Restarting(Box::new(view.before(&all)));
            for node in self.nodes.iter_mut().filter(|node| node.stage == Stage::Waiting) {
                node.stage = Stage::Probing;
                actions.push(Action::Probe(node.id));
            }
            return;
        }
        self.phase = Phase::Gate { until };
        if until <= now {
            return self.halt(Doubt::Gate(against), actions);
        }
        self.awaited = Some(list(&against));
        // What ends before the gate opens has to be started.
        for node in self.nodes.iter_mut().filter(|node| node.is_lingering()) {
            node.stage = Stage::InDoubt;
            self.phase = Phase::Resolving { until: Some(until) };
        }
        actions.push(Action::WakeAt(now + self.order.waits.poll));
    }

    fn rule(&self, view: &View) -> Rule {
        let partitions = self.order.accepted.iter().filter_map(|name| view.partition(name));
        Rule {
            spare: self.order.spare,
            accepted: partitions.collect(),
        }
    }

    /// Leadership of the quorum may have moved since the plan was made: who leads now waits for the others.
    fn put_active_controller_last(&mut self, view: &View) {
        let is_untouched = |node: &Restart| node.stage == Stage::Waiting && !node.is_lingering();
        if !self.nodes.iter().all(is_untouched) {
            return;
        }
        let Some(leader) = view.quorum.leader else { return };
        let is_voter = |id: &i32| view.quorum.is_voter(*id);
        let leads = self.steps.front().is_some_and(|(_, nodes)| nodes.contains(&leader));
        let last = self.steps.iter().rposition(|(_, nodes)| nodes.iter().any(is_voter));
        if let Some(last) = last.filter(|last| leads && *last > 0)
            && let Some(step) = self.steps.pop_front()
        {
            self.steps.insert(last, step);
            self.take_first_step();
        }
    }

    pub(super) fn take_first_step(&mut self) {
        let nodes = self
            .steps
            .front()
            .map(|(_, nodes)| nodes.as_slice())
            .unwrap_or_default();
        self.nodes = nodes.iter().map(|id| Restart::new(*id)).collect();
    }

    fn recovering(
        &mut self,
        view: &View,
        before: Box<Before>,
        until: Duration,
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let missing = view.missing(&before);
        let known_from = until.saturating_sub(self.order.waits.recovery) + self.order.waits.voter_memory;
        if missing.is_empty() && before.has_voters() && now < known_from {
            // What the quorum knows of a voter may be what it knew before that one stopped.
            self.phase = Phase::Recovering { before, until };
            actions.push(Action::WakeAt(known_from));
        } else if missing.is_empty() && !self.order.elect_preferred {
            self.settle(before, now, actions);
        } else if missing.is_empty() {
            let at = now + self.order.waits.before_election;
            self.phase = Phase::Calming { before, at };
            actions.push(Action::WakeAt(at));
        } else if until <= now {
            self.halt(Doubt::Recovery(missing), actions);
        } else {
            self.phase = Phase::Recovering { before, until };
            self.probe_those_missing(&missing, actions);
            self.awaited = Some(list(&missing));
            actions.push(Action::WakeAt(now + self.order.waits.poll));
        }
    }

    /// Asks what nodes are that are not back: what has ended need not be waited for.
    fn probe_those_missing(&mut self, missing: &[Missing], actions: &mut Vec<Action>) {
        let is_missing = |id: i32| missing.iter().any(|missing| missing.node() == id);
        for node in &mut self.nodes {
            if node.stage == Stage::Back && is_missing(node.id) && !std::mem::replace(&mut node.is_asked, true) {
                actions.push(Action::Probe(node.id));
            }
        }
    }

    fn settling(
        &mut self,
        view: &View,
        before: Box<Before>,
        (well, until): (u32, Duration),
        now: Duration,
        actions: &mut Vec<Action>,
    ) {
        let missing = view.missing(&before);
        let well = if missing.is_empty() { well + 1 } else { 0 };
        if well >= self.order.waits.stable_looks {
            let step = self.steps.pop_front().map_or(0, |(number, _)| number);
            return self.close(Record::StepDone { step }, None, actions);
        }
        if until <= now {
            return self.halt(Doubt::Recovery(missing), actions);
        }
        self.phase = Phase::Settling { before, well, until };
        self.awaited = (!missing.is_empty()).then(|| list(&missing));
        actions.push(Action::WakeAt(now + self.order.waits.poll));
    }
}
