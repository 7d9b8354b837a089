use super::cluster::{SESSION, directory, incarnation, on, registration};
use super::*;
use protocol::api::BrokerId;
use protocol::api::messages::{BrokerHeartbeatRequest, BrokerRegistrationRequest};

const CONNECTION: u64 = 5;

fn peer(software_name: &str) -> Peer {
    Peer {
        connection: CONNECTION,
        software_name: software_name.to_owned(),
        ..Peer::default()
    }
}

/// A heartbeat over a connection, and the end of it.
fn beat_and_disconnect(node: &mut Node, broker_id: i32, software_name: &str) {
    let request = BrokerHeartbeatRequest::default()
        .with_broker_id(BrokerId(broker_id))
        .with_broker_epoch(node.broker(broker_id).epoch)
        .with_current_metadata_offset(node.controller.image().offset());
    node.call_of(peer(software_name), 1, &request);
    node.event(Event::ConnectionEnded { connection: CONNECTION });
}

/// Answers the probes of the next while; how many there were.
fn answer_probes(node: &mut Node, all_refused: bool) -> usize {
    let mut count = 0;
    for _ in 0..10 {
        node.wait(Duration::from_millis(10));
        for probe in node.controller.take_probes() {
            count += 1;
            assert!(!probe.endpoints.is_empty());
            node.event(Event::Probed {
                id: probe.id,
                all_refused,
            });
        }
    }
    count
}

/// Broker of ours whose process ends.
fn lose(node: &mut Node, broker_id: i32) {
    beat_and_disconnect(node, broker_id, "kfleet");
    answer_probes(node, true);
}

#[test]
fn a_broker_of_ours_is_fenced_within_100_ms_and_only_if_it_refuses_twice() {
    let mut node = Node::with_brokers(&[1, 2, 3]);
    beat_and_disconnect(&mut node, 2, "kfleet");
    assert_eq!(answer_probes(&mut node, true), 2);
    assert!(node.broker(2).fenced);
    beat_and_disconnect(&mut node, 3, "kfleet");
    assert_eq!(answer_probes(&mut node, false), 1, "then it waits for longer");
    node.wait_beating(Duration::from_secs(4), &[1]);
    assert!(!node.broker(3).fenced, "nothing was proved");
    node.wait_beating(SESSION, &[1]);
    assert!(node.broker(3).fenced, "its session is over");
    assert_eq!(answer_probes(&mut node, true), 1, "it was on its way");
    assert_eq!(answer_probes(&mut node, true), 0);
}

#[test]
fn brokers_of_others_are_not_probed() {
    let mut node = Node::with_brokers(&[1, 2]);
    for software in ["apache-kafka-java", ""] {
        beat_and_disconnect(&mut node, 2, software);
        assert_eq!(answer_probes(&mut node, true), 0, "{software}");
    }
    assert!(!node.broker(2).fenced);
}

#[test]
fn a_broker_that_stops_in_peace_is_not_probed() {
    let mut node = Node::with_brokers(&[1, 2]);
    beat_and_disconnect(&mut node, 2, "kfleet");
    assert!(
        node.heartbeat(2, |beat| beat.with_want_shut_down(true))
            .should_shut_down
    );
    assert_eq!(answer_probes(&mut node, true), 0);
    assert_eq!(node.controller.false_fences(), 0);
}

#[test]
fn a_new_active_controller_probes_a_controller_whose_connection_it_saw_ending() {
    use crate::raft::Request;
    use crate::raft::wire::{Identity, Message, write_request};
    let own = Identity {
        cluster_id: "cluster".into(),
        listener: "CONTROLLER".into(),
    };
    for (software, probes) in [("kfleet", 2), ("apache-kafka-java", 0)] {
        let mut node = Node::with_brokers(&[1, 2, 3]);
        node.take(Controller::resign);
        let begin = Request::BeginQuorumEpoch {
            voter: crate::raft::ReplicaKey {
                id: 1,
                directory_id: Uuid::ZERO,
            },
            leader_id: 2,
            leader_epoch: 0,
            endpoints: vec![],
        };
        let Message::BeginQuorumEpoch(begin) = write_request(&begin, &own) else {
            panic!("another request")
        };
        node.call_of(peer(software), 0, &begin);
        node.event(Event::ConnectionEnded { connection: CONNECTION });
        assert_eq!(answer_probes(&mut node, true), 0, "it is not active");
        node.take(|controller, cx| controller.activate(cx).unwrap());
        assert_eq!(answer_probes(&mut node, true), probes);
        assert_eq!(node.broker(2).fenced, probes > 0);
        assert!(!node.broker(3).fenced, "nothing is known of it");
    }
}

