//! The broker's side of replication: fetching what it follows, and changing the ISRs of what it leads.

mod fetcher_task;
mod fetchers;
mod isr;
mod leader_link;

use std::sync::Arc;

use broker_core::broker::Broker;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::controller_channel::ControllerChannel;
use crate::net::Workers;
use crate::peers::Peers;

/// What replication works with.
#[derive(Debug, Clone)]
pub(crate) struct Replication {
    pub(crate) broker: Arc<Broker>,
    pub(crate) channel: ControllerChannel,
    pub(crate) peers: Peers,
    /// Offset of the image that the broker took last.
    pub(crate) published: watch::Receiver<i64>,
    pub(crate) clock: Clock,
    /// Fetchers append to logs, so they share the threads of the connections.
    pub(crate) workers: Workers,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// Starts what replicates, until shutdown.
pub(crate) fn start(parts: &Replication) {
    let Replication { tasks, .. } = parts;
    tasks.spawn(fetchers::run(parts.clone()));
    tasks.spawn(isr::propose(parts.clone()));
    tasks.spawn(isr::check(
        Arc::clone(&parts.broker),
        parts.clock,
        parts.shutdown.clone(),
    ));
}

#[cfg(test)]
mod tests;
