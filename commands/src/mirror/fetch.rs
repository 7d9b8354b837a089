//! Reading many partitions of one leader in one request, by the ids of their topics: another topic of the same name is not
//! taken for the one that was there.

use std::collections::BTreeMap;

use bytes::Bytes;
use client::{Client, ClientError};
use protocol::Uuid;
use protocol::api::BrokerId;
use protocol::api::messages::FetchRequest;
use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic};

use super::flow::Key;

/// First version that names topics by id (KIP-516).
const BY_ID_FROM: i16 = 13;
/// Most bytes of an answer, and of a partition in it; one batch comes in any case.
const ANSWER_MAX_BYTES: i32 = 16 << 20;
const PARTITION_MAX_BYTES: i32 = 1 << 20;
/// How long a broker waits for something to read.
const MAX_WAIT_MS: i32 = 100;

/// A partition to be read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) key: Key,
    pub(super) topic_id: Uuid,
    pub(super) from: i64,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Read {
    /// Kafka's error; 0 for none.
    pub(super) code: i16,
    pub(super) records: Bytes,
    /// First offset and producer id of transactions that were aborted.
    pub(super) aborted: Vec<(i64, i64)>,
    /// Behind the last record that may be read.
    pub(super) end: i64,
}

/// Asks a leader for all of these.
pub(super) async fn fetch(
    client: &Client,
    broker: i32,
    wanted: &[Wanted],
    committed_only: bool,
) -> Result<Vec<(Key, i64, Read)>, ClientError> {
    let connection = client.broker(broker).await?;
    let version = connection.version_of::<FetchRequest>()?;
    if version < BY_ID_FROM {
        return Err(ClientError::UnsupportedApi {
            address: connection.address().to_owned(),
            api: protocol::api::ApiKey::Fetch,
        });
    }
    let request = request(wanted, committed_only);
    let response = connection.exchange(version, &request, client.deadline()).await?;
    if response.error_code != 0 {
        return Err(ClientError::rejected(
            format!("broker {broker}"),
            response.error_code,
            None,
        ));
    }
    let asked: BTreeMap<(Uuid, i32), &Wanted> = wanted
        .iter()
        .map(|wanted| ((wanted.topic_id, wanted.key.1), wanted))
        .collect();
    let mut reads = Vec::new();
    for topic in response.responses {
        for partition in topic.partitions {
            let Some(wanted) = asked.get(&(Uuid::from(topic.topic_id), partition.partition_index)) else {
                continue;
            };
            let aborted = partition.aborted_transactions.unwrap_or_default();
            let read = Read {
                code: partition.error_code,
                records: partition.records.unwrap_or_default(),
                aborted: aborted
                    .iter()
                    .map(|aborted| (aborted.first_offset, aborted.producer_id.0))
                    .collect(),
                end: if committed_only {
                    partition.last_stable_offset
                } else {
                    partition.high_watermark
                },
            };
            reads.push((wanted.key.clone(), wanted.from, read));
        }
    }
    Ok(reads)
}

fn request(wanted: &[Wanted], committed_only: bool) -> FetchRequest {
    let mut topics: Vec<FetchTopic> = Vec::new();
    for wanted in wanted {
        let partition = FetchPartition::default()
            .with_partition(wanted.key.1)
            .with_current_leader_epoch(-1)
            .with_fetch_offset(wanted.from)
            .with_last_fetched_epoch(-1)
            .with_log_start_offset(-1)
            .with_partition_max_bytes(PARTITION_MAX_BYTES);
        match topics.last_mut() {
            Some(last) if Uuid::from(last.topic_id) == wanted.topic_id => last.partitions.push(partition),
            _ => topics.push(
                FetchTopic::default()
                    .with_topic_id(wanted.topic_id.into())
                    .with_partitions(vec![partition]),
            ),
        }
    }
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_wait_ms(MAX_WAIT_MS)
        .with_min_bytes(1)
        .with_max_bytes(ANSWER_MAX_BYTES)
        .with_isolation_level(i8::from(committed_only))
        .with_session_epoch(-1)
        .with_topics(topics)
}
