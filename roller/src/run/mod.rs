//! Carries a plan out: looks, asks the gate, stops, starts, waits, and goes on; events in, actions out.
//!
//! A step goes through [`Phase`]s. Before a node is stopped its intent and the identity of its process are durable, and
//! a restart is believed only when the process is another one: so whoever was killed goes on where it was, and
//! restarts nothing twice. On any doubt nothing more is stopped; what was stopped is started all the same.

mod journal;
mod looks;
mod node;
mod outcome;
mod view;

use std::collections::VecDeque;
use std::time::Duration;

pub use journal::{Journal, JournalError, Record};
pub use node::Probe;
pub use outcome::{Doubt, Outcome};
pub use view::{Against, Missing, View};

use node::{Restart, Stage};
use view::Before;

/// How long is waited for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// Between two looks.
    pub poll: Duration,
    /// Until a step may begin.
    pub gate: Duration,
    /// Until what restarted is back in sync.
    pub recovery: Duration,
    /// How long the quorum's leader may go on taking a voter that has stopped for one that has caught up.
    pub voter_memory: Duration,
    /// Between being in sync and electing preferred leaders.
    pub before_election: Duration,
    /// Looks in a row that must find all well before the next step.
    pub stable_looks: u32,
}

/// controller.quorum.fetch.timeout.ms' default: who has fetched so long ago at most counts as caught up.
pub const VOTER_MEMORY: Duration = Duration::from_secs(2);

impl Default for Waits {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(5),
            gate: Duration::from_secs(600),
            recovery: Duration::from_secs(1800),
            voter_memory: VOTER_MEMORY,
            before_election: Duration::from_secs(10),
            stable_looks: 3,
        }
    }
}

/// What is to be carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// What must stay.
    pub spare: usize,
    /// Partitions (topic-number) whose harm is accepted.
    pub accepted: Vec<String>,
    /// A quorum of one or two voters may be gone while one restarts.
    pub accept_quorum: bool,
    /// Whether preferred leaders are elected after each step.
    pub elect_preferred: bool,
    /// How long is waited.
    pub waits: Waits,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// It begins, or goes on from its journal.
    Begin,
    /// What a look saw.
    Saw(Box<View>),
    /// A look failed.
    Unseen(String),
    /// What the executor says of a node's process; or why it could not say.
    Probed(i32, Result<Probe, String>),
    /// The oldest record that was not yet durable is.
    Written,
    /// A node was stopped, its hooks before that among it; or why not.
    Stopped(i32, Result<(), String>),
    /// A node was started, its hooks after that among it; or why not.
    Started(i32, Result<(), String>),
    /// Preferred leaders were elected, or could not be.
    Elected(Result<(), String>),
    /// The time that was asked for has come.
    Tick,
    /// Whoever runs it wants no further step.
    Abort,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Look at the cluster: [`Event::Saw`] or [`Event::Unseen`].
    Look,
    /// Ask the executor for the identity of a node's process: [`Event::Probed`].
    Probe(i32),
    /// Append a record and make it durable, in this order: [`Event::Written`].
    Write(Record),
    /// Stop a node: [`Event::Stopped`].
    Stop(i32),
    /// Start a node: [`Event::Started`].
    Start(i32),
    /// Elect the preferred leaders that are on these brokers: [`Event::Elected`].
    Elect(Vec<i32>),
    /// Wake me then: [`Event::Tick`].
    WakeAt(Duration),
    /// It is over.
    End(Outcome),
}

/// Where a step is.
#[derive(Debug)]
enum Phase {
    /// Nothing was asked yet.
    Idle,
    /// The nodes of the step that was under way when the journal ends are asked what they are; the gate's time goes on if
    /// it was asked before.
    Resolving { until: Option<Duration> },
    /// The gate is asked until it lets the step through.
    Gate { until: Duration },
    /// Nodes are stopped and started.
    Restarting(Box<Before>),
    /// Nodes are up, and come back in sync.
    Recovering { before: Box<Before>, until: Duration },
    /// In sync; preferred leaders are elected then.
    Calming { before: Box<Before>, at: Duration },
    /// Preferred leaders are being elected.
    Electing(Box<Before>),
    /// All is well for some looks in a row.
    Settling {
        before: Box<Before>,
        well: u32,
        until: Duration,
    },
    /// The end of a step, or of all, is written.
    Closing(Option<Outcome>),
    /// Over.
    Over,
}

/// A roll under way.
#[derive(Debug)]
pub struct Roll {
    order: Order,
    /// Steps to go; the first is under way.
    steps: VecDeque<(usize, Vec<i32>)>,
    nodes: Vec<Restart>,
    phase: Phase,
    /// Records that are not durable yet.
    unwritten: VecDeque<Record>,
    is_looking: bool,
    doubts: Vec<Doubt>,
    is_aborted: bool,
    /// What the last look found that is not as it has to be.
    awaited: Option<String>,
}

impl Roll {
    /// A roll with these steps, as far as its journal says that they are not done.
    pub fn new(order: Order, journal: &Journal) -> Self {
        let steps = journal.steps_left();
        let current = steps.front().map(|(_, nodes)| nodes.clone()).unwrap_or_default();
        let nodes = current.iter().map(|id| journal.restart(*id)).collect();
        Self {
            order,
            steps,
            nodes,
            phase: Phase::Idle,
            unwritten: VecDeque::new(),
            is_looking: false,
            doubts: Vec::new(),
            is_aborted: false,
            awaited: None,
        }
    }

