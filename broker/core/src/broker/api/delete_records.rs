//! DeleteRecords (key 21), versions 0 to 2: moves a partition's log start offset up (KIP-107). Answers when all replicas
//! on live brokers have followed.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::api::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsRequest};
use protocol::api::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponse, DeleteRecordsTopicResult,
};
use protocol::api::{ApiKey, DecodeError, ErrorCode, TopicName};

use crate::broker::Broker;
use crate::broker::partition::{Partition, PartitionError};
use crate::call::{Call, Outcome, Pending, ReplyTarget, Served};
use crate::cx::Now;
use crate::reply::Reply;

pub(super) const SERVED: Served = Served::new(ApiKey::DeleteRecords, 0, 2);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DeleteRecordsRequest = call.decode()?;
    let timeout_ms = u64::try_from(request.timeout_ms).unwrap_or(0);
    let mut waits = Vec::new();
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let (topic_at, partition_at) = (topics.len(), partitions.len());
            let deleted = delete(broker, &topic.name, asked);
            partitions.push(result(
                asked.partition_index,
                deleted.as_ref().map(|(_, offset)| *offset),
            ));
            if let Ok((partition, offset)) = deleted {
                waits.push(Wait {
                    partition,
                    offset,
                    topic_at,
                    partition_at,
                });
            }
        }
        topics.push(
            DeleteRecordsTopicResult::default()
                .with_partitions(partitions)
                .with_name(topic.name),
        );
    }
    let mut pending = PendingDelete {
        id: broker.next_waiter_id(),
        target: call.target(),
        response: DeleteRecordsResponse::default().with_topics(topics),
        waits,
        deadline: call.now.mono + Duration::from_millis(timeout_ms),
    };
    Ok(match pending.poll(call.now, Waker::noop()) {
        Poll::Ready(reply) => reply.into(),
        Poll::Pending => Outcome::Wait(Box::new(pending)),
    })
}

fn delete(
    broker: &Broker,
    topic: &TopicName,
    asked: &DeleteRecordsPartition,
) -> Result<(Arc<Partition>, i64), PartitionError> {
    let partition = broker.partition_by_name(topic, asked.partition_index)?;
    let offset = partition.delete_records(asked.offset)?;
    Ok((partition, offset))
}

fn result(index: i32, deleted: Result<i64, &PartitionError>) -> DeleteRecordsPartitionResult {
    let result = DeleteRecordsPartitionResult::default().with_partition_index(index);
    match deleted {
        Ok(low_watermark) => result.with_low_watermark(low_watermark),
        Err(error) => result.with_error_code(error.code.code()).with_low_watermark(-1),
    }
}

/// A partition whose replicas have yet to follow.
#[derive(Debug)]
struct Wait {
    partition: Arc<Partition>,
    offset: i64,
    topic_at: usize,
    partition_at: usize,
}

/// Answers once every low watermark has reached what was deleted.
#[derive(Debug)]
struct PendingDelete {
    id: u64,
    target: ReplyTarget,
    response: DeleteRecordsResponse,
    waits: Vec<Wait>,
    deadline: Duration,
}

impl PendingDelete {
    fn note(response: &mut DeleteRecordsResponse, wait: &Wait, low_watermark: i64, code: Option<ErrorCode>) {
        let topic = response.topics.get_mut(wait.topic_at);
        if let Some(result) = topic.and_then(|topic| topic.partitions.get_mut(wait.partition_at)) {
            result.low_watermark = low_watermark;
            result.error_code = code.map_or(0, |code| code.code());
        }
    }
}

impl Pending for PendingDelete {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        let (id, response) = (self.id, &mut self.response);
        let expired = now.mono >= self.deadline;
        self.waits.retain(|wait| {
            let (low_watermark, code) = match wait.partition.low_watermark(id, waker) {
                Ok(low_watermark) if low_watermark >= wait.offset => (low_watermark, None),
                Ok(low_watermark) if expired => (low_watermark, Some(ErrorCode::RequestTimedOut)),
                Ok(_) => return true,
                Err(error) => (-1, Some(error.code)),
            };
            wait.partition.forget(id);
            Self::note(response, wait, low_watermark, code);
            false
        });
        if self.waits.is_empty() {
            return Poll::Ready(self.target.encode(&self.response).unwrap_or(Reply::Close));
        }
        Poll::Pending
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Drop for PendingDelete {
    fn drop(&mut self) {
        for wait in &self.waits {
            wait.partition.forget(self.id);
        }
    }
}
