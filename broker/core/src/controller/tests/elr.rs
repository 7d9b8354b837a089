use protocol::api::messages::IncrementalAlterConfigsRequest;
use protocol::api::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use protocol::messages::metadata::FeatureLevelRecord;

use super::cluster::{incarnation, on, registration};
use super::*;
use crate::features::ELR_VERSION;

fn with_elr() -> Node {
    let level = |name: &str, feature_level| FeatureLevelRecord {
        name: name.into(),
        feature_level,
        ..Default::default()
    };
    let records = vec![level(METADATA_VERSION, 30).into(), level(ELR_VERSION, 1).into()];
    let mut node = Node::alone(SimDisk::default(), Some(records));
    node.join(&[1, 2, 3]);
    let min_isr = CreatableTopicConfig::default()
        .with_name("min.insync.replicas".into())
        .with_value(Some("2".into()));
    node.create(on("t", &[1, 2, 3]).with_configs(vec![min_isr]));
    node
}

fn fence(node: &mut Node, id: i32) {
    assert!(node.heartbeat(id, |beat| beat.with_want_fence(true)).is_fenced);
}

fn restart(node: &mut Node, id: i32, previous_epoch: i64) {
    let request = registration(id)
        .with_incarnation_id(incarnation(id, 2))
        .with_previous_broker_epoch(previous_epoch);
    node.wait(super::cluster::SESSION);
    assert_eq!(node.call(4, &request).error_code, 0);
}

fn set_min_isr(node: &mut Node, kind: i8, resource: &str, operation: i8, value: Option<&str>) -> i16 {
    let value = value.map(|value| StrBytes::from_string(value.to_owned()));
    let config = AlterableConfig::default()
        .with_name("min.insync.replicas".into())
        .with_config_operation(operation)
        .with_value(value);
    let resource = AlterConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(StrBytes::from_string(resource.to_owned()))
        .with_configs(vec![config]);
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    node.call(1, &request).responses[0].error_code
}

#[test]
fn those_who_leave_below_the_least_isr_stay_eligible_until_it_is_reached_again() {
    let mut node = with_elr();
    fence(&mut node, 3);
    let enough = node.partition("t", 0);
    assert_eq!((enough.isr, enough.elr), (vec![1, 2], vec![]));
    fence(&mut node, 2);
    let below = node.partition("t", 0);
    assert_eq!((below.isr, below.elr), (vec![1], vec![2]));
    fence(&mut node, 1);
    let nobody = node.partition("t", 0);
    assert_eq!((nobody.leader, nobody.isr, nobody.elr), (-1, vec![], vec![1, 2]));
    assert_eq!(nobody.last_known_elr, [1]);
    node.beat(3);
    assert_eq!(node.partition("t", 0).leader, -1, "broker 3 does not have everything");
    node.beat(2);
    let elected = node.partition("t", 0);
    assert_eq!((elected.leader, elected.isr, elected.elr), (2, vec![2], vec![1]));
    assert_eq!((elected.leader_recovery_state, elected.last_known_elr), (0, vec![]));
    assert_eq!(node.propose("t", &[2, 3], |_| {}).error_code, 0);
    let again = node.partition("t", 0);
    assert_eq!((again.isr, again.elr), (vec![2, 3], vec![]));
}

#[test]
fn a_broker_that_did_not_stop_cleanly_is_not_eligible() {
    for clean in [true, false] {
        let mut node = with_elr();
        fence(&mut node, 3);
        fence(&mut node, 2);
        assert_eq!(node.partition("t", 0).elr, [2]);
        let epoch = node.broker(2).epoch;
        restart(&mut node, 2, if clean { epoch } else { -1 });
        let expected = if clean { vec![2] } else { vec![] };
        let elr: Vec<i32> = node.partition("t", 0).elr.into_iter().filter(|id| *id == 2).collect();
        assert_eq!(elr, expected, "clean: {clean}");
    }
}

#[test]
fn another_least_isr_forgets_who_was_eligible() {
    let mut node = with_elr();
    fence(&mut node, 3);
    fence(&mut node, 2);
    let before = node.partition("t", 0);
    assert_eq!(before.elr, [2]);
    assert_eq!(set_min_isr(&mut node, 2, "t", 0, Some("3")), 0);
    let after = node.partition("t", 0);
    assert_eq!((after.elr, after.partition_epoch), (vec![], before.partition_epoch + 1));
    let invalid = ErrorCode::InvalidConfig.code();
    assert_eq!(set_min_isr(&mut node, 4, "1", 0, Some("2")), invalid);
    assert_eq!(set_min_isr(&mut node, 4, "", 1, None), invalid);
    assert_eq!(set_min_isr(&mut node, 4, "", 0, Some("2")), 0);
}
