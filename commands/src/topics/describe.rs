//! topics describe

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Args;
use client::{Client, PartitionDescription, PartitionKey, Reassignment, TopicDescription};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Instant, timeout};

use super::filters::{Facts, Filter};
use super::names::{Choice, Wanted, by_id, resolve};
use super::summary;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// List partitions with their leaders and replicas.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet topics describe orders -b localhost:9092\n  kfleet topics describe 'orders-*' --under-replicated -o json\n  kfleet topics describe --topics-with-overrides\n  kfleet topics describe --topic-id Zm9vYmFyYmF6cXV4Zm9vYg -o wide"
)]
pub(crate) struct DescribeArgs {
    /// Topics, or patterns as in 'orders-*'; all of them if none is named
    #[arg(conflicts_with = "topic_id")]
    topics: Vec<String>,
    /// What is given are regular expressions, each for whole names
    #[arg(long, requires = "topics")]
    regex: bool,
    /// The topic with this id
    #[arg(long, value_name = "ID")]
    topic_id: Option<String>,
    /// Leave out the cluster's own topics
    #[arg(long)]
    exclude_internal: bool,
    #[command(flatten)]
    filter: FilterArgs,
    /// One line for each topic, with the keys that were set for it
    #[arg(long, conflicts_with = "filters")]
    summary: bool,
    /// The same, only of topics for which a key was set
    #[arg(long, conflicts_with = "filters")]
    topics_with_overrides: bool,
    /// Partitions in one answer of a broker, at most; the broker may have a limit of its own
    #[arg(
        long,
        alias = "partition-size-limit-per-response",
        value_name = "N",
        default_value = "2000",
        value_parser = clap::value_parser!(i32).range(1..),
    )]
    page_partitions: i32,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// Which partitions of them.
#[derive(Debug, Args)]
#[group(id = "filters", multiple = false)]
struct FilterArgs {
    /// Only partitions with fewer in-sync replicas than replicas, without those that a reassignment adds
    #[arg(long, alias = "under-replicated-partitions")]
    under_replicated: bool,
    /// Only partitions without a live leader
    #[arg(long, alias = "unavailable-partitions")]
    unavailable: bool,
    /// Only partitions without a leader or with fewer in-sync replicas than min.insync.replicas
    #[arg(long, alias = "under-min-isr-partitions")]
    under_min_isr: bool,
    /// Only partitions with just as many in-sync replicas as min.insync.replicas
    #[arg(long, alias = "at-min-isr-partitions")]
    at_min_isr: bool,
}

impl FilterArgs {
    const fn chosen(&self) -> Filter {
        if self.under_replicated {
            Filter::UnderReplicated
        } else if self.unavailable {
            Filter::Unavailable
        } else if self.under_min_isr {
            Filter::UnderMinIsr
        } else if self.at_min_isr {
            Filter::AtMinIsr
        } else {
            Filter::All
        }
    }
}

/// A partition.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PartitionRow {
    /// Its topic.
    topic: String,
    /// The topic's id.
    topic_id: String,
    /// Its number.
    partition: i32,
    /// Its leader; none if it has none.
    leader: Option<i32>,
    /// The leader's epoch.
    leader_epoch: i32,
    /// Brokers with a replica, the preferred leader first.
    replicas: Vec<i32>,
    /// In-sync replicas.
    isr: Vec<i32>,
    /// Replicas on brokers that are not alive.
    offline: Vec<i32>,
    /// Replicas that may lead although they are not in sync (KIP-966); none where the cluster does not say.
    elr: Option<Vec<i32>>,
    /// Who was last known to be such a replica; none where the cluster does not say.
    last_known_elr: Option<Vec<i32>>,
    /// Replicas that a reassignment adds; none if that could not be found out.
    adding: Option<Vec<i32>>,
    /// Replicas that a reassignment takes away; none if that could not be found out.
    removing: Option<Vec<i32>>,
    /// What acks=all needs, where that was asked for to tell.
    min_insync_replicas: Option<u32>,
}

impl Shown for Vec<PartitionRow> {
    const SCHEMA: &'static str = "topics-describe/1";

