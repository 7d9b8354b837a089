//! What a bench writes: records whose values do not repeat, so that compression gains what it would gain on random text.

use bytes::Bytes;
use protocol::records::{BatchBuilder, Compression, NewRecord};

use crate::error::CommandError;

/// Values are cut out of so much text.
const TEXT_BYTES: usize = 1 << 20;

/// Makes batches of records of one size.
#[derive(Debug, Clone)]
pub(super) struct Load {
    text: Bytes,
    at: usize,
    record_bytes: usize,
    batch_records: usize,
    compression: Compression,
}

impl Load {
    /// Batches of about `batch_bytes`, of one record at least.
    pub(super) fn new(record_bytes: usize, batch_bytes: usize, compression: Compression) -> Self {
        Self {
            text: text(TEXT_BYTES + record_bytes).into(),
            at: 0,
            record_bytes,
            batch_records: (batch_bytes / record_bytes.max(1)).max(1),
            compression,
        }
    }

    /// Records in a full batch.
    pub(super) fn batch_records(&self) -> u64 {
        self.batch_records as u64
    }

    /// A batch of so many records with the time of now.
    pub(super) fn batch(&mut self, records: u64) -> Result<Bytes, CommandError> {
        let timestamp = jiff::Timestamp::now().as_millisecond();
        let mut batch = BatchBuilder::new(0, self.compression);
        for _ in 0..records {
            let value = self.text.get(self.at..self.at + self.record_bytes);
            self.at = (self.at + self.record_bytes) % TEXT_BYTES;
            batch.push(&NewRecord {
                timestamp,
                key: None,
                value,
                headers: &[],
            });
        }
        let batch = batch.build().map_err(|error| CommandError::bug(error.to_string()))?;
        Ok(batch.into())
    }
}

/// Letters that look random and are the same in every run.
pub(crate) fn text(size_bytes: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        b'A' + (state % 26) as u8
    };
    (0..size_bytes).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::records::{Batches, Records, records_of};

    #[test]
    fn a_batch_has_the_records_that_were_asked_for() {
        let mut load = Load::new(100, 1000, Compression::Lz4);
        assert_eq!(load.batch_records(), 10);
        let (first, second) = (load.batch(10).unwrap(), load.batch(3).unwrap());
        let values = |batch: &Bytes| -> Vec<Vec<u8>> {
            let (header, bytes) = Batches::new(batch).next().unwrap().unwrap();
            let unpacked = records_of(&header, bytes, 1 << 20).unwrap();
            Records::new(header, &unpacked)
                .map(|record| record.unwrap().value.unwrap().to_vec())
                .collect()
        };
        let (first, second) = (values(&first), values(&second));
        assert_eq!((first.len(), second.len()), (10, 3));
        assert!(first.iter().chain(&second).all(|value| value.len() == 100));
        assert_ne!(first[0], second[0]);
    }
}
