//! The log engine: Kafka's segments, indexes, leader epochs and producer state on any [`disk::Disk`].
//!
//! A [`Log`] is one partition's log. It is opened with [`Log::open`], which recovers what a crash left; written
//! with [`Log::append_as_leader`] or [`Log::append_as_follower`]; read with [`Log::read`], which hands out
//! memory or file ranges, never copies. No threads, clocks, sockets or random maps; `std::fs` is used in
//! `disk/real.rs` alone.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod disk;

mod append;
mod config;
mod dirs;
mod epochs;
mod error;
mod files;
mod health;
mod index;
mod interrupted;
mod load;
mod log;
mod maintain;
pub mod offline;
mod producers;
mod read;
mod restore;
mod sealed;
mod segment;
mod tail;
mod txn_index;
mod verify;

pub use append::{Appended, Origin};
pub use config::LogConfig;
pub use dirs::{DirError, LogDir, Offsets, PartitionDir, epoch_of_clean_end};
pub use epochs::EpochCache;
pub use error::{AppendError, LogError};
pub use files::Files;
pub use health::DirHealth;
pub use load::{LoadReport, OpenOptions, Truncation};
pub use log::{Log, LogContext};
pub use maintain::{RemovalReason, Removed};
pub use producers::{ActiveProducer, CompletedTxn, Duplicate, Producers};
pub use read::{Slice, TimestampOffset, gather};
pub use sealed::Sealed;
pub use tail::TailBudget;
pub use txn_index::AbortedTxn;

#[cfg(test)]
mod handover_tests;
#[cfg(test)]
mod tests;
