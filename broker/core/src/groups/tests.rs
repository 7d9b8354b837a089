use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use protocol::api::ErrorCode;

use super::join::Joined;
use super::records::{group_record, offset_record};
use super::sync::Synced;
use super::*;

const SECOND: Duration = Duration::from_secs(1);
const ALONE: RecordAt = RecordAt {
    offset: 0,
    transaction_of: None,
};

fn settings() -> GroupSettings {
    GroupSettings {
        session_min_ms: 1000,
        session_max_ms: 60_000,
        size_max: 100,
        initial_delay: Duration::ZERO,
        metadata_max_bytes: 4096,
    }
}

fn request(member_id: &str, instance_id: Option<&str>) -> JoinRequest {
    JoinRequest {
        group_id: "g".into(),
        member_id: member_id.into(),
        instance_id: instance_id.map(str::to_owned),
        client_id: "c".into(),
        client_host: "h".into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 30_000,
        protocol_type: "consumer".into(),
        protocols: vec![("range".into(), Bytes::from_static(b"m"))],
        requires_known_member_id: false,
        supports_skip: true,
    }
}

fn join(shard: &mut Shard, member_id: &str, unique: &str, now: Duration) -> String {
    match shard.join(request(member_id, None), unique, now, &settings()) {
        Joined::Later(id) => id,
        Joined::Now(answer) => panic!("{answer:?}"),
    }
}

fn answer(shard: &mut Shard, member: &str) -> Option<JoinAnswer> {
    shard.poll_join("g", member, 1, Waker::noop())
}

/// Two members in a stable generation; the leader first.
fn stable(shard: &mut Shard) -> (String, String) {
    let first = join(shard, "", "1", Duration::ZERO);
    assert_eq!(answer(shard, &first).unwrap().generation, 1);
    let second = join(shard, "", "2", Duration::ZERO);
    assert!(answer(shard, &second).is_none(), "the first has to come back");
    join(shard, &first, "", Duration::ZERO);
    let joined = answer(shard, &first).unwrap();
    assert_eq!(
        (joined.generation, joined.leader.as_str(), joined.members.len()),
        (2, first.as_str(), 2)
    );
    assert!(answer(shard, &second).unwrap().members.is_empty());
    let group = shard.group_mut("g").unwrap();
    assert_eq!(group.sync(&second, None, 2, vec![], Duration::ZERO), Synced::Later);
    let parts = vec![
        (first.clone(), Bytes::from_static(b"A")),
        (second.clone(), Bytes::from_static(b"B")),
    ];
    let Synced::Assigned(parts) = group.sync(&first, None, 2, parts, Duration::ZERO) else {
        panic!()
    };
    group.assigned(&parts, Duration::ZERO);
    assert_eq!(
        shard.poll_sync("g", &second, 1, Waker::noop()),
        Some(Ok(Bytes::from_static(b"B")))
    );
    (first, second)
}

#[test]
fn two_members_share_what_their_leader_assigns() {
    let mut shard = Shard::default();
    let (first, second) = stable(&mut shard);
    let group = shard.group_mut("g").unwrap();
    assert_eq!(group.heartbeat(&first, None, 2, SECOND), Ok(()));
    assert_eq!(
        group.heartbeat(&second, None, 1, SECOND),
        Err(ErrorCode::IllegalGeneration)
    );
    assert_eq!(
        group.heartbeat("other", None, 2, SECOND),
        Err(ErrorCode::UnknownMemberId)
    );
    assert_eq!(
        group.sync(&second, None, 2, vec![], SECOND),
        Synced::Now(Ok(Bytes::from_static(b"B")))
    );
}

#[test]
fn a_member_that_leaves_or_falls_silent_makes_the_others_rejoin() {
    for silent in [false, true] {
        let mut shard = Shard::default();
        let (first, second) = stable(&mut shard);
        if silent {
            shard
                .group_mut("g")
                .unwrap()
                .heartbeat(&first, None, 2, 9 * SECOND)
                .unwrap();
            shard.tick(11 * SECOND, &settings());
        } else {
            shard
                .group_mut("g")
                .unwrap()
                .leave(&second, None, SECOND, &settings())
                .unwrap();
        }
        let group = shard.group_mut("g").unwrap();
        assert_eq!(
            group.heartbeat(&first, None, 2, 12 * SECOND),
            Err(ErrorCode::RebalanceInProgress)
        );
        join(&mut shard, &first, "", 12 * SECOND);
        let joined = answer(&mut shard, &first).unwrap();
        assert_eq!((joined.generation, joined.members.len()), (3, 1));
    }
}

