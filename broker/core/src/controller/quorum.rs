//! DescribeQuorum (55), versions 0 to 2.

use std::time::Duration;

use protocol::api::messages::describe_quorum_request::DescribeQuorumRequest;
use protocol::api::messages::describe_quorum_response::{
    DescribeQuorumResponse, Listener, Node, PartitionData, ReplicaState, TopicData,
};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use super::{Controller, ControllerCx, Handled, Plan};
use crate::call::Call;
use crate::cx::Now;
use crate::raft::{Progress, ReplicaKey};

/// The quorum's topic.
const METADATA_TOPIC: &str = "__cluster_metadata";
/// First version that tells directory ids and endpoints (KIP-853).
const DIRECTORIES_FROM: i16 = 2;

impl Controller {
    pub(super) fn describe_quorum(&self, call: &Call, cx: &ControllerCx<'_>) -> Handled {
        let request: DescribeQuorumRequest = call.decode()?;
        let asked: Vec<(&TopicName, i32)> = request
            .topics
            .iter()
            .flat_map(|topic| {
                topic
                    .partitions
                    .iter()
                    .map(|partition| (&topic.topic_name, partition.partition_index))
            })
            .collect();
        let only_metadata = matches!(asked.as_slice(), [(topic, 0)] if topic.as_str() == METADATA_TOPIC);
        if !only_metadata {
            let code = ErrorCode::UnknownTopicOrPartition.code();
            let topics = request.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter().map(|partition| {
                    PartitionData::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(code)
                });
                TopicData::default()
                    .with_topic_name(topic.topic_name.clone())
                    .with_partitions(partitions.collect())
            });
            let response = DescribeQuorumResponse::default().with_topics(topics.collect());
            return Ok(Plan::answer(call.reply(&response)?));
        }
        let with_directories = call.header.api_version >= DIRECTORIES_FROM;
        let (voters, observers) = self.replica_states(with_directories, cx.now);
        let partition = PartitionData::default()
            .with_leader_id(BrokerId(self.raft.node_id()))
            .with_leader_epoch(self.raft.epoch())
            .with_high_watermark(self.raft.high_watermark())
            .with_current_voters(voters)
            .with_observers(observers);
        let topic = TopicData::default()
            .with_topic_name(TopicName(StrBytes::from_static_str(METADATA_TOPIC)))
            .with_partitions(vec![partition]);
        let mut response = DescribeQuorumResponse::default().with_topics(vec![topic]);
        if with_directories {
            response.nodes = self.nodes();
        }
        Ok(Plan::answer(call.reply(&response)?))
    }

    /// Voters, which are told of whether they fetch or not, and observers, which are those that do.
    fn replica_states(&self, with_directories: bool, now: Now) -> (Vec<ReplicaState>, Vec<ReplicaState>) {
        let raft = &self.raft;
        let state = |key: ReplicaKey, progress: Option<Progress>| {
            let wall_ms = |at: Duration| now.wall_ms - now.mono.saturating_sub(at).as_millis() as i64;
            let mut state = ReplicaState::default()
                .with_replica_id(BrokerId(key.id))
                .with_log_end_offset(progress.map_or(-1, |progress| progress.end_offset))
                .with_last_fetch_timestamp(progress.map_or(-1, |progress| wall_ms(progress.fetched_at)))
                .with_last_caught_up_timestamp(progress.and_then(|p| p.caught_up_at).map_or(-1, wall_ms));
            if with_directories {
                state.replica_directory_id = key.directory_id.into();
            }
            state
        };
        let leader = Progress {
            end_offset: raft.log_end_offset(),
            fetched_at: now.mono,
            caught_up_at: Some(now.mono),
        };
        let voters = raft.voters().iter().map(|voter| {
            let fetched = raft
                .replicas()
                .filter(|(key, _)| key.id == voter.id && raft.voters().is_voter(*key));
            let progress = fetched
                .map(|(_, progress)| progress)
                .max_by_key(|progress| progress.fetched_at);
            state(
                voter.key(),
                if voter.id == raft.node_id() {
                    Some(leader)
                } else {
                    progress
                },
            )
        });
        let others = raft.replicas().filter(|(key, _)| !raft.voters().is_voter(*key));
        (
            voters.collect(),
            others.map(|(key, progress)| state(key, Some(progress))).collect(),
        )
    }

    fn nodes(&self) -> Vec<Node> {
        let node = |voter: &crate::raft::Voter| {
            let listeners = voter.endpoints.iter().map(|(name, host, port)| {
                Listener::default()
                    .with_name(StrBytes::from_string(name.clone()))
                    .with_host(StrBytes::from_string(host.clone()))
                    .with_port(*port)
            });
            Node::default()
                .with_node_id(BrokerId(voter.id))
                .with_listeners(listeners.collect())
        };
        self.raft.voters().iter().map(node).collect()
    }
}
