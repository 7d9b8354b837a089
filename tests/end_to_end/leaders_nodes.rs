//! Elections on clusters of several brokers, and forgetting a broker that is gone.

use serde_json::{Value, json};

use crate::support::Cluster;
use crate::support::nodes::wait_until;

on_both_engines!(nodes:
    [
        "--brokers", "2", "--controllers", "1", "--separate",
        "--set", "broker.session.timeout.ms=3000", "--set", "broker.heartbeat.interval.ms=500",
        "--set", "auto.leader.rebalance.enable=false", "--set", "replica.lag.time.max.ms=2000"
    ] => leaders_go_back_and_a_lost_one_is_replaced_at_a_price;
);

/// The only partition of a topic.
fn partition(cluster: &Cluster, topic: &str) -> Value {
    cluster.data(&["topics", "describe", topic])[0].clone()
}

fn leaders_go_back_and_a_lost_one_is_replaced_at_a_price(cluster: &Cluster) {
    let create = [
        "topics",
        "create",
        "t",
        "--partitions",
        "1",
        "--replication-factor",
        "2",
        "--yes",
    ];
    cluster.kfleet(&create).exits(0);
    let replicas = partition(cluster, "t")["replicas"].clone();
    let [first, second] = [0, 1].map(|at| replicas[at].as_i64().unwrap());
    let produce = |record: &str| cluster.kfleet_with_input(&["produce", "t"], record).exits(0);
    let elect = |args: &[&str]| cluster.kfleet(&[&["leaders", "elect", "--topic", "t", "-o", "json"], args].concat());
    produce("a\n");

    // While the preferred leader is away it cannot be elected.
    cluster.kill_node(first as i32);
    wait_until("the other replica leads", || {
        partition(cluster, "t")["leader"] == second
    });
    let ran = elect(&["--yes"]).exits(76);
    assert!(ran.stderr.contains("which is not alive"), "{}", ran.stderr);
    assert_eq!(
        (&ran.data()[0]["changed"], &ran.data()[0]["leader"]),
        (&json!(false), &json!(second))
    );
    let why = ran.data()[0]["error"].to_string();
    assert!(why.contains("PreferredLeaderNotAvailable"), "{why}");
    // Back, it does not lead by itself.
    let back = cluster.start_node(first as i32);
    wait_until("it is in sync again", || {
        partition(cluster, "t")["isr"].as_array().unwrap().len() == 2
    });
    let planned = elect(&["--dry-run"]).exits(0);
    assert!(
        planned.stderr.contains(&format!("t-0: {second} -> {first}")),
        "{}",
        planned.stderr
    );
    elect(&[]).exits(77);
    assert_eq!(partition(cluster, "t")["leader"], second);
    let row = json!([{
        "topic": "t", "partition": 0, "leader_before": second, "leader": first, "changed": true, "error": null,
    }]);
    assert_eq!(elect(&["--yes"]).exits(0).data(), row);
    assert_eq!(partition(cluster, "t")["leader"], first);
    assert_eq!(elect(&["--yes"]).exits(0).data()[0]["changed"], false);

    // The other replica misses a record, and then the only one that has it is gone.
    cluster.kill_node(second as i32);
    wait_until("one replica is in sync", || {
        partition(cluster, "t")["isr"] == json!([first])
    });
    produce("b\n");
    drop(back);
    let _other = cluster.start_node(second as i32);
    wait_until("nobody leads", || partition(cluster, "t")["leader"] == Value::Null);
    let left = partition(cluster, "t");
    assert_eq!((&left["isr"], &left["elr"]), (&json!([]), &json!([first])), "{left}");
    let table = cluster
        .kfleet(&["topics", "describe", "t", "-o", "wide"])
        .exits(0)
        .stdout;
    assert!(table.contains("LAST KNOWN ELR"), "{table}");
    elect(&["--yes"]).exits(76);
    let unclean = ["--election-type", "unclean"];
    let planned = elect(&[&unclean[..], &["--dry-run"]].concat()).exits(0);
    let told = format!("t-0: in sync nobody, eligible {first}; alive {second}, without what only the others have");
    assert!(planned.stderr.contains(&told), "{}", planned.stderr);
    // A yes to everything is not enough, and neither is it to accept losses without one.
    elect(&[&unclean[..], &["--yes"]].concat()).exits(77);
    elect(&[&unclean[..], &["--accept-data-loss"]].concat()).exits(77);
    assert_eq!(partition(cluster, "t")["leader"], Value::Null);
    let elected = elect(&[&unclean[..], &["--accept-data-loss", "--yes"]].concat())
        .exits(0)
        .data();
    assert_eq!(
        (&elected[0]["changed"], &elected[0]["leader"]),
        (&json!(true), &json!(second))
    );
    assert_eq!(
        cluster.kfleet(&["consume", "t"]).exits(0).lines(),
        ["a"],
        "b was lost, as was said"
    );

    // The broker that is gone is forgotten, and what it had is told; it has something, so that one has to insist.
    let said = cluster
        .kfleet(&["cluster", "unregister", &first.to_string(), "--yes"])
        .exits(77)
        .stderr;
    assert!(said.contains("would keep a replica"), "{said}");
    let fenced = cluster.data(&["cluster", "endpoints", "--include-fenced"]);
    let fenced = fenced
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == first)
        .unwrap()
        .clone();
    assert_eq!(fenced["fenced"], true);
    let ran = cluster
        .kfleet(&[
            "cluster",
            "unregister",
            &first.to_string(),
            "--force",
            "--yes",
            "-o",
            "json",
        ])
        .exits(0);
    assert_eq!(ran.data()["changed"], true);
    let replicas = ran.data()["replicas"].as_i64().unwrap();
    assert!(
        replicas >= 1
            && ran.json()["warnings"][0]
                .as_str()
                .unwrap()
                .starts_with(&replicas.to_string())
    );
    cluster
        .kfleet(&["cluster", "unregister", &first.to_string(), "--yes"])
        .exits(66);
    assert_eq!(
        cluster
            .data(&["cluster", "endpoints", "--include-fenced"])
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
