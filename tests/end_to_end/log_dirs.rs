//! Log directories of brokers.

use crate::support::Cluster;

on_both_engines!(directories_are_told_with_their_space_and_replicas);

fn directories_are_told_with_their_space_and_replicas(cluster: &Cluster) {
    for topic in ["orders", "other"] {
        cluster
            .kfleet(&["topics", "create", topic, "--partitions", "2", "--yes"])
            .exits(0);
    }
    cluster
        .kfleet_with_input(&["produce", "orders", "-p", "1"], "a\nb\n")
        .exits(0);
    let describe = |args: &[&str]| cluster.data(&[&["log-dirs", "describe"], args].concat());
    let dirs = describe(&[]);
    let dir = &dirs[0];
    assert_eq!((dirs.as_array().unwrap().len(), &dir["broker"]), (1, &1.into()));
    assert!(
        dir["replicas"].as_u64().unwrap() >= 4 && dir["error"].is_null(),
        "{dir}"
    );
    let bytes = |key: &str| dir[key].as_u64().unwrap();
    assert!(
        bytes("usable_bytes") > 0 && bytes("usable_bytes") <= bytes("total_bytes"),
        "{dir}"
    );
    let replicas = describe(&["--topics", "order*", "--brokers", "1", "--replicas"]);
    let told: Vec<_> = replicas
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let size = row["size_bytes"].as_u64().unwrap() > 0;
            (
                row["topic"].as_str().unwrap(),
                row["partition"].as_u64().unwrap(),
                size,
                &row["future"],
            )
        })
        .collect();
    assert_eq!(
        told,
        [("orders", 0, false, &false.into()), ("orders", 1, true, &false.into())]
    );
    let of_topic = describe(&["--topics", "orders"]);
    assert_eq!(of_topic[0]["replicas"], 2);
    for (args, said) in [
        (["--topics", "order"], "did you mean orders?"),
        (["--topics", "x*"], "no topic is like"),
        (["--brokers", "9"], "broker 9 does not exist"),
    ] {
        let ran = cluster
            .kfleet(&[&["log-dirs", "describe"][..], &args].concat())
            .exits(66);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    let table = cluster.kfleet(&["log-dirs", "describe"]).exits(0);
    assert!(table.lines()[0].starts_with("BROKER"), "{}", table.stdout);
}
