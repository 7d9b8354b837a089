//! What a sandbox says of itself: cluster.json, and --output json.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::Engine;
use super::node::Node;
use crate::output::{Shown, Table};

const FILE: &str = "cluster.json";

/// A sandbox.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SandboxCluster {
    /// HOST:PORT of all brokers, with commas.
    bootstrap_server: String,
    cluster_id: String,
    nodes: Vec<SandboxNode>,
}

/// One of its nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SandboxNode {
    id: i32,
    /// broker, controller.
    roles: Vec<&'static str>,
    rack: Option<String>,
    /// kfleet or apache.
    engine: &'static str,
    /// None of a node that does not run.
    pid: Option<u32>,
    /// HOST:PORT by name of the listener.
    listeners: BTreeMap<&'static str, String>,
    log_dirs: Vec<PathBuf>,
    /// Its server.properties.
    config: PathBuf,
    /// Where its process says what it does.
    log: PathBuf,
    /// What runs it, and would run it again.
    command: Vec<String>,
}

impl SandboxCluster {
    pub(super) fn new(bootstrap: &str, cluster_id: &str, nodes: &[Node]) -> Self {
        Self {
            bootstrap_server: bootstrap.to_owned(),
            cluster_id: cluster_id.to_owned(),
            nodes: nodes.iter().map(SandboxNode::new).collect(),
        }
    }

    /// Puts it where everybody looks for it; what was there is replaced at once.
    pub(super) fn write(&self, root: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        // It says what is true of running processes, so it need not outlive a power cut.
        let draft = root.join(format!(".{FILE}.draft"));
        fs::write(&draft, format!("{text}\n"))?;
        fs::rename(draft, root.join(FILE))
    }

    /// Takes away what an earlier sandbox said of itself.
    pub(super) fn remove(root: &Path) -> io::Result<()> {
        match fs::remove_file(root.join(FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl SandboxNode {
    fn new(node: &Node) -> Self {
        let listeners = [("PLAINTEXT", node.address()), ("CONTROLLER", node.controller_address())];
        Self {
            id: node.plan.id,
            roles: node.plan.roles(),
            rack: node.plan.rack.clone(),
            engine: match node.engine {
                Engine::Kfleet => "kfleet",
                Engine::Apache => "apache",
            },
            pid: node.pid(),
            listeners: listeners
                .into_iter()
                .filter_map(|(name, at)| Some((name, at?)))
                .collect(),
            log_dirs: node.log_dirs.clone(),
            config: node.files.properties.clone(),
            log: node.files.log.clone(),
            command: node
                .command
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
        }
    }
}

impl Shown for SandboxCluster {
    const SCHEMA: &'static str = "sandbox/1";

    /// The address, for those who read the first line and go on; nodes if more is asked for.
    fn table(&self, wide: bool) -> Table {
        if !wide {
            return Table {
                headers: Vec::new(),
                rows: vec![vec![self.bootstrap_server.clone()]],
            };
        }
        let row = |node: &SandboxNode| {
            let listeners = node
                .listeners
                .iter()
                .map(|(name, address)| format!("{name}://{address}"));
            vec![
                node.id.to_string(),
                node.roles.join(","),
                node.rack.clone().unwrap_or_else(|| "-".to_owned()),
                node.engine.to_owned(),
                node.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string()),
                listeners.collect::<Vec<_>>().join(","),
                node.config.display().to_string(),
            ]
        };
        Table {
            headers: vec!["ID", "ROLES", "RACK", "ENGINE", "PID", "LISTENERS", "CONFIG"],
            rows: self.nodes.iter().map(row).collect(),
        }
    }
}
