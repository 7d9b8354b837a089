use protocol::api::{Encodable as _, encode_request, split_request};
use protocol::config::NodeConfig;

use super::*;

#[test]
fn it_registers_with_all_that_the_controller_wants_to_know() {
    let mut broker = starting();
    let request = broker.registers(at(0));
    assert_eq!((request.broker_id.0, request.cluster_id.as_str()), (2, "cluster"));
    assert_eq!(Uuid::from(request.incarnation_id), INCARNATION);
    let listener = &request.listeners[0];
    assert_eq!(
        (listener.name.as_str(), listener.host.as_str(), listener.port),
        ("PLAINTEXT", "h", 9092)
    );
    assert_eq!(request.rack.as_deref(), Some("r"));
    let dirs: Vec<Uuid> = request.log_dirs.iter().copied().map(Uuid::from).collect();
    assert_eq!(dirs, [DIR_A, DIR_B]);
    assert_eq!(request.previous_broker_epoch, 17);
    let features: Vec<(&str, i16, i16)> = request
        .features
        .iter()
        .map(|f| (f.name.as_str(), f.min_supported_version, f.max_supported_version))
        .collect();
    let supported: Vec<(&str, i16, i16)> = SUPPORTED_FEATURES.iter().map(|f| (f.name, f.min, f.max)).collect();
    assert_eq!(features, supported);
    assert_eq!(
        broker.waits(at(0)),
        Some(Duration::from_secs(60)),
        "one request at a time"
    );
}

#[test]
fn the_request_can_be_written_in_every_version_and_keeps_what_the_version_has() {
    let request = starting().registers(at(0));
    for version in 0..=4 {
        assert!(request.compute_size(version).is_ok(), "v{version}");
        let mut frame = encode_request(version, 1, "test", &request).unwrap();
        let (header, body) = split_request(frame.split_off(4)).unwrap();
        let read: BrokerRegistrationRequest = protocol::api::decode_request(header.api_version, body, 1 << 20).unwrap();
        assert_eq!(read.log_dirs.len(), if version >= 2 { 2 } else { 0 }, "v{version}");
        assert_eq!(
            read.previous_broker_epoch,
            if version >= 3 { 17 } else { -1 },
            "v{version}"
        );
    }
}

#[test]
fn timeouts_are_as_configured() {
    let keys = [
        ("process.roles", "broker"),
        ("node.id", "1"),
        ("controller.quorum.voters", "9@localhost:9093"),
        ("controller.listener.names", "CONTROLLER"),
        ("broker.heartbeat.interval.ms", "500"),
        ("initial.broker.registration.timeout.ms", "7000"),
    ];
    let config = NodeConfig::parse(keys).unwrap();
    let expected = LifecycleTimeouts {
        heartbeat_interval: Duration::from_millis(500),
        registration: Duration::from_secs(7),
        ..timeouts()
    };
    assert_eq!(LifecycleTimeouts::of(&config), expected);
}

#[test]
fn tries_become_rarer_until_another_controller_is_active() {
    let mut broker = starting();
    let mut now = Duration::ZERO;
    let mut waits = Vec::new();
    for _ in 0..10 {
        let time = Now { wall_ms: 0, mono: now };
        broker.registers(time);
        broker.on_failure(time);
        let until = broker.waits(time).unwrap();
        waits.push((until - now).as_millis());
        now = until;
    }
    let nominal = [20, 40, 80, 160, 320, 640, 1000, 1000, 1000, 1000];
    for (wait, nominal) in waits.iter().zip(nominal) {
        assert!((nominal * 8 / 10..=nominal * 12 / 10).contains(wait), "{waits:?}");
    }
    let last = &waits[6..];
    assert!(last.iter().any(|wait| *wait != last[0]), "there is jitter: {waits:?}");
    let time = Now { wall_ms: 0, mono: now };
    broker.registers(time);
    broker.on_registration(&refused(ErrorCode::NotController), time);
    assert!(broker.waits(time).unwrap() > now + Duration::from_millis(500));
    broker.controller_changed();
    let soon = now + Duration::from_millis(10);
    broker.registers(Now { wall_ms: 0, mono: soon });
    broker.on_registration(&accepted(5), Now { wall_ms: 0, mono: soon });
    assert_eq!(broker.take_notices(), [LifecycleNotice::Registered { epoch: 5 }]);
    assert_eq!(broker.epoch(), Some(5));
}

