//! The plan file: what is to move and what was known when that was decided. It is the document that `-o json` prints.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use planner::counted::counted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::asked::Asked;
use crate::error::CommandError;
use crate::json_file;
use crate::json_lines::{Fault, line_of, part};
use crate::output::{Output, Shown, Table};
use crate::replace_file::replace_file;

/// How a log directory is called that is left to the broker, as in Kafka's own files.
pub(crate) const ANY_LOG_DIR: &str = "any";

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlanFile {
    /// The cluster it is for; none if the snapshot did not say.
    pub(crate) cluster_id: Option<String>,
    /// When it was made, as in 2026-11-28T03:30:00Z.
    pub(crate) made_at: String,
    /// What was asked for, so that it can be planned again.
    pub(crate) request: Asked,
    /// The digest of the snapshot it was made from, in 16 hexadecimal digits.
    pub(crate) snapshot: String,
    /// What it comes to.
    pub(crate) summary: PlanSummary,
    /// What proves the least that any plan moves.
    pub(crate) certificate: Proof,
    /// What it moves, in order of topics and partitions.
    pub(crate) moves: Vec<Move>,
    /// The brokers as they were that something moves from or to.
    pub(crate) brokers: Vec<PlannedBroker>,
    /// The partitions as they were that move, in the order of the moves.
    pub(crate) partitions: Vec<PlannedPartition>,
}

/// A partition that gets another list of replicas, or other log directories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Move {
    /// Its topic.
    pub(crate) topic: String,
    /// Its number.
    pub(crate) partition: i32,
    /// Its replicas before, the preferred leader first.
    pub(crate) replicas_from: Vec<i32>,
    /// Its replicas after, the preferred leader first.
    pub(crate) replicas_to: Vec<i32>,
    /// Where each of the replicas after is to be: a path, or "any"; none if that is left to the brokers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log_dirs: Option<Vec<String>>,
    /// Bytes of one replica.
    pub(crate) size_bytes: u64,
}

impl Move {
    /// Brokers that get a replica and have none.
    pub(crate) fn adding(&self) -> impl Iterator<Item = i32> + '_ {
        let is_new = |broker: &i32| !self.replicas_from.contains(broker);
        self.replicas_to.iter().copied().filter(is_new)
    }

    /// `topic-number`.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.topic, self.partition)
    }
}

/// What a plan comes to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlanSummary {
    /// Brokers that are known.
    pub(crate) brokers: usize,
    /// Partitions that are known.
    pub(crate) partitions: usize,
    /// Replicas that they have.
    pub(crate) replicas: usize,
    /// Bytes of all of them.
    pub(crate) size_bytes: u64,
    /// Bytes that are copied from broker to broker.
    pub(crate) moved_bytes: u64,
    /// Replicas that are.
    pub(crate) replica_moves: u64,
    /// Bytes that are copied between log directories of one broker.
    #[serde(default)]
    pub(crate) moved_within_bytes: u64,
    /// Bytes that any plan copies between log directories which ends as even.
    #[serde(default)]
    pub(crate) bound_within_bytes: u64,
    /// Partitions whose list begins with another broker than before.
    pub(crate) leader_changes: u64,
    /// Bytes that any plan moves which ends in the same windows, or no further outside of them.
    pub(crate) bound_bytes: u64,
    /// How much more than that is moved, as a part of it; none if nothing has to move and something does.
    pub(crate) gap: Option<f64>,
    /// Whether every load is inside its window.
    pub(crate) windows_met: bool,
    /// By how much loads are outside of windows before, all together, in loads of the average broker.
    pub(crate) outside_before: f64,
    /// The same after.
    pub(crate) outside_after: f64,
    /// Partitions that have more replicas in a rack than they may, before.
    pub(crate) rack_faults_before: u64,
    /// The same after.
    pub(crate) rack_faults_after: u64,
    /// What each resource is like over all brokers that take part.
    pub(crate) windows: Vec<WindowRow>,
}

/// Loads of one resource over all brokers that take part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct WindowRow {
    /// disk, bytes-in, bytes-out, replicas or leaders; log-dirs are all log directories.
    pub(crate) resource: String,
    /// How far from its fair share a load may be, as a part of it; none if it may be anywhere.
    pub(crate) tolerance: Option<f64>,
    /// The mean.
    pub(crate) average: f64,
    /// The least of any broker before.
    pub(crate) least_before: i64,
    /// The most before.
    pub(crate) most_before: i64,
    /// Brokers outside of their window before.
    pub(crate) outside_before: u64,
    /// The least after.
    pub(crate) least_after: i64,
    /// The most after.
    pub(crate) most_after: i64,
    /// Brokers outside after.
    pub(crate) outside_after: u64,
}

