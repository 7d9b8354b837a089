//! Metadata (key 3), versions 0 to 13: brokers, and topics by name or (from 10) id. Unknown topics are
//! created on the way if both client and broker allow it. It waits a moment for who leads next where a leader is lost.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::metadata_request::MetadataRequestTopic;
use protocol::api::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use protocol::api::messages::{MetadataRequest, MetadataResponse};
use protocol::api::{ApiKey, BrokerId, DecodeError, ErrorCode, StrBytes, TopicName};

use super::operations;
use crate::broker::Broker;
use crate::broker::topic_names::{is_internal, is_valid};
use crate::call::{Call, Outcome, Pending, Served};
use crate::cx::Now;
use crate::image::{BrokerImage, MetadataImage, PartitionImage, TopicImage};
use crate::reply::Reply;

pub(super) const SERVED: Served = Served::new(ApiKey::Metadata, 0, 13);

/// First version whose null topic list, and not an empty one, asks for all topics.
const NULL_MEANS_ALL_FROM: i16 = 1;
/// First version that can say whether unknown topics may be created; before it they always may.
const CREATION_FLAG_FROM: i16 = 4;
/// First version that tells a leader without this listener from no leader.
const LISTENER_NOT_FOUND_FROM: i16 = 6;

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: MetadataRequest = call.decode()?;
    let image = broker.image();
    let Some(deadline) = held_until(broker, &image, call, &request) else {
        return Ok(answer(broker, &image, call, request)?.into());
    };
    Ok(Outcome::Wait(Box::new(PendingMetadata {
        id: broker.next_waiter_id(),
        broker: Arc::clone(broker),
        call: call.clone(),
        request,
        deadline,
    })))
}

/// Whether all topics are asked for, and not those that are named.
fn asks_for_all(version: i16, request: &MetadataRequest) -> bool {
    match &request.topics {
        None => true,
        Some(topics) => topics.is_empty() && version < NULL_MEANS_ALL_FROM,
    }
}

/// Until when the answer waits for an image with other leaders.
fn held_until(broker: &Broker, image: &MetadataImage, call: &Call, request: &MetadataRequest) -> Option<Duration> {
    let (lost, now) = (&broker.lost_leaders, call.now.mono);
    if asks_for_all(call.header.api_version, request) {
        return lost.held_until(image.topics().iter().flat_map(leaders), now);
    }
    let asked = request.topics.iter().flatten();
    let asked = asked.filter_map(|asked| found(image, asked));
    lost.held_until(asked.flat_map(leaders), now)
}

fn leaders(topic: &TopicImage) -> impl Iterator<Item = i32> {
    topic.partitions().map(|(_, state)| state.leader)
}

fn found<'a>(image: &'a MetadataImage, asked: &MetadataRequestTopic) -> Option<&'a TopicImage> {
    match &asked.name {
        Some(name) => image.topics().by_name(name),
        None => image.topics().by_id(Uuid::from(asked.topic_id)),
    }
}

fn answer(
    broker: &Arc<Broker>,
    image: &MetadataImage,
    call: &Call,
    request: MetadataRequest,
) -> Result<Reply, DecodeError> {
    let version = call.header.api_version;
    let view = View {
        broker,
        image,
        listener: &call.peer.listener,
        version,
        now: call.now.mono,
    };
    let mut topics = if asks_for_all(version, &request) {
        image.topics().iter().map(|topic| view.topic(topic)).collect()
    } else {
        let may_create = version < CREATION_FLAG_FROM || request.allow_auto_topic_creation;
        view.named(
            request.topics.unwrap_or_default(),
            may_create && broker.auto_creates_topics(),
        )
    };
    if request.include_topic_authorized_operations {
        for topic in topics.iter_mut().filter(|topic| topic.error_code == 0) {
            topic.topic_authorized_operations = operations::TOPIC;
        }
    }
    let mut response = MetadataResponse::default()
        .with_brokers(view.brokers())
        .with_cluster_id(Some(StrBytes::from_string(broker.cluster_id().to_owned())))
        // Under KRaft any live broker stands here: it forwards what only the controller can do.
        .with_controller_id(BrokerId(broker.node_id()))
        .with_topics(topics);
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = operations::CLUSTER;
    }
    call.reply(&response)
}

/// A request for partitions of a leader that is lost.
#[derive(Debug)]
struct PendingMetadata {
    id: u64,
    broker: Arc<Broker>,
    call: Call,
    request: MetadataRequest,
    deadline: Duration,
}

