//! Quotas of users, clients and addresses.

use client::Client;
use protocol::api::StrBytes;
use protocol::api::messages::alter_client_quotas_request::{EntityData as AlteredEntity, EntryData as Altered, OpData};
use protocol::api::messages::describe_client_quotas_request::ComponentData;
use protocol::api::messages::describe_client_quotas_response::{EntityData, EntryData};
use protocol::api::messages::{AlterClientQuotasRequest, DescribeClientQuotasRequest};

use super::entities::Entities;
use super::pairs::Changes;
use super::{Stopped, scram};
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::storage::java_order;

const OF_CLIENTS: [&str; 4] = [
    "consumer_byte_rate",
    "controller_mutation_rate",
    "producer_byte_rate",
    "request_percentage",
];
const OF_ADDRESSES: [&str; 1] = ["connection_creation_rate"];
/// Kafka's codes of how an entity is meant.
const EXACT: i8 = 0;
const DEFAULT: i8 = 1;
const ANY: i8 = 2;

/// Kafka's word for a type of entity.
fn entity_type(kind: &str) -> &'static str {
    match kind {
        "users" => "user",
        "clients" => "client-id",
        _ => "ip",
    }
}

async fn quotas(client: &Client, entities: &Entities) -> Result<Vec<EntryData>, Throwable> {
    if entities.names.len() > entities.types.len() {
        return Err(Throwable::illegal("More entity names specified than entity types"));
    }
    let component = |(at, kind): (usize, &String)| {
        let component = ComponentData::default().with_entity_type(StrBytes::from_static_str(entity_type(kind)));
        match entities.names.get(at).map(String::as_str) {
            None => component.with_match_type(ANY).with_match(None),
            Some("") => component.with_match_type(DEFAULT).with_match(None),
            Some(name) => component
                .with_match_type(EXACT)
                .with_match(Some(StrBytes::from_string(name.to_owned()))),
        }
    };
    let request = DescribeClientQuotasRequest::default()
        .with_components(entities.types.iter().enumerate().map(component).collect())
        .with_strict(true);
    let response = client.send_any(&request).await?;
    if response.error_code != 0 {
        return Err(Throwable::of_code(
            response.error_code,
            response.error_message.as_deref(),
        ));
    }
    let mut entries = response.entries.unwrap_or_default();
    java_order::sized(&mut entries, |entry| hash(&entry.entity));
    Ok(entries)
}

/// Java's hash of an entity.
fn hash(entity: &[EntityData]) -> i32 {
    let part = |part: &EntityData| {
        let name = part
            .entity_name
            .as_ref()
            .map_or(0, |name| java_order::string_hash(name));
        java_order::string_hash(&part.entity_type) ^ name
    };
    entity.iter().map(part).fold(31, i32::wrapping_add)
}

pub(super) async fn describe(client: &Client, entities: &Entities, io: &mut Io) -> Result<(), Stopped> {
    for mut entry in quotas(client, entities).await? {
        let named = |kind: &str, shown: &str| {
            let part = entry.entity.iter().find(|part| &*part.entity_type == kind)?;
            Some(match &part.entity_name {
                Some(name) => format!("{shown} '{}'", &**name),
                None => format!("the default {shown}"),
            })
        };
        let parts = [("user", "user-principal"), ("client-id", "client-id"), ("ip", "ip")];
        let parts: Vec<String> = parts.iter().filter_map(|(kind, shown)| named(kind, shown)).collect();
        java_order::sized(&mut entry.values, |value| java_order::string_hash(&value.key));
        let value = |value: &protocol::api::messages::describe_client_quotas_response::ValueData| {
            format!("{}={}", &*value.key, java_double(value.value))
        };
        let values: Vec<String> = entry.values.iter().map(value).collect();
        io.line(format!(
            "Quota configs for {} are {}",
            parts.join(", "),
            values.join(", ")
        ));
    }
    let of_users = entities.types == ["users"];
    if of_users && entities.names.iter().all(|name| !name.is_empty()) {
        scram::describe(client, &entities.names, io).await?;
    }
    Ok(())
}

