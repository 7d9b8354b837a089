//! The broker and controller as state machines: no sockets, threads, clocks, random maps or file system.
//! `docs/ARCHITECTURE.md` tells how they fit together.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

mod api_versions;
pub mod broker;
pub mod call;
pub mod controller;
pub mod cx;
pub mod features;
pub mod groups;
pub mod image;
pub mod lifecycle;
pub mod mutation;
pub mod raft;
pub mod replication;
pub mod reply;
