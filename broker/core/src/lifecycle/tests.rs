use std::time::Duration;

use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::api::messages::broker_heartbeat_request::BrokerHeartbeatRequest;
use protocol::api::messages::broker_heartbeat_response::BrokerHeartbeatResponse;
use protocol::api::messages::broker_registration_request::BrokerRegistrationRequest;
use protocol::api::messages::broker_registration_response::BrokerRegistrationResponse;
use protocol::messages::metadata::{
    BrokerRegistrationChangeRecord, FeatureLevelRecord, Record, RegisterBrokerRecord, UnregisterBrokerRecord,
};

use super::*;
use crate::cx::{Now, Random};
use crate::features::{METADATA_VERSION, SUPPORTED_FEATURES};
use crate::image::{ListenerEndpoint, MetadataImage};

mod broker;
mod chaos;
mod controller;
mod dirs;
mod losing;
mod server;
mod shutdown;
mod world;

/// A linear congruential generator with an output mix (PCG's constants).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed))
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(super) fn up_to_ms(&mut self, ms: u64) -> Duration {
        Duration::from_micros(self.below(ms * 1000 + 1))
    }
}

impl Random for Chance {
    fn next_u64(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }
}

const INCARNATION: Uuid = Uuid::from_u128(4711);
const DIR_A: Uuid = Uuid::from_u128(1000);
const DIR_B: Uuid = Uuid::from_u128(1001);

fn at(ms: u64) -> Now {
    Now {
        wall_ms: 0,
        mono: Duration::from_millis(ms),
    }
}

fn timeouts() -> LifecycleTimeouts {
    LifecycleTimeouts {
        heartbeat_interval: Duration::from_secs(2),
        session: Duration::from_secs(9),
        registration: Duration::from_secs(60),
        directory_failure: Duration::from_secs(30),
        shutdown: Duration::from_secs(300),
    }
}

fn endpoint(name: &str) -> ListenerEndpoint {
    ListenerEndpoint {
        name: name.to_owned(),
        host: "h".into(),
        port: 9092,
        security_protocol: 0,
    }
}

pub(super) fn config(node_id: i32) -> BrokerLifecycleConfig {
    BrokerLifecycleConfig {
        node_id,
        cluster_id: "cluster".into(),
        incarnation_id: INCARNATION,
        endpoints: vec![endpoint("PLAINTEXT")],
        rack: Some("r".into()),
        log_dirs: vec![DIR_B, DIR_A],
        previous_broker_epoch: 17,
        features: SUPPORTED_FEATURES.to_vec(),
        timeouts: timeouts(),
    }
}

/// An image as these records make it, the last of them at `offset`.
fn image(offset: i64, records: Vec<Record>) -> MetadataImage {
    let mut image = MetadataImage::empty();
    let level = FeatureLevelRecord {
        name: METADATA_VERSION.into(),
        feature_level: 30,
        ..Default::default()
    };
    image.apply(level.into()).unwrap();
    let first = offset + 1 - records.len() as i64;
    for (record, offset) in records.into_iter().zip(first..) {
        image.advance(offset, 1, 0);
        image.apply(record).unwrap();
    }
    image.advance(offset, 1, 0);
    image
}

fn register(id: i32, incarnation_id: Uuid, broker_epoch: i64, fenced: bool) -> Record {
    let record = RegisterBrokerRecord {
        broker_id: id,
        incarnation_id,
        broker_epoch,
        fenced,
        log_dirs: vec![DIR_A, DIR_B],
        ..Default::default()
    };
    record.into()
}

/// The metadata at `offset`, with broker 2 registered by [`config`]'s start.
fn registered(offset: i64, epoch: i64, fenced: bool) -> MetadataImage {
    image(offset, vec![register(2, INCARNATION, epoch, fenced)])
}

fn accepted(epoch: i64) -> BrokerRegistrationResponse {
    BrokerRegistrationResponse::default().with_broker_epoch(epoch)
}

fn refused(code: ErrorCode) -> BrokerRegistrationResponse {
    accepted(-1).with_error_code(code.code())
}

fn beaten(is_caught_up: bool, is_fenced: bool) -> BrokerHeartbeatResponse {
    BrokerHeartbeatResponse::default()
        .with_is_caught_up(is_caught_up)
        .with_is_fenced(is_fenced)
}

impl BrokerLifecycle {
    /// What it registers with; it has to want to.
    fn registers(&mut self, now: Now) -> BrokerRegistrationRequest {
        match self.next(now) {
            BrokerStep::Register(request) => request,
            other => panic!("at {now:?}: {other:?}"),
        }
    }

    /// Its heartbeat; it has to want to send one.
    fn beats(&mut self, now: Now) -> BrokerHeartbeatRequest {
        match self.next(now) {
            BrokerStep::Heartbeat(request) => request,
            other => panic!("at {now:?}: {other:?}"),
        }
    }

    /// Until when it waits; it has to want nothing else.
    fn waits(&mut self, now: Now) -> Option<Duration> {
        match self.next(now) {
            BrokerStep::Wait(until) => until,
            other => panic!("at {now:?}: {other:?}"),
        }
    }
}

/// Broker 2 at its start.
fn starting() -> BrokerLifecycle {
    BrokerLifecycle::new(config(2), Box::new(Chance::new(1)), at(0))
}

/// Broker 2 with epoch 100, unfenced; its next heartbeat is due 2 s after.
fn serving() -> BrokerLifecycle {
    serving_as(config(2))
}

fn serving_as(config: BrokerLifecycleConfig) -> BrokerLifecycle {
    let mut broker = BrokerLifecycle::new(config, Box::new(Chance::new(1)), at(0));
    broker.startup_finished();
    broker.registers(at(0));
    broker.on_registration(&accepted(100), at(0));
    broker.published(&registered(100, 100, true));
    let beat = broker.beats(at(10));
    assert!(!beat.want_fence && beat.current_metadata_offset == 100);
    broker.on_heartbeat(&beaten(true, false), at(10));
    broker.published(&registered(101, 100, false));
    broker.take_notices();
    broker
}

fn unregister(id: i32, epoch: i64) -> Record {
    let record = UnregisterBrokerRecord {
        broker_id: id,
        broker_epoch: epoch,
        ..Default::default()
    };
    record.into()
}

fn change(id: i32, epoch: i64, fenced: i8, leaving: bool) -> Record {
    let record = BrokerRegistrationChangeRecord {
        broker_id: id,
        broker_epoch: epoch,
        fenced,
        in_controlled_shutdown: i8::from(leaving),
        ..Default::default()
    };
    record.into()
}
