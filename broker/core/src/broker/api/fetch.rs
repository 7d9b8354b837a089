//! Fetch (key 1), versions 4 to 18: full and incremental (KIP-227), by topic name up to 12 and by id
//! from 13. Waits until `min_bytes` lie ready, something fails, or `max_wait_ms` is over.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::fetch::{
    FetchHead, FetchPart, FetchPartition, FetchTopic as ResponseTopic, NodeEndpoint, write_response,
};
use protocol::api::messages::fetch_request::{FetchRequest, FetchTopic};
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes};

use crate::broker::Broker;
use crate::broker::fetch_session::{FetchContext, FetchPosition, SessionRequest, StrBytesOrd, TopicRef};
use crate::broker::partition::{Isolation, Partition, PartitionError, ReadRequest};
use crate::call::{Call, Outcome, Pending, ReplyTarget, Served};
use crate::cx::Now;
use crate::reply::{Reply, ReplyPart};

pub(super) const SERVED: Served = Served::new(ApiKey::Fetch, 4, 18);

/// First version that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;
/// First version whose errors name the new leader's address (KIP-951).
const ENDPOINTS_FROM: i16 = 16;

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: FetchRequest = call.decode()?;
    let replica_id = if call.header.api_version >= 15 {
        request.replica_state.replica_id.0
    } else {
        request.replica_id.0
    };
    let isolation = match (replica_id >= 0, request.isolation_level) {
        (true, _) => Isolation::LogEndOffset,
        (false, 1) => Isolation::ReadCommitted,
        (false, _) => Isolation::HighWatermark,
    };
    let by_id = call.header.api_version >= TOPIC_IDS_FROM;
    let wait_ms = u64::try_from(request.max_wait_ms).unwrap_or(0);
    let (max_bytes, min_bytes) = (request.max_bytes, request.min_bytes);
    let session = session_request(request, by_id);
    let context = match broker.sessions.begin(session, call.now.mono, || broker.random() as i32) {
        Ok(context) => context,
        Err(code) => return Ok(refusal(call, code).into()),
    };
    let max_bytes = usize::try_from(max_bytes).unwrap_or(0).min(broker.fetch_max_bytes());
    let mut pending = PendingFetch {
        id: broker.next_waiter_id(),
        broker: Arc::clone(broker),
        target: call.target(),
        context,
        isolation,
        max_bytes,
        min_bytes: usize::try_from(min_bytes).unwrap_or(0).min(max_bytes),
        deadline: call.now.mono + Duration::from_millis(wait_ms),
        registered: Vec::new(),
    };
    Ok(match pending.attempt(call.now, None) {
        Poll::Ready(reply) => reply.into(),
        Poll::Pending => Outcome::Wait(Box::new(pending)),
    })
}

fn session_request(request: FetchRequest, by_id: bool) -> SessionRequest {
    let forgotten = request.forgotten_topics_data.into_iter().flat_map(|topic| {
        let named = topic_ref(by_id, topic.topic.0, topic.topic_id.into());
        topic
            .partitions
            .into_iter()
            .map(move |partition| (named.clone(), partition))
    });
    SessionRequest {
        session_id: request.session_id,
        epoch: request.session_epoch,
        forgotten: forgotten.collect(),
        positions: request
            .topics
            .into_iter()
            .flat_map(|topic| positions(topic, by_id))
            .collect(),
    }
}

fn positions(topic: FetchTopic, by_id: bool) -> impl Iterator<Item = FetchPosition> {
    let named = topic_ref(by_id, topic.topic.0, topic.topic_id.into());
    topic.partitions.into_iter().map(move |p| FetchPosition {
        topic: named.clone(),
        partition: p.partition,
        fetch_offset: p.fetch_offset,
        max_bytes: p.partition_max_bytes,
        current_leader_epoch: p.current_leader_epoch,
        last_fetched_epoch: p.last_fetched_epoch,
        log_start_offset: p.log_start_offset,
    })
}

fn topic_ref(by_id: bool, name: StrBytes, id: Uuid) -> TopicRef {
    if by_id {
        TopicRef::Id(id)
    } else {
        TopicRef::Name(StrBytesOrd(name))
    }
}

/// A response that says only that the session is not usable.
fn refusal(call: &Call, code: ErrorCode) -> Reply {
    let head = FetchHead {
        error_code: code.code(),
        ..FetchHead::default()
    };
    frame(write_response(
        call.header.api_version,
        call.header.correlation_id,
        head,
        vec![],
        &[],
    ))
}

fn frame(parts: Vec<FetchPart<ReplyPart>>) -> Reply {
    let parts = parts.into_iter().map(|part| match part {
        FetchPart::Inline(bytes) => ReplyPart::Bytes(bytes),
        FetchPart::Records(part) => part,
    });
    Reply::Frame(parts.collect())
}

