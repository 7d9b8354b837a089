//! A lone broker on a simulated disk: every API it serves, in every version.

use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use broker_log::disk::{Disk, SimDisk};
use broker_log::{LogContext, LogDir, Offsets};
use bytes::{Buf as _, Bytes, BytesMut};
use protocol::Uuid;
use protocol::api::messages::*;
use protocol::api::{
    ApiKey, Decodable, ErrorCode, HeaderVersion, Request, StrBytes, TopicName, encode_request, split_request,
    split_response,
};
use protocol::config::NodeConfig;
use protocol::messages::metadata::{
    FeatureLevelRecord, PartitionRecord, RegisterBrokerBrokerEndpoint, RegisterBrokerRecord, TopicRecord,
};
use protocol::records::{BatchBuilder, Compression, NewRecord};

use super::*;
use crate::call::{Call, Outcome, Peer};
use crate::cx::{Now, Random};
use crate::reply::{Refused, Reply, ReplyPart};

mod behaviours;
mod coordinators;
mod directories;
mod groups;
mod leaders;
mod moves;
mod requested_topics;
mod trio;

const TOPIC: Uuid = Uuid::from_u128(700);
const OFFSETS_TOPIC: Uuid = Uuid::from_u128(701);

#[derive(Debug, Default, Clone)]
struct Link(Arc<Mutex<Vec<String>>>);

impl ControllerLink for Link {
    fn send(&self, request: ControllerRequest) {
        self.0.lock().unwrap().push(format!("{request:?}"));
    }
}

/// Counts, from 77 on.
struct Counting(u64);

impl Random for Counting {
    fn next_u64(&mut self) -> u64 {
        self.0 += 1;
        self.0 - 1
    }
}

struct Lone {
    broker: Arc<Broker>,
    disk: Arc<SimDisk>,
    link: Link,
}

impl Lone {
    fn start() -> Self {
        let disk = Arc::new(SimDisk::default());
        disk.create_dir_all(std::path::Path::new("/data")).unwrap();
        Self::on(disk)
    }

    /// With what is on this disk, as after a crash.
    fn on(disk: Arc<SimDisk>) -> Self {
        let lone = Self::without_image(1, disk, &[]);
        let mut image = MetadataImage::empty();
        let level = FeatureLevelRecord {
            name: "metadata.version".into(),
            feature_level: 30,
            ..Default::default()
        };
        image.apply(level.into()).unwrap();
        image.apply(registered(1, Uuid::ZERO).into()).unwrap();
        for (name, topic_id) in [("t", TOPIC), ("__consumer_offsets", OFFSETS_TOPIC)] {
            let topic = TopicRecord {
                name: name.into(),
                topic_id,
                ..Default::default()
            };
            image.apply(topic.into()).unwrap();
            image.apply(led_by_1(topic_id).into()).unwrap();
        }
        image.advance(9, 1, 0);
        lone.broker.publish(image, Now::default());
        lone.broker.load_groups(Now::default());
        lone
    }

    /// A broker that has not seen any metadata.
    fn without_image(node_id: i32, disk: Arc<SimDisk>, settings: &[(&str, &str)]) -> Self {
        Self::with_dirs(node_id, disk, settings, &["/data"], false)
    }

