//! IncrementalAlterConfigs (44), versions 0 and 1, and AlterConfigs (33), versions 0 to 2.

use protocol::api::messages::alter_configs_request::AlterConfigsRequest;
use protocol::api::messages::alter_configs_response::{AlterConfigsResourceResponse, AlterConfigsResponse};
use protocol::api::messages::incremental_alter_configs_request::IncrementalAlterConfigsRequest;
use protocol::api::messages::incremental_alter_configs_response::{
    AlterConfigsResourceResponse as IncrementalResult, IncrementalAlterConfigsResponse,
};
use protocol::api::{ErrorCode, StrBytes};
use protocol::config::{self, ConfigKey, Default as KeyDefault, Kind, Scope, Update, Values};
use protocol::messages::metadata::{ClearElrRecord, ConfigRecord, Record};

use super::{Controller, Handled, Plan, Refusal};
use crate::call::Call;
use crate::features::ELR_VERSION;
use crate::image::ResourceType;

/// The key that says below which size of the ISR replicas stay eligible.
pub(super) const MIN_ISR: &str = "min.insync.replicas";

/// What is to become of a key.
enum Change {
    Set(String),
    Delete,
    Append(String),
    Subtract(String),
}

impl Controller {
    pub(super) fn incremental_alter_configs(&self, call: &Call) -> Handled {
        let request: IncrementalAlterConfigsRequest = call.decode()?;
        let mut records = Vec::new();
        let mut results = Vec::new();
        for resource in &request.resources {
            let changes = resource.configs.iter().map(|asked| {
                let value = asked.value.as_ref().map(ToString::to_string);
                (asked.name.to_string(), change(asked.config_operation, value))
            });
            let name = resource.resource_name.to_string();
            let result = IncrementalResult::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone());
            results.push(match self.alter(resource.resource_type, &name, changes.collect()) {
                Ok(new) => {
                    records.extend(new);
                    result
                }
                Err((code, message)) => result
                    .with_error_code(code.code())
                    .with_error_message(Some(StrBytes::from_string(message))),
            });
        }
        if request.validate_only {
            records.clear();
        }
        self.clear_elr(&mut records);
        let reply = call.reply(&IncrementalAlterConfigsResponse::default().with_responses(results))?;
        Ok(Plan { records, reply })
    }

    /// Sets exactly the keys named and unsets all others.
    pub(super) fn alter_configs(&self, call: &Call) -> Handled {
        let request: AlterConfigsRequest = call.decode()?;
        let mut records = Vec::new();
        let mut results = Vec::new();
        for resource in &request.resources {
            let name = resource.resource_name.to_string();
            let kind = ResourceType::from_code(resource.resource_type);
            let current = kind
                .and_then(|kind| self.latest.config(kind, &name))
                .cloned()
                .unwrap_or_default();
            let named = |key: &String| resource.configs.iter().any(|asked| asked.name.as_str() == key);
            let unset = current
                .keys()
                .filter(|key| !named(key))
                .map(|key| (key.clone(), Ok(Change::Delete)));
            let set = resource.configs.iter().map(|asked| {
                let value = asked.value.as_ref().map(ToString::to_string);
                (asked.name.to_string(), change(0, value))
            });
            let changes = unset.chain(set).collect();
            let result = AlterConfigsResourceResponse::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name.clone());
            results.push(match self.alter(resource.resource_type, &name, changes) {
                Ok(new) => {
                    records.extend(new);
                    result
                }
                Err((code, message)) => result
                    .with_error_code(code.code())
                    .with_error_message(Some(StrBytes::from_string(message))),
            });
        }
        if request.validate_only {
            records.clear();
        }
        self.clear_elr(&mut records);
        let reply = call.reply(&AlterConfigsResponse::default().with_responses(results))?;
        Ok(Plan { records, reply })
    }

    fn alter(
        &self,
        resource_type: i8,
        name: &str,
        changes: Vec<(String, Result<Change, String>)>,
    ) -> Result<Vec<Record>, Refusal> {
        let invalid_request = |message: String| (ErrorCode::InvalidRequest, message);
        let (kind, scope) = self.resource(resource_type, name)?;
        let mut names: Vec<&String> = changes.iter().map(|(key_name, _)| key_name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(invalid_request("Error due to duplicate config keys".to_owned()));
        }
        let current = self.latest.config(kind, name).cloned().unwrap_or_default();
        let mut records = Vec::new();
        for (key_name, change) in changes {
            let change = change.map_err(invalid_request)?;
            let key = config::lookup(scope, &key_name);
            if kind == ResourceType::Broker && key.is_some_and(|key| key.update == Update::ReadOnly) {
                let message = format!("Cannot update these configs dynamically: Set({key_name})");
                return Err(invalid_request(message));
            }
            let value = new_value(scope, key, &key_name, change, &current)?;
            if value.as_ref() == current.get(&key_name) {
                continue;
            }
            self.check_min_isr(kind, name, &key_name, value.as_deref())?;
            let record = ConfigRecord {
                resource_type,
                resource_name: name.to_owned(),
                name: key_name,
                value,
                ..Default::default()
            };
            records.push(record.into());
        }
        Ok(records)
    }

    fn has_elr(&self) -> bool {
        self.latest.features().level(ELR_VERSION) > 0
    }

    /// With eligible leader replicas all nodes have to agree on the least size of an ISR.
    fn check_min_isr(&self, kind: ResourceType, name: &str, key: &str, value: Option<&str>) -> Result<(), Refusal> {
        if key != MIN_ISR || kind != ResourceType::Broker || !self.has_elr() {
            return Ok(());
        }
        let message = match (name, value) {
            ("", Some(_)) => return Ok(()),
            ("", None) => format!("Cluster-level {MIN_ISR} cannot be removed while ELR is enabled."),
            _ => format!("Broker-level {MIN_ISR} cannot be altered while ELR is enabled."),
        };
        Err((ErrorCode::InvalidConfig, message))
    }

    /// Who was eligible under another least size of the ISR need not be under the new one.
    fn clear_elr(&self, records: &mut Vec<Record>) {
        if !self.has_elr() {
            return;
        }
        let clears = |record: &Record| match record {
            Record::Config(record) if record.name == MIN_ISR => {
                let of_topic = record.resource_type == ResourceType::Topic as i8;
                Some(ClearElrRecord {
                    topic_name: if of_topic {
                        record.resource_name.clone()
                    } else {
                        String::new()
                    },
                    ..Default::default()
                })
            }
            _ => None,
        };
        let cleared: Vec<Record> = records.iter().filter_map(clears).map(Record::from).collect();
        records.extend(cleared);
    }

    fn resource(&self, code: i8, name: &str) -> Result<(ResourceType, Scope), Refusal> {
        match ResourceType::from_code(code) {
            Some(ResourceType::Topic) if self.latest.topics().by_name(name).is_none() => Err((
                ErrorCode::UnknownTopicOrPartition,
                format!("The topic '{name}' does not exist."),
            )),
            Some(ResourceType::Topic) => Ok((ResourceType::Topic, Scope::Topic)),
            Some(ResourceType::Broker) if !name.is_empty() && name.parse::<i32>().is_err() => Err((
                ErrorCode::InvalidRequest,
                format!("Unable to parse broker name as a base 10 number: {name}"),
            )),
            Some(ResourceType::Broker) => Ok((ResourceType::Broker, Scope::Broker)),
            Some(ResourceType::Group) if name.is_empty() => Err((
                ErrorCode::InvalidRequest,
                "Default group resources are not allowed.".to_owned(),
            )),
            Some(ResourceType::Group) => Ok((ResourceType::Group, Scope::Group)),
            _ => Err((ErrorCode::InvalidRequest, format!("Unsupported resource type {code}"))),
        }
    }
}

