//! Produce (key 0), versions 3 to 13; advertised from 0, because librdkafka takes a higher minimum for
//! "no compression" (KAFKA-18659). From version 13 topics go by id (KIP-516).

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::produce_request::{PartitionProduceData, ProduceRequest};
use protocol::api::messages::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProduceResponse,
    TopicProduceResponse,
};
use protocol::api::{ApiKey, BrokerId, DecodeError, ErrorCode, StrBytes};

use crate::broker::Broker;
use crate::broker::partition::{Appended, Partition, PartitionError, Replicated};
use crate::call::{Call, Outcome, Pending, ReplyTarget, Served};
use crate::cx::Now;
use crate::reply::Reply;

pub(super) const SERVED: Served = Served {
    advertised_min: 0,
    ..Served::new(ApiKey::Produce, 3, 13)
};

/// First version whose errors name the new leader (KIP-951).
const LEADER_IN_ERRORS_FROM: i16 = 10;

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: ProduceRequest = call.decode()?;
    let mut waits = Vec::new();
    let mut failed = false;
    let leaders = Leaders {
        broker: Arc::clone(broker),
        listener: call.peer.listener.clone(),
        version: call.header.api_version,
    };
    let mut response = ProduceResponse::default();
    for topic in request.topic_data {
        response.responses.push(
            TopicProduceResponse::default()
                .with_name(topic.name.clone())
                .with_topic_id(topic.topic_id),
        );
        for data in topic.partition_data {
            let index = data.index;
            let id = Uuid::from(topic.topic_id);
            let found = if call.header.api_version >= 13 {
                broker.partition_by_id(id, index)
            } else {
                broker.partition_by_name(&topic.name, index)
            };
            let appended =
                found.and_then(|partition| append(&partition, data, request.acks, call.now).map(|a| (partition, a)));
            failed |= appended.is_err();
            let told = match appended {
                Ok((partition, appended)) => {
                    waits.push(Wait {
                        partition,
                        appended,
                        topic: response.responses.len() - 1,
                        index,
                    });
                    success(index, &appended)
                }
                Err(error) => {
                    let leader = leaders.tell(&mut response, error.current_leader);
                    failure(index, error).with_current_leader(leader)
                }
            };
            if let Some(topic) = response.responses.last_mut() {
                topic.partition_responses.push(told);
            }
        }
    }
    match request.acks {
        // The client hears of a failed write only by losing its connection.
        0 if failed => Ok(Reply::Close.into()),
        0 => Ok(Reply::Nothing.into()),
        -1 => {
            let deadline = call.now.mono + Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or(0));
            let target = call.target();
            let mut pending = PendingProduce {
                id: broker.next_waiter_id(),
                target,
                leaders,
                response,
                waits,
                deadline,
            };
            match pending.poll(call.now, Waker::noop()) {
                Poll::Ready(reply) => Ok(reply.into()),
                Poll::Pending => Ok(Outcome::Wait(Box::new(pending))),
            }
        }
        _ => Ok(call.reply(&response)?.into()),
    }
}

fn append(partition: &Partition, data: PartitionProduceData, acks: i16, now: Now) -> Result<Appended, PartitionError> {
    if !(-1..=1).contains(&acks) {
        return Err(ErrorCode::InvalidRequiredAcks.into());
    }
    partition.append_as_leader(&data.records.unwrap_or_default(), acks, now)
}

fn success(index: i32, appended: &Appended) -> PartitionProduceResponse {
    PartitionProduceResponse::default()
        .with_index(index)
        .with_base_offset(appended.first_offset)
        .with_log_append_time_ms(appended.log_append_time_ms)
        .with_log_start_offset(appended.log_start_offset)
        .with_current_leader(leader_id_and_epoch((-1, -1)))
}