/// What a byte on disk, a byte a second that comes in, and a replica are worth, in bytes that have to move.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Worth {
    /// A byte on disk.
    pub(crate) disk: f64,
    /// A byte a second that comes in.
    pub(crate) bytes_in: f64,
    /// A replica.
    pub(crate) count: f64,
}

/// Numbers from which anybody can compute the least that any plan moves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Proof {
    /// By broker that is above a limit.
    pub(crate) leaving: BTreeMap<i32, Worth>,
    /// For what has to come to those that are below one.
    pub(crate) arriving: Worth,
    /// What a replica on each broker is worth, where the proof is one by prices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) prices: BTreeMap<i32, f64>,
}

/// A broker as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedBroker {
    /// Its id.
    pub(crate) id: i32,
    /// Its rack.
    pub(crate) rack: Option<String>,
    /// Bytes of replicas on it before.
    pub(crate) disk_before_bytes: u64,
    /// Bytes of replicas on it after.
    pub(crate) disk_after_bytes: u64,
    /// Bytes of all its log directories' volumes; none if not known.
    pub(crate) disk_bytes: Option<u64>,
    /// Bytes a second it can take in; none if not known.
    pub(crate) bytes_in_per_s: Option<u64>,
    /// Bytes a second it can give out; none if not known.
    pub(crate) bytes_out_per_s: Option<u64>,
}

/// A partition as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlannedPartition {
    /// Its topic.
    pub(crate) topic: String,
    /// Its number.
    pub(crate) partition: i32,
    /// Its leader; none if nobody led.
    pub(crate) leader: Option<i32>,
    /// Those of its replicas that were in sync.
    pub(crate) isr: Vec<i32>,
    /// The topic's min.insync.replicas.
    pub(crate) min_isr: u16,
    /// Bytes a second that producers wrote.
    pub(crate) bytes_in_per_s: u64,
    /// Bytes a second that consumers read.
    pub(crate) bytes_out_per_s: u64,
}

impl Shown for PlanFile {
    const SCHEMA: &'static str = "rebalance-plan/1";

    fn text(&self) -> Option<String> {
        Some(super::screen::text(self, super::screen::MOVES_MAX))
    }

    fn table(&self, wide: bool) -> Table {
        let list = |brokers: &[i32]| brokers.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
        let row = |one: &Move| {
            let mut cells = vec![
                one.topic.clone(),
                one.partition.to_string(),
                list(&one.replicas_from),
                list(&one.replicas_to),
                one.size_bytes.to_string(),
            ];
            let dirs = one.log_dirs.as_ref();
            cells.extend(wide.then(|| dirs.map_or_else(|| "-".to_owned(), |dirs| dirs.join(","))));
            cells
        };
        let mut headers = vec!["TOPIC", "PARTITION", "FROM", "TO", "SIZE"];
        headers.extend(wide.then_some("LOG DIRS"));
        Table {
            headers,
            rows: self.moves.iter().map(row).collect(),
        }
    }
}

impl PlanFile {
    /// Reads a plan that was written, or printed as JSON. What is wrong with it is told with its line.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let text = json_file::read_text(path)?;
        parse(&text).map_err(|(line, why)| CommandError::data(format!("{}: line {line}: {why}", path.display())))
    }

    /// Writes it in place of whatever was there.
    pub(crate) fn write(&self, path: &Path) -> Result<(), CommandError> {
        let text = Output::document(self.cluster_id.as_deref(), self, &[], &[])?;
        replace_file(path, text.as_bytes())
            .map_err(|error| CommandError::io(&format!("writing {}", path.display()), &error))
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    schema: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// A plan whose moves and partitions are still text.
#[derive(Deserialize)]
struct Parts<'a> {
    cluster_id: Option<String>,
    made_at: String,
    request: Asked,
    snapshot: String,
    summary: PlanSummary,
    certificate: Proof,
    #[serde(borrow)]
    moves: Vec<&'a RawValue>,
    brokers: Vec<PlannedBroker>,
    #[serde(borrow)]
    partitions: Vec<&'a RawValue>,
}

