//! Transactions of Apache Kafka's, listed, described and aborted; one of them hangs for real.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use client::{Client, ClientConfig, Limit, Security};
use protocol::api::messages::ProduceRequest;
use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::api::{StrBytes, TopicName, TransactionalId};
use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};
use serde_json::{Value, json};

use super::access::tool;
use crate::support::nodes::wait_until;
use crate::support::secure_node::SecureNode;
use crate::support::{KFLEET, Ran, foreign, isolated, run_with_input};

/// A producer that no coordinator has heard of.
const GHOST: i64 = 700_001;
/// The newest version that names topics by name and does not ask coordinators.
const PRODUCE: i16 = 11;

/// A writer of transactions, which leaves the one under `last` open while it lives.
struct Writer {
    process: Child,
}

impl Writer {
    fn start(node: &SecureNode) -> Self {
        let path = format!("{}/tests/compat/python/transactions.py", env!("CARGO_MANIFEST_DIR"));
        let mut process = Command::new(foreign("venv/bin/python"))
            .args([&path, &node.address("OPEN")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(said, "ok\n");
        Self { process }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It has been fenced, and may say so.
        let _ended = self.process.wait();
    }
}

/// Writes as a part of a transaction that nobody has begun, an hour ago.
fn write_and_hang(node: &SecureNode, topic: &str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let stamp = ProducerStamp {
        id: GHOST,
        epoch: 0,
        base_sequence: 0,
    };
    let mut batch = BatchBuilder::new(0, Compression::None).producer(stamp).transactional();
    batch.push(&NewRecord {
        timestamp: (now - Duration::from_secs(3600)).as_millis() as i64,
        value: Some(b"hanging"),
        ..NewRecord::default()
    });
    let batch: Bytes = batch.build().unwrap().into();
    let data = PartitionProduceData::default().with_index(0).with_records(Some(batch));
    let data = TopicProduceData::default()
        .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partition_data(vec![data]);
    let request = ProduceRequest::default()
        .with_transactional_id(Some(TransactionalId(StrBytes::from_static_str("ghost"))))
        .with_acks(-1)
        .with_timeout_ms(10_000)
        .with_topic_data(vec![data]);
    let config = ClientConfig {
        bootstrap: vec![node.address("OPEN")],
        client_id: "kfleet-test".to_owned(),
        security: Security::default(),
        limit: Limit::Each(Duration::from_secs(20)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = Client::connect(config).await.unwrap();
        let broker = client.broker(1).await.unwrap();
        let response = broker.exchange(PRODUCE, &request, client.deadline()).await.unwrap();
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!(partition.error_code, 0, "{partition:?}");
    });
}

#[track_caller]
fn run(node: &SecureNode, line: &str) -> Ran {
    node.kfleet("OPEN", "", &line.split(' ').collect::<Vec<_>>(), "")
}

#[track_caller]
fn data(node: &SecureNode, line: &str) -> Value {
    run(node, &format!("{line} -o json")).exits(0).data()
}

fn ids(node: &SecureNode, filter: &str) -> Vec<String> {
    let rows = data(node, &format!("transactions list{filter}"));
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["transactional_id"].as_str().unwrap().to_owned())
        .collect()
}

fn transactions_are_listed_and_described(node: &SecureNode) {
    assert_eq!(ids(node, ""), ["first", "last", "second"]);
    assert_eq!(ids(node, " --state ongoing"), ["last"]);
    assert_eq!(ids(node, " --transactional-id .*st"), ["first", "last"]);
    assert_eq!(
        ids(node, " --transactional-id-pattern st"),
        [] as [&str; 0],
        "the whole of it"
    );
    assert_eq!(ids(node, " --running-for 1h"), [] as [&str; 0]);
    assert_eq!(ids(node, " --state Ongoing --running-for 0s"), ["last"]);
    run(node, "transactions list --transactional-id (").exits(64);
    let last = &data(node, "transactions describe last")[0];
    assert_eq!(
        (&last["state"], &last["partitions"]),
        (&json!("Ongoing"), &json!({"t": [0]}))
    );
    assert!(
        last["started_ms"].as_i64().unwrap() > 1_700_000_000_000 && last["timeout_ms"] == 60_000,
        "{last}"
    );
    let producer = &last["producer_id"];
    assert_eq!(ids(node, &format!(" --producer-id {producer}")), ["last"]);
    let both = run(node, "transactions describe first lst -o json").exits(66).json();
    assert_eq!(
        (&both["data"][0]["state"], &both["data"][0]["running_ms"]),
        (&json!("CompleteCommit"), &Value::Null)
    );
    assert_eq!(both["errors"][0]["hints"], json!(["did you mean last?"]), "{both}");
    let producers = data(node, "producers describe t");
    let open: Vec<&Value> = producers
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| !row["open_from_offset"].is_null())
        .collect();
    assert_eq!((open.len(), &open[0]["producer_id"]), (1, producer), "{producers}");
    // It is at work, however long that takes.
    assert_eq!(
        data(node, "transactions find-hanging --max-transaction-timeout 0s --topic t"),
        json!([])
    );
    let abort = format!("transactions abort --topic t --partition 0 --producer-id {producer} --yes");
    let refused = run(node, &abort).exits(77);
    assert!(refused.stderr.contains("transactional id last"), "{}", refused.stderr);
}

