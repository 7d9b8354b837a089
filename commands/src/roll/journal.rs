//! The journal of a roll: what was asked, and what was done.

use std::time::Duration;

use roller::run::{Order, Record, VOTER_MEMORY, Waits};
use serde::{Deserialize, Serialize};

use super::executor::Means;
use crate::error::CommandError;
use crate::offsets::time::now_ms;

/// How its files are named.
const KIND: &str = "roll";
/// The name and version of its lines.
pub(super) const SCHEMA: &str = "kfleet/roll-journal/1";
/// What whoever carries a roll out is asked, if it is to do no further step.
pub(super) const ABORT: &str = "abort";

/// The journal of rolling restarts.
pub(super) type Journal = crate::journal::Journal<Line>;

/// The journal of this cluster's rolling restarts.
pub(super) fn of(cluster_id: &str) -> Result<Journal, CommandError> {
    Journal::of(cluster_id, KIND)
}

/// How a roll is carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct How {
    /// Replicas in sync that stay above min.insync.replicas.
    pub(super) spare: usize,
    /// Partitions whose harm is accepted.
    pub(super) accepted: Vec<String>,
    pub(super) accept_quorum: bool,
    pub(super) elect_preferred: bool,
    pub(super) poll: Duration,
    pub(super) gate: Duration,
    pub(super) recovery: Duration,
    pub(super) before_election: Duration,
    pub(super) stable_looks: u32,
    pub(super) means: Means,
}

impl How {
    /// As the machine takes it.
    pub(super) fn order(&self) -> Order {
        Order {
            spare: self.spare,
            accepted: self.accepted.clone(),
            accept_quorum: self.accept_quorum,
            elect_preferred: self.elect_preferred,
            waits: Waits {
                poll: self.poll,
                gate: self.gate,
                recovery: self.recovery,
                voter_memory: VOTER_MEMORY,
                before_election: self.before_election,
                stable_looks: self.stable_looks,
            },
        }
    }
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "line")]
pub(super) enum Line {
    /// The first: what was asked.
    Asked {
        schema: String,
        cluster_id: String,
        at_ms: i64,
        how: Box<How>,
    },
    /// What a roll goes on from.
    Did { at_ms: i64, record: Record },
    /// It stopped, and why.
    Stopped { at_ms: i64, why: Vec<String> },
    /// Somebody wants no further step.
    AbortAsked { at_ms: i64 },
    /// Nothing more is done.
    Ended { at_ms: i64 },
}

impl Line {
    pub(super) fn did(record: Record) -> Self {
        let at_ms = now_ms();
        Self::Did { at_ms, record }
    }
}

/// What a journal says.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) how: How,
    pub(super) began_ms: i64,
    /// What was done, and when.
    pub(super) records: Vec<(i64, Record)>,
    /// Why it stopped, if nothing was done since.
    pub(super) doubts: Vec<String>,
    pub(super) is_abort_asked: bool,
    pub(super) ended_ms: Option<i64>,
}

impl State {
    /// None if nothing was begun.
    pub(super) fn read(journal: &Journal) -> Result<Option<Self>, CommandError> {
        let lines = journal.read()?;
        let wrong = |why: &str| CommandError::data(format!("{}: {why}", journal.path().display()));
        let mut lines = lines.into_iter();
        let (how, began_ms) = match lines.next() {
            None => return Ok(None),
            Some(Line::Asked { schema, how, at_ms, .. }) if schema == SCHEMA => (*how, at_ms),
            Some(_) => return Err(wrong(&format!("the first line is not that of {SCHEMA}"))),
        };
        let mut state = Self {
            how,
            began_ms,
            records: Vec::new(),
            doubts: Vec::new(),
            is_abort_asked: false,
            ended_ms: None,
        };
        lines.for_each(|line| state.take(line));
        if state.records.is_empty() {
            return Ok(None);
        }
        state.progress().map_err(|error| wrong(&error.to_string()))?;
        Ok(Some(state))
    }

    /// Goes on with a line.
    pub(super) fn take(&mut self, line: Line) {
        match line {
            Line::Asked { .. } => {}
            Line::Did { at_ms, record } => {
                if record == Record::Ended {
                    self.ended_ms = Some(at_ms);
                }
                self.doubts.clear();
                self.records.push((at_ms, record));
            }
            Line::Stopped { why, .. } => self.doubts = why,
            Line::AbortAsked { .. } => self.is_abort_asked = true,
            Line::Ended { at_ms } => self.ended_ms = Some(at_ms),
        }
    }

    /// As the machine reads it.
    pub(super) fn progress(&self) -> Result<roller::run::Journal, roller::run::JournalError> {
        let records: Vec<Record> = self.records.iter().map(|(_, record)| record.clone()).collect();
        roller::run::Journal::read(&records)
    }

    /// Nodes of each step, as planned.
    pub(super) fn steps(&self) -> &[Vec<i32>] {
        match self.records.first() {
            Some((_, Record::Begun { steps })) => steps,
            _ => &[],
        }
    }

    /// Whether a node was stopped, or was about to be.
    pub(super) fn has_touched(&self) -> bool {
        let mut records = self.records.iter();
        records.any(|(_, record)| matches!(record, Record::Intended { .. }))
    }
}
