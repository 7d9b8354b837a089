//! Everything that moves replicas, one after the other, while producers write: no acknowledged record is lost or there twice, no
//! partition comes below its minimum of in-sync replicas, and no throttle stays.

use std::path::Path;

use serde_json::{Value, json};

use super::tool::{Tool, replicas};
use super::work::{LEAST_IN_SYNC, PARTITIONS, Work};
use crate::end_to_end::kills::load::TOPIC;
use crate::support::Cluster;
use crate::support::nodes::wait_until;

on_both_engines!(nodes:
    ["--brokers", "4", "--controllers", "1", "--separate"] => moves_under_load_lose_and_repeat_nothing;
);

/// A topic that is there for its bytes.
const BULK: &str = "bulk";
const BULK_RECORDS: &str = "20000";

/// Both topics, on the first three brokers.
fn topics(cluster: &Cluster, ids: &[i64]) {
    let assignment = format!("{}:{}:{}", ids[0], ids[1], ids[2]);
    let minimum = format!("min.insync.replicas={LEAST_IN_SYNC}");
    for (topic, partitions) in [(TOPIC, PARTITIONS as usize), (BULK, 4)] {
        let assignment = vec![assignment.clone(); partitions].join(",");
        let placed = ["--replica-assignment", &assignment, "--config", &minimum];
        cluster
            .kfleet(&[&["topics", "create", topic, "--yes"], &placed[..]].concat())
            .exits(0);
    }
    let filled = ["bench", "produce", BULK, "-n", BULK_RECORDS, "--record-bytes", "1000"];
    cluster.kfleet(&filled).exits(0);
}

/// Where all replicas are.
fn places(cluster: &Cluster) -> Vec<Value> {
    [replicas(cluster, TOPIC), replicas(cluster, BULK)].concat()
}

fn has(places: &[Value], broker: i64) -> usize {
    let on = |place: &&Value| place.as_array().unwrap().contains(&json!(broker));
    places.iter().filter(on).count()
}

/// A plan, and how it is carried out.
struct Move<'a> {
    tool: Tool<'a>,
    plan: String,
}

impl<'a> Move<'a> {
    fn plan(cluster: &'a Cluster, folder: &Path, name: &str, command: &[&str]) -> Self {
        let plan = folder.join(format!("{name}.json")).to_str().unwrap().to_owned();
        let asked = ["--window", "1s", "--out", &plan];
        cluster.kfleet(&[command, &asked].concat()).exits(0);
        let tool = Tool::new(cluster, &folder.join(name));
        Self { tool, plan }
    }

    /// The disk of who tests may be nearly full.
    fn apply(&self, throttle: &'a str) -> Vec<&str> {
        let how = ["--throttle", throttle, "--disk-limit", "100", "--yes"];
        [&["rebalance", "apply", &self.plan], &how[..]].concat()
    }

    fn carried_out(self, throttle: &str) -> Vec<Value> {
        self.tool.run(&self.apply(throttle)).exits(0);
        self.tool.is_over();
        places(self.tool.cluster)
    }
}

fn moves_under_load_lose_and_repeat_nothing(cluster: &Cluster) {
    let ids = cluster.broker_ids();
    topics(cluster, &ids);
    let dir = tempfile::tempdir().unwrap();
    let plan = |name: &str, command: &[&str]| Move::plan(cluster, dir.path(), name, command);
    let (first, new) = (ids[0].to_string(), ids[3].to_string());
    let work = Work::start(cluster);

    let even = plan("even", &["rebalance", "plan", "--counts"]).carried_out("20MB/s");
    let counts: Vec<usize> = ids.iter().map(|id| has(&even, *id)).collect();
    assert!(
        counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1,
        "{counts:?}"
    );
    let drained = plan("emptied", &["decommission", &new]).carried_out("20MB/s");
    assert_eq!(has(&drained, ids[3]), 0, "{drained:?}");
    let spread = plan("scale-out", &["scale-out", &new]).carried_out("20MB/s");
    assert!(has(&spread, ids[3]) > 0, "{spread:?}");

    let drain = plan("decommission", &["decommission", &first]);
    drain.tool.run(&drain.apply("20MB/s")).exits(0);
    drain.tool.is_over();
    assert_eq!(has(&places(cluster), ids[0]), 0);
    drain.tool.run(&["rebalance", "rollback", "--yes"]).exits(0);
    drain.tool.is_over();
    assert_eq!(places(cluster), spread);

    let few = plan("fewer", &["set-replication-factor", "2", TOPIC, BULK]).carried_out("20MB/s");
    assert!(few.iter().all(|place| place.as_array().unwrap().len() == 2), "{few:?}");
    let many = plan("more", &["set-replication-factor", "3", TOPIC, BULK]).carried_out("20MB/s");
    assert!(
        many.iter().all(|place| place.as_array().unwrap().len() == 3),
        "{many:?}"
    );

    cancelled(&plan("cancelled", &["decommission", &first]), &many);
    work.finish();
}

/// Begun slowly, paused, gone on with, and cancelled.
fn cancelled(slow: &Move<'_>, before: &[Value]) {
    let cluster = slow.tool.cluster;
    let mut child = slow.tool.start(&slow.apply("2MB/s"));
    let is_moving = || cluster.data(&["reassign", "list"]) != json!([]);
    wait_until("a partition moves", is_moving);
    slow.tool.run(&["rebalance", "pause", "--yes"]).exits(0);
    let status = || slow.tool.run(&["rebalance", "status", "-o", "json"]).exits(0).data();
    wait_until("it is paused", || status()["state"] == "paused");
    let faster = ["rebalance", "resume", "--throttle", "3MB/s", "--yes"];
    slow.tool.run(&faster).exits(0);
    wait_until("it is faster", || status()["throttle_bytes_per_s"] == 3_000_000);
    slow.tool.run(&["rebalance", "cancel", "--yes"]).exits(0);
    assert!(child.wait().unwrap().success());
    slow.tool.is_over();
    let told = status();
    assert_eq!(
        (&told["state"], &told["mode"]),
        (&json!("ended"), &json!("cancel")),
        "{told}"
    );
    assert!(
        told["undone"].as_u64().unwrap() + told["waiting"].as_u64().unwrap() > 0,
        "{told}"
    );
    slow.tool.run(&["rebalance", "rollback", "--yes"]).exits(0);
    slow.tool.is_over();
    assert_eq!(places(cluster), before);
}
