//! Keys that there are: which of them can be changed, and what one that there is not was meant to be.

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, ConfigEntity, ConfigEntry, ConfigResource, NodeRole};
use protocol::config::{Scope, Update, lookup, names};

use super::pairs::{Asked, Origin};
use crate::error::CommandError;
use crate::nearest::did_you_mean;

/// Keys of subscriptions to metrics of clients (KIP-714).
const CLIENT_METRICS: [&str; 3] = ["interval.ms", "match", "metrics"];

/// Kafka's codes for what was set for a broker, and for all of them.
const DYNAMIC: [i8; 2] = [2, 3];

/// What is known of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KeyFacts {
    /// It stands in the broker's file, and is read at its start.
    pub(super) is_read_only: bool,
    /// Nobody is shown its value.
    pub(super) is_sensitive: bool,
}

/// The keys of what settings are about.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownKeys {
    entity: Option<ConfigEntity>,
    keys: BTreeMap<String, KeyFacts>,
}

impl KnownKeys {
    /// From what the cluster tells, and what is known of Kafka.
    pub(super) fn of<'a>(entity: ConfigEntity, told: impl IntoIterator<Item = &'a ConfigEntry>) -> Self {
        let scope = match entity {
            ConfigEntity::Topic => Some(Scope::Topic),
            ConfigEntity::Broker => Some(Scope::Broker),
            ConfigEntity::Group => Some(Scope::Group),
            ConfigEntity::BrokerLogger | ConfigEntity::ClientMetrics => None,
        };
        let mut keys: BTreeMap<String, KeyFacts> = BTreeMap::new();
        if let Some(scope) = scope {
            let facts = |name| {
                let key = lookup(scope, name);
                KeyFacts {
                    is_read_only: scope == Scope::Broker && key.is_some_and(|key| key.update == Update::ReadOnly),
                    is_sensitive: key.is_some_and(protocol::config::ConfigKey::is_sensitive),
                }
            };
            keys.extend(names(scope).map(|name| (name.to_owned(), facts(name))));
        }
        if entity == ConfigEntity::ClientMetrics {
            keys.extend(CLIENT_METRICS.map(|name| (name.to_owned(), KeyFacts::default())));
        }
        // The cluster has the last word on its own keys. Those that it does not know are read-only, it says, though
        // somebody has set them.
        let told = told.into_iter().map(|entry| {
            let facts = KeyFacts {
                is_read_only: entry.is_read_only && !DYNAMIC.contains(&entry.source),
                is_sensitive: entry.is_sensitive,
            };
            (entry.name.clone(), facts)
        });
        keys.extend(told);
        Self {
            entity: Some(entity),
            keys,
        }
    }

    /// The keys; those that can be changed, or all of them.
    pub(super) fn names(&self, can_change: bool) -> Vec<String> {
        let shown = self.keys.iter().filter(|(_, facts)| !can_change || !facts.is_read_only);
        shown.map(|(name, _)| name.clone()).collect()
    }

    /// Whether nobody is shown the value of a key.
    pub(super) fn is_sensitive(&self, key: &str) -> bool {
        let bare = without_listener(key);
        let facts = self.keys.get(key).or_else(|| self.keys.get(bare));
        facts.is_some_and(|facts| facts.is_sensitive)
    }

    /// Insists that keys can be changed, before anything is sent; what is worth knowing of those that can.
    pub(super) fn check(
        &self,
        asked: &Asked,
        resources: &BTreeSet<ConfigResource>,
        allow_unknown: bool,
    ) -> Result<Vec<String>, CommandError> {
        let mut warnings = Vec::new();
        for (key, (_, origin)) in asked {
            let bare = without_listener(key);
            let Some(facts) = self.keys.get(key).or_else(|| self.keys.get(bare)) else {
                warnings.extend(self.unknown(key, origin, allow_unknown)?);
                continue;
            };
            if facts.is_read_only && bare == key {
                let why = format!("{key} can only be changed in the broker's file, and counts from its next start on");
                return Err(origin.wrong(&why));
            }
            if is_per_broker(key) && resources.iter().any(|resource| resource.name.is_empty()) {
                let why = format!("{key} is set for one broker at a time, as in: broker 1");
                return Err(origin.wrong(&why));
            }
            if self.is_sensitive(key) && *origin == Origin::Flag {
                warnings.push(format!(
                    "the value of {key} can be seen among this machine's processes; --add-config-file keeps it out of sight"
                ));
            }
        }
        Ok(warnings)
    }

    /// What is said of a key that nobody knows: most likely it is misspelt, though a broker's plugin may have it.
    fn unknown(&self, key: &str, origin: &Origin, allow_unknown: bool) -> Result<Option<String>, CommandError> {
        let noun = self.entity.map_or("", ConfigEntity::name);
        let why = format!("{noun} has no key {key} that is known");
        let hint = did_you_mean(without_listener(key), self.keys.keys().map(String::as_str));
        let is_open = self.entity == Some(ConfigEntity::Broker);
        if allow_unknown || (is_open && hint.is_none()) {
            return Ok(Some(format!("{why}; it is sent all the same")));
        }
        let error = hint.into_iter().fold(origin.wrong(&why), CommandError::hint);
        Err(error.hint("--allow-unknown-keys sends keys that only a plugin or a later version knows"))
    }
}

