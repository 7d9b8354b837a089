//! A throttle is what brokers send and receive: neither more, nor much less.

use std::time::{Duration, Instant};

use serde_json::json;

use super::tool::Tool;
use crate::support::Cluster;
use crate::support::nodes::wait_within;

/// What the throttle lets each broker send, and receive.
const RATE: &str = "10MB/s";
const RATE_BYTES_PER_S: f64 = 10e6;
/// The mean is off by this part of it at most.
const OFF_MAX: f64 = 0.15;
/// It takes so long until brokers send evenly.
const SETTLE: Duration = Duration::from_secs(15);
/// So long it is measured at least.
const MEASURE: Duration = Duration::from_secs(60);
/// How often.
const LOOK: Duration = Duration::from_secs(1);
const TOPIC: &str = "throttled";
/// Of a thousand bytes each: what takes a hundred seconds.
const RECORDS: &str = "1000000";
const ENDS_MAX: Duration = Duration::from_secs(300);

mod kfleet {
    #[test]
    #[ignore = "takes minutes"]
    fn brokers_send_and_receive_what_the_throttle_lets_them() {
        super::run(crate::support::Engine::Kfleet);
    }
}

mod apache {
    #[test]
    #[ignore = "needs tests/compat/setup, takes minutes"]
    fn brokers_send_and_receive_what_the_throttle_lets_them() {
        super::run(crate::support::Engine::Apache);
    }
}

fn run(engine: crate::support::Engine) {
    let flags = ["--brokers", "3", "--controllers", "1", "--separate"];
    let cluster = Cluster::of_nodes(engine, &[&flags[..], &["--set", "log.segment.bytes=16777216"]].concat());
    let ids = cluster.broker_ids();
    let assignment = vec![ids[0].to_string(); 10].join(",");
    let create = ["topics", "create", TOPIC, "--replica-assignment", &assignment, "--yes"];
    cluster.kfleet(&create).exits(0);
    let fill = [
        "bench",
        "produce",
        TOPIC,
        "-n",
        RECORDS,
        "--record-bytes",
        "1000",
        "--batch-bytes",
        "500000",
    ];
    cluster.kfleet(&fill).exits(0);
    let dir = tempfile::tempdir().unwrap();
    let plan = dir.path().join("plan.json").to_str().unwrap().to_owned();
    let leaving = ids[0].to_string();
    cluster
        .kfleet(&["decommission", &leaving, "--window", "0s", "--out", &plan])
        .exits(0);
    let tool = Tool::new(&cluster, &dir.path().join("state"));
    let apply = [
        "rebalance",
        "apply",
        &plan,
        "--throttle",
        RATE,
        "--disk-limit",
        "100",
        "--yes",
    ];
    // One broker sends, and two receive half of it each.
    let sent = measured(&tool, &apply, &ids[1..]);
    // One broker receives what two send.
    let received = measured(&tool, &["rebalance", "rollback", "--yes"], &ids[..1]);
    say!("{engine:?}: one broker sent {sent:.0} and received {received:.0} bytes/s of {RATE_BYTES_PER_S:.0}");
    for rate in [sent, received] {
        let off = (rate / RATE_BYTES_PER_S - 1.0).abs();
        assert!(off <= OFF_MAX, "{rate:.0} bytes/s, {:.0} % off", off * 100.0);
    }
}

/// The mean of what these brokers together received in a second, while this went on.
fn measured(tool: &Tool<'_>, args: &[&str], brokers: &[i64]) -> f64 {
    let mut child = tool.start(args);
    let is_moving = || tool.cluster.data(&["reassign", "list"]) != json!([]);
    wait_within(SETTLE, "partitions move", is_moving);
    std::thread::sleep(SETTLE);
    let (since, before) = (Instant::now(), held_bytes(tool.cluster, brokers));
    let mut last = (since, before);
    // The end is not measured: the last partitions do not fill the throttle.
    while since.elapsed() < MEASURE {
        std::thread::sleep(LOOK);
        assert!(is_moving(), "it ended after {:?}", since.elapsed());
        last = (Instant::now(), held_bytes(tool.cluster, brokers));
    }
    wait_within(ENDS_MAX, "it ends", || child.try_wait().unwrap().is_some());
    assert!(child.wait().unwrap().success());
    tool.is_over();
    let (until, after) = last;
    (after - before) as f64 / (until - since).as_secs_f64()
}

/// Bytes that these brokers have of the topic.
fn held_bytes(cluster: &Cluster, brokers: &[i64]) -> u64 {
    let rows = cluster.data(&["log-dirs", "describe", "--topics", TOPIC]);
    let rows = rows.as_array().unwrap().iter();
    let held = rows.filter(|row| brokers.contains(&row["broker"].as_i64().unwrap()));
    held.map(|row| row["size_bytes"].as_u64().unwrap_or(0)).sum()
}
