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
use crate::broker::{Broker, BrokerParts, ControllerLink, OpenLogDir, api};
use crate::call::{Call, Outcome, Peer, Pending};
use crate::controller::Event;
use crate::cx::Random;
use crate::reply::Reply;

/// Of metadata.version.
const LEVEL: i16 = 30;

#[derive(Debug)]
struct NoController;

impl ControllerLink for NoController {
    fn send(&self, _: Event) {}
}

struct Counting(u64);

impl Random for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

pub(super) fn broker(id: i32) -> Arc<Broker> {
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
        logs: LogContext::new(disk, 64, 1 << 16),
        dirs: vec![dir],
        controller: Box::new(NoController),
        random: Box::new(Counting(100)),
    }))
}

pub(super) fn topic(number: u128) -> Uuid {
    Uuid::from_u128(1000 + number)
}

/// Brokers with these ids, and topics without partitions.
pub(super) fn image_of(brokers: &[i32]) -> MetadataImage {
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

pub(super) fn add_partition(
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
pub(super) enum Fate {
    Answered,
    LostThere,
    LostBack,
    SessionForgotten,
}

/// A broker as a follower.
pub(super) struct Follower {
    broker: Arc<Broker>,
    config: FetcherConfig,
    assignments: Assignments,
    fetchers: BTreeMap<(i32, usize), Fetcher>,
    /// Partitions named in the latest Fetch, and its version, session id and epoch.
    sent: (usize, i16, i32, i32),
}

impl Follower {
    pub(super) fn new(broker: Arc<Broker>) -> Self {
        Self {
            config: FetcherConfig::of(broker.config()),
            broker,
            assignments: Assignments::default(),
            fetchers: BTreeMap::new(),
            sent: (0, 0, 0, 0),
        }
    }

    /// Does what the images ask for; how many partitions were started and stopped.
    pub(super) fn assign(&mut self) -> (usize, usize) {
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
    pub(super) fn leaders(&self) -> Vec<i32> {
        self.fetchers.keys().map(|(leader, _)| *leader).collect()
    }

    /// Makes one of the fetchers anew, as after a restart of its task.
    pub(super) fn forget_fetcher(&mut self, choose: usize) {
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

    pub(super) fn round_with(
        &mut self,
        id: i32,
        leader: &Arc<Broker>,
        fate: Fate,
        now: Now,
    ) -> Option<Option<Duration>> {
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

#[test]
fn partitions_are_replicated_and_an_acks_all_write_is_answered_when_they_are() {
    let (leader, mut follower) = started();
    let Outcome::Wait(mut pending) = outcome(&leader, 9, &produce("t1", 2, &["a", "b"]), seconds(1)) else {
        panic!("it has to wait")
    };
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!(follower.sent, (6, 18, 0, 0));
    assert!(pending.poll(seconds(1), Waker::noop()).is_pending());
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!((follower.sent.0, follower.sent.3), (1, 1), "only what has changed");
    let Poll::Ready(reply) = pending.poll(seconds(1), Waker::noop()) else {
        panic!("both have it")
    };
    let answered = decoded::<ProduceRequest>(9, reply);
    let partition = &answered.responses[0].partition_responses[0];
    assert_eq!((partition.error_code, partition.base_offset), (0, 0));
    assert_eq!(offsets(&follower.broker, 1, 2), (0, 2, 2));
    follower.rounds(&leader, 3, seconds(2));
    assert_eq!((follower.sent.0, follower.sent.3), (0, 4));
}

#[test]
fn a_follower_with_other_records_truncates_and_roles_change() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["both"]), seconds(1));
    follower.rounds(&leader, 2, seconds(1));
    call(&leader, 9, &produce("t0", 0, &["one alone", "one alone"]), seconds(1));
    for broker in [&leader, &follower.broker] {
        broker.publish(image(2, (6, 6)), seconds(2));
    }
    assert_eq!(follower.assign(), (0, 6), "it leads now");
    assert!(follower.fetchers.is_empty());
    let (leader, mut follower) = (follower.broker, Follower::new(leader));
    assert_eq!(follower.assign(), (6, 0));
    call(&leader, 9, &produce("t0", 0, &["two"]), seconds(2));
    follower.rounds(&leader, 4, seconds(2));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 2, 2));
    assert_eq!(offsets(&leader, 0, 0), (0, 2, 2));
}

#[test]
fn a_partition_out_of_range_asks_where_the_leader_starts() {
    let (leader, mut follower) = started();
    let partition = leader.partition_by_id(topic(0), 1).unwrap();
    let shrunk = PartitionImage {
        isr: vec![1],
        partition_epoch: 6,
        ..leader
            .image()
            .topics()
            .by_id(topic(0))
            .unwrap()
            .partition(1)
            .unwrap()
            .clone()
    };
    partition.update(shrunk, config(), 1, seconds(0));
    call(&leader, 9, &produce("t0", 1, &["a", "b", "c"]), seconds(100));
    partition.delete_records(-1).unwrap();
    call(&leader, 9, &produce("t0", 1, &["d"]), seconds(100));
    follower.rounds(&leader, 5, seconds(100));
    assert_eq!(offsets(&follower.broker, 0, 1), (3, 4, 4));
}

#[test]
fn what_fails_is_tried_again_after_a_while_and_a_fenced_epoch_waits_for_metadata() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    follower.fetcher().on_failure(seconds(1));
    assert_eq!(follower.round(&leader, seconds(1)), Some(Some(Duration::from_secs(2))));
    follower.rounds(&leader, 2, seconds(2));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 1, 1));

    // The leader does not know the epoch yet.
    follower.broker.publish(image(1, (6, 6)), seconds(3));
    assert_eq!(follower.assign(), (6, 0));
    follower.rounds(&leader, 1, seconds(3));
    assert_eq!(follower.round(&leader, seconds(3)), Some(Some(Duration::from_secs(4))));
    // Then it knows a later one.
    leader.publish(image(1, (7, 7)), seconds(4));
    follower.rounds(&leader, 1, seconds(4));
    assert_eq!(follower.round(&leader, seconds(5)), Some(None));
    assert_eq!(follower.fetcher().failed_count(), 6);
    follower.broker.publish(image(1, (7, 7)), seconds(6));
    assert_eq!(follower.assign(), (6, 0));
    call(&leader, 9, &produce("t0", 0, &["b"]), seconds(6));
    follower.rounds(&leader, 2, seconds(6));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 2, 2));
}

