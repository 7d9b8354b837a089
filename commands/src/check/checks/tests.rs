//! What checks make of snapshots, by cases and by properties.

use std::collections::BTreeMap;

use client::{
    LogDir, PartitionDescription, Quorum, QuorumReplica, Reassignment, SettingValue, SettingValues, TopicDescription,
};
use protocol::Uuid;
use protocol::api::ErrorCode;

use super::*;
use crate::check::facts::{GroupLag, NodeSoftware, Parts};
use crate::check::verdict::CheckRow;

fn partition(leader: Option<i32>, replicas: &[i32], isr: &[i32]) -> PartitionDescription {
    PartitionDescription {
        leader,
        leader_epoch: 0,
        replicas: replicas.to_vec(),
        isr: isr.to_vec(),
        offline: Vec::new(),
        elr: None,
        last_known_elr: None,
    }
}

fn values(pairs: &[(&str, &str, i8)]) -> SettingValues {
    let setting = |(key, value, source): &(&str, &str, i8)| {
        let value = Some((*value).to_owned());
        ((*key).to_owned(), SettingValue { value, source: *source })
    };
    pairs.iter().map(setting).collect()
}

/// Brokers 1 to 3 with topics and their min.insync.replicas.
fn facts(topics: &[(&str, &str, Vec<PartitionDescription>)]) -> Facts {
    let topic = |(name, _, partitions): &(&str, &str, Vec<PartitionDescription>)| {
        let description = TopicDescription {
            id: Uuid::ZERO,
            is_internal: false,
            partitions: (0..).zip(partitions.iter().cloned()).collect(),
        };
        ((*name).to_owned(), description)
    };
    let settings = topics
        .iter()
        .map(|(name, min, _)| ((*name).to_owned(), values(&[(MIN_INSYNC, min, 5)])));
    Facts {
        brokers: [1, 2, 3].into(),
        topics: Ok(topics.iter().map(topic).collect()),
        topic_settings: Ok(told(settings.collect())),
        reassignments: Ok(BTreeMap::new()),
        ..Facts::default()
    }
}

fn told<T>(ok: Vec<T>) -> Parts<T> {
    Parts { ok, untold: Vec::new() }
}

fn late() -> Untold {
    Untold::new("broker 3", "timed-out", "no answer")
}

fn rules(name: &str) -> Rules {
    Rules {
        limits: find(name).unwrap().limits,
        replicas_min: None,
        max_lag: 1000,
    }
}

fn judge(name: &str, facts: &Facts) -> Judged {
    (find(name).unwrap().judge)(facts, &rules(name))
}

fn status(name: &str, facts: &Facts) -> Status {
    CheckRow::new("", judge(name, facts), rules(name).limits, 3).status()
}

fn whats(judged: &Judged) -> Vec<&str> {
    judged.findings.iter().map(|finding| finding.what.as_str()).collect()
}

fn moving(topic: &str, adding: &[i32]) -> BTreeMap<(String, i32), Reassignment> {
    let moved = Reassignment {
        adding: adding.to_vec(),
        ..Reassignment::default()
    };
    [((topic.to_owned(), 0), moved)].into()
}

#[test]
fn partitions_are_found_by_kafkas_definitions() {
    let facts = facts(&[
        ("good", "2", vec![partition(Some(1), &[1, 2, 3], &[1, 2, 3])]),
        ("at", "2", vec![partition(Some(1), &[1, 2, 3], &[1, 2])]),
        ("below", "2", vec![partition(Some(1), &[1, 2, 3], &[1])]),
        ("gone", "1", vec![partition(None, &[2], &[2])]),
        ("stale", "1", vec![partition(Some(9), &[9, 1], &[9, 1])]),
    ]);
    assert_eq!(whats(&judge("under-replicated", &facts)), ["at-0", "below-0"]);
    assert_eq!(whats(&judge("min-isr", &facts)), ["below-0", "gone-0"]);
    assert_eq!(whats(&judge("at-min-isr", &facts)), ["at-0"]);
    assert_eq!(whats(&judge("offline", &facts)), ["gone-0", "stale-0"]);
    assert_eq!(whats(&judge("replication-factor", &facts)), ["gone"]);
    assert_eq!(judge("at-min-isr", &facts).status, Status::Warning);
    let judged = judge("under-replicated", &facts);
    assert_eq!(
        (judged.status, judged.summary.as_str()),
        (Status::Critical, "2 partitions of 2 topics")
    );
    assert_eq!(judged.findings[1].nodes, [2, 3]);
}

