//! Asks a running cluster for all that a planner has to know.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use client::{Client, LogDirContents, OffsetSpec, PartitionKey, Reassignment, ShardError, TopicDescription};
use planner::model::Cluster;

use super::assemble::{Answers, BrokerAnswer, Moment, assemble};
use crate::error::CommandError;
use crate::failure::{Failure, code_of};

/// Brokers that are asked at the same time for all of their replicas.
const BROKERS_MAX: usize = 16;
/// What acks=all needs.
const MIN_INSYNC: &str = "min.insync.replicas";
/// Log directories that take no new replicas (KIP-1066).
pub(crate) const CORDONED: &str = "cordoned.log.dirs";

/// What is known of a cluster, and what has to be said about that.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// What is not known, or assumed.
    pub(crate) warnings: Vec<String>,
    /// Log directories by broker, with what is in them; none from a file.
    pub(crate) dirs: BTreeMap<i32, Vec<LogDirContents>>,
}

/// How it is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asking {
    /// How long rates are measured; zero: not at all.
    pub(crate) window: Duration,
    /// Whether brokers may be silent: sizes of their replicas are those of others then.
    pub(crate) partial: bool,
    /// Brokers that nobody expects to answer.
    pub(crate) gone: BTreeSet<i32>,
}

type Topics = BTreeMap<String, TopicDescription>;

/// Asks.
pub(crate) async fn gather(client: &Client, asking: &Asking) -> Result<Gathered, CommandError> {
    let mut answers = Answers {
        cluster_id: client.cluster_id().to_owned(),
        ..Answers::default()
    };
    let nodes = client.cluster_nodes(true).await?.nodes;
    for node in nodes {
        let answer = BrokerAnswer {
            rack: node.rack.map(|rack| rack.to_string()),
            is_alive: !node.is_fenced,
            ..BrokerAnswer::default()
        };
        answers.brokers.insert(node.broker_id.0, answer);
    }
    answers.topics = client.describe_topics(None).await?;
    answers.running = running(client, &mut answers.warnings).await;
    min_isr(client, &mut answers).await?;
    let alive: Vec<i32> = answers.alive().collect();
    cordoned(client, &alive, &mut answers).await;
    let mut silent = Vec::new();
    let first = moment(client, &alive, &mut answers, &mut silent, !asking.window.is_zero()).await;
    if !asking.window.is_zero() {
        tokio::time::sleep(asking.window.saturating_sub(first.at.elapsed())).await;
        silent.clear();
        let last = moment(client, &alive, &mut answers, &mut silent, true).await;
        let leaders = leaders(&answers.topics);
        let earliest = client.list_offsets(&leaders, OffsetSpec::Earliest).await.ok.into_iter();
        answers.starts = earliest.map(|at| ((at.topic, at.partition), at.offset)).collect();
        answers.moments = Some((first, last));
    }
    insist(&silent, &answers, asking)?;
    let brokers = answers.brokers.iter().filter(|(_, broker)| !broker.dirs.is_empty());
    let dirs = brokers.map(|(id, broker)| (*id, broker.open_dirs())).collect();
    let (cluster, warnings) = assemble(answers)?;
    Ok(Gathered {
        cluster,
        warnings,
        dirs,
    })
}

/// What is being moved; it is known to the active controller alone.
async fn running(client: &Client, warnings: &mut Vec<String>) -> BTreeMap<PartitionKey, Reassignment> {
    match client.reassignments().await {
        Ok(running) => running,
        Err(error) => {
            warnings.push(format!("what is being moved is not known: {error}"));
            BTreeMap::new()
        }
    }
}

async fn min_isr(client: &Client, answers: &mut Answers) -> Result<(), CommandError> {
    let names: Vec<String> = answers.topics.keys().cloned().collect();
    let told = client.topic_settings(&names, &[MIN_INSYNC]).await?;
    for (topic, settings) in told.ok {
        let value = settings.get(MIN_INSYNC).and_then(|setting| setting.value.as_ref());
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            answers.min_isr.insert(topic, value);
        }
    }
    answers.warn_of("min.insync.replicas is taken to be 1", &told.errors);
    Ok(())
}

async fn cordoned(client: &Client, alive: &[i32], answers: &mut Answers) {
    let told = client.broker_settings(alive, &[CORDONED]).await;
    for (broker, settings) in told.ok {
        let dirs = settings.get(CORDONED).and_then(|setting| setting.value.as_ref());
        let broker = broker.parse().ok().and_then(|id: i32| answers.brokers.get_mut(&id));
        if let (Some(dirs), Some(broker)) = (dirs, broker) {
            let dirs = dirs.split(',').map(str::trim).filter(|dir| !dir.is_empty());
            broker.cordoned = dirs.map(str::to_owned).collect();
        }
    }
}

/// Log directories of all brokers, and where partitions end, if that is asked for.
async fn moment(
    client: &Client,
    alive: &[i32],
    answers: &mut Answers,
    silent: &mut Vec<ShardError>,
    with_ends: bool,
) -> Moment {
    let mut moment = Moment {
        at: Instant::now(),
        ends: BTreeMap::new(),
        sizes: BTreeMap::new(),
    };
    if with_ends {
        let told = client.list_offsets(&leaders(&answers.topics), OffsetSpec::Latest).await;
        let ends = told.ok.into_iter();
        moment.ends = ends.map(|at| ((at.topic, at.partition), at.offset)).collect();
    }
    for part in alive.chunks(BROKERS_MAX) {
        let told = client.log_dir_contents(part, None).await;
        silent.extend(told.errors);
        for (broker, dirs) in told.ok {
            if let Some(answer) = answers.brokers.get_mut(&broker) {
                answer.take(dirs);
            }
        }
    }
    if with_ends {
        moment.sizes = answers.sizes();
    }
    moment
}

fn leaders(topics: &Topics) -> BTreeMap<PartitionKey, i32> {
    let partitions = topics.iter().flat_map(|(topic, description)| {
        let partitions = description.partitions.iter();
        partitions.map(move |(number, partition)| ((topic.clone(), *number), partition.leader))
    });
    partitions.filter_map(|(key, leader)| Some((key, leader?))).collect()
}

/// Everybody who has replicas has to have answered, unless that may be otherwise.
fn insist(silent: &[ShardError], answers: &Answers, asking: &Asking) -> Result<(), CommandError> {
    if asking.partial {
        return Ok(());
    }
    let mut failures: Vec<Failure> = silent.iter().cloned().map(Failure::from).collect();
    let absent = answers.absent().into_iter().filter(|id| !asking.gone.contains(id));
    failures.extend(absent.map(|id| {
        let what = format!("broker {id}");
        let error = CommandError::rejected(format!("broker {id} has replicas and is not alive"));
        Failure::new(what, error)
    }));
    if code_of(&failures).is_none() {
        return Ok(());
    }
    let told: Vec<&str> = failures.iter().map(|failure| failure.message.as_str()).collect();
    Err(
        CommandError::rejected(format!("not every broker tells of its replicas: {}", told.join("; ")))
            .hint("--partial takes sizes from those who answer, and leaves the others as they are"),
    )
}
