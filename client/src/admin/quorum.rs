//! The metadata quorum: who is in it, how far each replica is, and who is to be.

use protocol::Uuid;
use protocol::api::messages::add_raft_voter_request::Listener;
use protocol::api::messages::describe_quorum_request::{PartitionData as AskedPartition, TopicData as AskedTopic};
use protocol::api::messages::describe_quorum_response::{Node, PartitionData, ReplicaState};
use protocol::api::messages::{
    AddRaftVoterRequest, DescribeQuorumRequest, DescribeQuorumResponse, RemoveRaftVoterRequest,
};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use crate::cluster::{Client, address_of};
use crate::error::ClientError;
use crate::sharded::Sharded;
use crate::together;

/// The quorum's topic.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// A quorum as its leader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    /// The active controller.
    pub leader_id: i32,
    /// Its epoch.
    pub leader_epoch: i32,
    /// Everything below it is committed; none if the leader does not know yet.
    pub high_watermark: Option<i64>,
    /// Who votes.
    pub voters: Vec<QuorumReplica>,
    /// Who follows without a vote.
    pub observers: Vec<QuorumReplica>,
}

/// A replica of the metadata log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumReplica {
    /// Its node.
    pub id: i32,
    /// Its directory; none where that is not known, as of static voters.
    pub directory_id: Option<Uuid>,
    /// Where a voter is reached; empty where that is not told.
    pub endpoints: Vec<ListenerAddress>,
    /// Its log end offset; none if the leader has not heard of it.
    pub log_end_offset: Option<i64>,
    /// When it last fetched, by the leader's clock.
    pub last_fetch_ms: Option<i64>,
    /// When it last had all of the leader's log, by the leader's clock.
    pub last_caught_up_ms: Option<i64>,
}

/// Where a listener is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerAddress {
    /// The listener's name.
    pub listener: String,
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl ListenerAddress {
    /// Host and port as one connects to them.
    pub fn address(&self) -> String {
        address_of(&self.host, i32::from(self.port))
    }
}

/// A voter that is to join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// Its node.
    pub id: i32,
    /// The directory of its metadata log.
    pub directory_id: Uuid,
    /// Where its controller listeners are reached.
    pub endpoints: Vec<ListenerAddress>,
}

impl Quorum {
    /// The leader among the voters.
    pub fn leader(&self) -> Option<&QuorumReplica> {
        self.voters.iter().find(|voter| voter.id == self.leader_id)
    }

    /// The voters with this id: two, while one takes over from the other.
    pub fn voters_with_id(&self, id: i32) -> impl Iterator<Item = &QuorumReplica> {
        self.voters.iter().filter(move |voter| voter.id == id)
    }

    /// Offsets a replica is behind the leader.
    pub fn lag(&self, replica: &QuorumReplica) -> Option<i64> {
        let end = self.leader()?.log_end_offset?;
        replica.log_end_offset.map(|offset| (end - offset).max(0))
    }

    /// The voter that is furthest behind.
    pub fn last_voter(&self) -> Option<&QuorumReplica> {
        // Of several at the same offset the leader is none that lags.
        let key = |voter: &&QuorumReplica| (voter.log_end_offset, voter.id != self.leader_id);
        self.voters.iter().min_by_key(key)
    }

    /// How long ago a replica had all of the leader's log.
    pub fn lag_ms(&self, replica: &QuorumReplica) -> Option<i64> {
        if replica.id == self.leader_id {
            return Some(0);
        }
        let now_ms = self.leader()?.last_caught_up_ms?;
        replica.last_caught_up_ms.map(|at_ms| (now_ms - at_ms).max(0))
    }

    /// How long ago a replica fetched.
    pub fn since_fetch_ms(&self, replica: &QuorumReplica) -> Option<i64> {
        let now_ms = self.leader()?.last_fetch_ms?;
        replica.last_fetch_ms.map(|at_ms| (now_ms - at_ms).max(0))
    }

    /// Whether voters are those of a configuration (kraft.version 0): those have no directories.
    pub fn is_static(&self) -> bool {
        self.voters.iter().all(|voter| voter.directory_id.is_none())
    }
}

