//! Directories of replicas, also with the controller that is told of them.

use broker_log::disk::SimDisk;
use protocol::api::messages::assign_replicas_to_dirs_request::AssignReplicasToDirsRequest;
use protocol::api::messages::assign_replicas_to_dirs_response as response;
use protocol::api::messages::create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreateTopicsRequest};
use protocol::api::{BrokerId, StrBytes, TopicName};
use protocol::messages::metadata::{PartitionRecord, TopicRecord};

use super::server::Server;
use super::*;

type Key = (Uuid, i32);

const TOPIC: Uuid = Uuid::from_u128(500);

impl DirectoryAssignments {
    fn tells(&mut self, now: Now) -> AssignReplicasToDirsRequest {
        match self.next(now) {
            AnnouncementStep::Send(request) => request,
            other => panic!("at {now:?}: {other:?}"),
        }
    }

    fn waits(&mut self, now: Now) -> Option<Duration> {
        match self.next(now) {
            AnnouncementStep::Wait(until) => until,
            other => panic!("at {now:?}: {other:?}"),
        }
    }
}

fn assignments() -> DirectoryAssignments {
    DirectoryAssignments::new(2, Box::new(Chance::new(1)))
}

/// Partitions of one topic on brokers 1 and 2, in these directories of broker 2.
fn with_partitions(level: i16, dirs: &[Uuid]) -> MetadataImage {
    let feature = FeatureLevelRecord {
        name: METADATA_VERSION.into(),
        feature_level: level,
        ..Default::default()
    };
    let topic = TopicRecord {
        name: "t".into(),
        topic_id: TOPIC,
        ..Default::default()
    };
    let mut records: Vec<Record> = vec![feature.into(), register(2, INCARNATION, 1, false), topic.into()];
    for (index, dir) in (0..).zip(dirs) {
        let record = PartitionRecord {
            partition_id: index,
            topic_id: TOPIC,
            replicas: vec![1, 2],
            directories: vec![Uuid::from_u128(900), *dir],
            ..Default::default()
        };
        records.push(record.into());
    }
    image(20, records)
}

fn told(request: &AssignReplicasToDirsRequest) -> Vec<(Uuid, Key)> {
    let mut told = Vec::new();
    for directory in &request.directories {
        for topic in &directory.topics {
            for partition in &topic.partitions {
                let key = (Uuid::from(topic.topic_id), partition.partition_index);
                told.push((Uuid::from(directory.id), key));
            }
        }
    }
    told
}

/// The answer to a request: the partitions that `refuses` picks get an error.
fn answer(
    request: &AssignReplicasToDirsRequest,
    refuses: impl Fn(i32) -> bool,
) -> response::AssignReplicasToDirsResponse {
    let directories = request.directories.iter().map(|directory| {
        let topics = directory.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let code = if refuses(partition.partition_index) {
                    ErrorCode::UnknownTopicOrPartition.code()
                } else {
                    0
                };
                response::PartitionData::default()
                    .with_partition_index(partition.partition_index)
                    .with_error_code(code)
            });
            response::TopicData::default()
                .with_topic_id(topic.topic_id)
                .with_partitions(partitions.collect())
        });
        response::DirectoryData::default()
            .with_id(directory.id)
            .with_topics(topics.collect())
    });
    response::AssignReplicasToDirsResponse::default().with_directories(directories.collect())
}

#[test]
fn what_differs_is_told_by_directory_until_the_metadata_has_it() {
    let mut assignments = assignments();
    let image = with_partitions(30, &[Uuid::ONE, DIR_A, DIR_B]);
    let here = [((TOPIC, 0), DIR_B), ((TOPIC, 1), DIR_A), ((TOPIC, 2), DIR_A)];
    assignments.published(&image, here);
    assert_eq!(assignments.len(), 2);
    let request = assignments.tells(at(0));
    assert_eq!((request.broker_id.0, request.broker_epoch), (2, 1));
    assert_eq!(told(&request), [(DIR_A, (TOPIC, 2)), (DIR_B, (TOPIC, 0))]);
    assert_eq!(assignments.waits(at(0)), None, "one at a time");
    assignments.on_response(&answer(&request, |_| false), at(5));
    assert_eq!(
        assignments.waits(at(5)),
        Some(Duration::from_millis(10_005)),
        "the metadata is to show it"
    );
    assignments.published(&image, here);
    assert_eq!(assignments.waits(at(6)), Some(Duration::from_millis(10_005)), "it lags");
    assignments.published(&with_partitions(30, &[DIR_B, DIR_A, DIR_A]), here);
    assert!(assignments.is_empty());
    assert_eq!(assignments.waits(at(20_000)), None);
}

