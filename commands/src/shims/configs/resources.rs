//! Settings of topics, brokers, loggers, client metrics and groups.

use std::collections::BTreeSet;

use client::{Client, ClientError, ConfigEntity, ConfigEntry, ConfigResource, NodeRole};
use protocol::api::StrBytes;
use protocol::api::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use protocol::api::messages::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, ListGroupsRequest};

use super::Stopped;
use super::entities::Entities;
use super::pairs::Changes;
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::storage::java_order;

/// Kafka's codes of what becomes of a key.
const SET: i8 = 0;
const DELETE: i8 = 1;

fn entity(kind: &str) -> ConfigEntity {
    match kind {
        "topics" => ConfigEntity::Topic,
        "brokers" => ConfigEntity::Broker,
        "broker-loggers" => ConfigEntity::BrokerLogger,
        "client-metrics" => ConfigEntity::ClientMetrics,
        _ => ConfigEntity::Group,
    }
}

/// Kafka's names of where a value comes from.
fn source_name(code: i8) -> &'static str {
    match code {
        1 => "DYNAMIC_TOPIC_CONFIG",
        2 => "DYNAMIC_BROKER_CONFIG",
        3 => "DYNAMIC_DEFAULT_BROKER_CONFIG",
        4 => "STATIC_BROKER_CONFIG",
        5 => "DEFAULT_CONFIG",
        6 => "DYNAMIC_BROKER_LOGGER_CONFIG",
        7 => "DYNAMIC_CLIENT_METRICS_CONFIG",
        8 => "DYNAMIC_GROUP_CONFIG",
        _ => "UNKNOWN",
    }
}

/// Where values come from that are shown without --all; none if all are.
fn own_source(kind: &str, name: &str) -> Option<i8> {
    match kind {
        "topics" => Some(1),
        "brokers" if name.is_empty() => Some(3),
        "brokers" => Some(2),
        "client-metrics" => Some(7),
        "groups" => Some(8),
        _ => None,
    }
}

/// The broker that has to be asked itself.
fn node(client: &Client, kind: &str, name: &str) -> Option<i32> {
    let is_of_node = matches!(kind, "brokers" | "broker-loggers") && !name.is_empty();
    let id = name.parse().ok().filter(|_| is_of_node)?;
    // Of brokers a controller knows what was set in the cluster, and no more.
    (client.role() == NodeRole::Broker || client.broker_ids().any(|known| known == id)).then_some(id)
}

/// Settings in the order of their names.
async fn settings(client: &Client, kind: &str, name: &str) -> Result<Vec<ConfigEntry>, Throwable> {
    let resource = ConfigResource::new(entity(kind), name);
    let described = client
        .describe_configs(&BTreeSet::from([resource]))
        .await
        .into_result()?;
    Ok(described.into_iter().flat_map(|(_, settings)| settings).collect())
}

pub(super) async fn describe(client: &Client, entities: &Entities, all: bool, io: &mut Io) -> Result<(), Stopped> {
    let kind = entities.types.first().map_or("", String::as_str);
    let singular = kind.strip_suffix('s').unwrap_or(kind);
    let names = match entities.names.first() {
        Some(name) => {
            if !all && !exists(client, kind, name).await? {
                return Err(Stopped::NotThere(format!(
                    "The {singular} '{name}' doesn't exist and doesn't have dynamic config."
                )));
            }
            vec![name.clone()]
        }
        None => listed(client, kind).await?,
    };
    for name in names {
        if name.is_empty() {
            io.line(format!("Default configs for {kind} in the cluster are:"));
        } else {
            let which = if all { "All" } else { "Dynamic" };
            io.line(format!("{which} configs for {singular} {name} are:"));
        }
        let own = own_source(kind, &name).filter(|_| !all);
        for setting in settings(client, kind, &name).await? {
            if own.is_none_or(|own| own == setting.source) {
                io.line(line(&setting));
            }
        }
    }
    Ok(())
}

fn line(setting: &ConfigEntry) -> String {
    // Java's word for a value that is not told.
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let synonyms = setting.synonyms.iter().map(|(name, told, source)| {
        let source = source_name(*source);
        format!("{source}:{name}={}", value(told))
    });
    let synonyms: Vec<String> = synonyms.collect();
    format!(
        "  {}={} sensitive={} synonyms={{{}}}",
        setting.name,
        value(&setting.value),
        setting.is_sensitive,
        synonyms.join(", ")
    )
}

