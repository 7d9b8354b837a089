//! Leadership is taken from brokers and given back, also by a tool that is killed at any line of its journal.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::moves::tool::{Tool, replicas};
use crate::support::nodes::wait_until;
use crate::support::{Cluster, number};

on_both_engines!(nodes:
    [
        "--brokers", "3", "--controllers", "1", "--separate",
        "--set", "offsets.topic.replication.factor=1", "--set", "auto.leader.rebalance.enable=false"
    ] => leaders_are_taken_away_and_come_back;
);

const JOURNAL: &str = "leaders.journal";
/// How much longer one lives than its line, in turn.
const LONGER: [Duration; 3] = [Duration::ZERO, Duration::from_millis(5), Duration::from_millis(100)];

fn led_by(cluster: &Cluster, topic: &str) -> Vec<i64> {
    let rows = cluster.data(&["topics", "describe", topic]);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["leader"].as_i64().unwrap()).collect()
}

fn create(cluster: &Cluster, topic: &str, assignment: &str) {
    let create = ["topics", "create", topic, "--replica-assignment", assignment, "--yes"];
    cluster.kfleet(&create).exits(0);
    wait_until("its replicas are in sync", || {
        let rows = cluster.data(&["topics", "describe", topic]);
        let is_whole = |row: &Value| row["isr"].as_array().unwrap().len() == row["replicas"].as_array().unwrap().len();
        rows.as_array().unwrap().iter().all(is_whole)
    });
}

fn leaders_are_taken_away_and_come_back(cluster: &Cluster) {
    let ids = cluster.broker_ids();
    let [a, b, c] = [ids[0], ids[1], ids[2]];
    let lists = [[a, b, c], [a, c, b], [a, b, c], [b, a, c]].map(|list| list.map(|id| id.to_string()).join(":"));
    create(cluster, "t", &lists.join(","));
    let before = replicas(cluster, "t");
    let dir = tempfile::tempdir().unwrap();
    let tool = Tool::with(cluster, &dir.path().join("whole"), JOURNAL);
    let (a, b) = (a.to_string(), b.to_string());
    let evacuate = ["leaders", "evacuate", &a, "--yes"];
    let restore = ["leaders", "evacuate", "--restore", "--yes"];

    tool.run(&restore).exits(66);
    tool.run(&["leaders", "evacuate", &a, "--dry-run"]).exits(0);
    tool.run(&["leaders", "evacuate", &a]).exits(77);
    assert_eq!(replicas(cluster, "t"), before);
    let rows = tool.run(&[&evacuate[..], &["-o", "json"]].concat()).exits(0).data();
    let rows = rows.as_array().unwrap();
    assert!(
        rows.len() == 3 && rows.iter().all(|row| row["changed"] == true),
        "{rows:?}"
    );
    let after = replicas(cluster, "t");
    assert!(!led_by(cluster, "t").contains(&ids[0]));
    assert!(after.iter().all(|list| list[0] != ids[0]), "{after:?}");
    let lines = tool.events().len();
    assert_eq!(
        tool.run(&[&evacuate[..], &["-o", "json"]].concat()).exits(0).data(),
        json!([])
    );

    // One more broker; what was taken before is restored as it was at first.
    tool.run(&["leaders", "evacuate", &b, "--yes"]).exits(77);
    tool.run(&["leaders", "evacuate", &a, &b, "--yes"]).exits(0);
    assert_eq!(led_by(cluster, "t"), [ids[2]; 4]);
    tool.run(&restore).exits(0);
    assert_eq!(replicas(cluster, "t"), before);
    assert_eq!(led_by(cluster, "t"), [ids[0], ids[0], ids[0], ids[1]]);
    assert_eq!(
        tool.run(&[&restore[..], &["-o", "json"]].concat()).exits(0).data(),
        json!([])
    );

    let mut hits: BTreeMap<Option<String>, usize> = BTreeMap::new();
    let step = if number("KFLEET_EVERY_STEP", 0) > 0 { 1 } else { 3 };
    for (round, line) in (1..=lines).step_by(step).enumerate() {
        let tool = Tool::with(cluster, &dir.path().join(round.to_string()), JOURNAL);
        let longer = LONGER[round % LONGER.len()];
        let ended = tool.kill_at(&evacuate, line, longer);
        *hits.entry(ended.last().cloned()).or_default() += 1;
        if round % 2 == 0 {
            tool.run(&evacuate).exits(0);
            assert_eq!(replicas(cluster, "t"), after, "killed at line {line}");
            assert!(!led_by(cluster, "t").contains(&ids[0]));
        }
        let ended = tool.kill_at(&restore, tool.events().len() + 1 + round % 3, longer);
        *hits.entry(ended.last().cloned()).or_default() += 1;
        tool.run(&restore).exits(0);
        assert_eq!(replicas(cluster, "t"), before, "killed at line {line}");
        assert_eq!(led_by(cluster, "t"), [ids[0], ids[0], ids[0], ids[1]]);
    }
    say!("killed when the last line was {hits:?}");

    // Nobody else can lead what has one replica.
    create(cluster, "alone", &a);
    let said = tool.run(&evacuate).exits(77).stderr;
    assert!(said.contains("alone-0"), "{said}");
    tool.run(&[&evacuate[..], &["--partial"]].concat()).exits(0);
    assert_eq!((led_by(cluster, "alone")[0], replicas(cluster, "t")), (ids[0], after));
}
