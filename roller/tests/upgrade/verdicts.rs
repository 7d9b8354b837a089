//! Which clusters may go to which release.

use kfleet_roller::fleet::Role;
use kfleet_roller::upgrade::Note;
use kfleet_roller::upgrade::feature::{KRAFT_VERSION, METADATA_VERSION, Range};
use kfleet_roller::upgrade::judge::{Move, NodeRefusal, Refusal, Verdict, judge};
use kfleet_roller::upgrade::order::StageKind;
use kfleet_roller::upgrade::release::Release;
use kfleet_roller::upgrade::view::Software;

use super::{node, view};

fn stages(verdict: &Verdict) -> Vec<(StageKind, Vec<i32>)> {
    let stages = verdict.order.iter();
    stages.map(|stage| (stage.kind, stage.nodes.clone())).collect()
}

fn steps(verdict: &Verdict) -> Vec<Option<Move>> {
    verdict.nodes.iter().map(|node| node.step).collect()
}

#[test]
fn up_is_free_from_every_release_and_back_only_until_it_is_finalized() {
    let apache = [
        Release::V3_9,
        Release::V4_0,
        Release::V4_1,
        Release::V4_2,
        Release::V4_3,
    ];
    for (at, from) in apache.into_iter().enumerate() {
        for (target, to) in apache.into_iter().enumerate() {
            let finalized = judge(&view(from, from), to);
            assert_eq!(finalized.may_go(), target >= at, "{} to {}", from.name(), to.name());
            // Software came first, and its levels were not finalized.
            if target < at {
                let before = judge(&view(from, to), to);
                assert!(before.may_go(), "{} back to {}", from.name(), to.name());
                assert_eq!(steps(&before), [Some(Move::Back); 6]);
            }
        }
    }
}

#[test]
fn a_finalized_level_that_the_target_does_not_know_is_named() {
    let verdict = judge(&view(Release::V4_3, Release::V4_3), Release::V4_2);
    let metadata = Refusal::Above {
        feature: METADATA_VERSION.to_owned(),
        level: 30,
        to: Release::V4_2,
        max: 29,
    };
    assert_eq!(verdict.against, [metadata]);
    assert_eq!(
        verdict.against[0].to_string(),
        "metadata.version is finalized at 30 (4.3-IV0), and 4.2 knows it up to 29 (4.2-IV1) only: nodes of it would not start"
    );
    let to_3_9 = judge(&view(Release::V4_0, Release::V4_0), Release::V3_9);
    let named: Vec<String> = to_3_9.against.iter().map(ToString::to_string).collect();
    assert_eq!(named.len(), 3, "{named:?}");
    assert!(named[0].starts_with("group.version is finalized at 1"), "{named:?}");
}

#[test]
fn metadata_that_is_too_old_or_in_zookeeper_goes_nowhere() {
    let mut old = view(Release::V3_9, Release::V3_9);
    old.finalized.insert(METADATA_VERSION.to_owned(), 5);
    let verdict = judge(&old, Release::V4_0);
    assert!(matches!(verdict.against[..], [Refusal::Below { level: 5, min: 7, .. }]));
    assert!(judge(&old, Release::V3_9).may_go());
    old.is_kraft = false;
    old.finalized.clear();
    for to in Release::ALL {
        let may = judge(&old, to).may_go();
        assert_eq!(may, to == Release::V3_9, "{}", to.name());
    }
}

#[test]
fn software_older_than_3_3_goes_by_way_of_3_9() {
    let mut old = view(Release::V3_9, Release::V3_9);
    let range = Range { min: 1, max: 6 };
    for node in &mut old.nodes {
        node.features = Some([(METADATA_VERSION.to_owned(), range)].into());
    }
    old.finalized.insert(METADATA_VERSION.to_owned(), 6);
    let verdict = judge(&old, Release::V4_1);
    assert!(matches!(
        verdict.nodes[0].against,
        Some(NodeRefusal::TooOld { max: 6, .. })
    ));
    assert!(verdict.order.is_empty() && !verdict.may_go());
    assert!(judge(&old, Release::V3_9).may_go());
    // 3.6 needs no stop on the way (levels 7 to 14).
    for node in &mut old.nodes {
        node.features = Some([(METADATA_VERSION.to_owned(), Range { min: 1, max: 14 })].into());
    }
    old.finalized.insert(METADATA_VERSION.to_owned(), 14);
    let verdict = judge(&old, Release::V4_3);
    assert!(verdict.may_go() && verdict.notes.contains(&Note::Java17));
    assert_eq!(
        verdict.nodes[0].software.to_string(),
        "a build with metadata.version up to 14 (3.6-IV2)"
    );
}