pub(super) async fn alter(client: &Client, entities: &Entities, changes: &Changes) -> Result<(), Stopped> {
    let of_addresses = entities.types == ["ips"];
    let of_users = entities.types == ["users"];
    let known: &[&str] = if of_addresses { &OF_ADDRESSES } else { &OF_CLIENTS };
    let keys = changes.set.iter().map(|(key, _)| key).chain(&changes.delete);
    let is_quota = |key: &str| known.contains(&key);
    let unknown: Vec<&str> = keys
        .clone()
        .map(String::as_str)
        .filter(|key| !(is_quota(key) || of_users && scram::is_mechanism(key)))
        .collect();
    if !unknown.is_empty() {
        return Err(Throwable::illegal(format!(
            "Only quotas{} can be altered for '{}'. Unexpected config names: {}",
            if of_users { " and SCRAM credentials" } else { "" },
            entities.types.join(","),
            unknown.join(",")
        ))
        .into());
    }
    let has_scram = keys.clone().any(|key| scram::is_mechanism(key));
    if !has_scram {
        return alter_quotas(client, entities, changes).await;
    }
    if keys.clone().any(|key| is_quota(key)) {
        let message =
            "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.";
        return Err(Throwable::illegal(message).into());
    }
    match entities.names.first().filter(|name| !name.is_empty()) {
        Some(user) => scram::alter(client, user, changes).await,
        None => {
            let message = "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.";
            Err(Throwable::illegal(message).into())
        }
    }
}

async fn alter_quotas(client: &Client, entities: &Entities, changes: &Changes) -> Result<(), Stopped> {
    let entity = entities.types.iter().zip(&entities.names).map(|(kind, name)| {
        let name = Some(name.clone()).filter(|name| !name.is_empty());
        AlteredEntity::default()
            .with_entity_type(StrBytes::from_static_str(entity_type(kind)))
            .with_entity_name(name.map(StrBytes::from_string))
    });
    let known = quotas(client, entities).await?;
    let is_set = |key: &str| {
        known
            .iter()
            .any(|entry| entry.values.iter().any(|value| &*value.key == key))
    };
    let unset: Vec<&str> = changes
        .delete
        .iter()
        .map(String::as_str)
        .filter(|key| !is_set(key))
        .collect();
    if !unset.is_empty() {
        return Err(Throwable::illegal(format!("Invalid config(s): {}", unset.join(","))).into());
    }
    let mut ops = Vec::new();
    for (key, value) in &changes.set {
        let number = value
            .trim()
            .parse::<f64>()
            .map_err(|_| Throwable::illegal(format!("Cannot parse quota configuration value for {key}: {value}")))?;
        ops.push(
            OpData::default()
                .with_key(StrBytes::from_string(key.clone()))
                .with_value(number),
        );
    }
    let removed = changes.delete.iter().map(|key| {
        OpData::default()
            .with_key(StrBytes::from_string(key.clone()))
            .with_remove(true)
    });
    ops.extend(removed);
    let altered = Altered::default().with_entity(entity.collect()).with_ops(ops);
    let request = AlterClientQuotasRequest::default().with_entries(vec![altered]);
    let response = client
        .send_active(&request, |response| {
            response.entries.first().map_or(0, |entry| entry.error_code)
        })
        .await?;
    match response.entries.iter().find(|entry| entry.error_code != 0) {
        Some(refused) => Err(Throwable::of_code(refused.error_code, refused.error_message.as_deref()).into()),
        None => Ok(()),
    }
}

/// As Java's `Double.toString` has it.
fn java_double(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => format!("{digits}.0E{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_java_does() {
        let texts = [1024.0, 0.5, 10_485_760.0, 1e7, 0.0, 0.0001, 9_999_999.0].map(java_double);
        assert_eq!(
            texts,
            ["1024.0", "0.5", "1.048576E7", "1.0E7", "0.0", "1.0E-4", "9999999.0"]
        );
    }
}
