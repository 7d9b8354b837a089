//! What the tour asks of its cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use client::{Client, ClientConfig, ClientError, OffsetSpec, PartitionDescription};
use protocol::api::messages::CreateTopicsRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::api::{StrBytes, TopicName};
use tokio::time::{Instant, sleep};

use crate::error::CommandError;

pub(super) const TOPIC: &str = "tour";
pub(super) const PARTITIONS: i32 = 6;
pub(super) const REPLICAS: i16 = 3;
pub(super) const MIN_IN_SYNC: &str = "2";
/// How often is looked after what comes by itself.
const POLL: Duration = Duration::from_millis(5);

/// The leader of each partition.
pub(super) type Leaders = BTreeMap<i32, i32>;

pub(super) async fn connect(bootstrap: &str, timeout: Duration) -> Result<Client, CommandError> {
    let config = ClientConfig {
        bootstrap: bootstrap.split(',').map(str::to_owned).collect(),
        client_id: "kfleet-tour".to_owned(),
        security: client::Security::default(),
        limit: client::Limit::Each(timeout),
    };
    Ok(Client::connect(config).await?)
}

/// Creates the topic, and waits until all its replicas are in sync.
pub(super) async fn create_topic(client: &Client) -> Result<(), CommandError> {
    let config = CreatableTopicConfig::default()
        .with_name(StrBytes::from_static_str("min.insync.replicas"))
        .with_value(Some(StrBytes::from_static_str(MIN_IN_SYNC)));
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_static_str(TOPIC)))
        .with_num_partitions(PARTITIONS)
        .with_replication_factor(REPLICAS)
        .with_configs(vec![config]);
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(client.request_timeout_ms());
    for result in client.send_any(&request).await?.topics {
        if result.error_code != 0 {
            return Err(ClientError::rejected(TOPIC, result.error_code, result.error_message.as_deref()).into());
        }
        let told = result
            .configs
            .into_iter()
            .flatten()
            .find(|config| config.name.as_str() == "min.insync.replicas");
        if told.and_then(|config| config.value).as_deref() != Some(MIN_IN_SYNC) {
            return Err(CommandError::critical(
                "the new topic does not have the min.insync.replicas it was given",
            ));
        }
    }
    wait_until_in_sync(client).await
}

/// The topic's partitions; none while the broker that is asked does not know the topic.
async fn partitions(client: &Client) -> Result<BTreeMap<i32, PartitionDescription>, ClientError> {
    let mut topics = match client.describe_topics(Some(&[TOPIC.to_owned()])).await {
        Err(error) if error.is_retriable() => BTreeMap::new(),
        answer => answer?,
    };
    Ok(topics.remove(TOPIC).map(|topic| topic.partitions).unwrap_or_default())
}

/// Waits until every partition has a leader and all its replicas are in sync.
pub(super) async fn wait_until_in_sync(client: &Client) -> Result<(), CommandError> {
    let deadline = client.deadline();
    let is_whole = |partition: &PartitionDescription| {
        partition.leader.is_some() && partition.isr.len() == usize::from(REPLICAS.unsigned_abs())
    };
    loop {
        let partitions = partitions(client).await?;
        let whole = partitions.values().filter(|partition| is_whole(partition)).count();
        if whole == PARTITIONS.unsigned_abs() as usize {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(CommandError::critical(format!(
                "{whole} of {PARTITIONS} partitions have all replicas in sync"
            )));
        }
        sleep(POLL).await;
    }
}

/// The leader of each partition.
pub(super) async fn leaders(client: &Client) -> Result<Leaders, CommandError> {
    let leaders = client.leaders(&[TOPIC.to_owned()]).await?;
    Ok(leaders
        .into_iter()
        .map(|((_, partition), leader)| (partition, leader))
        .collect())
}

/// A broker that leads a partition and is not the active controller.
pub(super) async fn victim(client: &Client, leaders: &Leaders) -> Result<i32, CommandError> {
    let active = client.describe_quorum().await?.leader_id;
    let found = leaders.values().find(|leader| **leader != active);
    found
        .copied()
        .ok_or_else(|| CommandError::critical("only the active controller leads partitions"))
}

/// The sum of the partitions' offsets.
pub(super) async fn total_offsets(client: &Client) -> Result<i64, CommandError> {
    let leaders = client.leaders(&[TOPIC.to_owned()]).await?;
    let offsets = client.list_offsets(&leaders, OffsetSpec::Latest).await.into_result()?;
    Ok(offsets.iter().map(|listed| listed.offset).sum())
}
