//! Fetchers: sessions, truncation, what fails, throttles.

use super::*;

#[test]
fn partitions_are_replicated_and_an_acks_all_write_is_answered_when_they_are() {
    let (leader, mut follower) = started();
    let Outcome::Wait(mut pending) = outcome(&leader, 9, &produce("t1", 2, &["a", "b"]), seconds(1)) else {
        panic!("it has to wait")
    };
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!(follower.sent, (6, 18, 0, 0));
    assert!(pending.poll(seconds(1), Waker::noop()).is_pending());
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!((follower.sent.0, follower.sent.3), (1, 1), "only what has changed");
    let Poll::Ready(reply) = pending.poll(seconds(1), Waker::noop()) else {
        panic!("both have it")
    };
    let answered = decoded::<ProduceRequest>(9, reply);
    let partition = &answered.responses[0].partition_responses[0];
    assert_eq!((partition.error_code, partition.base_offset), (0, 0));
    assert_eq!(offsets(&follower.broker, 1, 2), (0, 2, 2));
    follower.rounds(&leader, 3, seconds(2));
    assert_eq!((follower.sent.0, follower.sent.3), (0, 4));
}

#[test]
fn a_follower_with_other_records_truncates_and_roles_change() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["both"]), seconds(1));
    follower.rounds(&leader, 2, seconds(1));
    call(&leader, 9, &produce("t0", 0, &["one alone", "one alone"]), seconds(1));
    for broker in [&leader, &follower.broker] {
        broker.publish(image(2, (6, 6)), seconds(2));
    }
    assert_eq!(follower.assign(), (0, 6), "it leads now");
    assert!(follower.fetchers.is_empty());
    let (leader, mut follower) = (follower.broker, Follower::new(leader));
    assert_eq!(follower.assign(), (6, 0));
    call(&leader, 9, &produce("t0", 0, &["two"]), seconds(2));
    follower.rounds(&leader, 4, seconds(2));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 2, 2));
    assert_eq!(offsets(&leader, 0, 0), (0, 2, 2));
}

#[test]
fn a_partition_out_of_range_asks_where_the_leader_starts() {
    let (leader, mut follower) = started();
    let partition = leader.partition_by_id(topic(0), 1).unwrap();
    let shrunk = PartitionImage {
        isr: vec![1],
        partition_epoch: 6,
        ..leader
            .image()
            .topics()
            .by_id(topic(0))
            .unwrap()
            .partition(1)
            .unwrap()
            .clone()
    };
    partition.update(shrunk, config(), 1, seconds(0));
    call(&leader, 9, &produce("t0", 1, &["a", "b", "c"]), seconds(100));
    partition.delete_records(-1).unwrap();
    call(&leader, 9, &produce("t0", 1, &["d"]), seconds(100));
    follower.rounds(&leader, 5, seconds(100));
    assert_eq!(offsets(&follower.broker, 0, 1), (3, 4, 4));
}

#[test]
fn what_fails_is_tried_again_after_a_while_and_a_fenced_epoch_waits_for_metadata() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    follower.fetcher().on_failure(seconds(1));
    assert_eq!(follower.round(&leader, seconds(1)), Some(Some(after_ms(1, 20).mono)));
    follower.rounds(&leader, 2, seconds(2));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 1, 1));

    // The leader does not know the epoch yet.
    follower.broker.publish(image(1, (6, 6)), seconds(3));
    assert_eq!(follower.assign(), (6, 0));
    follower.rounds(&leader, 1, seconds(3));
    assert_eq!(follower.round(&leader, seconds(3)), Some(Some(after_ms(3, 20).mono)));
    // Then it knows a later one.
    leader.publish(image(1, (7, 7)), seconds(4));
    follower.rounds(&leader, 1, seconds(4));
    assert_eq!(follower.round(&leader, seconds(5)), Some(None));
    assert_eq!(follower.fetcher().failed_count(), 6);
    follower.broker.publish(image(1, (7, 7)), seconds(6));
    assert_eq!(follower.assign(), (6, 0));
    call(&leader, 9, &produce("t0", 0, &["b"]), seconds(6));
    follower.rounds(&leader, 2, seconds(6));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 2, 2));
}

