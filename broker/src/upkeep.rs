//! What a broker does on the side: retention, checkpoints, groups.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::Broker;
use broker_log::disk::{Disk as _, RealDisk};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;

/// How often silent members and overdue rebalances of groups are looked for.
const GROUP_TICK: Duration = Duration::from_millis(100);

/// Looks after the logs until the node stops.
pub(crate) async fn run(broker: Arc<Broker>, clock: Clock, shutdown: CancellationToken) {
    let every = |name: &str| Duration::from_millis(broker.config().number(name).max(1) as u64);
    let mut retention = tokio::time::interval(every("log.retention.check.interval.ms"));
    let mut groups = tokio::time::interval(GROUP_TICK);
    let mut checkpoints = tokio::time::interval(every("log.flush.offset.checkpoint.interval.ms"));
    retention.tick().await;
    checkpoints.tick().await;
    loop {
        let work: fn(&Broker, Clock) = tokio::select! {
            () = shutdown.cancelled() => return,
            _ = retention.tick() => maintain,
            _ = checkpoints.tick() => checkpoint,
            _ = groups.tick() => tick_groups,
        };
        let broker = Arc::clone(&broker);
        if tokio::task::spawn_blocking(move || work(&broker, clock)).await.is_err() {
            tracing::error!("upkeep of the logs panicked");
        }
    }
}

/// Reads in the groups of partitions that the broker begins to lead, until the node stops.
pub(crate) async fn load_groups(broker: Arc<Broker>, clock: Clock, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = poll_fn(|cx| broker.poll_groups_to_load(cx.waker())) => {}
        }
        let broker = Arc::clone(&broker);
        let loaded = tokio::task::spawn_blocking(move || broker.load_groups(clock.now()));
        if loaded.await.is_err() {
            tracing::error!("reading in groups panicked");
        }
    }
}

fn tick_groups(broker: &Broker, clock: Clock) {
    broker.tick_groups(clock.now());
}

fn checkpoint(broker: &Broker, _: Clock) {
    // Only what is not synced has to be checked after a crash.
    for partition in broker.partitions() {
        if let Err(error) = partition.flush_sealed() {
            tracing::error!(topic = partition.topic(), partition = partition.index(), %error, "cannot sync a log");
        }
    }
    if let Err(error) = broker.write_checkpoints() {
        tracing::error!(%error, "cannot write the offset checkpoints");
    }
}

fn maintain(broker: &Broker, clock: Clock) {
    for partition in broker.partitions() {
        match partition.maintain(clock.now()) {
            Ok(removed) => {
                for (base_offset, reason) in removed.segments {
                    let (topic, partition) = (partition.topic(), partition.index());
                    tracing::info!(topic, partition, base_offset, ?reason, "removed a segment");
                }
                // Whoever still reads a removed segment has it open.
                for path in removed.files {
                    if let Err(error) = RealDisk.remove_file(&path) {
                        tracing::error!(path = %path.display(), %error, "cannot delete a removed segment");
                    }
                }
            }
            Err(error) => {
                tracing::error!(topic = partition.topic(), partition = partition.index(), %error, "cannot apply retention");
            }
        }
    }
}