#[test]
fn what_no_retry_mends_is_told_in_words_that_help() {
    let cases = [
        (ErrorCode::InconsistentClusterId, "another cluster than cluster"),
        (ErrorCode::UnsupportedVersion, "feature level"),
        (ErrorCode::InvalidRegistration, "directory.id"),
    ];
    for (code, words) in cases {
        let mut broker = starting();
        broker.registers(at(0));
        broker.on_registration(&refused(code), at(5));
        let notices = broker.take_notices();
        let [LifecycleNotice::Failed(reason)] = notices.as_slice() else {
            panic!("{notices:?}")
        };
        assert!(reason.contains(words), "{reason}");
        assert_eq!(broker.waits(at(5000)), None);
        broker.startup_finished();
        broker.published(&registered(100, 100, true));
        broker.controller_changed();
        assert_eq!(broker.waits(at(70_000)), None, "it is over");
        assert!(broker.take_notices().is_empty());
    }
}

#[test]
fn the_session_of_an_earlier_start_is_waited_for_and_the_first_registration_has_an_end() {
    let mut broker = starting();
    let mut now = 0;
    let mut tries = 0;
    while now < 9000 {
        broker.registers(at(now));
        broker.on_registration(&refused(ErrorCode::DuplicateBrokerRegistration), at(now));
        tries += 1;
        now = broker.waits(at(now)).unwrap().as_millis() as u64 + 1;
    }
    assert!((10..30).contains(&tries), "{tries}");
    assert!(broker.take_notices().is_empty());
    broker.registers(at(now));
    let until = broker.waits(at(now));
    assert_eq!(
        until,
        Some(Duration::from_secs(60)),
        "even while a request is on its way"
    );
    assert_eq!(broker.waits(at(60_000)), None);
    let notices = broker.take_notices();
    let [LifecycleNotice::Failed(reason)] = notices.as_slice() else {
        panic!("{notices:?}")
    };
    assert!(reason.contains("60000 ms") && reason.contains("node.id"), "{reason}");
    broker.on_registration(&accepted(9), at(60_001));
    assert!(broker.take_notices().is_empty(), "too late");
    let mut unheard = starting();
    unheard.registers(at(0));
    unheard.on_failure(at(0));
    unheard.waits(at(60_000));
    let notices = unheard.take_notices();
    assert!(matches!(&notices[..], [LifecycleNotice::Failed(reason)] if reason.contains("controller.quorum.voters")));
}

#[test]
fn it_asks_to_lead_once_it_has_started_and_knows_of_its_registration() {
    let mut broker = starting();
    broker.registers(at(0));
    broker.on_registration(&accepted(100), at(0));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Registered { epoch: 100 }]);
    assert_eq!(broker.waits(at(0)), Some(Duration::from_millis(10)));
    let beat = broker.beats(at(10));
    assert_eq!((beat.broker_id.0, beat.broker_epoch), (2, 100));
    assert!(beat.want_fence && !beat.want_shut_down);
    assert_eq!(beat.current_metadata_offset, -1);
    broker.on_heartbeat(&beaten(false, true), at(12));
    assert_eq!(broker.waits(at(12)), Some(Duration::from_millis(2012)));
    broker.published(&image(50, vec![register(2, Uuid::from_u128(1), 40, false)]));
    assert_eq!(
        broker.waits(at(100)),
        Some(Duration::from_millis(2012)),
        "that was an earlier start"
    );
    broker.published(&registered(100, 100, true));
    let beat = broker.beats(at(110));
    assert!(beat.want_fence, "it knows, and has not started");
    broker.on_heartbeat(&beaten(true, true), at(112));
    broker.startup_finished();
    let beat = broker.beats(at(121));
    assert!(!beat.want_fence && beat.current_metadata_offset == 100);
    broker.on_heartbeat(&beaten(true, false), at(121));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Unfenced]);
    broker.published(&registered(101, 100, false));
    assert!(broker.take_notices().is_empty(), "it is told once");
    assert_eq!(broker.waits(at(121)), Some(Duration::from_millis(2121)));
    assert!(!broker.beats(at(2121)).want_fence);
}

#[test]
fn it_says_at_once_that_it_has_caught_up() {
    let mut broker = starting();
    broker.startup_finished();
    broker.registers(at(0));
    broker.on_registration(&accepted(100), at(0));
    broker.published(&registered(100, 100, true));
    broker.beats(at(10));
    // It was registered twice, as an answer got lost; the second record is at 105.
    broker.on_heartbeat(&beaten(false, true), at(12));
    assert_eq!(broker.waits(at(12)), Some(Duration::from_millis(2012)));
    broker.published(&registered(105, 100, true));
    assert_eq!(broker.beats(at(20)).current_metadata_offset, 105);
    broker.published(&registered(106, 100, true));
    broker.on_heartbeat(&beaten(false, true), at(22));
    assert_eq!(
        broker.beats(at(30)).current_metadata_offset,
        106,
        "what came meanwhile too"
    );
}

