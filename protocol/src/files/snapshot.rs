//! KRaft snapshots: `<end offset>-<epoch>.checkpoint`, record batches between a header and a footer.

use std::fmt;
use std::io;

use bytes::Bytes;

use crate::messages::WireError;
use crate::messages::control::{SnapshotFooterRecord, SnapshotHeaderRecord};
use crate::messages::framing::ControlType;
use crate::records::{BatchBuilder, Compression, NewRecord};

/// Uncompressed bytes after which a snapshot starts another batch (Kafka's 8 MiB batches, kept smaller so
/// that a reader needs less at a time).
const BATCH_MAX_BYTES: usize = 1 << 20;

/// Which part of the log a snapshot stands for: everything below `end_offset`, the last of it written in
/// `epoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SnapshotId {
    /// The first offset not in the snapshot.
    pub end_offset: i64,
    /// Epoch of the last record in it.
    pub epoch: i32,
}

impl SnapshotId {
    const SUFFIX: &str = ".checkpoint";

    /// The id in a file's name; none for other files.
    pub fn parse(name: &str) -> Option<Self> {
        let (end_offset, epoch) = name.strip_suffix(Self::SUFFIX)?.split_once('-')?;
        let digits = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(end_offset, 20) || !digits(epoch, 10) {
            return None;
        }
        Some(Self {
            end_offset: end_offset.parse().ok()?,
            epoch: epoch.parse().ok()?,
        })
    }

    /// The file's name.
    pub fn file_name(&self) -> String {
        format!("{self}{}", Self::SUFFIX)
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{:010}", self.end_offset, self.epoch)
    }
}

/// A batch of control records.
pub fn control_batch(
    base_offset: i64,
    epoch: i32,
    timestamp_ms: i64,
    records: &[(ControlType, Vec<u8>)],
) -> io::Result<Vec<u8>> {
    let mut batch = BatchBuilder::new(base_offset, Compression::None)
        .leader_epoch(epoch)
        .control();
    for (kind, value) in records {
        let key = kind.key();
        let record = NewRecord {
            timestamp: timestamp_ms,
            key: Some(&key),
            value: Some(value),
            headers: &[],
        };
        batch.push(&record);
    }
    batch.build()
}

/// Writes a snapshot piece by piece.
#[derive(Debug)]
pub struct SnapshotWriter {
    epoch: i32,
    timestamp_ms: i64,
    next_offset: i64,
    batch: BatchBuilder,
    out: Vec<u8>,
}

impl SnapshotWriter {
    /// Starts with the header and further control records (kraft version and voters), in one batch.
    /// `last_timestamp_ms` is that of the last record in the snapshot.
    pub fn new(
        epoch: i32,
        last_timestamp_ms: i64,
        timestamp_ms: i64,
        control: Vec<(ControlType, Vec<u8>)>,
    ) -> Result<Self, SnapshotError> {
        let mut header = Vec::new();
        SnapshotHeaderRecord {
            last_contained_log_timestamp: last_timestamp_ms,
            ..Default::default()
        }
        .encode(0, &mut header)?;
        let mut records = vec![(ControlType::SnapshotHeader, header)];
        records.extend(control);
        let out = control_batch(0, epoch, timestamp_ms, &records)?;
        let next_offset = records.len() as i64;
        let batch = BatchBuilder::new(next_offset, Compression::None).leader_epoch(epoch);
        Ok(Self {
            epoch,
            timestamp_ms,
            next_offset,
            batch,
            out,
        })
    }

    /// Adds a metadata record's value.
    pub fn push(&mut self, value: &[u8]) -> Result<(), SnapshotError> {
        self.batch.push(&NewRecord {
            timestamp: self.timestamp_ms,
            value: Some(value),
            ..NewRecord::default()
        });
        if self.batch.size_bytes() >= BATCH_MAX_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), SnapshotError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.next_offset += self.batch.len() as i64;
        let next = BatchBuilder::new(self.next_offset, Compression::None).leader_epoch(self.epoch);
        self.out.extend(std::mem::replace(&mut self.batch, next).build()?);
        Ok(())
    }

    /// Ends with the footer; the whole snapshot.
    pub fn finish(mut self) -> Result<Bytes, SnapshotError> {
        self.flush()?;
        let mut footer = Vec::new();
        SnapshotFooterRecord::default().encode(0, &mut footer)?;
        let records = [(ControlType::SnapshotFooter, footer)];
        self.out.extend(control_batch(
            self.next_offset,
            self.epoch,
            self.timestamp_ms,
            &records,
        )?);
        Ok(self.out.into())
    }
}

/// Why a snapshot could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// A control record could not be written.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A batch could not be built.
    #[error(transparent)]
    Batch(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::{BatchHeader, Batches};

    #[test]
    fn names_round_trip() {
        let id = SnapshotId {
            end_offset: 1234,
            epoch: 7,
        };
        assert_eq!(id.file_name(), "00000000000000001234-0000000007.checkpoint");
        assert_eq!(SnapshotId::parse(&id.file_name()), Some(id));
        for other in [
            "00000000000000001234.log",
            "1234-7.checkpoint",
            "00000000000000001234-0000000007.checkpoint.part",
        ] {
            assert_eq!(SnapshotId::parse(other), None);
        }
    }

    #[test]
    fn records_lie_between_header_and_footer_at_consecutive_offsets() {
        let mut writer = SnapshotWriter::new(3, 50, 60, vec![]).unwrap();
        for _ in 0..5 {
            writer.push(&[1; 400_000]).unwrap();
        }
        let bytes = writer.finish().unwrap();
        let headers: Vec<BatchHeader> = Batches::new(&bytes).map(|batch| batch.unwrap().0).collect();
        assert!(headers.len() > 3, "the data is split into batches");
        assert!(headers.first().unwrap().is_control() && headers.last().unwrap().is_control());
        assert!(
            headers
                .windows(2)
                .all(|pair| pair[0].next_offset() == pair[1].base_offset)
        );
        assert_eq!(headers.last().unwrap().next_offset(), 7);
    }
}
