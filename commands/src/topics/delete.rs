//! topics delete

use clap::Args;
use protocol::api::messages::DeleteTopicsRequest;
use protocol::api::messages::delete_topics_request::DeleteTopicState;
use protocol::api::{ErrorCode, StrBytes, TopicName};

use super::{TopicChange, show_changes, until_seen};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Delete topics with all their records.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet topics delete old-orders --yes")]
pub(crate) struct DeleteArgs {
    /// Names
    #[arg(required = true)]
    topics: Vec<String>,
    /// A topic that does not exist is no error
    #[arg(long)]
    if_exists: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), CommandError> {
    let (id, changes) = block_on(async {
        let client = context.connect().await?;
        let plan = format!("delete {} with all records", args.topics.join(", "));
        if !context.may_change(&args.safety, client.cluster_id(), &plan)? {
            let unchanged = |topic: &String| TopicChange {
                topic: topic.clone(),
                changed: false,
                error: None,
            };
            return Ok((
                client.cluster_id().to_owned(),
                args.topics.iter().map(unchanged).collect(),
            ));
        }
        let topic =
            |name: &String| DeleteTopicState::default().with_name(Some(TopicName(StrBytes::from_string(name.clone()))));
        let request = DeleteTopicsRequest::default()
            .with_topics(args.topics.iter().map(topic).collect())
            .with_timeout_ms(context.global.timeout.as_millis() as i32);
        let response = client.send_any(&request).await?;
        let mut changes = Vec::new();
        for result in response.responses {
            let name = result.name.map_or(String::new(), |name| name.to_string());
            let missing = result.error_code == ErrorCode::UnknownTopicOrPartition.code();
            if missing && !args.if_exists {
                return Err(CommandError::not_found(format!("topic {name} does not exist")));
            }
            let error = (result.error_code != 0 && !missing).then(|| {
                result
                    .error_message
                    .map_or_else(|| result.error_code.to_string(), |m| m.to_string())
            });
            changes.push(TopicChange {
                topic: name,
                changed: result.error_code == 0,
                error,
            });
        }
        let gone = ErrorCode::UnknownTopicOrPartition.code();
        until_seen(&client, &changes, |topic| topic.error_code == gone).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), changes))
    })??;
    show_changes(context, &id, &changes)
}