/// Asks for the quorum.
pub(crate) fn describe_request() -> DescribeQuorumRequest {
    let topic = AskedTopic::default()
        .with_topic_name(TopicName(StrBytes::from_static_str(METADATA_TOPIC)))
        .with_partitions(vec![AskedPartition::default()]);
    DescribeQuorumRequest::default().with_topics(vec![topic])
}

/// The error of an answer, wherever it stands.
pub(crate) fn error_code(response: &DescribeQuorumResponse) -> i16 {
    if response.error_code != 0 {
        return response.error_code;
    }
    let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    partitions
        .next()
        .map_or(ErrorCode::UnknownTopicOrPartition.code(), |partition| {
            partition.error_code
        })
}

impl Client {
    /// The metadata quorum.
    pub async fn describe_quorum(&self) -> Result<Quorum, ClientError> {
        let response = self.send_active(&describe_request(), error_code).await?;
        described("DescribeQuorum", response)
    }

    /// The quorum through each of these nodes, asked at the same time: brokers hand it on to the controller they take
    /// for the active one, controllers answer for themselves.
    pub async fn quorum_through(&self, nodes: &[i32]) -> Sharded<(i32, Quorum)> {
        let asked = nodes.iter().map(async |node| {
            let answer = self.send_to(*node, &describe_request()).await;
            let what = format!("node {node}");
            (*node, answer.and_then(|response| described(&what, response)))
        });
        let mut results = Sharded::default();
        for (node, answer) in together::all(asked).await {
            match answer {
                Ok(quorum) => results.ok.push((node, quorum)),
                Err(error) => results.fail(format!("node {node}"), error),
            }
        }
        results
    }

    /// Makes a controller a voter; one change at a time is taken.
    pub async fn add_voter(&self, voter: &Voter) -> Result<(), ClientError> {
        let listener = |endpoint: &ListenerAddress| {
            Listener::default()
                .with_name(StrBytes::from_string(endpoint.listener.clone()))
                .with_host(StrBytes::from_string(endpoint.host.clone()))
                .with_port(endpoint.port)
        };
        let request = AddRaftVoterRequest::default()
            .with_cluster_id(Some(StrBytes::from_string(self.cluster_id().to_owned())))
            .with_timeout_ms(self.request_timeout_ms())
            .with_voter_id(voter.id)
            .with_voter_directory_id(voter.directory_id.into())
            .with_listeners(voter.endpoints.iter().map(listener).collect());
        let response = self.send_active(&request, |response| response.error_code).await?;
        match response.error_code {
            0 => Ok(()),
            code => Err(ClientError::rejected(
                format!("controller {}", voter.id),
                code,
                response.error_message.as_deref(),
            )),
        }
    }

    /// Takes its vote from a controller.
    pub async fn remove_voter(&self, id: i32, directory_id: Uuid) -> Result<(), ClientError> {
        let request = RemoveRaftVoterRequest::default()
            .with_cluster_id(Some(StrBytes::from_string(self.cluster_id().to_owned())))
            .with_voter_id(id)
            .with_voter_directory_id(directory_id.into());
        let response = self.send_active(&request, |response| response.error_code).await?;
        match response.error_code {
            0 => Ok(()),
            code => Err(ClientError::rejected(
                format!("controller {id}"),
                code,
                response.error_message.as_deref(),
            )),
        }
    }
}

/// What an answer has, or what it says instead.
fn described(what: &str, response: DescribeQuorumResponse) -> Result<Quorum, ClientError> {
    let code = error_code(&response);
    let message = response.error_message;
    let partition = response.topics.into_iter().flat_map(|topic| topic.partitions).next();
    match partition {
        Some(partition) if code == 0 => Ok(quorum(&partition, &response.nodes)),
        partition => {
            let message = message.or_else(|| partition.and_then(|partition| partition.error_message));
            Err(ClientError::rejected(what, code, message.as_deref()))
        }
    }
}

fn quorum(partition: &PartitionData, nodes: &[Node]) -> Quorum {
    let replicas = |states: &[ReplicaState]| states.iter().map(|state| replica(state, nodes)).collect();
    Quorum {
        leader_id: partition.leader_id.0,
        leader_epoch: partition.leader_epoch,
        high_watermark: known(partition.high_watermark),
        voters: replicas(&partition.current_voters),
        observers: replicas(&partition.observers),
    }
}

