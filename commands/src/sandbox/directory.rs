//! Where a sandbox keeps its files, and what an earlier one left there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use protocol::files::names;
use protocol::properties::Properties;

use super::layout::NodePlan;
use super::properties::Endpoints;
use crate::error::CommandError;

/// The files of a node.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// The folder they are in: one of its own, or, for a node that is alone, that of the sandbox.
    pub(crate) folder: PathBuf,
    pub(crate) properties: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) log: PathBuf,
}

impl Files {
    fn of(root: &Path, id: i32, is_alone: bool) -> Self {
        let folder = if is_alone {
            root.to_owned()
        } else {
            root.join(format!("node-{id}"))
        };
        Self {
            properties: folder.join("server.properties"),
            data: folder.join("data"),
            log: folder.join(format!("node-{id}.log")),
            folder,
        }
    }
}

/// Where each node's files are, in the order of nodes.
pub(crate) fn files(root: &Path, nodes: &[NodePlan]) -> Vec<Files> {
    let is_alone = matches!(nodes, [only] if only.id == 1 && only.is_controller);
    nodes.iter().map(|node| Files::of(root, node.id, is_alone)).collect()
}

/// Nodes that were formatted in a directory before, by their folders, with what they were told then.
#[derive(Debug)]
pub(crate) struct Earlier {
    root: PathBuf,
    nodes: BTreeMap<PathBuf, Properties>,
}

impl Earlier {
    /// Looks through a directory.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut folders = vec![root.to_owned()];
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_prefix("node-"));
            if id.is_some_and(|id| id.parse::<u32>().is_ok()) {
                folders.push(entry.path());
            }
        }
        let mut nodes = BTreeMap::new();
        for folder in folders {
            if folder.join("data").join(names::META_PROPERTIES).exists() {
                // Of a node that lost its properties nothing is known, and nothing is checked.
                let told = fs::read(folder.join("server.properties")).unwrap_or_default();
                nodes.insert(folder, Properties::parse(&told));
            }
        }
        Ok(Self {
            root: root.to_owned(),
            nodes,
        })
    }

    /// Whether these nodes may go on with what is there. Brokers may be added, nothing else may change: a node that is
    /// left out takes its replicas with it, and controllers that know nothing could outvote those that do.
    pub(crate) fn check(&self, nodes: &[NodePlan], files: &[Files], is_dynamic: bool) -> Result<(), CommandError> {
        let controllers: Vec<i32> = nodes
            .iter()
            .filter(|node| node.is_controller)
            .map(|node| node.id)
            .collect();
        let voters = if is_dynamic { &[][..] } else { &controllers };
        for (folder, told) in &self.nodes {
            let at = files.iter().position(|files| files.folder == *folder);
            let Some(node) = at.and_then(|at| nodes.get(at)) else {
                return Err(self.another(&format!(
                    "{} is of a node that there is not to be now",
                    folder.display()
                )));
            };
            let Some(roles) = told.get("process.roles") else {
                continue;
            };
            if roles != node.roles().join(",") {
                return Err(self.another(&format!("node {} was {roles}", node.id)));
            }
            if voters_of(told) != voters {
                return Err(self.another("its quorum was another one"));
            }
        }
        let is_new = |id: i32| {
            let at = nodes.iter().position(|node| node.id == id);
            let folder = at.and_then(|at| files.get(at)).map(|files| &files.folder);
            folder.is_none_or(|folder| !self.nodes.contains_key(folder))
        };
        if is_dynamic && !self.nodes.is_empty() && controllers.iter().any(|id| is_new(*id)) {
            return Err(self.another("not all of its controllers are there"));
        }
        Ok(())
    }

    fn another(&self, why: &str) -> CommandError {
        CommandError::refused(format!("{} has another sandbox: {why}", self.root.display()))
            .hint("start it with the flags of the first time, only --brokers may grow; or name another directory")
    }

    /// The ports of a node, if it was there before.
    pub(crate) fn endpoints(&self, files: &Files) -> Option<Endpoints> {
        let listeners = self.nodes.get(&files.folder)?.get("listeners")?;
        let port = |name: &str| {
            let of_name = |listener: &str| listener.trim().strip_prefix(name)?.strip_prefix("://")?.parse().ok();
            let mut found = listeners.split(',').filter_map(of_name);
            found.next().map(|address: std::net::SocketAddr| address.port())
        };
        Some(Endpoints {
            broker: port("PLAINTEXT"),
            controller: port("CONTROLLER"),
        })
    }
}

