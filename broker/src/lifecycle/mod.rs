//! What a node tells the active controller about itself: tasks around the core's lifecycle machines.

pub(crate) mod announce;
pub(crate) mod broker;

use std::time::Duration;

use tokio::time::sleep_until;

use crate::clock::Clock;

/// Ends at a time of the node's clock; never without one.
async fn sleep_to(clock: Clock, until: Option<Duration>) {
    match until {
        Some(until) => sleep_until(clock.instant(until).into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
