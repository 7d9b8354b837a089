//! Whole brokers and their fetchers, with every request and response as bytes.

use std::collections::BTreeMap;
use std::task::Poll;

use broker_log::LogDir;
use bytes::Buf as _;
use protocol::api::messages::list_offsets_request::ListOffsetsRequest;
use protocol::api::messages::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use protocol::api::messages::{FetchRequest, FetchResponse};
use protocol::api::{Decodable, HeaderVersion, Request, encode_request, split_request, split_response};
use protocol::config::NodeConfig;
use protocol::messages::metadata::{RegisterBrokerBrokerEndpoint, TopicRecord};

use super::super::fetcher::{
    Assignments, Fetcher, FetcherConfig, FetcherRequest, FetcherResponse, FollowAction, PartitionKey, Step,
};
use super::*;
use crate::broker::{Broker, BrokerParts, ControllerLink, ControllerRequest, OpenLogDir, api};
use crate::call::{Call, Outcome, Peer, Pending};
use crate::cx::Random;
use crate::reply::Reply;

mod chaos;
mod fetching;
mod links;
mod serving;

/// Of metadata.version.
const LEVEL: i16 = 30;

#[derive(Debug)]
struct NoController;

impl ControllerLink for NoController {
    fn send(&self, _: ControllerRequest) {}
}

struct Counting(u64);

impl Random for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

fn broker(id: i32) -> Arc<Broker> {
    let disk = Arc::new(SimDisk::default());
    disk.create_dir_all(std::path::Path::new("/data")).unwrap();
    let node_id = id.to_string();
    let config = NodeConfig::parse([
        ("process.roles", "broker"),
        ("node.id", node_id.as_str()),
        ("controller.quorum.voters", "9@localhost:9093"),
        ("listeners", "PLAINTEXT://:9092"),
        ("controller.listener.names", "CONTROLLER"),
        (
            "replica.selector.class",
            "org.apache.kafka.common.replica.RackAwareReplicaSelector",
        ),
    ]);
    let dir = OpenLogDir {
        id: Uuid::from_u128(8),
        clean: false,
        health: Arc::default(),
        recovery_points: Default::default(),
        log_start_offsets: Default::default(),
        high_watermarks: Default::default(),
        dir: LogDir::new("/data".into(), disk.clone()),
    };
    Arc::new(Broker::new(BrokerParts {
        config: Arc::new(config.unwrap()),
        cluster_id: "cluster".into(),
        incarnation_id: Uuid::ZERO,
        logs: LogContext::new(disk, 64, 1 << 16),
        dirs: vec![dir],
        controller: Box::new(NoController),
        random: Box::new(Counting(100)),
    }))
}

fn topic(number: u128) -> Uuid {
    Uuid::from_u128(1000 + number)
}

/// Brokers with these ids, and topics without partitions.
fn image_of(brokers: &[i32]) -> MetadataImage {
    let mut image = MetadataImage::empty();
    for broker_id in brokers {
        let endpoint = RegisterBrokerBrokerEndpoint {
            name: "PLAINTEXT".into(),
            host: "h".into(),
            port: 9092,
            ..Default::default()
        };
        let registration = RegisterBrokerRecord {
            broker_id: *broker_id,
            broker_epoch: i64::from(*broker_id) * 100,
            fenced: false,
            rack: Some(format!("rack-{broker_id}")),
            end_points: vec![endpoint],
            ..Default::default()
        };
        image.apply(registration.into()).unwrap();
    }
    for number in 0..2 {
        let record = TopicRecord {
            name: format!("t{number}"),
            topic_id: topic(number),
            ..Default::default()
        };
        image.apply(record.into()).unwrap();
    }
    image
}

fn add_partition(
    image: &mut MetadataImage,
    number: u128,
    partition_id: i32,
    replicas: &[i32],
    (leader, leader_epoch, partition_epoch): (i32, i32, i32),
) {
    let record = PartitionRecord {
        topic_id: topic(number),
        partition_id,
        replicas: replicas.to_vec(),
        isr: replicas.to_vec(),
        leader,
        leader_epoch,
        partition_epoch,
        ..Default::default()
    };
    image.apply(record.into()).unwrap();
}

