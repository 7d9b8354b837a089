//! Configurations of topics, brokers, their loggers, groups and client-metrics subscriptions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use protocol::api::messages::describe_configs_request::DescribeConfigsResource;
use protocol::api::messages::describe_configs_response::DescribeConfigsResourceResult;
use protocol::api::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use protocol::api::messages::{
    DescribeConfigsRequest, DescribeConfigsResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
    ListConfigResourcesRequest,
};
use protocol::api::{ErrorCode, StrBytes};

use crate::cluster::{Client, NodeRole};
use crate::error::ClientError;
use crate::sharded::Sharded;
use crate::together;

/// Resources asked for at a time.
const RESOURCES_MAX: usize = 1000;
/// First version of ListConfigResources that tells of more than client-metrics subscriptions (KIP-1142).
const ALL_TYPES_FROM: i16 = 1;

/// What configurations are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigEntity {
    /// A topic.
    Topic,
    /// A broker; the empty name is all brokers.
    Broker,
    /// The loggers of a broker.
    BrokerLogger,
    /// A client-metrics subscription.
    ClientMetrics,
    /// A group.
    Group,
}

impl ConfigEntity {
    const ALL: [Self; 5] = [
        Self::Topic,
        Self::Broker,
        Self::BrokerLogger,
        Self::ClientMetrics,
        Self::Group,
    ];

    /// Kafka's code.
    pub const fn code(self) -> i8 {
        match self {
            Self::Topic => 2,
            Self::Broker => 4,
            Self::BrokerLogger => 8,
            Self::ClientMetrics => 16,
            Self::Group => 32,
        }
    }

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Broker => "broker",
            Self::BrokerLogger => "broker-logger",
            Self::ClientMetrics => "client-metrics",
            Self::Group => "group",
        }
    }

    /// Which is written like this.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }

    fn from_code(code: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.code() == code)
    }
}

/// Something that has a configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigResource {
    /// What it is.
    pub entity: ConfigEntity,
    /// Its name; empty for all brokers.
    pub name: String,
}

impl ConfigResource {
    /// This one.
    pub fn new(entity: ConfigEntity, name: impl Into<String>) -> Self {
        Self {
            entity,
            name: name.into(),
        }
    }

    /// The broker that alone knows of it, or has to look at changes of it first.
    fn broker(&self) -> Option<i32> {
        match self.entity {
            ConfigEntity::Broker | ConfigEntity::BrokerLogger => self.name.parse().ok(),
            _ => None,
        }
    }
}

impl fmt::Display for ConfigResource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return out.write_str("broker defaults");
        }
        write!(out, "{} {}", self.entity.name(), self.name)
    }
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The key.
    pub name: String,
    /// Its value; none for secrets and for keys without one.
    pub value: Option<String>,
    /// Kafka's code for where it comes from: 1 topic, 2 broker, 3 all brokers, 4 file, 5 default, 6 logger,
    /// 7 client-metrics, 8 group.
    pub source: i8,
    /// Whether it can only be changed in a file.
    pub is_read_only: bool,
    /// Whether it is a secret.
    pub is_sensitive: bool,
    /// All levels that give it a value, the one that counts first: name, value and source.
    pub synonyms: Vec<(String, Option<String>, i8)>,
}

/// What is to become of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigChange {
    /// It gets this value.
    Set(String),
    /// What counts without it counts again.
    Delete,
    /// These items are added to its list.
    Append(String),
    /// These items are taken out of its list.
    Subtract(String),
}

impl ConfigChange {
    /// Kafka's code, and the value that goes with it.
    fn told(&self) -> (i8, Option<StrBytes>) {
        let text = |value: &String| Some(StrBytes::from_string(value.clone()));
        match self {
            Self::Set(value) => (0, text(value)),
            Self::Delete => (1, None),
            Self::Append(items) => (2, text(items)),
            Self::Subtract(items) => (3, text(items)),
        }
    }
}

/// Changes by resource and key.
pub type ConfigChanges = BTreeMap<ConfigResource, BTreeMap<String, ConfigChange>>;

