//! Replication of partitions between brokers.
//!
//! * A [`Partition`](crate::broker::partition::Partition) decides everything about its own log: as a leader it follows
//!   where its replicas are, moves the high watermark and proposes ISR changes; as a follower it appends what the leader
//!   sent and truncates. It is lock-based and called from any thread.
//! * The [`ReplicaContext`] is what the partitions of a broker share: which brokers there are, and the outbox of ISR
//!   proposals ([`ProposeIsr`]) which the shell sends as AlterPartition
//!   ([`alter_partition`]), when the [`Proposer`] says so. The answer goes to `Partition::isr_outcome`.
//!
//! * A [`Fetcher`](fetcher::Fetcher) fetches what this broker follows from one leader; [`fetcher::Assignments`] tells which
//!   fetcher gets what.
//! * A [`Throttle`](throttle::Throttle) counts the bytes of throttled partitions, one for what this broker sends as a leader
//!   and one for what it takes as a follower.
//!
//! Whoever wires it calls, besides the requests: `Broker::publish` with each image, and `Partition::check_isr` of every
//! partition at each half of replica.lag.time.max.ms. After each image it takes `ReplicaContext::take_changed` to
//! `Assignments::plan` and tells the fetchers.

pub mod alter_partition;
pub(crate) mod context;
pub mod fetcher;
pub(crate) mod isr;
mod proposer;
pub(crate) mod replica;
pub mod throttle;

pub use context::ReplicaContext;
pub use isr::{IsrMember, IsrOutcome, ProposeIsr};
pub use proposer::{Proposer, ProposerStep};
pub use replica::Replica;

#[cfg(test)]
pub(crate) mod tests;
