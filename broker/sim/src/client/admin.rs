//! An admin, who creates topics and then changes what there is.

use client::history::History;
use protocol::api::messages::alter_partition_reassignments_request::{
    AlterPartitionReassignmentsRequest, ReassignablePartition, ReassignableTopic,
};
use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use protocol::api::messages::elect_leaders_request::{ElectLeadersRequest, TopicPartitions};
use protocol::api::messages::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use super::{Asked, Place, Session, Work};
use crate::caller::{Answer, ask};
use crate::world::{EndId, World};
use broker_core::cx::Random as _;

/// The admin.
pub(crate) struct Admin {
    session: Session,
    /// Topics that are to be created first, with their partitions.
    topics: Vec<(String, i32)>,
    places: Vec<Place>,
    has_created: bool,
    is_over: bool,
    extra: u32,
}

fn string(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn creatable(name: &str, partitions: i32, settings: &[(&str, String)]) -> CreatableTopic {
    let configs = settings.iter().map(|(name, value)| {
        CreatableTopicConfig::default()
            .with_name(string(name))
            .with_value(Some(string(value)))
    });
    CreatableTopic::default()
        .with_name(TopicName(string(name)))
        .with_num_partitions(partitions)
        .with_replication_factor(3)
        .with_configs(configs.collect())
}

fn election(place: &Place) -> ElectLeadersRequest {
    let partitions = TopicPartitions::default()
        .with_topic(TopicName(string(&place.topic)))
        .with_partitions(vec![place.partition]);
    ElectLeadersRequest::default()
        .with_election_type(0)
        .with_topic_partitions(Some(vec![partitions]))
        .with_timeout_ms(2000)
}

impl Admin {
    pub(crate) fn new(id: EndId, topics: Vec<(String, i32)>, places: Vec<Place>) -> Self {
        Self {
            session: Session::new(id),
            topics,
            places,
            has_created: false,
            is_over: false,
            extra: 0,
        }
    }

    fn create(&mut self, world: &mut World) {
        let settings = [("segment.ms", world.weather.segment_ms.to_string())];
        let topics = self
            .topics
            .iter()
            .map(|(name, partitions)| creatable(name, *partitions, &settings));
        let request = CreateTopicsRequest::default()
            .with_topics(topics.collect())
            .with_timeout_ms(2000);
        let server = self.session.any_broker(world);
        self.session.ask(world, server, Asked::Admin, ask(request, None, 0));
    }

    fn created(&mut self, world: &mut World, answer: &Answer) {
        let exists = ErrorCode::TopicAlreadyExists.code();
        let response = answer.read::<CreateTopicsRequest>();
        let all = response.is_some_and(|response| {
            response
                .topics
                .iter()
                .all(|topic| topic.error_code == 0 || topic.error_code == exists)
        });
        self.has_created |= all;
        if all {
            world.tell(|| "the admin has created the topics".to_owned());
            self.session.wait(world, 200, 1500);
        } else {
            self.session.wait(world, 50, 200);
        }
    }

    /// Has the preferred leader elected, beside what else is under way.
    pub(super) fn elect(&mut self, world: &mut World, place: &Place, through: EndId) {
        self.session
            .ask(world, through, Asked::Admin, ask(election(place), None, 0));
    }

    fn change(&mut self, world: &mut World) {
        world.totals.admin_requests += 1;
        let place = self
            .places
            .get(world.random.below(self.places.len() as u64) as usize)
            .cloned();
        let Some(place) = place else { return };
        let topic = || TopicName(string(&place.topic));
        let what = world.random.below(5);
        world.tell(|| format!("the admin does {what} with {}-{}", place.topic, place.partition));
        let ask = match what {
            0 => {
                self.extra += 1;
                let topic = creatable(&format!("extra{}", self.extra), 1, &[]);
                let request = CreateTopicsRequest::default()
                    .with_topics(vec![topic])
                    .with_timeout_ms(2000);
                ask(request, None, 0)
            }
            1 => {
                let config = AlterableConfig::default()
                    .with_name(string("max.message.bytes"))
                    .with_value(Some(string(&(100_000 + world.random.below(100_000)).to_string())));
                let resource = AlterConfigsResource::default()
                    .with_resource_type(2)
                    .with_resource_name(string(&place.topic))
                    .with_configs(vec![config]);
                let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
                ask(request, None, 0)
            }
            2 => ask(election(&place), None, 0),
            _ => {
                // Another order, or one replica fewer for a while.
                let first = world.random.below(3) as i32;
                let count = if world.random.one_in(3) { 2 } else { 3 };
                let replicas = (0..count).map(|at| BrokerId(1 + (first + at) % 3));
                let partition = ReassignablePartition::default()
                    .with_partition_index(place.partition)
                    .with_replicas(Some(replicas.collect()));
                let topic = ReassignableTopic::default()
                    .with_name(topic())
                    .with_partitions(vec![partition]);
                let request = AlterPartitionReassignmentsRequest::default()
                    .with_topics(vec![topic])
                    .with_timeout_ms(2000);
                ask(request, None, 0)
            }
        };
        let server = self.session.any_broker(world);
        self.session.ask(world, server, Asked::Admin, ask);
    }
}

impl Work for Admin {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn go_on(&mut self, world: &mut World, _: &mut History) {
        if !self.has_created {
            self.create(world);
        } else if !self.is_over {
            self.change(world);
        }
    }

    fn answered(&mut self, world: &mut World, _: &mut History, _: Asked, answer: &Answer) {
        if self.has_created {
            self.session.wait(world, 300, 3000);
        } else {
            self.created(world, answer);
        }
    }

    fn unfinished(&self) -> Option<String> {
        (!self.has_created).then(|| "the admin has not created the topics".to_owned())
    }

    fn finish(&mut self) {
        self.is_over = true;
    }
}
