//! DescribeQuorum (55), versions 0 to 2.

use protocol::Uuid;
use protocol::api::messages::describe_quorum_request::DescribeQuorumRequest;
use protocol::api::messages::describe_quorum_response::{
    DescribeQuorumResponse, Listener, Node, PartitionData, ReplicaState, TopicData,
};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use super::{Controller, ControllerCx, Handled, Plan};
use crate::call::Call;

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
        let raft = &self.raft;
        let with_directories = call.header.api_version >= DIRECTORIES_FROM;
        let mut voter = ReplicaState::default()
            .with_replica_id(BrokerId(raft.node_id()))
            .with_log_end_offset(raft.log_end_offset())
            .with_last_fetch_timestamp(cx.now.wall_ms)
            .with_last_caught_up_timestamp(cx.now.wall_ms);
        if with_directories {
            let directory = if raft.kraft_version() > 0 {
                raft.directory_id()
            } else {
                Uuid::ZERO
            };
            voter.replica_directory_id = directory.into();
        }
        let partition = PartitionData::default()
            .with_leader_id(BrokerId(raft.node_id()))
            .with_leader_epoch(raft.epoch())
            .with_high_watermark(raft.high_watermark())
            .with_current_voters(vec![voter]);
        let topic = TopicData::default()
            .with_topic_name(TopicName(StrBytes::from_static_str(METADATA_TOPIC)))
            .with_partitions(vec![partition]);
        let mut response = DescribeQuorumResponse::default().with_topics(vec![topic]);
        if with_directories {
            response.nodes = self.nodes();
        }
        Ok(Plan::answer(call.reply(&response)?))
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
