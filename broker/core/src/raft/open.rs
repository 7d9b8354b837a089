//! A member of the quorum from its files: the epoch and the vote it is bound to, the log, and what the log says of voters.

use std::time::Duration;

use broker_log::LogContext;
use protocol::messages::control::KRaftVersionRecord;
use protocol::messages::framing::ControlType;
use protocol::records::{BatchHeader, Records, records_of};

use super::message::ReplicaKey;
use super::metadata_log::{MetadataLog, checked};
use super::presence::Presence;
use super::records::{CommittedBatch, UNPACK_MAX_BYTES, committed};
use super::requests::Requests;
use super::role::Role;
use super::snapshots::last_timestamp;
use super::voters::{History, VoterHistory, VoterSet};
use super::{Raft, RaftConfig, RaftError, state_files};

impl Raft {
    /// Opens the metadata log, and its latest snapshot if there is one.
    pub fn open(context: &LogContext, config: RaftConfig) -> Result<(Self, Option<Vec<CommittedBatch>>), RaftError> {
        let log = MetadataLog::open(context, &config.metadata_dir, config.clean)?;
        let state = state_files::read_quorum_state(log.disk(), log.dir())?.unwrap_or_default();
        let (node_id, own) = (
            config.node_id,
            ReplicaKey {
                id: config.node_id,
                directory_id: config.directory_id,
            },
        );
        let voted = state.voted.map(|voted| ReplicaKey {
            id: voted.id,
            directory_id: voted.directory_id,
        });
        let mut raft = Self {
            voters: VoterHistory::new(VoterSet::new(config.static_voters.clone())),
            kraft_versions: History::new(0),
            presence: Presence::default(),
            epoch: state.leader_epoch,
            // Who led an epoch voted for itself in it.
            voted: voted.or((state.leader_id == Some(node_id)).then_some(own)),
            leader_id: state.leader_id.filter(|id| *id != node_id),
            leader_endpoints: Vec::new(),
            role: Role::Unattached {
                election_at: Duration::ZERO,
            },
            high_watermark: 0,
            established: None,
            requests: Requests::default(),
            parked: Vec::new(),
            notices: Vec::new(),
            truncations: 0,
            snapshot_loads: 0,
            config,
            log,
        };
        if raft.log.last_epoch() > raft.epoch {
            raft.epoch = raft.log.last_epoch();
            raft.voted = None;
            raft.leader_id = None;
        }
        let loaded = raft.load_snapshot()?;
        let from = raft
            .log
            .start_offset()
            .max(raft.snapshot().map_or(0, |id| id.end_offset));
        raft.read_control(from)?;
        Ok((raft, loaded))
    }

    pub(super) fn load_snapshot(&mut self) -> Result<Option<Vec<CommittedBatch>>, RaftError> {
        let Some(id) = self.snapshot() else { return Ok(None) };
        let bytes = self.log.read_snapshot(id)?;
        let last_timestamp_ms = last_timestamp(&bytes);
        let mut batches = Vec::new();
        for (header, batch) in checked(&bytes)? {
            if header.is_control() {
                self.apply_control(&header, batch, id.end_offset - 1)?;
                continue;
            }
            // A snapshot's own offsets and times mean nothing in the log.
            let batch = committed(&header, batch)?;
            batches.push(CommittedBatch {
                base_offset: id.end_offset - 1,
                last_offset: id.end_offset - 1,
                epoch: id.epoch,
                timestamp_ms: last_timestamp_ms.unwrap_or(batch.timestamp_ms),
                ..batch
            });
        }
        self.high_watermark = self.high_watermark.max(id.end_offset);
        Ok(Some(batches))
    }

    /// Control records count as soon as they are in the log, committed or not (KIP-853).
    pub(super) fn read_control(&mut self, from: i64) -> Result<(), RaftError> {
        let mut offset = from;
        while offset < self.log.end_offset() {
            let bytes = self.log.read(offset, self.log.end_offset())?;
            for (header, batch) in checked(&bytes)? {
                if header.is_control() {
                    self.apply_control(&header, batch, header.base_offset)?;
                }
                offset = offset.max(header.next_offset());
            }
        }
        Ok(())
    }

    fn apply_control(&mut self, header: &BatchHeader, batch: &[u8], offset: i64) -> Result<(), RaftError> {
        let unpacked = records_of(header, batch, UNPACK_MAX_BYTES)?;
        for record in Records::new(*header, &unpacked) {
            let record = record?;
            let (Some(key), Some(value)) = (record.key, record.value) else {
                continue;
            };
            match ControlType::decode(key)? {
                ControlType::KRaftVersion => {
                    let version = KRaftVersionRecord::decode(value, 0)?.kraft_version;
                    self.kraft_versions.push(offset, version);
                }
                ControlType::KRaftVoters => {
                    self.voters.push(offset, VoterSet::decode(value)?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
