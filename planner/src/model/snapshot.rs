//! Snapshots as JSON (`kfleet/snapshot/1`): one record a line when we write them, any layout when we read them.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{BrokerState, Capacity, Cluster, ClusterBuilder, LogDir, ModelError, NewBroker, NewPartition};

/// The name and version of the format.
pub const SCHEMA: &str = "kfleet/snapshot/1";

/// Why a text is no snapshot.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct SnapshotError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

#[derive(Deserialize)]
struct Document<'a> {
    schema: String,
    #[serde(default)]
    cluster_id: Option<String>,
    #[serde(borrow)]
    brokers: Vec<&'a RawValue>,
    #[serde(borrow)]
    partitions: Vec<&'a RawValue>,
}

#[derive(Serialize, Deserialize)]
struct BrokerRecord {
    id: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rack: Option<String>,
    #[serde(default)]
    state: BrokerState,
    #[serde(default)]
    capacity: Capacity,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    log_dirs: Vec<LogDir>,
}

#[derive(Serialize, Deserialize)]
struct PartitionRecord {
    topic: String,
    partition: i32,
    replicas: Vec<i32>,
    /// All replicas, unless it says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    isr: Option<Vec<i32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leader: Option<i32>,
    #[serde(default)]
    size_bytes: u64,
    #[serde(default)]
    bytes_in_per_s: u64,
    #[serde(default)]
    bytes_out_per_s: u64,
    #[serde(default = "one")]
    min_isr: u16,
}

fn one() -> u16 {
    1
}

/// Where the records of a text are. Records come in the order they stand in, so lines are counted once.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line of a piece of the text.
    fn of(&mut self, piece: &str) -> usize {
        let offset = (piece.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        let between = self.text.as_bytes().get(self.offset..offset).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.offset = offset.min(self.text.len());
        self.line
    }
}

fn json_error(line: usize, error: &serde_json::Error) -> SnapshotError {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    SnapshotError {
        line: line + error.line().max(1) - 1,
        reason: reason.to_owned(),
    }
}

fn model_error(line: usize, error: &ModelError) -> SnapshotError {
    SnapshotError {
        line,
        reason: error.to_string(),
    }
}

/// The cluster that a snapshot tells of.
pub fn read_snapshot(text: &str) -> Result<Cluster, SnapshotError> {
    let document: Document<'_> = serde_json::from_str(text).map_err(|error| json_error(1, &error))?;
    if document.schema != SCHEMA {
        let reason = format!("schema is {:?}, not {SCHEMA:?}", document.schema);
        return Err(SnapshotError { line: 1, reason });
    }
    let mut lines = Lines {
        text,
        offset: 0,
        line: 1,
    };
    let mut builder = ClusterBuilder::new(document.cluster_id);
    for raw in document.brokers {
        let line = lines.of(raw.get());
        let record: BrokerRecord = serde_json::from_str(raw.get()).map_err(|error| json_error(line, &error))?;
        let BrokerRecord {
            id,
            rack,
            state,
            capacity,
            log_dirs,
        } = record;
        let broker = NewBroker {
            id,
            rack,
            state,
            capacity,
            log_dirs,
        };
        builder.broker(broker).map_err(|error| model_error(line, &error))?;
    }
    // Kept to name the line of one that is there twice, which shows only when all are sorted.
    let partitions = document.partitions;
    for raw in &partitions {
        let line = lines.of(raw.get());
        let record: PartitionRecord = serde_json::from_str(raw.get()).map_err(|error| json_error(line, &error))?;
        builder
            .partition(&record.as_new())
            .map_err(|error| model_error(line, &error))?;
    }
    builder.build().map_err(|error| {
        let line = line_of_second(&partitions, &error, &mut lines).unwrap_or(1);
        model_error(line, &error)
    })
}

fn line_of_second(partitions: &[&RawValue], error: &ModelError, lines: &mut Lines<'_>) -> Option<usize> {
    let ModelError::PartitionTwice(name) = error else {
        return None;
    };
    let named = |raw: &&&RawValue| {
        let record: Option<PartitionRecord> = serde_json::from_str(raw.get()).ok();
        record.is_some_and(|record| format!("{}-{}", record.topic, record.partition) == *name)
    };
    let second = partitions.iter().filter(named).nth(1)?;
    Some(lines.of(second.get()))
}

impl PartitionRecord {
    fn as_new(&self) -> NewPartition<'_> {
        NewPartition {
            topic: &self.topic,
            number: self.partition,
            replicas: &self.replicas,
            in_sync: self.isr.as_deref(),
            // -1 is Kafka's way to say that nobody leads.
            leader: self.leader.filter(|leader| *leader >= 0),
            size_bytes: self.size_bytes,
            bytes_in: self.bytes_in_per_s,
            bytes_out: self.bytes_out_per_s,
            min_isr: self.min_isr,
        }
    }
}

/// A snapshot of a cluster, one record a line.
pub fn write_snapshot(cluster: &Cluster) -> Result<String, serde_json::Error> {
    let mut text = format!("{{\"schema\":\"{SCHEMA}\",");
    if let Some(id) = cluster.cluster_id() {
        let _ = write!(text, "\"cluster_id\":{},", serde_json::to_string(id)?);
    }
    text.push_str("\"brokers\":[");
    for (at, broker) in cluster.brokers().iter() {
        let record = BrokerRecord {
            id: broker.id,
            rack: broker.rack.map(|rack| cluster.racks()[rack].clone()),
            state: broker.state,
            capacity: broker.capacity,
            log_dirs: broker.log_dirs.clone(),
        };
        line(&mut text, at == first(), &serde_json::to_string(&record)?);
    }
    text.push_str("\n],\"partitions\":[");
    for (at, partition) in cluster.partitions().iter() {
        let in_sync: Vec<_> = cluster.in_sync(at).collect();
        let all = in_sync.len() == partition.replication_factor();
        let record = PartitionRecord {
            topic: cluster.topics()[partition.topic].name.clone(),
            partition: partition.number,
            replicas: cluster.ids(cluster.replicas(at)),
            isr: (!all).then(|| cluster.ids(&in_sync)),
            leader: cluster.leader(at).map(|leader| cluster.brokers()[leader].id),
            size_bytes: partition.size_bytes as u64,
            bytes_in_per_s: partition.bytes_in as u64,
            bytes_out_per_s: partition.bytes_out as u64,
            min_isr: partition.min_isr,
        };
        line(&mut text, at == first(), &serde_json::to_string(&record)?);
    }
    text.push_str("\n]}\n");
    Ok(text)
}

fn first<K: crate::dense::Key>() -> K {
    K::from_index(0)
}

fn line(text: &mut String, is_first: bool, record: &str) {
    text.push_str(if is_first { "\n" } else { ",\n" });
    text.push_str(record);
}