    fn table(&self, wide: bool) -> Table {
        let join = |ids: &[i32]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let row = |p: &PartitionRow| {
            let leader = p.leader.map_or_else(|| "none".to_owned(), |id| id.to_string());
            let mut row = vec![
                p.topic.clone(),
                p.partition.to_string(),
                leader,
                join(&p.replicas),
                join(&p.isr),
            ];
            if wide {
                let join_known = |ids: &Option<Vec<i32>>| ids.as_deref().map_or_else(|| "-".to_owned(), join);
                row.extend([p.leader_epoch.to_string(), join(&p.offline)]);
                row.extend([&p.elr, &p.last_known_elr, &p.adding, &p.removing].map(join_known));
            }
            row
        };
        let mut headers = vec!["TOPIC", "PARTITION", "LEADER", "REPLICAS", "ISR"];
        if wide {
            headers.extend(["EPOCH", "OFFLINE", "ELR", "LAST KNOWN ELR", "ADDING", "REMOVING"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// How long the active controller is waited for.
const CONTROLLER_MAX: Duration = Duration::from_secs(2);

/// Partitions that are being moved, if that could be found out.
type Running = Option<BTreeMap<PartitionKey, Reassignment>>;

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = Wanted::parse(&args.topics, args.regex)?;
    block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        let topics = topics(args, &wanted, &client).await?;
        if args.summary || args.topics_with_overrides {
            let (rows, failures) = summary::of(&client, topics, args.topics_with_overrides).await;
            return context.out.show_part(Some(&id), &rows, &[], &failures);
        }
        partitions(args.filter.chosen(), topics, &client, &id, context).await
    })?
}

async fn topics(
    args: &DescribeArgs,
    wanted: &[Wanted],
    client: &Client,
) -> Result<BTreeMap<String, TopicDescription>, CommandError> {
    let names: Option<BTreeSet<String>> = match &args.topic_id {
        Some(id) => Some(BTreeSet::from([by_id(client, id).await?])),
        None if wanted.is_empty() => None,
        None => Some(resolve(client, wanted, Choice::LOOK).await?.names),
    };
    let names: Option<Vec<String>> = names.map(|names| names.into_iter().collect());
    let mut topics = client
        .describe_topics_by(names.as_deref(), args.page_partitions)
        .await?;
    topics.retain(|_, topic| !(args.exclude_internal && topic.is_internal));
    Ok(topics)
}

async fn partitions(
    filter: Filter,
    topics: BTreeMap<String, TopicDescription>,
    client: &Client,
    cluster_id: &str,
    context: &Context,
) -> Result<(), CommandError> {
    let (mut warnings, mut failures) = (Vec::new(), Vec::new());
    let running = running(client, &mut warnings).await;
    let mut min_insync = BTreeMap::new();
    if filter.needs_min_isr() {
        let names: Vec<String> = topics.keys().cloned().collect();
        let told = client.topic_settings(&names, &["min.insync.replicas"]).await?;
        for (topic, values) in told.ok {
            let min = values.into_values().find_map(|setting| setting.value?.parse().ok());
            min_insync.extend(min.map(|min: u32| (topic, min)));
        }
        failures.extend(told.errors.into_iter().map(Failure::from));
    }
    let alive: BTreeSet<i32> = client.broker_ids().collect();
    let mut rows = Vec::new();
    for (name, topic) in topics {
        let id = topic.id.to_string();
        let min = min_insync.get(&name).copied();
        for (index, partition) in topic.partitions {
            let key = (name.clone(), index);
            let moved = running
                .as_ref()
                .map(|running| running.get(&key).cloned().unwrap_or_default());
            let adding = moved.as_ref().map_or(&[][..], |moved| &moved.adding);
            let facts = Facts {
                partition: &partition,
                adding,
                min_insync: min,
                alive: &alive,
            };
            if filter.takes(&facts) {
                rows.push(row(key, id.clone(), partition, moved, min));
            }
        }
    }
    context.out.show_part(Some(cluster_id), &rows, &warnings, &failures)
}

/// Whether anything is being moved is known to the active controller, which may not be there or may not tell; nothing else
/// waits for it.
async fn running(client: &Client, warnings: &mut Vec<String>) -> Running {
    let left = client.deadline().saturating_duration_since(Instant::now());
    let why = match timeout(CONTROLLER_MAX.min(left / 2), client.reassignments()).await {
        Ok(Ok(running)) => return Some(running),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the active controller does not answer".to_owned(),
    };
    warnings.push(format!("what is being moved is not known: {why}"));
    None
}

fn row(
    (topic, partition): PartitionKey,
    topic_id: String,
    p: PartitionDescription,
    moved: Option<Reassignment>,
    min_insync_replicas: Option<u32>,
) -> PartitionRow {
    let (adding, removing) = moved.map(|moved| (moved.adding, moved.removing)).unzip();
    PartitionRow {
        topic,
        topic_id,
        partition,
        leader: p.leader,
        leader_epoch: p.leader_epoch,
        replicas: p.replicas,
        isr: p.isr,
        offline: p.offline,
        elr: p.elr,
        last_known_elr: p.last_known_elr,
        adding,
        removing,
        min_insync_replicas,
    }
}