    /// What is waited for, if the last look found something that is not as it has to be.
    pub fn awaited(&self) -> Option<&str> {
        self.awaited.as_deref()
    }

    /// Takes an event; what is to be done.
    pub fn on(&mut self, event: Event, now: Duration) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Begin => self.begin(now, &mut actions),
            Event::Saw(view) => {
                self.is_looking = false;
                self.saw(&view, now, &mut actions);
            }
            Event::Unseen(reason) => {
                self.is_looking = false;
                self.unseen(reason, now, &mut actions);
            }
            Event::Probed(id, probe) => self.probed(id, probe, &mut actions),
            Event::Written => self.written(now, &mut actions),
            Event::Stopped(id, result) => self.stopped(id, result, &mut actions),
            Event::Started(id, result) => self.started(id, result, &mut actions),
            Event::Elected(result) => self.elected(result, now, &mut actions),
            Event::Tick => self.tick(now, &mut actions),
            Event::Abort => self.abort(&mut actions),
        }
        self.after_nodes(now, &mut actions);
        actions
    }

    fn begin(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if self.nodes.iter().any(Restart::is_in_doubt) {
            self.phase = Phase::Resolving { until: None };
            self.probe_those_in_doubt(actions);
        } else {
            self.next_step(now, actions);
        }
    }

    fn probe_those_in_doubt(&self, actions: &mut Vec<Action>) {
        let in_doubt = self.nodes.iter().filter(|node| node.is_in_doubt());
        actions.extend(in_doubt.map(|node| Action::Probe(node.id)));
    }

    /// The first step that is left, if any.
    fn next_step(&mut self, now: Duration, actions: &mut Vec<Action>) {
        if self.steps.is_empty() {
            return self.close(Record::Ended, Some(Outcome::Done), actions);
        }
        self.ask_gate(now + self.order.waits.gate, actions);
    }

    /// Asks for the gate of the first step, unless nothing more is to be begun.
    fn ask_gate(&mut self, until: Duration, actions: &mut Vec<Action>) {
        if self.is_aborted && !self.is_lingering() {
            return self.end(Outcome::Aborted, actions);
        }
        self.phase = Phase::Gate { until };
        self.look(actions);
    }

    fn is_lingering(&self) -> bool {
        self.nodes.iter().any(Restart::is_lingering)
    }

    fn look(&mut self, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.is_looking, true) {
            actions.push(Action::Look);
        }
    }

    fn write(&mut self, record: Record, actions: &mut Vec<Action>) {
        self.unwritten.push_back(record.clone());
        actions.push(Action::Write(record));
    }

    fn close(&mut self, record: Record, outcome: Option<Outcome>, actions: &mut Vec<Action>) {
        self.phase = Phase::Closing(outcome);
        self.write(record, actions);
    }

    fn end(&mut self, outcome: Outcome, actions: &mut Vec<Action>) {
        self.phase = Phase::Over;
        actions.push(Action::End(outcome));
    }

    fn halt(&mut self, doubt: Doubt, actions: &mut Vec<Action>) {
        self.doubts.push(doubt);
        self.end(Outcome::Halted(self.doubts.clone()), actions);
    }

    fn abort(&mut self, actions: &mut Vec<Action>) {
        self.is_aborted = true;
        if matches!(self.phase, Phase::Gate { .. }) && !self.is_lingering() {
            self.end(Outcome::Aborted, actions);
        }
    }

    fn tick(&mut self, now: Duration, actions: &mut Vec<Action>) {
        match &self.phase {
            Phase::Resolving { .. } => self.probe_those_in_doubt(actions),
            Phase::Gate { .. } | Phase::Recovering { .. } | Phase::Settling { .. } => self.look(actions),
            Phase::Calming { at, .. } if *at <= now => {
                let brokers = self.nodes.iter().map(|node| node.id).collect();
                if let Phase::Calming { before, .. } = std::mem::replace(&mut self.phase, Phase::Idle) {
                    self.phase = Phase::Electing(before);
                }
                actions.push(Action::Elect(brokers));
            }
            _ => {}
        }
    }

    fn elected(&mut self, result: Result<(), String>, now: Duration, actions: &mut Vec<Action>) {
        let Phase::Electing(before) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return;
        };
        if let Err(reason) = result {
            return self.halt(Doubt::Election(reason), actions);
        }
        self.settle(before, now, actions);
    }

    fn settle(&mut self, before: Box<Before>, now: Duration, actions: &mut Vec<Action>) {
        let until = now + self.order.waits.recovery;
        self.phase = Phase::Settling { before, well: 0, until };
        self.look(actions);
    }

    fn written(&mut self, now: Duration, actions: &mut Vec<Action>) {
        match self.unwritten.pop_front() {
            Some(Record::Intended { node, .. }) => {
                let is_clear = self.doubts.is_empty();
                if let Some(node) = self.nodes.iter_mut().find(|of| of.id == node) {
                    node.stage = if is_clear { Stage::Stopping } else { Stage::Held };
                    actions.extend(is_clear.then_some(Action::Stop(node.id)));
                }
            }
            Some(Record::Restarted { node, .. }) => {
                if let Some(node) = self.nodes.iter_mut().find(|of| of.id == node) {
                    node.stage = Stage::Back;
                }
            }
            Some(Record::StepDone { .. }) => {
                self.take_first_step();
                self.next_step(now, actions);
            }
            Some(Record::Ended) => {
                if let Phase::Closing(Some(outcome)) = std::mem::replace(&mut self.phase, Phase::Over) {
                    self.end(outcome, actions);
                }
            }
            Some(Record::Begun { .. }) | None => {}
        }
    }
}
