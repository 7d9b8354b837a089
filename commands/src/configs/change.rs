//! configs set, configs unset

use clap::Args;
use client::ClientError;
use protocol::api::StrBytes;
use protocol::api::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use protocol::api::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use protocol::api::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};

use super::EntityArgs;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::topics::{TopicChange, show_changes};

/// Set keys.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet configs set topic orders --set retention.ms=86400000 --yes")]
pub(crate) struct SetArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// A key and its value; may be repeated
    #[arg(long = "set", required = true, value_name = "KEY=VALUE")]
    pairs: Vec<String>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Return keys to what counts without them.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet configs unset topic orders --key retention.ms --yes")]
pub(crate) struct UnsetArgs {
    #[command(flatten)]
    entity: EntityArgs,
    /// A key; may be repeated
    #[arg(long = "key", required = true, value_name = "KEY")]
    keys: Vec<String>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Kafka's codes of what becomes of a key.
const SET: i8 = 0;
const DELETE: i8 = 1;

pub(crate) fn set(args: &SetArgs, context: &Context) -> Result<(), CommandError> {
    let pair = |text: &String| {
        let pair = text
            .split_once('=')
            .ok_or_else(|| CommandError::usage(format!("\"{text}\" is not KEY=VALUE")))?;
        Ok(alterable(pair.0, SET, Some(pair.1)))
    };
    let changes = args.pairs.iter().map(pair).collect::<Result<Vec<_>, CommandError>>()?;
    alter(
        &args.entity,
        &args.safety,
        &format!("set {}", args.pairs.join(", ")),
        changes,
        context,
    )
}

pub(crate) fn unset(args: &UnsetArgs, context: &Context) -> Result<(), CommandError> {
    let changes = args.keys.iter().map(|key| alterable(key, DELETE, None)).collect();
    alter(
        &args.entity,
        &args.safety,
        &format!("unset {}", args.keys.join(", ")),
        changes,
        context,
    )
}

fn alterable(name: &str, operation: i8, value: Option<&str>) -> AlterableConfig {
    AlterableConfig::default()
        .with_name(StrBytes::from_string(name.to_owned()))
        .with_config_operation(operation)
        .with_value(value.map(|value| StrBytes::from_string(value.to_owned())))
}

fn alter(
    entity: &EntityArgs,
    safety: &SafetyArgs,
    plan: &str,
    changes: Vec<AlterableConfig>,
    context: &Context,
) -> Result<(), CommandError> {
    let name = entity.name.clone();
    let (id, changes) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let really = context.may_change(safety, client.cluster_id(), &format!("{plan} of {name}"))?;
        let resource = AlterConfigsResource::default()
            .with_resource_type(entity.entity_type.code())
            .with_resource_name(StrBytes::from_string(name.clone()))
            .with_configs(changes);
        let request = IncrementalAlterConfigsRequest::default()
            .with_resources(vec![resource])
            .with_validate_only(!really);
        let code_of = |response: &IncrementalAlterConfigsResponse| {
            let code = |result: &AlterConfigsResourceResponse| result.error_code;
            response.responses.first().map_or(0, code)
        };
        let response = client.send_active(&request, code_of).await?;
        for result in response.responses {
            if result.error_code != 0 {
                let message = result.error_message.as_deref().map(str::to_owned);
                return Err(ClientError::rejected(name.clone(), result.error_code, message.as_deref()).into());
            }
        }
        let change = TopicChange {
            topic: name.clone(),
            changed: really,
            error: None,
        };
        Ok::<_, CommandError>((client.cluster_id().to_owned(), vec![change]))
    })??;
    show_changes(context, &id, &changes)
}
