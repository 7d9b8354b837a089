//! What a node is in the quorum (KIP-595, KIP-996).
//!
//! Unattached -> Prospective -> Candidate -> Leader; any of them -> Follower when a leader shows itself, and ->
//! Unattached when a later epoch does; a Leader that goes becomes Resigned, and stays so until its epoch ends.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::files::SnapshotId;

use super::leader::Leadership;
use super::message::ReplicaKey;

/// What a node is.
#[derive(Debug)]
pub(super) enum Role {
    /// It knows no leader.
    Unattached {
        /// When it tries to become one.
        election_at: Duration,
    },
    /// It asks whether it would be elected.
    Prospective {
        /// Who answered.
        votes: Votes,
        /// When it asks again.
        election_at: Duration,
    },
    /// It asks for votes.
    Candidate {
        /// Who answered.
        votes: Votes,
        /// When it gives up.
        election_at: Duration,
    },
    /// It leads.
    Leader(Leadership),
    /// It follows.
    Follower(Following),
    /// It led, and tells the others that it does no more.
    Resigned {
        /// When it may take part in the next election.
        election_at: Duration,
        /// Whom it has still to tell, and how often that failed.
        untold: BTreeMap<i32, u32>,
        /// Who should be elected.
        preferred: Vec<ReplicaKey>,
    },
}

/// A follower.
#[derive(Debug)]
pub(super) struct Following {
    /// Whom it follows.
    pub(super) leader_id: i32,
    /// When it takes the leader for gone.
    pub(super) fetch_deadline: Duration,
    /// Whether the leader has answered it.
    pub(super) has_fetched: bool,
    /// Since when the leader's endpoint has refused every connection.
    pub(super) refused_since: Option<Duration>,
    /// A snapshot that it is loading.
    pub(super) download: Option<Download>,
    /// Whether what it appended is still to be synced: its next fetch says that it has it.
    pub(super) unsynced: bool,
    /// Whether the leader has taken where this voter is reached.
    pub(super) told: bool,
    /// When the leader may be asked for a change of the voters.
    pub(super) tell_at: Duration,
}

/// A snapshot on its way.
#[derive(Debug)]
pub(super) struct Download {
    /// Which.
    pub(super) id: SnapshotId,
    /// What came of it.
    pub(super) bytes: Vec<u8>,
}

/// Answers to a candidate.
#[derive(Debug, Default)]
pub(super) struct Votes {
    /// By voter; none where it was asked and did not answer.
    answers: BTreeMap<i32, Option<bool>>,
}

impl Votes {
    /// With the candidate's own vote, if it is a voter.
    pub(super) fn with_own(own: Option<i32>) -> Self {
        Self {
            answers: own.into_iter().map(|id| (id, Some(true))).collect(),
        }
    }

    /// Notes that a voter is asked.
    pub(super) fn ask(&mut self, id: i32) {
        self.answers.insert(id, None);
    }

    /// Whether it is still to be asked.
    pub(super) fn is_unasked(&self, id: i32) -> bool {
        !self.answers.contains_key(&id)
    }

    /// Forgets that a voter was asked, since it could not be reached.
    pub(super) fn unask(&mut self, id: i32) {
        if self.answers.get(&id) == Some(&None) {
            self.answers.remove(&id);
        }
    }

    /// Notes an answer.
    pub(super) fn answer(&mut self, id: i32, granted: bool) {
        self.answers.insert(id, Some(granted));
    }

    /// Who granted.
    pub(super) fn granted(&self) -> impl Iterator<Item = i32> {
        self.with_answer(true)
    }

    /// Who refused.
    pub(super) fn refused(&self) -> impl Iterator<Item = i32> {
        self.with_answer(false)
    }

    fn with_answer(&self, wanted: bool) -> impl Iterator<Item = i32> {
        self.answers
            .iter()
            .filter(move |(_, answer)| **answer == Some(wanted))
            .map(|(id, _)| *id)
    }
}
