//! Which value counts where several levels set one, and how DescribeConfigs tells of it.

use std::collections::BTreeMap;

use super::{ConfigKey, Default, Scope, Update, keys, lookup, told_if_set};

/// Keys and values set at one level.
pub type Values = BTreeMap<String, String>;

/// The levels at which broker keys are set; the first that sets a key counts.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'a> {
    /// For this broker, by AlterConfigs.
    pub dynamic: &'a Values,
    /// For all brokers, by AlterConfigs.
    pub dynamic_default: &'a Values,
    /// In the file.
    pub file: &'a Values,
}

/// Where a value comes from, with Kafka's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub enum Source {
    /// Set for the topic.
    DynamicTopic = 1,
    /// Set for this broker.
    DynamicBroker = 2,
    /// Set for all brokers.
    DynamicDefaultBroker = 3,
    /// In the broker's file.
    StaticBroker = 4,
    /// The default.
    Default = 5,
    /// Set for the group.
    Group = 8,
}

/// A key as DescribeConfigs tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: &'static ConfigKey,
    /// The value that counts; none for secrets and for keys without one.
    pub value: Option<String>,
    /// Where it comes from.
    pub source: Source,
    /// Whether AlterConfigs refuses it.
    pub read_only: bool,
    /// All levels that set it under one of its names, the one that counts first.
    pub synonyms: Vec<(String, Option<String>, Source)>,
}

impl Layers<'_> {
    /// Values of a broker key, the one that counts first; the default is last.
    fn values(&self, name: &str) -> Vec<(String, Option<String>, Source)> {
        let levels = [
            (self.dynamic.get(name), Source::DynamicBroker),
            (self.dynamic_default.get(name), Source::DynamicDefaultBroker),
            (self.in_file(name), Source::StaticBroker),
        ];
        let set = levels
            .into_iter()
            .filter_map(|(value, source)| value.map(|value| (name.to_owned(), Some(value.clone()), source)));
        let default = match lookup(Scope::Broker, name).map(|key| key.default) {
            Some(Default::Value(value)) => Some((name.to_owned(), Some(value.to_owned()), Source::Default)),
            _ => None,
        };
        set.chain(default).collect()
    }

    /// What the file says; either name of the node's id stands for both.
    fn in_file(&self, name: &str) -> Option<&String> {
        let twin = match name {
            "broker.id" => "node.id",
            "node.id" => "broker.id",
            _ => name,
        };
        self.file.get(name).or_else(|| self.file.get(twin))
    }

    /// Values of the broker keys that stand behind a topic's or group's, level by level. As Kafka has it, nothing is
    /// told before the first of the names has a value.
    fn synonyms(&self, key: &ConfigKey) -> Vec<(String, Option<String>, Source)> {
        let mut found: Vec<_> = key.synonyms.iter().flat_map(|name| self.values(name)).collect();
        found.sort_by_key(|(_, _, source)| *source as i8);
        let first = key.synonyms.first().copied().unwrap_or_default();
        found.into_iter().skip_while(|(name, _, _)| name != first).collect()
    }

    /// The value of a broker key that counts.
    pub fn get(&self, name: &str) -> Option<String> {
        self.values(name).into_iter().next().and_then(|(_, value, _)| value)
    }
}

/// Milliseconds in a unit that a broker key's name ends with.
fn scale(topic_key: &str, broker_key: &str) -> Option<i64> {
    match broker_key.rsplit('.').next() {
        Some("hours") if topic_key.ends_with(".ms") => Some(3_600_000),
        Some("minutes") if topic_key.ends_with(".ms") => Some(60_000),
        _ => None,
    }
}

fn scaled(value: Option<String>, scale: Option<i64>) -> Option<String> {
    match (value, scale) {
        (Some(text), Some(scale)) => Some(text.parse::<i64>().map_or(text, |number| {
            if number < 0 {
                "-1".to_owned()
            } else {
                number.saturating_mul(scale).to_string()
            }
        })),
        (value, _) => value,
    }
}

/// The value of a topic key that counts, and where it comes from.
pub fn topic_value(key: &ConfigKey, overrides: &Values, layers: Layers<'_>) -> (Option<String>, Source) {
    if let Some(value) = overrides.get(key.name) {
        return (Some(value.clone()), Source::DynamicTopic);
    }
    let mut default = match key.default {
        Default::Value(value) => Some(value.to_owned()),
        Default::Null | Default::Required => None,
    };
    for name in key.synonyms {
        for (_, value, source) in layers.values(name) {
            if source != Source::Default {
                return (scaled(value, scale(key.name, name)), source);
            }
            default = scaled(value, scale(key.name, name));
        }
    }
    (default, Source::Default)
}

/// All keys of a topic.
pub fn describe_topic(overrides: &Values, layers: Layers<'_>) -> Vec<Entry> {
    let describe = |key: &'static ConfigKey| {
        let (value, source) = topic_value(key, overrides, layers);
        let own = overrides
            .get(key.name)
            .map(|v| (key.name.to_owned(), Some(v.clone()), Source::DynamicTopic));
        let synonyms = own.into_iter().chain(layers.synonyms(key)).collect();
        Entry {
            key,
            value,
            source,
            read_only: false,
            synonyms,
        }
    };
    keys(Scope::Topic).iter().map(describe).collect()
}