/// A resource with its keys.
pub type DescribedConfig = (ConfigResource, Vec<ConfigEntry>);

impl Client {
    /// All keys of these resources, by name; each broker is asked for its own, all at the same time. A controller knows
    /// of brokers what was set in the cluster, and no more.
    pub async fn describe_configs(&self, resources: &BTreeSet<ConfigResource>) -> Sharded<DescribedConfig> {
        let mut parts: Vec<(Option<i32>, Vec<&ConfigResource>)> = Vec::new();
        for resource in resources {
            let broker = self.asked_of(resource);
            match parts.last_mut() {
                Some((last, part)) if *last == broker && part.len() < RESOURCES_MAX => part.push(resource),
                _ => parts.push((broker, vec![resource])),
            }
        }
        let asked = parts.into_iter().map(async |(broker, part)| {
            let request = described(&part);
            let answer = match broker {
                Some(broker) => self.send_to(broker, &request).await,
                None => self.send_any(&request).await,
            };
            (part, answer)
        });
        let mut results = Sharded::default();
        for (part, answer) in together::all(asked).await {
            match answer {
                Ok(response) => take(&mut results, response),
                Err(error) => part
                    .iter()
                    .for_each(|resource| results.fail(resource.to_string(), error.clone())),
            }
        }
        results.ok.sort_by(|(a, _), (b, _)| a.cmp(b));
        results
    }

    fn asked_of(&self, resource: &ConfigResource) -> Option<i32> {
        let broker = resource.broker();
        broker.filter(|id| self.role() == NodeRole::Broker || self.broker_ids().any(|known| known == *id))
    }

    /// Changes keys of resources, each on its own, or only lets the cluster look at the changes. A broker looks at those
    /// of its own before they go to the active controller.
    pub async fn alter_configs(&self, changes: &ConfigChanges, validate_only: bool) -> Sharded<ConfigResource> {
        let mut by_broker: BTreeMap<Option<i32>, Vec<(&ConfigResource, AlterConfigsResource)>> = BTreeMap::new();
        for (resource, keys) in changes {
            let broker = resource.broker().filter(|_| self.role() == NodeRole::Broker);
            let asked = altered(resource, keys);
            by_broker.entry(broker).or_default().push((resource, asked));
        }
        let asked = by_broker.into_iter().map(async |(broker, part)| {
            let (resources, asked): (Vec<&ConfigResource>, Vec<_>) = part.into_iter().unzip();
            let request = IncrementalAlterConfigsRequest::default()
                .with_resources(asked)
                .with_validate_only(validate_only);
            let code_of =
                |response: &IncrementalAlterConfigsResponse| response.responses.first().map_or(0, |r| r.error_code);
            let answer = match broker {
                Some(broker) => self.send_to(broker, &request).await,
                None => self.send_active(&request, code_of).await,
            };
            (resources, answer)
        });
        let mut results = Sharded::default();
        for (resources, answer) in together::all(asked).await {
            match answer {
                Ok(response) => take_altered(&mut results, &resources, &response),
                Err(error) => resources
                    .iter()
                    .for_each(|resource| results.fail(resource.to_string(), error.clone())),
            }
        }
        results.ok.sort();
        results
    }

    /// Resources of these types that have a configuration of their own (KIP-1142); of client-metrics subscriptions
    /// alone where the cluster tells of no others.
    pub async fn list_config_resources(
        &self,
        types: &BTreeSet<ConfigEntity>,
    ) -> Result<BTreeSet<ConfigResource>, ClientError> {
        let any = self.any().await?;
        let version = any.version_of::<ListConfigResourcesRequest>()?;
        if version < ALL_TYPES_FROM && types.iter().any(|entity| *entity != ConfigEntity::ClientMetrics) {
            return Err(ClientError::UnsupportedApi {
                address: any.address().to_owned(),
                api: protocol::api::ApiKey::ListConfigResources,
            });
        }
        let mut request = ListConfigResourcesRequest::default();
        if version >= ALL_TYPES_FROM {
            request.resource_types = types.iter().map(|entity| entity.code()).collect();
        }
        let response = any.send(&request, self.deadline()).await?;
        if response.error_code != 0 {
            return Err(ClientError::rejected(
                "resources with configurations",
                response.error_code,
                None,
            ));
        }
        let listed = response.config_resources.into_iter().filter_map(|resource| {
            // The old version has names and no types.
            let entity = if version < ALL_TYPES_FROM {
                Some(ConfigEntity::ClientMetrics)
            } else {
                ConfigEntity::from_code(resource.resource_type)
            };
            Some(ConfigResource::new(entity?, resource.resource_name.to_string()))
        });
        Ok(listed.collect())
    }
}

