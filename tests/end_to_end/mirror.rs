//! Topics are mirrored to another cluster: record by record the same, whenever the mirror is killed.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use client::{Acks, Client, ClientConfig, FetchSpec, Limit, OffsetSpec, Security};
use protocol::records::{BatchBuilder, Batches, Compression, NewRecord, Records, records_of};

use crate::support::nodes::wait_until;
use crate::support::random::Random;
use crate::support::records::{CODECS, value_of};
use crate::support::{Cluster, Engine, KFLEET, Ran, foreign, isolated, kfleet};

const PARTITIONS: i32 = 3;
const RECORDS: u32 = 10_000;
const KILLS: u32 = 8;
/// Most a batch unpacks to.
const UNPACK_MAX_BYTES: usize = 16 << 20;

/// What has to be the same on both sides.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    codec: Compression,
    timestamp: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

fn config(cluster: &Cluster) -> ClientConfig {
    ClientConfig {
        bootstrap: vec![cluster.bootstrap.clone()],
        client_id: "mirror-test".to_owned(),
        limit: Limit::Each(Duration::from_secs(30)),
        security: Security::default(),
    }
}

fn on<T>(cluster: &Cluster, work: impl AsyncFnOnce(&Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { work(&Client::connect(config(cluster)).await.unwrap()).await })
}

/// Writes records of all kinds in batches of all sizes and codecs.
fn write(cluster: &Cluster, topic: &str, numbers: std::ops::Range<u32>, random: &mut Random) {
    on(cluster, async |client| {
        let mut next = numbers.start;
        while next < numbers.end {
            let count = (1 + random.below(60) as u32).min(numbers.end - next);
            let codec = CODECS[random.below(5) as usize];
            let batch = batch(next..next + count, codec);
            let partition = random.below(PARTITIONS as u64) as i32;
            client.produce(topic, partition, &batch, Acks::All).await.unwrap();
            next += count;
        }
    });
}

fn batch(numbers: std::ops::Range<u32>, codec: Compression) -> Bytes {
    let mut batch = BatchBuilder::new(0, codec);
    for number in numbers {
        let value = value_of(client::history::RecordId { writer: 1, number });
        let key = (number % 50).to_string();
        let headers: [(&[u8], Option<&[u8]>); 3] = [(b"same", Some(b"1")), (b"same", None), (b"\xff\xfe", Some(b""))];
        batch.push(&NewRecord {
            timestamp: 1_700_000_000_000 + i64::from(number),
            key: (number % 7 != 0).then_some(key.as_bytes()),
            value: (number % 11 != 0).then_some(&value),
            headers: &headers[..(number % 4) as usize],
        });
    }
    batch.build().unwrap().into()
}

/// Records of a partition that a consumer of what was committed is shown, with the codec of their batch.
fn read(cluster: &Cluster, topic: &str, partition: i32) -> Vec<Seen> {
    on(cluster, async |client| {
        let end = end(client, topic, partition).await;
        let (reader, mut chunks) = client::Reader::start(
            std::sync::Arc::new(Client::connect(config(cluster)).await.unwrap()),
            vec![client::ReadFrom {
                topic: topic.into(),
                partition,
                offset: 0,
                until: Some(end),
            }],
            true,
        );
        let mut seen = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            for chunk in chunk.unwrap() {
                let shown = chunk.visit::<protocol::records::RecordError>(UNPACK_MAX_BYTES, |header, record| {
                    seen.push(Seen {
                        codec: header.compression().unwrap(),
                        timestamp: record.timestamp,
                        key: record.key.map(<[u8]>::to_vec),
                        value: record.value.map(<[u8]>::to_vec),
                        headers: record
                            .headers
                            .map(|h| (h.key.to_vec(), h.value.map(<[u8]>::to_vec)))
                            .collect(),
                    });
                    Ok(std::ops::ControlFlow::Continue(()))
                });
                assert!(shown.unwrap().is_continue());
            }
        }
        drop(reader);
        seen
    })
}

async fn end(client: &Client, topic: &str, partition: i32) -> i64 {
    let leader = client.leader(topic, partition).await.unwrap();
    let partitions = [((topic.to_owned(), partition), leader)].into();
    let found = client
        .list_offsets(&partitions, OffsetSpec::Latest)
        .await
        .into_result()
        .unwrap();
    found[0].offset
}

/// Ends of all partitions together; 0 where there is no topic yet.
fn ends(cluster: &Cluster, topic: &str) -> i64 {
    on(cluster, async |client| {
        let names = [topic.to_owned()];
        let Ok(leaders) = client.leaders(&names).await else {
            return 0;
        };
        let found = client.list_offsets(&leaders, OffsetSpec::Latest).await;
        found.ok.iter().map(|found| found.offset).sum()
    })
}

