//! DescribeConfigs (key 32), versions 1 to 4: every key with its value, source and synonyms.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::api::messages::describe_configs_request::{DescribeConfigsRequest, DescribeConfigsResource};
use protocol::api::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResponse, DescribeConfigsResult, DescribeConfigsSynonym,
};
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes};
use protocol::config::{self, Entry, Kind, Scope, Source, Values};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};
use crate::image::{MetadataImage, ResourceType};

pub(super) const SERVED: Served = Served::new(ApiKey::DescribeConfigs, 1, 4);

type Refusal = (ErrorCode, String);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DescribeConfigsRequest = call.decode()?;
    let image = broker.image();
    let results = request.resources.iter().map(|resource| {
        let result = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match describe(broker, &image, resource) {
            Ok(entries) => {
                let asked = |entry: &Entry| {
                    let keys = resource.configuration_keys.as_ref();
                    keys.is_none_or(|keys| keys.iter().any(|key| key.as_str() == entry.key.name))
                };
                let entries = entries
                    .into_iter()
                    .filter(asked)
                    .map(|entry| told(entry, request.include_synonyms));
                let unknown = unknown(broker, &image, resource, request.include_synonyms);
                result.with_configs(entries.chain(unknown).collect())
            }
            Err((code, message)) => result
                .with_error_code(code.code())
                .with_error_message(Some(StrBytes::from_string(message))),
        }
    });
    let response = DescribeConfigsResponse::default().with_results(results.collect());
    Ok(call.reply(&response)?.into())
}

fn describe(broker: &Broker, image: &MetadataImage, resource: &DescribeConfigsResource) -> Result<Vec<Entry>, Refusal> {
    let name = resource.resource_name.as_str();
    let none = Values::new();
    match ResourceType::from_code(resource.resource_type) {
        Some(ResourceType::Topic) => {
            if image.topics().by_name(name).is_none() {
                let code = ErrorCode::UnknownTopicOrPartition;
                return Err((code, code.to_string()));
            }
            let overrides = image.config(ResourceType::Topic, name).unwrap_or(&none);
            Ok(broker.with_layers(image, |layers| config::describe_topic(overrides, layers)))
        }
        Some(ResourceType::Broker) if name.is_empty() => {
            let set = image.config(ResourceType::Broker, "").unwrap_or(&none);
            Ok(set
                .iter()
                .filter_map(|(name, value)| own(Scope::Broker, name, value, Source::DynamicDefaultBroker))
                .collect())
        }
        Some(ResourceType::Broker) if name == broker.node_id().to_string() => {
            Ok(broker.with_layers(image, config::describe_broker))
        }
        Some(ResourceType::Broker) => {
            let id = broker.node_id();
            Err((
                ErrorCode::InvalidRequest,
                format!("Unexpected broker id, expected {id} or empty string, but received {name}"),
            ))
        }
        Some(ResourceType::Group) => {
            let set = image.config(ResourceType::Group, name).unwrap_or(&none);
            Ok(broker.with_layers(image, |layers| config::describe_group(set, layers)))
        }
        Some(ResourceType::ClientMetrics) => Ok(Vec::new()),
        None => Err((
            ErrorCode::InvalidRequest,
            format!("Unsupported resource type: {}", resource.resource_type),
        )),
    }
}

/// Keys of brokers that are set and that no table has: whether they are secrets is not known, so their values are kept.
fn unknown(
    broker: &Broker,
    image: &MetadataImage,
    resource: &DescribeConfigsResource,
    include_synonyms: bool,
) -> Vec<DescribeConfigsResourceResult> {
    if ResourceType::from_code(resource.resource_type) != Some(ResourceType::Broker) {
        return Vec::new();
    }
    let of_all = image.config(ResourceType::Broker, "");
    let own = image.config(ResourceType::Broker, &broker.node_id().to_string());
    let own = own.filter(|_| !resource.resource_name.is_empty());
    let mut sources: BTreeMap<&str, Source> = BTreeMap::new();
    for (values, source) in [(of_all, Source::DynamicDefaultBroker), (own, Source::DynamicBroker)] {
        let names = values.into_iter().flat_map(Values::keys).map(String::as_str);
        sources.extend(names.map(|name| (name, source)));
    }
    let asked = |name: &str| {
        let keys = resource.configuration_keys.as_ref();
        keys.is_none_or(|keys| keys.iter().any(|key| key.as_str() == name))
    };
    let names = sources.into_iter();
    let unknown = names.filter(|(name, _)| config::lookup(Scope::Broker, name).is_none() && asked(name));
    let told = unknown.map(|(name, source)| {
        let synonym = DescribeConfigsSynonym::default()
            .with_name(StrBytes::from_string(name.to_owned()))
            .with_value(None)
            .with_source(source as i8);
        DescribeConfigsResourceResult::default()
            .with_name(StrBytes::from_string(name.to_owned()))
            .with_value(None)
            .with_read_only(true)
            .with_config_source(source as i8)
            .with_is_sensitive(true)
            .with_synonyms(if include_synonyms { vec![synonym] } else { Vec::new() })
    });
    told.collect()
}

/// A key that is set, as an entry of its own.
fn own(scope: Scope, name: &str, value: &str, source: Source) -> Option<Entry> {
    let key = config::lookup(scope, name)?;
    let value = (!key.is_sensitive()).then(|| value.to_owned());
    Some(Entry {
        key,
        synonyms: vec![(name.to_owned(), value.clone(), source)],
        value,
        source,
        read_only: false,
    })
}

fn told(entry: Entry, include_synonyms: bool) -> DescribeConfigsResourceResult {
    let synonyms = entry
        .synonyms
        .into_iter()
        .filter(|_| include_synonyms)
        .map(|(name, value, source)| {
            DescribeConfigsSynonym::default()
                .with_name(StrBytes::from_string(name))
                .with_value(value.map(StrBytes::from_string))
                .with_source(source as i8)
        });
    DescribeConfigsResourceResult::default()
        .with_name(StrBytes::from_static_str(entry.key.name))
        .with_value(entry.value.map(StrBytes::from_string))
        .with_read_only(entry.read_only)
        .with_config_source(entry.source as i8)
        .with_is_sensitive(entry.key.kind == Kind::Password)
        .with_synonyms(synonyms.collect())
        .with_config_type(entry.key.kind.code())
}