async fn exists(client: &Client, kind: &str, name: &str) -> Result<bool, Stopped> {
    if kind == "topics" {
        check_topic_name(name)?;
    }
    Ok(match kind {
        "brokers" | "broker-loggers" => name.is_empty() || client.broker_ids().any(|id| id.to_string() == name),
        _ => listed(client, kind).await?.iter().any(|known| known == name),
    })
}

fn check_topic_name(name: &str) -> Result<(), Throwable> {
    let wrong = match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => format!("'{name}' is not allowed"),
        _ if name.len() > 249 => format!("the length of '{name}' is longer than the max allowed length 249"),
        _ if name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')) =>
        {
            return Ok(());
        }
        _ => format!("'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"),
    };
    Err(Throwable::new(
        "org.apache.kafka.common.errors.InvalidTopicException",
        format!("Topic name is invalid: {wrong}"),
    ))
}

/// All that there are, in the order of the hash tables they are kept in by Apache's script.
async fn listed(client: &Client, kind: &str) -> Result<Vec<String>, Throwable> {
    let mut names: Vec<String> = Vec::new();
    match kind {
        "topics" => {
            let topics = client.metadata(None).await?.topics.into_iter();
            names.extend(topics.filter_map(|topic| topic.name).map(|name| name.to_string()));
        }
        "brokers" | "broker-loggers" => {
            names.extend(client.broker_ids().map(|id| id.to_string()));
            names.push(String::new());
            return Ok(names);
        }
        "client-metrics" => names.extend(with_settings(client, ConfigEntity::ClientMetrics).await?),
        _ => {
            for broker in client.broker_ids() {
                let response = client.send_to(broker, &ListGroupsRequest::default()).await?;
                names.extend(response.groups.into_iter().map(|group| group.group_id.to_string()));
            }
            names.extend(with_settings(client, ConfigEntity::Group).await?);
        }
    }
    names.sort_unstable();
    names.dedup();
    java_order::grown(&mut names, |name| java_order::string_hash(name));
    Ok(names)
}

/// Names under which settings are kept.
async fn with_settings(client: &Client, entity: ConfigEntity) -> Result<Vec<String>, Throwable> {
    match client.list_config_resources(&BTreeSet::from([entity])).await {
        // As Apache's class does with brokers that do not list them.
        Err(ClientError::UnsupportedApi { .. }) if entity != ConfigEntity::ClientMetrics => Ok(Vec::new()),
        listed => Ok(listed?.into_iter().map(|resource| resource.name).collect()),
    }
}

pub(super) async fn alter(client: &Client, entities: &Entities, changes: &Changes) -> Result<(), Stopped> {
    let kind = entities.types.first().map_or("", String::as_str);
    let name = entities.names.first().map_or("", String::as_str);
    if kind == "topics" {
        check_topic_name(name)?;
    }
    if kind == "broker-loggers" {
        check_loggers(client, name, changes).await?;
    }
    let config = |key: &String, operation: i8, value: Option<&String>| {
        AlterableConfig::default()
            .with_name(StrBytes::from_string(key.clone()))
            .with_config_operation(operation)
            .with_value(value.map(|value| StrBytes::from_string(value.clone())))
    };
    let deleted = changes.delete.iter().map(|key| config(key, DELETE, None));
    let set = changes.set.iter().map(|(key, value)| config(key, SET, Some(value)));
    let resource = AlterConfigsResource::default()
        .with_resource_type(entity(kind).code())
        .with_resource_name(StrBytes::from_string(name.to_owned()))
        .with_configs(deleted.chain(set).collect());
    let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
    let code_of =
        |response: &IncrementalAlterConfigsResponse| response.responses.first().map_or(0, |result| result.error_code);
    let response = match node(client, kind, name) {
        Some(node) => client.send_to(node, &request).await?,
        None => client.send_active(&request, code_of).await?,
    };
    match response.responses.iter().find(|result| result.error_code != 0) {
        Some(refused) => Err(Throwable::of_code(refused.error_code, refused.error_message.as_deref()).into()),
        None => Ok(()),
    }
}

/// A logger that is not there cannot be changed.
async fn check_loggers(client: &Client, broker: &str, changes: &Changes) -> Result<(), Throwable> {
    let known = settings(client, "broker-loggers", broker).await?;
    let named = changes.delete.iter().chain(changes.set.iter().map(|(key, _)| key));
    let unknown: Vec<&str> = named
        .filter(|name| !known.iter().any(|logger| logger.name == **name))
        .map(String::as_str)
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Throwable::illegal(format!(
        "Invalid broker logger(s): {}",
        unknown.join(",")
    )))
}