fn failure(index: i32, error: PartitionError) -> PartitionProduceResponse {
    PartitionProduceResponse::default()
        .with_index(index)
        .with_error_code(error.code.code())
        .with_base_offset(-1)
        .with_log_append_time_ms(-1)
        .with_log_start_offset(-1)
        .with_error_message(error.message.map(StrBytes::from_string))
        .with_record_errors(error.record_errors.into_iter().map(record_error).collect())
}

fn leader_id_and_epoch((id, epoch): (i32, i32)) -> LeaderIdAndEpoch {
    LeaderIdAndEpoch::default()
        .with_leader_id(BrokerId(id))
        .with_leader_epoch(epoch)
}

/// Tells clients who leads instead, and where they reach it (KIP-951).
#[derive(Debug)]
struct Leaders {
    broker: Arc<Broker>,
    listener: String,
    version: i16,
}

impl Leaders {
    /// What stands with the partition; the leader's address is added to the response.
    fn tell(&self, response: &mut ProduceResponse, leader: Option<(i32, i32)>) -> LeaderIdAndEpoch {
        let leader = leader.filter(|_| self.version >= LEADER_IN_ERRORS_FROM);
        let Some((leader_id, leader_epoch)) = leader else {
            return leader_id_and_epoch((-1, -1));
        };
        let known = response.node_endpoints.iter().any(|node| node.node_id.0 == leader_id);
        let endpoint = self.broker.endpoint_of(leader_id, &self.listener);
        if let Some((_, host, port, rack)) = endpoint.filter(|_| !known) {
            response.node_endpoints.push(
                NodeEndpoint::default()
                    .with_node_id(BrokerId(leader_id))
                    .with_host(host)
                    .with_port(port)
                    .with_rack(rack),
            );
        }
        leader_id_and_epoch((leader_id, leader_epoch))
    }
}

fn record_error((batch_index, message): (i32, String)) -> BatchIndexAndErrorMessage {
    BatchIndexAndErrorMessage::default()
        .with_batch_index(batch_index)
        .with_batch_index_error_message(Some(StrBytes::from_string(message)))
}

/// A write that waits for the ISR.
#[derive(Debug)]
struct Wait {
    partition: Arc<Partition>,
    appended: Appended,
    topic: usize,
    index: i32,
}

/// acks=all: answers once every write is below its partition's high watermark, or its leader leads no more.
#[derive(Debug)]
struct PendingProduce {
    id: u64,
    target: ReplyTarget,
    leaders: Leaders,
    response: ProduceResponse,
    waits: Vec<Wait>,
    deadline: Duration,
}

impl PendingProduce {
    fn fail(response: &mut ProduceResponse, leaders: &Leaders, wait: &Wait, code: ErrorCode) {
        let moved = code == ErrorCode::NotLeaderOrFollower;
        let leader = leaders.tell(response, moved.then(|| wait.partition.current_leader()));
        let topic = response.responses.get_mut(wait.topic);
        let partition = topic.and_then(|t| t.partition_responses.iter_mut().find(|p| p.index == wait.index));
        if let Some(partition) = partition {
            partition.error_code = code.code();
            partition.base_offset = -1;
            partition.current_leader = leader;
        }
    }
}

impl Pending for PendingProduce {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        let (id, response, leaders) = (self.id, &mut self.response, &self.leaders);
        let expired = now.mono >= self.deadline;
        self.waits
            .retain(|wait| match wait.partition.replicated_to(&wait.appended, id, waker) {
                Replicated::Yes => false,
                Replicated::NotYet if expired => {
                    Self::fail(response, leaders, wait, ErrorCode::RequestTimedOut);
                    wait.partition.forget(id);
                    false
                }
                Replicated::NotYet => true,
                Replicated::Failed(code) => {
                    Self::fail(response, leaders, wait, code);
                    false
                }
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

impl Drop for PendingProduce {
    fn drop(&mut self) {
        for wait in &self.waits {
            wait.partition.forget(self.id);
        }
    }
}
