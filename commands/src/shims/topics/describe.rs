//! --describe

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, ClientError, PartitionDescription, Reassignment, TopicDescription};
use protocol::Uuid;
use protocol::api::messages::DescribeConfigsRequest;
use protocol::api::messages::describe_configs_request::DescribeConfigsResource;
use protocol::api::{ErrorCode, StrBytes};

use super::{REPORTS, existing};
use crate::shims::cluster::Where;
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::shims::names::is_internal;
use crate::shims::options::Parsed;
use crate::storage::java_order;

/// Kafka's code for topics.
const TOPIC: i8 = 2;
/// Kafka's code for what nobody set.
const DEFAULT: i8 = 5;
/// Topics whose settings are asked for at a time.
const TOPICS_MAX: usize = 1000;

/// Settings of a topic that somebody set, in the order the cluster tells them.
type Settings = Vec<(String, String)>;

pub(super) async fn run(parsed: &Parsed, cluster: &Where, io: &mut Io) -> Result<(), Throwable> {
    parsed.number::<i32>("partition-size-limit-per-response")?;
    let id = parsed.value("topic-id")?.map(topic_id).transpose()?;
    let client = cluster.connect("listTopics").await?;
    let mut names = match id.filter(|id| *id != Uuid::ZERO) {
        Some(id) => with_id(parsed, &client, id).await?,
        None => existing(parsed, &client).await?,
    };
    if names.is_empty() {
        return Ok(());
    }
    let topics = client.describe_topics(Some(&names)).await?;
    let settings = settings_of(&client, &names).await?;
    let alive: BTreeSet<i32> = client.broker_ids().collect();
    let moving = match client.reassignments().await {
        Ok(moving) => moving,
        // Who may not ask for them is told of topics nevertheless.
        Err(ClientError::UnsupportedApi { .. }) => BTreeMap::new(),
        Err(error) if error.code() == Some(ErrorCode::ClusterAuthorizationFailed) => BTreeMap::new(),
        Err(error) => return Err(error.into()),
    };
    // Apache's tool prints in the order of a hash table.
    java_order::sized(&mut names, |name| java_order::string_hash(name));
    for name in &names {
        let (Some(topic), Some(settings)) = (topics.get(name), settings.get(name)) else {
            continue;
        };
        let shown = Shown {
            parsed,
            name,
            topic,
            settings,
            alive: &alive,
            moving: &moving,
        };
        shown.print(io);
    }
    Ok(())
}

fn topic_id(text: &str) -> Result<Uuid, Throwable> {
    text.parse::<Uuid>().map_err(|_| {
        let bytes = text.len() * 3 / 4;
        Throwable::illegal(format!(
            "Input string `{text}` decoded as {bytes} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID"
        ))
    })
}

async fn with_id(parsed: &Parsed, client: &Client, id: Uuid) -> Result<Vec<String>, Throwable> {
    let topics = client.metadata(None).await?.topics.into_iter();
    let named = topics.filter(|topic| Uuid::from(topic.topic_id) == id);
    let mut names: Vec<String> = named
        .filter_map(|topic| topic.name)
        .map(|name| name.to_string())
        .collect();
    names.retain(|name| !(parsed.has("exclude-internal") && is_internal(name)));
    if names.is_empty() && !parsed.has("if-exists") {
        return Err(Throwable::illegal(format!("TopicId '{id}' does not exist as expected")));
    }
    Ok(names)
}

async fn settings_of(client: &Client, names: &[String]) -> Result<BTreeMap<String, Settings>, Throwable> {
    let mut found = BTreeMap::new();
    for part in names.chunks(TOPICS_MAX) {
        let resources = part.iter().map(|name| {
            DescribeConfigsResource::default()
                .with_resource_type(TOPIC)
                .with_resource_name(StrBytes::from_string(name.clone()))
                .with_configuration_keys(None)
        });
        let request = DescribeConfigsRequest::default().with_resources(resources.collect());
        for result in client.send_any(&request).await?.results {
            if result.error_code != 0 {
                return Err(Throwable::of_code(result.error_code, result.error_message.as_deref()));
            }
            let mut configs = result.configs;
            java_order::grown(&mut configs, |config| java_order::string_hash(&config.name));
            let set = configs.iter().filter(|config| config.config_source != DEFAULT);
            // A value that is not told is what Java makes of none.
            let value = |value: Option<&StrBytes>| value.map_or_else(|| "null".to_owned(), ToString::to_string);
            let set = set.map(|config| (config.name.to_string(), value(config.value.as_ref())));
            found.insert(result.resource_name.to_string(), set.collect());
        }
    }
    Ok(found)
}

