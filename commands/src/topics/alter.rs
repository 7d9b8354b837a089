//! topics alter

use std::collections::BTreeMap;

use clap::Args;
use client::{Client, TopicDescription};
use planner::counted::counted;

use super::assignment::Assignment;
use super::change::{Outcome, TopicChange, has_partitions, show_plan, until_seen};
use super::names::{Choice, Wanted, resolve};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};

/// Change the number of partitions; it can only grow.
///
/// Records with keys go to other partitions from then on. The cluster looks at the plan before anybody is asked: if it
/// would refuse a part of it, nothing is changed.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet topics alter orders --partitions 12 --yes\n  kfleet topics alter 'orders-*' --partitions 12 --dry-run\n  kfleet topics alter orders --replica-assignment 1:2,2:3,3:1 --yes"
)]
pub(crate) struct AlterArgs {
    /// Topics, or patterns as in 'orders-*', which do not reach the cluster's own topics
    #[arg(required = true)]
    topics: Vec<String>,
    /// What is given are regular expressions, each for whole names
    #[arg(long)]
    regex: bool,
    /// Partitions each is to have
    #[arg(long, required_unless_present = "replica_assignment", value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Brokers of all partitions, those that are there already included, as in 1:2,2:3 for two of them
    #[arg(long, value_name = "BROKERS")]
    replica_assignment: Option<Assignment>,
    /// A topic that does not exist is no error
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &AlterArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = Wanted::parse(&args.topics, args.regex)?;
    let count = args.count()?;
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
        let topics = client.describe_topics(Some(&names)).await?;
        let mut outcome = alter(args, count, &topics, &client, context).await?;
        outcome.rows.extend(chosen.missing.into_iter().map(TopicChange::of));
        Ok::<_, CommandError>((id, outcome))
    })??;
    outcome.show(context, &id)
}

async fn alter(
    args: &AlterArgs,
    count: i32,
    topics: &BTreeMap<String, TopicDescription>,
    client: &Client,
    context: &Context,
) -> Result<Outcome, CommandError> {
    let mut outcome = Outcome {
        rows: topics.iter().map(|(name, topic)| row(name, topic, count)).collect(),
        ..Outcome::default()
    };
    let other: Vec<String> = outcome
        .rows
        .iter()
        .filter(|row| row.partitions_before != Some(count))
        .map(|row| row.topic.clone())
        .collect();
    let added = match &args.replica_assignment {
        None => None,
        Some(assignment) => Some(added(assignment, topics, &mut outcome.warnings)?),
    };
    if other.is_empty() {
        return Ok(outcome);
    }
    let looked_at = client.create_partitions(&other, count, added.as_deref(), true).await?;
    let failures: Vec<Failure> = looked_at.errors.into_iter().map(Failure::from).collect();
    if let Some(error) = together(&failures) {
        return Err(error);
    }
    if !args.safety.ask.dry_run {
        let plan: Vec<TopicChange> = outcome
            .rows
            .iter()
            .filter(|row| other.contains(&row.topic))
            .cloned()
            .collect();
        show_plan(context, &plan);
    }
    let plan = format!("give {} {}", counted(other.len(), "topic"), counted(count, "partition"));
    if !context.may_go_ahead(&args.safety.ask, &plan)? {
        return Ok(outcome);
    }
    let done = client.create_partitions(&other, count, added.as_deref(), false).await?;
    for row in &mut outcome.rows {
        row.changed = done.ok.contains(&row.topic);
    }
    outcome.refuse(done.errors);
    until_seen(client, &mut outcome, |topic| has_partitions(topic, Some(count))).await;
    Ok(outcome)
}

fn row(name: &str, topic: &TopicDescription, count: i32) -> TopicChange {
    TopicChange {
        partitions_before: Some(topic.partitions.len() as i32),
        partitions: Some(count),
        replication_factor: topic
            .partitions
            .values()
            .next()
            .map(|first| first.replicas.len() as i32),
        ..TopicChange::of(name)
    }
}

/// The brokers of new partitions; those of partitions that are there stay as they are, which is said where it matters.
fn added(
    assignment: &Assignment,
    topics: &BTreeMap<String, TopicDescription>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Vec<i32>>, CommandError> {
    let mut topics = topics.iter();
    let (name, topic) = match (topics.next(), topics.next()) {
        (Some(only), None) => only,
        (None, _) => return Ok(Vec::new()),
        (Some(_), Some(_)) => return Err(CommandError::usage("--replica-assignment is for one topic at a time")),
    };
    for (index, replicas) in (0..).zip(&assignment.0) {
        if let Some(there) = topic.partitions.get(&index)
            && there.replicas != *replicas
        {
            warnings.push(format!(
                "{name}-{index} stays on brokers {:?}; a reassignment would move it to {replicas:?}",
                there.replicas
            ));
        }
    }
    Ok(assignment.0.iter().skip(topic.partitions.len()).cloned().collect())
}

impl AlterArgs {
    /// Partitions each topic is to have.
    fn count(&self) -> Result<i32, CommandError> {
        let assigned = self
            .replica_assignment
            .as_ref()
            .map(|assignment| assignment.0.len() as i32);
        match (self.partitions, assigned) {
            (Some(count), Some(assigned)) if count != assigned => Err(CommandError::usage(format!(
                "--partitions is {count}, and --replica-assignment has brokers of {assigned}"
            ))
            .hint("it has those of partitions that are there already, too")),
            (count, assigned) => Ok(count.or(assigned).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use client::PartitionDescription;

    use super::*;

    fn topic(replicas: &[&[i32]]) -> TopicDescription {
        let partition = |(index, replicas): (i32, &&[i32])| {
            let partition = PartitionDescription {
                leader: Some(1),
                leader_epoch: 0,
                replicas: replicas.to_vec(),
                isr: replicas.to_vec(),
                offline: Vec::new(),
                elr: None,
                last_known_elr: None,
            };
            (index, partition)
        };
        TopicDescription {
            id: protocol::Uuid::ZERO,
            is_internal: false,
            partitions: (0..).zip(replicas).map(partition).collect(),
        }
    }

    #[test]
    fn of_an_assignment_what_is_there_is_left_and_what_is_new_is_taken() {
        let topics = BTreeMap::from([("t".to_owned(), topic(&[&[1, 2], &[2, 3]]))]);
        let mut warnings = Vec::new();
        let new = added(&"1:2,3:2,3:1".parse().unwrap(), &topics, &mut warnings).unwrap();
        assert_eq!(new, [vec![3, 1]]);
        assert_eq!(
            warnings,
            ["t-1 stays on brokers [2, 3]; a reassignment would move it to [3, 2]"]
        );
        let two = BTreeMap::from([("a".to_owned(), topic(&[&[1]])), ("b".to_owned(), topic(&[&[1]]))]);
        assert_eq!(
            added(&"1,1".parse().unwrap(), &two, &mut warnings).unwrap_err().code,
            64
        );
    }
}
