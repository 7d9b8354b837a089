//! The metadata quorum's log (KRaft, KIP-595, KIP-853), for a quorum of one.
//!
//! A lone voter elects itself when it starts: it raises the epoch, writes down its vote, and begins the epoch with a
//! LeaderChange record, as every KRaft leader does. The high watermark is what is synced, and it moves only
//! past records of the leader's own epoch.

mod state_files;
mod voters;

use std::path::PathBuf;
use std::sync::Arc;

use broker_log::disk::Disk;
use broker_log::{AppendError, Log, LogConfig, LogContext, LogError, OpenOptions, Origin, Slice};
use bytes::{Bytes, BytesMut};
use protocol::Uuid;
use protocol::files::{QuorumState, SnapshotId, VotedFor, control_batch, names};
use protocol::messages::WireError;
use protocol::messages::control::{KRaftVersionRecord, LeaderChangeMessage, LeaderChangeVoter};
use protocol::messages::framing::ControlType;
use protocol::records::{BatchBuilder, Batches, Compression, NewRecord, RecordError, Records, records_of};

use crate::cx::Now;
use state_files::read_snapshot;
pub use voters::{Voter, VoterSet};

/// Kafka 4.3 reads LeaderChange records in no other version, whatever kraft.version is.
const LEADER_CHANGE_VERSION: i16 = 0;
/// Bytes of committed batches read at a time.
const READ_MAX_BYTES: usize = 1 << 20;
/// Most bytes a batch of the metadata log may unpack to.
const UNPACK_MAX_BYTES: usize = 64 << 20;

/// Why the quorum cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaftError {
    /// The metadata log cannot be read or written; the node has to stop.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A small file could not be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A record of the log makes no sense.
    #[error("the metadata log has an unreadable record: {0}")]
    Record(#[from] RecordError),
    /// A message of the log makes no sense.
    #[error("the metadata log has an unreadable record: {0}")]
    Wire(#[from] WireError),
    /// The voters are not this node alone.
    #[error(
        "node {node_id} cannot serve a quorum of the voters {voters:?}: only a quorum of this node alone is served"
    )]
    NotAlone {
        /// This node.
        node_id: i32,
        /// The voters there are.
        voters: Vec<i32>,
    },
    /// The directory has no voters at all.
    #[error("no voters are known: set controller.quorum.voters, or format the metadata directory with --standalone")]
    NoVoters,
}

/// What a node brings to the quorum.
#[derive(Debug, Clone)]
pub struct RaftConfig {
    /// Its node id.
    pub node_id: i32,
    /// Id of its metadata directory.
    pub directory_id: Uuid,
    /// The metadata directory, which holds `__cluster_metadata-0`.
    pub metadata_dir: PathBuf,
    /// controller.quorum.voters; empty for a dynamic quorum.
    pub static_voters: Vec<Voter>,
    /// Whether the last shutdown was clean.
    pub clean: bool,
}

/// Metadata records that are committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedBatch {
    /// Offset of its first record.
    pub base_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Epoch it was written in.
    pub epoch: i32,
    /// When.
    pub timestamp_ms: i64,
    /// The framed records; none in a control batch.
    pub values: Vec<Bytes>,
}

/// The state of the quorum.
#[derive(Debug)]
pub struct Raft {
    config: RaftConfig,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    log: Log,
    epoch: i32,
    kraft_version: i16,
    voters: VoterSet,
    /// Voters that only the bootstrap snapshot knows; the first leader writes them into the log.
    voters_from_bootstrap: bool,
    leader_since: Option<i64>,
    high_watermark: i64,
    snapshot: Option<SnapshotId>,
}

impl Raft {
    /// Opens the metadata log, and its latest snapshot if there is one.
    pub fn open(context: &LogContext, config: RaftConfig) -> Result<(Self, Option<Vec<CommittedBatch>>), RaftError> {
        let disk = Arc::clone(context.files.disk());
        let dir = config.metadata_dir.join(names::METADATA_LOG);
        let log_config = LogConfig {
            retention_ms: None,
            message_max_bytes: 8 << 20,
            ..LogConfig::default()
        };
        let options = OpenOptions {
            clean: config.clean,
            ..OpenOptions::default()
        };
        let (mut log, report) = Log::open(context, &dir, Arc::new(log_config), options)?;
        if let Some(cut) = &report.truncated {
            tracing::warn!(
                path = %cut.path.display(), position = cut.position, cut_bytes = cut.cut_bytes, reason = cut.reason,
                "cut the end of the metadata log, which was not whole"
            );
        }
        if !report.rebuilt.is_empty() {
            let segments = report.rebuilt.len();
            tracing::info!(
                segments,
                "checked segments of the metadata log and rebuilt their indexes"
            );
        }
        state_files::ensure_partition_metadata(disk.as_ref(), &dir)?;
        let snapshot = state_files::latest_snapshot(disk.as_ref(), &dir)?;
        let state = state_files::read_quorum_state(disk.as_ref(), &dir)?;
        let mut raft = Self {
            voters: VoterSet::new(config.static_voters.clone()),
            kraft_version: i16::from(config.static_voters.is_empty()),
            epoch: state
                .map_or(0, |state| state.leader_epoch)
                .max(log.epochs().latest().unwrap_or(0)),
            config,
            disk,
            dir,
            voters_from_bootstrap: false,
            leader_since: None,
            high_watermark: 0,
            snapshot,
            log: {
                if let Some(id) = snapshot.filter(|id| id.end_offset > log.log_end_offset()) {
                    log.truncate_fully_and_start_at(id.end_offset)?;
                }
                log
            },
        };
        let loaded = raft.load_snapshot()?;
        raft.read_voters()?;
        Ok((raft, loaded))
    }