    /// With log directories whose ids are 8, 9, and so on, which were closed or not.
    fn with_dirs(node_id: i32, disk: Arc<SimDisk>, settings: &[(&str, &str)], dirs: &[&str], clean: bool) -> Self {
        use protocol::files::names;
        let node_id = node_id.to_string();
        let fixed = [
            ("process.roles", "broker,controller"),
            ("node.id", node_id.as_str()),
            (
                "controller.quorum.voters",
                "1@localhost:9093,2@localhost:9094,3@localhost:9095",
            ),
            ("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"),
            ("controller.listener.names", "CONTROLLER"),
        ];
        let config = NodeConfig::parse(fixed.iter().chain(settings).copied());
        let link = Link::default();
        let open = |(id, path): (u128, &&str)| {
            let dir = LogDir::new(path.into(), disk.clone());
            OpenLogDir {
                id: Uuid::from_u128(id),
                clean,
                health: Arc::default(),
                recovery_points: dir.read_offsets(names::RECOVERY_POINTS).unwrap(),
                log_start_offsets: dir.read_offsets(names::LOG_START_OFFSETS).unwrap(),
                high_watermarks: dir.read_offsets(names::HIGH_WATERMARKS).unwrap(),
                dir,
            }
        };
        let broker = Broker::new(BrokerParts {
            config: Arc::new(config.unwrap()),
            cluster_id: "cluster".into(),
            incarnation_id: Uuid::ZERO,
            logs: LogContext::new(disk.clone(), 8, 1 << 16),
            dirs: (8..).zip(dirs).map(open).collect(),
            controller: Box::new(link.clone()),
            random: Box::new(Counting(77)),
        });
        Self {
            broker: Arc::new(broker),
            disk,
            link,
        }
    }

    fn outcome<R: Request>(&self, version: i16, request: &R) -> Outcome {
        self.outcome_on("PLAINTEXT", version, request)
    }

    /// As a client of this listener sees it.
    fn outcome_on<R: Request>(&self, listener: &str, version: i16, request: &R) -> Outcome {
        self.outcome_at(Duration::ZERO, listener, version, request)
    }

    /// At a monotonic time.
    fn outcome_at<R: Request>(&self, mono: Duration, listener: &str, version: i16, request: &R) -> Outcome {
        let mut frame = encode_request(version, 42, "test", request).unwrap();
        frame.advance(4);
        let (header, body) = split_request(frame).unwrap();
        let mut peer = Peer {
            listener: listener.into(),
            ..Peer::default()
        };
        let call = Call {
            header,
            body,
            peer: peer.clone(),
            now: Now { wall_ms: 1000, mono },
        };
        api::handle(&self.broker, call, &mut peer)
    }

    fn call<R: Request>(&self, version: i16, request: &R) -> R::Response
    where
        R::Response: Decodable + HeaderVersion,
    {
        self.call_on("PLAINTEXT", version, request)
    }

    fn call_on<R: Request>(&self, listener: &str, version: i16, request: &R) -> R::Response
    where
        R::Response: Decodable + HeaderVersion,
    {
        let reply = match self.outcome_on(listener, version, request) {
            Outcome::Reply(reply) => reply,
            Outcome::Wait(mut pending) => {
                let now = Now {
                    mono: pending.deadline(),
                    ..Now::default()
                };
                let Poll::Ready(reply) = pending.poll(now, Waker::noop()) else {
                    panic!("it must answer at its deadline")
                };
                reply
            }
            Outcome::Forward(_) => panic!("{:?} is not answered here", ApiKey::try_from(R::KEY)),
        };
        decoded::<R>(version, reply)
    }
}

fn decoded<R: Request>(version: i16, reply: Reply) -> R::Response
where
    R::Response: Decodable + HeaderVersion,
{
    let Reply::Frame(parts) = reply else {
        panic!("{:?} v{version}: {reply:?}", ApiKey::try_from(R::KEY))
    };
    let mut frame = bytes_of(&parts);
    assert_eq!(frame.get_i32() as usize, frame.len());
    let (id, mut body) = split_response(frame, R::Response::header_version(version)).unwrap();
    assert_eq!(id, 42);
    let response = R::Response::decode(&mut body, version).unwrap();
    assert!(
        body.is_empty(),
        "{:?} v{version}: {} bytes left",
        ApiKey::try_from(R::KEY),
        body.len()
    );
    response
}

/// The registration of a process with this id.
fn registered(broker_id: i32, incarnation_id: Uuid) -> RegisterBrokerRecord {
    let endpoint = RegisterBrokerBrokerEndpoint {
        name: "PLAINTEXT".into(),
        host: "h".into(),
        port: 9092,
        ..Default::default()
    };
    RegisterBrokerRecord {
        broker_id,
        incarnation_id,
        end_points: vec![endpoint],
        fenced: false,
        ..Default::default()
    }
}