#[test]
fn who_does_not_rejoin_in_time_is_left_behind() {
    let mut shard = Shard::default();
    let (first, second) = stable(&mut shard);
    join(&mut shard, "", "3", SECOND);
    join(&mut shard, &second, "", SECOND);
    for at in 1..40 {
        // It heartbeats, but does not rejoin.
        if let Some(group) = shard.group_mut("g") {
            let _ = group.heartbeat(&first, None, 2, at * SECOND);
        }
        shard.tick(at * SECOND, &settings());
    }
    let joined = answer(&mut shard, &second).unwrap();
    assert_eq!((joined.error, joined.generation), (None, 3));
    assert!(!shard.group("g").unwrap().members.contains_key(&first));
}

#[test]
fn new_members_come_back_with_the_id_they_are_given() {
    let mut shard = Shard::default();
    let asked = JoinRequest {
        requires_known_member_id: true,
        ..request("", None)
    };
    let Joined::Now(given) = shard.join(asked.clone(), "1", SECOND, &settings()) else {
        panic!()
    };
    assert_eq!(given.error, Some(ErrorCode::MemberIdRequired));
    let back = JoinRequest {
        member_id: given.member_id.clone(),
        ..asked
    };
    assert!(matches!(shard.join(back, "", SECOND, &settings()), Joined::Later(_)));
    assert_eq!(answer(&mut shard, &given.member_id).unwrap().generation, 1);
    let unknown = request("made-up", None);
    let Joined::Now(refused) = shard.join(unknown, "", SECOND, &settings()) else {
        panic!()
    };
    assert_eq!(refused.error, Some(ErrorCode::UnknownMemberId));
}

#[test]
fn a_static_member_takes_its_place_again_without_a_rebalance() {
    let mut shard = Shard::default();
    let Joined::Later(old) = shard.join(request("", Some("i")), "1", SECOND, &settings()) else {
        panic!()
    };
    answer(&mut shard, &old).unwrap();
    let group = shard.group_mut("g").unwrap();
    let Synced::Assigned(parts) = group.sync(
        &old,
        Some("i"),
        1,
        vec![(old.clone(), Bytes::from_static(b"A"))],
        SECOND,
    ) else {
        panic!()
    };
    group.assigned(&parts, Duration::ZERO);
    let Joined::Now(back) = shard.join(request("", Some("i")), "2", SECOND, &settings()) else {
        panic!()
    };
    assert_eq!((back.error, back.generation, back.skip_assignment), (None, 1, true));
    let group = shard.group_mut("g").unwrap();
    assert_eq!(
        group.heartbeat(&old, Some("i"), 1, SECOND),
        Err(ErrorCode::FencedInstanceId)
    );
    assert_eq!(
        group.sync(&back.member_id, Some("i"), 1, vec![], SECOND),
        Synced::Now(Ok(Bytes::from_static(b"A")))
    );
}

#[test]
fn refusals() {
    let mut shard = Shard::default();
    stable(&mut shard);
    let refused = |shard: &mut Shard, asked: JoinRequest| match shard.join(asked, "9", SECOND, &settings()) {
        Joined::Now(answer) => answer.error.unwrap(),
        Joined::Later(_) => panic!(),
    };
    assert_eq!(
        refused(
            &mut shard,
            JoinRequest {
                group_id: String::new(),
                ..request("", None)
            }
        ),
        ErrorCode::InvalidGroupId
    );
    assert_eq!(
        refused(
            &mut shard,
            JoinRequest {
                session_timeout_ms: 5,
                ..request("", None)
            }
        ),
        ErrorCode::InvalidSessionTimeout
    );
    let other = JoinRequest {
        protocols: vec![("sticky".into(), Bytes::new())],
        ..request("", None)
    };
    assert_eq!(refused(&mut shard, other), ErrorCode::InconsistentGroupProtocol);
}

