//! Transactions as their coordinators know them (KIP-664, KIP-994, KIP-1152).

use std::collections::BTreeSet;

use protocol::api::messages::describe_transactions_response::TransactionState;
use protocol::api::messages::{DescribeTransactionsRequest, InitProducerIdRequest, ListTransactionsRequest};
use protocol::api::{ErrorCode, ProducerId, StrBytes, TransactionalId};

use crate::admin::coordinators::{Answers, Coordinated};
use crate::admin::group_offsets::PartitionKey;
use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;
use crate::sharded::Sharded;
use crate::together;

/// First version of ListTransactions that filters by how long they are running.
const DURATIONS_FROM: i16 = 1;
/// First version of ListTransactions that filters by transactional ids.
const PATTERNS_FROM: i16 = 2;
/// Kafka's states of transactions.
pub const TRANSACTION_STATES: [&str; 8] = [
    "Empty",
    "Ongoing",
    "PrepareCommit",
    "PrepareAbort",
    "CompleteCommit",
    "CompleteAbort",
    "PrepareEpochFence",
    "Dead",
];

/// Which transactions; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    /// In one of these states.
    pub states: Vec<String>,
    /// Of one of these producers.
    pub producer_ids: Vec<i64>,
    /// Running for longer than this.
    pub duration_ms: Option<i64>,
    /// Regular expression of their ids; brokers before Kafka 4.1 do not look at it.
    pub pattern: Option<String>,
}

/// A transactional id as its coordinator lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedTransaction {
    /// The transactional id.
    pub id: String,
    /// The broker that coordinates it.
    pub coordinator: i32,
    /// Its producer.
    pub producer_id: i64,
    /// Kafka's word for its state.
    pub state: String,
}

/// A transactional id with all that its coordinator knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDescription {
    /// The broker that coordinates it.
    pub coordinator: i32,
    /// Its producer.
    pub producer_id: i64,
    /// The producer's epoch.
    pub producer_epoch: i16,
    /// Kafka's word for its state.
    pub state: String,
    /// How long a transaction may take.
    pub timeout_ms: i32,
    /// When the last one began; none if there was none.
    pub started_ms: Option<i64>,
    /// What is written to in it.
    pub partitions: BTreeSet<PartitionKey>,
}

impl TransactionDescription {
    /// Whether one is running, or on the way to its end.
    pub fn is_running(&self) -> bool {
        self.state == "Ongoing" || self.state.starts_with("Prepare")
    }
}

impl Client {
    /// Transactions of all brokers, which are asked at the same time; in the order of their ids.
    pub async fn list_transactions(&self, filter: &TransactionFilter) -> Sharded<ListedTransaction> {
        let asked = self
            .broker_ids()
            .map(async |broker| (broker, self.transactions_of(broker, filter).await));
        let mut results = Sharded::default();
        for (broker, listed) in together::all(asked).await {
            match listed {
                Ok(transactions) => results.ok.extend(transactions),
                Err(error) => results.fail(format!("broker {broker}"), error),
            }
        }
        results.ok.sort();
        results
    }

    async fn transactions_of(
        &self,
        broker: i32,
        filter: &TransactionFilter,
    ) -> Result<Vec<ListedTransaction>, ClientError> {
        let connection = self.broker(broker).await?;
        let version = connection.version_of::<ListTransactionsRequest>()?;
        let mut request = ListTransactionsRequest::default();
        request.state_filters = filter.states.iter().cloned().map(StrBytes::from_string).collect();
        request.producer_id_filters = filter.producer_ids.iter().map(|id| ProducerId(*id)).collect();
        if let Some(duration_ms) = filter.duration_ms {
            if version < DURATIONS_FROM {
                return Err(ClientError::Rejected {
                    what: connection.address().to_owned(),
                    code: ErrorCode::UnsupportedVersion,
                    message: "it cannot tell how long transactions are running".to_owned(),
                });
            }
            request.duration_filter = duration_ms;
        }
        if version >= PATTERNS_FROM {
            request.transactional_id_pattern = filter.pattern.clone().map(StrBytes::from_string);
        }
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let response = connection.exchange(version, &request, self.deadline()).await?;
            if response.error_code != 0 {
                // It may be reading them in.
                let what = format!("broker {broker}");
                let refused = ClientError::rejected(what, response.error_code, None);
                backoff.again(refused).await?;
                continue;
            }
            let listed = response.transaction_states.into_iter();
            return Ok(listed
                .map(|listed| ListedTransaction {
                    id: listed.transactional_id.to_string(),
                    coordinator: broker,
                    producer_id: listed.producer_id.0,
                    state: listed.transaction_state.to_string(),
                })
                .collect());
        }
    }

    /// Describes transactional ids, in the order of them.
    pub async fn describe_transactions(&self, ids: &[String]) -> Sharded<(String, TransactionDescription)> {
        self.ask_coordinators_of(Coordinated::Transaction, ids, |at, ids| {
            self.describe_transactions_at(at, ids)
        })
        .await
    }

    async fn describe_transactions_at(
        &self,
        at: i32,
        ids: Vec<String>,
    ) -> Result<Answers<TransactionDescription>, ClientError> {
        let ids = ids.into_iter().map(|id| TransactionalId(StrBytes::from_string(id)));
        let request = DescribeTransactionsRequest::default().with_transactional_ids(ids.collect());
        let response = self.send_to(at, &request).await?;
        let states = response.transaction_states.into_iter();
        Ok(states
            .map(|state| (state.transactional_id.to_string(), described(at, state)))
            .collect())
    }

    /// Ends whatever transaction is running under an id, and keeps its producer from going on, as a new producer of the
    /// same id does: its coordinator aborts it.
    pub async fn fence_producer(&self, id: &str) -> Result<(), ClientError> {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(TransactionalId(StrBytes::from_string(id.to_owned()))))
            .with_transaction_timeout_ms(self.request_timeout_ms())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1);
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let at = self.coordinator_of(Coordinated::Transaction, id).await?;
            let response = self.send_to(at, &request).await?;
            let code = response.error_code;
            if code == 0 {
                return Ok(());
            }
            let refused = ClientError::rejected(Coordinated::Transaction.named(id), code, None);
            backoff.again_while(refused, is_in_course).await?;
        }
    }
}

/// Whether an end is on its way, and another may be asked for once it has come.
fn is_in_course(error: &ClientError) -> bool {
    error.is_retriable() || error.code() == Some(ErrorCode::ConcurrentTransactions)
}

fn described(coordinator: i32, state: TransactionState) -> Result<TransactionDescription, ClientError> {
    if state.error_code != 0 {
        let what = Coordinated::Transaction.named(&state.transactional_id);
        return Err(ClientError::rejected(what, state.error_code, None));
    }
    let partitions = state.topics.into_iter().flat_map(|topic| {
        let name = topic.topic.to_string();
        topic.partitions.into_iter().map(move |p| (name.clone(), p))
    });
    Ok(TransactionDescription {
        coordinator,
        producer_id: state.producer_id.0,
        producer_epoch: state.producer_epoch,
        state: state.transaction_state.to_string(),
        timeout_ms: state.transaction_timeout_ms,
        started_ms: Some(state.transaction_start_time_ms).filter(|at| *at >= 0),
        partitions: partitions.collect(),
    })
}
