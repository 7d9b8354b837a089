//! ACLs, users, quotas, tokens and transactions on a broker that serves none of them, and producers on any.

use serde_json::json;

use crate::support::{Cluster, Engine};

/// Every command of these.
const COMMANDS: &[&[&str]] = &[
    &["acls", "list"],
    &[
        "acls",
        "create",
        "--allow-principal",
        "User:a",
        "--operation",
        "read",
        "--topic",
        "t",
    ],
    &["acls", "delete", "--topic", "t"],
    &["users", "list"],
    &["users", "describe", "alice"],
    &["users", "set", "alice", "--password-file", "-"],
    &["users", "delete", "alice"],
    &["quotas", "list"],
    &["quotas", "describe", "--user", "alice"],
    &["quotas", "set", "--user", "alice", "producer_byte_rate=1000"],
    &["quotas", "unset", "--user", "alice", "--all"],
    &["tokens", "create"],
    &["tokens", "describe"],
    &["tokens", "renew", "x"],
    &["tokens", "expire", "x"],
    &["transactions", "list"],
    &["transactions", "describe", "x"],
    &["transactions", "find-hanging"],
    &[
        "transactions",
        "abort",
        "--topic",
        "t",
        "--partition",
        "0",
        "--start-offset",
        "0",
    ],
    &["transactions", "abort", "--transactional-id", "x"],
];

const READING: &[&str] = &["list", "describe", "find-hanging"];

on_both_engines!(producers_are_told_with_what_they_wrote_last);

fn producers_are_told_with_what_they_wrote_last(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "2", "--yes"])
        .exits(0);
    assert_eq!(cluster.data(&["producers", "describe", "t"]), json!([]));
    cluster
        .kfleet_with_input(&["produce", "t", "--partition", "1"], "a\nb\nc\n")
        .exits(0);
    let load = ["bench", "produce", "t", "--records", "10"];
    cluster.kfleet(&load).exits(0);
    let rows = cluster.data(&["producers", "describe", "t"]);
    let rows = rows.as_array().unwrap();
    assert!(!rows.is_empty(), "those who write here are idempotent");
    for row in rows {
        assert!(
            row["producer_id"].as_i64().unwrap() >= 0 && row["last_sequence"].as_i64().unwrap() >= 0,
            "{row}"
        );
        assert_eq!(
            (&row["open_from_offset"], &row["broker"]),
            (&json!(null), &json!(1)),
            "{row}"
        );
    }
    let none = ["producers", "describe", "t", "--partition", "7"];
    assert!(cluster.kfleet(&none).exits(66).stderr.contains("no partition 7"));
    assert!(
        cluster
            .kfleet(&["producers", "describe", "tt"])
            .exits(66)
            .stderr
            .contains("did you mean t?")
    );
    cluster
        .kfleet(&["producers", "describe", "t", "--broker", "1"])
        .exits(0);
}

#[test]
fn what_is_not_served_is_76_with_a_sentence() {
    let cluster = Cluster::start(Engine::Kfleet);
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    for command in COMMANDS {
        let flags: &[&[&str]] = if READING.contains(&command[1]) {
            &[&[]]
        } else {
            &[&["--dry-run"], &["--yes"]]
        };
        for flags in flags {
            let ran = cluster
                .kfleet_with_input(&[*command, *flags].concat(), "secret\n")
                .exits(76);
            assert!(
                ran.stdout.is_empty() && ran.stderr.contains("does not serve"),
                "{command:?}: {}",
                ran.stderr
            );
        }
    }
    let controller = cluster.description()["nodes"][0]["listeners"].to_string();
    let controller = controller
        .split("CONTROLLER://")
        .nth(1)
        .map(|rest| rest.split('"').next().unwrap());
    if let Some(controller) = controller {
        let ran = crate::support::kfleet(&["acls", "list", "--bootstrap-controller", controller]).exits(76);
        assert!(ran.stderr.contains("DescribeAcls"), "{}", ran.stderr);
    }
}
