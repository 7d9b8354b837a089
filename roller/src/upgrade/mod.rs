//! What an upgrade may do: which nodes may go to which release, in which order, and what finalizing it then sets.
//!
//! A [`view::View`] is what nodes and the cluster tell; [`judge::judge`] holds it against a [`release::Release`];
//! [`finalize::finalize`] lists levels to set, each with its way back; [`config`] reads server.properties for the release.
//! Facts on releases are what Apache Kafka 3.9.1, 4.0.0, 4.1.0, 4.2.0 and 4.3.1 themselves say, or their upgrade notes.

pub mod config;
pub mod feature;
pub mod finalize;
pub mod judge;
mod notes;
pub mod order;
pub mod release;
pub mod view;

pub use notes::Note;
