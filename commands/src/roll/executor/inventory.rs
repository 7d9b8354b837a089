//! Where nodes are: a file that maps their ids to hosts, units and pods.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::CommandError;
use crate::json_file::read_text;

/// Where a node is; `{node}` in a value stands for its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Place {
    /// As ssh knows it.
    pub(super) host: Option<String>,
    /// Who logs in there; otherwise as ssh's configuration says.
    pub(super) user: Option<String>,
    /// The unit of systemd.
    pub(super) unit: Option<String>,
    /// The pod, and its namespace.
    pub(super) pod: Option<String>,
    pub(super) namespace: Option<String>,
    /// The meta.properties of a log directory.
    pub(super) meta_properties: Option<String>,
    /// The release of its software; what `upgrade plan` is told of nodes that do not tell it.
    pub(crate) release: Option<String>,
}

impl Place {
    /// All values with their names.
    pub(super) fn values(&self) -> [(&'static str, Option<&String>); 7] {
        [
            ("host", self.host.as_ref()),
            ("user", self.user.as_ref()),
            ("unit", self.unit.as_ref()),
            ("pod", self.pod.as_ref()),
            ("namespace", self.namespace.as_ref()),
            ("meta_properties", self.meta_properties.as_ref()),
            ("release", self.release.as_ref()),
        ]
    }
}

/// A file with `[defaults]` and `[nodes.ID]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Inventory {
    defaults: Place,
    nodes: BTreeMap<String, Place>,
}

impl Inventory {
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let wrong = |why: &dyn std::fmt::Display| CommandError::data(format!("{}: {why}", path.display()));
        let inventory: Self = toml::from_str(&read_text(path)?).map_err(|error| wrong(&error))?;
        match inventory.nodes.keys().find(|id| id.parse::<i32>().is_err()) {
            Some(id) => Err(wrong(&format!("[nodes.{id}]: \"{id}\" is not a node's id"))),
            None => Ok(inventory),
        }
    }

    /// Where a node is. A value that a program could take for a flag is none.
    pub(crate) fn place(&self, node: i32) -> Result<Place, String> {
        let own = self.nodes.get(&node.to_string()).cloned().unwrap_or_default();
        let default = &self.defaults;
        let value = |own: Option<String>, default: &Option<String>| {
            let value = own.or_else(|| default.clone());
            value.map(|value| value.replace("{node}", &node.to_string()))
        };
        let place = Place {
            host: value(own.host, &default.host),
            user: value(own.user, &default.user),
            unit: value(own.unit, &default.unit),
            pod: value(own.pod, &default.pod),
            namespace: value(own.namespace, &default.namespace),
            meta_properties: value(own.meta_properties, &default.meta_properties),
            release: value(own.release, &default.release),
        };
        for (name, value) in place.values() {
            let is_bad =
                |value: &&String| value.is_empty() || value.starts_with('-') || value.chars().any(char::is_control);
            if let Some(bad) = value.filter(is_bad) {
                return Err(format!("{name} = {bad:?} of node {node} makes no sense"));
            }
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Inventory, CommandError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Inventory::read(file.path())
    }

    #[test]
    fn a_node_has_its_own_values_and_those_of_all() {
        let text = "[defaults]\nhost = \"k{node}.example\"\nunit = \"kafka\"\n[nodes.3]\nunit = \"kafka@3\"\n";
        let inventory = read(text).unwrap();
        let place = inventory.place(3).unwrap();
        assert_eq!(
            (place.host.as_deref(), place.unit.as_deref()),
            (Some("k3.example"), Some("kafka@3"))
        );
        assert_eq!(inventory.place(4).unwrap().unit.as_deref(), Some("kafka"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert!(read("[nodes.x]\n").unwrap_err().message.contains("not a node's id"));
        assert!(
            read("[defaults]\nhosts = \"a\"\n")
                .unwrap_err()
                .message
                .contains("hosts")
        );
        let flag = read("[defaults]\nhost = \"-oProxyCommand=x\"\n").unwrap();
        assert!(flag.place(1).unwrap_err().contains("host"));
    }
}
