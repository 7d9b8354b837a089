//! What a client knows of who leads what.

use std::collections::BTreeMap;

use protocol::Uuid;
use protocol::api::messages::metadata_request::MetadataRequestTopic;
use protocol::api::messages::{MetadataRequest, MetadataResponse};
use protocol::api::{StrBytes, TopicName};

use super::{Asked, Session};
use crate::caller::{Answer, ask};
use crate::world::World;

/// Who leads what, as far as known.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    leaders: BTreeMap<(String, i32), (i32, i32)>,
    /// The latest epoch that was heard of: a broker that lags tells of earlier ones, which count no more.
    epochs: BTreeMap<(String, i32), i32>,
    ids: BTreeMap<String, Uuid>,
}

impl Metadata {
    /// Who leads a partition and in which epoch.
    pub(super) fn leader(&self, topic: &str, partition: i32) -> Option<(i32, i32)> {
        self.leaders.get(&(topic.to_owned(), partition)).copied()
    }

    pub(super) fn id(&self, topic: &str) -> Option<Uuid> {
        self.ids.get(topic).copied()
    }

    /// A broker said who leads instead, in a later epoch (KIP-951).
    pub(super) fn learn(&mut self, topic: &str, partition: i32, leader: i32, epoch: i32) -> bool {
        let key = (topic.to_owned(), partition);
        let latest = self.epochs.get(&key).copied().unwrap_or(-1);
        let is_known = self.leaders.contains_key(&key);
        if leader < 0 || epoch < latest || (is_known && epoch == latest) {
            return false;
        }
        self.epochs.insert(key.clone(), epoch);
        self.leaders.insert(key, (leader, epoch));
        true
    }

    pub(super) fn forget(&mut self, topic: &str, partition: i32) {
        self.leaders.remove(&(topic.to_owned(), partition));
    }

    pub(super) fn take(&mut self, response: &MetadataResponse) {
        for topic in &response.topics {
            let Some(name) = topic.name.as_ref().map(|name| name.to_string()) else {
                continue;
            };
            if topic.error_code != 0 {
                continue;
            }
            self.ids.insert(name.clone(), topic.topic_id.into());
            for partition in &topic.partitions {
                if partition.error_code == 0 {
                    let (leader, epoch) = (partition.leader_id.0, partition.leader_epoch);
                    self.learn(&name, partition.partition_index, leader, epoch);
                }
            }
        }
    }
}

impl Session {
    /// Asks any broker who leads.
    pub(super) fn ask_metadata(&mut self, world: &mut World, topics: &[&str]) {
        let named = |name: &&str| {
            MetadataRequestTopic::default().with_name(Some(TopicName(StrBytes::from_string((*name).to_owned()))))
        };
        let request = MetadataRequest::default()
            .with_topics(Some(topics.iter().map(named).collect()))
            .with_allow_auto_topic_creation(false);
        let server = self.any_broker(world);
        self.ask(world, server, Asked::Metadata, ask(request, None, 4));
    }

    pub(super) fn any_broker(&self, world: &mut World) -> i32 {
        let brokers = world.weather.brokers();
        world.random.pick(&brokers).unwrap_or(1)
    }

    /// Takes the answer; whether it was one.
    pub(super) fn take_metadata(&mut self, answer: &Answer) -> bool {
        let response = answer.read::<MetadataRequest>();
        if let Some(response) = &response {
            self.metadata.take(response);
        }
        response.is_some()
    }
}
