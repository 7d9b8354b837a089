//! What server.properties says of a node of a sandbox.

use std::path::Path;

use protocol::properties::Properties;

use super::layout::NodePlan;
use crate::error::CommandError;

/// Replicas that topics have if there are as many brokers.
const REPLICAS_WANTED: usize = 3;
/// What is another value for each node, or has to fit what the others have. On the only node of a sandbox all may be set.
const OF_ONE_NODE: [&str; 12] = [
    "advertised.listeners",
    "broker.id",
    "broker.rack",
    "controller.listener.names",
    "controller.quorum.bootstrap.servers",
    "controller.quorum.voters",
    "listeners",
    "log.dir",
    "log.dirs",
    "metadata.log.dir",
    "node.id",
    "process.roles",
];

/// Where a node listens; a port for each of its roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Endpoints {
    pub(crate) broker: Option<u16>,
    pub(crate) controller: Option<u16>,
}

/// What all nodes of a sandbox are told alike.
#[derive(Debug)]
pub(crate) struct Common<'a> {
    pub(crate) nodes: &'a [(NodePlan, Endpoints)],
    /// Whether the voters of the quorum are in its log, and not in properties.
    pub(crate) is_dynamic: bool,
    pub(crate) settings: &'a [(String, String)],
}

/// KEY=VALUE pairs, as they were given.
pub(crate) fn parse_settings(texts: &[String], nodes: usize) -> Result<Vec<(String, String)>, CommandError> {
    let mut settings = Vec::new();
    for text in texts {
        let pair = text.split_once('=');
        let (key, value) = pair.ok_or_else(|| CommandError::usage(format!("\"{text}\" is not KEY=VALUE")))?;
        if nodes > 1 && OF_ONE_NODE.contains(&key.trim()) {
            return Err(CommandError::usage(format!(
                "{key} is not the same for all {nodes} nodes, and --set sets it for all"
            )));
        }
        settings.push((key.to_owned(), value.to_owned()));
    }
    Ok(settings)
}

impl Common<'_> {
    /// The file of one of the nodes, with its data below `data`.
    pub(crate) fn text(&self, plan: &NodePlan, endpoints: Endpoints, data: &Path) -> String {
        let mut text = String::new();
        let mut set = |key: &str, value: &str| text.push_str(&format!("{key}={value}\n"));
        let (broker, controller) = (endpoints.broker.map(address), endpoints.controller.map(address));
        let broker = broker.map(|address| format!("PLAINTEXT://{address}"));
        let controller = controller.map(|address| format!("CONTROLLER://{address}"));
        set("process.roles", &plan.roles().join(","));
        set("node.id", &plan.id.to_string());
        set(
            "listeners",
            &broker.iter().chain(&controller).cloned().collect::<Vec<_>>().join(","),
        );
        if let Some(broker) = &broker {
            set("advertised.listeners", broker);
        }
        set("controller.listener.names", "CONTROLLER");
        set(
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        );
        let (key, controllers) = self.controllers();
        set(key, &controllers);
        if let Some(rack) = &plan.rack {
            set("broker.rack", rack);
        }
        set("log.dirs", &Properties::escape_value(&data.display().to_string()));
        for (key, value) in self.replication() {
            set(key, &value.to_string());
        }
        set("group.initial.rebalance.delay.ms", "0");
        for (key, value) in self.settings {
            set(&Properties::escape_key(key), &Properties::escape_value(value));
        }
        text
    }

    fn controllers(&self) -> (&'static str, String) {
        let with_address = self.nodes.iter().filter_map(|(plan, endpoints)| {
            let address = address(endpoints.controller?);
            Some(if self.is_dynamic {
                address
            } else {
                format!("{}@{address}", plan.id)
            })
        });
        let list = with_address.collect::<Vec<_>>().join(",");
        if self.is_dynamic {
            ("controller.quorum.bootstrap.servers", list)
        } else {
            ("controller.quorum.voters", list)
        }
    }

    /// As many replicas as there are brokers for, and so few of them in sync that any one broker may be missing: whoever
    /// starts several brokers wants to see them fail, and Kafka's defaults need three and two of them, or, for topics
    /// whose creator did not say, have a single replica.
    fn replication(&self) -> Vec<(&'static str, usize)> {
        let brokers = self.nodes.iter().filter(|(plan, _)| plan.is_broker).count();
        let replicas = brokers.min(REPLICAS_WANTED);
        let in_sync = (replicas - 1).max(1);
        let mut all = vec![
            ("offsets.topic.replication.factor", replicas),
            ("transaction.state.log.replication.factor", replicas),
            ("transaction.state.log.min.isr", in_sync),
            ("share.coordinator.state.topic.replication.factor", replicas),
            ("share.coordinator.state.topic.min.isr", in_sync),
        ];
        if replicas > 1 {
            all.push(("default.replication.factor", replicas));
        }
        all
    }
}

