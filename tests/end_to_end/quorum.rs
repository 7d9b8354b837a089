//! The metadata quorum: what it is, and who votes.

use serde_json::{Value, json};

use crate::support::{Cluster, Engine, kfleet};

on_both_engines!(a_quorum_of_one_is_described, static_voters_stay_who_they_are,);

/// Someone who is nowhere.
const STRANGER: &str = "MvDxzVmcRsaTz33bUuRU6A";

fn a_quorum_of_one_is_described(cluster: &Cluster) {
    let controller = cluster.description()["nodes"][0]["listeners"]["CONTROLLER"].clone();
    let status = cluster.kfleet(&["quorum", "status", "-o", "json"]).exits(0).json();
    let id = cluster.kfleet(&["cluster", "id"]).exits(0).stdout.trim().to_owned();
    assert_eq!(
        (&status["schema"], &status["cluster_id"]),
        (&json!("kfleet/quorum-status/1"), &json!(id))
    );
    let status = &status["data"];
    assert_eq!((&status["leader_id"], &status["observers"]), (&json!(1), &json!([])));
    assert!(status["leader_epoch"].as_i64().unwrap() >= 1);
    assert_eq!(status["max_follower_lag"], 0);
    assert_eq!(status["max_follower_lag_time_ms"], 0);
    let voter = &status["voters"][0];
    assert_eq!(
        (&voter["id"], &voter["lag"], &voter["directory_id"]),
        (&json!(1), &json!(0), &Value::Null)
    );
    let endpoint = format!("CONTROLLER://{}", controller.as_str().unwrap());
    assert_eq!(voter["endpoints"], json!([endpoint]));
    assert!(voter["log_end_offset"].as_i64() >= status["high_watermark"].as_i64());
    let table = cluster.kfleet(&["quorum", "status"]).exits(0).stdout;
    for told in [id.as_str(), endpoint.as_str()] {
        assert!(table.contains(told), "{told}: {table}");
    }
    let replicas = cluster.data(&["quorum", "replication"]);
    assert_eq!(replicas.as_array().unwrap().len(), 1);
    let leader = &replicas[0];
    assert_eq!(
        (&leader["node"], &leader["status"], &leader["lag"]),
        (&json!(1), &json!("leader"), &json!(0))
    );
    let since_1970_ms = leader["last_fetch_timestamp_ms"].as_i64().unwrap();
    assert!(since_1970_ms > 1_600_000_000_000, "{leader}");
    assert_eq!(leader["last_caught_up_timestamp_ms"].as_i64(), Some(since_1970_ms));
}

/// Apache says that the voters are static, ours has no such API yet: both refuse before anything is asked.
fn static_voters_stay_who_they_are(cluster: &Cluster) {
    let endpoint = "CONTROLLER://127.0.0.1:9";
    let add = [
        "quorum",
        "add-controller",
        "-i",
        "2",
        "-d",
        STRANGER,
        "--endpoint",
        endpoint,
    ];
    let remove = ["quorum", "remove-controller", "-i", "1"];
    for change in [&add[..], &remove[..]] {
        for how in ["--yes", "--dry-run"] {
            let ran = cluster.kfleet(&[change, &[how, "-o", "json"][..]].concat()).exits(76);
            assert_eq!(ran.json()["error"]["kind"], "rejected");
            let message = ran.json()["error"]["message"].to_string();
            assert!(message.contains("static (kraft.version 0)"), "{message}");
        }
    }
    assert_eq!(
        cluster.data(&["quorum", "status"])["voters"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn a_newcomer_has_to_be_named_and_formatted() {
    let nobody = ["-b", "127.0.0.1:9", "--timeout", "1s", "--yes"];
    let add = |args: &[&str]| kfleet(&[&["quorum", "add-controller"][..], args, &nobody[..]].concat());
    add(&[]).exits(64);
    add(&["-i", "3"]).exits(64);
    add(&["-i", "3", "-d", STRANGER]).exits(64);
    add(&["-i", "3", "-d", "short", "--endpoint", "C://a:1"]).exits(64);
    add(&["-i", "3", "-d", STRANGER, "--endpoint", "a:1"]).exits(64);
    add(&["-i", "3", "-d", STRANGER, "--endpoint", "C://a:1", "-c", "x"]).exits(64);
    add(&["-c", "/nowhere/server.properties"]).exits(74);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server.properties");
    let with_roles = |roles: &str| {
        let text = format!(
            "process.roles={roles}\nnode.id=3\nlog.dirs={}/data\ncontroller.listener.names=CONTROLLER\n\
             listeners=CONTROLLER://127.0.0.1:1\ncontroller.quorum.bootstrap.servers=127.0.0.1:2\n",
            dir.path().display()
        );
        let text = if roles == "broker" {
            text.replace("listeners=CONTROLLER", "listeners=PLAINTEXT")
        } else {
            text
        };
        std::fs::write(&file, text).unwrap();
        add(&["-c", file.to_str().unwrap()])
    };
    let said = with_roles("broker").exits(65).stderr;
    assert!(said.contains("process.roles has no controller"), "{said}");
    let said = with_roles("controller").exits(74).stderr;
    assert!(said.contains("meta.properties"), "{said}");
}

#[test]
fn brokers_and_controllers_are_told_apart() {
    let cluster = Cluster::start(Engine::Kfleet);
    let said = kfleet(&["quorum", "status", "--bootstrap-controller", &cluster.bootstrap])
        .exits(76)
        .stderr;
    assert!(said.contains("controllers with --bootstrap-controller"), "{said}");
    let both = ["-b", "127.0.0.1:9", "--bootstrap-controller", "127.0.0.1:9"];
    kfleet(&[&["quorum", "status"], &both[..]].concat()).exits(64);
    kfleet(&["topics", "list", "--bootstrap-controller", "127.0.0.1:9"]).exits(64);
    kfleet(&["quorum", "status", "--bootstrap-controller", "nowhere"]).exits(64);
    // The environment stands below a flag.
    cluster
        .kfleet(&[
            "quorum",
            "status",
            "--bootstrap-controller",
            "127.0.0.1:9",
            "--timeout",
            "1s",
        ])
        .exits(69);
}
