use protocol::api::BrokerId;
use protocol::api::messages::{BrokerHeartbeatRequest, UnregisterBrokerRequest};

use super::cluster::{SESSION, directory, incarnation, on, registration};
use super::*;

#[test]
fn a_broker_is_fenced_until_it_knows_of_its_registration() {
    let mut node = Node::alone(SimDisk::default(), None);
    let response = node.call(4, &registration(2));
    assert_eq!(response.error_code, 0);
    let broker = node.broker(2);
    assert_eq!((broker.epoch, broker.fenced), (response.broker_epoch, true));
    assert_eq!(
        (broker.registered_at, broker.log_dirs),
        (broker.epoch, vec![directory(2)])
    );
    let behind = node.heartbeat(2, |beat| beat.with_current_metadata_offset(response.broker_epoch - 1));
    assert!(!behind.is_caught_up && behind.is_fenced);
    let caught_up = node.heartbeat(2, |beat| beat.with_current_metadata_offset(response.broker_epoch));
    assert!(caught_up.is_caught_up && !caught_up.is_fenced);
    assert!(!node.broker(2).fenced);
    assert!(node.heartbeat(2, |beat| beat.with_want_fence(true)).is_fenced);
    assert!(node.broker(2).fenced);
}

#[test]
fn registrations_are_refused_with_kafkas_codes() {
    let mut node = Node::with_brokers(&[1]);
    let mut too_old = registration(2);
    too_old
        .features
        .retain(|feature| feature.name.as_str() != METADATA_VERSION);
    let mut narrow = registration(2);
    for feature in &mut narrow.features {
        feature.max_supported_version = feature.max_supported_version.min(29);
    }
    let mut too_new = registration(2);
    for feature in &mut too_new.features {
        feature.min_supported_version = feature.max_supported_version;
    }
    let reserved: Vec<_> = vec![Uuid::ONE.into()];
    let twice: Vec<_> = vec![directory(2).into(), directory(2).into()];
    let cases = [
        (
            registration(2).with_cluster_id("other".into()),
            ErrorCode::InconsistentClusterId,
        ),
        (
            registration(1).with_incarnation_id(incarnation(1, 2)),
            ErrorCode::DuplicateBrokerRegistration,
        ),
        (
            registration(2).with_is_migrating_zk_broker(true),
            ErrorCode::BrokerIdNotRegistered,
        ),
        (registration(2).with_log_dirs(vec![]), ErrorCode::InvalidRegistration),
        (registration(2).with_log_dirs(reserved), ErrorCode::InvalidRegistration),
        (registration(2).with_log_dirs(twice), ErrorCode::InvalidRegistration),
        (
            registration(2).with_log_dirs(vec![directory(1).into()]),
            ErrorCode::InvalidRegistration,
        ),
        (too_old, ErrorCode::InvalidRegistration),
        (narrow, ErrorCode::UnsupportedVersion),
        (too_new, ErrorCode::UnsupportedVersion),
    ];
    for (request, code) in cases {
        let response = node.call(4, &request);
        assert_eq!(
            (response.error_code, response.broker_epoch),
            (code.code(), -1),
            "{request:?}"
        );
    }
    assert!(node.controller.image().brokers().get(2).is_none());
}

#[test]
fn the_same_incarnation_keeps_its_epoch_and_another_waits_for_the_session_to_end() {
    let mut node = Node::with_brokers(&[1, 2]);
    let before = node.broker(2);
    let again = node.call(4, &registration(2).with_rack(Some("r".into())));
    let after = node.broker(2);
    assert_eq!((again.error_code, again.broker_epoch), (0, before.epoch));
    assert_eq!(
        (after.epoch, after.fenced, after.rack.as_deref()),
        (before.epoch, false, Some("r"))
    );
    assert!(after.registered_at > before.registered_at);
    let other = registration(2).with_incarnation_id(incarnation(2, 2));
    node.wait(SESSION - Duration::from_millis(1));
    assert_eq!(
        node.call(4, &other).error_code,
        ErrorCode::DuplicateBrokerRegistration.code()
    );
    node.wait(Duration::from_millis(1));
    let registered = node.call(4, &other);
    assert_eq!(registered.error_code, 0);
    assert!(registered.broker_epoch > before.epoch && node.broker(2).fenced);
    let stale = node.heartbeat(2, |beat| beat.with_broker_epoch(before.epoch));
    assert_eq!(stale.error_code, ErrorCode::StaleBrokerEpoch.code());
}

