//! What the nodes of a cluster say of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use client::{Client, ClientConfig, ClientError, Limit, PartitionDescription};
use tokio::runtime::Runtime;

use super::load::TOPIC;
use super::nodes::{IDS, Nodes};

/// Longest that a node may take to say it.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(50);

/// A cluster at one moment.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) controller: i32,
    pub(super) alive: BTreeSet<i32>,
    pub(super) partitions: BTreeMap<i32, PartitionDescription>,
}

impl View {
    fn is_healed(&self) -> bool {
        let whole = |partition: &PartitionDescription| partition.isr.len() == IDS.len() && partition.leader.is_some();
        self.alive.len() == IDS.len() && self.partitions.values().all(whole)
    }

    /// Partitions that this node leads.
    pub(super) fn led_by(&self, id: i32) -> BTreeSet<i32> {
        let led = self
            .partitions
            .iter()
            .filter(|(_, partition)| partition.leader == Some(id));
        led.map(|(at, _)| *at).collect()
    }

    /// Partitions in whose ISR this node is.
    pub(super) fn in_sync(&self, id: i32) -> BTreeSet<i32> {
        let synced = self
            .partitions
            .iter()
            .filter(|(_, partition)| partition.isr.contains(&id));
        synced.map(|(at, _)| *at).collect()
    }

    pub(super) fn epoch(&self, partition: i32) -> i32 {
        self.partitions[&partition].leader_epoch
    }
}

/// Asks the nodes, as they are addressed, again and again.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    runtime: &'a Runtime,
    addresses: BTreeMap<i32, String>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(runtime: &'a Runtime, nodes: &Nodes) -> Self {
        Self {
            runtime,
            addresses: nodes.addresses(),
        }
    }

    /// What the nodes say, whichever answers.
    pub(super) fn now(&self) -> View {
        self.wait("an answer", ANSWER_MAX * 10, None, |_| true)
    }

    /// Waits until nodes other than `except` say so.
    #[track_caller]
    pub(super) fn wait(&self, what: &str, max: Duration, except: Option<i32>, so: impl Fn(&View) -> bool) -> View {
        let others = self.addresses.iter().filter(|(id, _)| Some(**id) != except);
        let others: Vec<String> = others.map(|(_, address)| address.clone()).collect();
        let deadline = Instant::now() + max;
        loop {
            let view = self.runtime.block_on(look(others.clone()));
            match view {
                Ok(view) if so(&view) => return view,
                last => assert!(
                    Instant::now() < deadline,
                    "it did not come to {what} in {max:?}: {last:#?}"
                ),
            }
            std::thread::sleep(POLL);
        }
    }

    /// Waits until every node says that all replicas are in sync.
    #[track_caller]
    pub(super) fn wait_until_healed(&self, max: Duration) {
        for except in IDS {
            self.wait("all replicas in sync", max, Some(except), View::is_healed);
        }
    }
}

/// What the first of these nodes to answer says.
async fn look(bootstrap: Vec<String>) -> Result<View, ClientError> {
    let config = ClientConfig {
        bootstrap,
        client_id: "kfleet-test".to_owned(),
        limit: Limit::Until(client::conn::deadline_in(ANSWER_MAX)),
    };
    let client = Client::connect(config).await?;
    let quorum = client.describe_quorum().await?;
    let topics = client.describe_topics(Some(&[TOPIC.to_owned()])).await?;
    let mut topics = topics.into_values();
    Ok(View {
        controller: quorum.leader_id,
        alive: client.broker_ids().collect(),
        partitions: topics.next().unwrap().partitions,
    })
}
