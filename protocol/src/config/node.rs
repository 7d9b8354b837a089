//! A node's server.properties: keys checked against the table, and the few that need more than that.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::effective::Values;
use super::value::list;
use super::{ConfigError, Default, Scope, lookup, suggest};

/// Prefix of keys that only this broker knows.
const OWN_PREFIX: &str = "kfleet.";

/// What has to be set, in the order in which Kafka asks for it.
const REQUIRED: [&str; 3] = ["process.roles", "node.id", "controller.listener.names"];

/// Why a node cannot start with its configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeConfigError {
    /// A value its key does not take.
    #[error(transparent)]
    Value(#[from] ConfigError),
    /// A key that has to be there is not.
    #[error("Missing required configuration \"{name}\" which has no default value.")]
    Missing {
        /// The key.
        name: &'static str,
    },
    /// Keys that contradict each other, or one whose value makes no sense here.
    #[error("{0}")]
    Conflict(String),
}

/// How a listener talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// In the clear.
    Plaintext,
    /// TLS.
    Ssl,
    /// SASL in the clear.
    SaslPlaintext,
    /// SASL over TLS.
    SaslSsl,
}

impl SecurityProtocol {
    /// Kafka's number in broker registrations.
    pub const fn id(self) -> i16 {
        match self {
            Self::Plaintext => 0,
            Self::Ssl => 1,
            Self::SaslPlaintext => 2,
            Self::SaslSsl => 3,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_uppercase().as_str() {
            "PLAINTEXT" => Self::Plaintext,
            "SSL" => Self::Ssl,
            "SASL_PLAINTEXT" => Self::SaslPlaintext,
            "SASL_SSL" => Self::SaslSsl,
            _ => return None,
        })
    }
}

/// A listener's name and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name, upper case.
    pub name: String,
    /// Host; empty for all addresses.
    pub host: String,
    /// Port; 0 picks one.
    pub port: u16,
}

impl Endpoint {
    fn parse(text: &str) -> Result<Self, NodeConfigError> {
        let unable = || NodeConfigError::Conflict(format!("Unable to parse {text} to a broker endpoint"));
        let (name, address) = text.split_once("://").ok_or_else(unable)?;
        let (host, port) = address.rsplit_once(':').ok_or_else(unable)?;
        let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        if name.is_empty() || host.contains('/') {
            return Err(unable());
        }
        let port = port.parse().map_err(|_| unable())?;
        Ok(Self {
            name: name.to_ascii_uppercase(),
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "{}://[{}]:{}", self.name, self.host, self.port)
        } else {
            write!(f, "{}://{}:{}", self.name, self.host, self.port)
        }
    }
}

/// A voter of controller.quorum.voters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumVoter {
    /// Node id.
    pub id: i32,
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A node's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// All keys that the file sets, checked.
    pub values: Values,
    /// node.id.
    pub node_id: i32,
    /// process.roles has broker.
    pub is_broker: bool,
    /// process.roles has controller.
    pub is_controller: bool,
    /// listeners.
    pub listeners: Vec<Endpoint>,
    /// advertised.listeners, or what takes their place.
    pub advertised_listeners: Vec<Endpoint>,
    /// controller.listener.names.
    pub controller_listener_names: Vec<String>,
    /// listener.security.protocol.map, and names that are protocols.
    pub security_protocols: BTreeMap<String, SecurityProtocol>,
    /// controller.quorum.voters; empty for a dynamic quorum.
    pub quorum_voters: Vec<QuorumVoter>,
    /// log.dirs, or log.dir.
    pub log_dirs: Vec<PathBuf>,
    /// metadata.log.dir, or the first log directory.
    pub metadata_log_dir: PathBuf,
    /// broker.rack.
    pub rack: Option<String>,
    /// Sentences about keys that are unknown or set twice.
    pub warnings: Vec<String>,
}

