//! Appending a batch to each of many partitions of one leader in one request.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use client::{Client, ClientError};
use mirror::partition::{Event, Refusal};
use protocol::api::messages::ProduceRequest;
use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::api::messages::produce_response::PartitionProduceResponse;
use protocol::api::{ErrorCode, StrBytes, TopicName};

use super::flow::Key;

/// The newest version that names topics by name.
const VERSION: i16 = 12;
/// All in-sync replicas.
const ACKS_ALL: i16 = -1;
/// How long a leader may wait for its in-sync replicas.
const ACKS_TIMEOUT_MS: i32 = 30_000;

/// A batch to be appended.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) key: Key,
    pub(super) target_topic: Arc<str>,
    pub(super) id: u64,
    pub(super) batch: Bytes,
}

/// What came of all of them, and the trouble that another attempt may mend.
pub(super) type Appended = (Vec<(Key, Event)>, Option<ClientError>);

/// Sends them to their leader.
pub(super) async fn append(client: &Client, broker: i32, outgoing: Vec<Outgoing>) -> Appended {
    let answered = send(client, broker, &outgoing).await;
    let (answers, mut trouble) = match answered {
        Ok(answers) => (answers, None),
        Err(error) => (BTreeMap::new(), Some(error)),
    };
    let events = outgoing.into_iter().map(|out| {
        let id = out.id;
        let answer = answers.get(&(out.target_topic.to_string(), out.key.1));
        let event = match answer.map(|answer| judged(&out.target_topic, answer)) {
            Some(Ok(base_offset)) => Event::Acknowledged { id, base_offset },
            Some(Err((refusal, error))) => {
                if refusal == Refusal::Again {
                    trouble = Some(error);
                }
                Event::Refused { id, refusal }
            }
            None => Event::Refused {
                id,
                refusal: Refusal::Again,
            },
        };
        (out.key, event)
    });
    let events = events.collect();
    (events, trouble)
}

async fn send(
    client: &Client,
    broker: i32,
    outgoing: &[Outgoing],
) -> Result<BTreeMap<(String, i32), PartitionProduceResponse>, ClientError> {
    let mut topics: Vec<TopicProduceData> = Vec::new();
    for out in outgoing {
        let data = PartitionProduceData::default()
            .with_index(out.key.1)
            .with_records(Some(out.batch.clone()));
        match topics.last_mut() {
            Some(last) if *last.name.0 == *out.target_topic => last.partition_data.push(data),
            _ => topics.push(
                TopicProduceData::default()
                    .with_name(TopicName(StrBytes::from_string(out.target_topic.to_string())))
                    .with_partition_data(vec![data]),
            ),
        }
    }
    let request = ProduceRequest::default()
        .with_acks(ACKS_ALL)
        .with_timeout_ms(ACKS_TIMEOUT_MS)
        .with_topic_data(topics);
    let connection = client.broker(broker).await?;
    let version = connection.version_of::<ProduceRequest>()?.min(VERSION);
    let response = connection.exchange(version, &request, client.deadline()).await?;
    let mut answers = BTreeMap::new();
    for topic in response.responses {
        let name = topic.name.to_string();
        for answer in topic.partition_responses {
            answers.insert((name.clone(), answer.index), answer);
        }
    }
    Ok(answers)
}

/// The offset of the first record, or what kind of refusal it is.
fn judged(topic: &str, answer: &PartitionProduceResponse) -> Result<i64, (Refusal, ClientError)> {
    let error = ClientError::rejected(
        format!("{topic}-{}", answer.index),
        answer.error_code,
        answer.error_message.as_deref(),
    );
    let refusal = match error.code() {
        _ if answer.error_code == 0 => return Ok(answer.base_offset),
        // It was written before, and the target has forgotten where.
        Some(ErrorCode::DuplicateSequenceNumber) => return Ok(-1),
        Some(
            ErrorCode::OutOfOrderSequenceNumber
            | ErrorCode::UnknownProducerId
            | ErrorCode::InvalidProducerEpoch
            | ErrorCode::InvalidProducerIdMapping
            | ErrorCode::ProducerFenced,
        ) => Refusal::Producer,
        Some(ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge) => Refusal::TooLarge,
        _ if error.is_retriable() => Refusal::Again,
        _ => Refusal::Poison(error.reason()),
    };
    Err((refusal, error))
}
