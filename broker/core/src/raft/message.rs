//! What nodes of a quorum say to each other, without the versions of the wire.

use std::fmt;

use bytes::Bytes;
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::files::SnapshotId;

use super::voters::Voter;

/// Listener name, host and port.
pub type Endpoint = (String, String, u16);

/// A replica of the metadata log: a node and its metadata directory (KIP-853).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaKey {
    /// Node id.
    pub id: i32,
    /// Id of its metadata directory; zero where it is not known, as in static quorums.
    pub directory_id: Uuid,
}

impl fmt::Display for ReplicaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} with directory {}", self.id, self.directory_id)
    }
}

/// Whom a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// A node whose endpoints are known.
    Node(i32),
    /// The leader, beside what it is asked as a node: a change of the voters may take its time, and fetches go on.
    Leader(i32),
    /// One of controller.quorum.bootstrap.servers, by its place in the list.
    Bootstrap(usize),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Vote (52).
    Vote(VoteRequest),
    /// BeginQuorumEpoch (53): a leader shows itself.
    BeginQuorumEpoch {
        /// Whom it is meant for.
        voter: ReplicaKey,
        /// The leader.
        leader_id: i32,
        /// Its epoch.
        leader_epoch: i32,
        /// Where it is reached.
        endpoints: Vec<Endpoint>,
    },
    /// EndQuorumEpoch (54): a leader resigns.
    EndQuorumEpoch {
        /// Who led.
        leader_id: i32,
        /// In this epoch.
        leader_epoch: i32,
        /// Who should be elected, best first.
        preferred: Vec<ReplicaKey>,
    },
    /// Fetch (1) of the metadata log.
    Fetch(FetchRequest),
    /// FetchSnapshot (59).
    FetchSnapshot(FetchSnapshotRequest),
    /// A change of the voters (KIP-853).
    Change(VoterChange),
    /// ApiVersions (18) of a node that is to be a voter: which levels of kraft.version it knows.
    KRaftVersions,
}

/// What a leader is asked to make of the voters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoterChange {
    /// AddRaftVoter (80): one more.
    Add {
        /// Who.
        voter: Voter,
        /// Whether the answer waits until the new voters are committed, or only until they are in the leader's log.
        waits_for_commit: bool,
    },
    /// RemoveRaftVoter (81): one less.
    Remove(ReplicaKey),
    /// UpdateRaftVoter (82): where one is reached, and what it knows.
    Update {
        /// The epoch of the leader that is asked.
        epoch: i32,
        /// The voter.
        voter: Voter,
        /// The lowest and the highest level of kraft.version that it knows.
        kraft_versions: (i16, i16),
    },
}

/// Asks for a vote, or whether one would be given (KIP-996).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteRequest {
    /// Whom it is meant for.
    pub voter: ReplicaKey,
    /// Who asks.
    pub candidate: ReplicaKey,
    /// The epoch it wants to lead; the current one in a pre-vote.
    pub epoch: i32,
    /// Epoch of its last record.
    pub last_epoch: i32,
    /// Its log end offset.
    pub end_offset: i64,
    /// Whether it only asks whether it would get the vote.
    pub pre_vote: bool,
}

/// Asks a leader for records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchRequest {
    /// Who fetches; the id is -1 for one that is no replica.
    pub replica: ReplicaKey,
    /// The epoch it is in.
    pub epoch: i32,
    /// From this offset on.
    pub fetch_offset: i64,
    /// Epoch of the record before that; 0 for an empty log.
    pub last_fetched_epoch: i32,
    /// Its high watermark; the leader answers at once when its own is higher (KIP-1166).
    pub high_watermark: i64,
    /// How long the leader may wait for records, in milliseconds.
    pub max_wait_ms: i32,
}

/// Asks a leader for a piece of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchSnapshotRequest {
    /// Who fetches.
    pub replica: ReplicaKey,
    /// The epoch it is in.
    pub epoch: i32,
    /// Which snapshot.
    pub snapshot: SnapshotId,
    /// From this byte on.
    pub position: u64,
    /// At most so many bytes.
    pub max_bytes: usize,
}

impl Request {
    /// The epoch the sender is in, or wants to be.
    pub fn epoch(&self) -> i32 {
        match self {
            Self::Vote(vote) => vote.epoch,
            Self::BeginQuorumEpoch { leader_epoch, .. } | Self::EndQuorumEpoch { leader_epoch, .. } => *leader_epoch,
            Self::Fetch(fetch) => fetch.epoch,
            Self::FetchSnapshot(fetch) => fetch.epoch,
            Self::Change(VoterChange::Update { epoch, .. }) => *epoch,
            Self::Change(_) | Self::KRaftVersions => -1,
        }
    }
}

/// An answer. Each says who leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Why it was not done, if it was not.
    pub error: Option<ErrorCode>,
    /// The leader, as far as the one who answers knows.
    pub leader_id: Option<i32>,
    /// The epoch of the one who answers.
    pub leader_epoch: i32,
    /// Where the leader is reached, if that is known.
    pub leader_endpoints: Vec<Endpoint>,
    /// What was asked for.
    pub body: Body,
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Of a vote.
    Vote {
        /// Whether it was given.
        granted: bool,
    },
    /// Of BeginQuorumEpoch and EndQuorumEpoch.
    Nothing,
    /// Of a fetch.
    Fetch(Fetched),
    /// Of a snapshot's piece.
    FetchSnapshot(SnapshotPiece),
    /// Of a change of the voters.
    Change {
        /// Why it was not made, for people.
        message: Option<String>,
    },
    /// The lowest and the highest level of kraft.version; none if there is no such feature.
    KRaftVersions(Option<(i16, i16)>),
}

/// Records, or why there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetched {
    /// The leader's high watermark, -1 while it does not know one.
    pub high_watermark: i64,
    /// Its log start offset.
    pub log_start_offset: i64,
    /// Whole batches from the fetch offset on.
    pub records: Bytes,
    /// Epoch and end offset of what both logs may have in common, where they part.
    pub diverging: Option<(i32, i64)>,
    /// A snapshot to load instead, where the leader's log starts later.
    pub snapshot: Option<SnapshotId>,
}

/// Bytes of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SnapshotPiece {
    /// Which snapshot.
    pub snapshot: SnapshotId,
    /// All of it.
    pub size_bytes: u64,
    /// Where the piece starts.
    pub position: u64,
    /// The piece.
    pub bytes: Bytes,
}

impl Request {
    /// The answer's content where there is an error instead.
    pub fn empty_body(&self) -> Body {
        match self {
            Self::Vote(_) => Body::Vote { granted: false },
            Self::BeginQuorumEpoch { .. } | Self::EndQuorumEpoch { .. } => Body::Nothing,
            Self::Fetch(_) => Body::Fetch(Fetched {
                high_watermark: -1,
                log_start_offset: -1,
                ..Fetched::default()
            }),
            Self::FetchSnapshot(fetch) => Body::FetchSnapshot(SnapshotPiece {
                snapshot: fetch.snapshot,
                position: fetch.position,
                ..SnapshotPiece::default()
            }),
            Self::Change(_) => Body::Change { message: None },
            Self::KRaftVersions => Body::KRaftVersions(None),
        }
    }
}
