//! Links with the names of Apache's scripts. Whether they print what Apache's do is for tests/compat/parity to tell.

use std::path::Path;

use crate::support::{Cluster, Engine, Ran, isolated, kfleet, run_with_input};

fn run(dir: &Path, script: &str, args: &[&str], input: &str) -> Ran {
    let mut command = isolated("timeout");
    command.arg("60").arg(dir.join(script)).args(args);
    run_with_input(&mut command, input)
}

#[test]
fn links_are_made_and_nothing_else_is_touched() {
    let dir = tempfile::Builder::new().prefix("kfleet-shims-").tempdir().unwrap();
    let into = dir.path().join("bin");
    let path = into.to_str().unwrap();
    kfleet(&["shims", "install", path, "--dry-run"]).exits(0);
    assert!(!into.exists(), "a dry run makes nothing");
    kfleet(&["shims", "install", path]).exits(77);
    let made = kfleet(&["shims", "install", path, "--yes", "-o", "json"])
        .exits(0)
        .data();
    let made = made.as_array().unwrap();
    assert!(made.len() > 10 && made.iter().all(|shim| shim["changed"] == true));
    let again = kfleet(&["shims", "install", path, "--yes", "-o", "json"])
        .exits(0)
        .data();
    assert!(again.as_array().unwrap().iter().all(|shim| shim["changed"] == false));
    let help = run(&into, "kafka-topics.sh", &["--help"], "").exits(1);
    assert!(help.stdout.is_empty() && help.stderr.contains("--under-replicated-partitions"));
    // Somebody's own script.
    let own = into.join("kafka-configs.sh");
    std::fs::remove_file(&own).unwrap();
    std::fs::write(&own, "#!/bin/sh\n").unwrap();
    let refused = kfleet(&["shims", "install", path, "--yes"]).exits(77);
    assert!(refused.stderr.contains("kafka-configs.sh"), "{}", refused.stderr);
    assert_eq!(std::fs::read_to_string(&own).unwrap(), "#!/bin/sh\n");
}

#[test]
fn names_of_kafka_utils_tell_what_does_the_same() {
    let dir = tempfile::Builder::new().prefix("kfleet-shims-").tempdir().unwrap();
    std::os::unix::fs::symlink(crate::support::KFLEET, dir.path().join("kafka-check")).unwrap();
    let told = run(dir.path(), "kafka-check", &["--cluster-type", "x", "min_isr"], "").exits(1);
    assert!(told.stdout.contains("kfleet check min-isr"), "{}", told.stdout);
}

#[test]
fn scripts_work_on_a_cluster_and_exit_with_the_truth() {
    let cluster = Cluster::start(Engine::Kfleet);
    let dir = tempfile::Builder::new().prefix("kfleet-shims-").tempdir().unwrap();
    kfleet(&["shims", "install", dir.path().to_str().unwrap(), "--no-suffix", "--yes"]).exits(0);
    let on = ["--bootstrap-server", &cluster.bootstrap];
    let script = |name: &str, args: &[&str], input: &str| run(dir.path(), name, &[&on[..], args].concat(), input);
    let created = script("kafka-topics", &["--create", "--topic", "a", "--partitions", "2"], "").exits(0);
    assert_eq!(created.stdout, "Created topic a.\n");
    let again = script("kafka-topics", &["--create", "--topic", "a"], "").exits(1);
    assert!(
        again.stdout.starts_with("Error while executing topic command : "),
        "{}",
        again.stdout
    );
    assert_eq!(script("kafka-topics", &["--list"], "").exits(0).stdout, "a\n");
    let keyed = ["--topic", "a", "--reader-property", "parse.key=true"];
    script("kafka-console-producer", &keyed, "k\t1\nk\t2\nk\t3\n").exits(0);
    let broken = script("kafka-console-producer", &keyed, "k\t4\nbroken\n").exits(1);
    assert!(
        broken.stderr.contains("No key separator found on line number 2"),
        "{}",
        broken.stderr
    );
    let read = [
        "--topic",
        "a",
        "--group",
        "g",
        "--from-beginning",
        "--timeout-ms",
        "20000",
        "--max-messages",
    ];
    let three = script("kafka-console-consumer", &[&read[..], &["3"]].concat(), "").exits(0);
    assert_eq!(three.stdout, "1\n2\n3\n");
    let fourth = script("kafka-console-consumer", &[&read[..], &["1"]].concat(), "").exits(0);
    assert_eq!(fourth.stdout, "4\n", "the group goes on where it stopped");
    let offsets = script("kafka-get-offsets", &["--topic", "a"], "").exits(0).stdout;
    assert_eq!(offsets.lines().count(), 2, "{offsets}");
    let described = script("kafka-consumer-groups", &["--describe", "--group", "g"], "")
        .exits(0)
        .stdout;
    let lags = described
        .lines()
        .filter(|line| line.starts_with("g "))
        .filter_map(|line| line.split_whitespace().nth(5));
    assert!(
        lags.clone().count() > 0 && lags.clone().all(|lag| lag == "0"),
        "{described}"
    );
    let unknown = ["--describe", "--group", "nope"];
    let told = script("kafka-consumer-groups", &unknown, "").exits(1);
    assert!(
        told.stdout.contains("Error: Executing consumer group command failed"),
        "{}",
        told.stdout
    );
    let mut command = isolated(dir.path().join("kafka-consumer-groups"));
    command.args(on).args(unknown).env("KFLEET_SHIM_EXIT", "apache");
    assert_eq!(run_with_input(&mut command, "").exits(0).stdout, told.stdout);
}
