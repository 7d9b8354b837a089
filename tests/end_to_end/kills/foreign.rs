//! The same with librdkafka's idempotent producer, which has several batches under way at a time.

use std::io::Write as _;
use std::process::{Command, Stdio};

use client::history::{History, RecordId};

use super::load::{self, Load};
use super::{PARTITIONS, Starts, run};
use crate::support::node::Node;
use crate::support::{foreign, number, records};

const KILLS_DEFAULT: u64 = 10;

#[test]
#[ignore = "needs tests/compat/setup"]
fn librdkafka_loses_and_repeats_nothing_on_a_node_that_is_killed() {
    let (kills, seed) = (number("KFLEET_KILLS", KILLS_DEFAULT), number("KFLEET_SEED", 1));
    say!("KFLEET_KILLS={kills} KFLEET_SEED={seed}");
    let mut node = Node::prepare(&["offsets.topic.num.partitions=1"]);
    node.start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let load = Load::new(&node.address, seed);
    runtime.block_on(async {
        let client = load.connect().await;
        let configs = [("segment.index.bytes", "200")];
        records::create(&client, load::TOPIC, PARTITIONS as i32, 1, &configs)
            .await
            .unwrap();
    });
    let mut producers = Vec::new();
    for (writer, codec) in ["none", "lz4"].into_iter().enumerate() {
        producers.push(
            Command::new("timeout")
                .arg((60 + kills * 10).to_string())
                .arg(foreign("venv/bin/python"))
                .arg(format!("{}/tests/compat/python/kills.py", env!("CARGO_MANIFEST_DIR")))
                .args([
                    node.address.as_str(),
                    codec,
                    &PARTITIONS.to_string(),
                    &writer.to_string(),
                ])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
    }
    let mut starts = Starts::default();
    run(&mut node, kills, seed, &mut starts);
    let mut history = History::default();
    for (writer, mut producer) in producers.into_iter().enumerate() {
        producer.stdin.take().unwrap().write_all(b"stop\n").unwrap();
        let output = producer.wait_with_output().unwrap();
        assert!(output.status.success(), "{}\n{}", output.status, node.said());
        note(&mut history, writer as u32, &String::from_utf8(output.stdout).unwrap());
    }
    node.kill();
    starts.0.push(node.start());
    let (report, _) = runtime.block_on(async {
        let client = load.connect().await;
        records::check(&client, load::TOPIC, PARTITIONS as i32, &history, id_of).await
    });
    let counts = history.counts();
    say!("{starts}; {counts:?}");
    assert!(report.is_clean(), "{report}");
    assert!(counts.acknowledged == counts.sent && counts.sent > 0);
}

/// Takes down what a producer printed: how many records it sent, and what was acknowledged.
fn note(history: &mut History, writer: u32, printed: &str) {
    let mut lines = printed.lines();
    let sent: u32 = lines.next().unwrap().parse().unwrap();
    for number in 0..sent {
        let partition = u64::from(number) % PARTITIONS;
        history.sends(writer, partition as i32);
    }
    for line in lines {
        let (place, value) = line.split_at(line.match_indices(' ').nth(1).unwrap().0 + 1);
        let offset = place.split(' ').nth(1).unwrap().parse().unwrap();
        history.acknowledges(id_of(value.as_bytes()).unwrap(), offset);
    }
}

fn id_of(value: &[u8]) -> Option<RecordId> {
    let (writer, number) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    Some(RecordId {
        writer: writer.parse().ok()?,
        number: number.parse().ok()?,
    })
}
