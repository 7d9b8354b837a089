//! check: what a monitor is told of clusters that are well, of one that lost a broker, and of none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::mock::{Made, Mock};
use crate::support::nodes::wait_until;
use crate::support::{Cluster, Ran, kfleet, signal};

on_both_engines!(nodes:
    [
        "--brokers", "3", "--controllers", "1", "--separate",
        "--set", "broker.session.timeout.ms=6000", "--set", "broker.heartbeat.interval.ms=500",
        "--set", "offsets.topic.replication.factor=3", "--set", "offsets.topic.num.partitions=3"
    ] => a_lost_broker_is_told_by_each_check_that_it_concerns, a_mute_broker_never_makes_a_check_ok;
    ["--set", "offsets.topic.num.partitions=3"] => one_node_is_checked_and_lag_is_counted;
);

mod rates {
    on_both_engines!(a_rate_that_nobody_took_away_is_told);

    fn a_rate_that_nobody_took_away_is_told(cluster: &super::Cluster) {
        let id = cluster.data(&["cluster", "describe"])[0]["id"].to_string();
        let rate = "leader.replication.throttled.rate=1000000";
        cluster
            .kfleet(&["configs", "set", "broker", &id, "--set", rate, "--yes"])
            .exits(0);
        super::wait_until("the rate is told", || {
            let said = cluster.kfleet(&["check", "throttles"]).stdout;
            said.contains(&format!("1 throttle left behind: broker {id} ({rate})"))
        });
    }
}

/// The rows of a check by their names.
#[track_caller]
fn rows(cluster: &Cluster, args: &[&str]) -> (i32, Value) {
    let ran = cluster.kfleet(&[&["check"], args, &["-o", "json"]].concat());
    assert_eq!(ran.json()["schema"], "kfleet/check/1", "{}", ran.stdout);
    (ran.code, ran.data())
}

