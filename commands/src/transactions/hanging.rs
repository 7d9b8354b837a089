//! Which open transactions are hanging: by Kafka's rule, those that are open in a partition for longer than any
//! transaction may take, and of which no coordinator knows that they write there (KIP-664).

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, ClientError, PartitionKey, ProducerState, ShardError, TransactionDescription, TransactionFilter};
use protocol::api::ErrorCode;

/// A transaction that is open in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenTransaction {
    pub(crate) partition: PartitionKey,
    pub(crate) producer: ProducerState,
    /// Where it begins.
    pub(crate) start_offset: i64,
}

/// What is open in these partitions.
pub(crate) fn open_ones(partitions: Vec<(PartitionKey, Vec<ProducerState>)>) -> Vec<OpenTransaction> {
    let of_partition = |(partition, producers): (PartitionKey, Vec<ProducerState>)| {
        let open = producers.into_iter().filter_map(move |producer| {
            Some(OpenTransaction {
                partition: partition.clone(),
                start_offset: producer.open_from?,
                producer,
            })
        });
        open.collect::<Vec<_>>()
    };
    partitions.into_iter().flat_map(of_partition).collect()
}

/// Those to which nothing was written for longer than a transaction may take.
pub(crate) fn late_ones(open: Vec<OpenTransaction>, now_ms: i64, timeout_max_ms: i64) -> Vec<OpenTransaction> {
    // Of what nobody knows when it was written to, Kafka's tool takes it that it is long ago.
    let last_ms = |open: &OpenTransaction| open.producer.last_timestamp_ms.unwrap_or(-1);
    let is_late = |open: &OpenTransaction| now_ms - last_ms(open) > timeout_max_ms;
    open.into_iter().filter(is_late).collect()
}

/// What coordinators know of producers.
#[derive(Debug, Default)]
pub(crate) struct Coordinated {
    /// Transactional ids by producers' ids.
    ids: BTreeMap<i64, String>,
    described: BTreeMap<String, TransactionDescription>,
}

impl Coordinated {
    /// Asks all coordinators about producers. One that does not answer could be the one that knows.
    pub(crate) async fn ask(client: &Client, producers: BTreeSet<i64>) -> Result<Self, Vec<ShardError>> {
        if producers.is_empty() {
            return Ok(Self::default());
        }
        let filter = TransactionFilter {
            producer_ids: producers.into_iter().collect(),
            ..TransactionFilter::default()
        };
        let listed = client.list_transactions(&filter).await;
        if !listed.is_complete() {
            return Err(listed.errors);
        }
        let ids: BTreeMap<i64, String> = listed.ok.into_iter().map(|t| (t.producer_id, t.id)).collect();
        let names: Vec<String> = ids.values().cloned().collect();
        let described = client.describe_transactions(&names).await;
        let is_gone = |error: &ClientError| error.code() == Some(ErrorCode::TransactionalIdNotFound);
        let errors: Vec<ShardError> = described
            .errors
            .into_iter()
            .filter(|failed| !is_gone(&failed.error))
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            ids,
            described: described.ok.into_iter().collect(),
        })
    }

    /// The transactional id and the transaction that writes to this partition, if a coordinator knows of one.
    pub(crate) fn find(&self, open: &OpenTransaction) -> Option<(&str, &TransactionDescription)> {
        let (id, described) = self
            .described
            .get_key_value(self.ids.get(&open.producer.producer_id)?)?;
        let writes = described.partitions.contains(&open.partition);
        writes.then_some((id.as_str(), described))
    }

    /// The transactional id of a producer, whatever it writes to.
    pub(crate) fn id_of(&self, producer_id: i64) -> Option<&str> {
        self.ids.get(&producer_id).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn producer(producer_id: i64, open_from: Option<i64>, last_ms: i64) -> ProducerState {
        ProducerState {
            producer_id,
            producer_epoch: 0,
            last_sequence: Some(0),
            last_timestamp_ms: Some(last_ms),
            coordinator_epoch: None,
            open_from,
        }
    }

    fn key(partition: i32) -> PartitionKey {
        ("t".to_owned(), partition)
    }

    #[test]
    fn what_is_open_for_too_long_is_a_candidate() {
        let partitions = vec![
            (
                key(0),
                vec![producer(1, None, 0), producer(2, Some(7), 0), producer(3, Some(9), 900)],
            ),
            (key(1), vec![]),
        ];
        let open = open_ones(partitions);
        assert_eq!(open.iter().map(|open| open.start_offset).collect::<Vec<_>>(), [7, 9]);
        let late = |now_ms| {
            let late = late_ones(open.clone(), now_ms, 1000).into_iter();
            late.map(|open| open.producer.producer_id).collect::<Vec<_>>()
        };
        assert_eq!(late(1000), [] as [i64; 0], "not a millisecond too early");
        assert_eq!(late(1001), [2]);
        assert_eq!(late(2000), [2, 3]);
    }

    #[test]
    fn a_transaction_hangs_unless_a_coordinator_knows_that_it_writes_there() {
        let described = |partitions: &[i32]| TransactionDescription {
            coordinator: 1,
            producer_id: 2,
            producer_epoch: 0,
            state: "Ongoing".to_owned(),
            timeout_ms: 1000,
            started_ms: Some(0),
            partitions: partitions.iter().map(|partition| key(*partition)).collect(),
        };
        let known = |partitions: Option<&[i32]>| Coordinated {
            ids: BTreeMap::from([(2, "x".to_owned())]),
            described: partitions
                .map(|partitions| ("x".to_owned(), described(partitions)))
                .into_iter()
                .collect(),
        };
        let open = open_ones(vec![(key(0), vec![producer(2, Some(7), 0)])]).remove(0);
        assert_eq!(known(Some(&[0, 1])).find(&open).unwrap().0, "x");
        assert!(
            known(Some(&[1])).find(&open).is_none(),
            "it has gone on without this one"
        );
        assert!(known(None).find(&open).is_none(), "the id is gone");
        assert!(
            Coordinated::default().find(&open).is_none(),
            "nobody knows the producer"
        );
        assert_eq!(known(Some(&[1])).id_of(2), Some("x"));
    }
}