#[test]
fn failed_heartbeats_are_repeated_soon() {
    let mut broker = serving();
    broker.beats(at(2010));
    broker.on_failure(at(2500));
    let again = broker.waits(at(2500)).unwrap();
    assert!((2516..=2524).contains(&again.as_millis()), "{again:?}");
    broker.beats(at(2530));
    broker.on_heartbeat(
        &beaten(false, true).with_error_code(ErrorCode::NotController.code()),
        at(2530),
    );
    let again = broker.waits(at(2530)).unwrap();
    assert!((2562..=2578).contains(&again.as_millis()), "{again:?}");
    broker.beats(at(2600));
    broker.on_heartbeat(&beaten(true, false), at(2600));
    assert_eq!(broker.waits(at(2600)), Some(Duration::from_millis(4600)));
    assert!(broker.take_notices().is_empty());
}

#[test]
fn an_answer_counts_once_and_only_for_what_was_asked() {
    let mut broker = serving();
    broker.on_heartbeat(&beaten(true, true).with_should_shut_down(true), at(20));
    broker.on_registration(&accepted(7), at(20));
    broker.on_failure(at(20));
    assert_eq!((broker.epoch(), broker.take_notices().len()), (Some(100), 0));
    assert_eq!(broker.waits(at(20)), Some(Duration::from_millis(2010)));
    broker.beats(at(2010));
    broker.on_registration(&accepted(7), at(2011));
    assert_eq!(broker.waits(at(2011)), None, "the heartbeat is still on its way");
    broker.on_heartbeat(&beaten(true, false).with_should_shut_down(true), at(2012));
    assert!(broker.take_notices().is_empty(), "it does not want to stop");
}

#[test]
fn failed_directories_are_told_at_once_and_in_every_heartbeat_from_then_on() {
    let mut broker = serving();
    broker.directory_failed(DIR_A, at(100));
    let dirs = |beat: &BrokerHeartbeatRequest| {
        beat.offline_log_dirs
            .iter()
            .copied()
            .map(Uuid::from)
            .collect::<Vec<_>>()
    };
    assert_eq!(dirs(&broker.beats(at(100))), [DIR_A]);
    broker.directory_failed(DIR_B, at(101));
    broker.on_heartbeat(&beaten(true, false), at(105));
    assert_eq!(
        dirs(&broker.beats(at(110))),
        [DIR_A, DIR_B],
        "what failed meanwhile too"
    );
    broker.on_heartbeat(&beaten(true, false), at(110));
    broker.directory_failed(DIR_A, at(120));
    assert_eq!(broker.waits(at(120)), Some(Duration::from_millis(2110)), "it is known");
    let beat = broker.beats(at(2110));
    assert_eq!(dirs(&beat), [DIR_A, DIR_B]);
    assert!(
        beat.compute_size(0).is_ok(),
        "also for a controller that does not know of directories"
    );
    broker.on_heartbeat(&beaten(true, false), at(2110));
    broker.beats(at(31_000));
    assert!(broker.take_notices().is_empty(), "the controller knows");
}

#[test]
fn a_broker_that_cannot_tell_of_a_failed_directory_stops() {
    let mut broker = serving();
    broker.directory_failed(DIR_A, at(100));
    let mut now = 100;
    while let BrokerStep::Heartbeat(_) = broker.next(at(now)) {
        broker.on_failure(at(now));
        let Some(until) = broker.waits(at(now)) else { break };
        now = until.as_millis() as u64 + 1;
    }
    assert!((30_100..30_102).contains(&now), "{now}");
    let notices = broker.take_notices();
    assert!(
        matches!(&notices[..], [LifecycleNotice::Failed(reason)] if reason.contains("log.dir.failure.timeout.ms")),
        "{notices:?}"
    );
}

#[test]
fn the_registration_is_amended_once_when_log_directories_come_into_the_metadata() {
    let without = |offset| {
        let record = RegisterBrokerRecord {
            broker_id: 2,
            incarnation_id: INCARNATION,
            broker_epoch: 100,
            fenced: false,
            ..Default::default()
        };
        let mut image = image(100, vec![record.into()]);
        image.advance(offset, 1, 0);
        image
    };
    let mut broker = serving();
    broker.published(&without(120));
    let request = broker.registers(at(100));
    assert_eq!(request.log_dirs.len(), 2);
    assert_eq!(broker.epoch(), Some(100), "it keeps its epoch meanwhile");
    broker.on_failure(at(100));
    broker.registers(at(200));
    broker.on_registration(&accepted(100), at(200));
    broker.published(&without(121));
    assert_eq!(broker.beats(at(300)).broker_epoch, 100, "this metadata is from before");
    assert!(broker.take_notices().is_empty(), "it leads all the time");
}
