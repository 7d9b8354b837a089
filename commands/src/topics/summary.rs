//! Topics in one line each, with the keys that were set for them.

use std::collections::BTreeMap;

use client::{Client, ConfigEntity, ConfigResource, TopicDescription};
use schemars::JsonSchema;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Shown, Table};

/// Kafka's code for a value that was set for the topic.
const SET: i8 = 1;

/// A topic, and what was set for it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TopicSummary {
    /// Its name.
    topic: String,
    /// Its id.
    id: String,
    /// Whether it is one of the cluster's own.
    internal: bool,
    /// How many partitions it has.
    partitions: usize,
    /// Replicas of its first partition.
    replication_factor: usize,
    /// Keys that were set for it, with their values; none if that could not be found out.
    configs: Option<BTreeMap<String, String>>,
}

impl Shown for Vec<TopicSummary> {
    const SCHEMA: &'static str = "topics-summary/1";

    fn table(&self, wide: bool) -> Table {
        let row = |topic: &TopicSummary| {
            let set = topic.configs.as_ref().map(|configs| {
                let pairs = configs.iter().map(|(key, value)| format!("{key}={value}"));
                pairs.collect::<Vec<_>>().join(",")
            });
            let mut row = vec![topic.topic.clone()];
            row.extend(wide.then(|| topic.id.clone()));
            row.extend([
                topic.partitions.to_string(),
                topic.replication_factor.to_string(),
                set.filter(|set| !set.is_empty()).unwrap_or_else(|| "-".to_owned()),
            ]);
            row
        };
        let mut headers = vec!["TOPIC"];
        headers.extend(wide.then_some("ID"));
        headers.extend(["PARTITIONS", "REPLICATION", "CONFIGS"]);
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// Summaries of topics, or of those alone for which a key was set, and what could not be found out.
pub(super) async fn of(
    client: &Client,
    topics: BTreeMap<String, TopicDescription>,
    only_overridden: bool,
) -> (Vec<TopicSummary>, Vec<Failure>) {
    let resources = topics
        .keys()
        .map(|name| ConfigResource::new(ConfigEntity::Topic, name.clone()));
    let told = client.describe_configs(&resources.collect()).await;
    let mut set: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (resource, entries) in told.ok {
        let own = entries.into_iter().filter(|entry| entry.source == SET);
        let own = own.filter_map(|entry| Some((entry.name, entry.value?)));
        set.insert(resource.name, own.collect());
    }
    let row = |(name, topic): (String, TopicDescription)| TopicSummary {
        id: topic.id.to_string(),
        internal: topic.is_internal,
        partitions: topic.partitions.len(),
        replication_factor: topic.partitions.values().next().map_or(0, |first| first.replicas.len()),
        configs: set.remove(&name),
        topic: name,
    };
    let mut rows: Vec<TopicSummary> = topics.into_iter().map(row).collect();
    rows.retain(|row| !only_overridden || row.configs.as_ref().is_none_or(|configs| !configs.is_empty()));
    let failures = told.errors.into_iter().map(Failure::from);
    (rows, failures.collect())
}
