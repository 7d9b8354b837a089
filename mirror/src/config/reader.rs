//! Reads the values of a flow, each as what it has to be, and gathers what is wrong.

use super::file::{File, Settings, Side};
use super::flow::{StartsAt, Value};
use super::patterns::{Filter, Patterns};
use super::{ConfigError, keys};
use crate::naming::Naming;

/// Whether a value has to be asked of a config provider.
pub(super) fn is_reference(value: &str) -> bool {
    value
        .split_once("${")
        .is_some_and(|(_, behind)| behind.contains(':') && behind.contains('}'))
}

/// Reads the values of a flow one by one and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    file: &'a File,
    source: &'a str,
    target: &'a str,
    pub(super) values: Vec<Value>,
    errors: &'a mut Vec<ConfigError>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a File, source: &'a str, target: &'a str, errors: &'a mut Vec<ConfigError>) -> Self {
        Self {
            file,
            source,
            target,
            values: Vec::new(),
            errors,
        }
    }

    /// The value that counts; blanks around it are not part of it.
    fn text(&mut self, name: &str) -> String {
        let Some(key) = keys::FLOW.iter().find(|key| key.name == name) else {
            return String::new();
        };
        let (value, origin) = self.file.of_flow(self.source, self.target, key);
        let value = value.trim().to_owned();
        if is_reference(&value) {
            let key = self.place(name);
            self.errors.push(ConfigError::Provider { key });
        }
        self.values.push(Value {
            key: key.name,
            value: value.clone(),
            origin,
        });
        value
    }

    /// The key as it stands in the file.
    fn place(&self, name: &str) -> String {
        let own = format!("{}->{}.{name}", self.source, self.target);
        if self.file.get(&own).is_some() {
            own
        } else {
            name.to_owned()
        }
    }

    fn wrong(&mut self, key: String, said: String) {
        // That a value is missing has been said.
        let is_said = |error: &ConfigError| matches!(error, ConfigError::Provider { key: other } if *other == key);
        if !self.errors.iter().any(is_said) {
            let flow = format!("{}->{}", self.source, self.target);
            self.errors.push(ConfigError::Value { key, flow, said });
        }
    }

    pub(super) fn bool(&mut self, name: &str) -> bool {
        let value = self.text(name);
        if !["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word)) {
            self.wrong(self.place(name), format!("{value:?} is neither true nor false"));
        }
        value.eq_ignore_ascii_case("true")
    }

    pub(super) fn number(&mut self, name: &str, min: i64, max: i64) -> i64 {
        let value = self.text(name);
        let number = value.parse().ok().filter(|number| (min..=max).contains(number));
        number.unwrap_or_else(|| {
            let bound = if max == i64::MAX {
                String::new()
            } else {
                format!(" up to {max}")
            };
            self.wrong(
                self.place(name),
                format!("{value:?} is no whole number from {min}{bound}"),
            );
            min
        })
    }

    /// Kafka takes -1 for the broker's own default, and none is none.
    pub(super) fn replicas(&mut self, name: &str) -> i16 {
        let number = self.number(name, -1, i64::from(i16::MAX));
        if number == 0 {
            self.wrong(self.place(name), "0 replicas keep nothing".to_owned());
        }
        i16::try_from(number).unwrap_or(-1)
    }

    /// A task that is repeated. MirrorMaker takes an interval below nothing for never, and fails at 0.
    pub(super) fn every(&mut self, task: &str) -> Option<u64> {
        let is_on = self.bool(&format!("{task}.enabled"));
        let name = format!("{task}.interval.seconds");
        let interval_s = self.number(&name, i64::MIN, i64::MAX);
        if interval_s == 0 {
            self.wrong(self.place(&name), "every 0 seconds is no interval".to_owned());
        }
        let interval_s = u64::try_from(interval_s).ok();
        interval_s.filter(|interval_s| is_on && *interval_s > 0)
    }

    pub(super) fn patterns(&mut self, name: &str) -> Patterns {
        let value = self.text(name);
        Patterns::parse(&value).unwrap_or_else(|said| {
            self.wrong(self.place(name), said);
            Patterns::default()
        })
    }

    pub(super) fn filter(&mut self, include: &str, exclude: &str) -> Filter {
        Filter {
            include: self.patterns(include),
            exclude: self.patterns(exclude),
        }
    }

    pub(super) fn side(&mut self, name: &str) -> Side {
        match self.text(name).as_str() {
            "source" => Side::Source,
            "target" => Side::Target,
            other => {
                let said = format!("{other:?} is neither source nor target");
                self.wrong(self.place(name), said);
                Side::Source
            }
        }
    }

    pub(super) fn separator(&mut self) -> String {
        let name = "replication.policy.separator";
        let separator = self.text(name);
        if separator.is_empty() {
            let said = "nothing between alias and topic would not tell where a topic is from".to_owned();
            self.wrong(self.place(name), said);
        }
        separator
    }

    pub(super) fn naming(&mut self, separator: &str) -> Naming {
        let name = "replication.policy.class";
        let class = self.text(name);
        let prefix = Naming::Prefix {
            separator: separator.to_owned(),
        };
        match keys::short(&class) {
            "DefaultReplicationPolicy" => prefix,
            "IdentityReplicationPolicy" => Naming::Identity,
            _ => {
                self.errors.push(ConfigError::Code {
                    key: self.place(name),
                    value: class,
                    instead: "DefaultReplicationPolicy and IdentityReplicationPolicy are known",
                });
                prefix
            }
        }
    }

    pub(super) fn starts_at(&mut self, consumer: &Settings) -> StartsAt {
        let key = "auto.offset.reset";
        match consumer.get(key).map(str::trim) {
            None | Some("earliest") => StartsAt::Earliest,
            Some("latest") => StartsAt::Latest,
            Some(other) => {
                let said = format!("{other:?} is neither earliest nor latest");
                self.wrong(consumer.key_of(key).unwrap_or(key).to_owned(), said);
                StartsAt::Earliest
            }
        }
    }

    pub(super) fn reads_committed(&mut self, consumer: &Settings) -> bool {
        let key = "isolation.level";
        match consumer.get(key).map(str::trim) {
            None | Some("read_uncommitted") => false,
            Some("read_committed") => true,
            Some(other) => {
                let said = format!("{other:?} is neither read_committed nor read_uncommitted");
                self.wrong(consumer.key_of(key).unwrap_or(key).to_owned(), said);
                false
            }
        }
    }

    /// Code that would make other records of those of the source, or choose others.
    pub(super) fn refuse_code(&mut self) {
        let set = |name: &str| {
            let key = self.place(name);
            let value = self.file.get(&key).map(|value| value.trim().to_owned());
            value.filter(|value| !value.is_empty()).map(|value| (key, value))
        };
        let mut found = Vec::new();
        for (name, known, instead) in keys::CLASSES {
            found.extend(
                set(name)
                    .filter(|(_, value)| keys::short(value) != *known)
                    .map(|(key, value)| (key, value, *instead)),
            );
        }
        for name in keys::CHANGES_RECORDS {
            let instead = "records are mirrored as they are";
            found.extend(set(name).map(|(key, value)| (key, value, instead)));
        }
        for (key, value, instead) in found {
            self.errors.push(ConfigError::Code { key, value, instead });
        }
    }
}
