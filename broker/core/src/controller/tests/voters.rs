//! Voters of the quorum, as clients see and change them.

use protocol::api::messages::add_raft_voter_request::Listener;
use protocol::api::messages::describe_quorum_request::{PartitionData, TopicData};
use protocol::api::messages::update_features_request::FeatureUpdateKey;
use protocol::api::messages::{
    AddRaftVoterRequest, ApiVersionsRequest, DescribeQuorumRequest, EnvelopeRequest, RemoveRaftVoterRequest,
    RemoveRaftVoterResponse, UpdateFeaturesRequest,
};
use protocol::api::{decode_response, split_response};

use super::*;
use crate::features::KRAFT_VERSION;

/// Of node 1.
const DIRECTORY: Uuid = Uuid::from_u128(7);

impl Node {
    fn finalized(&mut self) -> Option<i16> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("test"))
            .with_client_software_version(StrBytes::from_static_str("1"));
        let response = self.call(4, &request);
        let mut features = response.finalized_features.iter();
        let feature = features.find(|feature| feature.name.as_str() == KRAFT_VERSION);
        feature.map(|feature| feature.max_version_level)
    }

    fn upgrade(&mut self, level: i16, kind: i8, dry_run: bool) -> (i16, String) {
        let update = FeatureUpdateKey::default()
            .with_feature(StrBytes::from_static_str(KRAFT_VERSION))
            .with_max_version_level(level)
            .with_upgrade_type(kind);
        let request = UpdateFeaturesRequest::default()
            .with_feature_updates(vec![update])
            .with_validate_only(dry_run);
        let response = self.call(2, &request);
        let message = response.error_message.as_ref();
        (response.error_code, message.map_or(String::new(), ToString::to_string))
    }

    fn voter_directory(&mut self) -> Uuid {
        let topic = TopicData::default()
            .with_topic_name(TopicName(StrBytes::from_static_str("__cluster_metadata")))
            .with_partitions(vec![PartitionData::default()]);
        let response = self.call(2, &DescribeQuorumRequest::default().with_topics(vec![topic]));
        let voters = &response.topics[0].partitions[0].current_voters;
        assert_eq!(voters.len(), 1);
        voters[0].replica_directory_id.into()
    }
}

fn remove(id: i32, directory_id: Uuid) -> RemoveRaftVoterRequest {
    RemoveRaftVoterRequest::default()
        .with_cluster_id(None)
        .with_voter_id(id)
        .with_voter_directory_id(directory_id.into())
}

#[test]
fn a_feature_update_makes_static_voters_dynamic() {
    let disk = SimDisk::default();
    let mut node = Node::alone(disk.clone(), None);
    let unsupported = ErrorCode::UnsupportedVersion.code();
    assert_eq!(node.call(0, &remove(1, DIRECTORY)).error_code, unsupported);
    assert_eq!((node.finalized(), node.voter_directory()), (None, Uuid::ZERO));
    assert_eq!(node.upgrade(1, 1, true).0, 0);
    assert_eq!(
        (node.finalized(), node.voter_directory()),
        (None, Uuid::ZERO),
        "a dry run changes nothing"
    );
    assert_eq!(node.upgrade(1, 1, false), (0, String::new()));
    assert_eq!((node.finalized(), node.voter_directory()), (Some(1), DIRECTORY));
    assert_eq!(node.upgrade(1, 1, false).0, 0, "it is so already");
    let (code, message) = node.upgrade(0, 3, false);
    assert_eq!(code, ErrorCode::InvalidUpdateVersion.code());
    assert!(message.contains("Can't downgrade"), "{message}");
    drop(node);
    let mut again = Node::alone(disk, None);
    assert_eq!((again.finalized(), again.voter_directory()), (Some(1), DIRECTORY));
}

#[test]
fn an_upgrade_is_answered_once_it_is_committed() {
    let mut node = Node::alone(SimDisk::default(), None);
    let update = FeatureUpdateKey::default()
        .with_feature(StrBytes::from_static_str(KRAFT_VERSION))
        .with_max_version_level(1)
        .with_upgrade_type(1);
    let (ticket, call) = node.request(2, &UpdateFeaturesRequest::default().with_feature_updates(vec![update]));
    let replies = node.take(|controller, cx| controller.on(Event::Call { ticket, call }, cx).unwrap());
    assert!(replies.is_empty(), "{replies:?}");
    let replies = node.take(|controller, cx| drop(controller.commit(cx).unwrap()));
    assert_eq!(decoded::<UpdateFeaturesRequest>(2, ticket, &replies).error_code, 0);
}

#[test]
fn changes_that_brokers_hand_on_are_answered_in_their_envelopes() {
    let mut node = Node::alone(SimDisk::default(), None);
    assert_eq!(node.upgrade(1, 1, false).0, 0);
    let inner = encode_request(0, 9, "client", &remove(2, DIRECTORY))
        .unwrap()
        .slice(4..);
    let response = node.call(0, &EnvelopeRequest::default().with_request_data(inner));
    assert_eq!(response.error_code, 0);
    let header_version = RemoveRaftVoterResponse::header_version(0);
    let (id, body) = split_response(response.response_data.unwrap(), header_version).unwrap();
    let inside = decode_response::<RemoveRaftVoterRequest>(0, body, 1 << 20).unwrap();
    assert_eq!((id, inside.error_code), (9, ErrorCode::VoterNotFound.code()));
    assert!(inside.error_message.unwrap().contains("voters are 1"));
    // Another cluster's is refused, wherever it comes from.
    let other = remove(1, DIRECTORY).with_cluster_id(Some(StrBytes::from_static_str("another")));
    assert_eq!(node.call(0, &other).error_code, ErrorCode::InconsistentClusterId.code());
    // Nobody is asked who has no address for the quorum.
    let listener = Listener::default()
        .with_name(StrBytes::from_static_str("CONTROLLER"))
        .with_host(StrBytes::from_static_str(""));
    let add = AddRaftVoterRequest::default()
        .with_cluster_id(None)
        .with_voter_id(2)
        .with_voter_directory_id(DIRECTORY.into())
        .with_listeners(vec![listener]);
    assert_eq!(node.call(0, &add).error_code, ErrorCode::InvalidRequest.code());
}

#[test]
fn a_snapshot_says_who_votes() {
    let keys = [("metadata.log.max.record.bytes.between.snapshots", "1")];
    let disk = SimDisk::default();
    let mut node = Node::configured(disk.clone(), None, &keys);
    assert_eq!(node.upgrade(1, 1, false).0, 0);
    node.wait(Duration::from_secs(5));
    let snapshot = node.controller.quorum().snapshot().unwrap();
    assert!(snapshot.end_offset > 3);
    let control = node.controller.quorum().control_records(snapshot.end_offset).unwrap();
    assert_eq!(control.len(), 2, "kraft.version and the voters");
    let before = node.controller.quorum().control_records(1).unwrap();
    assert!(before.is_empty(), "there were none to write down at first");
}
