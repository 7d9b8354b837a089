//! Topics.

mod alter;
mod create;
mod delete;
mod describe;
mod list;

use std::time::Duration;

use clap::Subcommand;
use client::Client;
use protocol::api::messages::metadata_response::MetadataResponseTopic;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::sleep;

use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Shown, Table};

pub(crate) use describe::PartitionRow;
pub(crate) use list::TopicRow;

/// Commands on topics.
#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    /// Change the number of partitions
    Alter(alter::AlterArgs),
    /// Create topics
    Create(create::CreateArgs),
    /// Delete topics
    Delete(delete::DeleteArgs),
    /// List partitions with their leaders and replicas
    Describe(describe::DescribeArgs),
    /// List topics
    List(list::ListArgs),
}

pub(crate) fn run(command: TopicsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        TopicsCommand::Alter(args) => alter::run(&args, context),
        TopicsCommand::Create(args) => create::run(&args, context),
        TopicsCommand::Delete(args) => delete::run(&args, context),
        TopicsCommand::Describe(args) => describe::run(&args, context),
        TopicsCommand::List(args) => list::run(&args, context),
    }
}

/// What became of a topic.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TopicChange {
    /// The topic.
    pub(crate) topic: String,
    /// Whether anything was changed.
    pub(crate) changed: bool,
    /// Why not, if the cluster refused.
    pub(crate) error: Option<String>,
}

impl Shown for Vec<TopicChange> {
    const SCHEMA: &'static str = "topics-change/1";

    fn table(&self, _: bool) -> Table {
        let row = |change: &TopicChange| {
            let state = match (&change.error, change.changed) {
                (Some(error), _) => error.clone(),
                (None, true) => "done".to_owned(),
                (None, false) => "unchanged".to_owned(),
            };
            vec![change.topic.clone(), state]
        };
        Table {
            headers: vec!["TOPIC", "RESULT"],
            rows: self.iter().map(row).collect(),
        }
    }
}

/// How often a broker is asked whether it has heard of a change.
const POLL: Duration = Duration::from_millis(10);

/// Waits until a broker has heard of changes that the controller made, so that whatever runs next finds them.
/// They are made in any case.
pub(crate) async fn until_seen(
    client: &Client,
    changes: &[TopicChange],
    is_seen: impl Fn(&MetadataResponseTopic) -> bool,
) -> Result<(), CommandError> {
    let changed: Vec<String> = changes.iter().filter(|c| c.changed).map(|c| c.topic.clone()).collect();
    if changed.is_empty() {
        return Ok(());
    }
    while !client.metadata(Some(&changed)).await?.topics.iter().all(&is_seen) {
        sleep(POLL).await;
    }
    Ok(())
}

/// Whether a topic has so many partitions, or any number if none is asked for, all with leaders.
pub(crate) fn has_partitions(topic: &MetadataResponseTopic, count: i32) -> bool {
    topic.error_code == 0
        && !topic.partitions.is_empty()
        && (count < 0 || topic.partitions.len() == count as usize)
        && topic.partitions.iter().all(|partition| partition.leader_id.0 >= 0)
}

/// Shows what became of topics; a refusal among them is an error.
pub(crate) fn show_changes(
    context: &Context,
    cluster_id: &str,
    changes: &Vec<TopicChange>,
) -> Result<(), CommandError> {
    let refused: Vec<&TopicChange> = changes.iter().filter(|change| change.error.is_some()).collect();
    if refused.is_empty() {
        return context.out.show(Some(cluster_id), changes, &[]);
    }
    let sentences: Vec<String> = refused
        .iter()
        .map(|change| format!("{}: {}", change.topic, change.error.as_deref().unwrap_or_default()))
        .collect();
    Err(CommandError::rejected(sentences.join("; ")))
}
