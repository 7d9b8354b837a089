use super::cluster::{SESSION, incarnation, on, registration};
use super::*;

fn lose(node: &mut Node, broker_id: i32) {
    let broker_epoch = node.broker(broker_id).epoch;
    node.event(Event::Unreachable {
        broker_id,
        broker_epoch,
    });
}

#[test]
fn a_broker_whose_process_is_gone_is_fenced_at_once() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.create(on("t", &[2, 1]));
    node.event(Event::Unreachable {
        broker_id: 2,
        broker_epoch: node.broker(2).epoch - 1,
    });
    assert!(!node.broker(2).fenced, "an earlier incarnation is gone");
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
    node.take(|controller, cx| controller.resign(cx));
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

#[test]
fn sessions_alone_count_where_fast_fencing_is_off() {
    let mut node = Node::configured(SimDisk::default(), None, &[(FAST_FENCING_KEY, "false")]);
    node.join(&[1, 2]);
    lose(&mut node, 2);
    assert!(!node.broker(2).fenced);
    node.wait_beating(SESSION, &[1]);
    assert!(node.broker(2).fenced);
}