impl NodeConfig {
    /// Reads keys and values in the order of the file; later ones overrule earlier ones.
    pub fn parse<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, NodeConfigError> {
        let mut values = Values::new();
        let mut warnings = Vec::new();
        for (name, text) in entries {
            if let Some(warning) = warn_of(name) {
                warnings.push(warning);
            }
            let value = lookup(Scope::Broker, name).map_or(Ok(text.trim().to_owned()), |key| key.parse(text))?;
            if values
                .insert(name.to_owned(), value)
                .is_some_and(|before| before != text.trim())
            {
                warnings.push(format!("{name} is set more than once; the last value counts"));
            }
        }
        build(values, warnings)
    }

    /// A key's value: as set, or its default.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .map(String::as_str)
            .or_else(|| match lookup(Scope::Broker, name)?.default {
                Default::Value(value) => Some(value),
                Default::Null | Default::Required => None,
            })
    }

    /// A number's value; 0 if the key has none.
    pub fn number(&self, name: &str) -> i64 {
        self.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// A switch's value.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// Whether this listener is for controllers.
    pub fn is_controller_listener(&self, name: &str) -> bool {
        self.controller_listener_names.iter().any(|known| known == name)
    }

    /// The listener brokers use among themselves.
    pub fn inter_broker_listener(&self) -> String {
        match self.get("inter.broker.listener.name") {
            Some(name) => name.to_ascii_uppercase(),
            None => self
                .get("security.inter.broker.protocol")
                .unwrap_or("PLAINTEXT")
                .to_ascii_uppercase(),
        }
    }
}

fn warn_of(name: &str) -> Option<String> {
    if lookup(Scope::Broker, name).is_some() || name.starts_with(OWN_PREFIX) || name.starts_with("listener.name.") {
        return None;
    }
    Some(match suggest(Scope::Broker, name) {
        Some(like) => format!("{name} is not a configuration of Kafka 4.3; did you mean {like}?"),
        None => format!("{name} is not a configuration of Kafka 4.3 and has no effect"),
    })
}

fn build(values: Values, warnings: Vec<String>) -> Result<NodeConfig, NodeConfigError> {
    let get = |name: &str| values.get(name).map(String::as_str);
    check_present(&values)?;
    let roles: Vec<&str> = list(get("process.roles").unwrap_or_default()).collect();
    let names = list(get("controller.listener.names").unwrap_or_default());
    let names: Vec<String> = names.map(str::to_ascii_uppercase).collect();
    let log_dirs = get("log.dirs").or(get("log.dir")).unwrap_or("/tmp/kafka-logs");
    let log_dirs: Vec<PathBuf> = list(log_dirs).map(PathBuf::from).collect();
    let first = log_dirs.first().cloned();
    let metadata_log_dir = get("metadata.log.dir").map(PathBuf::from).or(first);
    let listeners = endpoints(get("listeners").unwrap_or("PLAINTEXT://:9092"))?;
    check_ports(&listeners)?;
    let mut config = NodeConfig {
        node_id: get("node.id")
            .or(get("broker.id"))
            .and_then(|text| text.parse().ok())
            .unwrap_or(-1),
        is_broker: roles.contains(&"broker"),
        is_controller: roles.contains(&"controller"),
        advertised_listeners: get("advertised.listeners").map_or(Ok(vec![]), endpoints)?,
        security_protocols: protocols(get("listener.security.protocol.map"), &listeners, &names)?,
        controller_listener_names: names,
        quorum_voters: list(get("controller.quorum.voters").unwrap_or_default())
            .map(voter)
            .collect::<Result<_, _>>()?,
        metadata_log_dir: metadata_log_dir.ok_or_else(|| {
            NodeConfigError::Conflict("At least one log directory must be defined via log.dirs or log.dir.".into())
        })?,
        log_dirs,
        rack: get("broker.rack").filter(|rack| !rack.is_empty()).map(str::to_owned),
        listeners,
        warnings,
        values,
    };
    validate(&config)?;
    if config.advertised_listeners.is_empty() {
        config.advertised_listeners.clone_from(&config.listeners);
    }
    for endpoint in &mut config.advertised_listeners {
        if endpoint.host.is_empty() {
            "localhost".clone_into(&mut endpoint.host);
        }
    }
    Ok(config)
}