#[test]
fn state_is_what_its_records_say() {
    let mut shard = Shard::default();
    stable(&mut shard);
    let group = shard.group("g").unwrap();
    let parts: BTreeMap<String, Bytes> = group
        .members
        .values()
        .map(|m| (m.id.clone(), m.assignment.clone()))
        .collect();
    let (key, value) = group_record(group, &parts, 5).unwrap();
    let offset = CommittedOffset {
        offset: 7,
        leader_epoch: 2,
        metadata: "m".into(),
        commit_timestamp_ms: 3,
    };
    let (offset_key, offset_value) = offset_record("g", &("t".into(), 4), Some(&offset)).unwrap();
    let mut again = Shard::default();
    again.replay(&key, value.as_deref(), ALONE, SECOND).unwrap();
    again
        .replay(&offset_key, offset_value.as_deref(), ALONE, SECOND)
        .unwrap();
    let (before, after) = (shard.group("g").unwrap(), again.group("g").unwrap());
    assert_eq!(
        (after.state, after.generation, &after.leader),
        (GroupState::Stable, before.generation, &before.leader)
    );
    let assignments = |g: &Group| {
        g.members
            .values()
            .map(|m| (m.id.clone(), m.assignment.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(assignments(after), assignments(before));
    assert_eq!(after.offsets[&("t".to_owned(), 4)], offset);
    again.replay(&offset_key, None, ALONE, SECOND).unwrap();
    again.replay(&key, None, ALONE, SECOND).unwrap();
    assert!(again.group("g").is_none());
}

#[test]
fn offsets_of_transactions_count_once_they_are_committed() {
    let mut shard = Shard::default();
    let commit = |shard: &mut Shard, at: i64, transaction_of: Option<i64>, partition: i32| {
        let committed = CommittedOffset {
            offset: at,
            leader_epoch: -1,
            metadata: String::new(),
            commit_timestamp_ms: 0,
        };
        let (key, value) = offset_record("g", &("t".into(), partition), Some(&committed)).unwrap();
        let at = RecordAt {
            offset: at,
            transaction_of,
        };
        shard.replay(&key, value.as_deref(), at, SECOND).unwrap();
    };
    let offset = |shard: &Shard, partition: i32| Some(shard.group("g")?.offsets.get(&("t".into(), partition))?.offset);
    commit(&mut shard, 1, None, 0);
    commit(&mut shard, 2, Some(7), 0);
    commit(&mut shard, 3, Some(8), 0);
    commit(&mut shard, 4, Some(8), 1);
    assert_eq!((offset(&shard, 0), offset(&shard, 1)), (Some(1), None));
    commit(&mut shard, 5, None, 1);
    shard.end_transaction(8, true);
    assert_eq!(
        (offset(&shard, 0), offset(&shard, 1)),
        (Some(3), Some(5)),
        "the later commit of partition 1 stands"
    );
    shard.end_transaction(7, true);
    assert_eq!(
        offset(&shard, 0),
        Some(3),
        "of two transactions the later record counts"
    );
    commit(&mut shard, 6, Some(9), 0);
    shard.end_transaction(9, false);
    assert_eq!(offset(&shard, 0), Some(3));
}

#[test]
fn groups_hash_as_java_hashes() {
    assert_eq!(partition_of("", 50), 0);
    assert_eq!(
        partition_of("console-consumer-1", 50),
        ("console-consumer-1"
            .bytes()
            .fold(0i32, |h, b| h.wrapping_mul(31).wrapping_add(i32::from(b)))
            & i32::MAX)
            % 50
    );
    // "polygenelubricants".hashCode() is the least integer, whose absolute value is none.
    assert_eq!(partition_of("polygenelubricants", 50), 0);
    // As Apache Kafka's Utils.abs has it; the hashes of the first three are below zero.
    for (group, of_6, of_50) in [
        ("of-ours", 5, 29),
        ("of-theirs", 1, 13),
        ("billing", 1, 9),
        ("console-consumer-1", 0, 24),
        ("classic members", 1, 7),
    ] {
        assert_eq!(
            (partition_of(group, 6), partition_of(group, 50)),
            (of_6, of_50),
            "{group}"
        );
    }
}

proptest! {
    /// Members that come, go, fall silent and rejoin: generations only grow, and once nobody changes their
    /// mind any more everybody is in one generation.
    #[test]
    fn whatever_members_do_they_end_up_in_one_generation(steps in prop::collection::vec((0u8..5, 0usize..4), 1..60)) {
        let mut shard = Shard::default();
        let mut ids: Vec<Option<String>> = vec![None; 4];
        let (mut now, mut generation, mut unique) = (Duration::ZERO, 0, 0);
        for (step, who) in steps {
            now += Duration::from_millis(700);
            match (step, ids[who].clone()) {
                (0 | 1, None) => {
                    unique += 1;
                    ids[who] = Some(join(&mut shard, "", &unique.to_string(), now));
                }
                (0 | 1, Some(id)) => {
                    if let Joined::Now(answer) = shard.join(request(&id, None), "", now, &settings())
                        && answer.error.is_some()
                    {
                        ids[who] = None;
                    }
                }
                (2, Some(id)) => {
                    if let Some(group) = shard.group_mut("g") {
                        let _ = group.leave(&id, None, now, &settings());
                    }
                    ids[who] = None;
                }
                (3, _) => now += 4 * SECOND,
                _ => {}
            }
            shard.tick(now, &settings());
            let current = shard.group("g").map_or(0, |group| group.generation);
            prop_assert!(current >= generation);
            generation = current;
        }
        // Everybody who is left rejoins until the generation has its assignment.
        for _ in 0..3 {
            for slot in &mut ids {
                let Some(id) = slot.clone() else { continue };
                if let Joined::Now(answer) = shard.join(request(&id, None), "", now, &settings())
                    && answer.error.is_some()
                {
                    *slot = None;
                }
            }
            now += 31 * SECOND;
            shard.tick(now, &settings());
        }
        if let Some(group) = shard.group("g") {
            let known: Vec<&String> = ids.iter().flatten().collect();
            prop_assert!(group.members.keys().all(|id| known.contains(&id)), "nobody stays who went");
            prop_assert!(group.state != GroupState::PreparingRebalance, "no rebalance goes on for ever");
        }
    }
}

#[test]
fn a_member_that_is_assigned_nothing_gets_an_empty_assignment() {
    let mut shard = Shard::default();
    let (first, second) = stable(&mut shard);
    // Its leader that joins again asks for a rebalance.
    join(&mut shard, &first, "", SECOND);
    join(&mut shard, &second, "", SECOND);
    let generation = answer(&mut shard, &first).unwrap().generation;
    answer(&mut shard, &second).unwrap();
    let group = shard.group_mut("g").unwrap();
    assert_eq!(group.sync(&second, None, generation, vec![], SECOND), Synced::Later);
    let only_the_leader = vec![(first.clone(), Bytes::from_static(b"A"))];
    let Synced::Assigned(parts) = group.sync(&first, None, generation, only_the_leader, SECOND) else {
        panic!("the leader's assignment is not taken")
    };
    group.assigned(&parts, SECOND);
    assert_eq!(shard.poll_sync("g", &second, 1, Waker::noop()), Some(Ok(Bytes::new())));
}

#[test]
fn commits_during_a_rebalance_have_kafkas_errors() {
    let mut shard = Shard::default();
    let (first, second) = stable(&mut shard);
    let commit = |shard: &mut Shard, member: &str, generation| {
        shard
            .group_mut("g")
            .unwrap()
            .check_commit(member, None, generation, SECOND)
    };
    assert_eq!(commit(&mut shard, &second, 2), Ok(()));
    assert_eq!(commit(&mut shard, &second, 1), Err(ErrorCode::IllegalGeneration));
    assert_eq!(commit(&mut shard, "other", 2), Err(ErrorCode::UnknownMemberId));
    assert_eq!(
        commit(&mut shard, "", -1),
        Err(ErrorCode::UnknownMemberId),
        "it has members"
    );
    join(&mut shard, &first, "", SECOND);
    // The rebalance has begun; what was read before it may still be committed.
    assert_eq!(commit(&mut shard, &second, 2), Ok(()));
    join(&mut shard, &second, "", SECOND);
    assert_eq!(answer(&mut shard, &first).unwrap().generation, 3);
    assert_eq!(commit(&mut shard, &first, 2), Err(ErrorCode::IllegalGeneration));
    assert_eq!(commit(&mut shard, &first, 3), Err(ErrorCode::RebalanceInProgress));
}
