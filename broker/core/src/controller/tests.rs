use std::sync::Arc;

use broker_log::LogContext;
use broker_log::disk::SimDisk;
use bytes::{Buf as _, Bytes, BytesMut};
use protocol::Uuid;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use protocol::api::messages::create_topics_response::CreateTopicsResponse;
use protocol::api::messages::delete_topics_request::{DeleteTopicState, DeleteTopicsRequest};
use protocol::api::{
    Decodable, ErrorCode, HeaderVersion, Request, RequestHeader, StrBytes, TopicName, encode_request, split_request,
};
use protocol::files::SnapshotId;

use super::*;
use crate::call::Peer;
use crate::cx::{Now, Outbox, Random};
use crate::raft::{RaftConfig, Voter};
use crate::reply::ReplyPart;

mod brokers;
mod cluster;
mod configs;
mod elr;
mod fast_fencing;
mod features;
mod leadership;
mod partitions;
mod racks;
mod snapshots;
mod voters;

struct Counter(u64);

impl Random for Counter {
    fn next_u64(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0
    }
}

/// A controller with its surroundings; calls are committed at once.
struct Node {
    disk: SimDisk,
    controller: Controller,
    random: Counter,
    tickets: u64,
    now: Duration,
    timers: BTreeMap<ControllerTimer, Duration>,
    sends: Vec<QuorumRequest>,
}

impl Node {
    /// With broker 1, alive.
    fn start(disk: SimDisk) -> Self {
        let mut node = Self::alone(disk, None);
        node.join(&[1]);
        node
    }

    /// Without any broker.
    fn alone(disk: SimDisk, bootstrap: Option<Vec<Record>>) -> Self {
        Self::configured(disk, bootstrap, &[])
    }

    fn configured(disk: SimDisk, bootstrap: Option<Vec<Record>>, keys: &[(&str, &str)]) -> Self {
        Self::seated(disk, bootstrap, keys, (1, 1), "cluster")
    }

    /// Node `id` of a quorum whose voters are 1 to `voters`.
    fn seated(
        disk: SimDisk,
        bootstrap: Option<Vec<Record>>,
        keys: &[(&str, &str)],
        (id, voters): (i32, i32),
        cluster_id: &str,
    ) -> Self {
        let own = [
            ("process.roles", "broker,controller"),
            ("node.id", "1"),
            ("controller.quorum.voters", "1@localhost:9093"),
            ("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"),
            ("controller.listener.names", "CONTROLLER"),
        ];
        let config = NodeConfig::parse(own.iter().chain(keys).copied()).unwrap();
        let context = LogContext::new(Arc::new(disk.clone()), 8, 1 << 16);
        let raft = RaftConfig {
            node_id: id,
            directory_id: Uuid::from_u128(6 + id as u128),
            metadata_dir: "/meta".into(),
            static_voters: (1..=voters).map(voter).collect(),
            bootstrap_servers: 0,
            clean: false,
            timeouts: crate::raft::Timeouts::default(),
        };
        let (raft, snapshot) = Raft::open(&context, raft).unwrap();
        let controller = Controller::new(ControllerParts {
            config: Arc::new(config),
            cluster_id: cluster_id.into(),
            raft,
            snapshot,
            bootstrap,
        });
        let controller = controller.unwrap();
        let mut node = Self {
            disk,
            controller,
            random: Counter(id as u64),
            tickets: 0,
            now: Duration::ZERO,
            timers: BTreeMap::new(),
            sends: Vec::new(),
        };
        node.event(Event::Start);
        node
    }

    fn event(&mut self, event: Event) -> Vec<(Ticket, Reply)> {
        let mut replies = self.take(|controller, cx| controller.on(event, cx).unwrap());
        replies.extend(self.take(|controller, cx| drop(controller.commit(cx).unwrap())));
        let mut job = None;
        self.take(|controller, cx| job = controller.snapshot_due(cx.now).unwrap());
        if let Some(job) = job {
            let bytes = Some(job.bytes().unwrap());
            replies.extend(self.event(Event::SnapshotMade { id: job.id, bytes }));
        }
        replies
    }