#[track_caller]
fn status(rows: &Value, check: &str) -> String {
    let row = rows.as_array().unwrap().iter().find(|row| row["check"] == check);
    row.unwrap_or_else(|| panic!("no {check} in {rows}"))["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn create(cluster: &Cluster, topic: &str, partitions: &str, replicas: &str) {
    let args = [
        "topics",
        "create",
        topic,
        "--partitions",
        partitions,
        "--replication-factor",
        replicas,
        "--yes",
    ];
    cluster.kfleet(&args).exits(0);
}

fn a_lost_broker_is_told_by_each_check_that_it_concerns(cluster: &Cluster) {
    create(cluster, "a", "3", "3");
    cluster
        .kfleet(&[
            "configs",
            "set",
            "topic",
            "a",
            "--set",
            "min.insync.replicas=2",
            "--yes",
        ])
        .exits(0);
    wait_until("all is well", || rows(cluster, &["all"]).0 == 0);
    let (_, well) = rows(cluster, &["all"]);
    assert_eq!(well.as_array().unwrap().len(), 13);
    let line = cluster.kfleet(&["check", "under-replicated", "--topic", "a"]).exits(0);
    let said = "OK - under-replicated: none of 3 partitions | under_replicated=0\n";
    assert_eq!((line.stdout.as_str(), line.stderr.as_str()), (said, ""));

    let brokers = cluster.data(&["cluster", "describe"]);
    let ids: Vec<i64> = brokers
        .as_array()
        .unwrap()
        .iter()
        .map(|broker| broker["id"].as_i64().unwrap())
        .collect();
    let [first, lost] = [ids[0], ids[2]].map(|id| id as i32);
    cluster.kill_node(lost);
    wait_until("all partitions have lost a replica", || {
        let (code, rows) = rows(cluster, &["at-min-isr", "--topic", "a", "--crit", "3"]);
        code == 2 && rows[0]["findings"].as_array().unwrap().len() == 3
    });
    let line = cluster.kfleet(&["check", "under-replicated", "--topic", "a"]).exits(2);
    let said = format!(
        "CRITICAL - under-replicated: 3 partitions of 1 topic: a-0 (broker {lost}), a-1 (broker {lost}), a-2 (broker {lost}) | \
         under_replicated=3\n"
    );
    assert_eq!(line.stdout, said);
    cluster
        .kfleet(&["check", "replica-unavailable", "--topic", "a"])
        .exits(2);
    cluster
        .kfleet(&["check", "under-replicated", "--topic", "a", "--warn", "2"])
        .exits(1);
    cluster
        .kfleet(&["check", "under-replicated", "--topic", "a", "--warn", "4"])
        .exits(0);
    cluster
        .kfleet(&["check", "offline", "min-isr", "--topic", "a"])
        .exits(0);
    cluster
        .kfleet(&["check", "under-replicated", "--exclude-topic", "*"])
        .exits(0);
    // Two lines, and the code of the worse.
    let two = cluster
        .kfleet(&["check", "under-replicated", "offline", "--topic", "a"])
        .exits(2);
    assert_eq!(two.lines().len(), 2);
    wait_until("the lost broker is listed no more", || {
        rows(cluster, &["versions"]).1[0]["unknown"][0]["what"] == format!("broker {lost}")
    });
    // What only the lost broker could tell is not known, and what others tell is told.
    for check in ["log-dirs", "versions"] {
        let (code, rows) = rows(cluster, &[check]);
        let why = &rows[0]["unknown"][0];
        let told = (code, why["what"].as_str().unwrap(), why["kind"].as_str().unwrap());
        assert_eq!(told, (3, format!("broker {lost}").as_str(), "unreachable"), "{rows}");
        assert!(rows[0]["metrics"][0]["value"].as_u64().unwrap() >= 2, "{rows}");
    }
    // Whose turn it is follows the living.
    let turn = |id: i32| {
        let id = id.to_string();
        cluster.kfleet(&[
            "check",
            "offline",
            "--topic",
            "a",
            "--first-broker-only",
            "--node-id",
            &id,
        ])
    };
    assert!(turn(first).exits(0).stdout.starts_with("OK - offline: none"));
    let other = turn(ids[1] as i32).exits(0).stdout;
    assert!(
        other.contains("not my turn") && other.contains(&format!("{first} is the first broker")),
        "{other}"
    );
}

fn a_mute_broker_never_makes_a_check_ok(cluster: &Cluster) {
    create(cluster, "a", "3", "3");
    wait_until("all is well", || rows(cluster, &["all"]).0 == 0);
    let brokers = cluster.data(&["cluster", "describe"]);
    let mute = brokers[2]["id"].as_i64().unwrap() as i32;
    let pid = cluster.pid_of(mute);
    signal(pid, "STOP");
    let since = Instant::now();
    let ran = cluster.kfleet(&["check", "all", "--timeout", "2s", "-o", "json"]);
    let took = since.elapsed();
    signal(pid, "CONT");
    assert!(took < Duration::from_secs(4), "{took:?}");
    let data = ran.data();
    assert!([2, 3].contains(&ran.code), "{data}");
    for check in ["log-dirs", "versions", "controller", "throttles", "lag"] {
        assert_ne!(status(&data, check), "ok", "{check}: {data}");
    }
    assert_eq!(status(&data, "quorum"), "ok", "{data}");
}

fn one_node_is_checked_and_lag_is_counted(cluster: &Cluster) {
    create(cluster, "t", "2", "1");
    let records = "1\n2\n3\n4\n5\n";
    cluster
        .kfleet_with_input(&["produce", "t", "--partition", "0"], records)
        .exits(0);
    cluster
        .kfleet(&["offsets", "set", "g", "t:0=2", "--create", "--yes"])
        .exits(0);
    let lag = |limits: &[&str]| cluster.kfleet(&[&["check", "lag"], limits].concat());
    let said = lag(&["--warn", "3", "--crit", "4"]).exits(1).stdout;
    assert!(
        said.starts_with("WARNING - lag: 1 of 1 group behind: group g (3 behind, 3 of them in t-0) |"),
        "{said}"
    );
    lag(&["--warn", "4"]).exits(0);
    lag(&["--crit", "3", "--group", "g*", "--topic", "t"]).exits(2);
    lag(&["--crit", "3", "--exclude-topic", "t"]).exits(0);
    // A name that means nothing is a slip, and no reason to be content.
    let said = lag(&["--crit", "3", "--group", "gg"]).exits(3).stdout;
    assert!(
        said.contains("group gg: it does not exist; did you mean g? (not-found)"),
        "{said}"
    );
    let said = cluster
        .kfleet(&["check", "offline", "--topic", "nope*"])
        .exits(3)
        .stdout;
    assert!(said.contains("no topic is like that (not-found)"), "{said}");
    lag(&[]).exits(3);

    for check in [
        "offline",
        "min-isr",
        "under-replicated",
        "replica-unavailable",
        "quorum",
        "controller",
        "versions",
    ] {
        cluster.kfleet(&["check", check]).exits(0);
    }
    cluster
        .kfleet(&["check", "replication-factor", "--topic", "t"])
        .exits(2);
    cluster
        .kfleet(&["check", "replication-factor", "--topic", "t", "--min", "1"])
        .exits(0);
    cluster.kfleet(&["check", "at-min-isr", "--topic", "t"]).exits(1);
    let (code, rows) = rows(cluster, &["log-dirs", "--warn", "1", "--crit", "101"]);
    assert!(code <= 1 && rows[0]["unknown"].as_array().unwrap().is_empty(), "{rows}");
    let figures = rows[0]["metrics"].as_array().unwrap();
    assert!(figures.iter().any(|metric| metric["name"] == "used_percent"), "{rows}");

    // A throttle that nobody took away.
    cluster.kfleet(&["check", "throttles", "reassignments"]).exits(0);
    let slowed = "leader.replication.throttled.replicas=*";
    cluster
        .kfleet(&["configs", "set", "topic", "t", "--set", slowed, "--yes"])
        .exits(0);
    wait_until("the throttle is told", || {
        cluster.kfleet(&["check", "throttles"]).code == 1
    });
    cluster.kfleet(&["check", "throttles", "--exclude-topic", "t"]).exits(0);
    let id = cluster.data(&["cluster", "describe"])[0]["id"].to_string();

    // The only node is controller and broker.
    for turn in ["--controller-only", "--first-broker-only"] {
        let said = cluster
            .kfleet(&["check", "offline", turn, "--node-id", &id])
            .exits(0)
            .stdout;
        assert!(said.starts_with("OK - offline: none"), "{said}");
    }
    cluster
        .kfleet(&["check", "offline", "--controller-only", "--node-id", "99"])
        .exits(3);
    let file = cluster.dir.join("a-broker.properties");
    std::fs::write(&file, format!("node.id={id}\nprocess.roles=broker\n")).unwrap();
    let turn = [
        "check",
        "offline",
        "--controller-only",
        "--broker-config",
        file.to_str().unwrap(),
    ];
    let said = cluster.kfleet(&turn).exits(3).stdout;
    assert!(said.contains("process.roles is broker"), "{said}");
}

/// The rows of all checks on a server that is no cluster.
#[track_caller]
fn unknown(ran: &Ran, kinds: &[&str]) {
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    let data = ran.data();
    assert_eq!(data.as_array().unwrap().len(), 13);
    for row in data.as_array().unwrap() {
        assert_eq!(row["status"], "unknown", "{row}");
        assert!(kinds.contains(&row["unknown"][0]["kind"].as_str().unwrap()), "{row}");
    }
}

fn check_all(address: &str, timeout: &str) -> Ran {
    kfleet(&["check", "all", "-b", address, "--timeout", timeout, "-o", "json"])
}

#[test]
fn a_server_that_hangs_is_unknown_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let since = Instant::now();
    unknown(&check_all(&address, "500ms"), &["timed-out"]);
    assert!(since.elapsed() < Duration::from_secs(3));
    let line = kfleet(&["check", "offline", "-b", &address, "--timeout", "300ms"]).exits(3);
    assert!(
        line.stdout
            .starts_with("UNKNOWN - offline: it could not be found out; not known: "),
        "{}",
        line.stdout
    );
    assert_eq!(line.lines().len(), 1);
}

