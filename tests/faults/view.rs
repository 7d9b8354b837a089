//! What the nodes of a cluster say of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

use client::{Client, ClientConfig, ClientError, Limit, PartitionDescription};
use tokio::runtime::Runtime;

use super::load::TOPIC;
use super::nodes::{IDS, Nodes};

/// Longest that a node may take to say it.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// How often it is asked.
const POLL: Duration = Duration::from_millis(50);

/// Longest that it may take to say what changes while a fault lasts.
const SAMPLE_MAX: Duration = Duration::from_secs(1);

/// A cluster at one moment.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) controller: i32,
    /// Of the active controller.
    pub(super) controller_epoch: i32,
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
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (controller, epoch) = (self.controller, self.controller_epoch);
        write!(f, "controller {controller} in epoch {epoch}, alive {:?}", self.alive)?;
        for (at, partition) in &self.partitions {
            let (leader, epoch) = (partition.leader.unwrap_or(-1), partition.leader_epoch);
            write!(
                f,
                "; partition {at}: leader {leader} in epoch {epoch}, ISR {:?}",
                partition.isr
            )?;
        }
        Ok(())
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

    /// Where each is asked.
    pub(super) fn addresses(&self) -> &BTreeMap<i32, String> {
        &self.addresses
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
                last if Instant::now() >= deadline => {
                    let last = last.map_or_else(|error| error.to_string(), |view| view.to_string());
                    panic!("it did not come to {what} in {max:?}: {last}");
                }
                _ => {}
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
    let limit = Limit::Until(client::conn::deadline_in(ANSWER_MAX));
    let client = connect(bootstrap, limit).await?;
    let quorum = client.describe_quorum().await?;
    Ok(View {
        controller: quorum.leader_id,
        controller_epoch: quorum.leader_epoch,
        alive: client.broker_ids().collect(),
        partitions: described(&client).await?,
    })
}

/// Tells what this node says of partitions, again and again until it fails to.
pub(super) async fn partitions(
    address: &str,
    every: Duration,
    mut tell: impl FnMut(BTreeMap<i32, PartitionDescription>),
) -> Result<(), ClientError> {
    let client = connect(vec![address.to_owned()], Limit::Each(SAMPLE_MAX)).await?;
    loop {
        tell(described(&client).await?);
        tokio::time::sleep(every).await;
    }
}

async fn connect(bootstrap: Vec<String>, limit: Limit) -> Result<Client, ClientError> {
    let config = ClientConfig {
        bootstrap,
        client_id: "kfleet-test".to_owned(),
        security: client::Security::default(),
        limit,
    };
    Client::connect(config).await
}

async fn described(client: &Client) -> Result<BTreeMap<i32, PartitionDescription>, ClientError> {
    let topics = client.describe_topics(Some(&[TOPIC.to_owned()])).await?;
    Ok(topics.into_values().next().unwrap().partitions)
}