impl Pending for PendingMetadata {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        self.broker.lost_leaders.wait(self.id, waker);
        self.call.now = now;
        let image = self.broker.image();
        if now.mono < self.deadline && held_until(&self.broker, &image, &self.call, &self.request).is_some() {
            return Poll::Pending;
        }
        let request = std::mem::take(&mut self.request);
        Poll::Ready(answer(&self.broker, &image, &self.call, request).unwrap_or(Reply::Close))
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Drop for PendingMetadata {
    fn drop(&mut self) {
        self.broker.lost_leaders.forget(self.id);
    }
}

struct View<'a> {
    broker: &'a Arc<Broker>,
    image: &'a MetadataImage,
    listener: &'a str,
    version: i16,
    now: Duration,
}

impl View<'_> {
    fn brokers(&self) -> Vec<MetadataResponseBroker> {
        let is_listed = |broker: &BrokerImage| !broker.fenced || self.broker.just_fenced.lists(broker.id, self.now);
        let listed = self.image.brokers().iter().filter(|broker| is_listed(broker));
        listed
            .filter_map(|broker| {
                let endpoint = broker.endpoint(self.listener)?;
                Some(
                    MetadataResponseBroker::default()
                        .with_node_id(BrokerId(broker.id))
                        .with_host(StrBytes::from_string(endpoint.host.clone()))
                        .with_port(i32::from(endpoint.port))
                        .with_rack(broker.rack.clone().map(StrBytes::from_string)),
                )
            })
            .collect()
    }

    fn named(&self, asked: Vec<MetadataRequestTopic>, create: bool) -> Vec<MetadataResponseTopic> {
        let mut missing = Vec::new();
        let topics = asked.into_iter().map(|asked| {
            let id = Uuid::from(asked.topic_id);
            match (found(self.image, &asked), asked.name) {
                (Some(topic), _) => self.topic(topic),
                (None, None) => failed(None, id, ErrorCode::UnknownTopicId),
                (None, Some(name)) if !is_valid(&name) => failed(Some(name), id, ErrorCode::InvalidTopicException),
                (None, Some(name)) => {
                    if create {
                        missing.push(name.to_string());
                    }
                    failed(Some(name), Uuid::ZERO, ErrorCode::UnknownTopicOrPartition)
                }
            }
        });
        let topics = topics.collect();
        if !missing.is_empty() {
            self.broker.create_missing_topics(&missing);
        }
        topics
    }

    fn topic(&self, topic: &TopicImage) -> MetadataResponseTopic {
        MetadataResponseTopic::default()
            .with_name(Some(TopicName(StrBytes::from_string(topic.name.clone()))))
            .with_topic_id(topic.id.into())
            .with_is_internal(is_internal(&topic.name))
            .with_partitions(
                topic
                    .partitions()
                    .map(|(index, partition)| self.partition(index, partition))
                    .collect(),
            )
    }

    fn partition(&self, index: i32, partition: &PartitionImage) -> MetadataResponsePartition {
        let online = |id: i32| {
            let alive = self.image.brokers().get(id).filter(|broker| !broker.fenced);
            alive.is_some_and(|broker| broker.has_online_dir(partition.directory(id)))
        };
        let offline = partition.replicas.iter().copied().filter(|id| !online(*id));
        let tells_listeners = self.version >= LISTENER_NOT_FOUND_FROM;
        let error = match self.image.brokers().get(partition.leader) {
            Some(leader) if !leader.fenced && leader.endpoint(self.listener).is_some() => None,
            Some(leader) if !leader.fenced && tells_listeners => Some(ErrorCode::ListenerNotFound),
            _ => Some(ErrorCode::LeaderNotAvailable),
        };
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_error_code(error.map_or(0, |code| code.code()))
            .with_leader_id(BrokerId(if error.is_none() { partition.leader } else { -1 }))
            .with_leader_epoch(partition.leader_epoch)
            .with_replica_nodes(ids(&partition.replicas))
            .with_isr_nodes(ids(&partition.isr))
            .with_offline_replicas(offline.map(BrokerId).collect())
    }
}

fn ids(nodes: &[i32]) -> Vec<BrokerId> {
    nodes.iter().copied().map(BrokerId).collect()
}

fn failed(name: Option<TopicName>, id: Uuid, code: ErrorCode) -> MetadataResponseTopic {
    let internal = name.as_ref().is_some_and(|name| is_internal(name));
    MetadataResponseTopic::default()
        .with_error_code(code.code())
        .with_name(name)
        .with_topic_id(id.into())
        .with_is_internal(internal)
}