#[test]
fn what_one_broker_told_counts_and_what_another_did_not_is_named() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let made = Made {
        groups: vec!["g".to_owned()],
        partitions: 2,
        other: Some(mute.local_addr().unwrap().to_string()),
        ..Made::default()
    };
    let mock = Mock::start(made);
    let lag = |limit: &str| kfleet(&["check", "lag", "--crit", limit, "-b", &mock.address, "--timeout", "1s"]);
    let said = lag("50").exits(2).stdout;
    let (told, untold) = said.split_once("; not known: ").unwrap();
    assert_eq!(
        told,
        "CRITICAL - lag: 1 of 1 group behind: group g (50 behind, 50 of them in t-0)"
    );
    assert!(untold.contains("(timed-out)"), "{untold}");
    assert!(
        lag("51")
            .exits(3)
            .stdout
            .starts_with("UNKNOWN - lag: 1 group, none behind by more than 50")
    );
    // An API that is not served tells nothing, either.
    let ran = check_all(&mock.address, "1s");
    let data = ran.data();
    for check in [
        "quorum",
        "controller",
        "log-dirs",
        "throttles",
        "reassignments",
        "versions",
        "min-isr",
        "lag",
    ] {
        assert_eq!(status(&data, check), "unknown", "{check}: {data}");
    }
}

#[test]
fn nobody_there_and_garbage_are_unknown_with_their_kinds() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 64];
            let _some = stream.read(&mut request);
            let _gone = stream.write_all(&[0xff; 64]);
        }
    });
    unknown(&check_all(&address, "5s"), &["protocol", "unreachable"]);
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    unknown(&check_all(&free, "2s"), &["unreachable"]);
}

#[test]
fn whatever_is_wrong_with_the_command_line_is_3_too() {
    for args in [
        &["check"][..],
        &["check", "nope"],
        &["check", "offline", "--nope"],
        &["check", "offline"],
        &["check", "offline", "-b", "nowhere"],
        &["check", "offline", "--warn", "0", "-b", "localhost:1"],
        &["check", "quorum", "--warn", "1", "-b", "localhost:1"],
        &["check", "quorum", "--topic", "t", "-b", "localhost:1"],
        &["check", "lag", "-b", "localhost:1"],
        &["check", "lag", "log-dirs", "--warn", "5", "-b", "localhost:1"],
        &["check", "offline", "--controller-only", "-b", "localhost:1"],
        &["check", "offline", "--node-id", "1", "-b", "localhost:1"],
        &[
            "check",
            "offline",
            "--controller-only",
            "--broker-config",
            "/no/such/file",
            "-b",
            "localhost:1",
        ],
    ] {
        let ran = kfleet(args).exits(3);
        assert!(!ran.stdout.is_empty() || !ran.stderr.is_empty(), "{args:?}");
    }
    let ran = kfleet(&["check", "nope", "-o", "json"]).exits(3);
    assert_eq!(ran.json()["error"]["kind"], "usage");
}
