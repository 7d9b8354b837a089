//! Plan files that are right, and what is wrong with wrong ones.

use super::*;

fn plan() -> PlanFile {
    let broker = |id: i32| PlannedBroker {
        id,
        rack: Some(format!("r{id}")),
        disk_before_bytes: 100,
        disk_after_bytes: 90,
        disk_bytes: Some(1000),
        bytes_in_per_s: None,
        bytes_out_per_s: None,
    };
    let row = |topic: &str, partition: i32| PlannedPartition {
        topic: topic.to_owned(),
        partition,
        leader: Some(1),
        isr: vec![1, 2],
        min_isr: 1,
        bytes_in_per_s: 7,
        bytes_out_per_s: 0,
    };
    let one = |topic: &str, partition: i32, to: &[i32]| Move {
        topic: topic.to_owned(),
        partition,
        replicas_from: vec![1, 2],
        replicas_to: to.to_vec(),
        log_dirs: None,
        size_bytes: 50,
    };
    PlanFile {
        cluster_id: Some("abc".to_owned()),
        made_at: "2026-11-28T03:30:00Z".to_owned(),
        request: Asked::default(),
        snapshot: "0123456789abcdef".to_owned(),
        summary: PlanSummary {
            moved_bytes: 50,
            replica_moves: 1,
            ..PlanSummary::default()
        },
        certificate: Proof::default(),
        moves: vec![one("a", 0, &[1, 3]), one("a", 1, &[2, 1])],
        brokers: vec![broker(1), broker(2), broker(3)],
        partitions: vec![row("a", 0), row("a", 1)],
    }
}

fn text_of(plan: &PlanFile) -> String {
    Output::document(plan.cluster_id.as_deref(), plan, &[], &[]).unwrap()
}

/// What is told of a plan that was written and then changed by hand.
fn told(change: impl FnOnce(&mut PlanFile)) -> (usize, String) {
    let mut changed = plan();
    change(&mut changed);
    parse(&text_of(&changed)).unwrap_err()
}

#[test]
fn what_is_written_is_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plan.json");
    plan().write(&path).unwrap();
    assert_eq!(PlanFile::read(&path).unwrap(), plan());
    let mut with_dirs = plan();
    with_dirs.moves[1].log_dirs = Some(vec![ANY_LOG_DIR.to_owned(), "/d1".to_owned()]);
    with_dirs.moves[1].replicas_to = vec![1, 2];
    assert_eq!(parse(&text_of(&with_dirs)).unwrap(), with_dirs);
}

#[test]
fn what_contradicts_itself_is_told_with_its_line() {
    let text = text_of(&plan());
    let line = |piece: &str| 1 + text.lines().position(|line| line.contains(piece)).unwrap();
    let first = line("\"moves\"") + 1;
    let told_line = |change: fn(&mut PlanFile)| told(change);
    assert_eq!(
        told_line(|plan| plan.moves[0].replicas_to = vec![3, 3]),
        (first, "a-0: replicas_to has broker 3 twice".to_owned())
    );
    assert_eq!(
        told_line(|plan| plan.moves[0].replicas_to = vec![1, 9]).1,
        "a-0: replicas_to has broker 9, which is not among the brokers told of"
    );
    assert_eq!(
        told_line(|plan| plan.moves[0].replicas_to.clear()).1,
        "a-0: replicas_to is empty"
    );
    let same = told_line(|plan| plan.moves[1].replicas_to = vec![1, 2]);
    assert!(same.0 > first && same.1 == "a-1: nothing changes", "{same:?}");
    assert_eq!(told_line(|plan| plan.moves[1].partition = 0).1, "a-0 is moved twice");
    assert_eq!(
        told_line(|plan| plan.partitions[1].partition = 7).1,
        "this is a-7, not a-1"
    );
    assert_eq!(
        told_line(|plan| plan.partitions[0].isr = vec![3]).1,
        "a-0: broker 3 is none of its replicas"
    );
    assert_eq!(
        told_line(|plan| plan.moves[0].log_dirs = Some(vec!["/d".to_owned()])).1,
        "a-0: 1 log_dirs for 2 replicas"
    );
    assert_eq!(
        told_line(|plan| plan.summary.moved_bytes = 49).1,
        "the summary says 1 replica of 49 bytes, the moves come to 1 of 50"
    );
    assert_eq!(
        told_line(|plan| plan.moves[0].size_bytes = u64::MAX).1,
        "the summary says 1 replica of 50 bytes, the moves come to 1 of 18446744073709551615"
    );
    assert_eq!(
        told_line(|plan| plan.snapshot = "x".to_owned()).1,
        "snapshot \"x\" is not a digest"
    );
}

#[test]
fn what_is_cut_short_or_of_another_kind_is_told_with_its_line() {
    let text = text_of(&plan());
    for cut in 0..text.trim_end().len() {
        let (line, why) = parse(&text[..cut]).unwrap_err();
        let last = 1 + text[..cut].matches('\n').count();
        assert!(line <= last && !why.is_empty(), "{cut}: {line} {why}");
    }
    let changed = text.replace("\"partition\": 1", "\"partition\": \"one\"");
    let line = 1 + changed.lines().position(|line| line.contains("\"one\"")).unwrap();
    assert_eq!(
        parse(&changed).unwrap_err(),
        (line, "invalid type: string \"one\", expected i32".to_owned())
    );
    let other = text.replace("rebalance-plan/1", "rebalance-plan/2");
    assert!(parse(&other).unwrap_err().1.starts_with("schema is"));
}
