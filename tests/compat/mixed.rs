//! Our nodes and Apache Kafka's in one static quorum and one set of replicas.

use std::process::Command;

use serde_json::Value;

use crate::support::mixed_nodes::Mixed;
use crate::support::nodes::wait_until;
use crate::support::{Engine, Ran, kafka_libs, quick_java, run_with_input};

use Engine::{Apache, Kfleet};

/// Apache's controllers and brokers say so of every node that is not up, or does not know of a new topic yet; ours of a
/// controller that is a session late, as is one that two virtual machines start beside.
const OF_STARTS: [&str; 6] = [
    "no heartbeat has reached the controller for a session",
    "could not be established",
    "Performing controller activation",
    "disconnected",
    "Received UNKNOWN_TOPIC_ID from the leader",
    NOT_ACTIVE,
];
/// And this of itself, below an error, while it is not active yet.
const NOT_ACTIVE: &str = "NotControllerException";

/// The active controller, as a broker knows it; nothing while there is none.
pub(super) fn active(mixed: &Mixed, asked: i32) -> Option<i32> {
    let status = mixed.data(asked, &["quorum", "status"])?;
    Some(status["leader_id"].as_i64()? as i32).filter(|id| *id > 0)
}

/// The partitions of topics, as a broker knows them.
pub(super) fn partitions(mixed: &Mixed, asked: i32, topics: &[&str]) -> Vec<Value> {
    let described = mixed.data(asked, &[&["topics", "describe"], topics].concat());
    described.and_then(|rows| rows.as_array().cloned()).unwrap_or_default()
}

/// Waits until all replicas of topics are in sync, as every broker knows it.
pub(super) fn wait_until_in_sync(mixed: &Mixed, topics: &[&str]) {
    for asked in 1..=3 {
        wait_until(&format!("all replicas are in sync, as {asked} knows it"), || {
            let rows = partitions(mixed, asked, topics);
            let complete =
                |row: &Value| row["isr"].as_array().map(Vec::len) == row["replicas"].as_array().map(Vec::len);
            !rows.is_empty() && rows.iter().all(complete)
        });
    }
}

/// Creates a topic with replicas on all nodes, by way of one broker.
pub(super) fn create(mixed: &Mixed, asked: i32, topic: &str, partitions: &str) {
    let args = [
        "topics",
        "create",
        topic,
        "--partitions",
        partitions,
        "--replication-factor",
        "3",
        "-y",
    ];
    mixed.kfleet(asked, &args, "").exits(0);
}

/// Stops and kills active controllers in turn until one of this engine is active. When one is killed Apache's voters elect
/// their like: they refuse pre-votes as long as they wait for the dead, and ask first when they do not.
pub(super) fn let_lead(mixed: &mut Mixed, engine: Engine) -> i32 {
    for attempt in 0..8 {
        let leader = await_active(mixed, &[1, 2, 3]);
        if mixed.engine(leader) == engine {
            return leader;
        }
        if attempt % 2 == 0 {
            mixed.stop(leader);
        } else {
            mixed.kill(leader);
        }
        let _next = await_active(mixed, &mixed.others(leader));
        mixed.spawn(leader);
        mixed.wait_until_alive(&[1, 2, 3]);
    }
    panic!("no node of {engine:?} comes to lead");
}

/// Waits until these nodes agree on an active controller that is one of them.
pub(super) fn await_active(mixed: &Mixed, ids: &[i32]) -> i32 {
    let mut found = None;
    wait_until(&format!("one of {ids:?} is active"), || {
        let told: Vec<Option<i32>> = ids.iter().map(|asked| active(mixed, *asked)).collect();
        found = told[0].filter(|leader| ids.contains(leader) && told.iter().all(|other| *other == Some(*leader)));
        found.is_some()
    });
    found.unwrap()
}

/// Numbers, a line each.
pub(super) fn numbers(range: std::ops::Range<u32>) -> String {
    range.map(|at| format!("{at}\n")).collect()
}

