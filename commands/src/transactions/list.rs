//! transactions list

use std::time::Duration;

use clap::Args;
use client::{TRANSACTION_STATES, TransactionFilter};
use protocol::api::messages::ListTransactionsRequest;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on, parse_duration};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::output::{Shown, Table};
use crate::pattern::whole;
use crate::watch::WatchArgs;

/// List transactional ids of all coordinators.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet transactions list -b localhost:9092\n  kfleet transactions list --state Ongoing --running-for 10m\n  kfleet transactions list --transactional-id 'shop-.*' -o json"
)]
pub(crate) struct ListArgs {
    /// Only in this state; may be repeated
    #[arg(long, value_name = "STATE", value_delimiter = ',', ignore_case = true, value_parser = TRANSACTION_STATES)]
    state: Vec<String>,
    /// Only of this producer; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    producer_id: Vec<i64>,
    /// Only those that are running for longer than this, as in 10m
    #[arg(long, alias = "duration-filter", value_name = "DURATION", value_parser = parse_duration)]
    running_for: Option<Duration>,
    /// Only ids that this regular expression stands for, as a whole
    #[arg(long, alias = "transactional-id-pattern", value_name = "REGEX")]
    transactional_id: Option<String>,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// A transactional id.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TransactionRow {
    /// The transactional id.
    transactional_id: String,
    /// The broker that coordinates it.
    coordinator: i32,
    /// Its producer.
    producer_id: i64,
    /// Where it is, in Kafka's words.
    state: String,
}

impl Shown for Vec<TransactionRow> {
    const SCHEMA: &'static str = "transactions-list/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &TransactionRow| {
            vec![
                row.transactional_id.clone(),
                row.coordinator.to_string(),
                row.producer_id.to_string(),
                row.state.clone(),
            ]
        };
        Table {
            headers: vec!["TRANSACTIONAL-ID", "COORDINATOR", "PRODUCER-ID", "STATE"],
            rows: self.iter().map(row).collect(),
        }
    }
}

/// A state as brokers compare it.
fn in_kafkas_letters(state: &str) -> String {
    let known = TRANSACTION_STATES
        .iter()
        .find(|known| known.eq_ignore_ascii_case(state));
    known.map_or_else(|| state.to_owned(), |known| (*known).to_owned())
}

pub(crate) fn run(args: &ListArgs, context: &Context) -> Result<(), CommandError> {
    let pattern = args.transactional_id.as_deref();
    let whole = pattern.map(whole).transpose()?;
    let filter = TransactionFilter {
        states: args.state.iter().map(|state| in_kafkas_letters(state)).collect(),
        producer_ids: args.producer_id.clone(),
        duration_ms: args.running_for.map(|duration| duration.as_millis() as i64),
        pattern: args.transactional_id.clone(),
    };
    let (id, mut found) = block_on(async {
        let client = context.connect().await?;
        client.check_served::<ListTransactionsRequest>().await?;
        let found = client.list_transactions(&filter).await;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), found))
    })??;
    // Brokers that are too old for patterns list all of theirs.
    found
        .ok
        .retain(|listed| whole.as_ref().is_none_or(|whole| whole.is_match(&listed.id)));
    let rows: Vec<TransactionRow> = found
        .ok
        .into_iter()
        .map(|listed| TransactionRow {
            transactional_id: listed.id,
            coordinator: listed.coordinator,
            producer_id: listed.producer_id,
            state: listed.state,
        })
        .collect();
    let failures: Vec<Failure> = found.errors.into_iter().map(Failure::from).collect();
    if let (true, Some(error)) = (rows.is_empty(), together(&failures)) {
        return Err(error);
    }
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_told_states_in_their_letters() {
        assert_eq!(in_kafkas_letters("ongoing"), "Ongoing");
        assert_eq!(in_kafkas_letters("PREPAREABORT"), "PrepareAbort");
    }
}