fn described(resources: &[&ConfigResource]) -> DescribeConfigsRequest {
    let resource = |resource: &&ConfigResource| {
        DescribeConfigsResource::default()
            .with_resource_type(resource.entity.code())
            .with_resource_name(StrBytes::from_string(resource.name.clone()))
            .with_configuration_keys(None)
    };
    DescribeConfigsRequest::default()
        .with_resources(resources.iter().map(resource).collect())
        .with_include_synonyms(true)
}

fn take(results: &mut Sharded<DescribedConfig>, response: DescribeConfigsResponse) {
    for result in response.results {
        let Some(entity) = ConfigEntity::from_code(result.resource_type) else {
            continue;
        };
        let resource = ConfigResource::new(entity, result.resource_name.to_string());
        if result.error_code != 0 {
            let what = resource.to_string();
            let error = ClientError::rejected(&what, result.error_code, result.error_message.as_deref());
            results.fail(what, error);
            continue;
        }
        let mut entries: Vec<ConfigEntry> = result.configs.into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        results.ok.push((resource, entries));
    }
}

fn entry(told: DescribeConfigsResourceResult) -> ConfigEntry {
    let text = |value: Option<StrBytes>| value.map(|value| value.to_string());
    let is_sensitive = told.is_sensitive;
    // Whatever a node tells of a secret, nobody is shown it.
    let shown = |value: Option<StrBytes>| text(value).filter(|_| !is_sensitive);
    let synonyms = told.synonyms.into_iter();
    ConfigEntry {
        name: told.name.to_string(),
        value: shown(told.value),
        source: told.config_source,
        is_read_only: told.read_only,
        is_sensitive,
        synonyms: synonyms
            .map(|synonym| (synonym.name.to_string(), shown(synonym.value), synonym.source))
            .collect(),
    }
}

fn altered(resource: &ConfigResource, keys: &BTreeMap<String, ConfigChange>) -> AlterConfigsResource {
    let key = |(name, change): (&String, &ConfigChange)| {
        let (operation, value) = change.told();
        AlterableConfig::default()
            .with_name(StrBytes::from_string(name.clone()))
            .with_config_operation(operation)
            .with_value(value)
    };
    AlterConfigsResource::default()
        .with_resource_type(resource.entity.code())
        .with_resource_name(StrBytes::from_string(resource.name.clone()))
        .with_configs(keys.iter().map(key).collect())
}

/// What became of each; one that was not answered has failed as well.
fn take_altered(
    results: &mut Sharded<ConfigResource>,
    resources: &[&ConfigResource],
    response: &IncrementalAlterConfigsResponse,
) {
    for resource in resources {
        let is_it = |entity: i8, name: &str| entity == resource.entity.code() && name == resource.name;
        let mut answers = response.responses.iter();
        let answer = answers.find(|answer| is_it(answer.resource_type, &answer.resource_name));
        let what = resource.to_string();
        match answer {
            Some(answer) if answer.error_code == 0 => results.ok.push((*resource).clone()),
            Some(answer) => {
                let message = answer.error_message.as_deref();
                results.fail(&what, ClientError::rejected(&what, answer.error_code, message));
            }
            None => results.fail(
                &what,
                ClientError::rejected(&what, ErrorCode::UnknownServerError.code(), None),
            ),
        }
    }
}
