//! Some settings of many topics or brokers.

use std::collections::BTreeMap;

use protocol::api::StrBytes;
use protocol::api::messages::describe_configs_request::DescribeConfigsResource;
use protocol::api::messages::describe_configs_response::DescribeConfigsResult;
use protocol::api::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;
use crate::together;

/// Kafka's code for topics.
const TOPIC: i8 = 2;
/// Kafka's code for brokers.
const BROKER: i8 = 4;
/// Topics asked for at a time.
const TOPICS_MAX: usize = 1000;

/// A value, and Kafka's code for where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingValue {
    /// The value; none for secrets and for keys without one.
    pub value: Option<String>,
    /// 1 a topic's own, 2 a broker's own, 3 that of all brokers, 4 a broker's file, 5 nobody's.
    pub source: i8,
}

/// Values by their keys.
pub type SettingValues = BTreeMap<String, SettingValue>;

impl Client {
    /// These settings of topics, asked of any broker.
    pub async fn topic_settings(
        &self,
        topics: &[String],
        keys: &[&'static str],
    ) -> Result<Sharded<(String, SettingValues)>, ClientError> {
        let mut results = Sharded::default();
        for part in topics.chunks(TOPICS_MAX) {
            let request = request(TOPIC, part, keys);
            let response = self.send_any(&request).await?;
            take(&mut results, "topic", response);
        }
        Ok(results)
    }

    /// These settings of brokers, each asked for its own, all at the same time.
    pub async fn broker_settings(&self, brokers: &[i32], keys: &[&'static str]) -> Sharded<(String, SettingValues)> {
        let asked = brokers.iter().map(async |broker| {
            let request = request(BROKER, &[broker.to_string()], keys);
            (*broker, self.send_to(*broker, &request).await)
        });
        let mut results = Sharded::default();
        for (broker, answer) in together::all(asked).await {
            match answer {
                Ok(response) => take(&mut results, "broker", response),
                Err(error) => results.fail(format!("broker {broker}"), error),
            }
        }
        results
    }
}

fn request(resource_type: i8, names: &[String], keys: &[&'static str]) -> DescribeConfigsRequest {
    let keys: Vec<StrBytes> = keys.iter().map(|key| StrBytes::from_static_str(key)).collect();
    let resources = names.iter().map(|name| {
        DescribeConfigsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(StrBytes::from_string(name.clone()))
            .with_configuration_keys(Some(keys.clone()))
    });
    DescribeConfigsRequest::default().with_resources(resources.collect())
}

fn take(results: &mut Sharded<(String, SettingValues)>, kind: &str, response: DescribeConfigsResponse) {
    for result in response.results {
        let name = result.resource_name.to_string();
        if result.error_code == 0 {
            results.ok.push((name, values(result)));
        } else {
            let what = format!("{kind} {name}");
            let error = ClientError::rejected(&what, result.error_code, result.error_message.as_deref());
            results.fail(what, error);
        }
    }
}

fn values(result: DescribeConfigsResult) -> SettingValues {
    let setting = |value: Option<StrBytes>, source| SettingValue {
        value: value.map(|value| value.to_string()),
        source,
    };
    let configs = result.configs.into_iter();
    configs
        .map(|config| (config.name.to_string(), setting(config.value, config.config_source)))
        .collect()
}
