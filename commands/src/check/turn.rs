//! Whose turn it is, where the same line runs on every host and one of them is to do the work.

use std::path::Path;

use client::{Client, Quorum};
use protocol::properties::Properties;

use super::facts::Told;
use super::verdict::Untold;
use crate::error::CommandError;

/// Most that a server.properties may have.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Who is to do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The active controller.
    Controller,
    /// The broker with the lowest id of those that are alive.
    FirstBroker,
}

/// The node of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalNode {
    id: i32,
    /// What it is, if that is known: broker, controller.
    roles: Option<Vec<String>>,
}

impl LocalNode {
    /// As given by its id.
    pub(super) const fn of_id(id: i32) -> Self {
        Self { id, roles: None }
    }

    /// As its server.properties says.
    pub(super) fn read(path: &Path) -> Result<Self, CommandError> {
        let name = path.display();
        let metadata = std::fs::metadata(path).map_err(|error| CommandError::io(&format!("reading {name}"), &error))?;
        if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
            let message = format!("{name} is no file of up to {FILE_BYTES_MAX} bytes");
            return Err(CommandError::data(message));
        }
        let bytes = std::fs::read(path).map_err(|error| CommandError::io(&format!("reading {name}"), &error))?;
        Self::of_properties(&Properties::parse(&bytes))
            .ok_or_else(|| CommandError::data(format!("{name} has no node.id that is a number from 0 on")))
    }

    fn of_properties(properties: &Properties) -> Option<Self> {
        let id = properties.get("node.id").or_else(|| properties.get("broker.id"))?;
        let id = id.trim().parse().ok().filter(|id| *id >= 0)?;
        let roles = properties.get("process.roles");
        let roles = roles.map(|roles| roles.split(',').map(|role| role.trim().to_owned()).collect());
        Some(Self { id, roles })
    }

    fn never(&self, role: &str) -> Option<Untold> {
        let roles = self.roles.as_ref()?;
        let is = roles.iter().any(|own| own == role);
        (!is).then(|| self.untold(format!("process.roles is {}, so it is never its turn", roles.join(","))))
    }

    fn untold(&self, message: String) -> Untold {
        Untold::new(format!("node {}", self.id), "data", message)
    }

    /// Whose turn it is if not this node's; an error on a host whose turn can never be.
    pub(super) async fn yields_to(&self, turn: Turn, client: &Client) -> Told<Option<String>> {
        match turn {
            Turn::Controller => {
                let quorum = client.describe_quorum().await;
                self.yields_to_leader(&quorum.map_err(|error| Untold::by_client("the active controller", error))?)
            }
            Turn::FirstBroker => {
                let metadata = client.metadata(Some(&[])).await;
                let metadata = metadata.map_err(|error| Untold::by_client("live brokers", error))?;
                let alive: Vec<i32> = metadata.brokers.iter().map(|broker| broker.node_id.0).collect();
                self.yields_to_first(&alive)
            }
        }
    }

    fn yields_to_leader(&self, quorum: &Quorum) -> Told<Option<String>> {
        if let Some(never) = self.never("controller") {
            return Err(never);
        }
        if quorum.voters_with_id(self.id).next().is_none() {
            let why = "it is no voter of the metadata quorum, so it is never its turn";
            return Err(self.untold(why.to_owned()));
        }
        match quorum.leader_id {
            none if none < 0 => Err(Untold::new(
                "the active controller",
                "unreachable",
                "no leader is known",
            )),
            leader if leader == self.id => Ok(None),
            leader => Ok(Some(format!(
                "{leader} is the active controller, and this is {}",
                self.id
            ))),
        }
    }

    fn yields_to_first(&self, alive: &[i32]) -> Told<Option<String>> {
        if let Some(never) = self.never("broker") {
            return Err(never);
        }
        match alive.iter().min() {
            None => Err(Untold::new("live brokers", "unreachable", "there is none")),
            Some(first) if *first == self.id => Ok(None),
            Some(first) => Ok(Some(format!("{first} is the first broker, and this is {}", self.id))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::QuorumReplica;

    fn quorum(leader_id: i32, voters: &[i32]) -> Quorum {
        let voter = |id: &i32| QuorumReplica {
            id: *id,
            directory_id: None,
            endpoints: Vec::new(),
            log_end_offset: None,
            last_fetch_ms: None,
            last_caught_up_ms: None,
        };
        Quorum {
            leader_id,
            leader_epoch: 1,
            high_watermark: None,
            voters: voters.iter().map(voter).collect(),
            observers: Vec::new(),
        }
    }

    fn of(text: &str) -> Option<LocalNode> {
        LocalNode::of_properties(&Properties::parse(text.as_bytes()))
    }

    #[test]
    fn it_is_the_leaders_turn_and_on_no_other_host_ok_by_mistake() {
        let node = LocalNode::of_id(0);
        assert_eq!(node.yields_to_leader(&quorum(0, &[0, 1])), Ok(None), "0 is a node, too");
        let other = node.yields_to_leader(&quorum(1, &[0, 1])).unwrap();
        assert_eq!(other.unwrap(), "1 is the active controller, and this is 0");
        assert!(node.yields_to_leader(&quorum(1, &[1, 2])).is_err(), "no voter");
        assert!(node.yields_to_leader(&quorum(-1, &[0, 1])).is_err(), "no leader");
        let broker = of("node.id=0\nprocess.roles=broker\n").unwrap();
        assert!(broker.yields_to_leader(&quorum(0, &[0])).is_err());
    }

    #[test]
    fn it_is_the_turn_of_the_lowest_live_broker() {
        let node = of("process.roles = broker, controller\nnode.id = 2\n").unwrap();
        assert_eq!(node.yields_to_first(&[3, 2]), Ok(None));
        let other = node.yields_to_first(&[3, 1, 2]).unwrap();
        assert_eq!(other.unwrap(), "1 is the first broker, and this is 2");
        assert!(node.yields_to_first(&[]).is_err());
        let controller = of("node.id=2\nprocess.roles=controller\n").unwrap();
        assert!(controller.yields_to_first(&[2]).is_err());
    }

    #[test]
    fn a_node_is_read_from_its_properties() {
        assert_eq!(of("node.id=0\n"), Some(LocalNode::of_id(0)));
        for text in ["", "node.id=-1\n", "node.id=x\n"] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }
}