fn what_hangs_is_found_and_aborted(node: &SecureNode, version: &str) {
    write_and_hang(node, "hang");
    node.kfleet("OPEN", "", &["produce", "hang"], "after\n").exits(0);
    assert_eq!(run(node, "consume hang").exits(0).stdout, "", "nobody gets past it");
    for scope in ["", " --topic hang", " --topic hang --partition 0", " --broker 1"] {
        let found = data(node, &format!("transactions find-hanging{scope}"));
        let rows = found.as_array().unwrap();
        assert_eq!(rows.len(), 1, "{scope}: {found}");
        assert_eq!(
            (&rows[0]["topic"], &rows[0]["producer_id"], &rows[0]["start_offset"]),
            (&json!("hang"), &json!(GHOST), &json!(0))
        );
        assert!(rows[0]["idle_ms"].as_i64().unwrap() >= 3_600_000, "{found}");
    }
    assert_eq!(
        data(node, "transactions find-hanging --max-transaction-timeout 2h"),
        json!([])
    );
    if version == "4.3.1" {
        let said = tool(
            node,
            "org.apache.kafka.tools.TransactionsCommand",
            &["find-hanging", "--broker-id", "1"],
        )
        .exits(0);
        let lines: Vec<Vec<&str>> = said
            .lines()
            .iter()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(lines.len(), 2, "{}", said.stdout);
        assert_eq!(lines[1][..3], ["hang", "0", &GHOST.to_string()]);
        let shim = shim(node, &["find-hanging", "--broker-id", "1"]).exits(0);
        assert_eq!(shim.stdout, said.stdout);
        of_shim_is_aborted(node);
    }
    let abort = "transactions abort --topic hang --partition 0 --start-offset 0";
    assert_eq!(data(node, &format!("{abort} --dry-run"))[0]["changed"], false);
    assert_eq!(run(node, "consume hang").exits(0).stdout, "");
    run(
        node,
        "transactions abort --topic hang --partition 0 --start-offset 1 --yes",
    )
    .exits(66);
    let done = data(node, &format!("{abort} --yes"));
    assert_eq!(
        (&done[0]["changed"], &done[0]["producer_id"]),
        (&json!(true), &json!(GHOST))
    );
    assert_eq!(data(node, "transactions find-hanging"), json!([]));
    assert_eq!(run(node, "consume hang").exits(0).lines(), ["after"]);
    run(node, &format!("{abort} --yes")).exits(66);
}

/// kafka-transactions as kfleet has it.
fn shim(node: &SecureNode, args: &[&str]) -> Ran {
    let mut command = isolated(KFLEET);
    command.arg0("kafka-transactions.sh");
    command.args(["--bootstrap-server", &node.address("OPEN")]).args(args);
    run_with_input(&mut command, "")
}

/// By the shim, in a topic of its own.
fn of_shim_is_aborted(node: &SecureNode) {
    write_and_hang(node, "shim");
    let abort = |offset| ["abort", "--topic", "shim", "--partition", "0", "--start-offset", offset];
    let missing = shim(node, &abort("5")).exits(1);
    assert!(
        missing.stderr.contains("starting at offset 5 on partition shim-0"),
        "{}",
        missing.stderr
    );
    assert_eq!(shim(node, &abort("0")).exits(0).stdout, "");
    assert_eq!(data(node, "transactions find-hanging --topic shim"), json!([]));
}

fn what_runs_under_an_id_is_ended(node: &SecureNode) {
    let abort = "transactions abort --transactional-id last";
    assert_eq!(data(node, &format!("{abort} --dry-run"))[0]["changed"], false);
    assert_eq!(ids(node, " --state Ongoing"), ["last"]);
    assert_eq!(data(node, &format!("{abort} --yes"))[0]["changed"], true);
    wait_until("it is aborted", || ids(node, " --state Ongoing").is_empty());
    let again = run(node, &format!("{abort} --yes -o json")).exits(0).json();
    assert_eq!(again["data"][0]["changed"], false);
    assert!(
        again["warnings"][0]
            .as_str()
            .unwrap()
            .contains("no transaction is running"),
        "{again}"
    );
    let all = run(node, "consume t").exits(0);
    assert_eq!(all.lines(), ["committed 1", "committed 2"]);
}

fn on(version: &str) {
    // Otherwise a leader asks the coordinator before it takes what belongs to no transaction (KIP-890).
    let node = SecureNode::start_with(version, "transaction.partition.verification.enable=false\n");
    for topic in ["t", "hang", "shim"] {
        run(&node, &format!("topics create {topic} --yes")).exits(0);
    }
    let writer = Writer::start(&node);
    transactions_are_listed_and_described(&node);
    what_hangs_is_found_and_aborted(&node, version);
    what_runs_under_an_id_is_ended(&node);
    drop(writer);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn transactions_are_told_and_ended_on_4_3_1() {
    on("4.3.1");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn transactions_are_told_and_ended_on_3_9_1() {
    on("3.9.1");
}