/// Two topics of three partitions on brokers 1 and 2.
fn image(leader: i32, (leader_epoch, partition_epoch): (i32, i32)) -> MetadataImage {
    let mut image = image_of(&[1, 2]);
    for (number, partition_id) in (0..2).flat_map(|number| (0..3).map(move |id| (number, id))) {
        let is = (leader, leader_epoch, partition_epoch);
        add_partition(&mut image, number, partition_id, &[1, 2], is);
    }
    image
}

fn outcome<R: Request>(broker: &Arc<Broker>, version: i16, request: &R, now: Now) -> Outcome {
    let mut frame = encode_request(version, 42, "test", request).unwrap();
    frame.advance(4);
    let (header, body) = split_request(frame).unwrap();
    let mut peer = Peer {
        listener: "PLAINTEXT".into(),
        ..Peer::default()
    };
    let call = Call {
        header,
        body,
        peer: peer.clone(),
        now,
    };
    api::handle(broker, call, &mut peer)
}

fn at_deadline(mut pending: Box<dyn Pending>) -> Reply {
    let now = Now {
        mono: pending.deadline(),
        ..Now::default()
    };
    match pending.poll(now, Waker::noop()) {
        Poll::Ready(reply) => reply,
        Poll::Pending => panic!("it must answer at its deadline"),
    }
}

fn decoded<R: Request>(version: i16, reply: Reply) -> R::Response
where
    R::Response: Decodable + HeaderVersion,
{
    let Reply::Frame(parts) = reply else {
        panic!("{reply:?}")
    };
    let sized: Vec<(ReplyPart, usize)> = parts
        .into_iter()
        .map(|part| (part.clone(), part.size_bytes()))
        .collect();
    let mut frame = gather(&sized);
    frame.advance(4);
    let (_, mut body) = split_response(frame, R::Response::header_version(version)).unwrap();
    R::Response::decode(&mut body, version).unwrap()
}

fn call<R: Request>(broker: &Arc<Broker>, version: i16, request: &R, now: Now) -> R::Response
where
    R::Response: Decodable + HeaderVersion,
{
    match outcome(broker, version, request, now) {
        Outcome::Reply(reply) => decoded::<R>(version, reply),
        Outcome::Wait(pending) => decoded::<R>(version, at_deadline(pending)),
        Outcome::Forward(_) => panic!("it is answered here"),
    }
}

fn produce(topic: &str, partition: i32, values: &[&str]) -> ProduceRequest {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    let data = PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(batch(&values)));
    let topic = TopicProduceData::default()
        .with_name(protocol::api::TopicName(protocol::api::StrBytes::from_string(
            topic.to_owned(),
        )))
        .with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(100)
        .with_topic_data(vec![topic])
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    LostThere,
    LostBack,
    SessionForgotten,
}

/// A broker as a follower.
struct Follower {
    broker: Arc<Broker>,
    config: FetcherConfig,
    assignments: Assignments,
    fetchers: BTreeMap<(i32, usize), Fetcher>,
    /// Partitions named in the latest Fetch, and its version, session id and epoch.
    sent: (usize, i16, i32, i32),
}

impl Follower {
    fn new(broker: Arc<Broker>) -> Self {
        Self {
            config: FetcherConfig::of(broker.config()),
            broker,
            assignments: Assignments::default(),
            fetchers: BTreeMap::new(),
            sent: (0, 0, 0, 0),
        }
    }

