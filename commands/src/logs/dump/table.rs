//! A dump as columns and rows.

use jiff::Timestamp;

use super::content::Content;
use super::element::{Batch, DumpElement, Element, Record};
use crate::stream::{CellLine, Column, Streamed};

const BATCH: [Column; 9] = [
    ("POSITION", 10),
    ("SIZE", 8),
    ("FIRST", 10),
    ("LAST", 10),
    ("COUNT", 5),
    ("EPOCH", 5),
    ("CODEC", 6),
    ("TIME", 24),
    ("MARKS", 0),
];
const BATCH_WIDE: [Column; 15] = [
    ("POSITION", 10),
    ("SIZE", 8),
    ("FIRST", 10),
    ("LAST", 10),
    ("COUNT", 5),
    ("EPOCH", 5),
    ("CODEC", 6),
    ("BASE-TIME", 24),
    ("MAX-TIME", 24),
    ("PRODUCER", 8),
    ("PRODUCER-EPOCH", 14),
    ("FIRST-SEQUENCE", 14),
    ("LAST-SEQUENCE", 13),
    ("CRC", 10),
    ("MARKS", 0),
];
const RECORD: [Column; 6] = [
    ("", 1),
    ("OFFSET", 8),
    ("TIME", 24),
    ("KEY", 12),
    ("VALUE", 12),
    ("HEADERS", 0),
];
const CONTENT: [Column; 3] = [("KEY", 12), ("VALUE", 12), ("HEADERS", 0)];
const PRODUCER: [Column; 8] = [
    ("PRODUCER", 8),
    ("EPOCH", 5),
    ("LAST-SEQUENCE", 13),
    ("LAST-OFFSET", 11),
    ("OFFSET-DELTA", 12),
    ("TIME", 24),
    ("COORDINATOR-EPOCH", 17),
    ("TRANSACTION-START", 0),
];
const ABORTED: [Column; 5] = [
    ("POSITION", 10),
    ("PRODUCER", 8),
    ("FIRST", 10),
    ("LAST", 10),
    ("LAST-STABLE", 0),
];

impl Streamed for DumpElement<'_> {
    const SCHEMA: &'static str = "logs-dump/1";

    fn columns(&self, wide: bool) -> &'static [Column] {
        match &self.element {
            Element::Batch(_) if wide => &BATCH_WIDE,
            Element::Batch(_) => &BATCH,
            Element::Record(record) if record.skips_metadata => &CONTENT,
            Element::Record(_) => &RECORD,
            Element::OffsetIndexEntry { .. } => &[("POSITION", 10), ("OFFSET", 10), ("BATCH-POSITION", 0)],
            Element::TimeIndexEntry { .. } => &[("POSITION", 10), ("TIME", 24), ("OFFSET", 0)],
            Element::AbortedTransaction { .. } => &ABORTED,
            Element::Producer { .. } => &PRODUCER,
            Element::PartitionOffset { .. } => &[("TOPIC", 24), ("PARTITION", 9), ("OFFSET", 0)],
            Element::LeaderEpoch { .. } => &[("EPOCH", 10), ("START", 0)],
            Element::QuorumState { .. } => &[("LEADER", 6), ("EPOCH", 10), ("VOTED-FOR", 32), ("VOTERS", 0)],
            Element::PartitionMetadata { .. } => &[("TOPIC-ID", 0)],
            Element::MetaProperties { .. } => &[("CLUSTER", 24), ("NODE", 6), ("DIRECTORY", 0)],
            Element::CleanShutdown { .. } => &[("BROKER-EPOCH", 0)],
            Element::Unused { .. } | Element::Fault { .. } => &[],
        }
    }

    fn write(&self, wide: bool, line: &mut CellLine) {
        match &self.element {
            Element::Batch(batch) => batch.write(wide, line),
            Element::Record(record) => record.write(line),
            _ => self.cells(wide).into_iter().for_each(|cell| line.cell(cell)),
        }
    }

    fn cells(&self, _: bool) -> Vec<String> {
        match &self.element {
            Element::OffsetIndexEntry {
                position,
                offset,
                batch_position,
            } => vec![position.to_string(), offset.to_string(), batch_position.to_string()],
            Element::TimeIndexEntry {
                position,
                timestamp,
                offset,
            } => vec![position.to_string(), time(*timestamp), offset.to_string()],
            Element::AbortedTransaction {
                position,
                producer_id,
                first_offset,
                last_offset,
                last_stable_offset,
            } => {
                let fields = [producer_id, first_offset, last_offset, last_stable_offset];
                let fields = fields.into_iter().map(ToString::to_string);
                std::iter::once(position.to_string()).chain(fields).collect()
            }
            Element::Unused { position, size_bytes } => {
                vec![format!("unused: {size_bytes} zero bytes from position {position} on")]
            }
            Element::Fault { position, message, .. } => {
                let place = position.map_or(String::new(), |position| format!(" at position {position}"));
                vec![format!("FAULT in {}{place}: {message}", self.file)]
            }
            small => small.small_cells(),
        }
    }
}

