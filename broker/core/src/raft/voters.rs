//! Who votes.

use std::collections::BTreeMap;

use protocol::Uuid;
use protocol::messages::WireError;
use protocol::messages::control::{VotersEndpoint, VotersKRaftVersionFeature, VotersRecord, VotersVoter};

use super::message::ReplicaKey;

/// A voter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// Its node id.
    pub id: i32,
    /// Id of its metadata directory; zero in static quorums.
    pub directory_id: Uuid,
    /// Listener name, host and port of its endpoints.
    pub endpoints: Vec<(String, String, u16)>,
}

impl Voter {
    /// What names it as a replica.
    pub fn key(&self) -> ReplicaKey {
        ReplicaKey {
            id: self.id,
            directory_id: self.directory_id,
        }
    }
}

/// All voters, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VoterSet {
    voters: BTreeMap<i32, Voter>,
}

impl VoterSet {
    /// These voters.
    pub fn new(voters: Vec<Voter>) -> Self {
        Self {
            voters: voters.into_iter().map(|voter| (voter.id, voter)).collect(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.voters.is_empty()
    }

    /// Whether this node is the only one.
    pub fn is_only(&self, id: i32) -> bool {
        self.voters.len() == 1 && self.voters.contains_key(&id)
    }

    /// Ids in order.
    pub fn ids(&self) -> impl Iterator<Item = i32> {
        self.voters.keys().copied()
    }

    /// Voters in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Voter> {
        self.voters.values()
    }

    /// From the value of a KRaftVoters record.
    pub fn decode(value: &[u8]) -> Result<Self, WireError> {
        let record = VotersRecord::decode(value, 0)?;
        let voter = |voter: VotersVoter| Voter {
            id: voter.voter_id,
            directory_id: voter.voter_directory_id,
            endpoints: voter.endpoints.into_iter().map(|e| (e.name, e.host, e.port)).collect(),
        };
        Ok(Self::new(record.voters.into_iter().map(voter).collect()))
    }

    /// The value of a KRaftVoters record.
    pub fn encode(&self) -> Result<Vec<u8>, WireError> {
        let endpoint = |(name, host, port): &(String, String, u16)| VotersEndpoint {
            name: name.clone(),
            host: host.clone(),
            port: *port,
            ..Default::default()
        };
        let voter = |voter: &Voter| VotersVoter {
            voter_id: voter.id,
            voter_directory_id: voter.directory_id,
            endpoints: voter.endpoints.iter().map(endpoint).collect(),
            kraft_version_feature: VotersKRaftVersionFeature {
                max_supported_version: 1,
                ..Default::default()
            },
            ..Default::default()
        };
        let record = VotersRecord {
            voters: self.iter().map(voter).collect(),
            ..Default::default()
        };
        let mut out = Vec::new();
        record.encode(0, &mut out)?;
        Ok(out)
    }
}

impl VoterSet {
    /// Whether a node is among them.
    pub fn contains(&self, id: i32) -> bool {
        self.voters.contains_key(&id)
    }

    /// A voter.
    pub fn get(&self, id: i32) -> Option<&Voter> {
        self.voters.get(&id)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.voters.len()
    }

    /// How many make a majority.
    pub fn majority(&self) -> usize {
        self.voters.len() / 2 + 1
    }

    /// Whether so many of these ids are voters that they are a majority.
    pub fn is_majority(&self, ids: impl Iterator<Item = i32>) -> bool {
        ids.filter(|id| self.contains(*id)).count() >= self.majority()
    }

    /// These and another one.
    pub(super) fn with(&self, voter: Voter) -> Self {
        let mut set = self.clone();
        set.voters.insert(voter.id, voter);
        set
    }

    /// These without one.
    pub(super) fn without(&self, id: i32) -> Self {
        let mut set = self.clone();
        set.voters.remove(&id);
        set
    }

    /// Whether a replica is the voter of its id: its directory too, where both are known.
    pub fn is_voter(&self, replica: ReplicaKey) -> bool {
        self.get(replica.id).is_some_and(|voter| {
            voter.directory_id == Uuid::ZERO
                || replica.directory_id == Uuid::ZERO
                || voter.directory_id == replica.directory_id
        })
    }
}

/// What each part of the log says of something: records that change it count as soon as they are in the log, and no more
/// when they are cut off it (KIP-853).
#[derive(Debug, Clone, Default)]
pub(super) struct History<T> {
    /// Before any record.
    base: T,
    /// From the record at this offset on.
    changes: BTreeMap<i64, T>,
}

/// The voters of each part of the log.
pub(super) type VoterHistory = History<VoterSet>;

impl<T> History<T> {
    pub(super) fn new(base: T) -> Self {
        Self {
            base,
            changes: BTreeMap::new(),
        }
    }

    /// What counts now.
    pub(super) fn latest(&self) -> &T {
        self.changes.last_key_value().map_or(&self.base, |(_, value)| value)
    }

    /// What records up to this offset said; none if none did.
    pub(super) fn at(&self, offset: i64) -> Option<&T> {
        self.changes.range(..=offset).next_back().map(|(_, value)| value)
    }

    /// What counts of the part of the log before this offset.
    pub(super) fn below(&self, offset: i64) -> &T {
        self.changes
            .range(..offset)
            .next_back()
            .map_or(&self.base, |(_, value)| value)
    }

    /// What records said, by offset, first to last.
    pub(super) fn changes(&self) -> impl DoubleEndedIterator<Item = (i64, &T)> {
        self.changes.iter().map(|(offset, value)| (*offset, value))
    }

    /// Where the latest record is that said anything.
    pub(super) fn last_offset(&self) -> Option<i64> {
        self.changes.last_key_value().map(|(offset, _)| *offset)
    }

    /// Takes what a record says.
    pub(super) fn push(&mut self, offset: i64, value: T) {
        self.changes.insert(offset, value);
    }

    /// Forgets what the log no longer has.
    pub(super) fn truncate_to(&mut self, offset: i64) {
        self.changes.split_off(&offset);
    }

    /// A snapshot is about to tell it anew.
    pub(super) fn restart(&mut self) {
        self.changes.clear();
    }
}
