//! Fetch (key 1), versions 4 to 18: full and incremental (KIP-227), by topic name up to 12 and by id
//! from 13. Waits until `min_bytes` lie ready, something fails, or `max_wait_ms` is over. Followers tell with it how far
//! they are; consumers may read from followers and are told which is near them (KIP-392).

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
use crate::broker::partition::{Isolation, Partition, PartitionError, Read, ReadRequest, ReplicaFetch};
use crate::call::{Call, Outcome, Pending, ReplyTarget, Served};
use crate::cx::Now;
use crate::reply::{Reply, ReplyPart};

pub(super) const SERVED: Served = Served::new(ApiKey::Fetch, 4, 18);

/// First version that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;
/// First version whose replicas tell their broker's epoch (KIP-903).
const REPLICA_STATE_FROM: i16 = 15;
/// First version whose consumers can read from followers (KIP-392).
const FOLLOWER_READS_FROM: i16 = 11;
/// First version whose errors name the new leader's address (KIP-951).
const ENDPOINTS_FROM: i16 = 16;
/// A follower of more partitions than these most often waits: they are looked at once, with a waker left at each, and not
/// before that to see whether there is anything to wait for.
const LOOKED_AT_TWICE_MAX: usize = 100;

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: FetchRequest = call.decode()?;
    let reader = reader(broker, call, &request);
    let by_id = call.header.api_version >= TOPIC_IDS_FROM;
    let wait_ms = u64::try_from(request.max_wait_ms).unwrap_or(0);
    let (max_bytes, min_bytes) = (request.max_bytes, request.min_bytes);
    let is_replica = matches!(reader, Reader::Replica { .. });
    let session = SessionRequest {
        is_replica,
        ..session_request(request, by_id)
    };
    let context = match broker.sessions.begin(session, call.now.mono, || broker.random() as i32) {
        Ok(context) => context,
        Err(code) => return Ok(refusal(call, code).into()),
    };
    let max_bytes = usize::try_from(max_bytes).unwrap_or(0).min(broker.fetch_max_bytes());
    let mut pending = PendingFetch {
        id: broker.next_waiter_id(),
        broker: Arc::clone(broker),
        listener: call.peer.listener.clone(),
        target: call.target(),
        context,
        reader,
        is_first: true,
        max_bytes,
        min_bytes: usize::try_from(min_bytes).unwrap_or(0).min(max_bytes),
        deadline: call.now.mono + Duration::from_millis(wait_ms),
        registered: Vec::new(),
    };
    if is_replica && pending.context.positions().len() > LOOKED_AT_TWICE_MAX {
        return Ok(Outcome::Wait(Box::new(pending)));
    }
    Ok(match pending.attempt(call.now, None) {
        Poll::Ready(reply) => reply.into(),
        Poll::Pending => Outcome::Wait(Box::new(pending)),
    })
}

fn reader(broker: &Broker, call: &Call, request: &FetchRequest) -> Reader {
    let version = call.header.api_version;
    let (broker_id, broker_epoch) = if version >= REPLICA_STATE_FROM {
        (request.replica_state.replica_id.0, request.replica_state.replica_epoch)
    } else {
        (request.replica_id.0, -1)
    };
    if broker_id >= 0 {
        return Reader::Replica {
            broker_id,
            broker_epoch,
        };
    }
    let knows_followers = version >= FOLLOWER_READS_FROM;
    let rack = Some(request.rack_id.as_str()).filter(|rack| knows_followers && !rack.is_empty());
    let rack = rack.filter(|_| broker.selects_replicas_by_rack());
    Reader::Consumer {
        isolation: match request.isolation_level {
            1 => Isolation::ReadCommitted,
            _ => Isolation::HighWatermark,
        },
        leader_only: !knows_followers,
        near: rack.map(|rack| (rack.to_owned(), call.peer.listener.clone())),
    }
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
        is_replica: false,
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
    throttled_bytes: usize,
    failed: bool,
    endpoints: Vec<NodeEndpoint>,
}

/// Who reads.
#[derive(Debug)]
enum Reader {
    /// A follower.
    Replica { broker_id: i32, broker_epoch: i64 },
    /// A client.
    Consumer {
        isolation: Isolation,
        leader_only: bool,
        /// Its rack and the listener it uses, if it is to be sent to a replica near it.
        near: Option<(String, String)>,
    },
}

