//! What a client sees of three nodes: who is active, who leads, who is in sync, and when writes are acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use client::{Client, ClientConfig, ClientError, ElectionType, Limit, PartitionDescription};
use tokio::runtime::Runtime;

use super::cluster::{Cluster, IDS};

/// Longest that a node may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Longest that anything waited for may take.
const WAIT_MAX: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(20);

/// Asks the nodes.
#[derive(Debug)]
pub(crate) struct Watch {
    runtime: Runtime,
}

/// A partition and what is said of it.
pub(crate) type Partitions = BTreeMap<(String, i32), PartitionDescription>;

impl Watch {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self {
            runtime: runtime.expect("a runtime starts"),
        }
    }

    /// Asks one node by itself.
    fn ask<T, F>(&self, cluster: &Cluster, id: i32, ask: impl FnOnce(Client) -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        self.runtime.block_on(async {
            let client = Client::connect(ClientConfig {
                bootstrap: vec![cluster.address(id)],
                client_id: "kfleet-compare".to_owned(),
                security: client::Security::default(),
                limit: Limit::Each(ANSWER_MAX),
            });
            ask(client.await?).await
        })
    }

    /// The active controller, as this node has it.
    pub(crate) fn active(&self, cluster: &Cluster, asked: i32) -> Option<i32> {
        let quorum = self.ask(cluster, asked, |client| async move { client.describe_quorum().await });
        quorum.ok()?.leader().map(|leader| leader.id)
    }

    /// All partitions, as this node has them; none if it does not answer.
    pub(crate) fn partitions(&self, cluster: &Cluster, asked: i32) -> Option<Partitions> {
        let topics = self.ask(
            cluster,
            asked,
            |client| async move { client.describe_topics(None).await },
        );
        let of = |(name, topic): (String, client::TopicDescription)| {
            let partitions = topic.partitions.into_iter();
            partitions
                .map(|(index, partition)| ((name.clone(), index), partition))
                .collect::<Vec<_>>()
        };
        Some(topics.ok()?.into_iter().flat_map(of).collect())
    }

    /// Waits until every node sees every partition with all its replicas in sync.
    pub(crate) fn wait_until_whole(&self, cluster: &Cluster) {
        let is_whole = |partition: &PartitionDescription| {
            partition.leader.is_some() && partition.isr.len() == partition.replicas.len()
        };
        until("all replicas are in sync", || {
            IDS.iter().all(|id| {
                let seen = self.partitions(cluster, *id);
                seen.is_some_and(|seen| seen.values().all(is_whole))
            })
        });
    }

    /// Gives each partition back to the replica that is to lead it.
    pub(crate) fn lead_as_preferred(&self, cluster: &Cluster) {
        let is_led = |partition: &PartitionDescription| partition.leader == partition.replicas.first().copied();
        until("the preferred replicas lead", || {
            let asked = IDS[0];
            let Some(seen) = self.partitions(cluster, asked) else {
                return false;
            };
            let others = seen.into_iter().filter(|(_, partition)| !is_led(partition));
            let others: BTreeSet<(String, i32)> = others.map(|(name, _)| name).collect();
            if others.is_empty() {
                return true;
            }
            let elected = self.ask(cluster, asked, |client| async move {
                client.elect_leaders(ElectionType::Preferred, &others).await
            });
            drop(elected);
            false
        });
    }

    /// Waits until another node sees every partition led by somebody else than this one.
    pub(crate) fn wait_until_left(&self, cluster: &Cluster, id: i32) {
        let asked = others(id)[0];
        until("others lead", || {
            let seen = self.partitions(cluster, asked);
            let is_left = |partition: &PartitionDescription| partition.leader.is_some_and(|leader| leader != id);
            seen.is_some_and(|seen| seen.values().all(is_left))
        });
    }
}

/// The other two nodes.
pub(crate) fn others(id: i32) -> [i32; 2] {
    match id {
        1 => [2, 3],
        2 => [3, 1],
        _ => [1, 2],
    }
}

/// Waits for what is bound to happen.
pub(crate) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + WAIT_MAX;
    while !happened() {
        assert!(Instant::now() < deadline, "it did not come to this: {what}");
        std::thread::sleep(POLL);
    }
}

/// A producer of librdkafka that writes to each partition of a topic without a pause, and when it was acknowledged.
#[derive(Debug)]
pub(crate) struct Writing {
    producer: Child,
    partitions: i32,
    acknowledged: Arc<Mutex<Vec<(i32, Instant)>>>,
}

impl Writing {
    pub(crate) fn start(cluster: &Cluster, topic: &str, partitions: i32) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(root.join("target/compat/venv/bin/python"));
        command.arg(root.join("benches/compare/three/gaps.py"));
        command.args([&cluster.bootstrap, topic, &partitions.to_string()]);
        let quiet = command.stdin(Stdio::null()).stderr(Stdio::null());
        let mut producer = quiet.stdout(Stdio::piped()).spawn().expect("python starts");
        let said = producer.stdout.take().expect("it was piped");
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&acknowledged);
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                let partition = line.parse().unwrap_or_else(|_| panic!("a write {line}"));
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push((partition, Instant::now()));
            }
        });
        let writing = Self {
            producer,
            partitions,
            acknowledged,
        };
        writing.wait_for_each();
        writing
    }

    fn after(&self, since: Instant) -> Vec<(i32, Instant)> {
        let all = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(_, at)| *at > since).copied().collect()
    }

    /// Waits until each partition has been acknowledged from now on.
    pub(crate) fn wait_for_each(&self) {
        let now = Instant::now();
        until("each partition is written to", || {
            let seen: BTreeSet<i32> = self.after(now).into_iter().map(|(partition, _)| partition).collect();
            seen.len() == self.partitions as usize
        });
    }

    /// The longest that a partition was without an acknowledgement since then.
    pub(crate) fn gap_ms(&self, since: Instant) -> f64 {
        let mut last = BTreeMap::new();
        let mut longest = Duration::ZERO;
        for (partition, at) in self.after(since) {
            let before = last.insert(partition, at).unwrap_or(since);
            longest = longest.max(at - before);
        }
        longest.as_secs_f64() * 1e3
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.producer.kill();
        let _status = self.producer.wait();
    }
}
