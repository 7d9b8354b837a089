use bytes::BytesMut;
use kafka_protocol::messages::{
    ApiKey, CreateTopicsRequest, FetchRequest, JoinGroupRequest, MetadataRequest, MetadataResponse, OffsetFetchRequest,
    ProduceRequest,
};
use kafka_protocol::protocol::{Decodable, Encodable, Request};
use proptest::prelude::*;

use super::*;

const BUDGET_BYTES: usize = 1 << 20;

fn encode<T: Encodable>(message: &T, version: i16) -> Bytes {
    let mut out = BytesMut::new();
    message.encode(&mut out, version).unwrap();
    out.freeze()
}

fn metadata_request(version: i16) -> Bytes {
    use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
    let topic = |name: &'static str| MetadataRequestTopic::default().with_name(Some(StrBytes::from(name).into()));
    encode(
        &MetadataRequest::default().with_topics(Some(vec![topic("a"), topic("bb")])),
        version,
    )
}

use kafka_protocol::protocol::StrBytes;

#[test]
fn counts_that_would_abort_the_decoder_are_refused() {
    let metadata = ApiKey::Metadata as i16;
    let flexible = check_request(metadata, 12, &[0xff, 0xff, 0xff, 0xff, 0x0f], BUDGET_BYTES);
    assert!(matches!(flexible, Err(GuardError::Truncated { .. })), "{flexible:?}");
    let fixed = check_request(metadata, 4, &[0x7f, 0xff, 0xff, 0xff], BUDGET_BYTES);
    assert!(matches!(fixed, Err(GuardError::Truncated { .. })), "{fixed:?}");
}

#[test]
fn what_is_encoded_is_let_through_whole_and_refused_cut_short() {
    for version in 1..=13 {
        let body = metadata_request(version);
        assert_eq!(
            check_request(ApiKey::Metadata as i16, version, &body, BUDGET_BYTES),
            Ok(()),
            "v{version}"
        );
        for len in 0..body.len() {
            assert!(check_request(ApiKey::Metadata as i16, version, &body[..len], BUDGET_BYTES).is_err());
        }
    }
}

#[test]
fn the_budget_bounds_small_bytes_that_decode_to_much() {
    // A count of 100,000 topics whose bytes are there, but whose structs would take far more.
    let mut body = vec![0, 1, 0x86, 0xa0];
    body.resize(4 + 2 * 100_000, 0);
    assert_eq!(
        check_request(ApiKey::Metadata as i16, 4, &body, BUDGET_BYTES),
        Err(GuardError::OverBudget {
            budget_bytes: BUDGET_BYTES
        })
    );
}

#[test]
fn a_tag_that_typed_messages_cannot_keep_is_refused() {
    let list_config_resources = ApiKey::ListConfigResources as i16;
    let largest = [1, 0xff, 0xff, 0xff, 0xff, 0x07, 0];
    let beyond = [1, 0x80, 0x80, 0x80, 0x80, 0x08, 0];
    assert_eq!(check_request(list_config_resources, 0, &largest, BUDGET_BYTES), Ok(()));
    assert_eq!(
        check_request(list_config_resources, 0, &beyond, BUDGET_BYTES),
        Err(GuardError::BadVarint { at: 1 })
    );
}

#[test]
fn a_struct_is_there_or_not_and_nothing_between() {
    // No topics, a limit, the cursor's presence, its topic and partition and tags, the message's tags.
    let with = |presence: u8| [1, 0, 0, 0, 9, presence, 2, b't', 0, 0, 0, 0, 0, 0];
    let check = |body: &[u8]| check_request(ApiKey::DescribeTopicPartitions as i16, 0, body, BUDGET_BYTES);
    assert_eq!(check(&with(1)), Ok(()));
    assert_eq!(check(&[1, 0, 0, 0, 9, 0xff, 0]), Ok(()));
    for presence in [0, 2, 0x7f] {
        assert_eq!(
            check(&with(presence)),
            Err(GuardError::BadPresence { at: 5 }),
            "{presence}"
        );
    }
}

#[test]
fn an_unknown_tag_counts_as_the_map_it_starts() {
    // 1,000 topics with an empty name and an unknown tag each: the map of each topic takes 408 bytes.
    let mut body = vec![0xe9, 0x07];
    body.extend([0; 16].into_iter().chain([1, 1, 99, 0]).cycle().take(20 * 1000));
    body.extend([0, 0, 0]);
    let check = |budget_bytes| check_request(ApiKey::Metadata as i16, 12, &body, budget_bytes);
    assert_eq!(check(1 << 20), Ok(()));
    assert!(matches!(check(408_000), Err(GuardError::OverBudget { .. })));
}

