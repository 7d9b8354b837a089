//! The server around `broker_core`: sockets, frames, timers, fsync threads and signals. It carries out
//! what the machines ask for and decides nothing.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod clock;
pub mod metrics;
pub mod net;

mod node;
mod quorum_thread;
mod random;
mod service;
mod startup;
mod upkeep;

pub use node::Node;
pub use random::random_uuid;
pub use startup::StartError;
