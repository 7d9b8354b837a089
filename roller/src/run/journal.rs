//! What a roll writes down, and what is known from it after a crash.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::node::{Probe, Restart, Stage};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "record")]
pub enum Record {
    /// The first: the steps that were planned.
    Begun {
        /// Nodes of each step.
        steps: Vec<Vec<i32>>,
    },
    /// A node is about to be stopped.
    Intended {
        /// Its id.
        node: i32,
        /// Which process it is.
        identity: Probe,
    },
    /// A node is another process now.
    Restarted {
        /// Its id.
        node: i32,
        /// Which process it is.
        identity: Probe,
    },
    /// All nodes of a step are back, and all is well.
    StepDone {
        /// Its place among the steps that were planned.
        step: usize,
    },
    /// All steps are done.
    Ended,
}

/// Why records are no journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// It begins with something else.
    #[error("the first record is not the one that a roll begins with")]
    NoBeginning,
    /// It begins twice.
    #[error("record {0}: a roll begins where another is under way")]
    Begins(usize),
    /// A node that is in no step.
    #[error("record {record}: node {node} is in none of the steps")]
    Node {
        /// Which record, from 1.
        record: usize,
        /// Which node.
        node: i32,
    },
    /// A step that there is not.
    #[error("record {record}: there is no step {step}")]
    Step {
        /// Which record, from 1.
        record: usize,
        /// Which step.
        step: usize,
    },
}

/// What a journal says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    steps: Vec<Vec<i32>>,
    done: BTreeSet<usize>,
    /// Nodes with an intent that nothing followed yet.
    intended: BTreeMap<i32, Probe>,
    restarted: BTreeSet<i32>,
    has_ended: bool,
}

impl Journal {
    /// A roll that has not begun.
    pub fn begin(steps: Vec<Vec<i32>>) -> (Self, Record) {
        let journal = Self {
            steps: steps.clone(),
            ..Self::default()
        };
        (journal, Record::Begun { steps })
    }

    /// What was written down.
    pub fn read(records: &[Record]) -> Result<Self, JournalError> {
        let Some(Record::Begun { steps }) = records.first() else {
            return Err(JournalError::NoBeginning);
        };
        let (mut journal, _) = Self::begin(steps.clone());
        for (at, record) in records.iter().enumerate().skip(1) {
            journal.take(at + 1, record)?;
        }
        Ok(journal)
    }

    fn take(&mut self, number: usize, record: &Record) -> Result<(), JournalError> {
        match record {
            Record::Begun { .. } => return Err(JournalError::Begins(number)),
            Record::Intended { node, identity } => {
                self.known(number, *node)?;
                self.intended.insert(*node, identity.clone());
            }
            Record::Restarted { node, .. } => {
                self.known(number, *node)?;
                self.intended.remove(node);
                self.restarted.insert(*node);
            }
            Record::StepDone { step } if *step >= self.steps.len() => {
                return Err(JournalError::Step {
                    record: number,
                    step: *step,
                });
            }
            Record::StepDone { step } => drop(self.done.insert(*step)),
            Record::Ended => self.has_ended = true,
        }
        Ok(())
    }

    fn known(&self, record: usize, node: i32) -> Result<(), JournalError> {
        let is_known = self.steps.iter().any(|step| step.contains(&node));
        is_known.then_some(()).ok_or(JournalError::Node { record, node })
    }

    /// Whether all was done.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Nodes that restarted.
    pub fn restarted(&self) -> &BTreeSet<i32> {
        &self.restarted
    }

    /// Steps that are not done, with their places; the one under way first.
    pub fn steps_left(&self) -> VecDeque<(usize, Vec<i32>)> {
        let left = self.steps.iter().enumerate().filter(|(at, _)| !self.done.contains(at));
        let mut left: Vec<(usize, Vec<i32>)> = left.map(|(at, nodes)| (at, nodes.clone())).collect();
        let has_begun = |nodes: &[i32]| {
            let mut nodes = nodes.iter();
            nodes.any(|node| self.intended.contains_key(node) || self.restarted.contains(node))
        };
        left.sort_by_key(|(at, nodes)| (!has_begun(nodes), *at));
        left.into()
    }

    pub(super) fn restart(&self, id: i32) -> Restart {
        let old = self.intended.get(&id);
        Restart {
            id,
            stage: match old {
                Some(_) => Stage::InDoubt,
                None if self.restarted.contains(&id) => Stage::Revisited,
                None => Stage::Waiting,
            },
            old: old.cloned().unwrap_or(Probe::Unknown),
            is_asked: false,
        }
    }
}
