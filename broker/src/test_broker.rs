//! Brokers for tests, on disks in memory.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use broker_core::broker::{Broker, BrokerParts, ControllerLink, OpenLogDir, api};
use broker_core::call::{Call, Outcome, Peer};
use broker_core::image::MetadataImage;
use broker_core::reply::Reply;
use broker_log::disk::{Disk, SimDisk};
use broker_log::{LogContext, LogDir};
use bytes::Bytes;
use protocol::Uuid;
use protocol::api::{ApiKey, split_request};
use protocol::config::NodeConfig;
use protocol::messages::metadata::{
    FeatureLevelRecord, PartitionRecord, RegisterBrokerBrokerEndpoint, RegisterBrokerRecord, TopicRecord,
};
use protocol::records::{BatchBuilder, Compression, NewRecord};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::metrics::Refusals;
use crate::net::{Answer, Listener, ListenerConfig, RequestBudget, Service, Surroundings, Workers};
use crate::random::SystemRandom;

/// A broker with this id, which is in no image yet.
pub(crate) fn broker(id: i32, controller: Box<dyn ControllerLink>, settings: &[(&str, &str)]) -> Arc<Broker> {
    let disk = Arc::new(SimDisk::default());
    disk.create_dir_all(Path::new("/data")).unwrap();
    let node_id = id.to_string();
    let common = [
        ("process.roles", "broker"),
        ("node.id", node_id.as_str()),
        ("controller.quorum.voters", "9@localhost:9093"),
        ("listeners", "PLAINTEXT://:9092"),
        ("controller.listener.names", "CONTROLLER"),
    ];
    let dir = OpenLogDir {
        id: Uuid::from_u128(8),
        clean: false,
        health: Arc::default(),
        recovery_points: Default::default(),
        log_start_offsets: Default::default(),
        high_watermarks: Default::default(),
        dir: LogDir::new("/data".into(), disk.clone()),
    };
    Arc::new(Broker::new(BrokerParts {
        config: Arc::new(NodeConfig::parse(common.iter().chain(settings).copied()).unwrap()),
        cluster_id: "cluster".into(),
        incarnation_id: Uuid::ZERO,
        logs: LogContext::new(disk, 64, 1 << 16),
        dirs: vec![dir],
        controller,
        random: Box::new(SystemRandom),
    }))
}

/// A controller that hears nothing.
#[derive(Debug)]
pub(crate) struct Nobody;

impl ControllerLink for Nobody {
    fn send(&self, _: broker_core::broker::ControllerRequest) {}
}

/// The epoch under which brokers are registered in these tests.
pub(crate) fn epoch_of(id: i32) -> i64 {
    i64::from(id) * 100
}

/// Brokers by id and port of their listener.
pub(crate) fn image_of(brokers: &[(i32, u16)]) -> MetadataImage {
    let mut image = MetadataImage::empty();
    let level = FeatureLevelRecord {
        name: "metadata.version".into(),
        feature_level: 30,
        ..Default::default()
    };
    image.apply(level.into()).unwrap();
    for (broker_id, port) in brokers {
        register(&mut image, *broker_id, *port);
    }
    image
}

/// Registers a broker, or registers it anew.
pub(crate) fn register(image: &mut MetadataImage, broker_id: i32, port: u16) {
    let endpoint = RegisterBrokerBrokerEndpoint {
        name: "PLAINTEXT".into(),
        host: "127.0.0.1".into(),
        port,
        ..Default::default()
    };
    let registration = RegisterBrokerRecord {
        broker_id,
        broker_epoch: epoch_of(broker_id),
        fenced: false,
        end_points: vec![endpoint],
        ..Default::default()
    };
    image.apply(registration.into()).unwrap();
}

/// A topic with one partition.
pub(crate) fn add_topic(image: &mut MetadataImage, number: u128, leader: i32, replicas: &[i32]) -> Uuid {
    let topic_id = Uuid::from_u128(1000 + number);
    let topic = TopicRecord {
        name: format!("t{number}"),
        topic_id,
        ..Default::default()
    };
    image.apply(topic.into()).unwrap();
    set_leader(image, topic_id, leader, (0, replicas));
    topic_id
}

/// Makes a replica the leader of a topic's partition, in this epoch.
pub(crate) fn set_leader(image: &mut MetadataImage, topic_id: Uuid, leader: i32, (epoch, replicas): (i32, &[i32])) {
    let partition = PartitionRecord {
        topic_id,
        partition_id: 0,
        replicas: replicas.to_vec(),
        isr: replicas.to_vec(),
        leader,
        leader_epoch: epoch,
        partition_epoch: epoch,
        ..Default::default()
    };
    image.apply(partition.into()).unwrap();
}

/// A batch with one record.
pub(crate) fn batch(value: &str) -> Bytes {
    let mut builder = BatchBuilder::new(0, Compression::None);
    builder.push(&NewRecord {
        timestamp: 1000,
        value: Some(value.as_bytes()),
        ..NewRecord::default()
    });
    builder.build().unwrap().into()
}

/// Serves a broker on the loopback until the end.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) port: u16,
    /// Requests that came.
    pub(crate) requests: Arc<AtomicU64>,
    /// Connections that have asked what is served.
    pub(crate) connections: Arc<AtomicU64>,
    end: CancellationToken,
}

impl Served {
    pub(crate) async fn start(broker: &Arc<Broker>, clock: Clock, workers: &Workers, tasks: &TaskTracker) -> Self {
        let config = ListenerConfig {
            name: "PLAINTEXT".into(),
            host: "127.0.0.1".into(),
            port: 0,
            frame_max_bytes: 1 << 20,
            connections_max: 100,
            backlog: 50,
            send_buffer_bytes: -1,
            receive_buffer_bytes: -1,
        };
        let listener = Listener::bind(config).await.unwrap();
        let served = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            connections: Arc::default(),
            end: CancellationToken::new(),
        };
        let around = Surroundings {
            service: Arc::new(Serving {
                broker: Arc::clone(broker),
                clock,
                requests: Arc::clone(&served.requests),
                connections: Arc::clone(&served.connections),
            }),
            budget: RequestBudget::new(1 << 20),
            refusals: Arc::new(Refusals::default()),
            clock,
            shutdown: served.end.clone(),
        };
        tasks.spawn(listener.run(around, workers.clone(), tasks.clone()));
        served
    }

    /// Closes the listener and all its connections.
    pub(crate) fn stop(&self) {
        self.end.cancel();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop();
    }
}

#[derive(Debug)]
struct Serving {
    broker: Arc<Broker>,
    clock: Clock,
    requests: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
}

impl Service for Serving {
    fn serve(&self, frame: Bytes, peer: &mut Peer) -> Answer {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let (header, body) = split_request(frame).unwrap();
        if header.api_key == ApiKey::ApiVersions as i16 {
            self.connections.fetch_add(1, Ordering::SeqCst);
        }
        let call = Call {
            header,
            body,
            peer: peer.clone(),
            now: self.clock.now(),
        };
        match api::handle(&self.broker, call, peer) {
            Outcome::Reply(reply) => Answer::Now(reply),
            Outcome::Wait(pending) => Answer::Wait(pending),
            Outcome::Forward(_) => Answer::Now(Reply::Close),
        }
    }
}