#[test]
fn a_broker_whose_process_is_gone_is_fenced_at_once() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.create(on("t", &[2, 1]));
    lose(&mut node, 2);
    assert!(node.broker(2).fenced);
    let partition = node.partition("t", 0);
    assert_eq!((partition.leader, partition.isr.as_slice()), (1, &[1][..]));
    let before = node.controller.image().clone();
    node.wait_beating(SESSION * 2, &[1]);
    assert!(node.controller.image().is_same_as(&before), "it is fenced once");
    assert_eq!(node.controller.false_fences(), 0);
}

#[test]
fn unclean_elections_wait_for_the_session_of_whoever_has_everything() {
    let mut node = Node::with_brokers(&[1, 2]);
    let allows = CreatableTopicConfig::default()
        .with_name("unclean.leader.election.enable".into())
        .with_value(Some("true".into()));
    node.create(on("t", &[2, 1]).with_configs(vec![allows]));
    node.wait_beating(SESSION, &[1, 2]);
    assert_eq!(node.propose("t", &[2], |_| {}).error_code, 0);
    lose(&mut node, 2);
    node.wait_beating(SESSION - Duration::from_secs(1), &[1]);
    assert_eq!(node.partition("t", 0).leader, -1);
    node.heartbeat(1, |beat| beat.with_want_fence(true));
    node.beat(1);
    assert_eq!(node.partition("t", 0).leader, -1, "whatever else happens");
    node.wait_beating(Duration::from_secs(2), &[1]);
    let elected = node.partition("t", 0);
    assert_eq!((elected.leader, elected.leader_recovery_state), (1, 1));
}

#[test]
fn a_new_leader_does_not_know_whom_the_one_before_suspected() {
    let mut node = Node::with_brokers(&[1, 2]);
    let allows = CreatableTopicConfig::default()
        .with_name("unclean.leader.election.enable".into())
        .with_value(Some("true".into()));
    node.create(on("t", &[2, 1]).with_configs(vec![allows]));
    assert_eq!(node.propose("t", &[2], |_| {}).error_code, 0);
    lose(&mut node, 2);
    node.take(Controller::resign);
    node.take(|controller, cx| controller.activate(cx).unwrap());
    node.heartbeat(1, |beat| beat.with_want_fence(true));
    node.beat(1);
    assert_eq!(node.partition("t", 0).leader, -1);
    node.wait_beating(SESSION + Duration::from_secs(1), &[1]);
    assert_eq!(node.partition("t", 0).leader, 1);
}

#[test]
fn a_broker_that_is_suspected_twice_without_reason_is_left_to_its_session() {
    let mut node = Node::with_brokers(&[1, 2]);
    for count in 1..=2 {
        lose(&mut node, 2);
        assert!(node.broker(2).fenced);
        assert!(!node.beat(2).is_fenced, "it is alive");
        assert_eq!(node.controller.false_fences(), count);
        node.wait_beating(Duration::from_secs(20), &[1, 2]);
    }
    lose(&mut node, 2);
    assert!(!node.broker(2).fenced);
    node.wait_beating(SESSION, &[1]);
    assert!(node.broker(2).fenced);
    let again = registration(2).with_incarnation_id(incarnation(2, 2));
    assert_eq!(node.call(4, &again).error_code, 0);
    node.beat(2);
    lose(&mut node, 2);
    assert!(node.broker(2).fenced, "another incarnation is another broker");
}

#[test]
fn a_broker_that_was_killed_may_come_back_at_once() {
    let mut node = Node::with_brokers(&[1, 2]);
    let again = registration(2).with_incarnation_id(incarnation(2, 2));
    assert_eq!(
        node.call(4, &again).error_code,
        ErrorCode::DuplicateBrokerRegistration.code()
    );
    lose(&mut node, 2);
    assert_eq!(node.call(4, &again).error_code, 0);
    assert_eq!(node.controller.false_fences(), 0);
}

/// The answer to the next start of broker 2 over another connection.
fn register_again(node: &mut Node, incarnations: u128, how: impl FnOnce(&mut BrokerRegistrationRequest)) -> ErrorCode {
    let mut request = registration(2).with_incarnation_id(incarnation(2, incarnations));
    how(&mut request);
    let peer = Peer {
        connection: CONNECTION + 1,
        ..peer("kfleet")
    };
    let response = node.call_of(peer, 4, &request);
    ErrorCode::try_from_code(response.error_code).unwrap_or(ErrorCode::Unknown(0))
}