fn after_ms(count: u64, ms: u64) -> Now {
    Now {
        mono: Duration::from_secs(count) + Duration::from_millis(ms),
        ..seconds(count)
    }
}

/// How long it waits after each of eight failures in a row, and after one that follows a success.
fn waits_ms(mut fail: impl FnMut(Now, bool) -> Duration) -> Vec<u128> {
    let fails = [true, true, true, true, true, true, true, true, false, true];
    let waits = (1..).zip(fails).map(|(at, fails)| {
        let now = seconds(10 * at);
        fail(now, fails).saturating_sub(now.mono).as_millis()
    });
    waits.collect()
}

const WAITS_MS: [u128; 10] = [20, 40, 80, 160, 320, 640, 1000, 1000, 0, 20];

#[test]
fn a_leader_that_is_not_reached_is_tried_soon_and_then_less_often() {
    let (leader, mut follower) = started();
    let waits = waits_ms(|now, fails| {
        let fate = if fails { Fate::LostThere } else { Fate::Answered };
        assert_eq!(follower.round_with(1, &leader, fate, now), None);
        if !fails {
            return now.mono;
        }
        follower.round(&leader, now).flatten().unwrap()
    });
    assert_eq!(waits, WAITS_MS);
}

#[test]
fn a_partition_that_the_leader_does_not_know_yet_is_tried_soon_and_then_less_often() {
    let (leader, mut follower) = (broker(1), Follower::new(broker(2)));
    follower.config.wait_max_ms = 5000;
    let behind = image(1, (5, 5));
    let mut ahead = behind.clone();
    add_partition(&mut ahead, 0, 3, &[1, 2], (1, 5, 5));
    follower.broker.publish(ahead.clone(), seconds(1));
    assert_eq!(follower.assign(), (7, 0));
    let waits = waits_ms(|now, fails| {
        let known = if fails { &behind } else { &ahead };
        leader.publish(known.clone(), now);
        assert_eq!(follower.round(&leader, now), None);
        if !fails {
            return now.mono;
        }
        // The others are fetched meanwhile, but the leader does not hold the answer up for longer than that.
        let Step::Send(FetcherRequest::Fetch(request), version) = follower.fetcher().next(now, LEVEL) else {
            panic!("the others are fetched")
        };
        let response = call(&leader, version, &request, now);
        follower.fetcher().on_response(FetcherResponse::Fetch(response), now);
        now.mono + Duration::from_millis(request.max_wait_ms as u64)
    });
    assert_eq!(waits, WAITS_MS);
}

#[test]
fn a_session_that_the_leader_forgot_is_opened_anew_at_once() {
    let (leader, mut follower) = started();
    follower.rounds(&leader, 2, seconds(1));
    let (_, _, session_id, epoch) = follower.sent;
    assert!(session_id != 0 && epoch == 1);
    let close = FetchRequest::default()
        .with_session_id(session_id)
        .with_session_epoch(-1);
    call(&leader, 12, &close, seconds(1));
    follower.rounds(&leader, 2, seconds(1));
    assert_eq!((follower.sent.0, follower.sent.3), (6, 0));
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!((follower.sent.0, follower.sent.3), (0, 1));
}

#[test]
fn an_answer_for_what_was_not_asked_changes_nothing() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    let Step::Send(FetcherRequest::Fetch(request), version) = follower.fetcher().next(seconds(1), LEVEL) else {
        panic!("it fetches")
    };
    assert!(
        matches!(follower.fetcher().next(seconds(1), LEVEL), Step::Wait(None)),
        "one at a time"
    );
    let mut response: FetchResponse = call(&leader, version, &request, seconds(1));
    response.responses[0].topic_id = Uuid::from_u128(5).into();
    follower
        .fetcher()
        .on_response(FetcherResponse::Fetch(response), seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 0, 0));
    follower.rounds(&leader, 2, seconds(9));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 1, 1));
}

