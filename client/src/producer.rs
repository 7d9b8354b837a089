//! Writing batches: to the leader, exactly once, also when it moves.

use std::collections::BTreeMap;

use bytes::Bytes;
use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::api::messages::produce_response::PartitionProduceResponse;
use protocol::api::messages::{InitProducerIdRequest, ProduceRequest};
use protocol::api::{ErrorCode, ProducerId, StrBytes, TopicName};
use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;

/// The newest version that names topics by name.
pub(crate) const VERSION: i16 = 12;
/// How long a leader may wait for its in-sync replicas, in milliseconds.
pub(crate) const ACKS_TIMEOUT_MS: i32 = 30_000;

/// Who must have a batch before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acks {
    /// All in-sync replicas.
    All,
    /// The leader.
    Leader,
    /// Nobody: that it was sent is enough, and whether it arrived is not known.
    None,
}

impl Acks {
    pub(crate) const fn wire(self) -> i16 {
        match self {
            Self::All => -1,
            Self::Leader => 1,
            Self::None => 0,
        }
    }
}

/// An idempotent producer (KIP-98): a batch that is sent again because its answer was lost is written once.
#[derive(Debug)]
pub struct Producer<'a> {
    client: &'a Client,
    compression: Compression,
    id: i64,
    epoch: i16,
    /// The next sequence number of each partition.
    sequences: BTreeMap<(String, i32), i32>,
}

impl<'a> Producer<'a> {
    /// Asks for an id.
    pub async fn new(client: &'a Client, compression: Compression) -> Result<Self, ClientError> {
        let (id, epoch) = client.producer_id().await?;
        Ok(Self {
            client,
            compression,
            id,
            epoch,
            sequences: BTreeMap::new(),
        })
    }

    /// Writes records as one batch and waits until all in-sync replicas have it; the first one's offset.
    pub async fn write(&mut self, topic: &str, partition: i32, records: &[NewRecord<'_>]) -> Result<i64, ClientError> {
        let sequence = self.sequences.entry((topic.to_owned(), partition)).or_insert(0);
        let stamp = ProducerStamp {
            id: self.id,
            epoch: self.epoch,
            base_sequence: *sequence,
        };
        let mut batch = BatchBuilder::new(0, self.compression).producer(stamp);
        for record in records {
            batch.push(record);
        }
        let batch: Bytes = batch
            .build()
            .map_err(|error| ClientError::Unwritable {
                api: protocol::api::ApiKey::Produce,
                reason: error.to_string(),
            })?
            .into();
        let offset = self.client.produce(topic, partition, &batch, Acks::All).await?;
        // Sequence numbers go on at zero after the greatest.
        *sequence = ((i64::from(*sequence) + records.len() as i64) % (1 << 31)) as i32;
        Ok(offset)
    }
}

impl Client {
    /// A new producer's id and epoch.
    pub async fn producer_id(&self) -> Result<(i64, i16), ClientError> {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1);
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let failure = match self.send_any(&request).await {
                Ok(response) if response.error_code == 0 => {
                    return Ok((response.producer_id.0, response.producer_epoch));
                }
                Ok(response) => ClientError::rejected("a producer id", response.error_code, None),
                Err(error) => error,
            };
            backoff.again(failure).await?;
        }
    }

    /// Sends one batch as it is to its partition's leader, again where that may help, and waits until those who
    /// have to have it have it; the offset it was given.
    pub async fn produce(&self, topic: &str, partition: i32, batch: &Bytes, acks: Acks) -> Result<i64, ClientError> {
        let mut backoff = Backoff::new(self.deadline());
        loop {
            match self.produce_once(topic, partition, batch, acks).await {
                Ok(offset) => return Ok(offset),
                Err(error) => {
                    // Also before giving up: who asks again must not come to the same leader if that hangs.
                    self.forget_leaders().await;
                    backoff.again(error).await?;
                }
            }
        }
    }

    async fn produce_once(&self, topic: &str, partition: i32, batch: &Bytes, acks: Acks) -> Result<i64, ClientError> {
        let leader = self.leader(topic, partition).await?;
        let data = PartitionProduceData::default()
            .with_index(partition)
            .with_records(Some(batch.clone()));
        let data = TopicProduceData::default()
            .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_acks(acks.wire())
            .with_timeout_ms(ACKS_TIMEOUT_MS)
            .with_topic_data(vec![data]);
        let connection = self.broker(leader).await?;
        let version = connection.version_of::<ProduceRequest>()?.min(VERSION);
        let response = connection.exchange(version, &request, self.deadline()).await?;
        let mut answers = response
            .responses
            .into_iter()
            .flat_map(|topic| topic.partition_responses);
        let answer = answers.next().ok_or_else(|| ClientError::Malformed {
            address: connection.address().to_owned(),
            reason: "Produce without an answer".to_owned(),
        })?;
        accepted(topic, &answer)
    }
}

pub(crate) fn accepted(topic: &str, answer: &PartitionProduceResponse) -> Result<i64, ClientError> {
    // A duplicate is what an earlier attempt wrote.
    if answer.error_code == 0 || answer.error_code == ErrorCode::DuplicateSequenceNumber.code() {
        return Ok(answer.base_offset);
    }
    let what = format!("{topic}-{}", answer.index);
    Err(ClientError::rejected(
        what,
        answer.error_code,
        answer.error_message.as_deref(),
    ))
}
