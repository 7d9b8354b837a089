//! The server around `broker_core`: sockets, frames, timers, fsync threads and signals. It carries out
//! what the machines ask for and decides nothing.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod clock;
pub mod metrics;
pub mod net;

mod backoff;
mod controller_channel;
mod controller_requests;
mod dirs;
mod forward;
mod lifecycle;
mod listeners;
mod members;
mod moves;
mod node;
mod node_lifecycle;
mod peers;
mod probe;
mod publisher;
mod quorum_start;
mod quorum_thread;
mod random;
mod replication;
mod service;
mod startup;
mod upkeep;

#[cfg(test)]
mod fake_node;
#[cfg(test)]
mod test_broker;

pub use node::Node;
pub use random::random_uuid;
pub use startup::StartError;
