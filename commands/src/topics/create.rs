//! topics create

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use client::{Client, CreatedTopic, NewTopic, ShardError};
use planner::counted::counted;
use protocol::Uuid;
use protocol::api::ErrorCode;

use super::assignment::Assignment;
use super::change::{Outcome, TopicChange, has_partitions, show_plan, until_seen};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};

/// Create topics.
///
/// The cluster looks at the plan before anybody is asked: if it would refuse a part of it, nothing is created.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet topics create orders --partitions 6 --replication-factor 3 --config retention.ms=86400000 --yes\n  kfleet topics create orders --replica-assignment 1:2,2:3,3:1 --dry-run\n  kfleet topics create orders payments --if-not-exists --yes -o json"
)]
pub(crate) struct CreateArgs {
    /// Names
    #[arg(required = true)]
    topics: Vec<String>,
    /// Partitions of each; the cluster's num.partitions if not given
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Replicas of each partition; the cluster's default.replication.factor if not given
    #[arg(long, value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// Brokers of each partition, the preferred leader first, as in 1:2,2:3 for two partitions
    #[arg(long, value_name = "BROKERS", conflicts_with_all = ["partitions", "replication_factor"])]
    replica_assignment: Option<Assignment>,
    /// A key to set; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    config: Vec<String>,
    /// A topic that exists is no error, and is left as it is
    #[arg(long)]
    if_not_exists: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &CreateArgs, context: &Context) -> Result<(), CommandError> {
    let topics = args.new_topics()?;
    let (id, outcome) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let outcome = create(args, topics, &client, context).await?;
        Ok::<_, CommandError>((id, outcome))
    })??;
    outcome.show(context, &id)
}

async fn create(
    args: &CreateArgs,
    mut topics: Vec<NewTopic>,
    client: &Client,
    context: &Context,
) -> Result<Outcome, CommandError> {
    let looked_at = client.create_topics(&topics, true).await?;
    let (existing, refused): (Vec<ShardError>, Vec<ShardError>) = looked_at
        .errors
        .into_iter()
        .partition(|failed| args.if_not_exists && exists(failed));
    let failures: Vec<Failure> = refused.into_iter().map(refusal).collect();
    if let Some(error) = together(&failures) {
        return Err(error);
    }
    let mut outcome = Outcome {
        rows: looked_at.ok.iter().map(row).collect(),
        ..Outcome::default()
    };
    let existing: BTreeSet<String> = existing
        .iter()
        .map(|failed| failed.what.trim_start_matches("topic ").to_owned())
        .collect();
    topics.retain(|topic| !existing.contains(&topic.name));
    keep(args, &existing, client, &mut outcome).await?;
    if topics.is_empty() {
        return Ok(outcome);
    }
    if !args.safety.ask.dry_run {
        let plan: Vec<TopicChange> = outcome
            .rows
            .iter()
            .filter(|row| !existing.contains(&row.topic))
            .cloned()
            .collect();
        show_plan(context, &plan);
    }
    let plan = format!("create {}", counted(topics.len(), "topic"));
    if !context.may_go_ahead(&args.safety.ask, &plan)? {
        return Ok(outcome);
    }
    let created = client.create_topics(&topics, false).await?;
    for created in &created.ok {
        if let Some(known) = outcome.rows.iter_mut().find(|row| row.topic == created.name) {
            *known = TopicChange {
                changed: true,
                ..row(created)
            };
        }
    }
    let mut refused = created.errors;
    // Somebody else may have been faster.
    refused.retain(|failed| !(args.if_not_exists && exists(failed)));
    outcome.refuse(refused);
    until_seen(client, &mut outcome, |topic| has_partitions(topic, None)).await;
    Ok(outcome)
}

/// Topics that are there are left alone; that they are not as they would be is said.
async fn keep(
    args: &CreateArgs,
    existing: &BTreeSet<String>,
    client: &Client,
    outcome: &mut Outcome,
) -> Result<(), CommandError> {
    if existing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = existing.iter().cloned().collect();
    for (name, topic) in client.describe_topics(Some(&names)).await? {
        let partitions = topic.partitions.len() as i32;
        let replicas = topic
            .partitions
            .values()
            .next()
            .map(|first| first.replicas.len() as i32);
        let wished = args.wished();
        for (wished, has, noun) in [
            (wished.0, Some(partitions), "partitions"),
            (wished.1, replicas, "replicas of each partition"),
        ] {
            if let (Some(wished), Some(has)) = (wished, has)
                && wished != has
            {
                outcome.warnings.push(format!(
                    "topic {name} exists with {has} {noun}, not {wished}; it is left as it is"
                ));
            }
        }
        outcome.rows.push(TopicChange {
            id: Some(topic.id.to_string()),
            partitions: Some(partitions),
            replication_factor: replicas,
            ..TopicChange::of(name)
        });
    }
    Ok(())
}

fn exists(failed: &ShardError) -> bool {
    failed.error.code() == Some(ErrorCode::TopicAlreadyExists)
}

fn refusal(failed: ShardError) -> Failure {
    let exists = exists(&failed);
    let mut failure = Failure::from(failed);
    if exists {
        failure
            .hints
            .push("--if-not-exists leaves topics alone that exist".to_owned());
    }
    failure
}

fn row(created: &CreatedTopic) -> TopicChange {
    TopicChange {
        id: Some(created.id).filter(|id| *id != Uuid::ZERO).map(|id| id.to_string()),
        partitions: created.partitions,
        replication_factor: created.replication_factor.map(i32::from),
        ..TopicChange::of(created.name.clone())
    }
}

impl CreateArgs {
    /// Partitions and replicas that are asked for, where they are.
    fn wished(&self) -> (Option<i32>, Option<i32>) {
        match &self.replica_assignment {
            Some(Assignment(partitions)) => (
                Some(partitions.len() as i32),
                partitions.first().map(|replicas| replicas.len() as i32),
            ),
            None => (self.partitions, self.replication_factor.map(i32::from)),
        }
    }

    fn new_topics(&self) -> Result<Vec<NewTopic>, CommandError> {
        let mut configs = BTreeMap::new();
        for text in &self.config {
            let (key, value) = text
                .split_once('=')
                .ok_or_else(|| CommandError::usage(format!("\"{text}\" is not KEY=VALUE")))?;
            if configs.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(CommandError::usage(format!("{key} is given twice")));
            }
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = self.topics.iter().find(|name| !names.insert(*name)) {
            return Err(CommandError::usage(format!("{twice} is named twice")));
        }
        let assignment = self.replica_assignment.as_ref();
        let topic = |name: &String| NewTopic {
            name: name.clone(),
            partitions: self.partitions.unwrap_or(-1),
            replication_factor: self.replication_factor.unwrap_or(-1),
            assignment: assignment.map(|assignment| assignment.0.clone()).unwrap_or_default(),
            configs: configs.clone(),
        };
        Ok(self.topics.iter().map(topic).collect())
    }
}