impl Element<'_> {
    /// Cells of what comes from small files.
    fn small_cells(&self) -> Vec<String> {
        match self {
            Self::Producer {
                producer_id,
                producer_epoch,
                last_sequence,
                last_offset,
                offset_delta,
                timestamp,
                coordinator_epoch,
                current_txn_first_offset,
            } => vec![
                producer_id.to_string(),
                producer_epoch.to_string(),
                last_sequence.to_string(),
                last_offset.to_string(),
                offset_delta.to_string(),
                time(*timestamp),
                coordinator_epoch.to_string(),
                or_dash(current_txn_first_offset.as_ref()),
            ],
            Self::PartitionOffset {
                topic,
                partition,
                offset,
            } => vec![topic.clone(), partition.to_string(), offset.to_string()],
            Self::LeaderEpoch { epoch, start_offset } => vec![epoch.to_string(), start_offset.to_string()],
            Self::QuorumState {
                leader_id,
                leader_epoch,
                voted_id,
                voted_directory_id,
                current_voters,
            } => {
                let directory = voted_directory_id.as_ref().map_or(String::new(), |id| format!("@{id}"));
                let voters: Vec<String> = current_voters.iter().map(ToString::to_string).collect();
                let voters = Some(voters.join(",")).filter(|voters| !voters.is_empty());
                vec![
                    or_dash(leader_id.as_ref()),
                    leader_epoch.to_string(),
                    format!("{}{directory}", or_dash(voted_id.as_ref())),
                    or_dash(voters.as_ref()),
                ]
            }
            Self::PartitionMetadata { topic_id } => vec![topic_id.clone()],
            Self::MetaProperties {
                cluster_id,
                node_id,
                directory_id,
            } => vec![
                or_dash(cluster_id.as_ref()),
                or_dash(node_id.as_ref()),
                or_dash(directory_id.as_ref()),
            ],
            Self::CleanShutdown { broker_epoch } => vec![or_dash(broker_epoch.as_ref())],
            _ => Vec::new(),
        }
    }
}

impl Batch {
    fn write(&self, wide: bool, line: &mut CellLine) {
        line.number(self.position.cast_signed());
        line.number(self.size_bytes as i64);
        line.number(self.base_offset);
        line.number(self.last_offset);
        line.number(self.count.into());
        line.number(self.partition_leader_epoch.into());
        line.cell(self.codec);
        if wide {
            line.time(if self.delete_horizon_ms.is_some() {
                -1
            } else {
                self.base_timestamp
            });
            line.time(self.max_timestamp);
            line.number(self.producer_id);
            line.number(self.producer_epoch.into());
            line.number(self.base_sequence.into());
            line.number(self.last_sequence.into());
            line.cell(format_args!("{:#010x}", self.crc));
        } else {
            line.time(self.max_timestamp);
        }
        line.cell(self.marks());
    }

    /// What sets it apart from an ordinary batch.
    fn marks(&self) -> String {
        let mut marks = Vec::new();
        for (set, mark) in [
            (self.is_control, "control"),
            (self.is_transactional, "transactional"),
            (self.timestamp_type == "LogAppendTime", "append-time"),
            (!self.is_valid, "BAD-CHECKSUM"),
        ] {
            marks.extend(set.then(|| mark.to_owned()));
        }
        marks.extend(
            self.delete_horizon_ms
                .map(|horizon_ms| format!("kept-until={}", time(horizon_ms))),
        );
        marks.extend(
            self.records_left_out
                .as_ref()
                .map(|why| format!("records left out: {why}")),
        );
        or_dash(Some(marks.join(",")).filter(|marks| !marks.is_empty()).as_ref())
    }
}

impl Record<'_> {
    fn write(&self, line: &mut CellLine) {
        if !self.skips_metadata {
            line.cell("|");
            line.number(self.offset);
            line.time(self.timestamp);
        }
        for content in [&self.key, &self.value] {
            match content {
                None => line.cell("-"),
                Some(Content::Text(text)) => line.cell(text),
                Some(content) => line.cell(content),
            }
        }
        if !self.headers.is_empty() || self.undecoded.is_some() {
            line.cell(self.last_cell());
        }
    }

    /// Headers, and why it is not shown as what it is.
    fn last_cell(&self) -> String {
        let headers: Vec<String> = self
            .headers
            .iter()
            .map(|header| format!("{}={}", header.key, or_dash(header.value.as_ref())))
            .collect();
        let mut last = headers.join(" ");
        if let Some(why) = &self.undecoded {
            last.push_str(&format!(" (not decoded: {why})"));
        }
        last
    }
}

fn or_dash(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), ToString::to_string)
}

/// A timestamp for people.
fn time(timestamp_ms: i64) -> String {
    if timestamp_ms < 0 {
        return "-".to_owned();
    }
    Timestamp::from_millisecond(timestamp_ms).map_or_else(|_| timestamp_ms.to_string(), |time| format!("{time:.3}"))
}