#[test]
fn controllers_come_first_and_the_active_one_last_of_them() {
    let mut up = view(Release::V4_1, Release::V4_1);
    assert_eq!(
        stages(&judge(&up, Release::V4_3)),
        [
            (StageKind::Controllers, vec![1, 3]),
            (StageKind::ActiveController, vec![2]),
            (StageKind::Brokers, vec![11, 12, 13]),
        ]
    );
    let back = judge(&view(Release::V4_3, Release::V4_1), Release::V4_1);
    assert_eq!(
        stages(&back),
        [
            (StageKind::Brokers, vec![11, 12, 13]),
            (StageKind::Controllers, vec![1, 3]),
            (StageKind::ActiveController, vec![2]),
        ]
    );
    assert!(back.notes.contains(&Note::BackOrder));
    // Those that are there already stay; combined nodes are controllers.
    up.nodes[0] = node(1, Role::Combined, Release::V4_2);
    up.nodes[1].role = Role::Combined;
    up.nodes[3] = node(11, Role::Broker, Release::V4_2);
    let rest = judge(&up, Release::V4_2);
    assert_eq!(rest.nodes[0].step, Some(Move::Stay));
    assert_eq!(
        stages(&rest),
        [
            (StageKind::Controllers, vec![3]),
            (StageKind::ActiveController, vec![2]),
            (StageKind::Brokers, vec![12, 13]),
        ]
    );
}

#[test]
fn nodes_that_nobody_knows_or_that_are_not_what_was_said_stay() {
    let mut view = view(Release::V4_1, Release::V4_1);
    view.nodes[0].features = None;
    view.nodes[1].told = Some(Release::V4_0);
    view.nodes[3].features = None;
    view.nodes[3].told = Some(Release::V4_1);
    let verdict = judge(&view, Release::V4_2);
    assert!(!verdict.may_go());
    assert_eq!(verdict.nodes[0].against, Some(NodeRefusal::Untold));
    assert_eq!(verdict.nodes[1].against, Some(NodeRefusal::Contradicted(Release::V4_0)));
    assert_eq!(verdict.nodes[3].software, Software::Is(Release::V4_1));
    assert_eq!(verdict.nodes[3].step, Some(Move::Up));
}

#[test]
fn nodes_of_4_3_and_of_kfleet_are_told_apart_by_whoever_knows() {
    let mut view = view(Release::V4_3, Release::V4_3);
    let verdict = judge(&view, Release::Kfleet);
    assert_eq!(steps(&verdict), [Some(Move::Unclear); 6]);
    assert_eq!(verdict.nodes[0].software.to_string(), "4.3 or kfleet");
    assert!(verdict.notes.contains(&Note::Alike43AndKfleet));
    view.nodes[0].told = Some(Release::V4_3);
    view.nodes[1].told = Some(Release::Kfleet);
    let verdict = judge(&view, Release::Kfleet);
    assert_eq!(verdict.nodes[0].step, Some(Move::Across));
    assert_eq!(verdict.nodes[1].step, Some(Move::Stay));
    let from_4_1 = judge(&super::view(Release::V4_1, Release::V4_1), Release::Kfleet);
    assert!(from_4_1.may_go());
    assert_eq!(from_4_1.notes, [Note::KfleetBeside43Only, Note::KfleetServesLess]);
}

#[test]
fn notes_are_of_the_releases_on_the_way() {
    let notes = |from, to| judge(&view(from, from), to).notes;
    assert_eq!(
        notes(Release::V3_9, Release::V4_2),
        [Note::Java17, Note::OldClients, Note::Transactions420]
    );
    assert_eq!(notes(Release::V4_2, Release::V4_3), []);
    let mut few = view(Release::V4_1, Release::V4_1);
    few.nodes.truncate(5);
    assert_eq!(judge(&few, Release::V4_3).notes, [Note::FewBrokersForShareGroups]);
}

#[test]
fn dynamic_voters_stay_so_on_the_way_back() {
    let mut dynamic = view(Release::V4_1, Release::V4_1);
    dynamic.finalized.insert(KRAFT_VERSION.to_owned(), 2);
    let verdict = judge(&dynamic, Release::V4_1);
    assert!(verdict.against[0].to_string().ends_with("dynamic voters stay so"));
}
