//! The guard and, behind it, the typed decoders: nothing it lets through may panic, take more memory than it
//! was told, or come back different after another round.

use bytes::{Bytes, BytesMut};
use protocol::api::messages::*;
use protocol::api::{Decodable, Encodable, Message, Request};
use protocol::guard::{GuardError, check_request, check_response};

use crate::allocator::measured;
use crate::input::Input;

/// Beyond the budget, where decoding succeeds.
const SLACK_BYTES: usize = 1024;
/// Beyond the budget, where it fails: the error with its text, and a backtrace if the environment asks for one.
const ERROR_BYTES: usize = 16 << 10;
/// Budgets that are tried; the first that suffices is the one decoding must keep to.
const BUDGETS_BYTES: std::ops::RangeInclusive<u32> = 8..=26;

type Check = fn(i16, i16, &[u8], usize) -> Result<(), GuardError>;

/// One API: its key, its versions, and a round in each direction.
struct Api {
    key: i16,
    min: i16,
    max: i16,
    request: fn(i16, i16, &[u8]),
    response: fn(i16, i16, &[u8]),
}

macro_rules! apis {
    ($($request:ident,)*) => {
        &[$(Api {
            key: <$request as Request>::KEY,
            min: <$request as Message>::VERSIONS.min,
            max: <$request as Message>::VERSIONS.max,
            request: |key, version, body| round::<$request>(check_request, key, version, body),
            response: |key, version, body| round::<<$request as Request>::Response>(check_response, key, version, body),
        },)*]
    };
}

static APIS: &[Api] = apis![
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
    CreateDelegationTokenRequest,
    RenewDelegationTokenRequest,
    ExpireDelegationTokenRequest,
    DescribeDelegationTokenRequest,
    DeleteGroupsRequest,
    ElectLeadersRequest,
    IncrementalAlterConfigsRequest,
    AlterPartitionReassignmentsRequest,
    ListPartitionReassignmentsRequest,
    OffsetDeleteRequest,
    DescribeClientQuotasRequest,
    AlterClientQuotasRequest,
    DescribeUserScramCredentialsRequest,
    AlterUserScramCredentialsRequest,
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
    DescribeTransactionsRequest,
    ListTransactionsRequest,
    AllocateProducerIdsRequest,
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupDescribeRequest,
    ControllerRegistrationRequest,
    GetTelemetrySubscriptionsRequest,
    PushTelemetryRequest,
    AssignReplicasToDirsRequest,
    ListConfigResourcesRequest,
    DescribeTopicPartitionsRequest,
    ShareGroupHeartbeatRequest,
    ShareGroupDescribeRequest,
    ShareFetchRequest,
    ShareAcknowledgeRequest,
    AddRaftVoterRequest,
    RemoveRaftVoterRequest,
    UpdateRaftVoterRequest,
    InitializeShareGroupStateRequest,
    ReadShareGroupStateRequest,
    WriteShareGroupStateRequest,
    DeleteShareGroupStateRequest,
    ReadShareGroupStateSummaryRequest,
    DescribeShareGroupOffsetsRequest,
    AlterShareGroupOffsetsRequest,
    DeleteShareGroupOffsetsRequest,
];

/// API, version and direction in two bytes, then the body.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let (api, version) = (usize::from(input.byte()), input.byte());
    let api = &APIS[api % APIS.len()];
    let versions = api.max - api.min + 1;
    let at = api.min + i16::from(version & 0x7f) % versions;
    let round = if version & 0x80 == 0 { api.request } else { api.response };
    round(api.key, at, input.rest());
}

fn round<T: Decodable + Encodable>(check: Check, key: i16, version: i16, body: &[u8]) {
    let smallest = BUDGETS_BYTES
        .map(|bits| 1 << bits)
        .find(|budget_bytes| check(key, version, body, *budget_bytes).is_ok());
    let Some(budget_bytes) = smallest else {
        return;
    };
    let copy = Bytes::copy_from_slice(body);
    let (decoded, peak_bytes) = measured(|| T::decode(&mut copy.clone(), version));
    let slack_bytes = if decoded.is_ok() { SLACK_BYTES } else { ERROR_BYTES };
    assert!(
        peak_bytes <= budget_bytes + slack_bytes,
        "API {key} v{version}: decoding took {peak_bytes} bytes, the guard promised {budget_bytes}"
    );
    let Ok(decoded) = decoded else { return };
    let first = encode(&decoded, key, version);
    assert_eq!(
        check(key, version, &first, usize::MAX),
        Ok(()),
        "API {key} v{version}: the guard refuses what was encoded"
    );
    let again = T::decode(&mut first.clone(), version)
        .unwrap_or_else(|error| panic!("API {key} v{version}: what was encoded does not decode: {error}"));
    assert_eq!(encode(&again, key, version), first, "API {key} v{version}");
}

fn encode<T: Encodable>(message: &T, key: i16, version: i16) -> Bytes {
    let mut out = BytesMut::new();
    message
        .encode(&mut out, version)
        .unwrap_or_else(|error| panic!("API {key} v{version}: what was decoded does not encode: {error}"));
    out.freeze()
}
