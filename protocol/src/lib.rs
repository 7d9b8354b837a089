//! Kafka's bytes: bounded decoding, record batches, metadata and coordinator records, and the small
//! files of a data directory. No I/O happens here: every function takes and gives bytes.

pub mod api;
pub mod config;
pub mod files;
pub mod guard;
pub mod jaas;
pub mod messages;
pub mod properties;
pub mod records;
mod uuid;

pub use uuid::{ParseUuidError, Uuid};
