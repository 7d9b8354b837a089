//! Producers as leaders of partitions know them (KIP-664), and the end of what they left open.

use std::collections::BTreeMap;

use protocol::api::messages::describe_producers_request::TopicRequest;
use protocol::api::messages::describe_producers_response::ProducerState as ToldState;
use protocol::api::messages::write_txn_markers_request::{WritableTxnMarker, WritableTxnMarkerTopic};
use protocol::api::messages::{DescribeProducersRequest, DescribeProducersResponse, WriteTxnMarkersRequest};
use protocol::api::{ProducerId, StrBytes, TopicName};

use crate::admin::group_offsets::PartitionKey;
use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;
use crate::sharded::Sharded;
use crate::together;

/// Partitions asked about at a time.
const PARTITIONS_MAX: usize = 1000;

/// A producer that has written to a partition not long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerState {
    /// Its id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i32,
    /// The sequence number of its last record; none if that was a marker.
    pub last_sequence: Option<i32>,
    /// The greatest timestamp of its last batch; none if it is not known.
    pub last_timestamp_ms: Option<i64>,
    /// The epoch of the coordinator that wrote its last marker; none if there was none.
    pub coordinator_epoch: Option<i32>,
    /// Where the transaction begins that is open; none if none is.
    pub open_from: Option<i64>,
}

impl From<ToldState> for ProducerState {
    fn from(told: ToldState) -> Self {
        Self {
            producer_id: told.producer_id.0,
            producer_epoch: told.producer_epoch,
            last_sequence: Some(told.last_sequence).filter(|number| *number >= 0),
            last_timestamp_ms: Some(told.last_timestamp).filter(|timestamp_ms| *timestamp_ms >= 0),
            coordinator_epoch: Some(told.coordinator_epoch).filter(|epoch| *epoch >= 0),
            open_from: Some(told.current_txn_start_offset).filter(|offset| *offset >= 0),
        }
    }
}

/// What a broker says of a partition.
type Told = (PartitionKey, Result<Vec<ProducerState>, ClientError>);

/// A transaction that is to be aborted in one partition, whatever its coordinator thinks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbortMarker {
    /// The partition.
    pub partition: PartitionKey,
    /// The producer.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The coordinator's epoch; no less than that of the producer's last marker.
    pub coordinator_epoch: i32,
}

impl Client {
    /// Producers of partitions, each partition asked of the broker that stands with it, all brokers at the same time; asked
    /// again where that may help, of new leaders if it is leaders that are asked.
    pub async fn describe_producers(
        &self,
        partitions: &BTreeMap<PartitionKey, i32>,
        of_leaders: bool,
    ) -> Sharded<(PartitionKey, Vec<ProducerState>)> {
        let mut results = Sharded::default();
        let mut backoff = Backoff::new(self.deadline());
        let mut open = partitions.clone();
        loop {
            let mut failed = BTreeMap::new();
            for (key, told) in self.describe_producers_once(&open).await {
                match told {
                    Ok(producers) => {
                        open.remove(&key);
                        results.ok.push((key, producers));
                    }
                    Err(error) => drop(failed.insert(key, error)),
                }
            }
            let last = failed.values().find(|error| error.is_retriable()).cloned();
            let again = match last {
                Some(error) => backoff.again(error).await.is_ok(),
                None => false,
            };
            for (key, error) in failed {
                if !again || !error.is_retriable() {
                    open.remove(&key);
                    results.fail(format!("{}-{}", key.0, key.1), error);
                }
            }
            if !again {
                break;
            }
            if of_leaders {
                self.look_again(&mut open).await;
            }
        }
        results.ok.sort_by(|(a, _), (b, _)| a.cmp(b));
        results
    }

    async fn describe_producers_once(&self, partitions: &BTreeMap<PartitionKey, i32>) -> Vec<Told> {
        let mut by_broker: BTreeMap<i32, Vec<&PartitionKey>> = BTreeMap::new();
        for (key, broker) in partitions {
            by_broker.entry(*broker).or_default().push(key);
        }
        let asked = by_broker.into_iter().map(async |(broker, keys)| {
            let mut told = Vec::new();
            for keys in keys.chunks(PARTITIONS_MAX) {
                match self.send_to(broker, &request(keys)).await {
                    Ok(response) => told.extend(told_by(response)),
                    Err(error) => told.extend(keys.iter().map(|key| ((*key).clone(), Err(error.clone())))),
                }
            }
            told
        });
        together::all(asked).await.into_iter().flatten().collect()
    }

    /// Writes the marker that aborts a transaction to its partition's leader.
    pub async fn abort_transaction(&self, leader: i32, marker: &AbortMarker) -> Result<(), ClientError> {
        let (topic, partition) = &marker.partition;
        let topic_data = WritableTxnMarkerTopic::default()
            .with_name(TopicName(StrBytes::from_string(topic.clone())))
            .with_partition_indexes(vec![*partition]);
        let written = WritableTxnMarker::default()
            .with_producer_id(ProducerId(marker.producer_id))
            .with_producer_epoch(marker.producer_epoch)
            .with_transaction_result(false)
            .with_topics(vec![topic_data])
            .with_coordinator_epoch(marker.coordinator_epoch);
        let request = WriteTxnMarkersRequest::default().with_markers(vec![written]);
        let response = self.send_to(leader, &request).await?;
        let topics = response.markers.into_iter().flat_map(|marker| marker.topics);
        let mut results = topics.flat_map(|topic| topic.partitions);
        let result = results.next().ok_or_else(|| ClientError::Malformed {
            address: format!("broker {leader}"),
            reason: "WriteTxnMarkers without an answer".to_owned(),
        })?;
        match result.error_code {
            0 => Ok(()),
            code => Err(ClientError::rejected(format!("{topic}-{partition}"), code, None)),
        }
    }
}

fn request(keys: &[&PartitionKey]) -> DescribeProducersRequest {
    let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for (topic, partition) in keys {
        topics.entry(topic).or_default().push(*partition);
    }
    let topics = topics.into_iter().map(|(topic, partitions)| {
        TopicRequest::default()
            .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
            .with_partition_indexes(partitions)
    });
    DescribeProducersRequest::default().with_topics(topics.collect())
}

fn told_by(response: DescribeProducersResponse) -> Vec<Told> {
    let mut told = Vec::new();
    for topic in response.topics {
        for p in topic.partitions {
            let key = (topic.name.to_string(), p.partition_index);
            if p.error_code != 0 {
                let what = format!("{}-{}", key.0, key.1);
                let message = p.error_message.as_deref();
                told.push((key, Err(ClientError::rejected(what, p.error_code, message))));
                continue;
            }
            let producers = p.active_producers.into_iter().map(ProducerState::from);
            let mut producers: Vec<ProducerState> = producers.collect();
            producers.sort_by_key(|producer| producer.producer_id);
            told.push((key, Ok(producers)));
        }
    }
    told
}