fn led_by_1(topic_id: Uuid) -> PartitionRecord {
    PartitionRecord {
        topic_id,
        partition_id: 0,
        replicas: vec![1],
        isr: vec![1],
        leader: 1,
        leader_epoch: 4,
        partition_epoch: 0,
        ..Default::default()
    }
}

fn bytes_of(parts: &[ReplyPart]) -> Bytes {
    let mut out = BytesMut::new();
    for part in parts {
        match part {
            ReplyPart::Bytes(bytes) => out.extend_from_slice(bytes),
            ReplyPart::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; *size_bytes];
                file.read_at(&mut range, *position).unwrap();
                out.extend_from_slice(&range);
            }
        }
    }
    out.freeze()
}

fn name(text: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(text))
}

fn batch() -> Bytes {
    let mut builder = BatchBuilder::new(0, Compression::None);
    builder.push(&NewRecord {
        timestamp: 1000,
        value: Some(b"v"),
        ..NewRecord::default()
    });
    builder.build().unwrap().into()
}

fn produce(topic: &'static str, id: Uuid, acks: i16) -> ProduceRequest {
    use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
    let data = PartitionProduceData::default()
        .with_index(0)
        .with_records(Some(batch()));
    let topic = TopicProduceData::default()
        .with_name(name(topic))
        .with_topic_id(id.into())
        .with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_acks(acks)
        .with_timeout_ms(100)
        .with_topic_data(vec![topic])
}

fn fetch(version: i16, offset: i64, min_bytes: i32) -> FetchRequest {
    use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic};
    let partition = FetchPartition::default()
        .with_partition(0)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(1000);
    let topic = FetchTopic::default().with_partitions(vec![
        partition.with_current_leader_epoch(-1).with_last_fetched_epoch(-1),
    ]);
    let topic = if version >= 13 {
        topic.with_topic_id(TOPIC.into())
    } else {
        topic.with_topic(name("t"))
    };
    FetchRequest::default()
        .with_replica_id(protocol::api::BrokerId(-1))
        .with_max_bytes(1000)
        .with_min_bytes(min_bytes)
        .with_max_wait_ms(10)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

#[test]
fn produce_and_fetch_answer_in_every_version_also_with_errors() {
    let lone = Lone::start();
    for version in 3..=13 {
        let good = lone.call(
            version,
            &if version >= 13 {
                produce("", TOPIC, -1)
            } else {
                produce("t", Uuid::ZERO, -1)
            },
        );
        let partition = &good.responses[0].partition_responses[0];
        assert_eq!(
            (partition.error_code, partition.base_offset),
            (0, i64::from(version) - 3)
        );
        let unknown = if version >= 13 {
            produce("", Uuid::from_u128(1), 1)
        } else {
            produce("u", Uuid::ZERO, 1)
        };
        let code = if version >= 13 {
            ErrorCode::UnknownTopicId
        } else {
            ErrorCode::UnknownTopicOrPartition
        };
        assert_eq!(
            lone.call(version, &unknown).responses[0].partition_responses[0].error_code,
            code.code()
        );
    }
    for version in 4..=18 {
        let response = lone.call(version, &fetch(version, 0, 1));
        let partition = &response.responses[0].partitions[0];
        assert_eq!((partition.error_code, partition.high_watermark), (0, 11), "v{version}");
        assert!(!partition.records.as_ref().unwrap().is_empty());
        let beyond = lone.call(version, &fetch(version, 99, 1));
        assert_eq!(
            beyond.responses[0].partitions[0].error_code,
            ErrorCode::OffsetOutOfRange.code()
        );
    }
}

#[test]
fn a_fetch_at_the_end_waits_until_something_is_written() {
    let lone = Lone::start();
    let Outcome::Wait(mut pending) = lone.outcome(12, &fetch(12, 0, 1)) else {
        panic!("it does not wait")
    };
    assert!(pending.poll(Now::default(), Waker::noop()).is_pending());
    lone.call(9, &produce("t", Uuid::ZERO, 1));
    assert!(pending.poll(Now::default(), Waker::noop()).is_ready());
}

