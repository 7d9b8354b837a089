//! What a member of the quorum knows, for those who ask.

use std::time::Duration;

use protocol::Uuid;
use protocol::files::SnapshotId;

use super::Raft;
use super::event::Notice;
use super::leader::Progress;
use super::message::{Peer, ReplicaKey};
use super::role::Role;
use super::voters::VoterSet;

impl Raft {
    /// What became of the quorum since the last time.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// This node's id.
    pub fn node_id(&self) -> i32 {
        self.config.node_id
    }

    /// The current epoch.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Who leads it, if that is known.
    pub fn leader_id(&self) -> Option<i32> {
        self.leader_id
    }

    /// Whether that is this node.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Whether it asks for votes in its epoch.
    pub fn is_candidate(&self) -> bool {
        matches!(self.role, Role::Candidate { .. })
    }

    /// Whether there can be no leader: the voters whose processes are gone leave no majority.
    pub fn has_no_majority(&self, now: Duration) -> bool {
        let voters = self.voters();
        let gone = voters
            .ids()
            .filter(|id| self.requests.is_gone(Peer::Node(*id), now))
            .count();
        !voters.is_empty() && voters.len() - gone < voters.majority()
    }

    /// Whether it has told all others that it resigned, but for those that it cannot reach: they may have stopped, too.
    /// One failure may be a connection that was lost before, unnoticed.
    pub fn has_handed_over(&self) -> bool {
        match &self.role {
            Role::Leader(_) => false,
            Role::Resigned { untold, .. } => untold.values().all(|failures| *failures > 1),
            _ => true,
        }
    }

    /// Everything below it is committed.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Whether all is known to be committed here that was so when the quorum was found. Before that, what a node has from
    /// an earlier life may be long out of date.
    pub fn has_caught_up(&self) -> bool {
        self.established.is_some_and(|offset| self.high_watermark >= offset)
    }

    /// The first offset of the log.
    pub fn log_start_offset(&self) -> i64 {
        self.log.start_offset()
    }

    /// The offset the next record gets.
    pub fn log_end_offset(&self) -> i64 {
        self.log.end_offset()
    }

    /// The first offset of the log that may not be durable.
    pub fn synced_offset(&self) -> i64 {
        self.log.synced_offset()
    }

    /// Bytes of the log, without snapshots.
    pub fn log_size_bytes(&self) -> u64 {
        self.log.size_bytes()
    }

    /// The voters.
    pub fn voters(&self) -> &VoterSet {
        self.voters.latest()
    }

    /// The voters by the offsets of the records that changed them, committed or not, as far back as the log goes: what
    /// came before a snapshot counts as its last record. There are none in a static quorum.
    pub fn voter_changes(&self) -> impl DoubleEndedIterator<Item = (i64, &VoterSet)> {
        self.voters.changes()
    }

    /// Where a member of the quorum is reached, host and port.
    pub fn address_of(&self, id: i32) -> Option<(&str, u16)> {
        let of_leader = self.leader_endpoints.first().filter(|_| self.leader_id == Some(id));
        let of_voter = || self.voters().get(id)?.endpoints.first();
        let of_newcomer = || self.newcomer().filter(|voter| voter.id == id)?.endpoints.first();
        let (_, host, port) = of_leader.or_else(of_voter).or_else(of_newcomer)?;
        Some((host, *port))
    }

    /// kraft.version.
    pub fn kraft_version(&self) -> i16 {
        *self.kraft_versions.latest()
    }

    /// kraft.version, as it is committed.
    pub fn committed_kraft_version(&self) -> i16 {
        self.kraft_versions
            .at(self.high_watermark - 1)
            .copied()
            .unwrap_or_default()
    }

    /// Id of the metadata directory.
    pub fn directory_id(&self) -> Uuid {
        self.config.directory_id
    }

    /// Where the metadata log's snapshot ends.
    pub fn snapshot(&self) -> Option<SnapshotId> {
        self.log.latest_snapshot()
    }

    /// What the others have, as a leader knows it.
    pub fn replicas(&self) -> impl Iterator<Item = (ReplicaKey, Progress)> {
        let replicas = match &self.role {
            Role::Leader(leadership) => Some(&leadership.replicas),
            _ => None,
        };
        replicas.into_iter().flatten().map(|(key, progress)| (*key, *progress))
    }

    /// How often it cut off records, and loaded a snapshot in place of its log.
    pub fn upheavals(&self) -> (u64, u64) {
        (self.truncations, self.snapshot_loads)
    }
}
