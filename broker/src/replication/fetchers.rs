//! The fetchers of a broker: after each image they get what it follows now.

use std::collections::BTreeMap;

use broker_core::replication::fetcher::{Assignments, FetcherConfig, FollowAction, PartitionKey};

use super::Replication;
use super::fetcher_task::Handle;
use super::leader_link::LeaderLink;

/// A fetcher by its leader and its number among that leader's.
type FetcherKey = (i32, usize);

/// Gives the fetchers their partitions until shutdown.
pub(super) async fn run(mut parts: Replication) {
    let mut fetchers = Fetchers::new(&parts);
    loop {
        parts.published.mark_unchanged();
        fetchers.assign(&parts);
        tokio::select! {
            () = parts.shutdown.cancelled() => return,
            changed = parts.published.changed() => if changed.is_err() { break },
        }
    }
    // No image comes any more; what is fetched is fetched until the end.
    parts.shutdown.cancelled().await;
}

/// A fetcher that runs, and where its leader is.
#[derive(Debug)]
struct Running {
    handle: Handle,
    address: Option<String>,
}

/// The fetchers that run.
#[derive(Debug)]
struct Fetchers {
    config: FetcherConfig,
    /// num.replica.fetchers: how many there are for each leader.
    each: usize,
    assignments: Assignments,
    running: BTreeMap<FetcherKey, Running>,
}

impl Fetchers {
    fn new(parts: &Replication) -> Self {
        let config = parts.broker.config();
        Self {
            config: FetcherConfig::of(config),
            each: usize::try_from(config.number("num.replica.fetchers"))
                .unwrap_or(1)
                .max(1),
            assignments: Assignments::default(),
            running: BTreeMap::new(),
        }
    }

    /// Does what has changed since the last time.
    fn assign(&mut self, parts: &Replication) {
        let broker = &parts.broker;
        let find = |(id, index): PartitionKey| broker.partition_by_id(id, index).ok();
        let changed = broker.replicas().take_changed();
        for action in self.assignments.plan(changed, self.each, find) {
            match action {
                FollowAction::Start {
                    leader,
                    fetcher,
                    partition,
                } => self.running((leader, fetcher), parts).handle.follow(partition),
                FollowAction::Stop { leader, fetcher, key } => {
                    if let Some(running) = self.running.get(&(leader, fetcher)) {
                        running.handle.unfollow(key);
                    }
                }
            }
        }
        self.running.retain(|_, running| !running.handle.is_empty());
        self.look_for_moved_leaders(parts);
    }

    /// The fetcher for a leader, started if it does not run.
    fn running(&mut self, key: FetcherKey, parts: &Replication) -> &Running {
        let config = self.config;
        self.running.entry(key).or_insert_with(|| {
            let link = LeaderLink::new(&parts.broker, &parts.peers, key);
            let address = link.address();
            let (handle, task) = Handle::new(&parts.broker, config, link, parts.clock, &parts.shutdown);
            parts.workers.spawn(&parts.tasks, task.run());
            Running { handle, address }
        })
    }

    /// Tells the fetchers whose leader is reached at another address than before.
    fn look_for_moved_leaders(&mut self, parts: &Replication) {
        for (key, running) in &mut self.running {
            let address = LeaderLink::new(&parts.broker, &parts.peers, *key).address();
            if running.address != address {
                running.address = address;
                running.handle.tell();
            }
        }
    }
}