/// A topic and all it takes to show it.
struct Shown<'a> {
    parsed: &'a Parsed,
    name: &'a str,
    topic: &'a TopicDescription,
    settings: &'a Settings,
    alive: &'a BTreeSet<i32>,
    moving: &'a BTreeMap<(String, i32), Reassignment>,
}

impl Shown<'_> {
    fn print(&self, io: &mut Io) {
        let is_report = REPORTS.iter().any(|report| self.parsed.has(report));
        let overridden_only = self.parsed.has("topics-with-overrides");
        if !is_report && (!overridden_only || !self.settings.is_empty()) {
            self.print_summary(io);
        }
        if overridden_only {
            return;
        }
        for (partition, p) in &self.topic.partitions {
            if !is_report || self.is_reported(*partition, p) {
                self.print_partition(*partition, p, io);
            }
        }
    }

    fn print_summary(&self, io: &mut Io) {
        let first = self.topic.partitions.iter().next();
        let factor = first.map_or(0, |(partition, p)| self.replication_factor(*partition, p));
        let id = match self.topic.id {
            id if id == Uuid::ZERO => String::new(),
            id => format!("\tTopicId: {id}"),
        };
        let settings: Vec<String> = self
            .settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        io.line(format!(
            "Topic: {}{id}\tPartitionCount: {}\tReplicationFactor: {factor}\tConfigs: {}",
            self.name,
            self.topic.partitions.len(),
            settings.join(",")
        ));
    }

    fn reassignment(&self, partition: i32) -> Option<&Reassignment> {
        self.moving.get(&(self.name.to_owned(), partition))
    }

    /// Replicas that come do not count yet.
    fn replication_factor(&self, partition: i32, p: &PartitionDescription) -> usize {
        let is_changing = |moving: &&Reassignment| {
            let mut changing = moving.adding.iter().chain(&moving.removing);
            changing.any(|broker| p.replicas.contains(broker))
        };
        match self.reassignment(partition).filter(is_changing) {
            Some(moving) => moving.replicas.len().saturating_sub(moving.adding.len()),
            None => p.replicas.len(),
        }
    }

    fn is_reported(&self, partition: i32, p: &PartitionDescription) -> bool {
        let min_isr = self.settings.iter().find(|(name, _)| name == "min.insync.replicas");
        let min_isr = min_isr.and_then(|(_, value)| value.parse::<usize>().ok()).unwrap_or(1);
        let asked = |report: &str| self.parsed.has(report);
        (asked("under-replicated-partitions") && self.replication_factor(partition, p) > p.isr.len())
            || (asked("unavailable-partitions") && p.leader.is_none_or(|leader| !self.alive.contains(&leader)))
            || (asked("under-min-isr-partitions") && (p.leader.is_none() || p.isr.len() < min_isr))
            || (asked("at-min-isr-partitions") && p.isr.len() == min_isr)
    }

    fn print_partition(&self, partition: i32, p: &PartitionDescription, io: &mut Io) {
        let leader = p.leader.map_or_else(|| "none".to_owned(), |leader| leader.to_string());
        let moving = self.reassignment(partition).map_or(String::new(), |moving| {
            let (adding, removing) = (joined(&moving.adding), joined(&moving.removing));
            format!("\tAdding Replicas: {adding}\tRemoving Replicas: {removing}")
        });
        let known = |ids: Option<&Vec<i32>>| ids.map_or_else(|| "N/A".to_owned(), |ids| joined(ids));
        io.line(format!(
            "\tTopic: {}\tPartition: {partition}\tLeader: {leader}\tReplicas: {}\tIsr: {}{moving}\tElr: {}\tLastKnownElr: {}",
            self.name,
            joined(&p.replicas),
            joined(&p.isr),
            known(p.elr.as_ref()),
            known(p.last_known_elr.as_ref()),
        ));
    }
}

fn joined(ids: &[i32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
