//! topics delete

use clap::Args;
use client::Client;
use planner::counted::counted;
use protocol::api::ErrorCode;

use super::change::{Outcome, TopicChange, is_gone, show_plan, until_seen};
use super::names::{Choice, Wanted, resolve};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Delete topics with all their records.
///
/// Patterns do not reach the cluster's own topics; those have to be named.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet topics delete old-orders --yes\n  kfleet topics delete 'tmp-*' --dry-run\n  kfleet topics delete 'tmp-[0-9]+' --regex --if-exists --yes"
)]
pub(crate) struct DeleteArgs {
    /// Topics, or patterns as in 'tmp-*'
    #[arg(required = true)]
    topics: Vec<String>,
    /// What is given are regular expressions, each for whole names
    #[arg(long)]
    regex: bool,
    /// A topic that does not exist is no error
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = Wanted::parse(&args.topics, args.regex)?;
    let (id, outcome) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        let choice = Choice {
            if_exists: args.if_exists,
            ..Choice::CHANGE
        };
        let chosen = resolve(&client, &wanted, choice).await?;
        let names: Vec<String> = chosen.names.into_iter().collect();
        let mut outcome = delete(args, &names, &client, context).await?;
        outcome.rows.extend(chosen.missing.into_iter().map(TopicChange::of));
        Ok::<_, CommandError>((id, outcome))
    })??;
    outcome.show(context, &id)
}

async fn delete(
    args: &DeleteArgs,
    names: &[String],
    client: &Client,
    context: &Context,
) -> Result<Outcome, CommandError> {
    let topics = client.describe_topics(Some(names)).await?;
    let row = |(name, topic): (&String, &client::TopicDescription)| TopicChange {
        id: Some(topic.id.to_string()),
        partitions: Some(topic.partitions.len() as i32),
        replication_factor: topic
            .partitions
            .values()
            .next()
            .map(|first| first.replicas.len() as i32),
        ..TopicChange::of(name.clone())
    };
    let mut outcome = Outcome {
        rows: topics.iter().map(row).collect(),
        ..Outcome::default()
    };
    if names.is_empty() {
        return Ok(outcome);
    }
    if !args.safety.ask.dry_run {
        show_plan(context, &outcome.rows);
    }
    let plan = format!("delete {} with all records", counted(names.len(), "topic"));
    if !context.may_go_ahead(&args.safety.ask, &plan)? {
        return Ok(outcome);
    }
    let deleted = client.delete_topics(names).await?;
    for row in &mut outcome.rows {
        row.changed = deleted.ok.contains(&row.topic);
    }
    let mut refused = deleted.errors;
    // Somebody else may have been faster.
    let is_missing = |code| code == Some(ErrorCode::UnknownTopicOrPartition);
    refused.retain(|failed| !(args.if_exists && is_missing(failed.error.code())));
    outcome.refuse(refused);
    until_seen(client, &mut outcome, is_gone).await;
    Ok(outcome)
}