#[test]
fn a_silent_broker_is_fenced_and_others_lead_in_its_place() {
    let mut node = Node::with_brokers(&[1, 2, 3]);
    node.create(on("t", &[2, 1, 3]));
    node.create(on("alone", &[2]));
    let before = node.partition("t", 0);
    assert_eq!((before.leader, before.isr.as_slice()), (2, &[2, 1, 3][..]));
    node.wait_beating(SESSION - Duration::from_secs(1), &[1, 3]);
    assert!(!node.broker(2).fenced);
    node.wait_beating(Duration::from_secs(2), &[1, 3]);
    assert!(node.broker(2).fenced && !node.broker(1).fenced && !node.broker(3).fenced);
    let after = node.partition("t", 0);
    assert_eq!((after.leader, after.isr.as_slice()), (1, &[1, 3][..]));
    assert_eq!((after.leader_epoch, after.partition_epoch), (1, 1));
    let alone = node.partition("alone", 0);
    assert_eq!((alone.leader, alone.isr.as_slice()), (-1, &[2][..]));
    assert!(!node.beat(2).is_fenced, "a heartbeat of the same epoch unfences");
    assert_eq!(node.partition("alone", 0).leader, 2);
}

#[test]
fn a_broker_stops_once_others_lead_and_everybody_knows() {
    let mut node = Node::with_brokers(&[1, 2, 3]);
    node.create(on("t", &[2, 1, 3]));
    for id in [1, 3] {
        node.beat(id);
    }
    let first = node.heartbeat(2, |beat| beat.with_want_shut_down(true));
    assert!(!first.should_shut_down && !first.is_fenced);
    assert!(node.broker(2).in_controlled_shutdown);
    let moved = node.partition("t", 0);
    assert_eq!((moved.leader, moved.isr.as_slice()), (1, &[1, 3][..]));
    node.beat(1);
    let waits = node.heartbeat(2, |beat| beat.with_want_shut_down(true));
    assert!(!waits.should_shut_down, "broker 3 does not know yet");
    node.beat(3);
    let stops = node.heartbeat(2, |beat| beat.with_want_shut_down(true));
    assert!(stops.should_shut_down && stops.is_fenced);
    assert!(node.broker(2).fenced);
}

#[test]
fn a_controller_that_stops_lets_brokers_go_and_they_hear_of_it() {
    let mut node = Node::with_brokers(&[1, 2, 3]);
    node.create(on("t", &[2, 1, 3]));
    assert!(!node.controller.lets_brokers_go());
    node.heartbeat(2, |beat| beat.with_want_shut_down(true));
    assert!(node.controller.lets_brokers_go(), "it waits until all know who leads");
    node.beat(1);
    node.beat(3);
    let asks = BrokerHeartbeatRequest::default()
        .with_broker_id(BrokerId(2))
        .with_broker_epoch(node.broker(2).epoch)
        .with_current_metadata_offset(node.controller.image().offset())
        .with_want_shut_down(true);
    let (ticket, call) = node.request(1, &asks);
    let early = node.take(|controller, cx| controller.on(Event::Call { ticket, call }, cx).unwrap());
    assert!(early.is_empty());
    assert!(node.controller.lets_brokers_go(), "the answer is not committed yet");
    let replies = node.take(|controller, cx| drop(controller.commit(cx).unwrap()));
    assert!(decoded::<BrokerHeartbeatRequest>(1, ticket, &replies).should_shut_down);
    assert!(!node.controller.lets_brokers_go());
}

#[test]
fn the_next_start_of_a_broker_that_was_let_go_waits_for_no_session() {
    let mut node = Node::with_brokers(&[1, 2]);
    let before = node.broker(2).epoch;
    let next = registration(2).with_incarnation_id(incarnation(2, 2));
    let duplicate = ErrorCode::DuplicateBrokerRegistration.code();
    assert_eq!(node.call(4, &next).error_code, duplicate);
    // The answer got lost: it asks twice.
    for _ in 0..2 {
        assert!(
            node.heartbeat(2, |beat| beat.with_want_shut_down(true))
                .should_shut_down
        );
    }
    let response = node.call(4, &next);
    assert_eq!(response.error_code, 0);
    assert!(response.broker_epoch > before);
    node.wait(SESSION * 2);
    assert!(node.broker(1).fenced, "sessions of others still end");
}

#[test]
fn a_broker_that_leads_nothing_stops_at_once_and_a_fenced_one_too() {
    let mut node = Node::with_brokers(&[1, 2]);
    assert!(
        node.heartbeat(2, |beat| beat.with_want_shut_down(true))
            .should_shut_down
    );
    assert!(node.broker(2).fenced);
    assert!(
        node.heartbeat(2, |beat| beat.with_want_shut_down(true))
            .should_shut_down
    );
    node.create(on("t", &[1]));
    let waits = node.heartbeat(1, |beat| beat.with_want_shut_down(true));
    assert!(!waits.should_shut_down, "nobody else could lead");
    assert_eq!(node.partition("t", 0).leader, -1);
    let stops = node.heartbeat(1, |beat| beat.with_want_shut_down(true));
    assert!(stops.should_shut_down);
}

