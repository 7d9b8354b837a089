//! Every configuration key of Kafka 4.3.1: its type, default, bounds and how it may be changed; and what a
//! node makes of them. Parser, DescribeConfigs, alter checks and completion all read this one table.

mod broker;
mod effective;
mod group;
mod node;
mod topic;
mod value;

pub use effective::{Entry, Layers, Source, Values, describe_broker, describe_group, describe_topic, topic_value};
pub use node::{Endpoint, NodeConfig, NodeConfigError, QuorumVoter, SecurityProtocol};
pub use value::ConfigError;

/// What a key is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Brokers and controllers.
    Broker,
    /// Topics.
    Topic,
    /// Groups.
    Group,
}

/// A value's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// true or false.
    Bool,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// 16 bits.
    Short,
    /// A fraction.
    Double,
    /// Text.
    String,
    /// Texts separated by commas.
    List,
    /// A secret, never shown.
    Password,
    /// A Java class.
    Class,
}

impl Kind {
    /// Kafka's code in DescribeConfigs.
    pub const fn code(self) -> i8 {
        match self {
            Self::Bool => 1,
            Self::String => 2,
            Self::Int => 3,
            Self::Short => 4,
            Self::Long => 5,
            Self::Double => 6,
            Self::List => 7,
            Self::Class => 8,
            Self::Password => 9,
        }
    }
}

/// What counts if a key is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// It has to be set.
    Required,
    /// Nothing.
    Null,
    /// This text.
    Value(&'static str),
}

/// What a value is held against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Check {
    /// Nothing but its type.
    Any,
    /// A least number.
    AtLeast(i64),
    /// A range, both ends allowed.
    Between(i64, i64),
    /// A least fraction.
    DoubleAtLeast(f64),
    /// A range of fractions.
    DoubleBetween(f64, f64),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// One of these, in any case.
    OneOfAnyCase(&'static [&'static str]),
    /// Some of these.
    ListOf(&'static [&'static str]),
    /// Not the empty text.
    NonEmpty,
    /// Not the empty list, if it is set.
    NonEmptyList,
    /// partition:broker pairs, or `*`.
    ThrottledReplicas,
    /// 1 to 9, or -1.
    GzipLevel,
}

/// How a broker key may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// In the file, with a restart.
    ReadOnly,
    /// For one broker at a time.
    PerBroker,
    /// For one broker or for all.
    ClusterWide,
}

/// One key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfigKey {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What counts if it is not set.
    pub default: Default,
    /// What a value is held against.
    pub check: Check,
    /// How it may be changed.
    pub update: Update,
    /// For topic keys: the broker keys that give the default, the first one that is set counts.
    pub synonyms: &'static [&'static str],
}

impl ConfigKey {
    const fn synonyms(mut self, synonyms: &'static [&'static str]) -> Self {
        self.synonyms = synonyms;
        self
    }

    /// Whether the value must not be shown.
    pub fn is_sensitive(&self) -> bool {
        self.kind == Kind::Password
    }
}

const fn key(name: &'static str, kind: Kind, default: Default, check: Check, update: Update) -> ConfigKey {
    ConfigKey {
        name,
        kind,
        default,
        check,
        update,
        synonyms: &[],
    }
}

/// All keys of a scope, by name, without those that brokers tell of only where they are set.
pub fn keys(scope: Scope) -> &'static [ConfigKey] {
    match scope {
        Scope::Broker => broker::KEYS,
        Scope::Topic => topic::KEYS,
        Scope::Group => group::KEYS,
    }
}

/// Keys that brokers take and tell of only where they are set.
const fn told_if_set(scope: Scope) -> &'static [ConfigKey] {
    match scope {
        Scope::Broker => broker::TOLD_IF_SET,
        Scope::Topic | Scope::Group => &[],
    }
}

/// The key with this name.
pub fn lookup(scope: Scope, name: &str) -> Option<&'static ConfigKey> {
    let in_table = |keys: &'static [ConfigKey]| {
        let at = keys.binary_search_by(|key| key.name.cmp(name)).ok()?;
        keys.get(at)
    };
    in_table(keys(scope)).or_else(|| in_table(told_if_set(scope)))
}

/// Names of all keys of a scope that are known here.
pub fn names(scope: Scope) -> impl Iterator<Item = &'static str> {
    keys(scope).iter().chain(told_if_set(scope)).map(|key| key.name)
}

/// The name most like one that does not exist, if any is like it.
pub fn suggest(scope: Scope, name: &str) -> Option<&'static str> {
    let distances = names(scope).map(|known| (distance(known, name), known));
    distances
        .min()
        .filter(|(distance, _)| *distance <= 3.max(name.len() / 5))
        .map(|(_, name)| name)
}

/// Levenshtein's distance, in bytes: how many slips are between two names.
pub fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let above = *cell;
            *cell = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            (diagonal, left) = (above, *cell);
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_every_default_passes_its_own_check() {
        for scope in [Scope::Broker, Scope::Topic, Scope::Group] {
            for table in [keys(scope), told_if_set(scope)] {
                assert!(table.windows(2).all(|pair| pair[0].name < pair[1].name));
            }
            for key in keys(scope).iter().chain(told_if_set(scope)) {
                assert_eq!(lookup(scope, key.name), Some(key));
                if let Default::Value(value) = key.default
                    && key.check != Check::NonEmptyList
                {
                    assert!(key.parse(value).is_ok(), "{} = {value}", key.name);
                }
            }
        }
    }

    #[test]
    fn synonyms_are_broker_keys() {
        let all = keys(Scope::Topic).iter().chain(keys(Scope::Group));
        for name in all.flat_map(|key| key.synonyms) {
            assert!(lookup(Scope::Broker, name).is_some(), "{name}");
        }
    }

    #[test]
    fn misspelled_names_get_a_suggestion() {
        assert_eq!(suggest(Scope::Topic, "retension.ms"), Some("retention.ms"));
        assert_eq!(suggest(Scope::Broker, "num.partition"), Some("num.partitions"));
        assert_eq!(suggest(Scope::Topic, "something.else.entirely"), None);
    }
}
