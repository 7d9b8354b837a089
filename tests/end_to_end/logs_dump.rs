//! `logs dump` on what our broker wrote, whole and damaged.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Cluster, Engine, KFLEET, isolated, kfleet};

const SEGMENT: &str = "00000000000000000000.log";

/// The data directory of a broker that took 5000 records in many batches, and was stopped.
fn written(dir: &Path) -> PathBuf {
    let cluster = Cluster::in_dir(Engine::Kfleet, dir, &["log.index.interval.bytes=512"]);
    cluster.kfleet(&["topics", "create", "a", "--yes"]).exits(0);
    for part in 0..5 {
        let input: String = (0..1000).map(|at| format!("{part}-{at}\n")).collect();
        cluster.kfleet_with_input(&["produce", "a"], &input).exits(0);
    }
    cluster.stop();
    dir.join("data")
}

#[track_caller]
fn dump(code: i32, args: &[&str], file: &Path) -> Vec<Value> {
    let mut all = vec!["logs", "dump", "-o", "json"];
    all.extend(args);
    all.push(file.to_str().unwrap());
    kfleet(&all).exits(code).data().as_array().unwrap().clone()
}

fn of_kind<'a>(elements: &'a [Value], kind: &str) -> Vec<&'a Value> {
    elements.iter().filter(|element| element["kind"] == kind).collect()
}

#[test]
fn what_a_broker_wrote_is_shown_whole() {
    let dir = tempfile::tempdir().unwrap();
    let data = written(dir.path());
    let all = dump(0, &["--records"], &data.join("a-0").join(SEGMENT));
    let (batches, records) = (of_kind(&all, "batch"), of_kind(&all, "record"));
    assert!(
        batches.len() >= 5 && records.len() == 5000,
        "{} {}",
        batches.len(),
        records.len()
    );
    assert_eq!(all.len(), batches.len() + 5000, "no faults");
    let mut next = (0, 0);
    for batch in &batches {
        assert_eq!(
            (&batch["position"], &batch["base_offset"]),
            (&next.0.into(), &next.1.into())
        );
        assert_eq!(batch["is_valid"], true);
        next.0 += batch["size_bytes"].as_i64().unwrap();
        next.1 = batch["last_offset"].as_i64().unwrap() + 1;
    }
    assert_eq!(next.1, 5000);
    assert_eq!(records[1001]["value"]["text"], "1-1");

    let metadata = data.join("__cluster_metadata-0").join(SEGMENT);
    let all = dump(0, &["--records"], &metadata);
    let topic = of_kind(&all, "record")
        .into_iter()
        .map(|record| &record["value"]["decoded"])
        .find(|decoded| decoded["type"] == "TOPIC_RECORD")
        .unwrap();
    assert_eq!(
        (&topic["number"], &topic["version"], &topic["data"]["name"]),
        (&2.into(), &0.into(), &"a".into())
    );
    let id = dump(0, &[], &data.join("a-0/partition.metadata"));
    assert_eq!(id[0]["topic_id"], topic["data"]["topicId"]);

    for file in ["a-0/00000000000000000000.index", "a-0/00000000000000000000.timeindex"] {
        assert!(dump(0, &[], &data.join(file)).len() >= 4, "{file}");
    }
    let epochs = dump(0, &[], &data.join("a-0/leader-epoch-checkpoint"));
    assert_eq!(epochs[0]["start_offset"], 0);
    let points = dump(0, &[], &data.join("recovery-point-offset-checkpoint"));
    let of_a = points.iter().find(|line| line["topic"] == "a").unwrap();
    assert_eq!(of_a["offset"], 5000);
    for file in [
        "meta.properties",
        ".kafka_cleanshutdown",
        "__cluster_metadata-0/quorum-state",
    ] {
        assert_eq!(dump(0, &[], &data.join(file)).len(), 1, "{file}");
    }
}

