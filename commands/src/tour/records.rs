//! What the tour writes, and whether it is what is read.

use std::collections::BTreeMap;

use client::Client;
use protocol::records::Compression;

use super::cluster::TOPIC;
use super::transfer::{KeyValue, ReadRecord, Writer, consume};
use crate::error::CommandError;

/// So many keys, each always in the same partition.
const KEYS: usize = 97;

pub(super) fn records(count: usize) -> Vec<KeyValue> {
    let record = |index: usize| {
        (
            Some(format!("key-{}", index % KEYS).into_bytes()),
            format!("value {index}").into_bytes(),
        )
    };
    (0..count).map(record).collect()
}

pub(super) async fn write(client: &Client, records: &[KeyValue]) -> Result<(), CommandError> {
    Writer::new(client, TOPIC, Compression::None)
        .await?
        .write(records)
        .await
}

pub(super) async fn read(client: &Client) -> Result<Vec<ReadRecord>, CommandError> {
    let mut all = Vec::new();
    let mut keep = |records: Vec<ReadRecord>| {
        all.extend(records);
        Ok(true)
    };
    consume(client, TOPIC, &mut keep).await?;
    Ok(all)
}

/// Each key's values, in the order in which they lie in its partition.
fn by_key<'a>(
    records: impl Iterator<Item = (Option<&'a [u8]>, Option<&'a [u8]>)>,
) -> BTreeMap<Option<&'a [u8]>, Vec<Option<&'a [u8]>>> {
    let mut out: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (key, value) in records {
        out.entry(key).or_default().push(value);
    }
    out
}

/// Whether what was read is all that was written: none missing, none twice, each key in order.
pub(super) fn compare(written: &[KeyValue], read: &[ReadRecord]) -> Result<(), CommandError> {
    let by_key_written = by_key(
        written
            .iter()
            .map(|(key, value)| (key.as_deref(), Some(value.as_slice()))),
    );
    let by_key_read = by_key(
        read.iter()
            .map(|record| (record.key.as_deref(), record.value.as_deref())),
    );
    if by_key_written == by_key_read {
        return Ok(());
    }
    let wrong = by_key_written
        .iter()
        .find(|(key, values)| by_key_read.get(*key) != Some(values));
    let key = wrong.map_or_else(String::new, |(key, _)| {
        String::from_utf8_lossy(key.unwrap_or_default()).into_owned()
    });
    Err(CommandError::critical(format!(
        "{} records were acknowledged and {} read, and they are not the same: {key} has others",
        written.len(),
        read.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_of(written: &[KeyValue]) -> Vec<ReadRecord> {
        let record = |(offset, (key, value)): (usize, &KeyValue)| ReadRecord {
            partition: 0,
            offset: offset as i64,
            key: key.clone(),
            value: Some(value.clone()),
        };
        written.iter().enumerate().map(record).collect()
    }

    #[test]
    fn a_record_that_is_missing_twice_or_elsewhere_is_found() {
        let written = records(1000);
        let good = read_of(&written);
        assert!(compare(&written, &good).is_ok());
        let mut other_order_of_keys = good.clone();
        other_order_of_keys.swap(0, 1);
        assert!(compare(&written, &other_order_of_keys).is_ok());

        let mut missing = good.clone();
        missing.remove(500);
        let mut twice = good.clone();
        twice.push(good[500].clone());
        let mut swapped = good.clone();
        swapped.swap(3, 3 + KEYS);
        let mut never_written = good.clone();
        never_written.push(ReadRecord {
            key: Some(b"stranger".to_vec()),
            ..good[0].clone()
        });
        for wrong in [missing, twice, swapped, never_written] {
            let error = compare(&written, &wrong).unwrap_err();
            assert_eq!(error.code, crate::exit_codes::CRITICAL, "{}", error.message);
        }
    }
}