fn change(operation: i8, value: Option<String>) -> Result<Change, String> {
    match (operation, value) {
        (1, _) => Ok(Change::Delete),
        (_, None) => Err("Null value not supported for this operation.".to_owned()),
        (0, Some(value)) => Ok(Change::Set(value)),
        (2, Some(value)) => Ok(Change::Append(value)),
        (3, Some(value)) => Ok(Change::Subtract(value)),
        (other, Some(_)) => Err(format!("Unknown operation type {other}")),
    }
}

/// The value a key gets; none if it is unset.
fn new_value(
    scope: Scope,
    key: Option<&'static ConfigKey>,
    name: &str,
    change: Change,
    current: &Values,
) -> Result<Option<String>, Refusal> {
    let invalid = |message: String| (ErrorCode::InvalidConfig, message);
    if let Change::Delete = change {
        return Ok(None);
    }
    let Some(key) = key else {
        // Prefixed keys of listeners, and those of plugins, are not in any table.
        return match (scope, change) {
            (Scope::Broker, Change::Set(value)) => Ok(Some(value)),
            (Scope::Topic, _) => Err(invalid(format!("Unknown topic config name: {name}"))),
            _ => Err(invalid(format!("Unknown config name: {name}"))),
        };
    };
    if !matches!(change, Change::Set(_)) && key.kind != Kind::List {
        return Err(invalid(format!(
            "Can't APPEND or SUBTRACT to key {name} because its type is not LIST."
        )));
    }
    let before = current.get(name).map_or_else(
        || match key.default {
            KeyDefault::Value(value) => value,
            KeyDefault::Null | KeyDefault::Required => "",
        },
        String::as_str,
    );
    let mut items: Vec<&str> = before.split(',').filter(|item| !item.is_empty()).collect();
    let value = match &change {
        Change::Set(value) => value.clone(),
        Change::Append(added) => {
            items.extend(
                added
                    .split(',')
                    .filter(|item| !before.split(',').any(|known| known == *item)),
            );
            items.join(",")
        }
        Change::Subtract(removed) => {
            items.retain(|item| !removed.split(',').any(|gone| gone == *item));
            items.join(",")
        }
        Change::Delete => return Ok(None),
    };
    key.parse(&value).map(Some).map_err(|error| invalid(error.to_string()))
}
