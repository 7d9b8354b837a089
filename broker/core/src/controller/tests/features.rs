use protocol::api::messages::UpdateFeaturesRequest;
use protocol::api::messages::controller_registration_request::{ControllerRegistrationRequest, Feature, Listener};
use protocol::api::messages::update_features_request::FeatureUpdateKey;
use protocol::messages::metadata::FeatureLevelRecord;

use super::cluster::{on, registration};
use super::*;
use crate::features::{ELR_VERSION, KRAFT_VERSION};
use crate::image::ResourceType;

const UPGRADE: i8 = 1;
const SAFE: i8 = 2;
const UNSAFE: i8 = 3;

fn at_level(level: i16) -> Node {
    let record = FeatureLevelRecord {
        name: METADATA_VERSION.into(),
        feature_level: level,
        ..Default::default()
    };
    Node::alone(SimDisk::default(), Some(vec![record.into()]))
}

fn update(name: &str, level: i16, kind: i8) -> FeatureUpdateKey {
    FeatureUpdateKey::default()
        .with_feature(StrBytes::from_string(name.to_owned()))
        .with_max_version_level(level)
        .with_upgrade_type(kind)
}

impl Node {
    fn update(&mut self, update: FeatureUpdateKey, dry_run: bool) -> Result<(), String> {
        let request = UpdateFeaturesRequest::default()
            .with_feature_updates(vec![update])
            .with_validate_only(dry_run);
        let response = self.call(2, &request);
        if response.error_code == 0 {
            return Ok(());
        }
        assert_eq!(response.error_code, ErrorCode::InvalidUpdateVersion.code());
        let message = response.error_message.unwrap();
        let prefix = "The update failed for all features since the following feature had an error: ";
        Err(message.strip_prefix(prefix).unwrap().to_owned())
    }

    fn level(&self, name: &str) -> i16 {
        self.controller.image().features().level(name)
    }
}

#[test]
fn levels_go_up_and_only_where_nothing_is_lost_down() {
    let mut node = at_level(24);
    node.join(&[1, 2]);
    assert_eq!(node.update(update(METADATA_VERSION, 29, UPGRADE), true), Ok(()));
    assert_eq!(node.level(METADATA_VERSION), 24, "a dry run changes nothing");
    assert_eq!(node.update(update(METADATA_VERSION, 29, UPGRADE), false), Ok(()));
    assert_eq!(node.level(METADATA_VERSION), 29);
    let refused = [
        (
            update(METADATA_VERSION, 25, UPGRADE),
            "Invalid update version 25 for feature metadata.version. Can't downgrade the version of this feature \
             without setting the upgrade type to either safe or unsafe downgrade.",
        ),
        (
            update(METADATA_VERSION, 22, SAFE),
            "Unsupported metadata.version downgrade from 29 to 22. Refusing to perform the requested downgrade \
             because it might delete metadata information.",
        ),
        (
            update(METADATA_VERSION, 22, UNSAFE),
            "Unsupported metadata.version downgrade from 29 to 22. Unsafe metadata downgrade is not supported in \
             this version.",
        ),
        (
            update(METADATA_VERSION, 30, SAFE),
            "Invalid update version 30 for feature metadata.version. Can't downgrade to a newer version.",
        ),
        (
            update(METADATA_VERSION, 31, UPGRADE),
            "Invalid update version 31 for feature metadata.version. Local controller 1 only supports versions 7-30",
        ),
        (
            update("group.version", -1, SAFE),
            "Invalid update version -1 for feature group.version. A feature version cannot be less than 0.",
        ),
        (
            update("none.version", 1, UPGRADE),
            "Invalid update version 1 for feature none.version. Local controller 1 does not support this feature.",
        ),
        (
            update("group.version", 1, 7),
            "Invalid update version 1 for feature group.version. The controller does not support the given upgrade \
             type.",
        ),
    ];
    for (asked, message) in refused {
        assert_eq!(node.update(asked, false), Err(message.to_owned()));
    }
    assert_eq!(node.update(update(METADATA_VERSION, 23, SAFE), false), Ok(()));
    assert_eq!(node.level(METADATA_VERSION), 23);
    assert_eq!(node.update(update(KRAFT_VERSION, 0, UPGRADE), false), Ok(()));
}