fn arguments<'a>(source: &'a Cluster, target: &'a Cluster, topics: &'a str) -> Vec<&'a str> {
    vec![
        "mirror",
        "run",
        "--from",
        &source.bootstrap,
        "--to",
        &target.bootstrap,
        "--topics",
        topics,
        "--yes",
    ]
}

fn start(arguments: &[&str]) -> Child {
    let mut command = isolated(KFLEET);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

fn catch_up(source: &Cluster, target: &Cluster, topics: &str) -> Ran {
    kfleet(
        &[
            &arguments(source, target, topics)[..],
            &["--until", "caught-up", "-o", "json"],
        ]
        .concat(),
    )
}

#[track_caller]
fn assert_same(source: &Cluster, target: &Cluster, topic: &str, partitions: i32) -> usize {
    let mut count = 0;
    for partition in 0..partitions {
        let (here, there) = (read(source, topic, partition), read(target, topic, partition));
        let first = here.iter().zip(&there).position(|(here, there)| here != there);
        let differing = first.map(|at| (&here[at], &there[at]));
        assert_eq!(first, None, "{topic}-{partition} differs: {differing:?}");
        assert_eq!(
            here.len(),
            there.len(),
            "{topic}-{partition}: {} and {} records",
            here.len(),
            there.len()
        );
        count += here.len();
    }
    count
}

fn killed_again_and_again(engine: Engine) {
    let (source, target) = (Cluster::start(engine), Cluster::start(engine));
    let seed = crate::support::clock_seed();
    say!("seed {seed}");
    let mut random = Random::new(seed);
    let create = ["topics", "create", "all", "--partitions", "3", "--yes"];
    source.kfleet(&create).exits(0);
    let arguments = arguments(&source, &target, "all");
    let dry_run: Vec<&str> = arguments
        .iter()
        .map(|word| if *word == "--yes" { "--dry-run" } else { *word })
        .collect();
    let ran = kfleet(&dry_run).exits(0);
    assert!(
        ran.stderr.contains("mirror 1 topic with 3 partitions") && ran.stderr.contains("create all"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        target.data(&["topics", "list"]),
        serde_json::json!([]),
        "a dry run creates nothing"
    );
    let round = RECORDS / KILLS;
    for kill in 0..KILLS {
        let mut mirror = start(&arguments);
        let before = ends(&target, "all");
        write(&source, "all", kill * round..(kill + 1) * round, &mut random);
        let some = i64::from(round) / (2 + random.below(6) as i64);
        wait_until("some of it is there", || ends(&target, "all") >= before + some);
        mirror.kill().unwrap();
        assert!(!mirror.wait().unwrap().success());
    }
    let ran = catch_up(&source, &target, "all").exits(0);
    assert_eq!(assert_same(&source, &target, "all", PARTITIONS), RECORDS as usize);
    let rows = ran.data();
    for row in rows.as_array().unwrap() {
        assert_eq!(row["source_next"], row["target_next"], "nothing was left out: {row}");
    }
    let ran = catch_up(&source, &target, "all").exits(0);
    let written = ran
        .data()
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["records"].as_u64().unwrap())
        .sum::<u64>();
    assert_eq!(written, 0, "there is nothing more to do");
}

#[test]
fn a_mirror_that_is_killed_again_and_again_copies_each_record_once() {
    killed_again_and_again(Engine::Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn the_same_between_clusters_of_apache_kafka() {
    killed_again_and_again(Engine::Apache);
}

#[test]
fn topics_get_other_names_by_a_template_and_circles_are_refused() {
    let (a, b) = (Cluster::start(Engine::Kfleet), Cluster::start(Engine::Kfleet));
    a.kfleet(&["topics", "create", "t", "--config", "retention.ms=123456789", "--yes"])
        .exits(0);
    a.kfleet_with_input(&["produce", "t"], "one\ntwo\n").exits(0);
    let there =
        |words: &[&str]| kfleet(&[&arguments(&a, &b, "t|nothing")[..], &["--until", "caught-up"], words].concat());
    there(&["--name", "copy-of-{topic}"]).exits(0);
    let read = b.kfleet(&["consume", "copy-of-t"]).exits(0);
    assert_eq!(read.lines(), ["one", "two"]);
    let configs = b.kfleet(&["configs", "describe", "topic", "copy-of-t"]).exits(0);
    assert!(configs.stdout.contains("123456789"), "{}", configs.stdout);
    let back = kfleet(&[&arguments(&b, &a, "copy-of-t")[..], &["--until", "caught-up"]].concat()).exits(77);
    assert!(back.stderr.contains("round for ever"), "{}", back.stderr);
    assert!(
        kfleet(&arguments(&a, &b, "nothing"))
            .exits(66)
            .stderr
            .contains("no topic"),
        "no such topic"
    );
    assert!(there(&["--name", "x"]).exits(64).stderr.contains("{topic}"));
    assert!(
        kfleet(&arguments(&a, &a, "t"))
            .exits(64)
            .stderr
            .contains("same cluster")
    );
}

#[test]
fn a_partition_with_a_foreign_writer_is_left_and_the_others_go_on() {
    let (source, target) = (Cluster::start(Engine::Kfleet), Cluster::start(Engine::Kfleet));
    for topic in ["good", "mixed"] {
        source.kfleet(&["topics", "create", topic, "--yes"]).exits(0);
        source.kfleet_with_input(&["produce", topic], "one\ntwo\n").exits(0);
    }
    catch_up(&source, &target, "good|mixed").exits(0);
    target.kfleet_with_input(&["produce", "mixed"], "foreign\n").exits(0);
    for topic in ["good", "mixed"] {
        source.kfleet_with_input(&["produce", topic], "three\n").exits(0);
    }
    let ran = catch_up(&source, &target, "good|mixed").exits(75);
    let errors = ran.json()["errors"].clone();
    assert_eq!(
        (errors[0]["what"].as_str(), errors.as_array().map(Vec::len)),
        (Some("mixed-0"), Some(1)),
        "{errors}"
    );
    assert!(
        errors[0]["message"]
            .as_str()
            .unwrap()
            .contains("offset 2 of the target is not the source's"),
        "{errors}"
    );
    assert_eq!(
        target.kfleet(&["consume", "good"]).exits(0).lines(),
        ["one", "two", "three"]
    );
    assert_eq!(
        target.kfleet(&["consume", "mixed"]).exits(0).lines(),
        ["one", "two", "foreign"]
    );
}

/// Whether the log of a partition has holes that no marker fills.
fn has_holes(cluster: &Cluster, topic: &str) -> bool {
    on(cluster, async |client| {
        let end = end(client, topic, 0).await;
        let (mut next, mut holes) = (0, false);
        while next < end {
            let spec = FetchSpec {
                topic,
                partition: 0,
                offset: next,
                max_bytes: 1 << 20,
                max_wait_ms: 0,
                committed_only: false,
            };
            let fetched = client.fetch(&spec).await.unwrap();
            for (header, batch) in Batches::new(&fetched.records).map_while(Result::ok) {
                let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).unwrap();
                let count = Records::new(header, &unpacked).count() as i64;
                holes |= count > 0 && count < header.next_offset() - header.base_offset;
                next = next.max(header.next_offset());
            }
        }
        holes
    })
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn transactions_and_compacted_topics_of_apache_kafka_are_copied_record_by_record() {
    let source = Cluster::with(Engine::Apache, &["log.cleaner.backoff.ms=200"]);
    let target = Cluster::start(Engine::Apache);
    source.kfleet(&["topics", "create", "transactions", "--yes"]).exits(0);
    let script = format!("{}/tests/compat/python/committed.py", env!("CARGO_MANIFEST_DIR"));
    let written = Command::new(foreign("venv/bin/python"))
        .args([&script, &source.bootstrap, "transactions", "200"])
        .status()
        .unwrap();
    assert!(written.success());
    let compacted = [
        "topics",
        "create",
        "compacted",
        "--yes",
        "--config",
        "cleanup.policy=compact",
        "--config",
        "segment.bytes=1048576",
        "--config",
        "min.cleanable.dirty.ratio=0.01",
    ];
    source.kfleet(&compacted).exits(0);
    let mut next = 1;
    wait_until("compaction leaves holes", || {
        on(&source, async |client| {
            for _ in 0..40 {
                // No batch without a key: compacted topics take none.
                let numbers: Vec<u32> = (next..next + 60).filter(|number| number % 7 != 0).collect();
                let mut batch = BatchBuilder::new(0, CODECS[next as usize % 5]);
                for number in numbers {
                    let value = value_of(client::history::RecordId { writer: 2, number });
                    batch.push(&NewRecord {
                        timestamp: i64::from(number),
                        // Some keys stay and most are written again.
                        key: Some((number % 997 * (number % 3)).to_string().as_bytes()),
                        value: (number % 13 != 0).then_some(&value),
                        headers: &[],
                    });
                }
                let batch = batch.build().unwrap().into();
                client.produce("compacted", 0, &batch, Acks::All).await.unwrap();
                next += 60;
            }
        });
        has_holes(&source, "compacted")
    });
    let stop = [
        "configs",
        "set",
        "topic",
        "compacted",
        "--yes",
        "--set",
        "min.compaction.lag.ms=9000000000000",
    ];
    source.kfleet(&stop).exits(0);
    let mut mirror = start(&arguments(&source, &target, "transactions|compacted"));
    wait_until("some of it is there", || ends(&target, "transactions") > 100);
    mirror.kill().unwrap();
    assert!(!mirror.wait().unwrap().success());
    catch_up(&source, &target, "transactions|compacted").exits(0);
    assert_eq!(assert_same(&source, &target, "transactions", 1), 200 + 5 * 134);
    assert!(assert_same(&source, &target, "compacted", 1) > 100);
    assert!(
        !has_holes(&target, "transactions"),
        "markers and what was aborted are not copied"
    );
}
