//! Keys whose values differ, and who has which.

use std::collections::{BTreeMap, BTreeSet};

use client::{ConfigEntity, ConfigEntry, ConfigResource};
use protocol::config::{Scope, lookup};
use protocol::properties::Properties;
use schemars::JsonSchema;
use serde::Serialize;

use super::plan::is_set;
use super::{shown_name, source_name};
use crate::output::{Shown, Table};

/// Keys that differ from broker to broker as they should.
const NODE_KEYS: [&str; 9] = [
    "advertised.listeners",
    "broker.id",
    "broker.rack",
    "cordoned.log.dirs",
    "listeners",
    "log.dir",
    "log.dirs",
    "metadata.log.dir",
    "node.id",
];

/// What a file is called among what is compared.
const FILE: &str = "file";

/// One of those that are compared.
#[derive(Debug, Clone)]
pub(super) struct Side {
    name: String,
    is_file: bool,
    keys: BTreeMap<String, Setting>,
}

#[derive(Debug, Clone)]
struct Setting {
    value: Option<String>,
    source: &'static str,
    is_set: bool,
    is_sensitive: bool,
}

impl Side {
    /// A resource with its keys.
    pub(super) fn of(resource: &ConfigResource, entries: Vec<ConfigEntry>) -> Self {
        let keys = entries.into_iter().map(|entry| {
            let setting = Setting {
                is_set: is_set(resource, &entry),
                value: entry.value,
                source: source_name(entry.source),
                is_sensitive: entry.is_sensitive,
            };
            (entry.name, setting)
        });
        Self {
            name: resource.name.clone(),
            is_file: false,
            keys: keys.collect(),
        }
    }
}

/// A file with its keys.
pub(super) fn of_file(properties: &Properties) -> Side {
    let keys = properties.iter().map(|(key, value)| {
        let known = [Scope::Broker, Scope::Topic, Scope::Group];
        let known = known.into_iter().filter_map(|scope| lookup(scope, key));
        let setting = Setting {
            value: Some(value.trim().to_owned()),
            source: FILE,
            is_set: true,
            // What is a secret by its name is one, whoever knows it.
            is_sensitive: key.ends_with("password") || known.into_iter().any(protocol::config::ConfigKey::is_sensitive),
        };
        (key.to_owned(), setting)
    });
    Side {
        name: FILE.to_owned(),
        is_file: true,
        keys: keys.collect(),
    }
}

/// A key whose values differ.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ConfigDifference {
    /// The key.
    key: String,
    /// Its values.
    values: Vec<HeldValue>,
}

/// A value, and who has it.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct HeldValue {
    /// The value; none where the key has none.
    value: Option<String>,
    /// Where it comes from; none where the key is not there.
    source: Option<&'static str>,
    /// Who has it; a file is called file.
    names: Vec<String>,
}

/// What differs, and what could not be compared.
pub(super) fn compare(
    sides: &[Side],
    entity: ConfigEntity,
    include_node_keys: bool,
) -> (Vec<ConfigDifference>, Vec<String>) {
    let file = sides.iter().find(|side| side.is_file);
    let is_own = |key: &str| entity == ConfigEntity::Broker && !include_node_keys && is_node_key(key);
    let keys: BTreeSet<&String> = sides.iter().flat_map(|side| side.keys.keys()).collect();
    let (mut differences, mut secrets) = (Vec::new(), Vec::new());
    for key in keys.into_iter().filter(|key| !is_own(key)) {
        let settings = || sides.iter().filter_map(|side| side.keys.get(key));
        if settings().any(|setting| setting.is_sensitive) {
            if settings().any(|setting| setting.is_set) {
                secrets.push(key.as_str());
            }
            continue;
        }
        // A file says nothing of keys that nobody set.
        let is_set = |side: &Side| side.keys.get(key).is_some_and(|setting| setting.is_set);
        if file.is_some_and(|file| !file.keys.contains_key(key)) && !sides.iter().any(is_set) {
            continue;
        }
        let values = held(sides, key);
        let mut distinct: Vec<&Option<String>> = values.iter().map(|held| &held.value).collect();
        distinct.dedup();
        if distinct.len() > 1 {
            differences.push(ConfigDifference {
                key: key.clone(),
                values,
            });
        }
    }
    let warnings = secrets
        .into_iter()
        .map(|key| format!("{key} is a secret, and is not compared"));
    (differences, warnings.collect())
}

