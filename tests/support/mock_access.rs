//! What the broker that is made up says of ACLs, users, quotas, tokens, transactions and producers.

use bytes::Bytes;
use protocol::api::messages::alter_client_quotas_response::EntryData as AlteredQuota;
use protocol::api::messages::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use protocol::api::messages::create_acls_response::AclCreationResult;
use protocol::api::messages::delete_acls_response::DeleteAclsFilterResult;
use protocol::api::messages::describe_acls_response::{AclDescription, DescribeAclsResource};
use protocol::api::messages::describe_client_quotas_response::{EntityData, EntryData, ValueData};
use protocol::api::messages::describe_delegation_token_response::DescribedDelegationToken;
use protocol::api::messages::describe_producers_response::{PartitionResponse, ProducerState, TopicResponse};
use protocol::api::messages::describe_transactions_response::{TopicData, TransactionState};
use protocol::api::messages::describe_user_scram_credentials_response::{
    CredentialInfo, DescribeUserScramCredentialsResult,
};
use protocol::api::messages::list_transactions_response::TransactionState as ListedTransaction;
use protocol::api::messages::write_txn_markers_response::{
    WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopicResult,
};
use protocol::api::messages::{
    AlterClientQuotasResponse, AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, CreateAclsRequest,
    CreateAclsResponse, CreateDelegationTokenResponse, DeleteAclsRequest, DeleteAclsResponse, DescribeAclsRequest,
    DescribeAclsResponse, DescribeClientQuotasResponse, DescribeDelegationTokenResponse, DescribeProducersRequest,
    DescribeProducersResponse, DescribeTransactionsRequest, DescribeTransactionsResponse,
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse, ExpireDelegationTokenRequest,
    ExpireDelegationTokenResponse, InitProducerIdResponse, ListTransactionsRequest, ListTransactionsResponse,
    RenewDelegationTokenResponse, WriteTxnMarkersResponse,
};
use protocol::api::{ApiKey, ProducerId, TransactionalId};

use super::mock::{Asked, Made, text, topic};

/// What of this it serves.
pub(super) const SERVED: [ApiKey; 16] = [
    ApiKey::DescribeAcls,
    ApiKey::CreateAcls,
    ApiKey::DeleteAcls,
    ApiKey::DescribeUserScramCredentials,
    ApiKey::AlterUserScramCredentials,
    ApiKey::DescribeClientQuotas,
    ApiKey::AlterClientQuotas,
    ApiKey::DescribeDelegationToken,
    ApiKey::CreateDelegationToken,
    ApiKey::RenewDelegationToken,
    ApiKey::ExpireDelegationToken,
    ApiKey::ListTransactions,
    ApiKey::DescribeTransactions,
    ApiKey::DescribeProducers,
    ApiKey::WriteTxnMarkers,
    ApiKey::InitProducerId,
];

/// What proves that one has a token; of the one that is there, and of one that is created.
pub(crate) const HMAC: &[u8] = b"the hmac of a token";
/// The same in base64, as Kafka has it.
pub(crate) const HMAC_TEXT: &str = "dGhlIGhtYWMgb2YgYSB0b2tlbg==";
/// A producer whose transaction `shop` is open in t-0 from 5, as its coordinator knows.
pub(crate) const KNOWN: i64 = 7;
/// A producer whose transaction is open in t-0 from 9, which nobody knows.
pub(crate) const UNKNOWN: i64 = 8;

const RESOURCE_NOT_FOUND: i16 = 91;
const DUPLICATE_RESOURCE: i16 = 92;
const TRANSACTIONAL_ID_NOT_FOUND: i16 = 105;