/// host:port.
pub(crate) fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use protocol::config::NodeConfig;

    use super::super::layout::Shape;
    use super::*;

    fn nodes(shape: Shape) -> Vec<(NodePlan, Endpoints)> {
        let endpoints = |at: usize, plan: &NodePlan| Endpoints {
            broker: plan.is_broker.then_some(10_000 + at as u16),
            controller: plan.is_controller.then_some(20_000 + at as u16),
        };
        let plans = shape.nodes().unwrap().into_iter().enumerate();
        plans.map(|(at, plan)| (plan.clone(), endpoints(at, &plan))).collect()
    }

    fn texts(shape: Shape, is_dynamic: bool, settings: &[&str]) -> Vec<String> {
        let nodes = nodes(shape);
        let settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
        let settings = parse_settings(&settings, nodes.len()).unwrap();
        let common = Common {
            nodes: &nodes,
            is_dynamic,
            settings: &settings,
        };
        let text = |(plan, endpoints): &(NodePlan, Endpoints)| common.text(plan, *endpoints, Path::new("/x/data"));
        nodes.iter().map(text).collect()
    }

    fn parsed(text: &str) -> NodeConfig {
        let config = NodeConfig::parse(Properties::parse(text.as_bytes()).iter()).unwrap();
        assert_eq!(config.warnings, Vec::<String>::new());
        config
    }

    #[test]
    fn one_node_has_one_replica_of_everything() {
        let text = texts(Shape::SINGLE, false, &["a b=c d"]).remove(0);
        assert_eq!(
            text,
            "process.roles=broker,controller\nnode.id=1\n\
             listeners=PLAINTEXT://127.0.0.1:10000,CONTROLLER://127.0.0.1:20000\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:10000\n\
             controller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
             controller.quorum.voters=1@127.0.0.1:20000\n\
             log.dirs=/x/data\n\
             offsets.topic.replication.factor=1\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             share.coordinator.state.topic.replication.factor=1\n\
             share.coordinator.state.topic.min.isr=1\n\
             group.initial.rebalance.delay.ms=0\n\
             a\\ b=c d\n"
        );
    }

    #[test]
    fn nodes_have_what_their_roles_need_and_know_the_same_controllers() {
        let shape = Shape {
            brokers: 2,
            controllers: Some(2),
            racks: Some(2),
            is_separate: true,
        };
        let texts = texts(shape, false, &["num.partitions=7"]);
        let configs: Vec<NodeConfig> = texts.iter().map(|text| parsed(text)).collect();
        for config in &configs {
            let voters: Vec<_> = config
                .quorum_voters
                .iter()
                .map(|voter| (voter.id, voter.port))
                .collect();
            assert_eq!(voters, [(3001, 20_002), (3002, 20_003)]);
            assert_eq!(config.number("num.partitions"), 7);
            assert_eq!(config.number("default.replication.factor"), 2);
            assert_eq!(config.number("transaction.state.log.min.isr"), 1);
        }
        let listeners = |config: &NodeConfig| config.listeners.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(listeners(&configs[1]), ["PLAINTEXT://127.0.0.1:10001"]);
        assert_eq!(listeners(&configs[2]), ["CONTROLLER://127.0.0.1:20002"]);
        assert_eq!(configs[1].rack.as_deref(), Some("rack-2"));
        assert_eq!(configs[2].rack, None);
    }

    #[test]
    fn many_brokers_have_three_replicas_two_of_them_in_sync() {
        let shape = Shape {
            brokers: 5,
            ..Shape::SINGLE
        };
        let config = parsed(&texts(shape, false, &[])[4]);
        assert_eq!(config.number("offsets.topic.replication.factor"), 3);
        assert_eq!(config.number("transaction.state.log.min.isr"), 2);
        assert_eq!(config.number("default.replication.factor"), 3);
        assert_eq!(config.number("min.insync.replicas"), 1, "it is left as it is");
        assert_eq!(config.quorum_voters.len(), 3);
    }

    #[test]
    fn a_dynamic_quorum_is_found_by_addresses() {
        let shape = Shape {
            brokers: 3,
            ..Shape::SINGLE
        };
        let config = parsed(&texts(shape, true, &[])[0]);
        assert!(config.quorum_voters.is_empty());
        assert_eq!(
            config.get("controller.quorum.bootstrap.servers"),
            Some("127.0.0.1:20000,127.0.0.1:20001,127.0.0.1:20002")
        );
    }

    #[test]
    fn settings_are_pairs_and_leave_each_node_its_own() {
        let wrong = |text: &str, nodes| parse_settings(&[text.to_owned()], nodes).map_err(|error| error.code);
        assert_eq!(wrong("num.partitions", 1), Err(crate::exit_codes::USAGE));
        assert_eq!(wrong("log.dirs=/x", 3), Err(crate::exit_codes::USAGE));
        assert!(wrong("log.dirs=/x", 1).is_ok() && wrong("num.partitions=3", 3).is_ok());
    }
}
