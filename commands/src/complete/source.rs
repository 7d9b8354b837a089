//! What the values of arguments are names of.

use clap::{Arg, ValueEnum as _, ValueHint};
use client::ConfigEntity;

use crate::configs::entity::EntityType;

/// Where the values of an argument come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Topics.
    Topics,
    /// Topics, with a colon and more behind them.
    TopicParts,
    /// Groups.
    Groups,
    /// Ids of brokers.
    Brokers,
    /// Names of what settings are about, whose type stands before them.
    ConfigNames,
    /// Keys of what settings are about.
    ConfigKeys,
    /// The same, with a value behind them.
    ConfigPairs,
    /// Keys of topics, with a value behind them.
    TopicPairs,
    /// Clusters of the profile file.
    Profiles,
    /// Files and directories, which shells know best.
    Files,
}

impl Source {
    /// Of an argument of a command, which is named as in "topics describe".
    pub(super) fn of(command: &str, arg: &Arg) -> Option<Self> {
        if !arg.get_action().takes_values() {
            return None;
        }
        if matches!(
            arg.get_value_hint(),
            ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath
        ) {
            return Some(Self::Files);
        }
        let value = arg
            .get_value_names()
            .and_then(<[_]>::first)
            .map_or("", |name| name.as_str());
        match (command, arg.get_id().as_str()) {
            (_, "profile") => Some(Self::Profiles),
            // How many there are to be.
            (_, "brokers" | "groups") if matches!(value, "N" | "COUNT") => None,
            ("offsets copy", "source" | "target") => Some(Self::Groups),
            ("offsets set" | "topics records-delete", "offsets") => Some(Self::TopicParts),
            ("topics create", "config") => Some(Self::TopicPairs),
            // Names that there are not yet.
            ("topics create", "topics") => None,
            // Patterns, of a cluster that --bootstrap-server does not name.
            ("mirror run", "topics") => None,
            (command, id) if command.starts_with("configs ") => Self::of_configs(id),
            (_, "topic" | "topics" | "exclude_topic" | "exclude_topics") => Some(Self::Topics),
            (_, "group" | "groups") => Some(Self::Groups),
            ("replace", "old" | "new") => Some(Self::Brokers),
            (_, "broker" | "broker_list" | "brokers" | "exclude_brokers" | "node" | "onto") => Some(Self::Brokers),
            _ => None,
        }
    }

    fn of_configs(id: &str) -> Option<Self> {
        match id {
            "names" => Some(Self::ConfigNames),
            "keys" => Some(Self::ConfigKeys),
            "set" | "append" | "subtract" | "add_config" => Some(Self::ConfigPairs),
            _ => None,
        }
    }

    /// What stands behind a name when more has to follow.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::TopicParts => ":",
            Self::ConfigPairs | Self::TopicPairs => "=",
            _ => "",
        }
    }
}

/// What the settings on a command line are about: a type, and the names that are there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) entity_type: EntityType,
    pub(super) names: Vec<String>,
}

impl Subject {
    /// From the words before the cursor.
    pub(super) fn of(words: &[String]) -> Option<Self> {
        let (at, entity_type) = words.iter().enumerate().find_map(|(at, word)| {
            let entity_type = EntityType::from_str(word, true).ok()?;
            Some((at, entity_type))
        })?;
        let names = words.iter().skip(at + 1).take_while(|word| !word.starts_with('-'));
        Some(Self {
            entity_type,
            names: names.cloned().collect(),
        })
    }

    /// Whose keys are meant.
    pub(super) fn entity(&self) -> ConfigEntity {
        self.entity_type.entity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &clap::Command, path: &str, check: &mut dyn FnMut(&str, &Arg)) {
        for arg in command.get_arguments() {
            check(path, arg);
        }
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            let path = format!("{path} {}", inner.get_name());
            each(inner, path.trim_start(), check);
        }
    }

    /// Arguments whose names say that something of a cluster is meant, though nothing can be proposed.
    const WITHOUT: &[(&str, &str)] = &[
        // New names.
        ("topics create", "topics"),
        // Patterns.
        ("mirror run", "topics"),
        // How many.
        ("rebalance apply", "moves_per_broker"),
        ("rebalance plan", "topic_spread"),
        ("scale-out", "topic_spread"),
        ("sandbox", "brokers"),
        ("size", "brokers"),
        ("size", "groups"),
        ("size", "spare_brokers"),
        // Nobody types these.
        ("topics describe", "topic_id"),
        ("topics list", "topic_id"),
    ];

    #[test]
    fn every_argument_that_names_what_a_cluster_has_is_completed() {
        let mut missing = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        each(&crate::definition(), "", &mut |command, arg| {
            let id = arg.get_id().as_str();
            let source = Source::of(command, arg);
            seen.extend(source.map(|source| format!("{source:?}")));
            let words: Vec<&str> = id.split('_').collect();
            let names_something = ["topic", "topics", "group", "groups", "broker", "brokers", "profile"]
                .iter()
                .any(|word| words.contains(word));
            let takes = arg.get_action().takes_values();
            let is_path = source == Some(Source::Files);
            if takes && names_something && !is_path && source.is_none() && !WITHOUT.contains(&(command, id)) {
                missing.push(format!("{command}: {id}"));
            }
        });
        assert_eq!(missing, Vec::<String>::new());
        assert_eq!(seen.len(), 10, "a source has no argument: {seen:?}");
    }

    #[test]
    fn what_settings_are_about_is_read_off_the_line() {
        let subject = |line: &str| Subject::of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        let topic = subject("kfleet configs set topic orders --set").unwrap();
        assert_eq!(
            (topic.entity_type, topic.names.as_slice()),
            (EntityType::Topic, &["orders".to_owned()][..])
        );
        let broker = subject("kfleet configs describe brokers 1 2 --key").unwrap();
        assert_eq!((broker.entity_type, broker.names.len()), (EntityType::Broker, 2));
        assert_eq!(subject("kfleet configs set"), None);
    }
}
