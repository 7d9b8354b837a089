//! Record batches, magic 2: the 61-byte header as a view, records, building, compression.
//!
//! Batches are passed through verbatim wherever nothing demands otherwise; base offset and leader
//! epoch lie outside the checksum and are patched in place.

mod header;

pub use header::{
    ATTRIBUTES_AT, BatchHeader, Compression, HEADER_BYTES, HeaderError, LENGTH_OVERHEAD_BYTES, TimestampType, stamp,
};