/// Keys may be given for one listener: listener.name.NAME.KEY.
fn without_listener(key: &str) -> &str {
    let behind = key.strip_prefix("listener.name.").and_then(|rest| rest.split_once('.'));
    behind.map_or(key, |(_, key)| key)
}

fn is_per_broker(key: &str) -> bool {
    lookup(Scope::Broker, key).is_some_and(|key| key.update == Update::PerBroker)
}

/// Keys of these resources. What counts for all brokers is told of only where it is set, so that a broker is asked, too.
pub(super) async fn known(client: &Client, entity: ConfigEntity, told: &[client::DescribedConfig]) -> KnownKeys {
    let mut entries: Vec<ConfigEntry> = told.iter().flat_map(|(_, entries)| entries.clone()).collect();
    let is_default = told.iter().all(|(resource, _)| resource.name.is_empty());
    if entity == ConfigEntity::Broker
        && is_default
        && client.role() == NodeRole::Broker
        && let Some(id) = client.broker_ids().next()
    {
        let resource = ConfigResource::new(entity, id.to_string());
        // Without an answer there is still what is known of Kafka.
        let answer = client.describe_configs(&BTreeSet::from([resource])).await;
        entries.extend(answer.ok.into_iter().flat_map(|(_, entries)| entries));
    }
    KnownKeys::of(entity, &entries)
}

#[cfg(test)]
mod tests {
    use client::ConfigChange;

    use super::*;

    fn check(entity: ConfigEntity, name: &str, key: &str) -> Result<Vec<String>, CommandError> {
        let asked = Asked::from([(key.to_owned(), (ConfigChange::Delete, Origin::Flag))]);
        let resources = BTreeSet::from([ConfigResource::new(entity, name)]);
        KnownKeys::of(entity, &[]).check(&asked, &resources, false)
    }

    #[test]
    fn keys_that_cannot_be_changed_are_named_before_they_are_sent() {
        let error = check(ConfigEntity::Broker, "1", "broker.rack").unwrap_err();
        assert!(
            error.code == 64 && error.message.contains("in the broker's file"),
            "{error:?}"
        );
        let error = check(ConfigEntity::Broker, "", "listeners").unwrap_err();
        assert!(error.message.contains("one broker at a time"), "{error:?}");
        assert_eq!(check(ConfigEntity::Broker, "1", "listeners").unwrap(), [""; 0]);
        assert_eq!(check(ConfigEntity::Broker, "", "num.io.threads").unwrap(), [""; 0]);
        let rate = "leader.replication.throttled.rate";
        assert_eq!(check(ConfigEntity::Broker, "1", rate).unwrap(), [""; 0]);
    }

    #[test]
    fn misspelt_keys_are_refused_with_what_is_like_them() {
        for (entity, key, meant) in [
            (ConfigEntity::Topic, "retension.ms", "did you mean retention.ms?"),
            (ConfigEntity::Broker, "num.io.thread", "did you mean num.io.threads?"),
            (ConfigEntity::ClientMetrics, "interval", "did you mean interval.ms?"),
        ] {
            let error = check(entity, "1", key).unwrap_err();
            assert_eq!((error.code, &*error.hints[0]), (64, meant));
        }
        assert_eq!(check(ConfigEntity::Topic, "t", "my.plugin").unwrap_err().code, 64);
        let warnings = check(ConfigEntity::Broker, "1", "my.plugin.key").unwrap();
        assert!(warnings[0].contains("sent all the same"), "a broker may have plugins");
    }

    #[test]
    fn what_could_be_set_can_be_changed() {
        let told = |source| ConfigEntry {
            name: "num.io.thread".to_owned(),
            value: None,
            source,
            is_read_only: true,
            is_sensitive: true,
            synonyms: Vec::new(),
        };
        let resources = BTreeSet::from([ConfigResource::new(ConfigEntity::Broker, "1")]);
        let asked = Asked::from([("num.io.thread".to_owned(), (ConfigChange::Delete, Origin::Flag))]);
        let check = |source| KnownKeys::of(ConfigEntity::Broker, &[told(source)]).check(&asked, &resources, false);
        assert!(check(2).is_ok() && check(4).is_err());
    }

    #[test]
    fn secrets_of_a_listener_are_secrets() {
        let known = KnownKeys::of(ConfigEntity::Broker, &[]);
        assert!(known.is_sensitive("ssl.key.password"));
        assert!(known.is_sensitive("listener.name.internal.ssl.key.password"));
        assert!(!known.is_sensitive("num.io.threads"));
        let warned = check(ConfigEntity::Broker, "1", "listener.name.internal.ssl.key.password").unwrap();
        assert!(warned[0].contains("--add-config-file"), "{warned:?}");
    }
}
