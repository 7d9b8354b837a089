//! A controller with brokers that are nothing but their requests.

use protocol::api::BrokerId;
use protocol::api::messages::alter_partition_request::{AlterPartitionRequest, BrokerState, PartitionData, TopicData};
use protocol::api::messages::broker_heartbeat_request::BrokerHeartbeatRequest;
use protocol::api::messages::broker_heartbeat_response::BrokerHeartbeatResponse;
use protocol::api::messages::broker_registration_request::{BrokerRegistrationRequest, Feature, Listener};
use protocol::api::messages::create_topics_request::CreatableReplicaAssignment;

use super::*;
use crate::features::SUPPORTED_FEATURES;
use crate::image::{BrokerImage, PartitionImage};

/// broker.session.timeout.ms, by default.
pub(super) const SESSION: Duration = Duration::from_secs(9);

/// The request of a broker's first start.
pub(super) fn registration(id: i32) -> BrokerRegistrationRequest {
    let listener = Listener::default()
        .with_name("PLAINTEXT".into())
        .with_host("h".into())
        .with_port(9092);
    let features = SUPPORTED_FEATURES.iter().map(|feature| {
        Feature::default()
            .with_name(StrBytes::from_static_str(feature.name))
            .with_min_supported_version(feature.min)
            .with_max_supported_version(feature.max)
    });
    BrokerRegistrationRequest::default()
        .with_broker_id(BrokerId(id))
        .with_cluster_id("cluster".into())
        .with_incarnation_id(incarnation(id, 1))
        .with_listeners(vec![listener])
        .with_features(features.collect())
        .with_rack(None)
        .with_log_dirs(vec![directory(id).into()])
        .with_previous_broker_epoch(-1)
}

/// An id that a broker draws at its `start`th start.
pub(super) fn incarnation<T: From<Uuid>>(id: i32, start: u128) -> T {
    Uuid::from_u128(1000 * id as u128 + start).into()
}

/// A broker's log directory.
pub(super) fn directory(id: i32) -> Uuid {
    Uuid::from_u128(1_000_000 + id as u128)
}

/// Partition 0 of a topic on these brokers.
pub(super) fn on(name: &str, replicas: &[i32]) -> CreatableTopic {
    let assignment = CreatableReplicaAssignment::default()
        .with_partition_index(0)
        .with_broker_ids(replicas.iter().copied().map(BrokerId).collect());
    topic(name, -1, -1).with_assignments(vec![assignment])
}

impl Node {
    /// A controller with brokers that are alive.
    pub(super) fn with_brokers(ids: &[i32]) -> Self {
        let mut node = Self::alone(SimDisk::default(), None);
        node.join(ids);
        node
    }

    pub(super) fn join(&mut self, ids: &[i32]) {
        for id in ids {
            let response = self.call(4, &registration(*id));
            assert_eq!(response.error_code, 0);
            assert!(!self.beat(*id).is_fenced);
        }
    }

    pub(super) fn heartbeat(
        &mut self,
        id: i32,
        how: impl FnOnce(BrokerHeartbeatRequest) -> BrokerHeartbeatRequest,
    ) -> BrokerHeartbeatResponse {
        let request = BrokerHeartbeatRequest::default()
            .with_broker_id(BrokerId(id))
            .with_broker_epoch(self.broker(id).epoch)
            .with_current_metadata_offset(self.controller.image().offset());
        self.call(1, &how(request))
    }

    /// A heartbeat of a broker that has everything and wants nothing.
    pub(super) fn beat(&mut self, id: i32) -> BrokerHeartbeatResponse {
        self.heartbeat(id, |request| request)
    }

    pub(super) fn broker(&self, id: i32) -> BrokerImage {
        self.controller.image().brokers().get(id).unwrap().clone()
    }

    pub(super) fn partition(&self, topic: &str, index: i32) -> PartitionImage {
        let topic = self.controller.image().topics().by_name(topic).unwrap();
        topic.partition(index).unwrap().clone()
    }

    pub(super) fn topic_id(&self, topic: &str) -> Uuid {
        self.controller.image().topics().by_name(topic).unwrap().id
    }

    /// Time goes on, and these brokers stay alive.
    pub(super) fn wait_beating(&mut self, time: Duration, alive: &[i32]) {
        let until = self.now + time;
        while self.now < until {
            self.wait(Duration::from_secs(2).min(until - self.now));
            for id in alive {
                self.beat(*id);
            }
        }
    }
}

impl Node {
    /// A broker tells in which directory its replica of partition 0 is; the error of it.
    pub(super) fn assign(&mut self, id: i32, topic: &str, directory: Uuid) -> i16 {
        use protocol::api::messages::AssignReplicasToDirsRequest;
        use protocol::api::messages::assign_replicas_to_dirs_request as assign;
        let topic = assign::TopicData::default()
            .with_topic_id(self.topic_id(topic).into())
            .with_partitions(vec![assign::PartitionData::default().with_partition_index(0)]);
        let directory = assign::DirectoryData::default()
            .with_id(directory.into())
            .with_topics(vec![topic]);
        let request = AssignReplicasToDirsRequest::default()
            .with_broker_id(BrokerId(id))
            .with_broker_epoch(self.broker(id).epoch)
            .with_directories(vec![directory]);
        let response = self.call(0, &request);
        assert_eq!(response.error_code, 0);
        response.directories[0].topics[0].partitions[0].error_code
    }

    /// The leader proposes who is in sync in partition 0.
    pub(super) fn propose(&mut self, topic: &str, isr: &[i32], how: impl FnOnce(&mut Proposal)) -> Proposed {
        let partition = self.partition(topic, 0);
        let states = isr.iter().map(|id| {
            let epoch = self
                .controller
                .image()
                .brokers()
                .get(*id)
                .map_or(-1, |broker| broker.epoch);
            BrokerState::default()
                .with_broker_id(BrokerId(*id))
                .with_broker_epoch(epoch)
        });
        let mut proposal = Proposal {
            leader: partition.leader,
            topic_id: self.topic_id(topic),
            partition: PartitionData::default()
                .with_partition_index(0)
                .with_leader_epoch(partition.leader_epoch)
                .with_partition_epoch(partition.partition_epoch)
                .with_new_isr_with_epochs(states.collect()),
        };
        how(&mut proposal);
        let topic = TopicData::default()
            .with_topic_id(proposal.topic_id.into())
            .with_partitions(vec![proposal.partition]);
        let request = AlterPartitionRequest::default()
            .with_broker_id(BrokerId(proposal.leader))
            .with_broker_epoch(self.broker(proposal.leader).epoch)
            .with_topics(vec![topic]);
        let response = self.call(3, &request);
        assert_eq!(response.error_code, 0);
        response.topics[0].partitions[0].clone()
    }
}

/// The answer to a proposal.
pub(super) type Proposed = protocol::api::messages::alter_partition_response::PartitionData;

/// What a leader proposes.
pub(super) struct Proposal {
    pub(super) leader: i32,
    pub(super) topic_id: Uuid,
    pub(super) partition: PartitionData,
}
