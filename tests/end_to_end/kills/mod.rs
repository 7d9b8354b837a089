//! kill -9 of a node under load, again and again: nothing that was acknowledged is lost, nothing an idempotent
//! producer wrote is there twice, no offset is used again.
//!
//! `KFLEET_KILLS` says how often (the long form: 200), `KFLEET_SEED` repeats a run's moments.

mod foreign;
mod known;
pub(super) mod load;

use std::time::{Duration, Instant};

use self::load::Load;
use crate::support::node::Node;
use crate::support::random::Random;
use crate::support::{clock_seed, number, records};

const KILLS_DEFAULT: u64 = 6;
const PARTITIONS: u64 = 4;
const WRITERS: u32 = 6;
/// One start in so many is killed before it serves.
const EARLY: u64 = 6;

#[test]
fn a_node_that_is_killed_under_load_loses_and_repeats_nothing() {
    let kills = number("KFLEET_KILLS", KILLS_DEFAULT);
    let seed = number("KFLEET_SEED", clock_seed());
    say!("KFLEET_KILLS={kills} KFLEET_SEED={seed}");
    let mut node = Node::prepare(&[
        "log.flush.offset.checkpoint.interval.ms=200",
        "offsets.topic.num.partitions=4",
    ]);
    node.start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let load = Load::new(&node.address, seed);
    let tasks = runtime.block_on(start(&load));
    let mut starts = Starts::default();
    let since = Instant::now();
    run(&mut node, kills, seed, &mut starts);
    load.stop();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap_or_else(|error| panic!("{error}\n{}", node.said()));
        }
    });
    // Once more without load, so that what is read comes from the disk.
    node.kill();
    starts.0.push(node.start());
    say!("{kills} kills in {:?}; {starts}", since.elapsed());
    runtime.block_on(verify(&load));
}

/// Kills and starts the node at random moments.
fn run(node: &mut Node, kills: u64, seed: u64, starts: &mut Starts) {
    let mut random = Random::new(seed);
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(20 + random.below(300)));
        node.kill();
        if random.below(EARLY) == 0 {
            node.spawn();
            std::thread::sleep(Duration::from_millis(random.below(40)));
            node.kill();
        }
        starts.0.push(node.start());
    }
}

async fn start(load: &std::sync::Arc<Load>) -> Vec<tokio::task::JoinHandle<()>> {
    let client = load.connect().await;
    // Segments that are full after some 64 KiB.
    let configs = [("segment.index.bytes", "200"), ("segment.bytes", "1048576")];
    records::create(&client, load::TOPIC, PARTITIONS as i32, 1, &configs)
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for writer in 0..WRITERS {
        tasks.push(tokio::spawn(load::write(load.clone(), writer, PARTITIONS)));
    }
    for partition in 0..PARTITIONS as i32 {
        tasks.push(tokio::spawn(load::follow(load.clone(), partition)));
    }
    tasks.push(tokio::spawn(load::commit(load.clone())));
    tasks.push(tokio::spawn(load::churn(load.clone())));
    tasks
}

async fn verify(load: &Load) {
    let client = load.connect().await;
    load::see_committed(load, &client).await;
    let known: Vec<String> = load.topics().known().map(|(name, _)| name.clone()).collect();
    for name in known {
        load::see_topic(load, &client, &name).await;
    }
    let (commits, wrong_commits) = {
        let commits = load.commits();
        let (acknowledged, faults) = commits.outcome();
        (acknowledged, faults.to_vec())
    };
    let history = load.take_history();
    let (report, there) = records::check(&client, load::TOPIC, PARTITIONS as i32, &history, records::id_of).await;
    let counts = history.counts();
    say!("{counts:?}, {there} there; {commits} commits");
    assert!(report.is_clean(), "{report}");
    assert_eq!(wrong_commits, Vec::<String>::new());
    assert_eq!(load.topics().faults(), Vec::<String>::new());
    assert!(counts.acknowledged > 0 && commits > 0, "there was no load");
}

/// How long starts took.
#[derive(Debug, Default)]
struct Starts(Vec<Duration>);

impl std::fmt::Display for Starts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort();
        let (median, longest) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
        write!(f, "{} starts, median {median:?}, longest {longest:?}", sorted.len())
    }
}