/// What has to be set, and lists that must not be empty.
fn check_present(values: &Values) -> Result<(), NodeConfigError> {
    let conflict = |text: &str| Err(NodeConfigError::Conflict(text.to_owned()));
    for name in REQUIRED {
        let is_there = values.contains_key(name) || name == "node.id" && values.contains_key("broker.id");
        if !is_there {
            return Err(NodeConfigError::Missing { name });
        }
    }
    if let (Some(node), Some(broker)) = (values.get("node.id"), values.get("broker.id"))
        && node != broker
    {
        return conflict("You must set `node.id` to the same value as `broker.id`.");
    }
    let is_empty = |name: &str| values.get(name).is_some_and(|text| list(text).next().is_none());
    if is_empty("process.roles") {
        return conflict("Configuration 'process.roles' must not be empty. Valid values include: [broker, controller]");
    }
    for name in ["log.dirs", "log.dir"] {
        if is_empty(name) {
            return Err(NodeConfigError::Conflict(format!(
                "Configuration '{name}' must not be empty. Valid values include: any non-empty value"
            )));
        }
        let has_gap = |text: &String| text.split(',').any(|item| item.trim().is_empty());
        if values.get(name).is_some_and(has_gap) {
            return Err(NodeConfigError::Conflict(format!(
                "Configuration '{name}' values must not be empty."
            )));
        }
    }
    Ok(())
}

fn endpoints(text: &str) -> Result<Vec<Endpoint>, NodeConfigError> {
    let parsed = list(text).map(Endpoint::parse).collect::<Result<Vec<_>, _>>()?;
    let twice = |e: &Endpoint| parsed.iter().filter(|other| other.name == e.name).count() > 1;
    match parsed.iter().find(|e| twice(e)) {
        Some(_) => Err(NodeConfigError::Conflict(format!(
            "Each listener must have a different name, listeners: {text}"
        ))),
        None => Ok(parsed),
    }
}

/// Listeners may share a port only if one is on an IPv4 and the other on an IPv6 address.
fn check_ports(listeners: &[Endpoint]) -> Result<(), NodeConfigError> {
    let is_v6 = |endpoint: &Endpoint| endpoint.host.contains(':');
    let is_v4 = |endpoint: &Endpoint| {
        let mut parts = endpoint.host.split('.');
        parts.clone().count() == 4 && parts.all(|part| part.parse::<u8>().is_ok())
    };
    let clash = |a: &Endpoint, b: &Endpoint| {
        a.port == b.port && a.port != 0 && a.name != b.name && !(is_v4(a) && is_v6(b) || is_v6(a) && is_v4(b))
    };
    if listeners.iter().any(|a| listeners.iter().any(|b| clash(a, b))) {
        let all: Vec<String> = listeners.iter().map(ToString::to_string).collect();
        return Err(NodeConfigError::Conflict(format!(
            "Each listener must have a different port, listeners: [{}]",
            all.join(", ")
        )));
    }
    Ok(())
}

fn protocols(
    map: Option<&str>,
    listeners: &[Endpoint],
    controller_names: &[String],
) -> Result<BTreeMap<String, SecurityProtocol>, NodeConfigError> {
    let mut protocols = BTreeMap::new();
    for item in list(map.unwrap_or_default()) {
        let parsed = item.split_once(':').and_then(|(name, protocol)| {
            Some((
                name.trim().to_ascii_uppercase(),
                SecurityProtocol::parse(protocol.trim())?,
            ))
        });
        let (name, protocol) = parsed.ok_or_else(|| {
            NodeConfigError::Conflict(format!("{item} in listener.security.protocol.map is not NAME:PROTOCOL"))
        })?;
        protocols.insert(name, protocol);
    }
    for listener in listeners {
        if protocols.contains_key(&listener.name) {
            continue;
        }
        let implied = match SecurityProtocol::parse(&listener.name) {
            Some(protocol) => protocol,
            // Without a map of one's own, controller listeners are in the clear.
            None if map.is_none() && controller_names.contains(&listener.name) => SecurityProtocol::Plaintext,
            None => {
                return Err(NodeConfigError::Conflict(format!(
                    "No security protocol defined for listener {}",
                    listener.name
                )));
            }
        };
        protocols.insert(listener.name.clone(), implied);
    }
    Ok(protocols)
}