#[test]
fn a_session_that_the_leader_forgot_is_opened_anew_at_once() {
    let (leader, mut follower) = started();
    follower.rounds(&leader, 2, seconds(1));
    let (_, _, session_id, epoch) = follower.sent;
    assert!(session_id != 0 && epoch == 1);
    let close = FetchRequest::default()
        .with_session_id(session_id)
        .with_session_epoch(-1);
    call(&leader, 12, &close, seconds(1));
    follower.rounds(&leader, 2, seconds(1));
    assert_eq!((follower.sent.0, follower.sent.3), (6, 0));
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!((follower.sent.0, follower.sent.3), (0, 1));
}

#[test]
fn an_answer_for_what_was_not_asked_changes_nothing() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    let Step::Send(FetcherRequest::Fetch(request), version) = follower.fetcher().next(seconds(1), LEVEL) else {
        panic!("it fetches")
    };
    assert!(
        matches!(follower.fetcher().next(seconds(1), LEVEL), Step::Wait(None)),
        "one at a time"
    );
    let mut response: FetchResponse = call(&leader, version, &request, seconds(1));
    response.responses[0].topic_id = Uuid::from_u128(5).into();
    follower
        .fetcher()
        .on_response(FetcherResponse::Fetch(response), seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 0, 0));
    follower.rounds(&leader, 2, seconds(9));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 1, 1));
}

