//! Clients of partitions while their leader moves.

use protocol::api::BrokerId;
use protocol::api::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::api::messages::metadata_request::MetadataRequestTopic;
use protocol::api::messages::produce_response::PartitionProduceResponse;
use protocol::records::ProducerStamp;

use super::trio::{Trio, Waiting, at};
use super::*;

/// A batch of an idempotent producer.
fn numbered(base_sequence: i32) -> ProduceRequest {
    use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
    let stamp = ProducerStamp {
        id: 50,
        epoch: 0,
        base_sequence,
    };
    let mut builder = BatchBuilder::new(0, Compression::None).producer(stamp);
    for _ in 0..2 {
        builder.push(&NewRecord {
            timestamp: 1000,
            value: Some(b"v"),
            ..NewRecord::default()
        });
    }
    let data = PartitionProduceData::default()
        .with_index(0)
        .with_records(Some(builder.build().unwrap().into()));
    let topic = TopicProduceData::default()
        .with_name(name("t"))
        .with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(1000)
        .with_topic_data(vec![topic])
}

fn produced(response: &ProduceResponse) -> (i16, i64) {
    let told = &response.responses[0].partition_responses[0];
    (told.error_code, told.base_offset)
}

#[test]
fn a_batch_that_is_sent_again_to_the_new_leader_is_answered_with_its_first_offset() {
    let mut trio = Trio::start();
    let first = Waiting::new(trio.broker(1).outcome(9, &numbered(0)));
    trio.replicate(TOPIC, 1, 2);
    trio.replicate(TOPIC, 1, 3);
    assert_eq!(produced(&first.answer::<ProduceRequest>(9)), (0, 0));
    // The second is in all logs, but the leader dies before it hears of that.
    let _unanswered = Waiting::new(trio.broker(1).outcome(9, &numbered(2)));
    for follower in [2, 3] {
        trio.fetch(TOPIC, 1, follower);
    }
    trio.fail_over(2, &[2, 3], 5);
    let again = Waiting::new(trio.broker(2).outcome(9, &numbered(2)));
    trio.replicate(TOPIC, 2, 3);
    assert_eq!(produced(&again.answer::<ProduceRequest>(9)), (0, 2), "it is known");
    assert_eq!(
        produced(&trio.broker(2).call(9, &numbered(0))),
        (0, 0),
        "also the one before it"
    );
    assert_eq!(trio.partition(2, TOPIC).offsets().2, 4, "nothing was written twice");
    let gap = ErrorCode::OutOfOrderSequenceNumber.code();
    assert_eq!(produced(&trio.broker(2).call(9, &numbered(6))).0, gap);
    let next = Waiting::new(trio.broker(2).outcome(9, &numbered(4)));
    trio.replicate(TOPIC, 2, 3);
    assert_eq!(produced(&next.answer::<ProduceRequest>(9)), (0, 4));
}

#[test]
fn what_the_new_leader_does_not_have_is_no_duplicate_of_its_and_not_of_the_old_one_either() {
    let mut trio = Trio::start();
    let _lost = Waiting::new(trio.broker(1).outcome(9, &numbered(0)));
    trio.fail_over(2, &[2, 3], 5);
    let again = Waiting::new(trio.broker(2).outcome(9, &numbered(0)));
    trio.replicate(TOPIC, 2, 3);
    assert_eq!(produced(&again.answer::<ProduceRequest>(9)), (0, 0));
    // The old leader truncates what it had, and forgets its sequence.
    trio.replicate(TOPIC, 2, 1);
    trio.fail_over(1, &[1, 2, 3], 6);
    let next = Waiting::new(trio.broker(1).outcome(9, &numbered(2)));
    trio.replicate(TOPIC, 1, 2);
    trio.replicate(TOPIC, 1, 3);
    assert_eq!(produced(&next.answer::<ProduceRequest>(9)), (0, 2));
    assert_eq!(trio.partition(1, TOPIC).offsets().2, 4);
}