#[test]
fn replicas_that_are_being_added_are_not_missed() {
    let mut facts = facts(&[("a", "1", vec![partition(Some(1), &[1, 2, 3], &[1, 2])])]);
    facts.reassignments = Ok(moving("a", &[3]));
    assert_eq!(status("under-replicated", &facts), Status::Ok);
    facts.reassignments = Ok(moving("b", &[3]));
    assert_eq!(status("under-replicated", &facts), Status::Critical);
    // Not knowing of reassignments matters only where one could explain something.
    facts.reassignments = Err(late());
    assert_eq!(judge("under-replicated", &facts).unknown, [late()]);
    facts
        .topics
        .as_mut()
        .unwrap()
        .get_mut("a")
        .unwrap()
        .partitions
        .get_mut(&0)
        .unwrap()
        .isr = vec![1, 2, 3];
    assert_eq!(status("under-replicated", &facts), Status::Ok);
}

#[test]
fn a_topic_needs_one_replica_more_than_have_to_be_in_sync_or_as_many_as_said() {
    let two = || vec![partition(Some(1), &[1, 2], &[1, 2])];
    let facts = facts(&[("a", "1", two()), ("b", "2", two())]);
    let with = |min| Rules {
        replicas_min: min,
        ..rules("replication-factor")
    };
    let found = |min| whats(&(find("replication-factor").unwrap().judge)(&facts, &with(min))).join(" ");
    assert_eq!([None, Some(2), Some(3)].map(found), ["b", "", "a b"]);
}

#[test]
fn a_topic_whose_settings_are_not_told_is_unknown_and_hides_no_other() {
    let mut facts = facts(&[
        ("a", "1", vec![partition(Some(1), &[1, 2], &[1, 2])]),
        ("b", "1", vec![partition(Some(1), &[1, 2], &[1, 2])]),
    ]);
    assert_eq!(status("min-isr", &facts), Status::Ok);
    facts.topic_settings.as_mut().unwrap().ok.remove(0);
    assert_eq!(status("min-isr", &facts), Status::Unknown);
    facts
        .topics
        .as_mut()
        .unwrap()
        .get_mut("b")
        .unwrap()
        .partitions
        .get_mut(&0)
        .unwrap()
        .leader = None;
    assert_eq!(status("min-isr", &facts), Status::Critical);
}

fn replica(id: i32, end: i64, fetched_ms: i64) -> QuorumReplica {
    QuorumReplica {
        id,
        directory_id: None,
        endpoints: Vec::new(),
        log_end_offset: Some(end).filter(|end| *end >= 0),
        last_fetch_ms: Some(fetched_ms).filter(|ms| *ms >= 0),
        last_caught_up_ms: None,
    }
}

fn quorum(leader_id: i32, voters: &[(i32, i64, i64)], observers: &[(i32, i64, i64)]) -> Facts {
    let replicas = |all: &[(i32, i64, i64)]| all.iter().map(|(id, end, ms)| replica(*id, *end, *ms)).collect();
    Facts {
        quorum: Ok(Quorum {
            leader_id,
            leader_epoch: 3,
            high_watermark: None,
            voters: replicas(voters),
            observers: replicas(observers),
        }),
        ..Facts::default()
    }
}

