//! Groups of other types than the classic one: on Apache Kafka; ours does not serve them, and says so.

use serde_json::json;

use crate::support::members::{consumer_heartbeat, share_heartbeat, streams_heartbeat};
use crate::support::nodes::wait_until;
use crate::support::{Cluster, Engine};

/// The epoch of a member that leaves.
const LEAVE: i32 = -1;
/// Ids of members, which those of these types make themselves.
const MEMBER: &str = "5xSzmBxMR7u6ZzdyCCZxCg";
const OTHER: &str = "6xSzmBxMR7u6ZzdyCCZxCg";
const STREAMS_MEMBER: &str = "7xSzmBxMR7u6ZzdyCCZxCg";

#[test]
fn a_type_that_is_not_served_is_76() {
    let cluster = Cluster::start(Engine::Kfleet);
    for kind in ["consumer", "share", "streams"] {
        let ran = cluster.kfleet(&["groups", "list", "--type", kind]).exits(76);
        assert!(
            ran.stderr.contains(&format!("does not serve {kind} groups")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn groups_of_all_types_are_told_apart_and_changed() {
    let cluster = Cluster::start(Engine::Apache);
    cluster
        .kfleet(&["topics", "create", "orders", "--partitions", "2", "--yes"])
        .exits(0);
    let input: String = (0..10).map(|at| format!("{at}\n")).collect();
    for partition in ["0", "1"] {
        let produce = ["produce", "orders", "--partition", partition];
        cluster.kfleet_with_input(&produce, &input).exits(0);
    }
    cluster
        .kfleet(&["offsets", "set", "old", "orders:0=1", "--create", "--yes"])
        .exits(0);
    consumer(&cluster);
    share(&cluster);
    let listed = cluster.data(&["groups", "list"]);
    let listed: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|g| (&g["group"], &g["type"]))
        .collect();
    let (new, old, shared) = (json!("new"), json!("old"), json!("shared"));
    let (consumer, classic, share) = (json!("consumer"), json!("classic"), json!("share"));
    assert_eq!(listed, [(&new, &consumer), (&old, &classic), (&shared, &share)]);
    for (kind, name) in [("consumer", "new"), ("classic", "old"), ("share", "shared")] {
        assert_eq!(cluster.data(&["groups", "list", "--type", kind])[0]["group"], name);
    }
    assert_eq!(cluster.data(&["groups", "list", "--type", "streams"]), json!([]));
    assert_eq!(
        cluster.data(&["groups", "list", "s*", "?ld"]).as_array().unwrap().len(),
        2
    );
    streams(&cluster);
    cluster
        .kfleet(&["groups", "delete", "new", "old", "shared", "--yes"])
        .exits(0);
    assert_eq!(cluster.data(&["groups", "list"]), json!([]));
}

/// A group of KIP-848.
fn consumer(cluster: &Cluster) {
    consumer_heartbeat(cluster, "new", MEMBER, "orders", 0);
    let members = cluster.data(&["groups", "members", "new"]);
    assert_eq!(
        (&members[0]["member"], &members[0]["classic"]),
        (&json!(MEMBER), &json!(false))
    );
    assert_eq!(members[0]["target_assignment"], json!({"orders": [0, 1]}));
    let state = cluster.data(&["groups", "describe", "new", "--state"]);
    assert_eq!(
        (&state[0]["type"], &state[0]["members"]),
        (&json!("consumer"), &json!(1))
    );
    assert!(state[0]["epoch"].as_i64().unwrap() > 0);
    let set = ["offsets", "set", "new", "orders:0=3", "--yes"];
    let refused = cluster.kfleet(&set).exits(77);
    assert!(refused.stderr.contains(MEMBER), "{}", refused.stderr);
    // Nobody but themselves makes such members leave.
    let refused = cluster.kfleet(&[&set[..], &["--remove-members"]].concat()).exits(77);
    assert!(refused.stderr.contains("classic"), "{}", refused.stderr);
    consumer_heartbeat(cluster, "new", MEMBER, "orders", LEAVE);
    cluster.kfleet(&set).exits(0);
    assert_eq!(cluster.data(&["groups", "describe", "new"])[0]["lag"], 7);
}

/// A group of KIP-1071.
fn streams(cluster: &Cluster) {
    let mut epoch = streams_heartbeat(cluster, "flow", STREAMS_MEMBER, "orders", 0);
    // The coordinator assigns tasks at a heartbeat some time after the first member has joined.
    let mut members = json!(null);
    wait_until("the member has tasks", || {
        epoch = streams_heartbeat(cluster, "flow", STREAMS_MEMBER, "orders", epoch);
        members = cluster.data(&["groups", "members", "flow"]);
        members[0]["partitions"] == 2
    });
    assert_eq!(members[0]["member"], STREAMS_MEMBER);
    assert_eq!(members[0]["assignment"], json!({"orders": [0, 1]}));
    assert_eq!(members[0]["tasks"]["active"], json!({"0": [0, 1]}));
    let state = cluster.data(&["groups", "describe", "flow", "--state"]);
    assert_eq!(
        (&state[0]["type"], &state[0]["members"]),
        (&json!("streams"), &json!(1))
    );
    let rows = cluster.data(&["groups", "describe", "flow"]);
    assert_eq!(
        (&rows[0]["topic"], &rows[0]["member"]),
        (&json!("orders"), &json!(STREAMS_MEMBER))
    );
    let refused = cluster.kfleet(&["groups", "delete", "flo*", "--yes"]).exits(77);
    assert!(refused.stderr.contains(STREAMS_MEMBER), "{}", refused.stderr);
    streams_heartbeat(cluster, "flow", STREAMS_MEMBER, "orders", LEAVE);
    cluster.kfleet(&["groups", "delete", "flo*", "--yes"]).exits(0);
}

/// A group of KIP-932.
fn share(cluster: &Cluster) {
    share_heartbeat(cluster, "shared", OTHER, "orders", 0);
    let state = cluster.data(&["groups", "describe", "shared", "--state"]);
    assert_eq!((&state[0]["type"], &state[0]["members"]), (&json!("share"), &json!(1)));
    let reset = [
        "offsets",
        "reset",
        "shared",
        "--to-earliest",
        "--topic",
        "orders",
        "--yes",
    ];
    let refused = cluster.kfleet(&reset).exits(77);
    assert!(refused.stderr.contains(OTHER), "{}", refused.stderr);
    share_heartbeat(cluster, "shared", OTHER, "orders", LEAVE);
    cluster.kfleet(&reset).exits(0);
    let rows = cluster.data(&["groups", "describe", "shared"]);
    assert_eq!((&rows[0]["committed_offset"], &rows[0]["lag"]), (&json!(0), &json!(10)));
    cluster
        .kfleet(&["offsets", "set", "shared", "orders:1=4", "--yes"])
        .exits(0);
    let saved = cluster
        .kfleet(&["offsets", "save", "shared", "--format", "csv"])
        .exits(0);
    assert_eq!(saved.stdout, "orders,0,0\norders,1,4\n");
    let part = ["offsets", "delete", "shared", "--topic", "orders:0", "--yes"];
    cluster.kfleet(&part).exits(76);
    cluster
        .kfleet(&["offsets", "delete", "shared", "--topic", "orders", "--yes"])
        .exits(0);
    assert_eq!(cluster.data(&["groups", "describe", "shared"]), json!([]));
}