    /// Lets the controller do something; what it does not sync is not committed.
    fn take(&mut self, step: impl FnOnce(&mut Controller, &mut ControllerCx<'_>)) -> Vec<(Ticket, Reply)> {
        let mut out = Outbox::default();
        let now = Now {
            wall_ms: 1_700_000_000_000 + self.now.as_millis() as i64,
            mono: self.now,
        };
        let mut cx = Cx {
            now,
            random: &mut self.random,
            disk: &self.disk,
            out: &mut out,
        };
        step(&mut self.controller, &mut cx);
        for (timer, at) in out.timers {
            match at {
                Some(at) => self.timers.insert(timer, at),
                None => self.timers.remove(&timer),
            };
        }
        self.sends.extend(out.sends);
        out.replies
    }

    /// Time goes on; timers go off when they are due.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some((timer, at)) = self.timers.iter().map(|(t, at)| (*t, *at)).min_by_key(|(_, at)| *at) {
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            self.timers.remove(&timer);
            self.event(Event::Timer(timer));
        }
        self.now = until;
    }

    fn request<R: Request>(&mut self, version: i16, request: &R) -> (Ticket, Call) {
        self.request_of(Peer::default(), version, request)
    }

    fn request_of<R: Request>(&mut self, peer: Peer, version: i16, request: &R) -> (Ticket, Call) {
        let mut frame = encode_request(version, 5, "test", request).unwrap();
        frame.advance(4);
        let (header, body): (RequestHeader, Bytes) = split_request(frame).unwrap();
        let call = Call {
            header,
            body,
            peer,
            now: Now::default(),
        };
        self.tickets += 1;
        (Ticket(self.tickets), call)
    }

    fn call<R: Request>(&mut self, version: i16, request: &R) -> R::Response
    where
        R::Response: Decodable + HeaderVersion,
    {
        self.call_of(Peer::default(), version, request)
    }

    fn call_of<R: Request>(&mut self, peer: Peer, version: i16, request: &R) -> R::Response
    where
        R::Response: Decodable + HeaderVersion,
    {
        let (ticket, call) = self.request_of(peer, version, request);
        let replies = self.event(Event::Call { ticket, call });
        decoded::<R>(version, ticket, &replies)
    }

    fn create(&mut self, topic: CreatableTopic) -> (ErrorCode, String, CreateTopicsResponse) {
        let response = self.call(7, &CreateTopicsRequest::default().with_topics(vec![topic]));
        let result = &response.topics[0];
        let code = ErrorCode::try_from_code(result.error_code).unwrap_or(ErrorCode::Unknown(0));
        (
            code,
            result.error_message.as_ref().map_or(String::new(), ToString::to_string),
            response,
        )
    }
}

fn voter(id: i32) -> Voter {
    Voter {
        id,
        directory_id: Uuid::ZERO,
        endpoints: vec![],
    }
}

fn decoded<R: Request>(version: i16, asked: Ticket, replies: &[(Ticket, Reply)]) -> R::Response
where
    R::Response: Decodable + HeaderVersion,
{
    let [(ticket, Reply::Frame(parts))] = replies else {
        panic!("{replies:?}")
    };
    assert_eq!(*ticket, asked);
    let mut bytes = BytesMut::new();
    for part in parts {
        let ReplyPart::Bytes(part) = part else {
            panic!("{part:?}")
        };
        bytes.extend_from_slice(part);
    }
    let flexible = <R::Response as HeaderVersion>::header_version(version) >= 1;
    let mut body = bytes.freeze().slice(if flexible { 9 } else { 8 }..);
    R::Response::decode(&mut body, version).unwrap()
}

fn topic(name: &str, partitions: i32, replication_factor: i16) -> CreatableTopic {
    CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_string(name.to_owned())))
        .with_num_partitions(partitions)
        .with_replication_factor(replication_factor)
}

#[test]
fn a_new_cluster_has_a_level_and_its_broker_alive() {
    let node = Node::start(SimDisk::default());
    let image = node.controller.image();
    assert_eq!(image.features().level(METADATA_VERSION), 30);
    assert!(image.brokers().is_alive(1));
}

#[test]
fn topics_come_with_partitions_and_configuration_and_go_by_name_or_id() {
    let mut node = Node::start(SimDisk::default());
    let config = CreatableTopicConfig::default()
        .with_name("retention.ms".into())
        .with_value(Some("5000".into()));
    let (code, _, response) = node.create(topic("a", 3, 1).with_configs(vec![config]));
    assert_eq!(code, ErrorCode::Unknown(0));
    let created = &response.topics[0];
    assert_eq!((created.num_partitions, created.replication_factor), (3, 1));
    let told = created
        .configs
        .as_ref()
        .unwrap()
        .iter()
        .find(|c| c.name.as_str() == "retention.ms")
        .unwrap();
    assert_eq!((told.value.as_deref(), told.config_source), (Some("5000"), 1));
    let image = node.controller.image();
    let partition = image.topics().by_name("a").unwrap().partition(2).unwrap();
    assert_eq!((partition.leader, partition.isr.as_slice()), (1, &[1][..]));
    let by_id = DeleteTopicState::default().with_topic_id(created.topic_id);
    let response = node.call(
        6,
        &DeleteTopicsRequest::default().with_topics(vec![by_id.clone(), by_id]),
    );
    let codes: Vec<i16> = response.responses.iter().map(|r| r.error_code).collect();
    assert_eq!(codes, [0, ErrorCode::InvalidRequest.code()]);
    assert!(node.controller.image().topics().is_empty());
}