    fn load_snapshot(&mut self) -> Result<Option<Vec<CommittedBatch>>, RaftError> {
        let Some(id) = self.snapshot else { return Ok(None) };
        let bytes = read_snapshot(self.disk.as_ref(), &self.dir, id)?;
        let mut batches = Vec::new();
        for (header, batch) in checked(&bytes)? {
            if header.is_control() {
                self.apply_control(&header, batch)?;
                continue;
            }
            batches.push(committed(&header, batch)?);
        }
        self.voters_from_bootstrap = id.end_offset == 0;
        self.high_watermark = self.high_watermark.max(id.end_offset);
        Ok(Some(batches))
    }

    /// Control records count as soon as they are in the log, committed or not (KIP-853).
    fn read_voters(&mut self) -> Result<(), RaftError> {
        let mut offset = self
            .log
            .log_start_offset()
            .max(self.snapshot.map_or(0, |id| id.end_offset));
        while offset < self.log.log_end_offset() {
            let bytes = self.read_log(offset, self.log.log_end_offset())?;
            for (header, batch) in checked(&bytes)? {
                if header.is_control() {
                    self.apply_control(&header, batch)?;
                }
                offset = offset.max(header.next_offset());
            }
        }
        Ok(())
    }

    fn apply_control(&mut self, header: &protocol::records::BatchHeader, batch: &[u8]) -> Result<(), RaftError> {
        let unpacked = records_of(header, batch, UNPACK_MAX_BYTES)?;
        for record in Records::new(*header, &unpacked) {
            let record = record?;
            let (Some(key), Some(value)) = (record.key, record.value) else {
                continue;
            };
            match ControlType::decode(key)? {
                ControlType::KRaftVersion => self.kraft_version = KRaftVersionRecord::decode(value, 0)?.kraft_version,
                ControlType::KRaftVoters => {
                    self.voters = VoterSet::decode(value)?;
                    self.voters_from_bootstrap = false;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read_log(&self, offset: i64, end_offset: i64) -> Result<Bytes, RaftError> {
        let mut out = BytesMut::new();
        for slice in self.log.read(offset, end_offset, READ_MAX_BYTES, true)? {
            match slice {
                Slice::Bytes(bytes) => out.extend_from_slice(&bytes),
                Slice::File {
                    file,
                    position,
                    size_bytes,
                } => {
                    let mut range = vec![0; size_bytes];
                    let read = file.read_at(&mut range, position).map_err(|error| RaftError::File {
                        path: self.dir.clone(),
                        reason: error.to_string(),
                    })?;
                    range.truncate(read);
                    out.extend_from_slice(&range);
                }
            }
        }
        Ok(out.freeze())
    }

    /// Becomes the leader of the next epoch, which a lone voter may without asking anybody.
    pub fn elect(&mut self, now: Now) -> Result<(), RaftError> {
        let node_id = self.config.node_id;
        if self.voters.is_empty() {
            return Err(RaftError::NoVoters);
        }
        if !self.voters.is_only(node_id) {
            return Err(RaftError::NotAlone {
                node_id,
                voters: self.voters.ids().collect(),
            });
        }
        self.epoch += 1;
        let voted = VotedFor {
            id: node_id,
            directory_id: self.config.directory_id,
        };
        self.store_state(None, Some(voted))?;
        self.store_state(Some(node_id), None)?;
        let start = self.log.log_end_offset();
        let voter = LeaderChangeVoter {
            voter_id: node_id,
            ..Default::default()
        };
        let message = LeaderChangeMessage {
            version: LEADER_CHANGE_VERSION,
            leader_id: node_id,
            voters: vec![voter.clone()],
            granting_voters: vec![voter],
            ..Default::default()
        };
        let mut value = Vec::new();
        message.encode(LEADER_CHANGE_VERSION, &mut value)?;
        let mut records = vec![(ControlType::LeaderChange, value)];
        if self.voters_from_bootstrap && self.kraft_version > 0 {
            let version = KRaftVersionRecord {
                kraft_version: self.kraft_version,
                ..Default::default()
            };
            let mut value = Vec::new();
            version.encode(0, &mut value)?;
            records.push((ControlType::KRaftVersion, value));
            records.push((ControlType::KRaftVoters, self.voters.encode()?));
            self.voters_from_bootstrap = false;
        }
        let batch = control_batch(start, self.epoch, now.wall_ms, &records).map_err(|e| self.failed(&e))?;
        self.log
            .append_as_leader(&batch.into(), self.epoch, Origin::Coordinator, now.wall_ms)?;
        self.leader_since = Some(start);
        self.sync()?;
        Ok(())
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> RaftError {
        RaftError::File {
            path: self.dir.clone(),
            reason: error.to_string(),
        }
    }

    fn store_state(&self, leader_id: Option<i32>, voted: Option<VotedFor>) -> Result<(), RaftError> {
        let current_voters = self.voters.ids().collect();
        let state = QuorumState {
            leader_id,
            leader_epoch: self.epoch,
            voted,
            current_voters,
        };
        state_files::write_quorum_state(self.disk.as_ref(), &self.dir, &state, self.kraft_version)
    }

    /// Appends records as one batch; the offset of the last. They count once [`Raft::sync`] is through.
    pub fn propose(&mut self, values: &[Vec<u8>], now: Now) -> Result<i64, RaftError> {
        let mut batch = BatchBuilder::new(self.log.log_end_offset(), Compression::None).leader_epoch(self.epoch);
        for value in values {
            batch.push(&NewRecord {
                timestamp: now.wall_ms,
                value: Some(value),
                ..NewRecord::default()
            });
        }
        let batch = batch.build().map_err(|error| self.failed(&error))?;
        let appended = self
            .log
            .append_as_leader(&batch.into(), self.epoch, Origin::Coordinator, now.wall_ms)?;
        Ok(appended.last_offset)
    }

    /// Syncs the log; the new high watermark.
    pub fn sync(&mut self) -> Result<i64, RaftError> {
        self.log.flush()?;
        let synced = self.log.recovery_point();
        if self.leader_since.is_some_and(|start| synced > start) {
            self.high_watermark = synced;
            self.log.set_high_watermark(synced);
        }
        Ok(self.high_watermark)
    }

    /// Committed batches from `offset` on, some at a time; nothing at the high watermark.
    pub fn read_committed(&self, offset: i64) -> Result<Vec<CommittedBatch>, RaftError> {
        let from = offset.max(self.log.log_start_offset());
        if from >= self.high_watermark {
            return Ok(Vec::new());
        }
        let bytes = self.read_log(from, self.high_watermark)?;
        checked(&bytes)?
            .into_iter()
            .map(|(header, batch)| committed(&header, batch))
            .collect()
    }

    /// This node's id.
    pub fn node_id(&self) -> i32 {
        self.config.node_id
    }

    /// The current epoch.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Everything below it is committed.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// The offset the next record gets.
    pub fn log_end_offset(&self) -> i64 {
        self.log.log_end_offset()
    }

    /// The voters.
    pub fn voters(&self) -> &VoterSet {
        &self.voters
    }

    /// kraft.version.
    pub fn kraft_version(&self) -> i16 {
        self.kraft_version
    }

    /// Id of the metadata directory.
    pub fn directory_id(&self) -> Uuid {
        self.config.directory_id
    }

    /// Where the metadata log's snapshot ends.
    pub fn snapshot(&self) -> Option<SnapshotId> {
        self.snapshot
    }

    /// Writes down what a clean start reads.
    pub fn close(&mut self) -> Result<(), RaftError> {
        Ok(self.log.close()?)
    }
}

type Found<'a> = Vec<(protocol::records::BatchHeader, &'a [u8])>;

/// The whole batches at the front of some bytes, each with its checksum verified.
fn checked(bytes: &[u8]) -> Result<Found<'_>, RaftError> {
    let mut found = Vec::new();
    for batch in Batches::new(bytes) {
        let (_, batch) = batch.map_err(RecordError::from)?;
        let header = protocol::records::BatchHeader::parse_checked(batch).map_err(RecordError::from)?;
        found.push((header, batch));
    }
    Ok(found)
}

fn committed(header: &protocol::records::BatchHeader, batch: &[u8]) -> Result<CommittedBatch, RaftError> {
    let mut values = Vec::new();
    if !header.is_control() {
        let unpacked = records_of(header, batch, UNPACK_MAX_BYTES)?;
        for record in Records::new(*header, &unpacked) {
            values.push(Bytes::copy_from_slice(record?.value.unwrap_or_default()));
        }
    }
    Ok(CommittedBatch {
        base_offset: header.base_offset,
        last_offset: header.last_offset(),
        epoch: header.leader_epoch,
        timestamp_ms: header.max_timestamp,
        values,
    })
}

#[cfg(test)]
mod tests;
