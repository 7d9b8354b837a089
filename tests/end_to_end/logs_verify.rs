//! `logs verify` on directories that brokers of both engines wrote: whole, in use, killed, damaged.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Cluster, Engine, KFLEET, Ran, isolated, kfleet, signal};

const SEGMENT: &str = "00000000000000000000.log";

fn records(from: usize, count: usize) -> String {
    (from..from + count)
        .map(|at| format!("{at}-{}\n", "x".repeat(at % 200)))
        .collect()
}

/// A cluster with records in two partitions, in all codecs, and a group.
fn loaded(engine: Engine, dir: &Path) -> Cluster {
    let cluster = Cluster::in_dir(engine, dir, &["log.index.interval.bytes=512"]);
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "2", "--yes"])
        .exits(0);
    for (at, codec) in ["none", "gzip", "snappy", "lz4", "zstd"].into_iter().enumerate() {
        for part in 0..3 {
            let produce = ["produce", "a", "--compression", codec];
            let input = records((3 * at + part) * 400, 400);
            cluster.kfleet_with_input(&produce, &input).exits(0);
        }
    }
    cluster
        .kfleet(&["consume", "a", "--group", "g", "--count", "10"])
        .exits(0);
    cluster
}

/// The data directory of a broker that was stopped.
fn stopped(engine: Engine, dir: &Path) -> PathBuf {
    loaded(engine, dir).stop();
    dir.join("data")
}

fn verify(args: &[&str], path: &Path) -> Ran {
    let mut all = vec!["logs", "verify", "-o", "json"];
    all.extend(args);
    all.push(path.to_str().unwrap());
    kfleet(&all)
}

/// The findings, and the summary.
#[track_caller]
fn found(ran: &Ran) -> (Vec<Value>, Value) {
    assert_eq!(ran.json()["schema"], "kfleet/logs-verify/1");
    let mut elements = ran.data().as_array().unwrap().clone();
    let summary = elements.pop().unwrap();
    assert_eq!(summary["kind"], "summary");
    (elements, summary)
}

#[track_caller]
fn is_whole(args: &[&str], path: &Path) -> Value {
    let ran = verify(args, path).exits(0);
    let (findings, summary) = found(&ran);
    assert!(findings.is_empty(), "{findings:?}");
    summary
}

fn a_clean_directory_is_whole(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let data = stopped(engine, dir.path());
    let summary = is_whole(&[], &data);
    assert!(summary["records"].as_u64().unwrap() > 6_000, "{summary}");
    assert_eq!(summary["in_use"], false);
    let deep = is_whole(&["--deep", "--threads", "3"], &data);
    assert_eq!(deep["records"], summary["records"]);
    let partition = data.join("a-0");
    let all = is_whole(&[], &partition);
    assert_eq!(all["segments"], 1);
    let one = is_whole(&[], &partition.join("00000000000000000000.index"));
    assert_eq!(one["records"], all["records"], "an index is verified with its segment");
    assert_eq!(is_whole(&["--since", "2100-01-01T00:00:00Z"], &data)["segments"], 0);
    assert_eq!(is_whole(&["--since", "1h"], &data)["segments"], summary["segments"]);
}

fn a_broker_at_work_is_no_corruption_and_neither_is_its_end(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let cluster = loaded(engine, dir.path());
    let data = dir.path().join("data");
    let mut writer = isolated(KFLEET)
        .args(["produce", "a"])
        .env("KFLEET_BOOTSTRAP_SERVER", &cluster.bootstrap)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = writer.stdin.take().unwrap();
    let lines = std::thread::spawn(move || {
        use std::io::Write as _;
        // Until whoever reads them is gone.
        for part in 0.. {
            if stdin.write_all(records(part * 100, 100).as_bytes()).is_err() {
                break;
            }
        }
    });
    for _ in 0..5 {
        let summary = is_whole(&["--deep"], &data);
        assert_eq!(summary["in_use"], true);
    }
    signal(cluster.pid(), "KILL");
    // The sandbox ends with its only node.
    drop(cluster);
    let _ended = writer.kill();
    writer.wait().unwrap();
    lines.join().unwrap();
    let summary = is_whole(&["--deep"], &data);
    assert_eq!(summary["in_use"], false);

    // What a machine that fails in the middle of a write leaves.
    let segment = data.join("a-0").join(SEGMENT);
    let whole = std::fs::read(&segment).unwrap();
    let torn = [&whole[..], &whole[..100]].concat();
    std::fs::write(&segment, torn).unwrap();
    let ran = verify(&[], &data).exits(1);
    let (findings, _) = found(&ran);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(
        (
            &findings[0]["severity"],
            &findings[0]["fault"],
            &findings[0]["position"]
        ),
        (&"warning".into(), &"torn-tail".into(), &whole.len().into())
    );
}