#[test]
fn acks_0_has_no_answer_and_a_failure_closes_the_connection() {
    let lone = Lone::start();
    assert!(matches!(
        lone.outcome(9, &produce("t", Uuid::ZERO, 0)),
        Outcome::Reply(Reply::Nothing)
    ));
    assert!(matches!(
        lone.outcome(9, &produce("u", Uuid::ZERO, 0)),
        Outcome::Reply(Reply::Close)
    ));
}

#[test]
fn the_other_apis_answer_in_every_version() {
    use protocol::api::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
    let lone = Lone::start();
    lone.call(9, &produce("t", Uuid::ZERO, 1));
    for version in 1..=10 {
        for timestamp in [-1, -2, 0] {
            let partition = ListOffsetsPartition::default()
                .with_timestamp(timestamp)
                .with_current_leader_epoch(-1);
            let topic = ListOffsetsTopic::default()
                .with_name(name("t"))
                .with_partitions(vec![partition]);
            let request = ListOffsetsRequest::default()
                .with_replica_id(protocol::api::BrokerId(-1))
                .with_topics(vec![topic]);
            let response = lone.call(version, &request);
            assert_eq!(response.topics[0].partitions[0].error_code, 0, "v{version}");
        }
    }
    for version in 0..=13 {
        let response = lone.call(
            version,
            &MetadataRequest::default().with_topics(if version == 0 { Some(vec![]) } else { None }),
        );
        assert!(
            response.topics.iter().all(|topic| topic.partitions[0].leader_id.0 == 1),
            "v{version}"
        );
        assert_eq!(response.brokers.len(), 1);
    }
    for version in 0..=4 {
        let software = |request: ApiVersionsRequest| {
            request
                .with_client_software_name("a".into())
                .with_client_software_version("1".into())
        };
        let response = lone.call(version, &software(ApiVersionsRequest::default()));
        assert_eq!(response.error_code, 0);
        let produce = response.api_keys.iter().find(|key| key.api_key == 0).unwrap();
        assert_eq!((produce.min_version, produce.max_version), (0, 13));
    }
    for version in 0..=2 {
        let response = lone.call(version, &DescribeClusterRequest::default().with_endpoint_type(1));
        assert_eq!(response.brokers.len(), 1);
    }
    for version in 1..=4 {
        use protocol::api::messages::describe_configs_request::DescribeConfigsResource;
        let resource = |kind, name: &'static str| {
            DescribeConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(name.into())
                .with_configuration_keys(None)
        };
        let request = DescribeConfigsRequest::default()
            .with_resources(vec![resource(2, "t"), resource(4, "1"), resource(2, "none")])
            .with_include_synonyms(true);
        let results = lone.call(version, &request).results;
        assert!(results[0].configs.len() > 30 && results[1].configs.len() > 300);
        assert_eq!(results[2].error_code, ErrorCode::UnknownTopicOrPartition.code());
        let response = lone.call(version, &DescribeLogDirsRequest::default().with_topics(None));
        assert!(
            response.results[0]
                .topics
                .iter()
                .all(|topic| topic.partitions.len() == 1)
        );
    }
    for version in 0..=2 {
        use protocol::api::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
        let topic = DeleteRecordsTopic::default()
            .with_name(name("t"))
            .with_partitions(vec![DeleteRecordsPartition::default().with_offset(-1)]);
        let response = lone.call(version, &DeleteRecordsRequest::default().with_topics(vec![topic]));
        assert_eq!(response.topics[0].partitions[0].low_watermark, 1);
    }
    for version in 2..=4 {
        use protocol::api::messages::offset_for_leader_epoch_request::{
            OffsetForLeaderPartition, OffsetForLeaderTopic,
        };
        let partition = OffsetForLeaderPartition::default()
            .with_leader_epoch(4)
            .with_current_leader_epoch(-1);
        let topic = OffsetForLeaderTopic::default()
            .with_topic(name("t"))
            .with_partitions(vec![partition]);
        let response = lone.call(
            version,
            &OffsetForLeaderEpochRequest::default().with_topics(vec![topic]),
        );
        assert_eq!(response.topics[0].partitions[0].end_offset, 1);
    }
    let topics = DescribeTopicPartitionsRequest::default().with_response_partition_limit(10);
    assert!(
        lone.call(0, &topics)
            .topics
            .iter()
            .all(|topic| topic.partitions[0].leader_epoch == 4)
    );
    use protocol::api::messages::describe_producers_request::TopicRequest;
    let topic = TopicRequest::default()
        .with_name(name("t"))
        .with_partition_indexes(vec![0]);
    assert_eq!(
        lone.call(0, &DescribeProducersRequest::default().with_topics(vec![topic]))
            .topics[0]
            .partitions[0]
            .error_code,
        0
    );
}

