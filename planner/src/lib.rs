//! The planner: where replicas should be so that rules hold and loads are even, with as few bytes moved as can be.
//!
//! A [`model::Cluster`] is what is known (a [`model::read_snapshot`] away from a file, or made by a
//! [`model::ClusterBuilder`]); a [`request::Request`] says what is wanted; [`plan::plan`] makes a [`plan::Plan`] with
//! a certified lower bound; [`check::check`] recomputes all of it. No I/O, no clock, no threads: the same input gives
//! the same plan.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod bound;
pub mod check;
pub mod counted;
pub mod dense;
pub mod feasible;
pub mod flow;
pub mod generate;
pub mod model;
pub mod plan;
pub mod random;
pub mod request;