#[test]
fn what_is_not_taken_is_told_again() {
    let mut assignments = assignments();
    let image = with_partitions(30, &[Uuid::ONE, Uuid::ONE, Uuid::ONE]);
    let here = [((TOPIC, 0), DIR_A), ((TOPIC, 1), DIR_A), ((TOPIC, 2), DIR_A)];
    assignments.published(&image, here);
    assignments.tells(at(0));
    assignments.on_failure(at(0));
    let until = assignments.waits(at(0)).unwrap();
    assert!((80..=120).contains(&until.as_millis()), "{until:?}");
    assignments.tells(at(200));
    let refusal = response::AssignReplicasToDirsResponse::default().with_error_code(ErrorCode::StaleBrokerEpoch.code());
    assignments.on_response(&refusal, at(200));
    let until = assignments.waits(at(200)).unwrap();
    assert!((360..=440).contains(&until.as_millis()), "{until:?}");
    let request = assignments.tells(at(500));
    let mut partly = answer(&request, |index| index == 1);
    // Nothing is said of partition 2.
    partly.directories[0].topics[0].partitions.pop();
    assignments.on_response(&partly, at(500));
    let request = assignments.tells(at(2000));
    assert_eq!(told(&request), [(DIR_A, (TOPIC, 1)), (DIR_A, (TOPIC, 2))]);
    assignments.on_response(&answer(&request, |_| false), at(2000));
    assert_eq!(assignments.waits(at(2000)), Some(Duration::from_millis(10_500)));
    assert_eq!(
        told(&assignments.tells(at(10_500))),
        [(DIR_A, (TOPIC, 0))],
        "the metadata never showed it"
    );
}

#[test]
fn a_replica_that_moves_while_it_is_told_is_told_anew() {
    let mut assignments = assignments();
    let image = with_partitions(30, &[Uuid::ONE]);
    assignments.published(&image, [((TOPIC, 0), DIR_A)]);
    let request = assignments.tells(at(0));
    assignments.published(&image, [((TOPIC, 0), DIR_B)]);
    assignments.on_response(&answer(&request, |_| false), at(5));
    assert_eq!(told(&assignments.tells(at(5))), [(DIR_B, (TOPIC, 0))]);
}

#[test]
fn only_what_the_metadata_gives_to_this_broker_is_told_and_only_from_3_7_on() {
    let mut assignments = assignments();
    let elsewhere = Uuid::from_u128(501);
    let here = [((TOPIC, 0), DIR_A), ((TOPIC, 7), DIR_A), ((elsewhere, 0), DIR_A)];
    assignments.published(&with_partitions(16, &[Uuid::ZERO]), here);
    assert_eq!(assignments.waits(at(0)), None);
    assignments.published(&with_partitions(17, &[Uuid::ZERO]), here);
    assert_eq!(told(&assignments.tells(at(0))), [(DIR_A, (TOPIC, 0))]);
    let mut unregistered = DirectoryAssignments::new(1, Box::new(Chance::new(1)));
    unregistered.published(&with_partitions(17, &[Uuid::ZERO]), here);
    assert_eq!(unregistered.waits(at(0)), None);
}

#[test]
fn a_request_has_a_bound() {
    let mut assignments = assignments();
    let image = with_partitions(30, &[Uuid::ONE; 2300]);
    assignments.published(&image, (0..2300).map(|index| ((TOPIC, index), DIR_A)));
    let first = assignments.tells(at(0));
    assert_eq!(told(&first).len(), 2250);
    assignments.on_response(&answer(&first, |_| false), at(1));
    assert_eq!(told(&assignments.tells(at(1))).len(), 50, "the rest at once");
}

#[test]
fn the_controller_takes_assignments_and_its_metadata_ends_them() {
    let mut server = Server::start(SimDisk::default(), Duration::ZERO);
    let mut broker = BrokerLifecycle::new(config(2), Box::new(Chance::new(1)), at(0));
    broker.startup_finished();
    let response = server.call(0, 4, &broker.registers(at(0)), Duration::ZERO);
    broker.on_registration(&response, at(0));
    broker.published(server.image());
    let response = server.call(0, 1, &broker.beats(at(10)), Duration::ZERO);
    broker.on_heartbeat(&response, at(10));
    let replicas = CreatableReplicaAssignment::default()
        .with_partition_index(0)
        .with_broker_ids(vec![BrokerId(2)]);
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_static_str("t")))
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![replicas]);
    let request = CreateTopicsRequest::default().with_topics(vec![topic]);
    server.call(0, 7, &request, Duration::ZERO);
    let image = server.image().clone();
    let topic = image.topics().by_name("t").unwrap();
    assert_eq!(
        topic.partition(0).unwrap().directory(2),
        Uuid::ONE,
        "a broker with two directories chooses"
    );
    let mut assignments = assignments();
    let here = [((topic.id, 0), DIR_B)];
    assignments.published(&image, here);
    let response = server.call(0, 0, &assignments.tells(at(20)), Duration::ZERO);
    assignments.on_response(&response, at(20));
    assignments.published(server.image(), here);
    assert!(assignments.is_empty());
}
