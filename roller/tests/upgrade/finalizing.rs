//! What finalizing sets.

use kfleet_roller::upgrade::feature::{ELR_VERSION, KRAFT_VERSION, METADATA_VERSION};
use kfleet_roller::upgrade::finalize::{Blocker, Finalize, Lasting, WayBack, Why, finalize};
use kfleet_roller::upgrade::release::Release;
use kfleet_roller::upgrade::view::BrokerMinIsr;

use super::view;

fn updates(plan: &Finalize) -> Vec<(&str, i16, i16, WayBack)> {
    let updates = plan.updates.iter();
    updates
        .map(|update| (update.feature.as_str(), update.from, update.to, update.way_back))
        .collect()
}

#[test]
fn every_feature_is_named_and_kraft_version_is_not() {
    let plan = finalize(&view(Release::V4_3, Release::V3_9), Release::V4_3, None);
    assert_eq!(
        updates(&plan),
        [
            (METADATA_VERSION, 21, 30, WayBack::DownTo(30)),
            ("transaction.version", 0, 2, WayBack::Free),
            ("group.version", 0, 1, WayBack::Free),
            (ELR_VERSION, 0, 1, WayBack::Free),
            ("share.version", 0, 1, WayBack::Free),
            ("streams.version", 0, 1, WayBack::Free),
        ]
    );
    assert_eq!(plan.left.len(), 1);
    assert_eq!(
        (plan.left[0].feature.as_str(), plan.left[0].why),
        (KRAFT_VERSION, Why::Unnamed)
    );
    assert_eq!(plan.blockers, []);
}

#[test]
fn kraft_version_is_never_set_unless_named_whatever_the_way() {
    for from in Release::ALL {
        for to in Release::ALL {
            let before = view(to, from);
            let plan = finalize(&before, to, None);
            let mut after = before.finalized.clone();
            for update in &plan.updates {
                assert_ne!(update.feature, KRAFT_VERSION);
                assert!(update.to > update.from && update.to <= to.range(&update.feature).max);
                after.insert(update.feature.clone(), update.to);
            }
            let level = |feature: &str| after.get(feature).copied().unwrap_or(0);
            assert!(level(ELR_VERSION) == 0 || level(METADATA_VERSION) >= 23);
        }
    }
}

#[test]
fn a_named_kraft_version_is_for_good() {
    let before = view(Release::V4_3, Release::V4_2);
    let plan = finalize(&before, Release::V4_3, Some(1));
    assert!(updates(&plan).contains(&(KRAFT_VERSION, 0, 1, WayBack::Never)));
    assert!(plan.lasting.contains(&Lasting::Voters) && plan.left.is_empty());
    assert!(matches!(
        finalize(&before, Release::V4_3, Some(2)).blockers[..],
        [Blocker::NoLevel { level: 2, .. }]
    ));
    let early = finalize(&view(Release::V4_0, Release::V4_0), Release::V4_0, Some(1));
    assert_eq!(early.blockers, [Blocker::KraftTooEarly(Release::V4_0)]);
    let mut dynamic = before;
    dynamic.finalized.insert(KRAFT_VERSION.to_owned(), 1);
    let back = finalize(&dynamic, Release::V4_3, Some(0));
    assert_eq!(back.blockers, [Blocker::KraftDown(1)]);
    assert!(finalize(&dynamic, Release::V4_3, Some(1)).blockers.is_empty());
    assert!(finalize(&dynamic, Release::V4_3, None).left.is_empty());
}

#[test]
fn what_cannot_be_undone_is_said() {
    let plan = |from, to| finalize(&view(to, from), to, None);
    // 4.1 and 4.2 brought no records: the way back stays open.
    let open = plan(Release::V4_0, Release::V4_2);
    assert_eq!(updates(&open)[0], (METADATA_VERSION, 25, 29, WayBack::Free));
    let closed = plan(Release::V3_9, Release::V4_0);
    assert_eq!(updates(&closed)[0].3, WayBack::DownTo(23));
    assert_eq!(closed.lasting, [Lasting::Metadata { floor: 23, level: 25 }]);
    let text = closed.lasting[0].to_string();
    assert!(
        text.contains("25 (4.0-IV3) cannot go back below 23 (4.0-IV1)"),
        "{text}"
    );
}

#[test]
fn eligible_leader_replicas_remove_what_brokers_have_of_their_own() {
    let mut before = view(Release::V4_1, Release::V4_0);
    let own = BrokerMinIsr {
        broker: 12,
        value: "2".to_owned(),
    };
    before.broker_min_isr.push(own.clone());
    let plan = finalize(&before, Release::V4_1, None);
    assert_eq!(plan.lasting, [Lasting::MinIsrRemoved(own), Lasting::MinIsrOfCluster]);
    assert!(
        plan.lasting[0]
            .to_string()
            .starts_with("min.insync.replicas = 2 of broker 12 is removed")
    );
    // It is on already: nothing is removed any more.
    before.finalized.insert(ELR_VERSION.to_owned(), 1);
    assert_eq!(finalize(&before, Release::V4_1, None).lasting, []);
}

#[test]
fn nodes_that_do_not_know_a_level_are_in_the_way() {
    let mut half = view(Release::V4_2, Release::V4_1);
    half.nodes[4] = super::node(12, kfleet_roller::fleet::Role::Broker, Release::V4_1);
    half.nodes[5].features = None;
    let plan = finalize(&half, Release::V4_2, None);
    let texts: Vec<String> = plan.blockers.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "node 12 knows metadata.version up to 27 (4.1-IV1) only, not 29 (4.2-IV1)",
            "node 12 knows streams.version up to 0 only, not 1",
            "node 13 did not tell which features it supports",
        ]
    );
}

#[test]
fn levels_above_the_release_stay() {
    let plan = finalize(&view(Release::V4_3, Release::V4_2), Release::V4_1, None);
    assert!(plan.updates.is_empty());
    let left: Vec<&str> = plan.left.iter().map(|left| left.feature.as_str()).collect();
    assert_eq!(
        left,
        [METADATA_VERSION, KRAFT_VERSION, "share.version", "streams.version"]
    );
    assert_eq!(plan.left[0].why, Why::Above);
}