#[test]
fn a_partition_that_goes_or_begins_another_epoch_while_a_fetch_is_on_its_way_is_left_alone() {
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    call(&leader, 9, &produce("t0", 1, &["a"]), seconds(1));
    let Step::Send(FetcherRequest::Fetch(request), version) = follower.fetcher().next(seconds(1), LEVEL) else {
        panic!("it fetches")
    };
    let response = call(&leader, version, &request, seconds(1));
    follower.fetcher().unfollow((topic(0), 0));
    let later = PartitionImage {
        leader_epoch: 6,
        partition_epoch: 6,
        ..leader
            .image()
            .topics()
            .by_id(topic(0))
            .unwrap()
            .partition(1)
            .unwrap()
            .clone()
    };
    let moved = follower.broker.partition_by_id(topic(0), 1).unwrap();
    moved.update(later.clone(), config(), 1, seconds(1));
    follower.fetcher().follow(moved);
    follower
        .fetcher()
        .on_response(FetcherResponse::Fetch(response), seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 0), (0, 0, 0));
    assert_eq!(offsets(&follower.broker, 0, 1), (0, 0, 0));
    let led = leader.partition_by_id(topic(0), 1).unwrap();
    led.update(later, config(), 1, seconds(1));
    follower.rounds(&leader, 2, seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 1).2, 1);
    assert_eq!(offsets(&follower.broker, 0, 0).2, 0, "forgotten in the session, too");
}

#[test]
fn a_throttled_partition_is_left_out_of_fetches_until_the_rate_allows() {
    let (leader, mut follower) = started_fetching_at_most(300);
    let mut throttled = image(1, (5, 5));
    let mut set = |resource_type, resource_name: &str, name: &str, value: &str| {
        let record = protocol::messages::metadata::ConfigRecord {
            resource_type,
            resource_name: resource_name.into(),
            name: name.into(),
            value: Some(value.into()),
            ..Default::default()
        };
        throttled.apply(record.into()).unwrap();
    };
    set(2, "t0", "follower.replication.throttled.replicas", "0:2,1:1");
    set(4, "2", "follower.replication.throttled.rate", "50");
    follower.broker.publish(throttled, seconds(1));
    let all: Vec<String> = (0..9).map(|at| at.to_string().repeat(150)).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    for value in &all {
        call(&leader, 9, &produce("t0", 0, &[value]), seconds(1));
        call(&leader, 9, &produce("t0", 1, &[value]), seconds(1));
    }
    // Members of the ISR that are behind what is committed, as after a restart.
    for index in [0, 1] {
        let partition = leader.partition_by_id(topic(0), index).unwrap();
        let shrunk = PartitionImage {
            isr: vec![1],
            partition_epoch: 6,
            ..leader
                .image()
                .topics()
                .by_id(topic(0))
                .unwrap()
                .partition(index)
                .unwrap()
                .clone()
        };
        partition.update(shrunk, config(), 1, seconds(100));
    }
    let mut got = Vec::new();
    for second in 100..145 {
        while follower.round(&leader, seconds(second)).is_none() && follower.sent.0 > 0 {}
        got.push(offsets(&follower.broker, 0, 0).2);
    }
    assert_eq!(
        offsets(&follower.broker, 0, 1).2,
        9,
        "its entry on the list is of another broker"
    );
    assert!(got[0] < 3 && got[44] == 9, "{got:?}");
    assert!(
        got.windows(2).all(|pair| pair[1] - pair[0] <= 1),
        "a batch at a time: {got:?}"
    );
    assert!(got[15] < 9, "{got:?}");
}
