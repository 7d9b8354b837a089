//! Who votes.

use std::collections::BTreeMap;

use protocol::Uuid;
use protocol::messages::WireError;
use protocol::messages::control::{VotersEndpoint, VotersKRaftVersionFeature, VotersRecord, VotersVoter};

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