#[test]
fn the_next_start_of_a_broker_whose_connection_ended_waits_for_no_proof() {
    let duplicate = ErrorCode::DuplicateBrokerRegistration;
    let mut node = Node::with_brokers(&[1, 2]);
    node.create(on("t", &[2, 1]));
    beat_and_disconnect(&mut node, 2, "apache-kafka-java");
    assert_eq!(
        register_again(&mut node, 2, |_| {}),
        duplicate,
        "nothing is known of others"
    );
    beat_and_disconnect(&mut node, 2, "kfleet");
    let elsewhere = |request: &mut BrokerRegistrationRequest| request.listeners[0].port = 9093;
    assert_eq!(register_again(&mut node, 2, elsewhere), duplicate);
    let elsewhere = |request: &mut BrokerRegistrationRequest| request.listeners[0].host = "i".into();
    assert_eq!(register_again(&mut node, 2, elsewhere), duplicate);
    let other_disk = |request: &mut BrokerRegistrationRequest| request.log_dirs = vec![directory(7).into()];
    assert_eq!(register_again(&mut node, 2, other_disk), duplicate);
    let again = registration(2).with_incarnation_id(incarnation(2, 2));
    assert_eq!(
        node.call(4, &again).error_code,
        duplicate.code(),
        "its software is not known"
    );
    let before = node.broker(2).epoch;
    assert_eq!(register_again(&mut node, 2, |_| {}), ErrorCode::Unknown(0));
    let after = node.broker(2);
    assert!(after.epoch > before && after.fenced);
    let partition = node.partition("t", 0);
    assert_eq!((partition.leader, partition.isr.as_slice()), (1, &[1][..]));
    assert_eq!(answer_probes(&mut node, true), 0, "nobody is looked for any more");
    assert!(!node.beat(2).is_fenced);
    assert_eq!(node.controller.false_fences(), 0);
}

#[test]
fn a_broker_that_is_connected_is_not_replaced() {
    let mut node = Node::with_brokers(&[1, 2]);
    let beat = BrokerHeartbeatRequest::default()
        .with_broker_id(BrokerId(2))
        .with_broker_epoch(node.broker(2).epoch)
        .with_current_metadata_offset(node.controller.image().offset());
    beat_and_disconnect(&mut node, 2, "kfleet");
    node.call_of(peer("kfleet"), 1, &beat);
    for _ in 0..4 {
        node.wait_beating(Duration::from_secs(2), &[1]);
        assert_eq!(
            register_again(&mut node, 2, |_| {}),
            ErrorCode::DuplicateBrokerRegistration
        );
    }
    node.wait_beating(Duration::from_secs(2), &[1]);
    assert_eq!(
        register_again(&mut node, 2, |_| {}),
        ErrorCode::Unknown(0),
        "its session is over"
    );
}

#[test]
fn whoever_does_not_show_itself_to_a_new_controller_may_be_replaced_after_a_second() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.take(Controller::resign);
    node.take(|controller, cx| controller.activate(cx).unwrap());
    node.wait(Duration::from_millis(900));
    assert_eq!(
        register_again(&mut node, 2, |_| {}),
        ErrorCode::DuplicateBrokerRegistration
    );
    node.wait(Duration::from_millis(200));
    assert_eq!(register_again(&mut node, 2, |_| {}), ErrorCode::Unknown(0));
    node.take(Controller::resign);
    node.take(|controller, cx| controller.activate(cx).unwrap());
    node.beat(2);
    node.wait(Duration::from_secs(3));
    assert_eq!(
        register_again(&mut node, 3, |_| {}),
        ErrorCode::DuplicateBrokerRegistration,
        "it has"
    );
}

#[test]
fn the_next_start_of_a_broker_makes_no_unclean_election() {
    let mut node = Node::with_brokers(&[1, 2]);
    let allows = CreatableTopicConfig::default()
        .with_name("unclean.leader.election.enable".into())
        .with_value(Some("true".into()));
    node.create(on("t", &[2, 1]).with_configs(vec![allows]));
    node.wait_beating(SESSION, &[1, 2]);
    assert_eq!(node.propose("t", &[2], |_| {}).error_code, 0);
    beat_and_disconnect(&mut node, 2, "kfleet");
    assert_eq!(register_again(&mut node, 2, |_| {}), ErrorCode::Unknown(0));
    assert_eq!(node.partition("t", 0).leader, -1);
    node.beat(2);
    let partition = node.partition("t", 0);
    assert_eq!((partition.leader, partition.leader_recovery_state), (2, 0));
}

#[test]
fn sessions_alone_count_where_fast_fencing_is_off() {
    let mut node = Node::configured(SimDisk::default(), None, &[(FAST_FENCING_KEY, "false")]);
    node.join(&[1, 2]);
    lose(&mut node, 2);
    assert!(!node.broker(2).fenced);
    assert_eq!(
        register_again(&mut node, 2, |_| {}),
        ErrorCode::DuplicateBrokerRegistration
    );
    node.wait_beating(SESSION, &[1]);
    assert!(node.broker(2).fenced);
}