pub(super) fn answer(api: ApiKey, asked: &Asked, made: &Made) -> Bytes {
    match api {
        ApiKey::DescribeAcls => asked.answer(&acls(&asked.request())),
        ApiKey::CreateAcls => {
            let creations = asked.request::<CreateAclsRequest>().creations;
            let result = |code| AclCreationResult::default().with_error_code(code);
            let results = creations.iter().map(|acl| result(refusal(made, &acl.principal)));
            asked.answer(&CreateAclsResponse::default().with_results(results.collect()))
        }
        ApiKey::DeleteAcls => {
            let filters = asked.request::<DeleteAclsRequest>().filters;
            let result = |code| DeleteAclsFilterResult::default().with_error_code(code);
            let principals = filters.into_iter().map(|filter| filter.principal_filter.unwrap());
            let results = principals.map(|principal| result(refusal(made, &principal)));
            asked.answer(&DeleteAclsResponse::default().with_filter_results(results.collect()))
        }
        ApiKey::DescribeUserScramCredentials => asked.answer(&users(asked.request())),
        ApiKey::AlterUserScramCredentials => {
            let request = asked.request::<AlterUserScramCredentialsRequest>();
            let deleted = request.deletions.into_iter().map(|deletion| deletion.name);
            let names = deleted.chain(request.upsertions.into_iter().map(|upsertion| upsertion.name));
            let names: Vec<_> = names.collect();
            let is_twice = |name| names.iter().filter(|other| *other == name).count() > 1;
            let results = names.iter().map(|name| {
                let code = if is_twice(name) {
                    DUPLICATE_RESOURCE
                } else {
                    refusal(made, name)
                };
                AlterUserScramCredentialsResult::default()
                    .with_user(name.clone())
                    .with_error_code(code)
            });
            asked.answer(&AlterUserScramCredentialsResponse::default().with_results(results.collect()))
        }
        ApiKey::DescribeClientQuotas => asked.answer(&quotas()),
        ApiKey::AlterClientQuotas => {
            asked.answer(&AlterClientQuotasResponse::default().with_entries(vec![AlteredQuota::default()]))
        }
        _ => answer_of_tokens_and_transactions(api, asked),
    }
}

fn answer_of_tokens_and_transactions(api: ApiKey, asked: &Asked) -> Bytes {
    match api {
        ApiKey::DescribeDelegationToken => asked.answer(&tokens()),
        ApiKey::CreateDelegationToken => asked.answer(
            &CreateDelegationTokenResponse::default()
                .with_principal_type(text("User"))
                .with_principal_name(text("alice"))
                .with_token_id(text("new-token"))
                .with_hmac(Bytes::from_static(HMAC)),
        ),
        ApiKey::RenewDelegationToken => {
            asked.answer(&RenewDelegationTokenResponse::default().with_expiry_timestamp_ms(5000))
        }
        ApiKey::ExpireDelegationToken => {
            assert_eq!(asked.request::<ExpireDelegationTokenRequest>().hmac, HMAC);
            asked.answer(&ExpireDelegationTokenResponse::default().with_expiry_timestamp_ms(10))
        }
        ApiKey::ListTransactions => asked.answer(&transactions(&asked.request())),
        ApiKey::DescribeTransactions => asked.answer(&described(asked.request())),
        ApiKey::DescribeProducers => asked.answer(&producers(&asked.request())),
        ApiKey::WriteTxnMarkers => {
            let partition = WritableTxnMarkerPartitionResult::default();
            let topic = WritableTxnMarkerTopicResult::default()
                .with_name(topic())
                .with_partitions(vec![partition]);
            let marker = WritableTxnMarkerResult::default().with_topics(vec![topic]);
            asked.answer(&WriteTxnMarkersResponse::default().with_markers(vec![marker]))
        }
        ApiKey::InitProducerId => asked.answer(&InitProducerIdResponse::default()),
        other => panic!("{other:?} is not served"),
    }
}

fn refusal(made: &Made, principal: &str) -> i16 {
    let refused = made.refused_principal.as_ref().filter(|(name, _)| name == principal);
    refused.map_or(0, |(_, code)| *code)
}

/// Alice and Bob may read t from anywhere.
fn acls(request: &DescribeAclsRequest) -> DescribeAclsResponse {
    let acl = |name: &str| {
        AclDescription::default()
            .with_principal(text(name))
            .with_host(text("*"))
            .with_operation(3)
            .with_permission_type(3)
    };
    let resource = DescribeAclsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("t"))
        .with_pattern_type(3)
        .with_acls(vec![acl("User:alice"), acl("User:bob")]);
    // Kafka takes an empty name for somebody's name.
    let is_of_all = request.principal_filter.is_none() && request.host_filter.is_none();
    DescribeAclsResponse::default().with_resources(is_of_all.then_some(resource).into_iter().collect())
}

