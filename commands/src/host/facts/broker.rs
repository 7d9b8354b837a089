//! Brokers: what runs, the configuration it was started with, and its log directories.

use std::collections::BTreeMap;

use protocol::config::{Default as KeyDefault, NodeConfig, Scope, lookup};
use protocol::properties::Properties;

use super::dirs::LogDir;
use super::fact::Fact;
use super::process::{Engine, Process};
use super::root::Root;

/// Where Apache Kafka puts its data if nobody says where.
const DEFAULT_LOG_DIRS: &str = "/tmp/kafka-logs";

/// A server.properties. Its keys are read one by one: a file that Kafka 4.3 refuses, as those of older releases, still tells
/// where the data lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BrokerConfig {
    keys: BTreeMap<String, String>,
    /// Why Kafka 4.3 would not start with it.
    pub(crate) refused: Option<String>,
    /// Keys that have no effect.
    pub(crate) warnings: Vec<String>,
}

impl BrokerConfig {
    pub(crate) fn parse(bytes: &[u8], overrides: &[(String, String)]) -> Self {
        let file = Properties::parse(bytes);
        let own = overrides.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let entries: Vec<(&str, &str)> = file.iter().chain(own).collect();
        let (refused, warnings) = match NodeConfig::parse(entries.iter().copied()) {
            Ok(config) => (None, config.warnings),
            Err(error) => (Some(error.to_string()), Vec::new()),
        };
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.trim().to_owned());
        Self {
            keys: entries.into_iter().map(owned).collect(),
            refused,
            warnings,
        }
    }

    /// A key as set.
    pub(crate) fn set(&self, key: &str) -> Option<&str> {
        self.keys.get(key).map(String::as_str)
    }

    /// A key as set, or its default.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.set(key).or_else(|| match lookup(Scope::Broker, key)?.default {
            KeyDefault::Value(value) => Some(value),
            KeyDefault::Null | KeyDefault::Required => None,
        })
    }

    /// A number.
    pub(crate) fn number(&self, key: &str) -> Fact<i64> {
        match self.get(key) {
            None => Fact::Absent,
            Some(text) => Fact::parsed(&format!("{key}={text}"), text.parse().ok()),
        }
    }

    /// log.dirs, or log.dir, or the default.
    pub(crate) fn log_dirs(&self) -> Vec<String> {
        let text = self
            .set("log.dirs")
            .or_else(|| self.set("log.dir"))
            .unwrap_or(DEFAULT_LOG_DIRS);
        let dirs = text.split(',').map(str::trim).filter(|dir| !dir.is_empty());
        dirs.map(|dir| if dir == "/" { dir } else { dir.trim_end_matches('/') }.to_owned())
            .collect()
    }

    /// Ports of its listeners.
    pub(crate) fn ports(&self) -> Vec<u16> {
        let text = self.set("listeners").unwrap_or("PLAINTEXT://:9092");
        let port = |listener: &str| listener.trim().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        text.split(',').filter_map(port).filter(|port| *port != 0).collect()
    }
}

/// A broker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Broker {
    /// What it is called in findings.
    pub(crate) name: String,
    /// Its process; none if only its configuration is known.
    pub(crate) process: Option<Process>,
    /// Its configuration.
    pub(crate) config: Fact<BrokerConfig>,
    /// Its log directories.
    pub(crate) dirs: Vec<LogDir>,
}

impl Broker {
    /// Whether it is Apache Kafka, as one is whose process is not known.
    pub(crate) fn is_apache(&self) -> bool {
        self.process
            .as_ref()
            .is_none_or(|process| process.engine == Engine::Apache)
    }
}

/// All brokers of a host.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct BrokerFacts {
    /// They.
    pub(crate) brokers: Vec<Broker>,
}

/// A configuration that was named on the command line.
#[derive(Debug, Clone)]
pub(crate) struct NamedConfig {
    /// The file.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) bytes: Fact<Vec<u8>>,
}

impl BrokerFacts {
    /// Finds brokers among the processes, or the one that a file describes.
    pub(crate) fn read(root: &Root, processes: &[Process], named: Option<&NamedConfig>) -> Self {
        let Some(named) = named else {
            return Self {
                brokers: processes.iter().map(|process| running(root, process)).collect(),
            };
        };
        let runs_with = |process: &&Process| process.config_args().0.is_some_and(|file| file == named.path);
        let process = processes.iter().find(runs_with);
        let overrides = process.map(|process| process.config_args().1).unwrap_or_default();
        let config = named.bytes.clone().or(|| Fact::Unreadable("does not exist".to_owned()));
        let config = config.map(|bytes| BrokerConfig::parse(&bytes, &overrides));
        Self {
            brokers: vec![broker(root, named.path.clone(), process.cloned(), config)],
        }
    }

    /// Configuration files, which may have secrets in them.
    pub(crate) fn config_paths(&self) -> Vec<String> {
        let processes = self.brokers.iter().filter_map(|broker| broker.process.as_ref());
        processes.filter_map(|process| process.config_args().0).collect()
    }
}

fn running(root: &Root, process: &Process) -> Broker {
    let (file, overrides) = process.config_args();
    let config = match file {
        None => Fact::Unreadable("its command line names no server.properties".to_owned()),
        Some(file) if !file.starts_with('/') => {
            Fact::Unreadable(format!("where it was started cannot be seen, and {file} lies there"))
        }
        Some(file) => match root.read(&file) {
            Fact::Present(bytes) => Fact::Present(BrokerConfig::parse(&bytes, &overrides)),
            Fact::Absent => Fact::Unreadable(format!("{file} does not exist")),
            Fact::Unreadable(reason) => Fact::Unreadable(format!("{file}: {reason}")),
        },
    };
    broker(root, format!("process {}", process.pid), Some(process.clone()), config)
}

fn broker(root: &Root, name: String, process: Option<Process>, config: Fact<BrokerConfig>) -> Broker {
    let dirs = config.value().map(BrokerConfig::log_dirs).unwrap_or_default();
    Broker {
        name,
        process,
        config,
        dirs: dirs.iter().map(|dir| LogDir::read(root, dir)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_kafka_refuses_still_tells_its_directories() {
        let old = BrokerConfig::parse(
            b"broker.id=1\nzookeeper.connect=z:2181\nlog.dirs=/a/, /b\nlisteners=X://h:9092,Y://[::1]:9093\n",
            &[],
        );
        assert!(old.refused.is_some());
        assert_eq!(old.log_dirs(), ["/a", "/b"]);
        assert_eq!(old.ports(), [9092, 9093]);
        assert_eq!(old.number("socket.send.buffer.bytes"), Fact::Present(102_400));
        assert_eq!(BrokerConfig::parse(b"", &[]).log_dirs(), [DEFAULT_LOG_DIRS]);
    }
}
