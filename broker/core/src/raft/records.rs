//! Records of the metadata log: proposed by a leader, committed, and summed up in snapshots.

use bytes::Bytes;
use protocol::files::SnapshotId;
use protocol::messages::control::KRaftVersionRecord;
use protocol::messages::framing::ControlType;
use protocol::records::{BatchBuilder, BatchHeader, Compression, NewRecord, Records, records_of};

use super::metadata_log::checked;
use super::role::Role;
use super::voters::VoterSet;
use super::{Raft, RaftError, Retention};
use crate::cx::Now;

/// Most bytes a batch of the metadata log may unpack to.
pub(super) const UNPACK_MAX_BYTES: usize = 64 << 20;

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
    /// Bytes of the batch.
    pub size_bytes: usize,
    /// The framed records; none in a control batch.
    pub values: Vec<Bytes>,
}

impl Raft {
    /// Appends records as one batch; the offset of the last. They count once [`Raft::sync`] is through.
    pub fn propose(&mut self, values: &[Vec<u8>], now: Now) -> Result<i64, RaftError> {
        if !matches!(self.role, Role::Leader(_)) {
            return Err(RaftError::NotLeader {
                node_id: self.config.node_id,
                epoch: self.epoch,
            });
        }
        let mut batch = BatchBuilder::new(self.log.end_offset(), Compression::None).leader_epoch(self.epoch);
        for value in values {
            batch.push(&NewRecord {
                timestamp: now.wall_ms,
                value: Some(value),
                ..NewRecord::default()
            });
        }
        let batch = batch.build().map_err(|error| self.log.failed(&error))?;
        self.log.append_as_leader(&batch.into(), self.epoch, now.wall_ms)
    }

    /// Syncs the log; the new high watermark.
    pub fn sync(&mut self) -> Result<i64, RaftError> {
        let synced = self.log.flush()?;
        self.on_synced(synced);
        Ok(self.high_watermark)
    }

    /// Makes the log durable; what [`Event::Synced`] is to say.
    pub fn flush(&mut self) -> Result<i64, RaftError> {
        self.log.flush()
    }

    /// Keeps a snapshot of everything below its end, which must be committed. The log stays as it is until
    /// [`Raft::clean`].
    pub fn snapshot_taken(&mut self, id: SnapshotId, bytes: &[u8]) -> Result<(), RaftError> {
        let is_news = self.log.latest_snapshot().is_none_or(|latest| latest < id);
        if id.end_offset > self.high_watermark || !is_news {
            return Ok(());
        }
        self.log.store_snapshot(id, bytes)
    }

    /// Lets the log start at a later snapshot, as the retention says; whether it does.
    pub fn clean(&mut self, retention: &Retention, now: Now) -> Result<bool, RaftError> {
        self.log.clean(retention, now.wall_ms)
    }

    /// What stands in a snapshot of everything below an offset besides metadata: from kraft.version 1 on that version and
    /// the voters, as the log has them there.
    pub fn control_records(&self, end_offset: i64) -> Result<Vec<(ControlType, Vec<u8>)>, RaftError> {
        let kraft_version = self.kraft_versions.at(end_offset - 1).copied().unwrap_or_default();
        match self.voters.at(end_offset - 1).filter(|_| kraft_version > 0) {
            Some(voters) => voter_records(kraft_version, voters),
            None => Ok(Vec::new()),
        }
    }

    /// Id of a snapshot of everything below an offset, which must be where a batch ends.
    pub fn snapshot_id(&self, end_offset: i64) -> Option<SnapshotId> {
        let epoch = self.log.epoch_before(end_offset)?;
        Some(SnapshotId { end_offset, epoch })
    }

    /// Committed batches from `offset` on, some at a time; nothing at the high watermark.
    pub fn read_committed(&self, offset: i64) -> Result<Vec<CommittedBatch>, RaftError> {
        let from = offset.max(self.log.start_offset());
        if from >= self.high_watermark {
            return Ok(Vec::new());
        }
        let bytes = self.log.read(from, self.high_watermark)?;
        checked(&bytes)?
            .into_iter()
            .map(|(header, batch)| committed(&header, batch))
            .collect()
    }

    /// The records of the latest snapshot; none without one.
    pub fn read_snapshot(&mut self) -> Result<Vec<CommittedBatch>, RaftError> {
        Ok(self.load_snapshot()?.unwrap_or_default())
    }

    /// Writes down what a clean start reads.
    pub fn close(&mut self) -> Result<(), RaftError> {
        self.log.close()
    }
}

/// The records that say who votes from kraft.version 1 on.
pub(super) fn voter_records(kraft_version: i16, voters: &VoterSet) -> Result<Vec<(ControlType, Vec<u8>)>, RaftError> {
    let version = KRaftVersionRecord {
        kraft_version,
        ..Default::default()
    };
    let mut value = Vec::new();
    version.encode(0, &mut value)?;
    Ok(vec![
        (ControlType::KRaftVersion, value),
        (ControlType::KRaftVoters, voters.encode()?),
    ])
}

pub(super) fn committed(header: &BatchHeader, batch: &[u8]) -> Result<CommittedBatch, RaftError> {
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
        size_bytes: header.size_bytes(),
        values,
    })
}
