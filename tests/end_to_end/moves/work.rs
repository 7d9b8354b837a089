//! What goes on in a cluster while replicas move: idempotent producers, readers, and somebody who counts in-sync replicas.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::end_to_end::kills::load::{self, Load, TOPIC};
use crate::support::{Cluster, clock_seed, number, records};

pub(super) const PARTITIONS: u64 = 6;
const WRITERS: u32 = 2;
/// In-sync replicas that each partition has to have at all times.
pub(super) const LEAST_IN_SYNC: usize = 2;
/// How often they are counted.
const COUNT_EVERY: Duration = Duration::from_millis(25);

pub(super) struct Work {
    runtime: Runtime,
    load: Arc<Load>,
    tasks: Vec<JoinHandle<()>>,
    counter: JoinHandle<(u64, BTreeSet<String>)>,
}

impl Work {
    /// On a topic that is there.
    pub(super) fn start(cluster: &Cluster) -> Self {
        let runtime = Runtime::new().unwrap();
        let seed = number("KFLEET_SEED", clock_seed());
        say!("KFLEET_SEED={seed}");
        let load = Load::new(&cluster.address_of(cluster.broker_ids()[0] as i32), seed);
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            tasks.push(runtime.spawn(load::write(load.clone(), writer, PARTITIONS)));
        }
        for partition in 0..PARTITIONS as i32 {
            tasks.push(runtime.spawn(load::follow(load.clone(), partition)));
        }
        let counter = runtime.spawn(count(load.clone()));
        Self {
            runtime,
            load,
            tasks,
            counter,
        }
    }

    /// Nothing that was acknowledged is lost, nothing is there twice, and no partition ever lacked in-sync replicas.
    pub(super) fn finish(self) {
        self.load.stop();
        let history = self.runtime.block_on(async {
            for task in self.tasks {
                task.await.unwrap();
            }
            self.load.take_history()
        });
        let (looks, below) = self.runtime.block_on(self.counter).unwrap();
        let (report, there) = self.runtime.block_on(async {
            let client = self.load.connect().await;
            records::check(&client, TOPIC, PARTITIONS as i32, &history, records::id_of).await
        });
        let counts = history.counts();
        say!("{counts:?}, {there} there, in-sync replicas counted {looks} times");
        assert!(report.is_clean(), "{report}");
        assert!(below.is_empty(), "below their minimum: {below:?}");
        assert!(
            counts.acknowledged > 0 && counts.polled > 0 && looks > 0,
            "there was no load"
        );
    }
}

/// How often it looked, and partitions that had too few in-sync replicas, with those.
async fn count(load: Arc<Load>) -> (u64, BTreeSet<String>) {
    let client = load.connect().await;
    let (mut looks, mut below) = (0, BTreeSet::new());
    while load.goes_on() {
        let metadata = client.metadata(None).await.unwrap();
        for topic in &metadata.topics {
            for partition in &topic.partitions {
                if partition.isr_nodes.len() < LEAST_IN_SYNC {
                    let (name, at) = (topic.name.as_deref(), partition.partition_index);
                    below.insert(format!("{name:?}-{at}: {:?}", partition.isr_nodes));
                }
            }
        }
        looks += 1;
        tokio::time::sleep(COUNT_EVERY).await;
    }
    (looks, below)
}
