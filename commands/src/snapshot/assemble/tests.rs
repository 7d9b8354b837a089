//! What brokers say, and what becomes of it.

use std::time::Duration;

use client::LogDirReplica;
use planner::model::write_snapshot;

use super::*;

fn dir(path: &str, space: Option<(u64, u64)>, replicas: &[(&str, i32, bool, i64)]) -> LogDirContents {
    let replica = |(topic, number, is_future, size_bytes): &(&str, i32, bool, i64)| {
        let replica = LogDirReplica {
            size_bytes: *size_bytes,
            offset_lag: 0,
        };
        (((*topic).to_owned(), *number, *is_future), replica)
    };
    LogDirContents {
        dir: client::LogDir {
            path: path.to_owned(),
            error: None,
            total_bytes: space.map(|(total, _)| total),
            usable_bytes: space.map(|(_, usable)| usable),
        },
        replicas: replicas.iter().map(replica).collect(),
    }
}

fn broker(rack: &str, dirs: Vec<LogDirContents>) -> BrokerAnswer {
    BrokerAnswer {
        rack: Some(rack.to_owned()),
        is_alive: true,
        cordoned: BTreeSet::new(),
        dirs,
    }
}

fn partition(leader: Option<i32>, replicas: &[i32], isr: &[i32]) -> PartitionDescription {
    PartitionDescription {
        leader,
        leader_epoch: 1,
        replicas: replicas.to_vec(),
        isr: isr.to_vec(),
        offline: Vec::new(),
        elr: None,
        last_known_elr: None,
    }
}

fn answers() -> Answers {
    let partitions = [
        (0, partition(Some(2), &[1, 2], &[1, 2])),
        (1, partition(Some(1), &[9, 1], &[1])),
    ];
    let topic = TopicDescription {
        id: protocol::Uuid::default(),
        is_internal: false,
        partitions: partitions.into(),
    };
    let space = Some((10_000, 4_000));
    Answers {
        cluster_id: "c".to_owned(),
        brokers: BTreeMap::from([
            (
                1,
                broker(
                    "x",
                    vec![
                        dir("/a", space, &[("t", 0, false, 70), ("t", 1, false, 30)]),
                        dir("/b", space, &[]),
                    ],
                ),
            ),
            (
                2,
                broker("y", vec![dir("/a", space, &[("t", 0, false, 60), ("t", 0, true, 999)])]),
            ),
            (3, broker("z", vec![dir("/a", None, &[])])),
        ]),
        topics: BTreeMap::from([("t".to_owned(), topic)]),
        min_isr: BTreeMap::from([("t".to_owned(), 2)]),
        ..Answers::default()
    }
}

#[test]
fn sizes_are_the_leaders_and_a_volume_counts_once() {
    let (cluster, warnings) = assemble(answers()).unwrap();
    let text = write_snapshot(&cluster).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("\"partition\"")).collect();
    assert!(
        lines[0].contains("\"size_bytes\":60") && lines[0].contains("\"min_isr\":2"),
        "{text}"
    );
    // The leader of the other is on a broker that is alive, the preferred one is not.
    assert!(
        lines[1].contains("\"replicas\":[9,1],\"isr\":[1],\"leader\":1,\"size_bytes\":30"),
        "{text}"
    );
    let disks: Vec<_> = cluster
        .brokers()
        .values()
        .iter()
        .map(|broker| broker.capacity.disk_bytes)
        .collect();
    assert_eq!(disks, [Some(4_100), Some(5_059), None, None]);
    // 9 is lost; its partition has a replica in rack x, so it is taken to be in another.
    let lost = &cluster.brokers().values()[3];
    assert_eq!((lost.id, lost.state), (9, BrokerState::Excluded));
    assert_eq!(cluster.racks()[lost.rack.unwrap()], "y");
    assert!(warnings[0].contains("taken to be y"), "{warnings:?}");
}

#[test]
fn rates_come_from_growth_and_where_segments_went_from_records() {
    let mut answers = answers();
    let key = |number| ("t".to_owned(), number);
    let at = Instant::now();
    let moment = |at, ends: [i64; 2], sizes: [u64; 2]| Moment {
        at,
        ends: BTreeMap::from([(key(0), ends[0]), (key(1), ends[1])]),
        sizes: BTreeMap::from([(key(0), sizes[0]), (key(1), sizes[1])]),
    };
    let last = moment(at + Duration::from_secs(10), [110, 300], [1_000, 400]);
    answers.moments = Some((moment(at, [100, 200], [900, 500]), last));
    answers.starts = BTreeMap::from([(key(0), 100), (key(1), 100)]);
    // Ten records of 100 bytes are more than the 100 bytes of growth; the other has shrunk, and got 100 of 2 bytes.
    assert_eq!((answers.bytes_in(&key(0)), answers.bytes_in(&key(1))), (100, 20));
    assert_eq!(answers.bytes_in(&key(7)), 0);
}

#[test]
fn what_is_moved_counts_where_it_goes_and_cordoned_brokers_take_nothing() {
    let mut answers = answers();
    answers.running.insert(
        ("t".to_owned(), 1),
        Reassignment {
            replicas: vec![9, 1, 3],
            adding: vec![3],
            removing: vec![9],
        },
    );
    let topic = answers.topics.get_mut("t").unwrap();
    topic.partitions.insert(1, partition(Some(1), &[9, 1, 3], &[1]));
    answers
        .brokers
        .get_mut(&3)
        .unwrap()
        .cordoned
        .insert(ALL_DIRS.to_owned());
    let (cluster, warnings) = assemble(answers).unwrap();
    let at = cluster.partition("t", 1).unwrap();
    assert_eq!(cluster.ids(cluster.replicas(at)), [1, 3]);
    let third = cluster.broker(3).unwrap();
    assert_eq!(cluster.brokers()[third].state, BrokerState::Cordoned);
    assert!(
        warnings.iter().any(|warning| warning.contains("being moved")),
        "{warnings:?}"
    );
}
