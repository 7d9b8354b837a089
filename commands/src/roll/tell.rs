//! What is said on the way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use planner::counted::counted;
use roller::run::{Action, Event, Record};

use crate::context::Context;
use crate::reassign::joined;

/// What is waited for is said when it changes, and this often.
const EVERY: Duration = Duration::from_secs(10);

/// Says what is done, a line each.
pub(super) struct Teller<'a> {
    context: &'a Context,
    steps: Vec<Vec<i32>>,
    /// When nodes were told to stop, or to start.
    since: BTreeMap<i32, Instant>,
    step_since: Option<Instant>,
    awaited: Option<(String, Instant)>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(context: &'a Context, steps: &[Vec<i32>]) -> Self {
        Self {
            context,
            steps: steps.to_vec(),
            since: BTreeMap::new(),
            step_since: None,
            awaited: None,
        }
    }

    fn say(&self, text: &str) {
        self.context.out.note(text);
    }

    fn took(&mut self, node: i32) -> String {
        let since = self.since.insert(node, Instant::now());
        let seconds = since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        format!("{seconds:.1} s")
    }

    /// Before it is done.
    pub(super) fn action(&mut self, action: &Action) {
        match action {
            Action::Stop(node) => {
                self.step_since.get_or_insert_with(Instant::now);
                self.took(*node);
                self.say(&format!("node {node}: stopping"));
            }
            Action::Start(node) => {
                self.since.insert(*node, Instant::now());
            }
            Action::Elect(_) => self.say("in sync again; electing preferred leaders"),
            Action::Write(record) => self.record(record),
            Action::Look | Action::Probe(_) | Action::WakeAt(_) | Action::End(_) => {}
        }
    }

    fn record(&mut self, record: &Record) {
        match record {
            Record::Restarted { node, .. } => self.say(&format!("node {node}: is a new process")),
            Record::StepDone { step } => {
                let took = self
                    .step_since
                    .take()
                    .map_or(0.0, |since| since.elapsed().as_secs_f64());
                let nodes = self.steps.get(*step).map(|nodes| joined(nodes)).unwrap_or_default();
                let all = self.steps.len();
                self.say(&format!(
                    "step {} of {all}, node {nodes}: done in {took:.1} s",
                    step + 1
                ));
            }
            Record::Begun { .. } | Record::Intended { .. } | Record::Ended => {}
        }
    }

    /// After it has happened.
    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::Stopped(node, Ok(())) => {
                let took = self.took(*node);
                self.say(&format!("node {node}: stopped in {took}; starting"));
            }
            Event::Started(node, Ok(())) => {
                let took = self.took(*node);
                self.say(&format!("node {node}: started in {took}"));
            }
            Event::Stopped(node, Err(reason)) => self.say(&format!("node {node}: did not stop: {reason}")),
            Event::Started(node, Err(reason)) => self.say(&format!("node {node}: did not start: {reason}")),
            Event::Probed(node, Err(reason)) => {
                self.say(&format!("node {node}: which process it is is not known: {reason}"));
            }
            _ => {}
        }
    }

    /// What is waited for now.
    pub(super) fn awaited(&mut self, awaited: Option<&str>) {
        let Some(text) = awaited else {
            self.awaited = None;
            return;
        };
        let is_new = match &self.awaited {
            Some((said, at)) => said != text && at.elapsed() >= Duration::from_secs(1) || at.elapsed() >= EVERY,
            None => true,
        };
        if is_new {
            self.say(&format!("waiting: {text}"));
            self.awaited = Some((text.to_owned(), Instant::now()));
        }
    }

    /// That it ends after what is under way.
    pub(super) fn ending(&self, why: &str) {
        self.say(&format!(
            "{why}: what is under way is finished, and no further step begun"
        ));
    }

    /// How much there is to do.
    pub(super) fn begins(&self) {
        let nodes: usize = self.steps.iter().map(Vec::len).sum();
        self.say(&format!(
            "{} in {}",
            counted(nodes, "node"),
            counted(self.steps.len(), "step")
        ));
    }
}
