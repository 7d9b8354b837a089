//! What a node tells the active controller about itself.
//!
//! * A [`BrokerLifecycle`] registers a broker, sends its heartbeats, and asks for permission to stop (KIP-631).
//! * A [`ControllerLifecycle`] registers a controller (KIP-919).
//! * [`DirectoryAssignments`] tell in which log directories a broker's replicas are (KIP-858).
//!
//! Each is a plain struct that one task drives: it calls `next`, sends what that returns to the active controller, and hands
//! over the answer, or its absence with `on_failure`. One request is on its way at a time. What happens at the node comes
//! in between, also while a request is on its way: after each such call `next` is asked again.

use std::time::Duration;

mod backoff;
mod broker;
mod config;
mod controller;
mod dirs;
mod requests;

pub use broker::{BrokerLifecycle, BrokerStep, LifecycleNotice};
pub use config::{BrokerLifecycleConfig, ControllerLifecycleConfig, LifecycleTimeouts};
pub use controller::ControllerLifecycle;
pub use dirs::DirectoryAssignments;

/// What one who tells the controller something until the metadata has it wants next.
#[derive(Debug)]
pub enum AnnouncementStep<R> {
    /// A request for the active controller.
    Send(R),
    /// Nothing until then; nothing until other metadata is published, if there is no time.
    Wait(Option<Duration>),
}

/// First level of metadata.version whose registrations name log directories, and whose partitions say where replicas are.
pub(crate) const DIRECTORIES_FROM: i16 = 17;
/// First level of metadata.version at which controllers register.
const CONTROLLERS_FROM: i16 = 15;

#[cfg(test)]
mod tests;
