//! Topics that are created, grown and deleted, each on its own.

use std::collections::BTreeMap;

use protocol::Uuid;
use protocol::api::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use protocol::api::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use protocol::api::messages::delete_topics_request::DeleteTopicState;
use protocol::api::messages::{CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest};
use protocol::api::{BrokerId, StrBytes, TopicName};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;

/// First version of DeleteTopics that has its topics in a list of structures.
const DELETE_STRUCTS_FROM: i16 = 6;

/// A topic to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions it gets; -1 for what the cluster gives by default, and with an assignment.
    pub partitions: i32,
    /// How many replicas each of them gets; -1 likewise.
    pub replication_factor: i16,
    /// The brokers of each partition, the preferred leader first; empty if the cluster is to choose.
    pub assignment: Vec<Vec<i32>>,
    /// Keys with their values.
    pub configs: BTreeMap<String, String>,
}

/// A topic that was created, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its name.
    pub name: String,
    /// Its id; zero where the cluster does not say.
    pub id: Uuid,
    /// How many partitions it has; none where the cluster does not say.
    pub partitions: Option<i32>,
    /// How many replicas each of them has; none where the cluster does not say.
    pub replication_factor: Option<i16>,
}

impl Client {
    /// Creates topics, or only lets the cluster look at them.
    pub async fn create_topics(
        &self,
        topics: &[NewTopic],
        validate_only: bool,
    ) -> Result<Sharded<CreatedTopic>, ClientError> {
        let request = CreateTopicsRequest::default()
            .with_topics(topics.iter().map(creatable).collect())
            .with_timeout_ms(self.request_timeout_ms())
            .with_validate_only(validate_only);
        let response = self.send_any(&request).await?;
        let mut results = Sharded::default();
        for result in response.topics {
            let name = result.name.to_string();
            if result.error_code != 0 {
                refuse(&mut results, &name, result.error_code, result.error_message.as_deref());
                continue;
            }
            results.ok.push(CreatedTopic {
                name,
                id: Uuid::from(result.topic_id),
                partitions: Some(result.num_partitions).filter(|count| *count > 0),
                replication_factor: Some(result.replication_factor).filter(|count| *count > 0),
            });
        }
        Ok(results)
    }

    /// Gives topics so many partitions, or only lets the cluster look at that. With an assignment, which has the brokers
    /// of those that are new, it is not the cluster that chooses.
    pub async fn create_partitions(
        &self,
        topics: &[String],
        count: i32,
        assignment: Option<&[Vec<i32>]>,
        validate_only: bool,
    ) -> Result<Sharded<String>, ClientError> {
        let assignments = assignment.map(|partitions| {
            let one = |replicas: &Vec<i32>| CreatePartitionsAssignment::default().with_broker_ids(ids(replicas));
            partitions.iter().map(one).collect::<Vec<_>>()
        });
        let topic = |topic: &String| {
            CreatePartitionsTopic::default()
                .with_name(name(topic))
                .with_count(count)
                .with_assignments(assignments.clone())
        };
        let request = CreatePartitionsRequest::default()
            .with_topics(topics.iter().map(topic).collect())
            .with_timeout_ms(self.request_timeout_ms())
            .with_validate_only(validate_only);
        let mut results = Sharded::default();
        for result in self.send_any(&request).await?.results {
            match result.error_code {
                0 => results.ok.push(result.name.to_string()),
                code => refuse(&mut results, &result.name, code, result.error_message.as_deref()),
            }
        }
        Ok(results)
    }

    /// Deletes topics with all records.
    pub async fn delete_topics(&self, topics: &[String]) -> Result<Sharded<String>, ClientError> {
        let any = self.any().await?;
        let mut request = DeleteTopicsRequest::default().with_timeout_ms(self.request_timeout_ms());
        let version = any.version_of::<DeleteTopicsRequest>()?;
        if version >= DELETE_STRUCTS_FROM {
            let state = |topic: &String| DeleteTopicState::default().with_name(Some(name(topic)));
            request.topics = topics.iter().map(state).collect();
        } else {
            request.topic_names = topics.iter().map(|topic| name(topic)).collect();
        }
        let mut results = Sharded::default();
        for result in any.send(&request, self.deadline()).await?.responses {
            let topic = result.name.map_or(String::new(), |name| name.to_string());
            match result.error_code {
                0 => results.ok.push(topic),
                code => refuse(&mut results, &topic, code, result.error_message.as_deref()),
            }
        }
        Ok(results)
    }
}

fn refuse<T>(results: &mut Sharded<T>, topic: &str, code: i16, message: Option<&str>) {
    let what = format!("topic {topic}");
    results.fail(&what, ClientError::rejected(&what, code, message));
}

fn name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

fn ids(replicas: &[i32]) -> Vec<BrokerId> {
    replicas.iter().copied().map(BrokerId).collect()
}

fn creatable(topic: &NewTopic) -> CreatableTopic {
    let text = |text: &String| StrBytes::from_string(text.clone());
    let configs = topic.configs.iter().map(|(key, value)| {
        CreatableTopicConfig::default()
            .with_name(text(key))
            .with_value(Some(text(value)))
    });
    let assignments = (0..).zip(&topic.assignment).map(|(index, replicas)| {
        CreatableReplicaAssignment::default()
            .with_partition_index(index)
            .with_broker_ids(ids(replicas))
    });
    CreatableTopic::default()
        .with_name(name(&topic.name))
        .with_num_partitions(topic.partitions)
        .with_replication_factor(topic.replication_factor)
        .with_assignments(assignments.collect())
        .with_configs(configs.collect())
}
