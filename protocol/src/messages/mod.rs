//! Messages that live in logs or inside other messages: metadata records, coordinator records, control
//! records. Generated from `protocol/messages/`, with bounded readers.

pub mod control;
pub mod embedded;
pub mod framing;
pub mod metadata;
pub mod offsets;
pub mod shares;
pub mod transactions;
mod wire;

pub use wire::WireError;
