//! topics alter

use clap::Args;
use protocol::api::messages::CreatePartitionsRequest;
use protocol::api::messages::create_partitions_request::CreatePartitionsTopic;
use protocol::api::{ErrorCode, StrBytes, TopicName};

use super::{TopicChange, has_partitions, show_changes, until_seen};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Change the number of partitions; it can only grow.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet topics alter orders --partitions 12 --yes")]
pub(crate) struct AlterArgs {
    /// Names
    #[arg(required = true)]
    topics: Vec<String>,
    /// Partitions each is to have
    #[arg(long)]
    partitions: i32,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &AlterArgs, context: &Context) -> Result<(), CommandError> {
    let (id, changes) = block_on(async {
        let client = context.connect().await?;
        let plan = format!("give {} {} partitions", args.topics.join(", "), args.partitions);
        let really = context.may_change(&args.safety, client.cluster_id(), &plan)?;
        let metadata = client.metadata(Some(&args.topics)).await?;
        let has = |name: &str| {
            let topic = metadata
                .topics
                .iter()
                .find(|topic| topic.name.as_ref().is_some_and(|n| n.as_str() == name));
            topic.map_or(0, |topic| topic.partitions.len() as i32)
        };
        let (same, other): (Vec<&String>, Vec<&String>) =
            args.topics.iter().partition(|name| has(name) == args.partitions);
        let mut changes: Vec<TopicChange> = same
            .into_iter()
            .map(|topic| TopicChange {
                topic: topic.clone(),
                changed: false,
                error: None,
            })
            .collect();
        let topic = |name: &&String| {
            CreatePartitionsTopic::default()
                .with_name(TopicName(StrBytes::from_string((*name).clone())))
                .with_count(args.partitions)
                .with_assignments(None)
        };
        let request = CreatePartitionsRequest::default()
            .with_topics(other.iter().map(topic).collect())
            .with_timeout_ms(context.global.timeout.as_millis() as i32)
            .with_validate_only(!really);
        for result in client.send_any(&request).await?.results {
            let name = result.name.to_string();
            if result.error_code == ErrorCode::UnknownTopicOrPartition.code() {
                return Err(CommandError::not_found(format!("topic {name} does not exist")));
            }
            let error = (result.error_code != 0).then(|| {
                result
                    .error_message
                    .map_or_else(|| result.error_code.to_string(), |m| m.to_string())
            });
            changes.push(TopicChange {
                topic: name,
                changed: really && result.error_code == 0,
                error,
            });
        }
        until_seen(&client, &changes, |topic| has_partitions(topic, args.partitions)).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changes))
    })??;
    show_changes(context, &id, &changes)
}