#[test]
fn a_recovery_point_beyond_a_cut_is_taken_back_before_the_log_goes_on() {
    let mut trio = Trio::start();
    let dir = LogDir::new("/data".into(), trio.broker(1).disk.clone());
    let point = || dir.read_offsets(protocol::files::names::RECOVERY_POINTS).unwrap()[&("t".to_owned(), 0)];
    let _lost = Waiting::new(trio.broker(1).outcome(9, &numbered(0)));
    trio.partition(1, TOPIC).flush().unwrap();
    trio.broker(1).broker.write_checkpoints().unwrap();
    assert_eq!(point(), 2);
    trio.fail_over(2, &[2, 3], 5);
    let _other = Waiting::new(trio.broker(2).outcome(9, &numbered(0)));
    assert!(trio.fetch(TOPIC, 2, 1));
    assert_eq!(
        trio.partition(1, TOPIC).offsets().2,
        0,
        "it is cut, and has nothing new yet"
    );
    trio.broker(1).broker.checkpoint_truncations();
    assert_eq!(point(), 0);
}

/// Code, leader and epoch as a partition's answer tells them.
fn told(response: &PartitionProduceResponse) -> (i16, i32, i32) {
    let leader = &response.current_leader;
    (response.error_code, leader.leader_id.0, leader.leader_epoch)
}

/// NOT_LEADER_OR_FOLLOWER.
const MOVED: i16 = 6;

#[test]
fn a_write_that_waits_hears_at_once_who_leads_now() {
    let mut trio = Trio::start();
    let waiting = Waiting::new(trio.broker(1).outcome_on("INTERNAL", 12, &produce("t", Uuid::ZERO, -1)));
    trio.fail_over(2, &[1, 2, 3], 5);
    assert_eq!(waiting.woken(), 1);
    // The address is known with the metadata.
    let answer = waiting.answer::<ProduceRequest>(12);
    assert_eq!(told(&answer.responses[0].partition_responses[0]), (MOVED, 2, 5));
    assert_eq!(answer.responses[0].partition_responses[0].base_offset, -1);
    let nodes: Vec<_> = answer
        .node_endpoints
        .iter()
        .map(|n| (n.node_id.0, &*n.host, n.port))
        .collect();
    assert_eq!(nodes, [(2, "internal2", 9094)]);
}

#[test]
fn who_does_not_lead_says_who_does_and_where_by_the_same_listener() {
    let mut trio = Trio::start();
    for (listener, host, port) in [("PLAINTEXT", "h1", 9092), ("INTERNAL", "internal1", 9094)] {
        for version in 9..=13 {
            let request = if version >= 13 {
                produce("", TOPIC, 1)
            } else {
                produce("t", Uuid::ZERO, 1)
            };
            let answer = trio.broker(2).call_on(listener, version, &request);
            let nodes: Vec<_> = answer
                .node_endpoints
                .iter()
                .map(|n| (n.node_id.0, &*n.host, n.port))
                .collect();
            if version >= 10 {
                assert_eq!(told(&answer.responses[0].partition_responses[0]), (MOVED, 1, 4));
                assert_eq!(nodes, [(1, host, port)]);
            } else {
                assert_eq!(told(&answer.responses[0].partition_responses[0]), (MOVED, -1, -1));
            }
        }
        // Versions below 11 do not know reads from followers; those above do, and name the leader where an epoch is wrong.
        let answer = trio.broker(2).call_on(listener, 10, &fetch(10, 0, 0));
        assert_eq!(answer.responses[0].partitions[0].error_code, MOVED);
        let mut later = fetch(17, 0, 0);
        later.topics[0].partitions[0].current_leader_epoch = 3;
        let answer = trio.broker(2).call_on(listener, 17, &later);
        let partition = &answer.responses[0].partitions[0];
        let leader = &partition.current_leader;
        let fenced = ErrorCode::FencedLeaderEpoch.code();
        assert_eq!(
            (partition.error_code, leader.leader_id.0, leader.leader_epoch),
            (fenced, 1, 4)
        );
        let nodes: Vec<_> = answer
            .node_endpoints
            .iter()
            .map(|n| (n.node_id.0, &*n.host, n.port))
            .collect();
        assert_eq!(nodes, [(1, host, port)]);
    }
    let asked = ListOffsetsPartition::default()
        .with_timestamp(-1)
        .with_current_leader_epoch(-1);
    let topic = ListOffsetsTopic::default()
        .with_name(name("t"))
        .with_partitions(vec![asked]);
    let asked = ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_topics(vec![topic]);
    assert_eq!(trio.broker(3).call(7, &asked).topics[0].partitions[0].error_code, MOVED);
    // A leader that is fenced is nowhere to be reached.
    trio.register(1, true);
    trio.publish();
    let answer = trio.broker(2).call(12, &produce("t", Uuid::ZERO, 1));
    assert!(answer.node_endpoints.is_empty());
}

