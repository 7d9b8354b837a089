//! Registrations that are removed, replaced or not known.

use super::*;

const OTHER: Uuid = Uuid::from_u128(1234);

fn stale() -> BrokerHeartbeatResponse {
    beaten(false, true).with_error_code(ErrorCode::StaleBrokerEpoch.code())
}

#[test]
fn a_broker_that_is_fenced_comes_back_with_a_heartbeat() {
    let mut broker = serving();
    let fenced = vec![register(2, INCARNATION, 100, false), change(2, 100, 1, false)];
    broker.published(&image(130, fenced));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Fenced]);
    assert!(!broker.beats(at(500)).want_fence);
    broker.on_heartbeat(&beaten(true, false), at(500));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Unfenced]);
    broker.published(&registered(131, 100, false));
    assert!(broker.take_notices().is_empty());
    assert_eq!(broker.waits(at(500)), Some(Duration::from_millis(2500)));
}

#[test]
fn a_broker_whose_registration_is_removed_registers_again_and_leads_nothing_meanwhile() {
    let mut broker = serving();
    broker.beats(at(2010));
    broker.published(&image(
        140,
        vec![register(2, INCARNATION, 100, false), unregister(2, 100)],
    ));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Fenced]);
    assert_eq!(broker.epoch(), None);
    broker.on_heartbeat(&beaten(true, false), at(2011));
    assert!(broker.take_notices().is_empty(), "an answer about the past");
    let request = broker.registers(at(2020));
    assert_eq!(Uuid::from(request.incarnation_id), INCARNATION);
    assert_eq!(
        request.previous_broker_epoch, -1,
        "an earlier start's end says nothing of now"
    );
    broker.on_failure(at(2020));
    broker.registers(at(100_000));
    broker.on_registration(&accepted(141), at(100_000));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Registered { epoch: 141 }]);
    let beat = broker.beats(at(100_010));
    assert!(beat.want_fence && beat.broker_epoch == 141);
    broker.published(&registered(141, 141, true));
    broker.on_heartbeat(&beaten(false, true), at(100_010));
    assert!(!broker.beats(at(100_020)).want_fence);
    broker.on_heartbeat(&beaten(true, false), at(100_020));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Unfenced]);
}

#[test]
fn a_broker_that_another_process_replaced_leads_no_more_and_gives_up_if_that_one_lives() {
    let mut broker = serving();
    broker.published(&image(150, vec![register(2, OTHER, 150, true)]));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Fenced]);
    let mut now = 1000;
    while let BrokerStep::Register(_) = broker.next(at(now)) {
        broker.on_registration(&refused(ErrorCode::DuplicateBrokerRegistration), at(now));
        let Some(until) = broker.waits(at(now)) else { break };
        now = until.as_millis() as u64 + 1;
    }
    assert!((61_000..61_002).contains(&now), "{now}");
    let notices = broker.take_notices();
    assert!(
        matches!(&notices[..], [LifecycleNotice::Failed(reason)] if reason.contains("another process")),
        "{notices:?}"
    );
}

#[test]
fn an_epoch_that_a_late_request_gave_it_is_asked_for() {
    let mut broker = serving();
    broker.published(&image(150, vec![register(2, INCARNATION, 150, true)]));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Fenced]);
    broker.registers(at(100));
    broker.on_registration(&accepted(150), at(100));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Registered { epoch: 150 }]);
    assert!(!broker.beats(at(110)).want_fence);
}

#[test]
fn an_epoch_that_a_controller_does_not_know_is_fenced_and_the_log_decides() {
    let mut broker = serving();
    broker.beats(at(2010));
    broker.on_heartbeat(&stale(), at(2010));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Fenced]);
    assert_eq!(
        broker.beats(at(2100)).broker_epoch,
        100,
        "that controller may have been deposed"
    );
    broker.published(&registered(160, 100, false));
    broker.on_heartbeat(&stale(), at(2100));
    broker.published(&registered(161, 100, false));
    assert!(broker.take_notices().is_empty());
    broker.beats(at(3000));
    broker.on_heartbeat(&beaten(true, false), at(3000));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Unfenced]);
    // Its controller was not the deposed one.
    broker.beats(at(5000));
    broker.on_heartbeat(&stale(), at(5000));
    broker.published(&image(170, vec![unregister(2, 100)]));
    broker.registers(at(5500));
}

#[test]
fn a_registration_that_is_not_in_the_metadata_yet_is_no_lost_one() {
    let mut broker = starting();
    broker.startup_finished();
    broker.registers(at(0));
    broker.on_registration(&accepted(100), at(0));
    // Apache Kafka's epochs may be lower than the offset of the record, which comes after others.
    broker.published(&image(100, vec![register(2, OTHER, 40, true)]));
    assert_eq!(broker.epoch(), Some(100));
    broker.beats(at(10));
    broker.on_heartbeat(&stale(), at(10));
    assert_eq!(
        broker.epoch(),
        None,
        "a controller says that it is gone, and the metadata does not say otherwise"
    );
    broker.registers(at(100));
}

#[test]
fn lagging_metadata_does_not_undo_what_a_controller_said() {
    let mut broker = starting();
    broker.startup_finished();
    broker.registers(at(0));
    broker.on_registration(&accepted(100), at(0));
    broker.published(&registered(100, 100, true));
    broker.beats(at(10));
    broker.on_heartbeat(&beaten(true, false), at(10));
    broker.take_notices();
    broker.published(&registered(101, 100, true));
    assert!(broker.take_notices().is_empty());
    broker.beats(at(2010));
    broker.on_heartbeat(&stale(), at(2010));
    assert_eq!(broker.take_notices(), [LifecycleNotice::Fenced]);
    broker.published(&registered(102, 100, false));
    assert!(broker.take_notices().is_empty(), "a controller has just refused it");
}