#[test]
fn every_node_has_to_know_a_level() {
    let mut node = at_level(29);
    let mut older = registration(2);
    for feature in &mut older.features {
        feature.max_supported_version = feature.max_supported_version.min(29);
    }
    assert_eq!(node.call(4, &older).error_code, 0);
    let refused = node.update(update(METADATA_VERSION, 30, UPGRADE), false);
    assert!(refused.unwrap_err().ends_with("Broker 2 only supports versions 7-29"));
    let feature = Feature::default()
        .with_name(METADATA_VERSION.into())
        .with_min_supported_version(7)
        .with_max_supported_version(28);
    let listener = Listener::default()
        .with_name("CONTROLLER".into())
        .with_host("h".into())
        .with_port(9093);
    let controller = ControllerRegistrationRequest::default()
        .with_controller_id(5)
        .with_listeners(vec![listener])
        .with_features(vec![feature]);
    assert_eq!(node.call(0, &controller).error_code, 0);
    let refused = node.update(update(METADATA_VERSION, 29, UPGRADE), false);
    assert!(
        refused
            .unwrap_err()
            .ends_with("Controller 5 only supports versions 7-28")
    );
}

#[test]
fn eligible_replicas_need_a_level_and_one_least_isr_for_all() {
    let mut node = at_level(22);
    let refused = node.update(update(ELR_VERSION, 1, UPGRADE), false);
    let message = "depends on metadata.version level 23";
    assert!(refused.unwrap_err().ends_with(message));
    assert_eq!(node.update(update(METADATA_VERSION, 23, UPGRADE), false), Ok(()));
    assert_eq!(node.update(update(ELR_VERSION, 1, UPGRADE), false), Ok(()));
    let for_all = node.controller.image().config(ResourceType::Broker, "").unwrap();
    assert_eq!(for_all.get("min.insync.replicas").map(String::as_str), Some("1"));
    assert_eq!(node.update(update(ELR_VERSION, 0, SAFE), false), Ok(()));
    assert_eq!(node.level(ELR_VERSION), 0);
}

#[test]
fn controllers_register_from_the_level_that_knows_of_it() {
    let request = ControllerRegistrationRequest::default();
    let code = at_level(14).call(0, &request).error_code;
    assert_eq!(code, ErrorCode::UnsupportedVersion.code());
    let mut node = at_level(15);
    assert_eq!(node.call(0, &request).error_code, 0);
    assert_eq!(node.controller.image().controllers().count(), 1);
}

#[test]
fn records_are_written_as_the_level_says() {
    // Level; versions of RegisterBroker, Partition and PartitionChange.
    let cases = [
        (7, [1, 0, 0]),
        (12, [2, 0, 0]),
        (17, [3, 1, 1]),
        (22, [3, 1, 1]),
        (23, [3, 2, 2]),
        (30, [4, 2, 2]),
    ];
    for (level, expected) in cases {
        let mut node = at_level(level);
        node.join(&[1, 2]);
        node.create(on("t", &[2, 1]));
        node.heartbeat(2, |beat| beat.with_want_fence(true));
        let batches = node.controller.raft.read_committed(0).unwrap();
        let mut found = [None; 3];
        for value in batches.iter().flat_map(|batch| &batch.values) {
            let (record, version) = decode_metadata(value).unwrap();
            let kind = match record {
                Record::RegisterBroker(record) => {
                    assert_eq!(record.log_dirs.is_empty(), level < 17);
                    0
                }
                Record::BrokerRegistrationChange(_) => {
                    assert_eq!(version, 0, "there is room for fencing in the first version");
                    continue;
                }
                Record::Partition(record) => {
                    assert_eq!(record.directories.is_empty(), level < 17);
                    1
                }
                Record::PartitionChange(record) => {
                    assert_eq!(record.leader, 1, "level {level}");
                    2
                }
                _ => continue,
            };
            found[kind] = Some(version);
        }
        assert_eq!(found, expected.map(Some), "level {level}");
    }
}