/// All keys of a group. A key that no broker key stands behind is its own synonym.
pub fn describe_group(overrides: &Values, layers: Layers<'_>) -> Vec<Entry> {
    let describe = |key: &'static ConfigKey| {
        let own = overrides
            .get(key.name)
            .map(|value| (key.name.to_owned(), Some(value.clone()), Source::Group));
        let default = match key.default {
            Default::Value(value) => Some((key.name.to_owned(), Some(value.to_owned()), Source::Default)),
            Default::Null | Default::Required => None,
        };
        let default = default.filter(|_| key.synonyms.is_empty());
        let synonyms: Vec<_> = own.into_iter().chain(layers.synonyms(key)).chain(default).collect();
        let (value, source) = synonyms
            .first()
            .map_or((None, Source::Default), |(_, value, source)| (value.clone(), *source));
        Entry {
            key,
            value,
            source,
            read_only: false,
            synonyms,
        }
    };
    keys(Scope::Group).iter().map(describe).collect()
}

/// All keys of a broker, and those that are told of only where they are set.
pub fn describe_broker(layers: Layers<'_>) -> Vec<Entry> {
    let describe = |key: &'static ConfigKey| {
        let mut synonyms = layers.values(key.name);
        let (mut value, source) = synonyms
            .first()
            .map_or((None, Source::Default), |(_, value, source)| (value.clone(), *source));
        if key.is_sensitive() {
            value = None;
            for synonym in &mut synonyms {
                synonym.1 = None;
            }
        }
        Entry {
            key,
            value,
            source,
            read_only: key.update == Update::ReadOnly,
            synonyms,
        }
    };
    let set = told_if_set(Scope::Broker).iter();
    let set = set.filter(|key| !layers.values(key.name).is_empty());
    keys(Scope::Broker).iter().chain(set).map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_most_particular_level_counts_and_hours_become_milliseconds() {
        let (none, file) = (Values::new(), values(&[("log.retention.hours", "2")]));
        let key = lookup(Scope::Topic, "retention.ms").unwrap();
        let plain = Layers {
            dynamic: &none,
            dynamic_default: &none,
            file: &none,
        };
        assert_eq!(
            topic_value(key, &none, plain),
            (Some("604800000".into()), Source::Default)
        );
        let layers = Layers { file: &file, ..plain };
        assert_eq!(
            topic_value(key, &none, layers),
            (Some("7200000".into()), Source::StaticBroker)
        );
        let dynamic = values(&[("log.retention.ms", "5")]);
        let layers = Layers {
            dynamic_default: &dynamic,
            ..layers
        };
        assert_eq!(
            topic_value(key, &none, layers),
            (Some("5".into()), Source::DynamicDefaultBroker)
        );
        let own = values(&[("retention.ms", "9")]);
        assert_eq!(topic_value(key, &own, layers), (Some("9".into()), Source::DynamicTopic));
        let described = describe_topic(&own, layers);
        assert_eq!(described.len(), keys(Scope::Topic).len());
    }

    #[test]
    fn a_group_takes_what_it_has_not_set_from_its_broker() {
        let none = Values::new();
        let file = values(&[("group.consumer.session.timeout.ms", "46000"), ("node.id", "7")]);
        let layers = Layers {
            dynamic: &none,
            dynamic_default: &none,
            file: &file,
        };
        let set = values(&[("consumer.heartbeat.interval.ms", "6000")]);
        let told = describe_group(&set, layers);
        let entry = |name: &str| told.iter().find(|entry| entry.key.name == name).unwrap();
        let timeout = entry("consumer.session.timeout.ms");
        assert_eq!(
            (timeout.value.as_deref(), timeout.source),
            (Some("46000"), Source::StaticBroker)
        );
        let heartbeat = entry("consumer.heartbeat.interval.ms");
        assert_eq!(
            (heartbeat.value.as_deref(), heartbeat.source),
            (Some("6000"), Source::Group)
        );
        assert_eq!(heartbeat.synonyms.len(), 2, "its own, and the broker's default");
        let isolation = entry("share.isolation.level");
        assert_eq!(isolation.synonyms[0].0, "share.isolation.level");
        assert_eq!(
            layers.get("broker.id").as_deref(),
            Some("7"),
            "either name of the node's id stands for both"
        );
    }

    #[test]
    fn synonyms_begin_with_the_first_name_of_a_key() {
        let none = Values::new();
        let told = |file: &Values| {
            let layers = Layers {
                dynamic: &none,
                dynamic_default: &none,
                file,
            };
            let all = describe_topic(&none, layers);
            let entry = all.into_iter().find(|entry| entry.key.name == "retention.ms").unwrap();
            entry.synonyms.into_iter().map(|(name, _, _)| name).collect::<Vec<_>>()
        };
        assert!(told(&none).is_empty(), "only log.retention.hours has a default");
        assert_eq!(
            told(&values(&[("log.retention.ms", "5")])),
            ["log.retention.ms", "log.retention.hours"]
        );
    }

    #[test]
    fn a_throttle_is_told_of_once_it_is_set() {
        const RATE: &str = "leader.replication.throttled.rate";
        let (none, set) = (Values::new(), values(&[(RATE, "5")]));
        let told = |dynamic: &Values| {
            let layers = Layers {
                dynamic,
                dynamic_default: &none,
                file: &none,
            };
            let described = describe_broker(layers);
            let entry = described.into_iter().find(|entry| entry.key.name == RATE);
            entry.map(|entry| (entry.value, entry.source, entry.synonyms.len()))
        };
        assert_eq!(told(&none), None);
        assert_eq!(told(&set), Some((Some("5".to_owned()), Source::DynamicBroker, 1)));
    }

    #[test]
    fn secrets_are_never_told() {
        let file = values(&[("ssl.key.password", "hunter2")]);
        let none = Values::new();
        let described = describe_broker(Layers {
            dynamic: &none,
            dynamic_default: &none,
            file: &file,
        });
        assert!(!format!("{described:?}").contains("hunter2"));
    }
}
