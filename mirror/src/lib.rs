//! Mirroring a partition from one cluster to another: what becomes of each batch, where each record lies on the other
//! side, and how to go on after any crash without a gap or a duplicate.
//!
//! No I/O, no clock, no threads: the same input gives the same actions.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod config;
mod crc;
pub mod decide;
pub mod groups;
pub mod naming;
pub mod offset_map;
pub mod partition;
pub mod re_encode;
pub mod state;
mod tail;
pub mod transform;
pub mod verify;