impl Reader {
    /// Reads one partition: at most `room` bytes, but the first batch even if it is larger (KIP-74).
    fn read(
        &self,
        partition: &Partition,
        position: &FetchPosition,
        (room, at_least_one_batch): (usize, bool),
        (at, is_news): (Duration, bool),
        waiter: Option<(u64, &Waker)>,
    ) -> Result<Read, PartitionError> {
        let mut request = ReadRequest {
            offset: position.fetch_offset,
            max_bytes: usize::try_from(position.max_bytes).unwrap_or(0).min(room),
            at_least_one_batch,
            isolation: Isolation::LogEndOffset,
            current_leader_epoch: position.current_leader_epoch,
            last_fetched_epoch: position.last_fetched_epoch,
            leader_only: true,
        };
        match self {
            Self::Replica {
                broker_id,
                broker_epoch,
            } => {
                let fetch = ReplicaFetch {
                    broker_id: *broker_id,
                    broker_epoch: *broker_epoch,
                    log_start_offset: position.log_start_offset,
                    at,
                    is_news,
                };
                partition.read_as_replica(&request, &fetch, waiter)
            }
            Self::Consumer {
                isolation,
                leader_only,
                near,
            } => {
                (request.isolation, request.leader_only) = (*isolation, *leader_only);
                let near = near.as_ref().and_then(|(rack, listener)| {
                    partition.preferred_read_replica(rack, position.fetch_offset, listener)
                });
                match near {
                    None => partition.read(&request, waiter),
                    Some(replica) => Ok(Read::nothing(FetchPartition {
                        preferred_read_replica: replica,
                        ..partition.head(position.current_leader_epoch)?
                    })),
                }
            }
        }
    }
}

#[derive(Debug)]
struct PendingFetch {
    id: u64,
    broker: Arc<Broker>,
    /// Where the request came by, and new leaders are to be reached.
    listener: String,
    target: ReplyTarget,
    context: FetchContext,
    reader: Reader,
    /// It has not been looked at yet: it says only once where a follower is.
    is_first: bool,
    max_bytes: usize,
    min_bytes: usize,
    deadline: Duration,
    registered: Vec<Arc<Partition>>,
}

impl PendingFetch {
    /// Reads once; without a waker, or when it is time to answer, nothing new is left behind in the partitions.
    fn attempt(&mut self, now: Now, waker: Option<&Waker>) -> Poll<Reply> {
        let waker = waker.filter(|_| now.mono < self.deadline);
        if waker.is_some() {
            self.registered.clear();
        }
        let pass = self.read_all(now, waker);
        self.is_first = false;
        let due = pass.failed || pass.size_bytes >= self.min_bytes || now.mono >= self.deadline;
        if due || self.context.positions().is_empty() {
            self.broker
                .replicas()
                .leader_throttle()
                .record(pass.throttled_bytes, now.mono);
            Poll::Ready(self.respond(pass))
        } else {
            Poll::Pending
        }
    }

    fn read_all(&mut self, now: Now, waker: Option<&Waker>) -> Pass {
        let mut pass = Pass::default();
        for position in self.context.positions() {
            let found = match &position.topic {
                TopicRef::Id(id) => self.broker.partition_by_id(*id, position.partition),
                TopicRef::Name(name) => self.broker.partition_by_name(&name.0, position.partition),
            };
            let read = found.and_then(|partition| {
                let room = self.max_bytes.saturating_sub(pass.size_bytes);
                let waiter = waker.map(|waker| (self.id, waker));
                let limits = (room, pass.size_bytes == 0);
                let read = self
                    .reader
                    .read(&partition, position, limits, (now.mono, self.is_first), waiter);
                if waker.is_some() {
                    self.registered.push(partition);
                }
                read
            });
            match read {
                Ok(read) => {
                    pass.size_bytes += read.size_bytes;
                    pass.throttled_bytes += if read.throttled { read.size_bytes } else { 0 };
                    // These are answered at once, as errors are.
                    pass.failed |= read.head.diverging_epoch.is_some() || read.head.preferred_read_replica >= 0;
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
            && let Some(endpoint) = self.broker.endpoint_of(leader_id, &self.listener)
            && !pass.endpoints.contains(&endpoint)
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