#[test]
fn refusals_carry_kafkas_codes_and_words() {
    let mut node = Node::start(SimDisk::default());
    node.create(topic("a.b", 1, 1));
    let cases = [
        (
            topic("a.b", 1, 1),
            ErrorCode::TopicAlreadyExists,
            "Topic 'a.b' already exists.",
        ),
        (
            topic("a_b", 1, 1),
            ErrorCode::InvalidTopicException,
            "Topic 'a_b' collides with existing topic: a.b",
        ),
        (
            topic("", 1, 1),
            ErrorCode::InvalidTopicException,
            "Topic name is invalid: the empty string is not allowed",
        ),
        (
            topic("c", 0, 1),
            ErrorCode::InvalidPartitions,
            "Number of partitions was set to an invalid non-positive value.",
        ),
        (
            topic("c", 1, 0),
            ErrorCode::InvalidReplicationFactor,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        ),
        (
            topic("c", 1, 3),
            ErrorCode::InvalidReplicationFactor,
            "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
        ),
    ];
    for (asked, code, words) in cases {
        let (found, message, _) = node.create(asked);
        assert_eq!((found, message.as_str()), (code, words));
    }
    let bad = CreatableTopicConfig::default()
        .with_name("retention.ms".into())
        .with_value(Some("x".into()));
    let (code, message, _) = node.create(topic("c", 1, 1).with_configs(vec![bad]));
    assert_eq!(code, ErrorCode::InvalidConfig);
    assert_eq!(
        message,
        "Invalid value x for configuration retention.ms: Not a number of type LONG"
    );
}

#[test]
fn validate_only_changes_nothing() {
    let mut node = Node::start(SimDisk::default());
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic("a", 1, 1)])
        .with_validate_only(true);
    assert_eq!(node.call(7, &request).topics[0].error_code, 0);
    assert!(node.controller.image().topics().is_empty());
}

#[test]
fn what_was_answered_is_there_after_a_crash_and_the_latest_image_is_the_committed_one() {
    let mut node = Node::start(SimDisk::default());
    for index in 0..20 {
        node.create(topic(&format!("t{index}"), 2, 1));
    }
    assert_eq!(node.controller.latest.topics(), node.controller.committed.topics());
    let before = node.controller.image().topics().clone();
    let disk = node.disk.crash(|_, _| 0);
    let again = Node::alone(disk, None);
    assert_eq!(again.controller.image().topics(), &before);
}

#[test]
fn partitions_that_are_added_are_answered_topic_by_topic() {
    use protocol::api::messages::CreatePartitionsRequest;
    use protocol::api::messages::create_partitions_request::CreatePartitionsTopic;
    let mut node = Node::start(SimDisk::default());
    node.create(topic("t", 2, 1));
    let asked = |name: &str, count| {
        CreatePartitionsTopic::default()
            .with_name(TopicName(StrBytes::from_string(name.to_owned())))
            .with_count(count)
            .with_assignments(None)
    };
    for (version, count) in [(0, 3), (1, 4), (2, 5), (3, 6)] {
        let request = CreatePartitionsRequest::default()
            .with_topics(vec![asked("t", count), asked("none", 3)])
            .with_timeout_ms(1000);
        let results = node.call(version, &request).results;
        let codes: Vec<(&str, i16)> = results
            .iter()
            .map(|result| (result.name.as_str(), result.error_code))
            .collect();
        let unknown = ErrorCode::UnknownTopicOrPartition.code();
        assert_eq!(codes, [("t", 0), ("none", unknown)], "v{version}");
    }
    let fewer = CreatePartitionsRequest::default().with_topics(vec![asked("t", 6)]);
    assert_eq!(
        node.call(3, &fewer).results[0].error_code,
        ErrorCode::InvalidPartitions.code()
    );
}
