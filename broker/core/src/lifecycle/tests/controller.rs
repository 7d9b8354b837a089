//! Registrations of controllers, also with the controller that takes them.

use broker_log::disk::SimDisk;
use protocol::api::messages::controller_registration_request::ControllerRegistrationRequest;
use protocol::api::messages::controller_registration_response::ControllerRegistrationResponse;
use protocol::messages::metadata::RegisterControllerRecord;

use super::server::Server;
use super::*;

fn own() -> ControllerLifecycle {
    let config = ControllerLifecycleConfig {
        node_id: 3,
        incarnation_id: INCARNATION,
        endpoints: vec![endpoint("CONTROLLER")],
        features: SUPPORTED_FEATURES.to_vec(),
    };
    ControllerLifecycle::new(config, Box::new(Chance::new(1)))
}

impl ControllerLifecycle {
    fn registers(&mut self, now: Now) -> ControllerRegistrationRequest {
        match self.next(now) {
            AnnouncementStep::Send(request) => request,
            other => panic!("at {now:?}: {other:?}"),
        }
    }

    fn waits(&mut self, now: Now) -> Option<Duration> {
        match self.next(now) {
            AnnouncementStep::Wait(until) => until,
            other => panic!("at {now:?}: {other:?}"),
        }
    }
}

fn at_level(level: i16, registered: Option<Uuid>) -> MetadataImage {
    let feature = FeatureLevelRecord {
        name: METADATA_VERSION.into(),
        feature_level: level,
        ..Default::default()
    };
    let mut records: Vec<Record> = vec![feature.into()];
    if let Some(incarnation_id) = registered {
        let record = RegisterControllerRecord {
            controller_id: 3,
            incarnation_id,
            ..Default::default()
        };
        records.push(record.into());
    }
    image(50, records)
}

#[test]
fn a_controller_registers_once_the_level_allows_it_and_stops_once_the_metadata_has_it() {
    let mut own = own();
    assert_eq!(own.waits(at(0)), None);
    own.published(&at_level(14, None));
    assert_eq!(own.waits(at(0)), None, "3.6 has no such registrations");
    own.published(&at_level(15, None));
    let request = own.registers(at(1));
    assert_eq!(
        (request.controller_id, Uuid::from(request.incarnation_id)),
        (3, INCARNATION)
    );
    assert_eq!(request.listeners[0].name.as_str(), "CONTROLLER");
    assert_eq!(request.features.len(), SUPPORTED_FEATURES.len());
    assert_eq!(own.waits(at(1)), None, "one at a time");
    own.on_response(&ControllerRegistrationResponse::default(), at(2));
    assert_eq!(
        own.waits(at(2)),
        Some(Duration::from_millis(10_002)),
        "the metadata is to show it"
    );
    own.published(&at_level(15, Some(INCARNATION)));
    assert_eq!(own.waits(at(20_000)), None);
}

#[test]
fn a_registration_of_an_earlier_start_is_replaced_and_failures_are_repeated() {
    let mut own = own();
    own.published(&at_level(30, Some(Uuid::from_u128(1))));
    own.registers(at(0));
    own.on_failure(at(0));
    let first = own.waits(at(0)).unwrap();
    assert!((16..=24).contains(&first.as_millis()), "{first:?}");
    let mut now = first.as_millis() as u64 + 1;
    for _ in 0..12 {
        own.registers(at(now));
        let refusal = ControllerRegistrationResponse::default().with_error_code(ErrorCode::NotController.code());
        own.on_response(&refusal, at(now));
        now = own.waits(at(now)).unwrap().as_millis() as u64 + 1;
    }
    own.registers(at(now));
    own.on_failure(at(now));
    assert!(own.waits(at(now)).unwrap() > Duration::from_millis(now + 3000));
    own.controller_changed(at(now));
    own.registers(at(now + 20));
    own.on_response(&ControllerRegistrationResponse::default(), at(now + 20));
    own.on_failure(at(now + 21));
    own.on_response(&ControllerRegistrationResponse::default(), at(now + 22));
    assert_eq!(
        own.waits(at(now + 22)),
        Some(Duration::from_millis(now + 10_020)),
        "an answer counts once"
    );
}

#[test]
fn two_processes_of_one_id_do_not_fill_the_log() {
    let mut own = own();
    own.published(&at_level(30, None));
    own.registers(at(0));
    own.on_response(&ControllerRegistrationResponse::default(), at(0));
    own.published(&at_level(30, Some(INCARNATION)));
    own.published(&at_level(30, Some(Uuid::from_u128(1))));
    assert_eq!(own.waits(at(100)), Some(Duration::from_secs(10)));
    own.registers(at(10_000));
}

#[test]
fn the_active_controller_takes_the_registration_and_its_log_ends_it() {
    let mut server = Server::start(SimDisk::default(), Duration::ZERO);
    let mut own = own();
    own.published(server.image());
    let request = own.registers(at(0));
    server.swallow(0, 0, &request, Duration::ZERO);
    let mut server = Server::start(server.crash(), Duration::from_secs(1));
    own.on_failure(at(1000));
    own.published(server.image());
    let request = own.registers(at(1100));
    let response = server.call(0, 0, &request, Duration::from_secs(2));
    own.on_response(&response, at(2000));
    own.published(server.image());
    assert_eq!(own.waits(at(60_000)), None);
    let known: Vec<i32> = server.image().controllers().map(|c| c.controller_id).collect();
    assert_eq!(known, [3]);
}
