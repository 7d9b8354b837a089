//! Groups: listed, described, kept from changes while they have members, deleted.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::members::{join, leave};
use crate::support::{Cluster, KFLEET, isolated};

on_both_engines!(
    groups_are_listed_described_and_deleted,
    members_keep_their_group_from_changes,
    members_are_waited_for_or_removed,
    what_is_not_there_is_named_with_what_is_like_it,
);

/// Two partitions with ten records each, and a group at 4 and 6.
fn prepare(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "orders", "--partitions", "2", "--yes"])
        .exits(0);
    let input: String = (0..10).map(|at| format!("{at}\n")).collect();
    for partition in ["0", "1"] {
        let produce = ["produce", "orders", "--partition", partition];
        cluster.kfleet_with_input(&produce, &input).exits(0);
    }
    let set = [
        "offsets",
        "set",
        "billing",
        "orders:0=4",
        "orders:1=6",
        "--create",
        "--yes",
    ];
    cluster.kfleet(&set).exits(0);
}

fn offsets(cluster: &Cluster, group: &str) -> Value {
    let rows = cluster.data(&["groups", "describe", group]);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["committed_offset"].clone()).collect()
}

fn groups_are_listed_described_and_deleted(cluster: &Cluster) {
    assert_eq!(cluster.data(&["groups", "list"]), json!([]));
    prepare(cluster);
    let listed = cluster.data(&["groups", "list"]);
    assert_eq!(listed[0]["group"], "billing");
    assert_eq!(
        (&listed[0]["type"], &listed[0]["state"]),
        (&json!("classic"), &json!("Empty"))
    );
    let named = |filter: &[&str]| {
        cluster
            .data(&[&["groups", "list"], filter].concat())
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(named(&["--state", "empty,Stable"]), 1);
    assert_eq!(named(&["--state", "Stable"]), 0);
    assert_eq!(named(&["--type", "classic"]), 1);
    cluster.kfleet(&["groups", "list", "--state", "Emty"]).exits(64);
    let rows = cluster.data(&["groups", "describe", "billing"]);
    let seen: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["lag"]).collect();
    assert_eq!(seen, [&json!(6), &json!(4)]);
    let member = join(cluster, "billing", "orders", &[0, 1]);
    assert_eq!(named(&["--state", "Stable"]), 1);
    let rows = cluster.data(&["groups", "describe", "billing"]);
    assert_eq!(
        (&rows[1]["client_id"], &rows[1]["member"]),
        (&json!("reader"), &json!(member))
    );
    let state = cluster.data(&["groups", "describe", "--all-groups", "--state"]);
    assert_eq!(
        (&state[0]["state"], &state[0]["members"]),
        (&json!("Stable"), &json!(1))
    );
    assert_eq!(state[0]["assignor"], "range");
    for command in [
        &["groups", "members", "billing"][..],
        &["groups", "describe", "billing", "--members"],
    ] {
        let members = cluster.data(command);
        assert_eq!(members[0]["assignment"], json!({"orders": [0, 1]}));
        assert_eq!(
            (&members[0]["classic"], &members[0]["partitions"]),
            (&json!(true), &json!(2))
        );
    }
    let wide = cluster.kfleet(&["groups", "members", "billing", "--verbose"]).exits(0);
    assert!(wide.stdout.contains("orders:0,1"), "{}", wide.stdout);
    leave(cluster, "billing", &member);
    cluster.kfleet(&["groups", "delete", "billing"]).exits(77);
    let deleted = ["groups", "delete", "billing", "--yes", "-o", "json"];
    assert_eq!(cluster.kfleet(&deleted).exits(0).data()[0]["changed"], true);
    assert_eq!(cluster.data(&["groups", "list"]), json!([]));
    cluster.kfleet(&deleted).exits(66);
    let again = [&deleted[..], &["--if-exists"]].concat();
    assert_eq!(cluster.kfleet(&again).exits(0).data()[0]["changed"], false);
}

fn members_keep_their_group_from_changes(cluster: &Cluster) {
    prepare(cluster);
    let member = join(cluster, "billing", "orders", &[0, 1]);
    for change in [
        &["offsets", "set", "billing", "orders:0=1"][..],
        &["offsets", "reset", "billing", "--to-latest", "--all-topics"],
        &["offsets", "shift", "billing", "--by", "1", "--all-topics"],
        &["offsets", "delete", "billing", "--topic", "orders"],
        &["groups", "delete", "billing"],
    ] {
        let ran = cluster.kfleet(&[change, &["--yes"]].concat()).exits(77);
        assert!(ran.stderr.contains(&member), "{change:?}: {}", ran.stderr);
    }
    assert_eq!(offsets(cluster, "billing"), json!([4, 6]));
    let copied = ["offsets", "copy", "billing", "copy", "--yes", "-o", "json"];
    let ran = cluster.kfleet(&copied).exits(0).json();
    assert!(ran["warnings"][0].as_str().unwrap().contains("has members"), "{ran}");
    assert_eq!(offsets(cluster, "copy"), json!([4, 6]));
    cluster
        .kfleet(&["offsets", "copy", "copy", "billing", "--yes"])
        .exits(77);
}

