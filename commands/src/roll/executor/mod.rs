//! What stops and starts nodes, and tells their processes apart.

mod process;
mod sandbox;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use protocol::files::MetaProperties;
use roller::run::Probe;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::context::parse_duration;
use crate::error::CommandError;

/// How long it may take to find out which process a node is.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// What stops and starts nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// The processes of a `kfleet sandbox` on this machine
    Sandbox,
}

/// What stops and starts nodes, and how long it may take.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub(super) struct MeansArgs {
    /// What stops and starts nodes
    #[arg(long, value_enum, value_name = "KIND")]
    executor: Kind,
    /// The folder of the sandbox, as it was given to `kfleet sandbox --data-dir`
    #[arg(long, value_name = "DIR", required_if_eq("executor", "sandbox"))]
    sandbox: Option<PathBuf>,
    /// How long a node may take to stop; a controlled shutdown moves its leaders away first
    #[arg(long, default_value = "6m", value_parser = parse_duration, value_name = "DURATION")]
    stop_timeout: Duration,
    /// How long it may take to start a process; until a node is back in sync there is --recovery-timeout
    #[arg(long, default_value = "2m", value_parser = parse_duration, value_name = "DURATION")]
    start_timeout: Duration,
    /// Kill nodes that do not stop in time; without this, it ends there
    #[arg(long)]
    force_kill: bool,
}

impl MeansArgs {
    /// As it is written down.
    pub(super) fn means(&self) -> Result<Means, CommandError> {
        let kind = match (self.executor, &self.sandbox) {
            (Kind::Sandbox, Some(dir)) => {
                let dir = std::fs::canonicalize(dir);
                let dir = dir.map_err(|error| CommandError::io("looking for the sandbox", &error))?;
                MeansKind::Sandbox { dir }
            }
            (Kind::Sandbox, None) => return Err(CommandError::usage("--executor sandbox needs --sandbox DIR")),
        };
        Ok(Means {
            kind,
            stop_timeout: self.stop_timeout,
            start_timeout: self.start_timeout,
            force_kill: self.force_kill,
        })
    }
}

/// What stops and starts nodes: part of the journal, so that whoever goes on does it the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Means {
    kind: MeansKind,
    stop_timeout: Duration,
    start_timeout: Duration,
    force_kill: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "executor")]
enum MeansKind {
    Sandbox { dir: PathBuf },
}

/// Stops and starts nodes.
#[derive(Debug)]
pub(super) struct Executor {
    means: Means,
    cluster_id: String,
}

impl Executor {
    /// By these means, for this cluster.
    pub(super) fn new(means: Means, cluster_id: &str) -> Self {
        Self {
            means,
            cluster_id: cluster_id.to_owned(),
        }
    }

    /// Whether what would be stopped is this node of this cluster; why not.
    pub(super) async fn check(&self, node: i32) -> Result<(), String> {
        let MeansKind::Sandbox { dir } = &self.means.kind;
        let files = sandbox::meta_properties(dir, node)?;
        for (path, text) in files {
            let found = MetaProperties::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            is_of(&found, node, &self.cluster_id).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        Ok(())
    }

    /// Which process a node is.
    pub(super) async fn probe(&self, node: i32) -> Result<Probe, String> {
        let MeansKind::Sandbox { dir } = &self.means.kind;
        within(PROBE_MAX, sandbox::probe(dir, node)).await
    }

    /// Stops the process that a node was when it was probed, and waits until it has ended.
    pub(super) async fn stop(&self, node: i32, identity: &Probe) -> Result<(), String> {
        self.check(node).await?;
        let MeansKind::Sandbox { dir } = &self.means.kind;
        let stopped = within(self.means.stop_timeout, sandbox::stop(dir, node, identity)).await;
        match stopped {
            Err(_) if self.means.force_kill => within(PROBE_MAX, sandbox::kill(dir, node, identity)).await,
            stopped => stopped,
        }
    }

    /// Starts a node that has ended.
    pub(super) async fn start(&self, node: i32) -> Result<(), String> {
        let MeansKind::Sandbox { dir } = &self.means.kind;
        within(self.means.start_timeout, sandbox::start(dir, node)).await
    }
}

async fn within<T>(max: Duration, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| Err(format!("it takes longer than {} s", max.as_secs_f64()));
    timeout(max, work).await.unwrap_or_else(late)
}

/// Whether a directory is this node's, in this cluster.
fn is_of(found: &MetaProperties, node: i32, cluster_id: &str) -> Result<(), String> {
    if found.node_id.is_some_and(|id| id != node) {
        return Err(format!("node.id is {}, not {node}", found.node_id.unwrap_or_default()));
    }
    match found.cluster_id.as_deref() {
        Some(id) if id != cluster_id => Err(format!("cluster.id is {id}, not {cluster_id}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_another_node_or_cluster_is_known() {
        let found = MetaProperties::parse(b"version=1\nnode.id=3\ncluster.id=c\n").unwrap();
        assert_eq!(is_of(&found, 3, "c"), Ok(()));
        assert_eq!(is_of(&found, 4, "c"), Err("node.id is 3, not 4".to_owned()));
        assert_eq!(is_of(&found, 3, "d"), Err("cluster.id is c, not d".to_owned()));
    }
}