    /// Does what the images ask for; how many partitions were started and stopped.
    fn assign(&mut self) -> (usize, usize) {
        let broker = &self.broker;
        let find = |(id, index): PartitionKey| broker.partition_by_id(id, index).ok();
        let (mut started, mut stopped) = (0, 0);
        for action in self.assignments.plan(broker.replicas().take_changed(), 1, find) {
            match action {
                FollowAction::Start {
                    leader,
                    fetcher,
                    partition,
                } => {
                    started += 1;
                    let new = || Fetcher::new(self.config, Arc::clone(broker.replicas()));
                    self.fetchers
                        .entry((leader, fetcher))
                        .or_insert_with(new)
                        .follow(partition);
                }
                FollowAction::Stop { leader, fetcher, key } => {
                    stopped += 1;
                    self.fetchers.get_mut(&(leader, fetcher)).unwrap().unfollow(key);
                }
            }
        }
        self.fetchers.retain(|_, fetcher| !fetcher.is_empty());
        (started, stopped)
    }

    fn fetcher(&mut self) -> &mut Fetcher {
        self.fetchers.values_mut().next().unwrap()
    }

    /// Leaders that it fetches from.
    fn leaders(&self) -> Vec<i32> {
        self.fetchers.keys().map(|(leader, _)| *leader).collect()
    }

    /// Makes one of the fetchers anew, as after a restart of its task.
    fn forget_fetcher(&mut self, choose: usize) {
        let Some(key) = self.fetchers.keys().nth(choose).copied() else {
            return;
        };
        self.fetchers
            .insert(key, Fetcher::new(self.config, Arc::clone(self.broker.replicas())));
        for partition in self.broker.partitions() {
            if partition
                .follower_position()
                .is_some_and(|position| position.leader == key.0)
            {
                self.fetchers.get_mut(&key).unwrap().follow(partition);
            }
        }
    }

    /// One request there and back; what it waits for if it sends nothing.
    fn round(&mut self, leader: &Arc<Broker>, now: Now) -> Option<Option<Duration>> {
        let id = *self.leaders().first().unwrap();
        self.round_with(id, leader, Fate::Answered, now)
    }

    fn round_with(&mut self, id: i32, leader: &Arc<Broker>, fate: Fate, now: Now) -> Option<Option<Duration>> {
        let fetcher = self.fetchers.get_mut(&(id, 0)).unwrap();
        let (request, version) = match fetcher.next(now, LEVEL) {
            Step::Send(request, version) => (request, version),
            Step::Wait(until) => return Some(until),
        };
        if fate == Fate::LostThere {
            fetcher.on_failure(now);
            return None;
        }
        let response = match request {
            FetcherRequest::Fetch(request) => {
                if fate == Fate::SessionForgotten {
                    let close = FetchRequest::default()
                        .with_session_id(request.session_id)
                        .with_session_epoch(-1);
                    call(leader, 12, &close, now);
                }
                let named = request.topics.iter().map(|topic| topic.partitions.len()).sum();
                self.sent = (named, version, request.session_id, request.session_epoch);
                FetcherResponse::Fetch(call::<FetchRequest>(leader, version, &request, now))
            }
            FetcherRequest::Offsets(request) => {
                FetcherResponse::Offsets(call::<ListOffsetsRequest>(leader, version, &request, now))
            }
        };
        if fate == Fate::LostBack {
            fetcher.on_failure(now);
        } else {
            fetcher.on_response(response, now);
        }
        None
    }

    fn rounds(&mut self, leader: &Arc<Broker>, count: usize, now: Now) {
        for _ in 0..count {
            assert_eq!(self.round(leader, now), None, "it sends");
        }
    }
}

fn started() -> (Arc<Broker>, Follower) {
    started_fetching_at_most(1 << 20)
}

fn started_fetching_at_most(partition_max_bytes: i32) -> (Arc<Broker>, Follower) {
    let (leader, follower) = (broker(1), broker(2));
    for broker in [&leader, &follower] {
        broker.publish(image(1, (5, 5)), seconds(0));
    }
    let mut follower = Follower::new(follower);
    follower.config.partition_max_bytes = partition_max_bytes;
    assert_eq!(follower.assign(), (6, 0));
    (leader, follower)
}

fn offsets(broker: &Arc<Broker>, number: u128, index: i32) -> (i64, i64, i64) {
    broker.partition_by_id(topic(number), index).unwrap().offsets()
}