fn members_are_waited_for_or_removed(cluster: &Cluster) {
    prepare(cluster);
    let member = join(cluster, "billing", "orders", &[0, 1]);
    let reset = ["offsets", "reset", "billing", "--to-earliest", "--all-topics", "--yes"];
    let ran = cluster
        .kfleet(&[&reset[..], &["--wait-empty", "300ms"]].concat())
        .exits(77);
    assert!(
        ran.stderr.contains("waiting for billing") && ran.stderr.contains(&member),
        "{}",
        ran.stderr
    );
    let mut waiting = isolated(KFLEET)
        .args(reset)
        .args(["--wait-empty", "60s", "-o", "json"])
        .env("KFLEET_BOOTSTRAP_SERVER", &cluster.bootstrap)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(waiting.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(said.by_ref().any(|line| line.contains("waiting for billing")));
    leave(cluster, "billing", &member);
    let rest: Vec<String> = said.collect();
    let ended = waiting.wait_with_output().unwrap();
    assert!(ended.status.success(), "{rest:?}");
    assert_eq!(offsets(cluster, "billing"), json!([0, 0]));
    let member = join(cluster, "billing", "orders", &[0, 1]);
    let removing = [
        "offsets",
        "shift",
        "billing",
        "--by",
        "3",
        "--all-topics",
        "--remove-members",
        "-o",
        "json",
    ];
    cluster.kfleet(&[&removing[..], &["--dry-run"]].concat()).exits(0);
    assert_eq!(
        cluster
            .data(&["groups", "members", "billing"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let ran = cluster.kfleet(&[&removing[..], &["--yes"]].concat()).exits(0).json();
    let warned = ran["warnings"].to_string();
    assert!(
        warned.contains("removed from group billing") && warned.contains(&member),
        "{ran}"
    );
    assert_eq!(cluster.data(&["groups", "members", "billing"]), json!([]));
    assert_eq!(offsets(cluster, "billing"), json!([3, 3]));
    join(cluster, "billing", "orders", &[0, 1]);
    let delete = ["groups", "delete", "billing", "--remove-members", "--yes"];
    cluster.kfleet(&delete).exits(0);
    assert_eq!(cluster.data(&["groups", "list"]), json!([]));
}

fn what_is_not_there_is_named_with_what_is_like_it(cluster: &Cluster) {
    prepare(cluster);
    for (command, hint) in [
        (&["groups", "describe", "biling"][..], "did you mean billing?"),
        (&["groups", "members", "biling"], "did you mean billing?"),
        (&["groups", "delete", "Billing", "--yes"], "did you mean billing?"),
        (&["offsets", "save", "biling"], "did you mean billing?"),
        (&["offsets", "set", "biling", "orders:0=1", "--yes"], "--create"),
        (
            &["offsets", "shift", "biling", "--by", "1", "--all-topics", "--yes"],
            "did you mean billing?",
        ),
        (&["offsets", "copy", "biling", "b", "--yes"], "did you mean billing?"),
        (
            &["offsets", "delete", "billing", "--topic", "order", "--yes"],
            "did you mean orders?",
        ),
        (
            &[
                "offsets",
                "reset",
                "billing",
                "--to-latest",
                "--topic",
                "order",
                "--yes",
            ],
            "did you mean orders?",
        ),
        (&["offsets", "set", "billing", "orders:7=1", "--yes"], "no partition 7"),
        (&["offsets", "get", "order"], "did you mean orders?"),
    ] {
        let ran = cluster.kfleet(command).exits(66);
        assert!(ran.stderr.contains(hint), "{command:?}: {}", ran.stderr);
    }
    // What is there is told all the same.
    let both = cluster
        .kfleet(&["groups", "describe", "billing", "biling", "-o", "json"])
        .exits(66);
    let both = both.json();
    assert_eq!(both["data"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&both["errors"][0]["what"], &both["errors"][0]["kind"]),
        (&json!("group biling"), &json!("not-found"))
    );
    assert_eq!(offsets(cluster, "billing"), json!([4, 6]));
}
