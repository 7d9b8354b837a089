//! What there is to restart: the brokers of a cluster, and the voters of its quorum.

use planner::model::Cluster;

use crate::mutation::{Mutation, mutated};

/// A voter, as DescribeQuorum shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Voter {
    /// Its node id.
    pub id: i32,
    /// Whether it has fetched what the leader had a fetch timeout ago.
    pub is_caught_up: bool,
}

/// The metadata quorum.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Quorum {
    /// Who votes.
    pub voters: Vec<Voter>,
    /// The active controller, if there is one.
    pub leader: Option<i32>,
}

impl Quorum {
    /// How many must agree.
    pub fn majority(&self) -> usize {
        let voters = self.voters.iter();
        let counted = voters.filter(|voter| voter.is_caught_up || !mutated(Mutation::MajorityOfTheCaughtUp));
        counted.count() / 2 + 1
    }

    /// Whether this node votes.
    pub fn is_voter(&self, id: i32) -> bool {
        self.voters.iter().any(|voter| voter.id == id)
    }

    /// Whether a majority of the voters, caught up, is left when some nodes stop.
    pub fn survives(&self, stops: impl Fn(i32) -> bool) -> bool {
        let voters = self.voters.iter();
        let counts = |voter: &&Voter| voter.is_caught_up || mutated(Mutation::LaggingVotersCounted);
        let left = voters.filter(counts).filter(|voter| !stops(voter.id)).count();
        left >= self.majority()
    }

    /// Whether stopping any one voter leaves no majority, however well all of them are: a quorum of one or two.
    pub fn is_unavoidable(&self) -> bool {
        self.voters.len() < 3
    }
}

/// A cluster with its quorum, at one moment.
///
/// The cluster's replica lists are those that are to be: replicas that a reassignment adds or removes are no reserve.
#[derive(Debug, Clone, Copy)]
pub struct Fleet<'a> {
    /// Brokers and partitions.
    pub cluster: &'a Cluster,
    /// Controllers.
    pub quorum: &'a Quorum,
}

impl Fleet<'_> {
    /// What this node is; nothing if nobody knows it.
    pub fn role(&self, id: i32) -> Option<Role> {
        match (self.cluster.broker(id).is_some(), self.quorum.is_voter(id)) {
            (true, true) => Some(Role::Combined),
            (true, false) => Some(Role::Broker),
            (false, true) => Some(Role::Controller),
            (false, false) => None,
        }
    }

    /// All nodes, in order of ids.
    pub fn nodes(&self) -> Vec<i32> {
        let brokers = self.cluster.brokers().values().iter().map(|broker| broker.id);
        let voters = self.quorum.voters.iter().map(|voter| voter.id);
        let mut nodes: Vec<i32> = brokers.chain(voters).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It votes.
    Controller,
    /// It holds partitions.
    Broker,
    /// Both.
    Combined,
}

impl Role {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Controller => "controller",
            Self::Broker => "broker",
            Self::Combined => "combined",
        }
    }
}