#[test]
fn a_partition_that_goes_or_begins_another_epoch_while_a_fetch_is_on_its_way_is_left_alone() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    call(&leader, 9, &produce("t0", 1, &["a"]), seconds(1));
    let Step::Send(FetcherRequest::Fetch(request), version) = follower.fetcher().next(seconds(1), LEVEL) else {
        panic!("it fetches")
    };
    let response = call(&leader, version, &request, seconds(1));
    follower.fetcher().unfollow((topic(0), 0));
    let later = PartitionImage {
        leader_epoch: 6,
        partition_epoch: 6,
        ..leader
            .image()
            .topics()
            .by_id(topic(0))
            .unwrap()
            .partition(1)
            .unwrap()
            .clone()
    };
    let moved = follower.broker.partition_by_id(topic(0), 1).unwrap();
    moved.update(later.clone(), config(), 1, seconds(1));
    follower.fetcher().follow(moved);
    follower
        .fetcher()
        .on_response(FetcherResponse::Fetch(response), seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 0, 0));
    assert_eq!(offsets(&follower.broker, 0, 1), (0, 0, 0));
    let led = leader.partition_by_id(topic(0), 1).unwrap();
    led.update(later, config(), 1, seconds(1));
    follower.rounds(&leader, 2, seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 1).2, 1);
    assert_eq!(offsets(&follower.broker, 0, 0).2, 0, "forgotten in the session, too");
}

#[test]
fn a_deletion_is_answered_when_the_followers_have_followed() {
    use protocol::api::messages::delete_records_request::{
        DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
    };
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a", "b"]), seconds(1));
    follower.rounds(&leader, 3, seconds(1));
    let asked = DeleteRecordsPartition::default()
        .with_partition_index(0)
        .with_offset(-1);
    let named = DeleteRecordsTopic::default()
        .with_name(protocol::api::TopicName(protocol::api::StrBytes::from_static_str("t0")))
        .with_partitions(vec![asked]);
    let request = DeleteRecordsRequest::default()
        .with_timeout_ms(1000)
        .with_topics(vec![named]);
    let told = |reply| {
        let response = decoded::<DeleteRecordsRequest>(2, reply);
        let result = &response.topics[0].partitions[0];
        (result.error_code, result.low_watermark)
    };
    let Outcome::Wait(late) = outcome(&leader, 2, &request, seconds(1)) else {
        panic!("the follower has not followed")
    };
    assert_eq!(told(at_deadline(late)), (ErrorCode::RequestTimedOut.code(), 0));
    let Outcome::Wait(mut pending) = outcome(&leader, 2, &request, seconds(1)) else {
        panic!("the follower has not followed")
    };
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 0), (2, 2, 2));
    assert!(pending.poll(seconds(1), Waker::noop()).is_pending());
    follower.rounds(&leader, 1, seconds(1));
    let Poll::Ready(reply) = pending.poll(seconds(1), Waker::noop()) else {
        panic!("it has told")
    };
    assert_eq!(told(reply), (0, 2));
}