fn parse(text: &str) -> Result<PlanFile, Fault> {
    let wanted = format!("kfleet/{}", PlanFile::SCHEMA);
    let document: Document<'_> = part(text, text)?;
    if document.schema != wanted {
        return Err((1, format!("schema is {:?}, not {wanted:?}", document.schema)));
    }
    let parts: Parts<'_> = part(text, document.data.get())?;
    let start = line_of(text, document.data.get());
    if parts.snapshot.len() != 16 || !parts.snapshot.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err((start, format!("snapshot {:?} is not a digest", parts.snapshot)));
    }
    let known: BTreeSet<i32> = parts.brokers.iter().map(|broker| broker.id).collect();
    if parts.partitions.len() != parts.moves.len() {
        let (moves, rows) = (parts.moves.len(), parts.partitions.len());
        let message = format!("moves: {moves}, but partitions that are told of: {rows}");
        return Err((start, message));
    }
    let (mut moves, mut partitions): (Vec<Move>, Vec<PlannedPartition>) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (raw, row) in parts.moves.iter().zip(&parts.partitions) {
        let one: Move = part(text, raw.get())?;
        let before: PlannedPartition = part(text, row.get())?;
        if !seen.insert((one.topic.clone(), one.partition)) {
            return Err((line_of(text, raw.get()), format!("{} is moved twice", one.name())));
        }
        check_move(&one, &known).map_err(|why| (line_of(text, raw.get()), format!("{}: {why}", one.name())))?;
        check_partition(&one, &before).map_err(|why| (line_of(text, row.get()), why))?;
        moves.push(one);
        partitions.push(before);
    }
    let file = PlanFile {
        cluster_id: parts.cluster_id,
        made_at: parts.made_at,
        request: parts.request,
        snapshot: parts.snapshot,
        summary: parts.summary,
        certificate: parts.certificate,
        moves,
        brokers: parts.brokers,
        partitions,
    };
    check_sums(&file).map_err(|why| (start, why))?;
    Ok(file)
}

fn check_move(one: &Move, known: &BTreeSet<i32>) -> Result<(), String> {
    if one.topic.is_empty() || one.partition < 0 {
        return Err("this is no partition's name".to_owned());
    }
    for (what, replicas) in [("replicas_from", &one.replicas_from), ("replicas_to", &one.replicas_to)] {
        let mut seen = BTreeSet::new();
        if replicas.is_empty() {
            return Err(format!("{what} is empty"));
        }
        for broker in replicas {
            if !seen.insert(broker) {
                return Err(format!("{what} has broker {broker} twice"));
            }
            if !known.contains(broker) {
                return Err(format!(
                    "{what} has broker {broker}, which is not among the brokers told of"
                ));
            }
        }
    }
    match &one.log_dirs {
        Some(dirs) if dirs.len() != one.replicas_to.len() => Err(format!(
            "{} log_dirs for {}",
            dirs.len(),
            counted(one.replicas_to.len(), "replica")
        )),
        None if one.replicas_from == one.replicas_to => Err("nothing changes".to_owned()),
        _ => Ok(()),
    }
}

fn check_partition(one: &Move, before: &PlannedPartition) -> Result<(), String> {
    let name = one.name();
    if (&one.topic, one.partition) != (&before.topic, before.partition) {
        return Err(format!("this is {}-{}, not {name}", before.topic, before.partition));
    }
    let replicas = before.isr.iter().chain(&before.leader);
    match replicas.copied().find(|broker| !one.replicas_from.contains(broker)) {
        Some(broker) => Err(format!("{name}: broker {broker} is none of its replicas")),
        None => Ok(()),
    }
}

/// What the summary says has to be what the moves come to.
fn check_sums(file: &PlanFile) -> Result<(), String> {
    let (mut moves, mut bytes) = (0u64, 0u64);
    for one in &file.moves {
        let adding = one.adding().count() as u64;
        let more = adding.checked_mul(one.size_bytes);
        let sum = more.and_then(|more| bytes.checked_add(more));
        bytes = sum.ok_or_else(|| "the moves add up to more bytes than can be counted".to_owned())?;
        moves += adding;
    }
    let told = (file.summary.replica_moves, file.summary.moved_bytes);
    if told != (moves, bytes) {
        let (told_moves, told_bytes) = told;
        return Err(format!(
            "the summary says {} of {}, the moves come to {moves} of {bytes}",
            counted(told_moves, "replica"),
            counted(told_bytes, "byte")
        ));
    }
    Ok(())
}