/// Records of one partition as response parts, each with its size in bytes.
type Records = Vec<(ReplyPart, usize)>;

/// One pass over the partitions of a request.
#[derive(Default)]
struct Pass {
    results: Vec<(FetchPartition, Records)>,
    size_bytes: usize,
    failed: bool,
    endpoints: Vec<NodeEndpoint>,
}

#[derive(Debug)]
struct PendingFetch {
    id: u64,
    broker: Arc<Broker>,
    target: ReplyTarget,
    context: FetchContext,
    isolation: Isolation,
    max_bytes: usize,
    min_bytes: usize,
    deadline: Duration,
    registered: Vec<Arc<Partition>>,
}

impl PendingFetch {
    /// Reads once; without a waker nothing is left behind in the partitions.
    fn attempt(&mut self, now: Now, waker: Option<&Waker>) -> Poll<Reply> {
        self.registered.clear();
        let pass = self.read_all(waker);
        let due = pass.failed || pass.size_bytes >= self.min_bytes || now.mono >= self.deadline;
        if due || self.context.positions().is_empty() {
            Poll::Ready(self.respond(pass))
        } else {
            Poll::Pending
        }
    }

    fn read_all(&mut self, waker: Option<&Waker>) -> Pass {
        let mut pass = Pass::default();
        for position in self.context.positions() {
            let found = match &position.topic {
                TopicRef::Id(id) => self.broker.partition_by_id(*id, position.partition),
                TopicRef::Name(name) => self.broker.partition_by_name(&name.0, position.partition),
            };
            let read = found.and_then(|partition| {
                let request = ReadRequest {
                    offset: position.fetch_offset,
                    max_bytes: usize::try_from(position.max_bytes)
                        .unwrap_or(0)
                        .min(self.max_bytes.saturating_sub(pass.size_bytes)),
                    // The first batch goes out even if it is larger than asked for (KIP-74).
                    at_least_one_batch: pass.size_bytes == 0,
                    isolation: self.isolation,
                    current_leader_epoch: position.current_leader_epoch,
                    last_fetched_epoch: position.last_fetched_epoch,
                };
                let read = partition.read(&request, waker.map(|waker| (self.id, waker)));
                if waker.is_some() {
                    self.registered.push(partition);
                }
                read
            });
            match read {
                Ok(read) => {
                    pass.size_bytes += read.size_bytes;
                    pass.failed |= read.head.diverging_epoch.is_some();
                    pass.results.push((read.head, read.records));
                }
                Err(error) => {
                    pass.failed = true;
                    self.failure(&mut pass, position.partition, &error);
                }
            }
        }
        pass
    }

    fn failure(&self, pass: &mut Pass, partition: i32, error: &PartitionError) {
        let mut head = FetchPartition::failed(partition, error.code.code());
        head.current_leader = error.current_leader;
        if self.target.api_version >= ENDPOINTS_FROM
            && let Some((leader_id, _)) = error.current_leader
            && let Some(endpoint) = self.broker.endpoint_of(leader_id)
        {
            pass.endpoints.push(endpoint);
        }
        pass.results.push((head, vec![]));
    }

    fn respond(&self, pass: Pass) -> Reply {
        let mut topics: Vec<ResponseTopic<ReplyPart>> = Vec::new();
        let mut last: Option<&TopicRef> = None;
        for (position, (head, records)) in self.context.positions().iter().zip(pass.results) {
            if !self.context.note(&position.topic, &head, !records.is_empty()) {
                continue;
            }
            if last != Some(&position.topic) {
                topics.push(match &position.topic {
                    TopicRef::Id(id) => ResponseTopic {
                        name: StrBytes::default(),
                        id: *id,
                        partitions: vec![],
                    },
                    TopicRef::Name(name) => ResponseTopic {
                        name: name.0.clone(),
                        id: Uuid::ZERO,
                        partitions: vec![],
                    },
                });
                last = Some(&position.topic);
            }
            if let Some(topic) = topics.last_mut() {
                topic.partitions.push((head, records));
            }
        }
        let head = FetchHead {
            session_id: self.context.session_id(),
            ..FetchHead::default()
        };
        let (version, correlation_id) = (self.target.api_version, self.target.correlation_id);
        frame(write_response(version, correlation_id, head, topics, &pass.endpoints))
    }
}

impl Pending for PendingFetch {
    fn poll(&mut self, now: Now, waker: &Waker) -> Poll<Reply> {
        self.attempt(now, Some(waker))
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }
}

impl Drop for PendingFetch {
    fn drop(&mut self) {
        for partition in &self.registered {
            partition.forget(self.id);
        }
    }
}
