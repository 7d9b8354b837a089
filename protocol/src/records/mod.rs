//! Record batches, magic 2: the 61-byte header as a view, records, building, compression.
//!
//! Batches are passed through verbatim wherever nothing demands otherwise; base offset and leader
//! epoch lie outside the checksum and are patched in place.

mod batches;
mod builder;
mod compression;
mod control;
mod header;
mod record;
mod varint;

pub use batches::Batches;
pub use builder::{BatchBuilder, NewRecord, ProducerStamp};
pub use compression::{CompressionError, compress, decompress};
pub use control::is_abort;
pub use header::{
    ATTRIBUTES_AT, BatchHeader, Compression, HEADER_BYTES, HeaderError, LENGTH_OVERHEAD_BYTES, TimestampType, restamp,
    stamp,
};
pub use record::{Header, Headers, Record, RecordError, Records, records_of};
