//! The table of configuration keys, as our broker serves it, against a running Apache Kafka 4.3.1.

use std::collections::BTreeMap;
use std::time::Duration;

use client::{Client, ClientConfig, Limit};
use protocol::api::StrBytes;
use protocol::api::messages::DescribeConfigsRequest;
use protocol::api::messages::describe_configs_request::DescribeConfigsResource;

use crate::support::{Cluster, Engine};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const GROUP: i8 = 32;

/// Keys with differences that stay, and why.
const ACCEPTED: [(&str, &str); 0] = [];

/// A key as DescribeConfigs tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    value: Option<String>,
    source: i8,
    config_type: i8,
    is_sensitive: bool,
    read_only: bool,
    /// Names, sources and values.
    synonyms: Vec<(String, i8, Option<String>)>,
}

/// All keys of a resource.
fn described(cluster: &Cluster, kind: i8, name: &str) -> BTreeMap<String, Told> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let response = runtime.block_on(async {
        let config = ClientConfig {
            bootstrap: vec![cluster.bootstrap.clone()],
            client_id: "config-table".to_owned(),
            security: client::Security::default(),
            limit: Limit::Each(Duration::from_secs(20)),
        };
        let client = Client::connect(config).await.unwrap();
        let resource = DescribeConfigsResource::default()
            .with_resource_type(kind)
            .with_resource_name(StrBytes::from_string(name.to_owned()))
            .with_configuration_keys(None);
        let request = DescribeConfigsRequest::default()
            .with_resources(vec![resource])
            .with_include_synonyms(true);
        client.send_to(1, &request).await.unwrap()
    });
    let result = response.results.into_iter().next().unwrap();
    assert_eq!(result.error_code, 0, "{name}: {:?}", result.error_message);
    let told = result.configs.into_iter().map(|config| {
        let synonyms = config.synonyms.into_iter();
        let told = Told {
            value: config.value.map(|value| value.to_string()),
            source: config.config_source,
            config_type: config.config_type,
            is_sensitive: config.is_sensitive,
            read_only: config.read_only,
            synonyms: synonyms
                .map(|synonym| {
                    (
                        synonym.name.to_string(),
                        synonym.source,
                        synonym.value.map(|value| value.to_string()),
                    )
                })
                .collect(),
        };
        (config.name.to_string(), told)
    });
    told.collect()
}

/// Ports and directories are each cluster's own.
fn masked(cluster: &Cluster, told: &Told) -> Told {
    let description = cluster.description();
    let listeners = description["nodes"][0]["listeners"].as_object().unwrap();
    let mut own = vec![(cluster.dir.display().to_string(), "DIR")];
    own.extend(
        listeners
            .values()
            .map(|address| (address.as_str().unwrap().to_owned(), "ADDRESS")),
    );
    let mask = |value: &Option<String>| {
        let value = value.clone()?;
        Some(
            own.iter()
                .fold(value, |value, (own, mask)| value.replace(own.as_str(), mask)),
        )
    };
    Told {
        value: mask(&told.value),
        synonyms: told
            .synonyms
            .iter()
            .map(|(name, source, value)| (name.clone(), *source, mask(value)))
            .collect(),
        ..told.clone()
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn every_key_is_told_of_as_kafka_does() {
    let (ours, kafka) = (Cluster::start(Engine::Kfleet), Cluster::start(Engine::Apache));
    for cluster in [&ours, &kafka] {
        cluster.kfleet(&["topics", "create", "a", "--yes"]).exits(0);
        // Told of only where they are set; of the last nobody knows whether it is a secret.
        for (broker, pair) in [
            ("1", "leader.replication.throttled.rate=5"),
            ("", "follower.replication.throttled.rate=6"),
            ("1", "some.plugin.key=7"),
        ] {
            let set = ["configs", "set", "broker", broker, "--set", pair, "--yes"];
            cluster.kfleet(&set).exits(0);
        }
    }
    let (mut differences, mut count) = (Vec::new(), 0);
    for (kind, name) in [(BROKER, "1"), (BROKER, ""), (TOPIC, "a"), (GROUP, "g")] {
        let (here, there) = (described(&ours, kind, name), described(&kafka, kind, name));
        let mut keys: Vec<&String> = here.keys().chain(there.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let told = here.get(key).map(|told| masked(&ours, told));
            let kafkas = there.get(key).map(|told| masked(&kafka, told));
            count += usize::from(kafkas.is_some());
            let is_accepted = ACCEPTED.iter().any(|(accepted, _)| accepted == key);
            if (told == kafkas) == is_accepted {
                differences.push(format!("{name}: {key}:\n  ours  {told:?}\n  Kafka {kafkas:?}"));
            }
        }
    }
    assert!(count > 300, "{count} keys");
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
