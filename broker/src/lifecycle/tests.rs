//! Lifecycles against a controller that answers as it is told.

use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::features::SUPPORTED_FEATURES;
use broker_core::image::MetadataImage;
use broker_core::lifecycle::{
    BrokerLifecycle, BrokerLifecycleConfig, ControllerLifecycle, ControllerLifecycleConfig, DirectoryAssignments,
    LifecycleNotice, LifecycleTimeouts,
};
use protocol::Uuid;
use protocol::api::messages::assign_replicas_to_dirs_request::AssignReplicasToDirsRequest;
use protocol::api::messages::assign_replicas_to_dirs_response::AssignReplicasToDirsResponse;
use protocol::api::messages::broker_heartbeat_request::BrokerHeartbeatRequest;
use protocol::api::messages::broker_heartbeat_response::BrokerHeartbeatResponse;
use protocol::api::messages::broker_registration_request::BrokerRegistrationRequest;
use protocol::api::messages::broker_registration_response::BrokerRegistrationResponse;
use protocol::api::messages::controller_registration_request::ControllerRegistrationRequest;
use protocol::api::messages::controller_registration_response::ControllerRegistrationResponse;
use protocol::api::{ApiKey, ErrorCode};
use protocol::messages::metadata::RegisterControllerRecord;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::announce::{register_controller, tell_directories};
use super::broker::{BrokerEnds, NodeEvent, run_broker};
use crate::clock::Clock;
use crate::controller_channel::{ActiveController, ControllerChannel};
use crate::fake_node::{Asked, Fake, FakeNode};
use crate::peers::Peers;
use crate::random::SystemRandom;
use crate::test_broker::{Nobody, add_topic, broker, epoch_of, image_of};

const APIS: [(ApiKey, i16, i16); 4] = [
    (ApiKey::BrokerRegistration, 0, 4),
    (ApiKey::BrokerHeartbeat, 0, 1),
    (ApiKey::ControllerRegistration, 0, 0),
    (ApiKey::AssignReplicasToDirs, 0, 0),
];
/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);
const INCARNATION: Uuid = Uuid::from_u128(77);

