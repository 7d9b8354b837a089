//! Topics with all that is known of their partitions, page by page where the cluster serves that (KIP-966).

use std::collections::BTreeMap;

use protocol::Uuid;
use protocol::api::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use protocol::api::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponsePartition;
use protocol::api::messages::metadata_response::MetadataResponsePartition;
use protocol::api::messages::{DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use protocol::api::{BrokerId, StrBytes, TopicName};

use crate::cluster::Client;
use crate::conn::Connection;
use crate::error::ClientError;

/// Partitions asked for at a time.
const PAGE: i32 = 2000;

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its id.
    pub id: Uuid,
    /// Whether it is one of the cluster's own.
    pub is_internal: bool,
    /// By their numbers.
    pub partitions: BTreeMap<i32, PartitionDescription>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDescription {
    /// Its leader.
    pub leader: Option<i32>,
    /// The leader's epoch.
    pub leader_epoch: i32,
    /// Brokers with a replica, the preferred leader first.
    pub replicas: Vec<i32>,
    /// In-sync replicas.
    pub isr: Vec<i32>,
    /// Replicas on brokers that are not alive.
    pub offline: Vec<i32>,
    /// Eligible leader replicas; none where the cluster does not say.
    pub elr: Option<Vec<i32>>,
    /// Who was eligible last; none where the cluster does not say.
    pub last_known_elr: Option<Vec<i32>>,
}

impl Client {
    /// These topics, or all, by name. One that does not exist is an error.
    pub async fn describe_topics(
        &self,
        names: Option<&[String]>,
    ) -> Result<BTreeMap<String, TopicDescription>, ClientError> {
        self.describe_topics_by(names, PAGE).await
    }

    /// The same with at most so many partitions in each answer, where the cluster gives answers page by page.
    pub async fn describe_topics_by(
        &self,
        names: Option<&[String]>,
        page: i32,
    ) -> Result<BTreeMap<String, TopicDescription>, ClientError> {
        let any = self.any().await?;
        if any.version_of::<DescribeTopicPartitionsRequest>().is_ok() {
            self.describe_by_page(&any, names, page).await
        } else {
            self.describe_by_metadata(names).await
        }
    }

    async fn describe_by_page(
        &self,
        any: &Connection,
        names: Option<&[String]>,
        page: i32,
    ) -> Result<BTreeMap<String, TopicDescription>, ClientError> {
        let mut topics = BTreeMap::new();
        if names.is_some_and(<[String]>::is_empty) {
            // Which would be answered with all topics.
            return Ok(topics);
        }
        let named = names.unwrap_or_default().iter();
        let mut request = DescribeTopicPartitionsRequest::default()
            .with_topics(
                named
                    .map(|name| TopicRequest::default().with_name(TopicName(StrBytes::from_string(name.clone()))))
                    .collect(),
            )
            .with_response_partition_limit(page);
        loop {
            let response = any.send(&request, self.deadline()).await?;
            let next = response.next_cursor.clone();
            take_page(&mut topics, response)?;
            let Some(next) = next else { return Ok(topics) };
            let at = (next.topic_name.to_string(), next.partition_index);
            let before = request.cursor.as_ref();
            if before.is_some_and(|before| at <= (before.topic_name.to_string(), before.partition_index)) {
                return Err(ClientError::Malformed {
                    address: any.address().to_owned(),
                    reason: "the pages of DescribeTopicPartitions do not advance".to_owned(),
                });
            }
            let cursor = Cursor::default()
                .with_topic_name(next.topic_name)
                .with_partition_index(next.partition_index);
            request.cursor = Some(cursor);
        }
    }

    async fn describe_by_metadata(
        &self,
        names: Option<&[String]>,
    ) -> Result<BTreeMap<String, TopicDescription>, ClientError> {
        let mut topics = BTreeMap::new();
        for topic in self.metadata(names).await?.topics {
            let name = topic.name.map_or(String::new(), |name| name.to_string());
            if topic.error_code != 0 {
                return Err(ClientError::rejected(format!("topic {name}"), topic.error_code, None));
            }
            let partitions = topic.partitions.into_iter();
            let description = TopicDescription {
                id: Uuid::from(topic.topic_id),
                is_internal: topic.is_internal,
                partitions: partitions.map(|p| (p.partition_index, of_metadata(&p))).collect(),
            };
            topics.insert(name, description);
        }
        Ok(topics)
    }
}

/// Adds what a page has; a topic may go on from the page before.
fn take_page(
    topics: &mut BTreeMap<String, TopicDescription>,
    response: DescribeTopicPartitionsResponse,
) -> Result<(), ClientError> {
    for topic in response.topics {
        let name = topic.name.map_or(String::new(), |name| name.to_string());
        if topic.error_code != 0 {
            return Err(ClientError::rejected(format!("topic {name}"), topic.error_code, None));
        }
        let entry = topics.entry(name).or_insert_with(|| TopicDescription {
            id: Uuid::from(topic.topic_id),
            is_internal: topic.is_internal,
            partitions: BTreeMap::new(),
        });
        let partitions = topic.partitions.into_iter();
        entry
            .partitions
            .extend(partitions.map(|p| (p.partition_index, of_page(&p))));
    }
    Ok(())
}

fn of_page(p: &DescribeTopicPartitionsResponsePartition) -> PartitionDescription {
    PartitionDescription {
        leader: leader(p.leader_id),
        leader_epoch: p.leader_epoch,
        replicas: ids(&p.replica_nodes),
        isr: ids(&p.isr_nodes),
        offline: ids(&p.offline_replicas),
        elr: p.eligible_leader_replicas.as_deref().map(ids),
        last_known_elr: p.last_known_elr.as_deref().map(ids),
    }
}

fn of_metadata(p: &MetadataResponsePartition) -> PartitionDescription {
    PartitionDescription {
        leader: leader(p.leader_id),
        leader_epoch: p.leader_epoch,
        replicas: ids(&p.replica_nodes),
        isr: ids(&p.isr_nodes),
        offline: ids(&p.offline_replicas),
        elr: None,
        last_known_elr: None,
    }
}

fn leader(id: BrokerId) -> Option<i32> {
    Some(id.0).filter(|id| *id >= 0)
}

fn ids(nodes: &[BrokerId]) -> Vec<i32> {
    nodes.iter().map(|node| node.0).collect()
}
