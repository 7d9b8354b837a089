//! What is told of a plan that is carried out, or was.

use schemars::JsonSchema;
use serde::Serialize;

use super::drive::planned_bytes;
use super::limits;
use super::state::{Mode, State, Status};
use super::work::{Heading, Job};
use crate::offsets::time::now_ms;
use crate::output::{Shown, Table};
use crate::size::units::bytes;

/// How far a plan has been carried out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ApplyReport {
    /// apply, cancel or rollback.
    mode: Mode,
    /// ended, running, paused, or stopped: nobody carries it out.
    pub(super) state: &'static str,
    /// Partitions of the plan.
    partitions: usize,
    /// Those that are where the plan has them.
    done: usize,
    /// Those that are back where they were.
    undone: usize,
    /// Those on their way.
    under_way: usize,
    /// Those that have not been begun.
    waiting: usize,
    /// Those that are left as they are, and why.
    dropped: Vec<DroppedPart>,
    /// Bytes to be copied between brokers, by the plan.
    planned_bytes: u64,
    /// Bytes copied, of partitions that have arrived.
    moved_bytes: u64,
    /// The most a broker sends, and receives, in a second for it; none without a limit.
    throttle_bytes_per_s: Option<u64>,
    /// Least time it takes with that, in milliseconds; none without a limit.
    least_ms: Option<u64>,
    /// Time since it was begun, up to its end, in milliseconds.
    elapsed_ms: u64,
    /// Whether anything was changed in the cluster.
    pub(super) changed: bool,
}

/// A partition that is left as it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DroppedPart {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Why.
    why: String,
}

impl ApplyReport {
    /// As the journal has it.
    pub(super) fn of(state: &State, is_at_work: bool) -> Self {
        let jobs: Vec<Job> = state.parts.values().map(|part| part.job.clone()).collect();
        let throttle = state.options.throttle_bytes_per_s;
        let settled = |heading| state.count(|part| part.status == Status::Settled && part.heading == heading);
        let elapsed_ms = state.ended_ms.unwrap_or_else(now_ms).saturating_sub(state.began_ms);
        Self {
            mode: state.mode,
            state: match state.ended_ms {
                Some(_) => "ended",
                None if state.is_paused => "paused",
                None if is_at_work => "running",
                None => "stopped",
            },
            partitions: state.parts.len(),
            done: settled(Heading::To),
            undone: settled(Heading::From),
            under_way: state.active().count(),
            waiting: state.count(|part| part.status == Status::Waiting),
            dropped: state
                .dropped()
                .map(|(part, why)| DroppedPart {
                    topic: part.job.topic.clone(),
                    partition: part.job.partition,
                    why: why.to_owned(),
                })
                .collect(),
            planned_bytes: planned_bytes(state),
            moved_bytes: state.moved_bytes,
            throttle_bytes_per_s: throttle,
            least_ms: throttle.map(|throttle| limits::least_ms(&jobs, throttle)),
            elapsed_ms: u64::try_from(elapsed_ms).unwrap_or(0),
            changed: false,
        }
    }

    /// Whether partitions were left as they are.
    pub(super) fn has_dropped(&self) -> bool {
        !self.dropped.is_empty()
    }
}

impl Shown for ApplyReport {
    const SCHEMA: &'static str = "rebalance-apply/1";

    fn table(&self, _: bool) -> Table {
        let mut rows = vec![
            ["operation", super::machine::mode_word(self.mode)]
                .map(str::to_owned)
                .to_vec(),
            ["state", self.state].map(str::to_owned).to_vec(),
        ];
        let mut row = |what: &str, text: String| rows.push(vec![what.to_owned(), text]);
        row("partitions", self.partitions.to_string());
        row("done", self.done.to_string());
        row("undone", self.undone.to_string());
        row("under way", self.under_way.to_string());
        row("waiting", self.waiting.to_string());
        row("bytes planned", bytes(self.planned_bytes));
        row("bytes moved", bytes(self.moved_bytes));
        let throttle = self
            .throttle_bytes_per_s
            .map(|rate| format!("{}/s for each broker", bytes(rate)));
        row("throttle", throttle.unwrap_or_else(|| "none".to_owned()));
        row("time", format!("{} s", self.elapsed_ms / 1000));
        if let Some(least_ms) = self.least_ms {
            row("least time", format!("{} s", least_ms / 1000));
        }
        for part in &self.dropped {
            row("left alone", format!("{}-{}: {}", part.topic, part.partition, part.why));
        }
        Table {
            headers: Vec::new(),
            rows,
        }
    }
}