/// Who has which value.
fn held(sides: &[Side], key: &str) -> Vec<HeldValue> {
    let mut held: BTreeMap<(Option<&str>, Option<&'static str>), Vec<String>> = BTreeMap::new();
    for side in sides {
        let setting = side.keys.get(key);
        let value = setting.and_then(|setting| setting.value.as_deref());
        let source = setting.map(|setting| setting.source);
        held.entry((value, source)).or_default().push(shown_name(&side.name));
    }
    let held = held.into_iter().map(|((value, source), names)| HeldValue {
        value: value.map(str::to_owned),
        source,
        names,
    });
    held.collect()
}

fn is_node_key(key: &str) -> bool {
    NODE_KEYS.contains(&key)
}

impl Shown for Vec<ConfigDifference> {
    const SCHEMA: &'static str = "configs-diff/1";

    fn table(&self, _: bool) -> Table {
        let rows = self.iter().flat_map(|difference| {
            difference.values.iter().map(|held| {
                vec![
                    difference.key.clone(),
                    held.value.clone().unwrap_or_else(|| "-".to_owned()),
                    held.source.unwrap_or("-").to_owned(),
                    held.names.join(","),
                ]
            })
        });
        Table {
            headers: vec!["KEY", "VALUE", "SOURCE", "NAMES"],
            rows: rows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(name: &str, keys: &[(&str, Option<&str>, i8)]) -> Side {
        let entry = |(key, value, source): &(&str, Option<&str>, i8)| ConfigEntry {
            name: (*key).to_owned(),
            value: value.map(str::to_owned),
            source: *source,
            is_read_only: false,
            is_sensitive: key.ends_with("password"),
            synonyms: Vec::new(),
        };
        let resource = ConfigResource::new(ConfigEntity::Broker, name);
        Side::of(&resource, keys.iter().map(entry).collect())
    }

    fn differing(sides: &[Side], include_node_keys: bool) -> (Vec<String>, Vec<String>) {
        let (rows, warnings) = compare(sides, ConfigEntity::Broker, include_node_keys);
        (rows.into_iter().map(|row| row.key).collect(), warnings)
    }

    #[test]
    fn keys_that_differ_are_told_with_who_has_which_value() {
        let threads = |value, source| ("num.io.threads", Some(value), source);
        let sides = [
            side("1", &[threads("8", 5), ("node.id", Some("1"), 4), ("a", Some("x"), 4)]),
            side("2", &[threads("16", 2), ("node.id", Some("2"), 4), ("a", Some("x"), 5)]),
            side("3", &[threads("8", 5), ("node.id", Some("3"), 4), ("a", Some("x"), 5)]),
        ];
        let (rows, _) = compare(&sides, ConfigEntity::Broker, false);
        assert_eq!(
            rows.len(),
            1,
            "that a default is written down is no difference: {rows:?}"
        );
        let held: Vec<_> = rows[0]
            .values
            .iter()
            .map(|v| (v.value.as_deref(), v.names.join(",")))
            .collect();
        assert_eq!(held, [(Some("16"), "2".to_owned()), (Some("8"), "1,3".to_owned())]);
        assert_eq!(differing(&sides, true).0, ["node.id", "num.io.threads"]);
    }

    #[test]
    fn a_file_is_held_against_what_was_set_and_what_it_has() {
        let broker = side(
            "1",
            &[
                ("a", Some("1"), 4),
                ("b", Some("2"), 5),
                ("c", Some("3"), 2),
                ("d", Some("4"), 5),
            ],
        );
        let file = of_file(&Properties::parse(b"a=1\nb=5\ne=6\n"));
        assert_eq!(differing(&[broker, file], false).0, ["b", "c", "e"]);
    }

    #[test]
    fn secrets_are_neither_compared_nor_told() {
        let set = side(
            "1",
            &[("ssl.key.password", None, 4), ("ssl.keystore.password", None, 5)],
        );
        let unset = side(
            "2",
            &[("ssl.key.password", None, 5), ("ssl.keystore.password", None, 5)],
        );
        let file = of_file(&Properties::parse(b"ssl.key.password=hunter2\n"));
        for sides in [[set.clone(), unset], [set, file]] {
            let (rows, warnings) = differing(&sides, false);
            assert_eq!(
                (rows, warnings),
                (
                    Vec::new(),
                    vec!["ssl.key.password is a secret, and is not compared".to_owned()]
                )
            );
        }
    }
}
