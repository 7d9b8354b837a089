//! Which transaction of a partition is meant.

use client::{AbortMarker, PartitionKey, ProducerState};

use super::hanging::{OpenTransaction, open_ones};
use crate::error::CommandError;

/// How a transaction of a partition is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// By where it begins.
    StartOffset(i64),
    /// By its producer.
    Producer(i64),
}

impl Named {
    fn is(self, open: &OpenTransaction) -> bool {
        match self {
            Self::StartOffset(offset) => open.start_offset == offset,
            Self::Producer(id) => open.producer.producer_id == id,
        }
    }

    fn in_words(self) -> String {
        match self {
            Self::StartOffset(offset) => format!("begins at {offset}"),
            Self::Producer(id) => format!("is of producer {id}"),
        }
    }
}

/// The open transaction of that name.
pub(super) fn find(
    partition: &PartitionKey,
    producers: Vec<ProducerState>,
    named: Named,
) -> Result<OpenTransaction, CommandError> {
    let open = open_ones(vec![(partition.clone(), producers)]);
    if let Some(found) = open.iter().find(|open| named.is(open)) {
        return Ok(found.clone());
    }
    let (topic, index) = partition;
    let message = format!("no open transaction of {topic}-{index} {}", named.in_words());
    let others = open.iter().map(|open| {
        let (start, producer) = (open.start_offset, open.producer.producer_id);
        format!("at {start}, of producer {producer}")
    });
    let others: Vec<String> = others.collect();
    Err(CommandError::not_found(message).hint(if others.is_empty() {
        "no transaction is open there".to_owned()
    } else {
        format!("open are those {}", others.join("; "))
    }))
}

/// What aborts it. Epochs that are not known are those of the producer, as its partition's leader has them.
pub(super) fn marker(
    open: &OpenTransaction,
    producer_epoch: Option<i16>,
    coordinator_epoch: Option<i32>,
) -> Result<AbortMarker, CommandError> {
    let told = i16::try_from(open.producer.producer_epoch);
    let told = told.map_err(|_| CommandError::rejected("the producer's epoch makes no sense"));
    Ok(AbortMarker {
        partition: open.partition.clone(),
        producer_id: open.producer.producer_id,
        producer_epoch: producer_epoch.map_or(told, Ok)?,
        coordinator_epoch: coordinator_epoch.or(open.producer.coordinator_epoch).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn producer(producer_id: i64, open_from: Option<i64>) -> ProducerState {
        ProducerState {
            producer_id,
            producer_epoch: 4,
            last_sequence: None,
            last_timestamp_ms: None,
            coordinator_epoch: (producer_id == 2).then_some(9),
            open_from,
        }
    }

    #[test]
    fn a_transaction_is_found_by_its_start_or_its_producer_and_nothing_else_is() {
        let key = ("t".to_owned(), 0);
        let producers = || vec![producer(1, None), producer(2, Some(7)), producer(3, Some(9))];
        let found = |named| find(&key, producers(), named);
        assert_eq!(found(Named::StartOffset(7)).unwrap().producer.producer_id, 2);
        assert_eq!(found(Named::Producer(3)).unwrap().start_offset, 9);
        for named in [Named::StartOffset(8), Named::Producer(1), Named::Producer(5)] {
            let error = found(named).unwrap_err();
            assert_eq!(error.code, 66);
            assert_eq!(error.hints, ["open are those at 7, of producer 2; at 9, of producer 3"]);
        }
        assert_eq!(
            find(&key, vec![], Named::Producer(1)).unwrap_err().hints,
            ["no transaction is open there"]
        );
    }

    #[test]
    fn epochs_are_those_the_leader_knows_unless_they_are_given() {
        let key = ("t".to_owned(), 0);
        let open = |id| find(&key, vec![producer(id, Some(7))], Named::Producer(id)).unwrap();
        let epochs = |marker: AbortMarker| (marker.producer_epoch, marker.coordinator_epoch);
        assert_eq!(epochs(marker(&open(2), None, None).unwrap()), (4, 9));
        assert_eq!(
            epochs(marker(&open(3), None, None).unwrap()),
            (4, 0),
            "as Kafka's tool has it"
        );
        assert_eq!(epochs(marker(&open(3), Some(5), Some(11)).unwrap()), (5, 11));
        let mut senseless = open(2);
        senseless.producer.producer_epoch = 1 << 20;
        assert!(marker(&senseless, None, None).is_err());
    }
}