#[test]
fn every_default_message_of_every_version_is_let_through() {
    macro_rules! defaults {
        ($($request:ty),*) => {$(
            for version in <$request as kafka_protocol::protocol::Message>::VERSIONS.min
                ..=<$request as kafka_protocol::protocol::Message>::VERSIONS.max
            {
                let body = encode(&<$request>::default(), version);
                assert_eq!(check_request(<$request>::KEY, version, &body, BUDGET_BYTES), Ok(()));
                let mut out = BytesMut::new();
                if <$request as Request>::Response::default().encode(&mut out, version).is_ok() {
                    assert_eq!(check_response(<$request>::KEY, version, &out, BUDGET_BYTES), Ok(()));
                }
            }
        )*};
    }
    use kafka_protocol::messages::*;
    defaults!(
        ProduceRequest,
        FetchRequest,
        ListOffsetsRequest,
        MetadataRequest,
        OffsetCommitRequest,
        OffsetFetchRequest,
        FindCoordinatorRequest,
        JoinGroupRequest,
        HeartbeatRequest,
        LeaveGroupRequest,
        SyncGroupRequest,
        DescribeGroupsRequest,
        ListGroupsRequest,
        SaslHandshakeRequest,
        ApiVersionsRequest,
        CreateTopicsRequest,
        DeleteTopicsRequest,
        DeleteRecordsRequest,
        InitProducerIdRequest,
        OffsetForLeaderEpochRequest,
        AddPartitionsToTxnRequest,
        AddOffsetsToTxnRequest,
        EndTxnRequest,
        WriteTxnMarkersRequest,
        TxnOffsetCommitRequest,
        DescribeAclsRequest,
        CreateAclsRequest,
        DeleteAclsRequest,
        DescribeConfigsRequest,
        AlterConfigsRequest,
        AlterReplicaLogDirsRequest,
        DescribeLogDirsRequest,
        SaslAuthenticateRequest,
        CreatePartitionsRequest,
        DeleteGroupsRequest,
        ElectLeadersRequest,
        IncrementalAlterConfigsRequest,
        AlterPartitionReassignmentsRequest,
        ListPartitionReassignmentsRequest,
        OffsetDeleteRequest,
        DescribeClientQuotasRequest,
        AlterClientQuotasRequest,
        VoteRequest,
        BeginQuorumEpochRequest,
        EndQuorumEpochRequest,
        DescribeQuorumRequest,
        AlterPartitionRequest,
        UpdateFeaturesRequest,
        EnvelopeRequest,
        FetchSnapshotRequest,
        DescribeClusterRequest,
        DescribeProducersRequest,
        BrokerRegistrationRequest,
        BrokerHeartbeatRequest,
        UnregisterBrokerRequest,
        AllocateProducerIdsRequest,
        ConsumerGroupHeartbeatRequest,
        ConsumerGroupDescribeRequest,
        DescribeTopicPartitionsRequest
    );
}

/// Whatever the guard lets through, the decoder takes or refuses without a panic.
fn guarded_decode<R: Request>(version: i16, bytes: &[u8]) {
    if check_request(R::KEY, version, bytes, BUDGET_BYTES).is_ok() {
        let _ = R::decode(&mut Bytes::copy_from_slice(bytes), version);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_walked_and_decoded_without_a_panic(bytes: Vec<u8>, at: usize, flip: u8) {
        for version in 0..=13 {
            guarded_decode::<MetadataRequest>(version, &bytes);
            let mut valid = metadata_request(version.max(1)).to_vec();
            let at = at % valid.len();
            valid[at] ^= flip;
            guarded_decode::<MetadataRequest>(version.max(1), &valid);
        }
        for version in 4..=18 { guarded_decode::<FetchRequest>(version, &bytes); }
        for version in 3..=13 { guarded_decode::<ProduceRequest>(version, &bytes); }
        for version in 2..=7 { guarded_decode::<CreateTopicsRequest>(version, &bytes); }
        for version in 0..=9 { guarded_decode::<JoinGroupRequest>(version, &bytes); }
        for version in 1..=9 { guarded_decode::<OffsetFetchRequest>(version, &bytes); }
        for version in 0..=13 {
            if check_response(ApiKey::Metadata as i16, version, &bytes, BUDGET_BYTES).is_ok() {
                let _ = MetadataResponse::decode(&mut Bytes::copy_from_slice(&bytes), version);
            }
        }
    }
}