fn voter(text: &str) -> Result<QuorumVoter, NodeConfigError> {
    let form = "Each entry should be in the form `{id}@{host}:{port}`.";
    let conflict = |text: String| NodeConfigError::Conflict(text);
    let (id, address) = text.split_once('@').ok_or_else(|| {
        conflict(format!(
            "Invalid configuration value for 'controller.quorum.voters'. {form}"
        ))
    })?;
    let parsed = id.parse();
    let id = parsed.map_err(|_| conflict(format!("Failed to parse voter ID as an integer from {id}")))?;
    let no_address = || {
        conflict(format!(
            "Failed to parse host name from entry {text} for the configuration controller.quorum.voters. {form}"
        ))
    };
    let (host, port) = address.rsplit_once(':').ok_or_else(no_address)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = port.parse().map_err(|_| no_address())?;
    Ok(QuorumVoter { id, host, port })
}

fn validate(config: &NodeConfig) -> Result<(), NodeConfigError> {
    let conflict = |text: &str| Err(NodeConfigError::Conflict(text.to_owned()));
    if !config.is_broker && !config.is_controller {
        return conflict("process.roles must have at least one of broker and controller");
    }
    if config.controller_listener_names.is_empty() {
        return conflict("controller.listener.names must contain at least one value when running KRaft");
    }
    let has_quorum = !config.quorum_voters.is_empty()
        || list(config.get("controller.quorum.bootstrap.servers").unwrap_or_default())
            .next()
            .is_some();
    if !has_quorum {
        return conflict(
            "If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap controllers or controller.quorum.voters must contain a parseable set of controllers.",
        );
    }
    let is_known = |name: &String| config.listeners.iter().any(|listener| listener.name == *name);
    if config.is_controller && !config.controller_listener_names.iter().any(is_known) {
        return conflict(
            "controller.listener.names must contain at least one value appearing in the 'listeners' configuration when running the KRaft controller role",
        );
    }
    if config.is_controller && !config.controller_listener_names.iter().all(is_known) {
        return conflict(
            "controller.listener.names must only contain values appearing in the 'listeners' configuration when running the KRaft controller role",
        );
    }
    let is_controller = |endpoint: &Endpoint| config.is_controller_listener(&endpoint.name);
    if !config.is_broker && !config.listeners.iter().all(is_controller) {
        return conflict(
            "The listeners config must only contain KRaft controller listeners from controller.listener.names when process.roles=controller",
        );
    }
    if !config.is_controller && config.listeners.iter().any(is_controller) {
        return conflict(
            "controller.listener.names must not contain a value appearing in the 'listeners' configuration when running KRaft with just the broker role",
        );
    }
    if config.is_broker && config.listeners.iter().all(is_controller) {
        return conflict(
            "There must be at least one broker advertised listener. Perhaps all listeners appear in controller.listener.names?",
        );
    }
    let listed = config.quorum_voters.iter().any(|voter| voter.id == config.node_id);
    if config.is_controller && !config.quorum_voters.is_empty() && !listed {
        return Err(NodeConfigError::Conflict(format!(
            "If process.roles contains the 'controller' role, the node id {} must be included in the set of voters controller.quorum.voters=Set({})",
            config.node_id,
            config
                .quorum_voters
                .iter()
                .map(|voter| voter.id.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::keys;
    use super::*;

    const COMBINED: [(&str, &str); 5] = [
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("controller.quorum.voters", "1@localhost:9093"),
        ("listeners", "PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093"),
        ("controller.listener.names", "CONTROLLER"),
    ];

    fn with(extra: &[(&'static str, &'static str)]) -> Result<NodeConfig, NodeConfigError> {
        NodeConfig::parse(COMBINED.iter().copied().chain(extra.iter().copied()))
    }

    #[test]
    fn a_combined_node_is_understood() {
        let config = with(&[("log.dirs", "/a, /b")]).unwrap();
        assert!(config.is_broker && config.is_controller);
        assert_eq!(config.advertised_listeners[0].to_string(), "PLAINTEXT://localhost:9092");
        assert_eq!(config.metadata_log_dir, PathBuf::from("/a"));
        assert_eq!(config.security_protocols["CONTROLLER"], SecurityProtocol::Plaintext);
        assert_eq!(config.quorum_voters[0].port, 9093);
        assert_eq!(config.number("num.partitions"), 1);
        assert!(config.flag("auto.create.topics.enable"));
    }

    #[test]
    fn every_required_key_is_asked_for() {
        let required = keys(Scope::Broker)
            .iter()
            .filter(|key| key.default == Default::Required);
        let mut asked = REQUIRED;
        asked.sort_unstable();
        assert_eq!(required.map(|key| key.name).collect::<Vec<_>>(), asked);
    }

    #[test]
    fn settings_that_contradict_each_other_are_refused_in_kafkas_words() {
        let complaint = |extra: &[(&'static str, &'static str)]| with(extra).unwrap_err().to_string();
        let no_quorum = COMBINED
            .into_iter()
            .filter(|(name, _)| *name != "controller.quorum.voters");
        let no_quorum = NodeConfig::parse(no_quorum).unwrap_err().to_string();
        assert!(no_quorum.starts_with("If using process.roles, either controller.quorum.bootstrap.servers"));
        assert!(complaint(&[("process.roles", "")]).starts_with("Configuration 'process.roles' must not be empty."));
        assert_eq!(
            complaint(&[("broker.id", "2")]),
            "You must set `node.id` to the same value as `broker.id`."
        );
        assert_eq!(
            complaint(&[("log.dirs", "/a,,/b")]),
            "Configuration 'log.dirs' values must not be empty."
        );
        assert_eq!(
            complaint(&[("controller.quorum.voters", "x@a:1")]),
            "Failed to parse voter ID as an integer from x"
        );
        assert_eq!(
            complaint(&[("listeners", "PLAINTEXT://:9092,CONTROLLER://:9092")]),
            "Each listener must have a different port, listeners: [PLAINTEXT://:9092, CONTROLLER://:9092]"
        );
        let both = [
            ("listeners", "PLAINTEXT://127.0.0.1:9092,CONTROLLER://[::1]:9092"),
            ("log.dirs", "/a"),
        ];
        assert!(with(&both).is_ok());
        let unmapped = complaint(&[("listeners", "X://:1,CONTROLLER://:2")]);
        assert_eq!(unmapped, "No security protocol defined for listener X");
    }

    #[test]
    fn broker_id_stands_for_node_id() {
        let entries = COMBINED.map(|(name, value)| {
            if name == "node.id" {
                ("broker.id", value)
            } else {
                (name, value)
            }
        });
        assert_eq!(NodeConfig::parse(entries).unwrap().node_id, 1);
    }

    #[test]
    fn wrong_values_stop_the_start_and_unknown_keys_are_named() {
        let wrong = with(&[("num.partitions", "many")]).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "Invalid value many for configuration num.partitions: Not a number of type INT"
        );
        let config = with(&[("num.partition", "3"), ("kfleet.own", "1")]).unwrap();
        assert_eq!(
            config.warnings,
            ["num.partition is not a configuration of Kafka 4.3; did you mean num.partitions?"]
        );
        assert!(matches!(
            NodeConfig::parse([("node.id", "1")]),
            Err(NodeConfigError::Missing { .. })
        ));
        assert!(with(&[("controller.quorum.voters", "2@localhost:9093")]).is_err());
        assert!(with(&[("listeners", "PLAINTEXT//:9092")]).is_err());
        assert!(with(&[("listeners", "A://:1,A://:2")]).is_err());
    }
}
