//! Controlled shutdown.

use super::*;

fn go() -> BrokerHeartbeatResponse {
    beaten(true, true).with_should_shut_down(true)
}

#[test]
fn a_broker_asks_often_until_it_may_stop() {
    let mut broker = serving();
    broker.begin_shutdown(at(500));
    let mut now = 500;
    let mut waits = Vec::new();
    for _ in 0..8 {
        let beat = broker.beats(at(now));
        assert!(beat.want_shut_down && beat.broker_epoch == 100);
        broker.on_heartbeat(&beaten(true, false), at(now));
        let until = broker.waits(at(now)).unwrap().as_millis() as u64 + 1;
        waits.push(until - now);
        now = until;
    }
    assert!(waits[0] <= 13 && waits[1] <= 25, "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= 601), "{waits:?}");
    broker.beats(at(now));
    broker.on_heartbeat(&go(), at(now));
    assert_eq!(
        broker.take_notices(),
        [LifecycleNotice::Fenced, LifecycleNotice::MayStop { clean: true }]
    );
    assert_eq!(
        broker.waits(at(now + 10_000)),
        None,
        "a heartbeat would let it lead again"
    );
    broker.begin_shutdown(at(now));
    assert!(broker.take_notices().is_empty());
}

#[test]
fn permission_that_was_not_asked_for_is_none() {
    let mut broker = serving();
    broker.beats(at(2010));
    broker.begin_shutdown(at(2011));
    broker.on_heartbeat(&beaten(true, false).with_should_shut_down(true), at(2012));
    assert!(broker.take_notices().is_empty());
    assert!(
        broker.beats(at(2020)).want_shut_down,
        "at once, and not at the next interval"
    );
}

#[test]
fn failures_do_not_hurry_it() {
    let mut broker = serving();
    broker.begin_shutdown(at(500));
    for now in [500, 600, 700] {
        broker.beats(at(now));
        broker.on_failure(at(now));
    }
    assert!(broker.waits(at(710)).unwrap() > Duration::from_millis(750));
}

#[test]
fn a_broker_that_never_asked_to_lead_stops_at_once() {
    let clean = [LifecycleNotice::MayStop { clean: true }];
    let mut unregistered = starting();
    unregistered.begin_shutdown(at(5));
    assert_eq!(unregistered.take_notices(), clean);
    let mut asking = starting();
    asking.registers(at(0));
    asking.begin_shutdown(at(5));
    assert_eq!(asking.take_notices(), clean);
    asking.on_registration(&accepted(100), at(6));
    assert!(asking.take_notices().is_empty());
    assert_eq!(asking.waits(at(1000)), None);
    let mut fenced = starting();
    fenced.registers(at(0));
    fenced.on_registration(&accepted(100), at(0));
    fenced.beats(at(10));
    fenced.on_heartbeat(&beaten(false, true), at(10));
    fenced.take_notices();
    fenced.begin_shutdown(at(20));
    assert_eq!(fenced.take_notices(), clean);
    let mut again = serving();
    again.published(&image(140, vec![unregister(2, 100)]));
    again.registers(at(500));
    again.on_registration(&accepted(141), at(500));
    again.take_notices();
    again.begin_shutdown(at(500));
    assert_eq!(again.take_notices(), clean, "what it led before is led by others");
    // An answer that got lost may have let it lead.
    let mut maybe = starting();
    maybe.startup_finished();
    maybe.registers(at(0));
    maybe.on_registration(&accepted(100), at(0));
    maybe.published(&registered(100, 100, true));
    maybe.beats(at(10));
    maybe.on_failure(at(10));
    maybe.take_notices();
    maybe.begin_shutdown(at(20));
    assert!(maybe.take_notices().is_empty());
    assert!(maybe.beats(at(100)).want_shut_down);
}

#[test]
fn without_permission_it_stops_after_a_while() {
    let mut broker = serving();
    broker.begin_shutdown(at(500));
    broker.beats(at(500));
    assert_eq!(broker.waits(at(500)), Some(Duration::from_millis(300_500)));
    broker.waits(at(300_499));
    assert!(broker.take_notices().is_empty());
    broker.waits(at(300_500));
    assert_eq!(broker.take_notices(), [LifecycleNotice::MayStop { clean: false }]);
    let mut config = config(2);
    config.timeouts.shutdown = Duration::from_secs(1);
    let mut impatient = serving_as(config);
    impatient.begin_shutdown(at(500));
    impatient.waits(at(1500));
    assert_eq!(impatient.take_notices(), [LifecycleNotice::MayStop { clean: false }]);
}

#[test]
fn a_broker_whose_controllers_are_gone_stops_without_them() {
    let mut broker = serving();
    broker.beats(at(2010));
    broker.controllers_gone();
    assert!(broker.take_notices().is_empty(), "it does not want to stop");
    broker.on_failure(at(2010));
    broker.begin_shutdown(at(2500));
    broker.beats(at(2500));
    broker.controllers_gone();
    assert_eq!(broker.take_notices(), [LifecycleNotice::MayStop { clean: false }]);
}

#[test]
fn a_broker_that_reaches_no_controller_for_a_session_stops() {
    let mut broker = serving();
    broker.begin_shutdown(at(500));
    let session = config(2).timeouts.session;
    let (mut now, mut told) = (500, Vec::new());
    while told.is_empty() {
        broker.beats(at(now));
        broker.on_failure(at(now));
        told = broker.take_notices();
        now = broker.waits(at(now)).map_or(now, |until| until.as_millis() as u64 + 1);
    }
    assert_eq!(told, [LifecycleNotice::MayStop { clean: false }]);
    let stopped = Duration::from_millis(now);
    assert!(
        stopped >= session && stopped < session + Duration::from_secs(3),
        "{stopped:?}"
    );
}

#[test]
fn a_broker_without_registration_has_nothing_to_hand_over() {
    let mut removed = serving();
    removed.published(&image(140, vec![unregister(2, 100)]));
    removed.take_notices();
    removed.begin_shutdown(at(500));
    assert_eq!(removed.take_notices(), [LifecycleNotice::MayStop { clean: false }]);
    let mut leaving = serving();
    leaving.begin_shutdown(at(500));
    leaving.published(&image(140, vec![unregister(2, 100)]));
    let gone = [LifecycleNotice::Fenced, LifecycleNotice::MayStop { clean: false }];
    assert_eq!(leaving.take_notices(), gone);
}

#[test]
fn while_another_broker_leaves_everybody_tells_at_once_how_far_they_are() {
    let mut broker = serving();
    broker.beats(at(2010));
    broker.on_heartbeat(&beaten(true, false), at(2010));
    let leaving = |offset, fenced: i8| {
        let own = register(2, INCARNATION, 100, false);
        let other = register(3, Uuid::from_u128(3), 90, false);
        image(offset, vec![own, other, change(3, 90, fenced, true)])
    };
    broker.published(&leaving(200, 0));
    assert_eq!(broker.beats(at(2050)).current_metadata_offset, 200);
    broker.on_heartbeat(&beaten(true, false), at(2050));
    broker.published(&leaving(200, 0));
    assert_eq!(broker.waits(at(2100)), Some(Duration::from_millis(4050)), "nothing new");
    broker.published(&leaving(201, 1));
    assert_eq!(broker.waits(at(2100)), Some(Duration::from_millis(4050)), "it has left");
}