#[test]
fn who_has_no_replica_says_who_leads() {
    let mut trio = Trio::start();
    let elsewhere = Uuid::from_u128(702);
    trio.apply(TopicRecord {
        name: "elsewhere".into(),
        topic_id: elsewhere,
        ..Default::default()
    });
    trio.apply(PartitionRecord {
        replicas: vec![2],
        isr: vec![2],
        leader: 2,
        ..led_by_1(elsewhere)
    });
    trio.publish();
    let answer = trio.broker(1).call(12, &produce("elsewhere", Uuid::ZERO, -1));
    assert_eq!(told(&answer.responses[0].partition_responses[0]), (MOVED, 2, 4));
    assert_eq!(&*answer.node_endpoints[0].host, "h2");
}

#[test]
fn a_fetch_that_waits_is_answered_when_the_leader_moves() {
    let mut trio = Trio::start();
    let waiting = Waiting::new(trio.broker(1).outcome(10, &fetch(10, 0, 1)));
    trio.fail_over(2, &[1, 2, 3], 5);
    let answer = waiting.answer::<FetchRequest>(10);
    assert_eq!(answer.responses[0].partitions[0].error_code, MOVED);
}

/// Brokers with host and port, and the partition's code, leader, epoch and offline replicas.
type Told = (Vec<(i32, String, i32)>, (i16, i32, i32, Vec<i32>));

fn metadata(trio: &Trio, listener: &str, version: i16) -> Told {
    metadata_at(at(10), trio, listener, version)
}

fn metadata_at(now: Now, trio: &Trio, listener: &str, version: i16) -> Told {
    let outcome = trio.broker(2).outcome_at(now.mono, listener, version, &asked_for_t());
    let Outcome::Reply(reply) = outcome else {
        panic!("it waits")
    };
    let response = decoded::<MetadataRequest>(version, reply);
    let nodes = response.brokers.iter();
    let nodes = nodes.map(|node| (node.node_id.0, node.host.to_string(), node.port));
    let partition = &response.topics[0].partitions[0];
    let offline = partition.offline_replicas.iter().map(|id| id.0).collect();
    let told = (
        partition.error_code,
        partition.leader_id.0,
        partition.leader_epoch,
        offline,
    );
    (nodes.collect(), told)
}

#[test]
fn metadata_goes_by_the_listener_and_leaves_out_who_is_fenced() {
    let mut trio = Trio::start();
    let nodes = |ids: &[i32], host: &str, port: i32| -> Vec<_> {
        ids.iter().map(|id| (*id, format!("{host}{id}"), port)).collect()
    };
    let led_by_1 = || (0, 1, 4, Vec::new());
    let by = |trio: &Trio, listener| metadata(trio, listener, 9);
    assert_eq!(by(&trio, "PLAINTEXT"), (nodes(&[1, 2, 3], "h", 9092), led_by_1()));
    assert_eq!(by(&trio, "INTERNAL"), (nodes(&[1, 2, 3], "internal", 9094), led_by_1()));
    let not_found = ErrorCode::ListenerNotFound.code();
    let no_leader = ErrorCode::LeaderNotAvailable.code();
    assert_eq!(by(&trio, "ELSEWHERE"), (vec![], (not_found, -1, 4, vec![])));
    // Older clients know of no such error.
    assert_eq!(metadata(&trio, "ELSEWHERE", 5).1.0, no_leader);
    trio.register(1, true);
    trio.elect(3, &[2, 3], 5);
    trio.publish();
    let led_by_3 = || (0, 3, 5, vec![1]);
    assert_eq!(by(&trio, "PLAINTEXT"), (nodes(&[2, 3], "h", 9092), led_by_3()));
    // Who still has to move from it finds it a moment longer.
    let a_moment_later = metadata_at(at(1), &trio, "PLAINTEXT", 9);
    assert_eq!(a_moment_later, (nodes(&[1, 2, 3], "h", 9092), led_by_3()));
    trio.register(3, true);
    trio.elect(-1, &[3], 6);
    trio.publish();
    assert_eq!(
        by(&trio, "PLAINTEXT"),
        (nodes(&[2], "h", 9092), (no_leader, -1, 6, vec![1, 3]))
    );

    let asked = DescribeClusterRequest::default().with_endpoint_type(1);
    let response = trio.broker(2).call_on("INTERNAL", 2, &asked);
    let described: Vec<_> = response
        .brokers
        .iter()
        .map(|n| (n.broker_id.0, &*n.host, n.port))
        .collect();
    assert_eq!((described, response.controller_id.0), (vec![(2, "internal2", 9094)], 2));
    let all = trio.broker(2).call(2, &asked.with_include_fenced_brokers(true));
    let fenced: Vec<_> = all.brokers.iter().map(|n| (n.broker_id.0, n.is_fenced)).collect();
    assert_eq!(fenced, [(1, true), (2, false), (3, true)]);
}