#[test]
fn every_version_tells_the_leader_where_the_follower_is() {
    use protocol::api::BrokerId;
    use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
    for version in 4..=18 {
        let (leader, _) = started();
        let waiting = outcome(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
        let Outcome::Wait(mut pending) = waiting else {
            panic!("it has to wait")
        };
        let at = |offset| {
            let partition = FetchPartition::default()
                .with_fetch_offset(offset)
                .with_current_leader_epoch(5)
                .with_last_fetched_epoch(-1)
                .with_partition_max_bytes(1000);
            let name = protocol::api::StrBytes::from_static_str("t0");
            let named = FetchTopic::default().with_partitions(vec![partition]);
            let named = if version >= 13 {
                named.with_topic_id(topic(0).into())
            } else {
                named.with_topic(protocol::api::TopicName(name))
            };
            let request = FetchRequest::default()
                .with_session_epoch(-1)
                .with_max_bytes(1000)
                .with_topics(vec![named]);
            if version >= 15 {
                let state = ReplicaState::default()
                    .with_replica_id(BrokerId(2))
                    .with_replica_epoch(200);
                request.with_replica_state(state)
            } else {
                request.with_replica_id(BrokerId(2))
            }
        };
        let response = call(&leader, version, &at(0), seconds(1));
        let data = &response.responses[0].partitions[0];
        assert!(
            data.error_code == 0 && !data.records.clone().unwrap().is_empty(),
            "v{version}"
        );
        call(&leader, version, &at(1), seconds(1));
        assert!(pending.poll(seconds(1), Waker::noop()).is_ready(), "v{version}");
    }
}

#[test]
fn a_consumer_is_sent_to_its_rack_and_reads_there_what_is_committed() {
    use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic};
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    follower.rounds(&leader, 3, seconds(1));
    let read = |broker: &Arc<Broker>, version| {
        let partition = FetchPartition::default()
            .with_partition_max_bytes(1000)
            .with_current_leader_epoch(5)
            .with_last_fetched_epoch(-1);
        let topic = FetchTopic::default()
            .with_topic(protocol::api::TopicName(protocol::api::StrBytes::from_static_str("t0")))
            .with_partitions(vec![partition]);
        let request = FetchRequest::default()
            .with_replica_id(protocol::api::BrokerId(-1))
            .with_session_epoch(-1)
            .with_max_bytes(1000)
            .with_topics(vec![topic]);
        let request = if version >= 11 {
            request.with_rack_id(protocol::api::StrBytes::from_static_str("rack-2"))
        } else {
            request
        };
        let response: FetchResponse = call(broker, version, &request, seconds(1));
        let data = response.responses[0].partitions[0].clone();
        let size_bytes = data.records.unwrap_or_default().len();
        (data.error_code, data.preferred_read_replica.0, size_bytes > 0)
    };
    assert_eq!(read(&leader, 12), (0, 2, false));
    assert_eq!(read(&leader, 10), (0, -1, true), "an old client reads from the leader");
    assert_eq!(read(&follower.broker, 12), (0, -1, true));
    let not_leader = ErrorCode::NotLeaderOrFollower.code();
    assert_eq!(read(&follower.broker, 10), (not_leader, -1, false));
}

#[test]
fn a_throttled_partition_is_left_out_of_fetches_until_the_rate_allows() {
    let (leader, mut follower) = started_fetching_at_most(300);
    let mut throttled = image(1, (5, 5));
    let mut set = |resource_type, resource_name: &str, name: &str, value: &str| {
        let record = protocol::messages::metadata::ConfigRecord {
            resource_type,
            resource_name: resource_name.into(),
            name: name.into(),
            value: Some(value.into()),
            ..Default::default()
        };
        throttled.apply(record.into()).unwrap();
    };
    set(2, "t0", "follower.replication.throttled.replicas", "0:2,1:1");
    set(4, "2", "follower.replication.throttled.rate", "50");
    follower.broker.publish(throttled, seconds(1));
    let all: Vec<String> = (0..9).map(|at| at.to_string().repeat(150)).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for value in &all {
        call(&leader, 9, &produce("t0", 0, &[value]), seconds(1));
        call(&leader, 9, &produce("t0", 1, &[value]), seconds(1));
    }
    // Members of the ISR that are behind what is committed, as after a restart.
    for index in [0, 1] {
        let partition = leader.partition_by_id(topic(0), index).unwrap();
        let shrunk = PartitionImage {
            isr: vec![1],
            partition_epoch: 6,
            ..leader
                .image()
                .topics()
                .by_id(topic(0))
                .unwrap()
                .partition(index)
                .unwrap()
                .clone()
        };
        partition.update(shrunk, config(), 1, seconds(100));
    }
    let mut got = Vec::new();
    for second in 100..145 {
        while follower.round(&leader, seconds(second)).is_none() && follower.sent.0 > 0 {}
        got.push(offsets(&follower.broker, 0, 0).2);
    }
    assert_eq!(
        offsets(&follower.broker, 0, 1).2,
        9,
        "its entry on the list is of another broker"
    );
    assert!(got[0] < 3 && got[44] == 9, "{got:?}");
    assert!(
        got.windows(2).all(|pair| pair[1] - pair[0] <= 1),
        "a batch at a time: {got:?}"
    );
    assert!(got[15] < 9, "{got:?}");
}