/// What is in a topic, as read by way of one broker, sorted.
pub(super) fn read(mixed: &Mixed, asked: i32, topic: &str) -> Vec<u32> {
    let ran = mixed.kfleet(asked, &["consume", topic], "").exits(0);
    let mut numbers: Vec<u32> = ran.lines().iter().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

fn tool(mixed: &Mixed, asked: i32, class: &str, args: &[&str]) -> Ran {
    let mut command = Command::new("timeout");
    command.args(["60", "java", "-Xmx256m"]);
    command.args(quick_java("4.3.1")).arg("-cp");
    command.arg(kafka_libs().join("*")).arg(class);
    command.args(["--bootstrap-server", mixed.address(asked)]).args(args);
    run_with_input(&mut command, "").exits(0)
}

/// Topics made, written, read and described by way of each engine's brokers; nothing is in either's log that is
/// not understood.
fn all_is_well(engines: [Engine; 3]) {
    let mixed = Mixed::start(engines, |_| "");
    let leader = await_active(&mixed, &[1, 2, 3]);
    let both = [mixed.first(Kfleet), mixed.first(Apache)];
    for (asked, topic) in both.into_iter().zip(["by-ours", "by-theirs"]) {
        create(&mixed, asked, topic, "6");
    }
    wait_until_in_sync(&mixed, &["by-ours", "by-theirs"]);
    let leads = |id: i32| {
        let rows = partitions(&mixed, both[0], &["by-ours", "by-theirs"]);
        rows.iter().filter(|row| row["leader"] == id).count()
    };
    assert_eq!([1, 2, 3].map(leads), [4, 4, 4], "leaders are on all nodes");
    for topic in ["by-ours", "by-theirs"] {
        for (asked, range) in both.into_iter().zip([0..1000, 1000..2000]) {
            mixed.kfleet(asked, &["produce", topic], &numbers(range)).exits(0);
        }
        for asked in both {
            assert_eq!(
                read(&mixed, asked, topic),
                (0..2000).collect::<Vec<_>>(),
                "{topic} as {asked} serves it"
            );
        }
    }
    // A group on a coordinator of either engine, joined by way of the other's.
    for (asked, group) in both.into_iter().zip(["of-ours", "of-theirs"]) {
        let mut kcat = Command::new("timeout");
        kcat.args([
            "60",
            "kcat",
            "-b",
            mixed.address(asked),
            "-X",
            "auto.offset.reset=earliest",
            "-q",
            "-e",
            "-G",
        ]);
        let read = run_with_input(kcat.args([group, "by-ours"]), "").exits(0);
        assert_eq!(read.lines().len(), 2000);
    }
    // Changes of settings go to the active controller by way of either.
    for (asked, value) in both.into_iter().zip(["1000001", "1000002"]) {
        let set = format!("retention.ms={value}");
        mixed
            .kfleet(asked, &["configs", "set", "topic", "by-ours", "--set", &set, "-y"], "")
            .exits(0);
        for reader in both {
            wait_until(&format!("{reader} knows {set}"), || {
                let told = mixed.kfleet(reader, &["configs", "describe", "topic", "by-ours"], "");
                told.stdout.contains(value)
            });
        }
    }
    apaches_tools_read_it(&mixed, leader);
    wait_until_in_sync(&mixed, &[]);
    for id in 1..=3 {
        let said = mixed.said(id);
        let unknown = unexpected(&said);
        assert!(
            unknown.is_empty(),
            "node {id}, {:?}, says {}",
            mixed.engine(id),
            unknown.join("\n")
        );
    }
}

/// Warnings and errors that a start does not explain.
fn unexpected(said: &str) -> Vec<&str> {
    let below = said.lines().skip(1).chain([""]);
    let warned = said
        .lines()
        .zip(below)
        .filter(|(line, _)| line.contains(" WARN ") || line.contains(" ERROR "));
    let unknown = warned
        .filter(|(line, below)| !OF_STARTS.iter().any(|known| line.contains(known)) && !below.contains(NOT_ACTIVE));
    unknown.map(|(line, _)| line).collect()
}

fn apaches_tools_read_it(mixed: &Mixed, leader: i32) {
    const QUORUM: &str = "org.apache.kafka.tools.MetadataQuorumCommand";
    for asked in [mixed.first(Kfleet), mixed.first(Apache)] {
        let status = tool(mixed, asked, QUORUM, &["describe", "--status"]).stdout;
        let told = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {status}"))
                .trim()
                .to_owned()
        };
        assert_eq!(told("LeaderId:"), leader.to_string(), "{status}");
        assert_eq!(told("CurrentObservers:"), "[]", "{status}");
        assert!(told("HighWatermark:").parse::<i64>().unwrap() > 0, "{status}");
        let replication = tool(mixed, asked, QUORUM, &["describe", "--replication"]).stdout;
        assert_eq!(replication.matches("Leader").count(), 1, "{replication}");
        assert_eq!(replication.matches("Follower").count(), 2, "{replication}");
        let topics = tool(mixed, asked, "org.apache.kafka.tools.TopicCommand", &["--describe"]).stdout;
        assert_eq!(topics.matches("Topic: by-ours\tPartition: ").count(), 6, "{topics}");
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn two_of_ours_and_one_of_apaches() {
    all_is_well([Kfleet, Kfleet, Apache]);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn one_of_ours_and_two_of_apaches() {
    all_is_well([Kfleet, Apache, Apache]);
}
