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
