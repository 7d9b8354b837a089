//! `<offset>.snapshot` in a partition directory: what is known of its producers at that offset.
//!
//! version i16 (1), crc u32 (CRC-32C of what follows), count i32, then per producer: id i64, epoch i16, last
//! sequence i32, last offset i64, offset delta i32, timestamp i64, coordinator epoch i32, first offset of the
//! open transaction i64 (-1 for none).

use super::FileError;

const VERSION: i16 = 1;
const HEAD_BYTES: usize = 10;
const ENTRY_BYTES: usize = 46;

/// One producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerSnapshotEntry {
    /// Producer id.
    pub producer_id: i64,
    /// Producer epoch.
    pub producer_epoch: i16,
    /// Sequence of its last record, -1 if there is none.
    pub last_sequence: i32,
    /// Offset of its last record, -1 if there is none.
    pub last_offset: i64,
    /// Slots of its last batch less one.
    pub offset_delta: i32,
    /// Timestamp of its last batch.
    pub timestamp: i64,
    /// Epoch of the coordinator that wrote its last marker, -1 if none did.
    pub coordinator_epoch: i32,
    /// First offset of its open transaction.
    pub current_txn_first_offset: Option<i64>,
}

/// Reads a snapshot.
pub fn parse_producer_snapshot(bytes: &[u8]) -> Result<Vec<ProducerSnapshotEntry>, FileError> {
    let (head, entries) = bytes
        .split_at_checked(HEAD_BYTES)
        .ok_or_else(|| FileError::content("the snapshot is cut short"))?;
    let version = i16::from_be_bytes(field(head, 0));
    if version != VERSION {
        return Err(FileError::Version {
            version: version.to_string(),
        });
    }
    let stored = u32::from_be_bytes(field(head, 2));
    let computed = crc32c::crc32c(bytes.get(6..).unwrap_or_default());
    if stored != computed {
        return Err(FileError::content(format!(
            "checksum {computed:#010x} differs from the stored {stored:#010x}"
        )));
    }
    let count = i32::from_be_bytes(field(head, 6));
    if usize::try_from(count).ok() != Some(entries.len() / ENTRY_BYTES) || entries.len() % ENTRY_BYTES != 0 {
        return Err(FileError::content(format!(
            "{count} producers do not fit {} bytes",
            entries.len()
        )));
    }
    Ok(entries.chunks_exact(ENTRY_BYTES).map(parse_entry).collect())
}

fn parse_entry(entry: &[u8]) -> ProducerSnapshotEntry {
    let first_offset = i64::from_be_bytes(field(entry, 38));
    ProducerSnapshotEntry {
        producer_id: i64::from_be_bytes(field(entry, 0)),
        producer_epoch: i16::from_be_bytes(field(entry, 8)),
        last_sequence: i32::from_be_bytes(field(entry, 10)),
        last_offset: i64::from_be_bytes(field(entry, 14)),
        offset_delta: i32::from_be_bytes(field(entry, 22)),
        timestamp: i64::from_be_bytes(field(entry, 26)),
        coordinator_epoch: i32::from_be_bytes(field(entry, 34)),
        current_txn_first_offset: (first_offset >= 0).then_some(first_offset),
    }
}

/// Copies `N` bytes at `at`, which lie within `bytes` by the callers' constants.
fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..at + N)
        .and_then(|slice| slice.first_chunk())
        .copied()
        .unwrap_or([0; N])
}

/// Writes a snapshot.
pub fn format_producer_snapshot(entries: &[ProducerSnapshotEntry]) -> Vec<u8> {
    let mut body = Vec::with_capacity(4 + entries.len() * ENTRY_BYTES);
    body.extend_from_slice(&(entries.len() as i32).to_be_bytes());
    for entry in entries {
        body.extend_from_slice(&entry.producer_id.to_be_bytes());
        body.extend_from_slice(&entry.producer_epoch.to_be_bytes());
        body.extend_from_slice(&entry.last_sequence.to_be_bytes());
        body.extend_from_slice(&entry.last_offset.to_be_bytes());
        body.extend_from_slice(&entry.offset_delta.to_be_bytes());
        body.extend_from_slice(&entry.timestamp.to_be_bytes());
        body.extend_from_slice(&entry.coordinator_epoch.to_be_bytes());
        body.extend_from_slice(&entry.current_txn_first_offset.unwrap_or(-1).to_be_bytes());
    }
    let mut out = VERSION.to_be_bytes().to_vec();
    out.extend_from_slice(&crc32c::crc32c(&body).to_be_bytes());
    out.extend_from_slice(&body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_round_trip_and_flipped_bytes_are_found() {
        let entry = ProducerSnapshotEntry {
            producer_id: 1000,
            producer_epoch: 3,
            last_sequence: 41,
            last_offset: 99,
            offset_delta: 4,
            timestamp: 1_700_000_000_000,
            coordinator_epoch: -1,
            current_txn_first_offset: Some(95),
        };
        let bytes = format_producer_snapshot(&[
            entry,
            ProducerSnapshotEntry {
                current_txn_first_offset: None,
                ..entry
            },
        ]);
        let parsed = parse_producer_snapshot(&bytes).unwrap();
        assert_eq!(parsed[0], entry);
        assert_eq!(parsed[1].current_txn_first_offset, None);
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(parse_producer_snapshot(&flipped).is_err(), "byte {at}");
            assert!(parse_producer_snapshot(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