#[test]
fn damage_is_named_with_its_place_and_exits_2() {
    let dir = tempfile::tempdir().unwrap();
    let data = written(dir.path());
    let segment = data.join("a-0").join(SEGMENT);
    let good = std::fs::read(&segment).unwrap();
    let whole = dump(0, &[], &segment);
    let third = whole[2]["position"].as_u64().unwrap();

    let mut flipped = good.clone();
    flipped[third as usize + 62] ^= 1;
    std::fs::write(&segment, &flipped).unwrap();
    let all = dump(2, &["--records"], &segment);
    let faults = of_kind(&all, "fault");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0]["position"], third);
    assert_eq!(of_kind(&all, "batch").len(), whole.len(), "what follows is shown");
    assert_eq!(of_kind(&all, "batch")[2]["is_valid"], false);
    let table = kfleet(&["logs", "dump", segment.to_str().unwrap()]).exits(2);
    assert!(
        table.stdout.contains(&format!("at position {third}: the checksum is")),
        "{}",
        table.stdout
    );
    assert!(table.stderr.contains("1 fault found"), "{}", table.stderr);

    std::fs::write(&segment, &good[..third as usize + 10]).unwrap();
    let all = dump(2, &[], &segment);
    assert_eq!((all.len(), &all[2]["position"]), (3, &third.into()));

    let index = data.join("a-0/00000000000000000000.index");
    std::fs::write(&segment, &good).unwrap();
    let mut bytes = std::fs::read(&index).unwrap();
    bytes[7] ^= 1;
    std::fs::write(&index, &bytes).unwrap();
    let all = dump(2, &[], &index);
    assert_eq!(of_kind(&all, "fault")[0]["position"], 0);
}

#[test]
fn a_snapshot_without_its_end_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    Cluster::in_dir(Engine::Kfleet, dir.path(), &[]).stop();
    let snapshot = dir.path().join("data/bootstrap.checkpoint");
    let all = dump(0, &["--records"], &snapshot);
    let records = of_kind(&all, "record");
    assert_eq!(records[0]["key"]["decoded"]["type"], "SNAPSHOT_HEADER");
    assert_eq!(records[1]["value"]["decoded"]["type"], "FEATURE_LEVEL_RECORD");
    let batches = of_kind(&all, "batch");
    let footer = batches.last().unwrap()["position"].as_u64().unwrap();
    let bytes = std::fs::read(&snapshot).unwrap();
    std::fs::write(&snapshot, &bytes[..footer as usize]).unwrap();
    let all = dump(2, &[], &snapshot);
    assert_eq!(of_kind(&all, "fault")[0]["position"], footer);
}

#[test]
fn kafkas_own_flags_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    Cluster::in_dir(Engine::Kfleet, dir.path(), &[]).stop();
    let copy = dir.path().join(SEGMENT);
    std::fs::copy(dir.path().join("data/__cluster_metadata-0").join(SEGMENT), &copy).unwrap();
    let plain = dump(0, &["--print-data-log"], &copy);
    assert!(
        plain
            .iter()
            .all(|element| element["value"]["decoded"]["type"] != "TOPIC_RECORD")
    );
    let files = format!("{0},{0}", copy.display());
    let twice = kfleet(&[
        "logs",
        "dump",
        "-o",
        "json",
        "--cluster-metadata-decoder",
        "--files",
        &files,
    ])
    .exits(0);
    let twice = twice.data();
    let named = |name: &str| {
        let all = twice.as_array().unwrap();
        all.iter()
            .filter(|element| element["value"]["decoded"]["type"] == name)
            .count()
    };
    assert_eq!(named("BEGIN_TRANSACTION_RECORD"), 2);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let segment = written(dir.path()).join("a-0").join(SEGMENT);
    for format in ["table", "json", "ndjson"] {
        let mut command = isolated(KFLEET);
        command.args(["logs", "dump", "--records", "-o", format]).arg(&segment);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn files_that_cannot_be_dumped() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "x").unwrap();
    let missing = dir.path().join(SEGMENT);
    for (path, code) in [(text.as_path(), 65), (dir.path(), 65), (missing.as_path(), 66)] {
        kfleet(&["logs", "dump", path.to_str().unwrap()]).exits(code);
    }
    std::fs::write(&missing, "").unwrap();
    assert!(dump(0, &[], &missing).is_empty());
    std::fs::write(dir.path().join("quorum-state"), "{").unwrap();
    assert_eq!(dump(2, &[], &dir.path().join("quorum-state"))[0]["kind"], "fault");
}