/// Alice has both mechanisms, and Bob one.
fn users(request: DescribeUserScramCredentialsRequest) -> DescribeUserScramCredentialsResponse {
    let mechanisms = |name: &str| match name {
        "alice" => vec![1, 2],
        "bob" => vec![2],
        _ => vec![],
    };
    let names = match request.users {
        Some(users) => users.into_iter().map(|user| user.name).collect(),
        None => vec![text("alice"), text("bob")],
    };
    let results = names.into_iter().map(|name| {
        let infos = mechanisms(&name).into_iter().map(|mechanism| {
            CredentialInfo::default()
                .with_mechanism(mechanism)
                .with_iterations(4096)
        });
        let infos: Vec<CredentialInfo> = infos.collect();
        DescribeUserScramCredentialsResult::default()
            .with_user(name)
            .with_error_code(if infos.is_empty() { RESOURCE_NOT_FOUND } else { 0 })
            .with_credential_infos(infos)
    });
    DescribeUserScramCredentialsResponse::default().with_results(results.collect())
}

fn quotas() -> DescribeClientQuotasResponse {
    let entry = |name: Option<&str>, value| {
        let entity = EntityData::default()
            .with_entity_type(text("user"))
            .with_entity_name(name.map(text));
        let value = ValueData::default()
            .with_key(text("producer_byte_rate"))
            .with_value(value);
        EntryData::default().with_entity(vec![entity]).with_values(vec![value])
    };
    let entries = vec![entry(Some("alice"), 1000.0), entry(None, 500.5)];
    DescribeClientQuotasResponse::default().with_entries(Some(entries))
}

fn tokens() -> DescribeDelegationTokenResponse {
    let token = DescribedDelegationToken::default()
        .with_principal_type(text("User"))
        .with_principal_name(text("alice"))
        .with_token_id(text("the-token"))
        .with_expiry_timestamp(1000)
        .with_max_timestamp(9000)
        .with_hmac(Bytes::from_static(HMAC));
    DescribeDelegationTokenResponse::default().with_tokens(vec![token])
}

fn shop() -> TransactionalId {
    TransactionalId(text("shop"))
}

fn transactions(request: &ListTransactionsRequest) -> ListTransactionsResponse {
    let asked = &request.producer_id_filters;
    let is_meant = asked.is_empty() || asked.contains(&ProducerId(KNOWN));
    let listed = ListedTransaction::default()
        .with_transactional_id(shop())
        .with_producer_id(ProducerId(KNOWN))
        .with_transaction_state(text("Ongoing"));
    ListTransactionsResponse::default().with_transaction_states(is_meant.then_some(listed).into_iter().collect())
}

fn described(request: DescribeTransactionsRequest) -> DescribeTransactionsResponse {
    let states = request.transactional_ids.into_iter().map(|id| {
        let state = TransactionState::default().with_transactional_id(id.clone());
        if id != shop() {
            return state.with_error_code(TRANSACTIONAL_ID_NOT_FOUND);
        }
        let topic = TopicData::default().with_topic(topic()).with_partitions(vec![0]);
        state
            .with_producer_id(ProducerId(KNOWN))
            .with_transaction_state(text("Ongoing"))
            .with_topics(vec![topic])
    });
    DescribeTransactionsResponse::default().with_transaction_states(states.collect())
}

fn producers(request: &DescribeProducersRequest) -> DescribeProducersResponse {
    let producer = |id: i64, start: i64| {
        ProducerState::default()
            .with_producer_id(ProducerId(id))
            .with_current_txn_start_offset(start)
            .with_last_sequence(0)
            .with_last_timestamp(if id == 6 { -1 } else { 0 })
            .with_coordinator_epoch(-1)
    };
    let partition = |index: &i32| {
        let open = match index {
            0 => vec![producer(KNOWN, 5), producer(UNKNOWN, 9), producer(6, -1)],
            _ => vec![],
        };
        PartitionResponse::default()
            .with_partition_index(*index)
            .with_active_producers(open)
    };
    let topics = request.topics.iter().map(|topic| {
        TopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(topic.partition_indexes.iter().map(partition).collect())
    });
    DescribeProducersResponse::default().with_topics(topics.collect())
}
