//! Files that are small enough to be read whole.

use std::path::Path;

use broker_log::LogError;
use broker_log::disk::{Disk as _, RealDisk};
use protocol::files::{
    FileError, MetaProperties, QuorumState, parse_checkpoint, parse_clean_shutdown, parse_leader_epochs,
    parse_partition_metadata, parse_producer_snapshot,
};

use super::element::Element;
use super::file_kind::FileKind;
use super::{Dump, Sink, Stop};

/// Most bytes of a small file: a checkpoint of some million partitions.
const MAX_BYTES: u64 = 256 << 20;

impl<S: Sink> Dump<'_, S> {
    /// A file that is no segment and no index.
    pub(super) fn small_file(&mut self, path: &Path, kind: FileKind) -> Result<(), Stop> {
        let bytes = RealDisk.read(path, MAX_BYTES).map_err(|source| LogError::Io {
            action: "reading",
            path: path.to_owned(),
            source,
        })?;
        match elements(kind, &bytes) {
            Ok(elements) => elements.into_iter().try_for_each(|element| self.push(element)),
            Err(error) => self.fault(None, &error),
        }
    }
}

fn elements(kind: FileKind, bytes: &[u8]) -> Result<Vec<Element<'static>>, FileError> {
    let text = String::from_utf8_lossy(bytes);
    Ok(match kind {
        FileKind::Producers => producers(bytes)?,
        FileKind::Offsets => {
            let entries = parse_checkpoint(&text)?.into_iter();
            let shown = entries.map(|entry| Element::PartitionOffset {
                topic: entry.topic,
                partition: entry.partition,
                offset: entry.offset,
            });
            shown.collect()
        }
        FileKind::LeaderEpochs => {
            let entries = parse_leader_epochs(&text)?.into_iter();
            let shown = entries.map(|entry| Element::LeaderEpoch {
                epoch: entry.epoch,
                start_offset: entry.start_offset,
            });
            shown.collect()
        }
        FileKind::QuorumState => vec![quorum_state(&text)?],
        FileKind::PartitionMetadata => vec![Element::PartitionMetadata {
            topic_id: parse_partition_metadata(&text)?.to_string(),
        }],
        FileKind::MetaProperties => {
            let meta = MetaProperties::parse(bytes)?;
            vec![Element::MetaProperties {
                cluster_id: meta.cluster_id,
                node_id: meta.node_id,
                directory_id: meta.directory_id.map(|id| id.to_string()),
            }]
        }
        FileKind::CleanShutdown => vec![Element::CleanShutdown {
            broker_epoch: parse_clean_shutdown(&text),
        }],
        FileKind::Segment | FileKind::Snapshot | FileKind::OffsetIndex | FileKind::TimeIndex | FileKind::TxnIndex => {
            Vec::new()
        }
    })
}

fn producers(bytes: &[u8]) -> Result<Vec<Element<'static>>, FileError> {
    let entries = parse_producer_snapshot(bytes)?.into_iter();
    let shown = entries.map(|entry| Element::Producer {
        producer_id: entry.producer_id,
        producer_epoch: entry.producer_epoch,
        last_sequence: entry.last_sequence,
        last_offset: entry.last_offset,
        offset_delta: entry.offset_delta,
        timestamp: entry.timestamp,
        coordinator_epoch: entry.coordinator_epoch,
        current_txn_first_offset: entry.current_txn_first_offset,
    });
    Ok(shown.collect())
}

fn quorum_state(text: &str) -> Result<Element<'static>, FileError> {
    let state = QuorumState::parse(text)?;
    Ok(Element::QuorumState {
        leader_id: state.leader_id,
        leader_epoch: state.leader_epoch,
        voted_id: state.voted.map(|voted| voted.id),
        voted_directory_id: state.voted.map(|voted| voted.directory_id.to_string()),
        current_voters: state.current_voters,
    })
}