fn replica(state: &ReplicaState, nodes: &[Node]) -> QuorumReplica {
    let directory_id = Uuid::from(state.replica_directory_id);
    let node = nodes.iter().find(|node| node.node_id == BrokerId(state.replica_id.0));
    let listeners = node.map_or(&[][..], |node| &node.listeners);
    let endpoint = |listener: &protocol::api::messages::describe_quorum_response::Listener| ListenerAddress {
        listener: listener.name.to_string(),
        host: listener.host.to_string(),
        port: listener.port,
    };
    QuorumReplica {
        id: state.replica_id.0,
        directory_id: Some(directory_id).filter(|id| *id != Uuid::ZERO),
        endpoints: listeners.iter().map(endpoint).collect(),
        log_end_offset: known(state.log_end_offset),
        last_fetch_ms: known(state.last_fetch_timestamp),
        last_caught_up_ms: known(state.last_caught_up_timestamp),
    }
}

/// Offsets and times are -1 where they are not known.
fn known(value: i64) -> Option<i64> {
    Some(value).filter(|value| *value >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ipv6_have_brackets() {
        let address = |host: &str| {
            let at = ListenerAddress {
                listener: "CONTROLLER".to_owned(),
                host: host.to_owned(),
                port: 9093,
            };
            at.address()
        };
        assert_eq!(address("::1"), "[::1]:9093");
        assert_eq!(address("c1"), "c1:9093");
    }

    fn voter(id: i32, log_end_offset: i64, caught_up: i64) -> ReplicaState {
        ReplicaState::default()
            .with_replica_id(BrokerId(id))
            .with_log_end_offset(log_end_offset)
            .with_last_fetch_timestamp(caught_up)
            .with_last_caught_up_timestamp(caught_up)
    }

    fn of(leader_id: i32, voters: Vec<ReplicaState>) -> Quorum {
        let partition = PartitionData::default()
            .with_leader_id(BrokerId(leader_id))
            .with_current_voters(voters);
        quorum(&partition, &[])
    }

    fn lags(quorum: &Quorum) -> (Option<i64>, Option<i64>) {
        let last = quorum.last_voter().unwrap();
        (quorum.lag(last), quorum.lag_ms(last))
    }

    #[test]
    fn the_greatest_lag_is_that_of_the_voter_behind_all_others() {
        let three = of(1, vec![voter(1, 100, 5000), voter(2, 90, 4000), voter(3, 100, 4900)]);
        assert_eq!(lags(&three), (Some(10), Some(1000)));
        // A follower with all of the leader's log may have had it a while ago.
        let even = of(1, vec![voter(1, 100, 5000), voter(2, 100, 4700)]);
        assert_eq!(lags(&even), (Some(0), Some(0)));
        assert_eq!(lags(&of(1, vec![voter(1, 100, 5000)])), (Some(0), Some(0)));
    }

    #[test]
    fn what_the_leader_does_not_know_is_not_made_up() {
        let unheard = of(1, vec![voter(1, 100, 5000), voter(2, -1, -1)]);
        assert_eq!(lags(&unheard), (None, None));
        // The first versions of the API tell no times.
        let old = of(1, vec![voter(1, 100, -1), voter(2, 90, -1)]);
        assert_eq!(lags(&old), (Some(10), None));
        assert!(old.is_static() && old.high_watermark == Some(0));
    }

    #[test]
    fn an_error_counts_wherever_it_stands() {
        let partition = |code| PartitionData::default().with_error_code(code);
        let topic = |code| {
            protocol::api::messages::describe_quorum_response::TopicData::default()
                .with_partitions(vec![partition(code)])
        };
        let response = DescribeQuorumResponse::default();
        assert_eq!(error_code(&response.clone().with_error_code(41)), 41);
        assert_eq!(error_code(&response.clone().with_topics(vec![topic(6)])), 6);
        assert_eq!(error_code(&response.clone().with_topics(vec![topic(0)])), 0);
        assert_eq!(error_code(&response), 3);
    }
}
