//! Taking apart what the fuzzer made up.

use protocol::records::{ATTRIBUTES_AT, HEADER_BYTES, LENGTH_OVERHEAD_BYTES};

/// Fields at the front of some bytes. Nothing is ever missing: what is not there is 0 or empty.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((byte, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        *byte
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    pub(crate) fn i64(&mut self) -> i64 {
        i64::from_be_bytes([0; 8].map(|_: u8| self.byte()))
    }

    /// So many bytes, or what is left.
    pub(crate) fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }
}

/// Gives every batch whose bytes are all there the right checksum, so that what lies behind it is reached.
/// Ends at the first length that makes no sense.
pub(crate) fn mend_checksums(batches: &mut [u8]) {
    let mut rest = batches;
    while rest.len() >= HEADER_BYTES {
        let length = i32::from_be_bytes([rest[8], rest[9], rest[10], rest[11]]);
        let size_bytes = usize::try_from(length).map_or(0, |length| length + LENGTH_OVERHEAD_BYTES);
        if size_bytes < HEADER_BYTES || size_bytes > rest.len() {
            return;
        }
        let (batch, after) = rest.split_at_mut(size_bytes);
        let crc = crc32c::crc32c(&batch[ATTRIBUTES_AT..]);
        batch[17..ATTRIBUTES_AT].copy_from_slice(&crc.to_be_bytes());
        rest = after;
    }
}
