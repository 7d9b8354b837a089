//! The pairs of an mm2.properties, and which of several places a value is from.
//!
//! A flow's key counts after `A->B.` before it counts at the top; after a cluster's alias it counts for nothing. How a cluster is
//! reached is the other way round: what its alias has counts, and the top only fills in. Of clients, what names a cluster's side
//! (`source.consumer.`, and all of a cluster's own, which comes to stand there) counts before what does not (`consumer.`), and
//! that before what is for all clients of the side (`source.cluster.`). A client's key at the top counts for nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::keys::{self, Key};
use super::patterns::list;

/// A file's pairs and the clusters that it names.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    pub(super) clusters: Vec<String>,
    pub(super) pairs: BTreeMap<String, String>,
}

/// Which cluster of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that is read.
    Source,
    /// The one that is written.
    Target,
}

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Reads records.
    Consumer,
    /// Writes records.
    Producer,
    /// Asks about and changes topics, groups and the rest.
    Admin,
}

/// Where the value of a flow's key is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It is not set.
    Default,
    /// It is set for all flows.
    Top,
    /// It is set for this flow.
    Flow,
}

impl Role {
    const fn name(self) -> &'static str {
        let [consumer, producer, admin] = keys::ROLES;
        match self {
            Self::Consumer => consumer,
            Self::Producer => producer,
            Self::Admin => admin,
        }
    }
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

impl fmt::Debug for File {
    /// Values may be secrets of any kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.pairs.keys().collect();
        f.debug_struct("File")
            .field("clusters", &self.clusters)
            .field("keys", &keys)
            .finish()
    }
}

/// How a client reaches its cluster, key by key; secrets among it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, Setting>);

#[derive(Clone, PartialEq, Eq)]
struct Setting {
    value: String,
    key: String,
}

impl Settings {
    /// A value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|setting| setting.value.as_str())
    }

    /// The key of the file that a value is from.
    pub fn key_of(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|setting| setting.key.as_str())
    }

    /// Keys and values, as a client.properties has them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, setting)| (key.as_str(), setting.value.as_str()))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .iter()
            .map(|(key, value)| (key, if is_secret(key) { "[hidden]" } else { value }));
        f.debug_map().entries(shown).finish()
    }
}

/// Whether what a key has is nobody else's business.
pub(super) fn is_secret(key: &str) -> bool {
    let signs = [
        "password",
        "jaas",
        "secret",
        "passphrase",
        "keystore.key",
        "credential",
        "token",
    ];
    signs.iter().any(|sign| key.contains(sign))
}

impl File {
    /// From the pairs of a properties file; of a key that stands twice the last counts. None if it names no clusters.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let owned = pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        let pairs: BTreeMap<_, _> = owned.collect();
        let mut clusters: Vec<String> = Vec::new();
        for alias in list(pairs.get("clusters")?) {
            if !alias.is_empty() && !clusters.contains(&alias) {
                clusters.push(alias);
            }
        }
        (!clusters.is_empty()).then_some(Self { clusters, pairs })
    }

    /// Aliases of the clusters, in the order of the file.
    pub fn clusters(&self) -> &[String] {
        &self.clusters
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.get(key).map(String::as_str)
    }

    /// A flow's key, as it counts.
    pub(super) fn of_flow(&self, source: &str, target: &str, key: &Key) -> (&str, Origin) {
        let own = self.get(&format!("{source}->{target}.{}", key.name));
        let top = || self.get(key.name).map(|value| (value, Origin::Top));
        own.map(|value| (value, Origin::Flow))
            .or_else(top)
            .unwrap_or((key.default, Origin::Default))
    }

    /// Whether MirrorMaker makes anything of a pair of clusters: if its flow is on, and for the sake of heartbeats.
    pub(super) fn is_pair(&self, source: &str, target: &str) -> bool {
        let is_true = |value: &str| value.eq_ignore_ascii_case("true");
        let of_flow = |key: &str| self.get(&format!("{source}->{target}.{key}")).map(is_true);
        let beats = "emit.heartbeats.enabled";
        let has_beats = of_flow(beats).or_else(|| self.get(beats).map(is_true)).unwrap_or(true);
        has_beats || of_flow("enabled").unwrap_or(false)
    }

    /// What a client of a flow is told.
    pub(super) fn client(&self, source: &str, target: &str, side: Side, role: Role) -> Settings {
        let alias = match side {
            Side::Source => source,
            Side::Target => target,
        };
        let (flow, side, role) = (format!("{source}->{target}."), side.name(), role.name());
        let mut settings = Settings::default();
        // The least first.
        self.put(&mut settings, "", keys::is_connection);
        self.put(&mut settings, &format!("{alias}."), keys::is_connection);
        self.put(&mut settings, &format!("{flow}{side}.cluster."), keys::is_connection);
        let is_known =
            |key: &str| keys::is_connection(key) || (role == Role::Consumer.name() && keys::OF_CONSUMER.contains(&key));
        self.put(&mut settings, &format!("{flow}{role}."), is_known);
        // A cluster's own settings come to stand as `source.consumer.` and so on, and count again there.
        self.put(&mut settings, "", keys::is_connection);
        self.put(&mut settings, &format!("{alias}."), keys::is_connection);
        self.put(&mut settings, &format!("{alias}.{role}."), is_known);
        self.put(&mut settings, &format!("{flow}{side}.{role}."), is_known);
        settings
    }

    fn put(&self, settings: &mut Settings, start: &str, is_meant: impl Fn(&str) -> bool) {
        for (key, value) in &self.pairs {
            let Some(name) = key.strip_prefix(start).filter(|name| is_meant(name)) else {
                continue;
            };
            let setting = Setting {
                value: value.clone(),
                key: key.clone(),
            };
            settings.0.insert(name.to_owned(), setting);
        }
    }
}
