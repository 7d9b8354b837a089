//! Rolling restarts: which nodes may stop together, in how few batches all of them do, and what proves it.
//!
//! A [`fleet::Fleet`] is a cluster with its quorum; a [`rule::Rule`] says how much must stay; [`plan::plan`] makes a
//! [`plan::Plan`] with its lower bound; [`check::check`] recomputes all of it; [`gate::Gate`] proves one batch on fresh
//! metadata, right before it;
//! [`run::Roll`] carries a plan out. No I/O, no clock, no threads: the same input gives the same plan.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod batches;
pub mod check;
pub mod fleet;
pub mod gate;
mod held;
mod leaders;
pub mod mutation;
pub mod plan;
pub mod rule;
pub mod run;
pub mod upgrade;
