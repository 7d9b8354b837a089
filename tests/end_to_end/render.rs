//! What is rendered, and how big a cluster has to be.

use crate::support::{Cluster, kfleet};

#[test]
fn renderings_go_to_stdout_or_to_a_file_that_is_not_replaced_by_accident() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("90-kfleet.conf");
    let out = file.to_str().unwrap();
    let text = kfleet(&["render", "sysctl"]).exits(0).stdout;
    assert!(text.contains("\nvm.swappiness = 1\n"), "{text}");
    kfleet(&["render", "sysctl", "--out", out]).exits(0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let again = kfleet(&["render", "sysctl", "--out", out, "-o", "json"]).exits(0);
    assert_eq!(again.json()["schema"], "kfleet/render/1");
    assert_eq!(again.data()["changed"], false);
    let other = ["render", "sysctl", "--set", "baseline=minimal", "--out", out];
    kfleet(&other).exits(77);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    kfleet(&[&other[..], &["--force"]].concat()).exits(0);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn what_cannot_be_rendered_is_said_with_what_can() {
    let unknown = kfleet(&["render", "nothing"]).exits(66);
    assert!(unknown.stderr.contains("grafana-dashboard"), "{}", unknown.stderr);
    let missing = kfleet(&["render", "server-broker", "--set", "node_id=1"]).exits(64);
    assert!(missing.stderr.contains("--set quorum="), "{}", missing.stderr);
    let variable = kfleet(&["render", "limits", "--set", "users=kafka"]).exits(64);
    assert!(
        variable.stderr.contains("its variables are user"),
        "{}",
        variable.stderr
    );
    kfleet(&["render"]).exits(64);
    let listed = kfleet(&["render", "--list", "-o", "json"]).exits(0).data();
    assert!(listed.as_array().unwrap().len() >= 12, "{listed}");
    let variables = kfleet(&["render", "prometheus-scrape", "--list", "-o", "json"])
        .exits(0)
        .data();
    assert!(
        variables
            .as_array()
            .unwrap()
            .iter()
            .any(|variable| variable["name"] == "jmx_port")
    );
}

#[test]
fn size_needs_a_rate_and_shows_its_arithmetic() {
    let without = kfleet(&["size"]).exits(64);
    assert!(without.stderr.contains("--write-rate"), "{}", without.stderr);
    let table = kfleet(&["size", "--write-rate", "100MB/s", "--retention", "1h"]).exits(0);
    assert!(
        table.stdout.contains("max(100 MB/s / 10 MB/s, 100 MB/s / 10 MB/s, "),
        "{}",
        table.stdout
    );
    let sizing = kfleet(&["size", "--write-rate", "100MB/s", "--retention", "1h", "-o", "json"]).exits(0);
    assert_eq!(sizing.json()["schema"], "kfleet/size/1");
    let steps = sizing.data()["steps"].clone();
    let partitions = steps
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["id"] == "partitions")
        .cloned();
    assert_eq!(partitions.unwrap()["value"], 10);
}

fn size_of_a_cluster(cluster: &Cluster) {
    cluster
        .kfleet(&[
            "topics",
            "create",
            "t",
            "--partitions",
            "4",
            "--replication-factor",
            "1",
            "--yes",
        ])
        .exits(0);
    cluster
        .kfleet_with_input(&["produce", "t"], &"twelve bytes\n".repeat(100))
        .exits(0);
    let idle = cluster.kfleet(&["size", "--watch", "100ms"]).exits(64);
    assert!(idle.stderr.contains("nothing was written"), "{}", idle.stderr);
    let sizing = cluster.data(&["size", "--write-rate", "1MB/s"]);
    assert_eq!(sizing["cluster"]["brokers"], 1);
    assert_eq!(sizing["cluster"]["partitions"], 4);
    assert!(sizing["cluster"]["stored_bytes"].as_u64().unwrap() > 1_200, "{sizing}");
    let input = |id: &str| {
        let inputs = sizing["inputs"].as_array().unwrap();
        inputs.iter().find(|input| input["id"] == id).unwrap().clone()
    };
    assert_eq!(input("partitions")["value"], 4);
    assert_eq!(input("replication-factor")["value"], 1);
    assert_eq!(
        input("disk")["from"],
        "measured",
        "every engine tells the size of its disks"
    );
    assert!(input("disk")["value"].as_u64().unwrap() > 1 << 20);
}

fn size_of_a_busy_cluster(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    // What a record is worth is learned from those that are there.
    cluster.kfleet(&["bench", "produce", "t", "-n", "2000"]).exits(0);
    let mut load = crate::support::isolated(crate::support::KFLEET)
        .args([
            "bench",
            "produce",
            "t",
            "-n",
            "8000",
            "--throughput",
            "1000",
            "--timeout",
            "60s",
        ])
        .env("KFLEET_BOOTSTRAP_SERVER", &cluster.bootstrap)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let sizing = cluster.data(&["size", "--watch", "2s"]);
    // It may have ended before.
    let _ended = load.kill();
    load.wait().unwrap();
    let inputs = sizing["inputs"].as_array().unwrap();
    let rate = inputs.iter().find(|input| input["id"] == "write-rate").unwrap();
    assert_eq!(rate["from"], "measured");
    // A thousand records of a hundred bytes a second, as far as two seconds tell.
    let rate = rate["value"].as_u64().unwrap();
    assert!((20_000..400_000).contains(&rate), "{rate} bytes/s");
}

on_both_engines!(size_of_a_cluster, size_of_a_busy_cluster);