/// A file of the directory, where to change what, and what is found.
type Damage = (&'static str, fn(&mut Vec<u8>), &'static str);

fn each_damage_is_found_once(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let data = stopped(engine, dir.path());
    let flip = |bytes: &mut Vec<u8>, from_end: usize| {
        let at = bytes.len() - from_end;
        bytes[at] ^= 0x20;
    };
    let cases: [Damage; 9] = [
        ("a-0/00000000000000000000.log", |b| b[70] ^= 1, "checksum"),
        ("a-0/00000000000000000000.log", |b| b[15] ^= 1, "leader-epoch"),
        ("a-0/00000000000000000000.log", |b| b.truncate(b.len() - 7), "no-batch"),
        ("a-1/00000000000000000000.log", |b| b.extend([0; 500]), "zero-tail"),
        ("a-0/00000000000000000000.index", |b| b[7] ^= 1, "not-a-batch"),
        ("a-0/00000000000000000000.timeindex", |b| b[3] ^= 1, "no-such-timestamp"),
        ("a-0/leader-epoch-checkpoint", |b| b.truncate(2), "content"),
        ("a-1/partition.metadata", |b| b.truncate(20), "content"),
        (
            "recovery-point-offset-checkpoint",
            |b| b.extend(b"x 1 2 3\n"),
            "content",
        ),
    ];
    for (name, damage, fault) in cases {
        let path = data.join(name);
        let good = std::fs::read(&path).unwrap();
        let mut bytes = good.clone();
        damage(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();
        let ran = verify(&[], &data);
        let (findings, summary) = found(&ran);
        assert_eq!(ran.code, 2, "{name}");
        assert_eq!(findings.len(), 1, "{name}: {findings:?}");
        assert_eq!(
            (&findings[0]["fault"], &findings[0]["severity"]),
            (&fault.into(), &"error".into()),
            "{name}"
        );
        assert_eq!(findings[0]["file"], path.to_str().unwrap());
        assert!(findings[0]["remedy"].as_str().unwrap().len() > 20);
        assert_eq!(summary["errors"], 1);
        std::fs::write(&path, &good).unwrap();
    }
    let mut snapshots = std::fs::read_dir(data.join("a-0"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let snapshot = snapshots.find(|path| path.extension().is_some_and(|suffix| suffix == "snapshot"));
    let snapshot = snapshot.unwrap();
    let mut bytes = std::fs::read(&snapshot).unwrap();
    flip(&mut bytes, 1);
    std::fs::write(&snapshot, &bytes).unwrap();
    let table = kfleet(&["logs", "verify", data.to_str().unwrap()]).exits(2);
    let lines = table.lines();
    assert_eq!(lines.len(), 3, "names of columns, the finding, the summary: {lines:?}");
    assert!(
        lines[1].starts_with("error") && lines[1].contains(".snapshot"),
        "{lines:?}"
    );
    assert!(lines[2].contains("1 error, 0 warnings"), "{lines:?}");
    let ndjson = kfleet(&["-o", "ndjson", "logs", "verify", data.to_str().unwrap()]).exits(2);
    assert_eq!(ndjson.lines().len(), 2);
}

mod on_kfleet {
    use super::Engine::Kfleet;

    #[test]
    fn a_clean_directory_is_whole() {
        super::a_clean_directory_is_whole(Kfleet);
    }

    #[test]
    fn a_broker_at_work_is_no_corruption_and_neither_is_its_end() {
        super::a_broker_at_work_is_no_corruption_and_neither_is_its_end(Kfleet);
    }

    #[test]
    fn each_damage_is_found_once() {
        super::each_damage_is_found_once(Kfleet);
    }
}

mod on_apache {
    use super::Engine::Apache;

    #[test]
    #[ignore = "needs tests/compat/setup"]
    fn a_clean_directory_is_whole() {
        super::a_clean_directory_is_whole(Apache);
    }

    #[test]
    #[ignore = "needs tests/compat/setup"]
    fn a_broker_at_work_is_no_corruption_and_neither_is_its_end() {
        super::a_broker_at_work_is_no_corruption_and_neither_is_its_end(Apache);
    }

    #[test]
    #[ignore = "needs tests/compat/setup"]
    fn each_damage_is_found_once() {
        super::each_damage_is_found_once(Apache);
    }
}

#[test]
fn what_cannot_be_verified_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let code = |path: &Path| verify(&[], path).code;
    assert_eq!(code(&dir.path().join("none")), 66);
    assert_eq!(code(dir.path()), 65);
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "x").unwrap();
    assert_eq!(code(&text), 65);
    for flags in [
        ["--rate-limit", "0"],
        ["--rate-limit", "fast"],
        ["--since", "then"],
        ["--threads", "0"],
    ] {
        assert_eq!(verify(&flags, dir.path()).code, 64, "{flags:?}");
    }
}