/// Ids of the voters in a node's properties.
fn voters_of(told: &Properties) -> Vec<i32> {
    let voters = told.get("controller.quorum.voters").unwrap_or_default();
    let ids = voters.split(',').filter_map(|voter| voter.split_once('@'));
    ids.filter_map(|(id, _)| id.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::layout::Shape;
    use super::super::properties::Common;
    use super::*;
    use crate::exit_codes::REFUSED;

    fn shape(brokers: u16, controllers: u16) -> Shape {
        Shape {
            brokers,
            controllers: Some(controllers),
            ..Shape::SINGLE
        }
    }

    /// Puts there what a sandbox of this shape leaves, for the first nodes of it.
    fn leave(root: &Path, shape: Shape, is_dynamic: bool, formatted: usize) {
        let plans = shape.nodes().unwrap();
        let endpoints = |plan: &NodePlan| Endpoints {
            broker: plan.is_broker.then_some(11_000 + plan.id as u16),
            controller: plan.is_controller.then_some(12_000 + plan.id as u16),
        };
        let nodes: Vec<_> = plans.iter().map(|plan| (plan.clone(), endpoints(plan))).collect();
        let common = Common {
            nodes: &nodes,
            is_dynamic,
            settings: &[],
        };
        for ((plan, endpoints), files) in nodes.iter().zip(files(root, &plans)).take(formatted) {
            fs::create_dir_all(&files.data).unwrap();
            fs::write(&files.properties, common.text(plan, *endpoints, &files.data)).unwrap();
            fs::write(files.data.join(names::META_PROPERTIES), "").unwrap();
        }
    }

    fn check(root: &Path, shape: Shape, is_dynamic: bool) -> Result<(), CommandError> {
        let plans = shape.nodes().unwrap();
        Earlier::read(root)
            .unwrap()
            .check(&plans, &files(root, &plans), is_dynamic)
    }

    #[test]
    fn one_node_has_no_folder_of_its_own() {
        let of = |shape: Shape| {
            let plans = shape.nodes().unwrap();
            let folders = files(Path::new("/s"), &plans).into_iter().map(|files| files.folder);
            folders.map(|folder| folder.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(of(Shape::SINGLE), ["/s"]);
        assert_eq!(of(shape(2, 1)), ["/s/node-1", "/s/node-2"]);
        let separate = Shape {
            is_separate: true,
            ..shape(1, 1)
        };
        assert_eq!(of(separate), ["/s/node-1", "/s/node-3001"]);
    }

    #[test]
    fn the_same_nodes_go_on_and_brokers_may_join_them() {
        for (before, after) in [
            (shape(3, 3), shape(3, 3)),
            (shape(3, 3), shape(5, 3)),
            (shape(2, 1), shape(3, 1)),
            (shape(1, 1), shape(1, 1)),
        ] {
            for is_dynamic in [false, true] {
                let dir = tempfile::tempdir().unwrap();
                check(dir.path(), after, is_dynamic).unwrap();
                leave(dir.path(), before, is_dynamic, usize::MAX);
                check(dir.path(), after, is_dynamic).unwrap();
            }
        }
    }

    #[test]
    fn a_format_that_was_cut_short_is_completed_where_that_is_safe() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), shape(3, 3), false, 1);
        check(dir.path(), shape(3, 3), false).unwrap();
        // Of a dynamic quorum each voter was given an id that only the formatted ones know.
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), shape(3, 3), true, 1);
        assert_eq!(check(dir.path(), shape(3, 3), true).unwrap_err().code, REFUSED);
    }

    #[test]
    fn another_sandbox_is_refused() {
        let separate = Shape {
            is_separate: true,
            ..shape(3, 3)
        };
        for (before, after, said) in [
            (shape(1, 1), shape(3, 3), "there is not to be"),
            (shape(3, 3), shape(1, 1), "there is not to be"),
            (shape(3, 1), shape(2, 1), "there is not to be"),
            (shape(3, 1), shape(3, 3), "quorum was another"),
            (shape(3, 3), shape(3, 1), "quorum was another"),
            (shape(3, 3), separate, "was broker,controller"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            leave(dir.path(), before, false, usize::MAX);
            let error = check(dir.path(), after, false).unwrap_err();
            assert_eq!(error.code, REFUSED);
            assert!(error.message.contains(said), "{said} is not in {}", error.message);
        }
        for is_dynamic in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            leave(dir.path(), shape(3, 3), is_dynamic, usize::MAX);
            assert_eq!(check(dir.path(), shape(3, 3), !is_dynamic).unwrap_err().code, REFUSED);
        }
    }

    #[test]
    fn ports_of_earlier_nodes_are_known() {
        let dir = tempfile::tempdir().unwrap();
        leave(dir.path(), shape(2, 1), true, usize::MAX);
        let earlier = Earlier::read(dir.path()).unwrap();
        let files = files(dir.path(), &shape(3, 1).nodes().unwrap());
        let endpoints = |broker, controller| Some(Endpoints { broker, controller });
        assert_eq!(earlier.endpoints(&files[0]), endpoints(Some(11_001), Some(12_001)));
        assert_eq!(earlier.endpoints(&files[1]), endpoints(Some(11_002), None));
        assert_eq!(earlier.endpoints(&files[2]), None);
    }
}
