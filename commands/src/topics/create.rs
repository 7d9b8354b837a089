//! topics create

use clap::Args;
use protocol::api::messages::CreateTopicsRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::api::{ErrorCode, StrBytes, TopicName};

use super::{TopicChange, has_partitions, show_changes, until_seen};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Create topics.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kfleet topics create orders --partitions 6 --replication-factor 3 --config retention.ms=86400000 --yes"
)]
pub(crate) struct CreateArgs {
    /// Names
    #[arg(required = true)]
    topics: Vec<String>,
    /// Partitions of each; the brokers' num.partitions if not given
    #[arg(long, default_value = "-1", allow_hyphen_values = true)]
    partitions: i32,
    /// Replicas of each partition; the brokers' default.replication.factor if not given
    #[arg(long, default_value = "-1", allow_hyphen_values = true)]
    replication_factor: i16,
    /// A key to set; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    config: Vec<String>,
    /// A topic that exists is no error
    #[arg(long)]
    if_not_exists: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &CreateArgs, context: &Context) -> Result<(), CommandError> {
    let configs = args.config.iter().map(|text| {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| CommandError::usage(format!("\"{text}\" is not KEY=VALUE")))?;
        Ok(CreatableTopicConfig::default()
            .with_name(StrBytes::from_string(name.to_owned()))
            .with_value(Some(StrBytes::from_string(value.to_owned()))))
    });
    let configs = configs.collect::<Result<Vec<_>, CommandError>>()?;
    let topic = |name: &String| {
        CreatableTopic::default()
            .with_name(TopicName(StrBytes::from_string(name.clone())))
            .with_num_partitions(args.partitions)
            .with_replication_factor(args.replication_factor)
            .with_configs(configs.clone())
    };
    let (id, changes) = block_on(async {
        let client = context.connect().await?;
        let plan = format!("create {}", args.topics.join(", "));
        let really = context.may_change(&args.safety, client.cluster_id(), &plan)?;
        let request = CreateTopicsRequest::default()
            .with_topics(args.topics.iter().map(topic).collect())
            .with_timeout_ms(context.global.timeout.as_millis() as i32)
            .with_validate_only(!really);
        let response = client.send_any(&request).await?;
        let change = |result: protocol::api::messages::create_topics_response::CreatableTopicResult| {
            let exists = result.error_code == ErrorCode::TopicAlreadyExists.code();
            let error = (result.error_code != 0 && !(exists && args.if_not_exists)).then(|| {
                result
                    .error_message
                    .map_or_else(|| result.error_code.to_string(), |m| m.to_string())
            });
            TopicChange {
                topic: result.name.to_string(),
                changed: really && result.error_code == 0,
                error,
            }
        };
        let changes: Vec<TopicChange> = response.topics.into_iter().map(change).collect();
        until_seen(&client, &changes, |topic| has_partitions(topic, args.partitions)).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changes))
    })??;
    show_changes(context, &id, &changes)
}
