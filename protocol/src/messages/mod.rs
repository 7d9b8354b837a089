//! Messages that live in logs or inside other messages: metadata records, coordinator records, control
//! records. Generated from `protocol/messages/`, with bounded readers.

#![expect(
    clippy::derivable_impls,
    clippy::field_reassign_with_default,
    clippy::match_single_binding,
    reason = "generated code is uniform: a message without defaults or tags looks like one with them"
)]

pub mod control;
pub mod embedded;
pub mod framing;
pub mod metadata;
pub mod offsets;
mod plain;
pub mod remote;
pub mod requests;
pub mod shares;
pub mod transactions;
mod wire;

pub use plain::{Plain, ToPlain};
pub use wire::WireError;