#[test]
fn what_is_in_a_directory_that_fails_is_led_by_others() {
    let mut node = Node::alone(SimDisk::default(), None);
    node.join(&[1, 3]);
    let other = Uuid::from_u128(5_000_000);
    let two_dirs = registration(2).with_log_dirs(vec![directory(2).into(), other.into()]);
    assert_eq!(node.call(4, &two_dirs).error_code, 0);
    node.beat(2);
    node.create(on("t", &[2, 1]));
    node.create(on("u", &[2, 1]));
    node.assign(2, "t", directory(2));
    node.assign(2, "u", other);
    node.heartbeat(2, |beat| beat.with_offline_log_dirs(vec![directory(2).into()]));
    assert_eq!(node.broker(2).log_dirs, [other]);
    let (lost, kept) = (node.partition("t", 0), node.partition("u", 0));
    assert_eq!((lost.leader, lost.isr.as_slice()), (1, &[1][..]));
    assert_eq!((kept.leader, kept.isr.as_slice()), (2, &[2, 1][..]));
    let before = node.controller.image().offset();
    node.heartbeat(2, |beat| beat.with_offline_log_dirs(vec![directory(2).into()]));
    assert_eq!(node.controller.image().offset(), before, "it is told once");
}

#[test]
fn a_broker_without_the_directory_of_a_replica_does_not_lead_it() {
    let mut node = Node::alone(SimDisk::default(), None);
    let other = Uuid::from_u128(5_000_000);
    let two_dirs = registration(2).with_log_dirs(vec![directory(2).into(), other.into()]);
    assert_eq!(node.call(4, &two_dirs).error_code, 0);
    node.beat(2);
    node.create(on("t", &[2]));
    node.create(on("u", &[2]));
    node.assign(2, "t", directory(2));
    node.heartbeat(2, |beat| beat.with_offline_log_dirs(vec![directory(2).into()]));
    node.heartbeat(2, |beat| beat.with_want_fence(true));
    node.beat(2);
    let leaders = ["t", "u"].map(|topic| node.partition(topic, 0).leader);
    assert_eq!(leaders, [-1, 2]);
}

#[test]
fn an_epoch_is_the_offset_of_the_registration_whatever_is_written_before_it() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.create(on("t", &[2, 1]));
    node.create(on("u", &[2, 1]));
    // The session is over, and the timer has not gone off yet.
    node.now += SESSION;
    let before = node.controller.image().offset();
    let again = registration(2).with_incarnation_id(incarnation(2, 2));
    let epoch = node.call(4, &again).broker_epoch;
    assert_eq!(epoch, before + 3, "two partitions are led by others first");
    assert_eq!(node.broker(2).registered_at, epoch);
    let behind = node.heartbeat(2, |beat| beat.with_current_metadata_offset(epoch - 1));
    assert!(behind.is_fenced);
    assert!(!node.beat(2).is_fenced);
}

#[test]
fn an_unregistered_broker_is_forgotten() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.create(on("t", &[2, 1]));
    let unregister = |id| UnregisterBrokerRequest::default().with_broker_id(BrokerId(id));
    assert_eq!(node.call(0, &unregister(2)).error_code, 0);
    assert!(node.controller.image().brokers().get(2).is_none());
    let partition = node.partition("t", 0);
    assert_eq!((partition.leader, partition.isr.as_slice()), (1, &[1][..]));
    let response = node.call(0, &unregister(2));
    assert_eq!(response.error_code, ErrorCode::BrokerIdNotRegistered.code());
}

/// Apache's brokers tell with every heartbeat.
#[test]
fn that_no_directory_is_cordoned_is_written_down_once() {
    let mut node = Node::with_brokers(&[1, 2]);
    let tells = |node: &mut Node, dirs: &[u8]| {
        let request = BrokerHeartbeatRequest::default()
            .with_broker_id(BrokerId(2))
            .with_broker_epoch(node.broker(2).epoch)
            .with_current_metadata_offset(node.controller.image().offset())
            .with_unknown_tagged_fields([(1, Bytes::copy_from_slice(dirs))].into());
        let (ticket, mut call) = node.request_of(Peer::default(), 1, &request);
        // The typed request stops at version 1, which has the same bytes.
        call.header.api_version = 2;
        node.event(Event::Call { ticket, call });
        (node.broker(2).cordoned_log_dirs, node.controller.image().offset())
    };
    assert_eq!(node.broker(2).cordoned_log_dirs, None);
    let before = node.controller.image().offset();
    assert_eq!(tells(&mut node, &[1]), (Some(vec![]), before + 1));
    assert_eq!(tells(&mut node, &[1]), (Some(vec![]), before + 1));
    let one = [&[2][..], directory(2).as_bytes()].concat();
    assert_eq!(tells(&mut node, &one), (Some(vec![directory(2)]), before + 2));
    assert!(!node.broker(2).takes_replicas());
    assert_eq!(tells(&mut node, &[1]), (Some(vec![]), before + 3));
    assert!(node.broker(2).takes_replicas());
}
