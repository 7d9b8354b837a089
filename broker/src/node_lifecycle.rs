//! A node's registrations with the active controller, from its configuration.

use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::cx::Random as _;
use broker_core::features::SUPPORTED_FEATURES;
use broker_core::image::{ListenerEndpoint, MetadataImage};
use broker_core::lifecycle::{
    BrokerLifecycle, BrokerLifecycleConfig, ControllerLifecycle, ControllerLifecycleConfig, DirectoryAssignments,
    LifecycleNotice, LifecycleTimeouts,
};
use protocol::Uuid;
use tokio::sync::watch;

use crate::lifecycle::announce::{register_controller as keep_registered, tell_directories};
use crate::lifecycle::broker::{BrokerEnds, NodeEvent, run_broker};
use crate::node::Common;
use crate::random::SystemRandom;
use crate::startup::{StartError, Storage};

/// How long an answer to a heartbeat may take. The controller answers at once, or once a record is committed.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What a process registers as.
pub(crate) fn incarnation_id() -> Uuid {
    Uuid::generate(|| SystemRandom.next_u128())
}

/// Registers this node as a controller, and keeps it registered.
pub(crate) fn register_controller(common: &Common, endpoints: Vec<ListenerEndpoint>) {
    let config = ControllerLifecycleConfig {
        node_id: common.config.node_id,
        incarnation_id: incarnation_id(),
        endpoints,
        features: SUPPORTED_FEATURES.to_vec(),
    };
    let image = common.watched.image.clone();
    common.tasks.spawn(keep_registered(
        ControllerLifecycle::new(config, Box::new(SystemRandom)),
        Arc::new(move || Arc::new(image.borrow().clone())),
        common.watched.published.clone(),
        common.channel.clone(),
        common.clock,
        common.shutdown.clone(),
    ));
}

/// Starts what registers a broker, keeps it alive, and tells where its replicas are.
pub(crate) fn start_broker(
    common: &Common,
    broker: &Arc<Broker>,
    storage: &Storage,
    endpoints: Vec<ListenerEndpoint>,
) -> BrokerEnds {
    let timeouts = LifecycleTimeouts::of(&common.config);
    let config = BrokerLifecycleConfig {
        node_id: common.config.node_id,
        cluster_id: storage.cluster_id.clone(),
        incarnation_id: broker.incarnation_id(),
        endpoints,
        rack: common.config.rack.clone(),
        log_dirs: broker.log_dirs().iter().map(|home| home.id).collect(),
        previous_broker_epoch: storage.previous_broker_epoch.unwrap_or(-1),
        features: SUPPORTED_FEATURES.to_vec(),
        timeouts,
    };
    let machine = BrokerLifecycle::new(config, Box::new(SystemRandom), common.clock.now());
    let (ends, task) = run_broker(
        machine,
        (Arc::clone(broker), common.watched.published.clone()),
        (&common.channel, ANSWER_MAX.min(timeouts.session)),
        common.clock,
        common.shutdown.clone(),
    );
    common.tasks.spawn(task);
    common.tasks.spawn(tell_directories(
        DirectoryAssignments::new(common.config.node_id, Box::new(SystemRandom)),
        Arc::clone(broker),
        common.watched.published.clone(),
        common.channel.clone(),
        common.clock,
        common.shutdown.clone(),
    ));
    ends
}

/// Waits until the broker is registered; its epoch.
pub(crate) async fn registered(ends: &mut BrokerEnds) -> Result<i64, StartError> {
    loop {
        match next(ends).await? {
            LifecycleNotice::Registered { epoch } => return Ok(epoch),
            notice => tracing::debug!(?notice, "the broker's state changed"),
        }
    }
}

/// Waits until the broker may lead.
pub(crate) async fn unfenced(ends: &mut BrokerEnds) -> Result<(), StartError> {
    while next(ends).await? != LifecycleNotice::Unfenced {}
    Ok(())
}

/// Waits until the metadata that the node serves has the broker among the live ones, or until none comes any more.
pub(crate) async fn known_alive(mut image: watch::Receiver<MetadataImage>, id: i32) {
    let _no_more = image.wait_for(|image| image.brokers().is_alive(id)).await.is_err();
}

async fn next(ends: &mut BrokerEnds) -> Result<LifecycleNotice, StartError> {
    match ends.notices.recv().await {
        Some(LifecycleNotice::Failed(reason)) => Err(StartError::Unsupported(reason)),
        Some(notice) => Ok(notice),
        None => Err(StartError::Unsupported("the broker stopped while it started".into())),
    }
}

/// Waits until others lead what the broker led, or nobody can tell.
pub(crate) async fn shut_down(ends: &mut BrokerEnds) {
    if ends.events.send(NodeEvent::Shutdown).is_err() {
        return;
    }
    while let Some(notice) = ends.notices.recv().await {
        match notice {
            LifecycleNotice::MayStop { clean: true } => return,
            LifecycleNotice::MayStop { clean: false } => {
                tracing::warn!("the active controller did not say that others lead; the broker stops all the same");
                return;
            }
            LifecycleNotice::Failed(reason) => {
                tracing::warn!(reason, "the broker stops without its controller's permission");
                return;
            }
            LifecycleNotice::Registered { .. } | LifecycleNotice::Unfenced | LifecycleNotice::Fenced => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;
    use crate::test_broker::image_of;

    #[test]
    fn a_broker_is_known_alive_once_the_metadata_served_here_says_so() {
        let told = watch::Sender::new(MetadataImage::empty());
        let mut known = pin!(known_alive(told.subscribe(), 1));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(known.as_mut().poll(&mut cx).is_pending());
        told.send_replace(image_of(&[(2, 9092)]));
        assert!(known.as_mut().poll(&mut cx).is_pending(), "another is alive");
        told.send_replace(image_of(&[(1, 9092), (2, 9092)]));
        assert!(known.as_mut().poll(&mut cx).is_ready());
    }
}
