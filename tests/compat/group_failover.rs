//! A consumer group goes on when its coordinator dies, and keeps what it has committed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use client::{Client, ClientConfig, Limit};

use crate::support::{Cluster, Engine, foreign};

const RECORDS: usize = 600;
const PARTITIONS: usize = 3;
const FLAGS: [&str; 10] = [
    "--controllers",
    "3",
    "--brokers",
    "3",
    "--set",
    "offsets.topic.num.partitions=1",
    // Apache's nodes are missed only then.
    "--set",
    "broker.session.timeout.ms=3000",
    "--set",
    "broker.heartbeat.interval.ms=500",
];

#[test]
#[ignore = "needs tests/compat/setup"]
fn a_group_goes_on_without_its_coordinator() {
    run(Engine::Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn a_foreign_group_goes_on_without_its_coordinator() {
    run(Engine::Apache);
}

fn run(engine: Engine) {
    let cluster = Cluster::of_nodes(engine, &FLAGS);
    let partitions = PARTITIONS.to_string();
    let args = [
        "topics",
        "create",
        "t",
        "--replication-factor",
        "3",
        "--yes",
        "--partitions",
    ];
    cluster.kfleet(&[&args[..], &[&partitions]].concat()).exits(0);
    let mut command = Command::new("timeout");
    command
        .arg("200")
        .arg(foreign("venv/bin/python"))
        .arg(format!(
            "{}/tests/compat/python/group_failover.py",
            env!("CARGO_MANIFEST_DIR")
        ))
        .args([&cluster.bootstrap, "t", &RECORDS.to_string()]);
    let mut consumer = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(consumer.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("third"), "the group does not read");
    let old = coordinator(&cluster);
    cluster.kill_node(old);
    let said: Vec<String> = lines.collect();
    assert!(consumer.wait().unwrap().success(), "{said:?}");
    let new = coordinator(&cluster);
    assert_ne!(new, old);
    say!("{engine:?}: the coordinator was {old}, then {new}; {}", said[0]);
    check(&said[1..]);
}

/// Who coordinates the group, as brokers have it.
fn coordinator(cluster: &Cluster) -> i32 {
    let config = ClientConfig {
        bootstrap: cluster.bootstrap.split(',').map(str::to_owned).collect(),
        client_id: "kfleet-test".to_owned(),
        security: client::Security::default(),
        limit: Limit::Until(client::conn::deadline_in(Duration::from_secs(30))),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { Client::connect(config).await.unwrap().coordinator("g").await.unwrap() })
}

/// All that was written was read, each partition's records in their order and, as every record was committed before the
/// next was read, none a second time but one whose commit nobody answered; and all of it is committed.
fn check(said: &[String]) {
    let mut next: BTreeMap<usize, u64> = BTreeMap::new();
    let mut values = BTreeSet::new();
    let mut again = 0;
    let mut committed = 0;
    for line in said {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        match words[0] {
            "read" => {
                let next = next.entry(number(1) as usize).or_insert(0);
                assert!(
                    (next.saturating_sub(1)..=*next).contains(&number(2)),
                    "{line} at {next}"
                );
                again += u64::from(number(2) < *next);
                *next = number(2) + 1;
                values.insert(number(3));
            }
            "committed" => {
                assert_eq!(next[&(number(1) as usize)], number(2), "{line}");
                committed += number(2);
            }
            _ => {}
        }
    }
    assert_eq!(said.last().map(String::as_str), Some("ok"), "{said:?}");
    assert_eq!(values, (0..RECORDS as u64).collect(), "not all was read");
    assert_eq!(committed, RECORDS as u64, "not all is committed");
    assert!(again <= PARTITIONS as u64, "{again} records were read again");
}