fn asked_for_t() -> MetadataRequest {
    let asked = MetadataRequestTopic::default().with_name(Some(name("t")));
    MetadataRequest::default().with_topics(Some(vec![asked]))
}

#[test]
fn metadata_waits_for_who_leads_after_a_leader_that_is_lost() {
    let mut trio = Trio::start();
    trio.broker(2).broker.note_lost_leader(1, at(0));
    let all = MetadataRequest::default().with_topics(None);
    let waiting = [asked_for_t(), all].map(|request| Waiting::new(trio.broker(2).outcome(9, &request)));
    // What has nothing to do with it does not wait.
    let none = MetadataRequest::default().with_topics(Some(Vec::new()));
    assert!(matches!(trio.broker(2).outcome(9, &none), Outcome::Reply(_)));
    assert!(matches!(trio.broker(3).outcome(9, &asked_for_t()), Outcome::Reply(_)));
    trio.register(1, true);
    trio.elect(3, &[2, 3], 5);
    trio.publish();
    for waiting in waiting {
        let answer = waiting.answer::<MetadataRequest>(9);
        let topic = answer
            .topics
            .iter()
            .find(|topic| topic.name == Some(name("t")))
            .unwrap();
        assert_eq!(topic.partitions[0].leader_id.0, 3);
    }
    assert!(matches!(trio.broker(2).outcome(9, &asked_for_t()), Outcome::Reply(_)));
}

#[test]
fn metadata_does_not_wait_long_for_a_lost_leader_that_nobody_fences() {
    let mut trio = Trio::start();
    trio.broker(2).broker.note_lost_leader(1, at(0));
    let mut waiting = Waiting::new(trio.broker(2).outcome(9, &asked_for_t()));
    // News of others end no wait.
    trio.register(3, true);
    trio.publish();
    assert_eq!(waiting.woken(), 1);
    assert!(waiting.poll(at(0)).is_none());
    assert!(waiting.deadline() <= Duration::from_millis(250));
    let at_the_deadline = Now {
        mono: waiting.deadline(),
        ..at(0)
    };
    // To be noticed again does not make it longer.
    trio.broker(2).broker.note_lost_leader(1, at(0));
    let reply = waiting.poll(at_the_deadline).expect("an answer");
    let answer = decoded::<MetadataRequest>(9, reply);
    assert_eq!(answer.topics[0].partitions[0].leader_id.0, 1);
    let later = trio
        .broker(2)
        .outcome_at(Duration::from_secs(1), "PLAINTEXT", 9, &asked_for_t());
    assert!(matches!(later, Outcome::Reply(_)));
}

#[test]
fn a_write_of_an_earlier_epoch_is_not_acknowledged_by_the_same_leader_in_a_later_one() {
    let mut trio = Trio::start();
    let waiting = Waiting::new(trio.broker(1).outcome(12, &produce("t", Uuid::ZERO, -1)));
    trio.fail_over(1, &[1, 2, 3], 5);
    let answer = waiting.answer::<ProduceRequest>(12);
    assert_eq!(told(&answer.responses[0].partition_responses[0]), (MOVED, 1, 5));
}