#[test]
fn a_quorum_is_as_good_as_the_majority_that_follows() {
    const NOW: i64 = 1_000_000;
    let (one, near, far) = ((1, 9000, NOW), (2, 8990, NOW - 300), (3, 10, NOW - 300));
    let silent = (3, 9000, NOW - 60_000);
    let of = |leader, voters: &[_], observers: &[_]| status("quorum", &quorum(leader, voters, observers));
    assert_eq!(of(1, &[one, near, (3, 9000, NOW)], &[(7, 9000, NOW)]), Status::Ok);
    assert_eq!(of(1, &[one], &[]), Status::Ok);
    assert_eq!(of(1, &[one, near, far], &[]), Status::Warning);
    assert_eq!(of(1, &[one, near, silent], &[]), Status::Warning);
    assert_eq!(of(1, &[one, near], &[silent]), Status::Warning, "an observer");
    assert_eq!(of(1, &[one, (2, -1, -1), far], &[]), Status::Critical);
    assert_eq!(of(-1, &[one, near], &[]), Status::Critical);
    // The first versions of the API tell no times.
    assert_eq!(of(1, &[(1, 9000, -1), (2, 9000, -1)], &[]), Status::Ok);
}

#[test]
fn exactly_one_controller_is_active_as_far_as_all_know() {
    let of = |views: &[(i32, Option<(i32, i32)>)], untold: &[Untold]| {
        let views = Parts {
            ok: views.to_vec(),
            untold: untold.to_vec(),
        };
        status(
            "controller",
            &Facts {
                views,
                ..Facts::default()
            },
        )
    };
    let (one, two, next) = (Some((1, 5)), Some((2, 5)), Some((2, 6)));
    assert_eq!(of(&[(1, one), (2, one), (3, None)], &[]), Status::Ok);
    assert_eq!(of(&[(1, one)], &[late()]), Status::Unknown);
    assert_eq!(of(&[(1, one), (2, two)], &[late()]), Status::Critical);
    assert_eq!(of(&[(1, one), (2, next)], &[]), Status::Warning);
    assert_eq!(of(&[(1, None), (2, None)], &[]), Status::Critical);
    assert_eq!(of(&[], &[late()]), Status::Unknown);
    assert_eq!(of(&[], &[]), Status::Unknown);
}

#[test]
fn log_directories_are_offline_or_full_or_say_nothing() {
    let dir = |error, sizes: Option<(u64, u64)>| LogDir {
        path: "/d".to_owned(),
        error,
        total_bytes: sizes.map(|(total, _)| total),
        usable_bytes: sizes.map(|(_, usable)| usable),
    };
    let of = |dirs: Vec<LogDir>, crit: Option<u64>| {
        let facts = Facts {
            log_dirs: told(vec![(1, dirs)]),
            ..Facts::default()
        };
        let limits = Limits {
            warn: Some(50).filter(|_| crit.is_some()),
            crit,
        };
        let rules = Rules {
            limits,
            ..Rules::default()
        };
        CheckRow::new("", (find("log-dirs").unwrap().judge)(&facts, &rules), limits, 3).status()
    };
    assert_eq!(of(vec![dir(None, Some((100, 1)))], None), Status::Ok);
    assert_eq!(
        of(vec![dir(Some(ErrorCode::KafkaStorageError), None)], None),
        Status::Critical
    );
    assert_eq!(of(vec![dir(None, Some((100, 51)))], Some(90)), Status::Ok);
    assert_eq!(of(vec![dir(None, Some((100, 50)))], Some(90)), Status::Warning);
    assert_eq!(of(vec![dir(None, Some((u64::MAX, 0)))], Some(90)), Status::Critical);
    assert_eq!(of(vec![dir(None, None)], Some(90)), Status::Unknown);
    assert_eq!(of(vec![dir(None, Some((0, 0)))], Some(90)), Status::Unknown);
    assert_eq!(of(vec![], None), Status::Unknown);
}

