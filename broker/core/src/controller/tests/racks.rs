use std::collections::BTreeSet;

use super::cluster::{on, registration};
use super::*;
use crate::controller::placement::place;
use crate::image::MetadataImage;

/// Brokers 0, 1, 2... in these racks, all alive but those that are fenced.
fn image(racks: &[&str], fenced: &[i32]) -> MetadataImage {
    let mut node = Node::alone(SimDisk::default(), None);
    for (id, rack) in (0..).zip(racks) {
        let rack = Some(StrBytes::from_string((*rack).to_owned())).filter(|rack| !rack.is_empty());
        node.call(4, &registration(id).with_rack(rack));
        if !fenced.contains(&id) {
            node.beat(id);
        }
    }
    node.controller.image().clone()
}

fn rack_of<'a>(racks: &[&'a str], ids: &[i32]) -> BTreeSet<&'a str> {
    ids.iter().map(|id| racks[*id as usize]).collect()
}

#[test]
fn replicas_are_spread_over_racks_and_leaders_over_brokers() {
    let racks = ["a", "b", "c", "a", "b", "c"];
    let image = image(&racks, &[]);
    for seed in 0..50 {
        let placed = place(&image, 60, 3, &mut Counter(seed)).unwrap();
        let mut led = BTreeMap::<i32, usize>::new();
        let mut replicas = BTreeMap::<i32, usize>::new();
        for ids in &placed {
            assert_eq!(ids.len(), 3);
            assert_eq!(rack_of(&racks, ids).len(), 3, "{ids:?}");
            *led.entry(ids[0]).or_default() += 1;
            for id in ids {
                *replicas.entry(*id).or_default() += 1;
            }
        }
        assert_eq!(led.values().copied().collect::<Vec<_>>(), [10; 6], "seed {seed}");
        assert_eq!(replicas.values().sum::<usize>(), 180);
    }
}

#[test]
fn fenced_brokers_come_last_and_never_first() {
    let racks = ["a", "a", "b", "b"];
    let image = image(&racks, &[0, 2]);
    for seed in 0..50 {
        for ids in place(&image, 8, 2, &mut Counter(seed)).unwrap() {
            assert_eq!(BTreeSet::from([1, 3]), ids.iter().copied().collect(), "{ids:?}");
        }
        for ids in place(&image, 8, 4, &mut Counter(seed)).unwrap() {
            assert!([1, 3].contains(&ids[0]), "{ids:?}");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 4);
        }
    }
}

#[test]
fn uneven_racks_and_none_at_all_take_what_is_asked() {
    for racks in [&["a", "a", "a", "b"][..], &["", "", "", ""], &["a", "", "b", "b"]] {
        let image = image(racks, &[]);
        for seed in 0..20 {
            for factor in 1..=4 {
                for ids in place(&image, 20, factor, &mut Counter(seed)).unwrap() {
                    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), factor);
                    let different = racks.iter().collect::<BTreeSet<_>>().len();
                    assert!(rack_of(racks, &ids).len() >= factor.min(different), "{racks:?} {ids:?}");
                }
            }
        }
    }
    let refused = place(&image(&["a"], &[0]), 1, 1, &mut Counter(1)).unwrap_err();
    assert!(refused.starts_with("All brokers are currently fenced"), "{refused}");
    let refused = place(&image(&["a"], &[]), 1, 2, &mut Counter(1)).unwrap_err();
    assert!(refused.contains("only 1 broker(s) are registered"), "{refused}");
}

#[test]
fn partitions_that_nobody_could_lead_are_not_created() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.heartbeat(2, |beat| beat.with_want_fence(true));
    let (code, message, _) = node.create(on("t", &[2]));
    assert_eq!(code, ErrorCode::InvalidReplicaAssignment);
    assert_eq!(
        message,
        "All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled shutdown."
    );
    assert_eq!(node.create(on("t", &[2, 1])).0, ErrorCode::Unknown(0));
    let partition = node.partition("t", 0);
    assert_eq!((partition.leader, partition.isr.as_slice()), (1, &[1][..]));
    node.heartbeat(1, |beat| beat.with_want_fence(true));
    let (code, message, _) = node.create(topic("u", 1, 1));
    assert_eq!(code, ErrorCode::InvalidReplicationFactor);
    assert!(
        message.starts_with("Unable to replicate the partition 1 time(s): All brokers are"),
        "{message}"
    );
}