#[test]
fn producer_ids_come_in_blocks_that_are_asked_for_once() {
    let lone = Lone::start();
    let request = InitProducerIdRequest::default().with_transactional_id(None);
    let (first, second) = (lone.outcome(4, &request), lone.outcome(4, &request));
    assert!(matches!((first, second), (Outcome::Wait(_), Outcome::Wait(_))));
    assert_eq!(lone.link.0.lock().unwrap().as_slice(), ["AllocateProducerIds"]);
    lone.broker.add_producer_ids(5000, 1000);
    for version in 0..=5 {
        let response = lone.call(version, &request);
        assert_eq!(response.producer_id.0, 5000 + i64::from(version));
    }
}

#[test]
fn unknown_topics_are_asked_of_the_controller_once_and_bad_names_never() {
    use protocol::api::messages::metadata_request::MetadataRequestTopic;
    let lone = Lone::start();
    let topic = |text| MetadataRequestTopic::default().with_name(Some(name(text)));
    let request = MetadataRequest::default()
        .with_topics(Some(vec![topic("new"), topic("b d")]))
        .with_allow_auto_topic_creation(true);
    for _ in 0..2 {
        let codes: Vec<i16> = lone
            .call(9, &request)
            .topics
            .iter()
            .map(|topic| topic.error_code)
            .collect();
        assert_eq!(
            codes,
            [
                ErrorCode::UnknownTopicOrPartition.code(),
                ErrorCode::InvalidTopicException.code()
            ]
        );
    }
    assert_eq!(lone.link.0.lock().unwrap().len(), 1);
}

#[test]
fn what_is_not_served_closes_the_connection_but_api_versions_is_always_answered() {
    let lone = Lone::start();
    let mut frame = BytesMut::new();
    for (key, version) in [(18i16, 99i16), (0, 2), (999, 0), (1, 3)] {
        frame.clear();
        frame.extend_from_slice(
            &[
                &key.to_be_bytes()[..],
                &version.to_be_bytes(),
                &[0, 0, 0, 42],
                &[0xff, 0xff],
                &[0],
            ]
            .concat(),
        );
        let (header, body) = split_request(frame.clone().freeze()).unwrap();
        let mut peer = Peer::default();
        let call = Call {
            header,
            body,
            peer: peer.clone(),
            now: Now::default(),
        };
        let outcome = api::handle(&lone.broker, call, &mut peer);
        if key == 18 {
            let Outcome::Reply(Reply::Frame(parts)) = outcome else {
                panic!("{outcome:?}")
            };
            let mut body = bytes_of(&parts).slice(8..);
            let response = ApiVersionsResponse::decode(&mut body, 0).unwrap();
            assert_eq!((response.error_code, response.api_keys[0].max_version), (35, 4));
        } else {
            assert!(
                matches!(outcome, Outcome::Reply(Reply::Refused(Refused::NotServed))),
                "key {key} version {version}"
            );
        }
    }
}