#[test]
fn a_groups_lag_is_that_of_all_its_partitions() {
    let group = |name: &str, lags: &[u64]| GroupLag {
        group: name.to_owned(),
        records: (0..).zip(lags).map(|(p, lag)| (("t".to_owned(), p), *lag)).collect(),
    };
    let mut facts = Facts {
        lags: told(vec![group("a", &[4, 5]), group("b", &[u64::MAX, 3]), group("c", &[])]),
        ..Facts::default()
    };
    let of = |facts: &Facts, warn, crit| {
        let rules = Rules {
            limits: Limits { warn, crit },
            ..Rules::default()
        };
        let judged = (find("lag").unwrap().judge)(facts, &rules);
        (judged.status, whats(&judged).join(","))
    };
    facts.topics = Ok(BTreeMap::new());
    assert_eq!(
        of(&facts, Some(9), None),
        (Status::Warning, "group b,group a".to_owned())
    );
    assert_eq!(of(&facts, Some(10), Some(11)), (Status::Critical, "group b".to_owned()));
    facts.lags.ok.remove(1);
    assert_eq!(of(&facts, Some(10), None), (Status::Ok, String::new()));
}

#[test]
fn throttles_are_left_behind_if_nothing_moves_that_needs_them() {
    let [leader, follower] = THROTTLE_TOPIC_KEYS;
    let mut facts = facts(&[("a", "1", vec![partition(Some(1), &[1], &[1])])]);
    facts.topic_settings.as_mut().unwrap().ok[0]
        .1
        .extend(values(&[(leader, "*", 1), (follower, "none", 1)]));
    facts.broker_settings = told(vec![
        ("1".to_owned(), values(&[(BROKER_KEYS[0], "1000", 2)])),
        (
            "2".to_owned(),
            values(&[(BROKER_KEYS[0], "1000", 4), (BROKER_KEYS[1], "9", 5)]),
        ),
    ]);
    assert_eq!(whats(&judge("throttles", &facts)), ["topic a", "broker 1"]);
    assert_eq!(status("throttles", &facts), Status::Warning);
    facts.reassignments = Ok(moving("a", &[2]));
    assert_eq!(status("throttles", &facts), Status::Ok);
    facts.reassignments = Ok(moving("b", &[2]));
    assert_eq!(whats(&judge("throttles", &facts)), ["topic a"]);
    facts.reassignments = Err(late());
    assert_eq!(status("throttles", &facts), Status::Unknown);
    facts.broker_settings = told(Vec::new());
    facts.topic_settings.as_mut().unwrap().ok[0].1.clear();
    assert_eq!(status("throttles", &facts), Status::Ok);
}

#[test]
fn reassignments_are_counted() {
    let mut facts = facts(&[("a", "1", vec![partition(Some(1), &[1], &[1])])]);
    assert_eq!(status("reassignments", &facts), Status::Ok);
    facts.reassignments = Ok(moving("a", &[2]));
    assert_eq!(status("reassignments", &facts), Status::Warning);
    facts.reassignments = Ok(moving("not-meant", &[2]));
    assert_eq!(status("reassignments", &facts), Status::Ok);
}

#[test]
fn nodes_that_differ_from_most_are_named() {
    let node = |id, max: i16, level: Option<i16>| NodeSoftware {
        id,
        apis: [(0, (0, 9))].into(),
        supported: [("metadata.version".to_owned(), (1, max))].into(),
        finalized: level.map(|level| [("metadata.version".to_owned(), level)].into()),
    };
    let of = |nodes: Vec<NodeSoftware>| {
        let facts = Facts {
            software: told(nodes),
            ..Facts::default()
        };
        (status("versions", &facts), whats(&judge("versions", &facts)).join(","))
    };
    let is = |status, found: &str| (status, found.to_owned());
    assert_eq!(
        of(vec![node(1, 29, Some(25)), node(2, 29, Some(25))]),
        is(Status::Ok, "")
    );
    let old = vec![node(1, 25, Some(25)), node(2, 29, Some(25)), node(3, 29, Some(25))];
    assert_eq!(of(old), is(Status::Warning, "node 1"));
    let behind = vec![node(1, 29, Some(29)), node(2, 29, Some(25)), node(3, 29, Some(29))];
    assert_eq!(of(behind), is(Status::Warning, "node 2"));
    assert_eq!(of(vec![node(1, 29, None)]), is(Status::Unknown, ""));
}