/// Broker 1 and what surrounds it.
struct Node {
    broker: Arc<Broker>,
    published: watch::Sender<i64>,
    active: watch::Sender<ActiveController>,
    channel: ControllerChannel,
    clock: Clock,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Node {
    fn new(controller: &FakeNode) -> Self {
        let (active, active_now) = watch::channel(at(controller, 1));
        Self {
            broker: broker(1, Box::new(Nobody), &[]),
            published: watch::Sender::new(-1),
            active,
            channel: ControllerChannel::new(active_now, Peers::new(1)),
            clock: Clock::start(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        }
    }

    fn publish(&self, mut image: MetadataImage, offset: i64) {
        image.advance(offset, 1, 0);
        self.broker.publish(image, self.clock.now());
        self.published.send_replace(offset);
    }

    fn start_broker(&self) -> BrokerEnds {
        let config = BrokerLifecycleConfig {
            node_id: 1,
            cluster_id: "cluster".into(),
            incarnation_id: INCARNATION,
            endpoints: Vec::new(),
            rack: None,
            log_dirs: vec![Uuid::from_u128(8)],
            previous_broker_epoch: -1,
            features: SUPPORTED_FEATURES.to_vec(),
            timeouts: LifecycleTimeouts::of(self.broker.config()),
        };
        let machine = BrokerLifecycle::new(config, Box::new(SystemRandom), self.clock.now());
        let (ends, task) = run_broker(
            machine,
            (Arc::clone(&self.broker), self.published.subscribe()),
            (&self.channel, Duration::from_secs(5)),
            self.clock,
            self.shutdown.clone(),
        );
        self.tasks.spawn(task);
        ends
    }

    /// Every task has to end.
    async fn stop(&self) {
        self.tasks.close();
        timeout(PATIENCE, self.tasks.wait()).await.expect("every task ends");
    }
}

fn at(controller: &FakeNode, epoch: i32) -> ActiveController {
    ActiveController {
        id: Some(9),
        epoch,
        address: Some(controller.address.clone()),
        is_gone: false,
    }
}

async fn notice(ends: &mut BrokerEnds) -> LifecycleNotice {
    timeout(PATIENCE, ends.notices.recv()).await.unwrap().unwrap()
}

fn lets_everything(asked: &Asked) -> Fake {
    if asked.is::<BrokerRegistrationRequest>() {
        return asked.answer(&BrokerRegistrationResponse::default().with_broker_epoch(epoch_of(1)));
    }
    let beat: BrokerHeartbeatRequest = asked.decode();
    let response = BrokerHeartbeatResponse::default()
        .with_is_caught_up(beat.current_metadata_offset >= epoch_of(1))
        .with_is_fenced(beat.want_fence)
        .with_should_shut_down(beat.want_shut_down);
    asked.answer(&response)
}

#[tokio::test]
async fn a_broker_registers_is_unfenced_once_it_knows_of_it_and_asks_before_it_stops() {
    let mut controller = FakeNode::start(&APIS, lets_everything).await;
    let node = Node::new(&controller);
    let mut ends = node.start_broker();
    let registered = LifecycleNotice::Registered { epoch: epoch_of(1) };
    assert_eq!(notice(&mut ends).await, registered);
    let request: BrokerRegistrationRequest = controller.next().await.decode();
    assert_eq!(Uuid::from(request.incarnation_id), INCARNATION);
    ends.events.send(NodeEvent::StartupFinished).unwrap();
    let early: BrokerHeartbeatRequest = controller.next().await.decode();
    assert!(early.want_fence, "the metadata does not say yet that it is registered");
    node.publish(image_of(&[(1, 9092)]), epoch_of(1));
    assert_eq!(notice(&mut ends).await, LifecycleNotice::Unfenced);
    ends.events.send(NodeEvent::Shutdown).unwrap();
    assert_eq!(notice(&mut ends).await, LifecycleNotice::MayStop { clean: true });
    assert_eq!(ends.notices.recv().await, None, "nothing comes after it");
    node.stop().await;
}

#[tokio::test]
async fn a_failed_directory_is_told_at_once() {
    let mut controller = FakeNode::start(&APIS, lets_everything).await;
    let node = Node::new(&controller);
    let mut ends = node.start_broker();
    notice(&mut ends).await;
    let directory = Uuid::from_u128(8);
    ends.events.send(NodeEvent::DirectoryFailed(directory)).unwrap();
    let told = async {
        loop {
            let asked = controller.next().await;
            if asked.is::<BrokerHeartbeatRequest>() {
                let beat: BrokerHeartbeatRequest = asked.decode();
                let offline: Vec<Uuid> = beat.offline_log_dirs.iter().copied().map(Uuid::from).collect();
                if offline == [directory] {
                    return;
                }
            }
        }
    };
    timeout(Duration::from_millis(1500), told)
        .await
        .expect("sooner than a heartbeat is due");
    node.shutdown.cancel();
    node.stop().await;
}

#[tokio::test]
async fn a_silent_controller_is_left_for_the_one_that_becomes_active() {
    let mut silent = FakeNode::start(&APIS, |_| Fake::Silence).await;
    let controller = FakeNode::start(&APIS, lets_everything).await;
    let node = Node::new(&silent);
    let mut ends = node.start_broker();
    silent.next().await;
    node.active.send(at(&controller, 2)).unwrap();
    // The silent one would be waited for for longer.
    let registered = timeout(Duration::from_secs(3), ends.notices.recv()).await.unwrap();
    assert_eq!(registered, Some(LifecycleNotice::Registered { epoch: epoch_of(1) }));
    node.shutdown.cancel();
    node.stop().await;
}

#[tokio::test]
async fn a_controller_that_closes_connections_is_asked_again() {
    let mut closes = 3;
    let controller = FakeNode::start(&APIS, move |asked| {
        if closes > 0 {
            closes -= 1;
            return Fake::Close;
        }
        lets_everything(asked)
    })
    .await;
    let node = Node::new(&controller);
    let mut ends = node.start_broker();
    let registered = LifecycleNotice::Registered { epoch: epoch_of(1) };
    assert_eq!(notice(&mut ends).await, registered);
    assert_eq!(controller.accepted(), 4);
    node.shutdown.cancel();
    node.stop().await;
}

#[tokio::test]
async fn a_broker_of_another_cluster_has_to_stop_and_the_task_ends() {
    let code = ErrorCode::InconsistentClusterId.code();
    let refusal = BrokerRegistrationResponse::default().with_error_code(code);
    let controller = FakeNode::start(&APIS, move |asked| asked.answer(&refusal)).await;
    let node = Node::new(&controller);
    let mut ends = node.start_broker();
    let failed = notice(&mut ends).await;
    assert!(matches!(failed, LifecycleNotice::Failed(_)), "{failed:?}");
    node.stop().await;
}

#[tokio::test]
async fn a_controller_registers_until_the_metadata_has_it() {
    let mut refusals = 1;
    let mut controller = FakeNode::start(&APIS, move |asked| {
        let code = if refusals > 0 {
            ErrorCode::NotController.code()
        } else {
            0
        };
        refusals -= 1;
        asked.answer(&ControllerRegistrationResponse::default().with_error_code(code))
    })
    .await;
    let node = Node::new(&controller);
    node.publish(image_of(&[]), 5);
    let config = ControllerLifecycleConfig {
        node_id: 1,
        incarnation_id: INCARNATION,
        endpoints: Vec::new(),
        features: SUPPORTED_FEATURES.to_vec(),
    };
    let machine = ControllerLifecycle::new(config, Box::new(SystemRandom));
    let known = Arc::clone(&node.broker);
    let task = register_controller(
        machine,
        Arc::new(move || known.image()),
        node.published.subscribe(),
        node.channel.clone(),
        node.clock,
        node.shutdown.clone(),
    );
    node.tasks.spawn(task);
    for _ in 0..2 {
        let request: ControllerRegistrationRequest = timeout(PATIENCE, controller.next()).await.unwrap().decode();
        assert_eq!(Uuid::from(request.incarnation_id), INCARNATION);
    }
    // Another process takes its place in the metadata, and it takes it back; its own registration ends that.
    let registered = |incarnation_id| {
        let mut image = image_of(&[]);
        let record = RegisterControllerRecord {
            controller_id: 1,
            incarnation_id,
            ..Default::default()
        };
        image.apply(record.into()).unwrap();
        image
    };
    node.publish(registered(INCARNATION), 6);
    node.active.send(at(&controller, 2)).unwrap();
    let more = timeout(Duration::from_millis(300), controller.next()).await;
    assert!(more.is_err(), "{more:?}");
    node.publish(registered(Uuid::from_u128(78)), 7);
    node.active.send(at(&controller, 3)).unwrap();
    timeout(PATIENCE, controller.next()).await.unwrap();
    node.shutdown.cancel();
    node.stop().await;
}

#[tokio::test]
async fn replicas_that_the_metadata_has_elsewhere_are_told() {
    let mut controller = FakeNode::start(&APIS, |asked| asked.answer(&AssignReplicasToDirsResponse::default())).await;
    let node = Node::new(&controller);
    let task = tell_directories(
        DirectoryAssignments::new(1, Box::new(SystemRandom)),
        Arc::clone(&node.broker),
        node.published.subscribe(),
        node.channel.clone(),
        node.clock,
        node.shutdown.clone(),
    );
    node.tasks.spawn(task);
    let mut image = image_of(&[(1, 9092)]);
    let topic = add_topic(&mut image, 0, 1, &[1]);
    node.publish(image, 5);
    let request: AssignReplicasToDirsRequest = timeout(PATIENCE, controller.next()).await.unwrap().decode();
    assert_eq!(request.broker_epoch, epoch_of(1));
    let directory = &request.directories[0];
    assert_eq!(Uuid::from(directory.id), Uuid::from_u128(8));
    assert_eq!(Uuid::from(directory.topics[0].topic_id), topic);
    node.shutdown.cancel();
    node.stop().await;
}