#[test]
fn nothing_that_was_not_told_is_ok() {
    let nothing = Facts::none(&late());
    for check in ALL {
        assert_eq!(status(check.name, &nothing), Status::Unknown, "{}", check.name);
    }
}

/// A generator with the same numbers in every run of a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, max: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % max
    }

    fn some_of(&mut self, ids: &[i32]) -> Vec<i32> {
        ids.iter().copied().filter(|_| self.below(4) > 0).collect()
    }

    fn facts(&mut self) -> Facts {
        let names = ["a", "b", "c", "d"];
        let topics = names.map(|name| {
            let partitions = (0..=self.below(3)).map(|_| {
                let replicas: Vec<i32> = (1..=1 + self.below(3) as i32).collect();
                let isr = self.some_of(&replicas);
                let leader = isr.first().copied();
                let mut partition = partition(leader, &replicas, &isr);
                partition.offline = replicas.iter().copied().filter(|id| !isr.contains(id)).collect();
                partition
            });
            let partitions = partitions.collect();
            (name, ["1", "2"][self.below(2) as usize], partitions)
        });
        facts(&topics)
    }
}

#[test]
fn whatever_is_lost_on_the_way_never_turns_bad_into_ok() {
    let seed = 0x5eed_c4ec;
    let mut numbers = Numbers(seed);
    let of_partitions = [
        "under-replicated",
        "min-isr",
        "at-min-isr",
        "offline",
        "replication-factor",
        "throttles",
    ];
    for round in 0..2000 {
        let whole = numbers.facts();
        let mut lossy = whole.clone();
        match numbers.below(4) {
            0 => lossy.topics = Err(late()),
            1 => lossy.topic_settings = Err(late()),
            2 => lossy.reassignments = Err(late()),
            _ => {
                let at = numbers.below(4) as usize;
                lossy.topic_settings.as_mut().unwrap().ok.remove(at);
            }
        }
        for name in of_partitions {
            let (before, after) = (status(name, &whole), status(name, &lossy));
            assert!(
                after >= before || after == Status::Unknown,
                "seed {seed:#x}, round {round}: {name}"
            );
        }
    }
}

#[test]
fn one_replica_less_in_sync_makes_nothing_better() {
    let seed = 0xdead_15ea;
    let mut numbers = Numbers(seed);
    for round in 0..2000 {
        let before = numbers.facts();
        let mut after = before.clone();
        let topic = ["a", "b", "c", "d"][numbers.below(4) as usize];
        let topic = after.topics.as_mut().unwrap().get_mut(topic).unwrap();
        let partition = topic.partitions.get_mut(&0).unwrap();
        if let Some(lost) = partition.isr.pop() {
            partition.offline.push(lost);
            partition.leader = partition.leader.filter(|leader| partition.isr.contains(leader));
        }
        for name in ["under-replicated", "min-isr", "offline", "replica-unavailable"] {
            let count = |facts: &Facts| judge(name, facts).findings.len();
            assert!(count(&after) >= count(&before), "seed {seed:#x}, round {round}: {name}");
            assert!(judge(name, &after).status >= judge(name, &before).status);
        }
        // Each is either at or below what it needs, never both.
        let (below, at) = (judge("min-isr", &after), judge("at-min-isr", &after));
        assert!(whats(&below).iter().all(|what| !whats(&at).contains(what)));
    }
}
