//! What stops and starts nodes, and tells their processes apart.

mod inventory;
mod lines;
mod process;
mod sandbox;
mod shell;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use protocol::files::MetaProperties;
use roller::run::Probe;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

pub(crate) use self::inventory::Inventory;
use self::lines::{By, Lines, filled};
use crate::context::parse_duration;
use crate::error::CommandError;

/// How long it may take to find out which process a node is.
const PROBE_MAX: Duration = Duration::from_secs(30);

/// What stops and starts nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// The processes of a `kfleet sandbox` on this machine
    Sandbox,
    /// --stop-command and --start-command, run by sh
    Command,
    /// systemctl on this machine
    Systemd,
    /// sudo -n systemctl on each node's host, by the system's ssh
    Ssh,
    /// kubectl: pods that are started again when they are deleted
    Kubectl,
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
    /// Where nodes are (TOML): [defaults] and [nodes.ID] with host, user, unit, pod, namespace, meta_properties, release
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// What stops a node, for --executor command; {node}, {host} and the like stand for what the inventory has
    #[arg(long, value_name = "TEMPLATE", required_if_eq("executor", "command"))]
    stop_command: Option<String>,
    /// What starts it again
    #[arg(long, value_name = "TEMPLATE", required_if_eq("executor", "command"))]
    start_command: Option<String>,
    /// What prints by what the node's process is known, such as when it started, and nothing if it has none; without it, an
    /// interrupted step cannot be gone on with
    #[arg(long, value_name = "TEMPLATE")]
    probe_command: Option<String>,
    /// What is run here before a node is stopped; if it fails, the node is left alone
    #[arg(long, value_name = "TEMPLATE")]
    pre_command: Option<String>,
    /// What is run here after a node was started
    #[arg(long, value_name = "TEMPLATE")]
    post_command: Option<String>,
    /// How long a node may take to stop; a controlled shutdown moves its leaders away first
    #[arg(long, default_value = "6m", value_parser = parse_duration, value_name = "DURATION")]
    stop_timeout: Duration,
    /// How long it may take to start a process; until a node is back in sync there is --recovery-timeout
    #[arg(long, default_value = "2m", value_parser = parse_duration, value_name = "DURATION")]
    start_timeout: Duration,
    /// Kill nodes that do not stop in time (sandbox, systemd, ssh); without this, it ends there
    #[arg(long)]
    force_kill: bool,
}

impl MeansArgs {
    /// As it is written down.
    pub(super) fn means(&self) -> Result<Means, CommandError> {
        let is_template = self.executor == Kind::Command;
        if !is_template && (self.stop_command.is_some() || self.start_command.is_some() || self.probe_command.is_some())
        {
            return Err(CommandError::usage(
                "--stop-command, --start-command and --probe-command are for --executor command",
            ));
        }
        if self.force_kill && matches!(self.executor, Kind::Command | Kind::Kubectl) {
            return Err(CommandError::usage(
                "--force-kill is for the executors sandbox, systemd and ssh",
            ));
        }
        Ok(Means {
            kind: self.kind()?,
            inventory: self
                .inventory
                .as_deref()
                .map(Inventory::read)
                .transpose()?
                .unwrap_or_default(),
            pre: self.pre_command.clone(),
            post: self.post_command.clone(),
            stop_timeout: self.stop_timeout,
            start_timeout: self.start_timeout,
            force_kill: self.force_kill,
        })
    }

    fn kind(&self) -> Result<MeansKind, CommandError> {
        let needed = |name: &str| CommandError::usage(format!("this executor needs {name}"));
        Ok(match self.executor {
            Kind::Sandbox => {
                let dir = self.sandbox.as_ref().ok_or_else(|| needed("--sandbox DIR"))?;
                let dir = std::fs::canonicalize(dir);
                let dir = dir.map_err(|error| CommandError::io("looking for the sandbox", &error))?;
                MeansKind::Sandbox { dir }
            }
            Kind::Command => MeansKind::Lines(By::Templates {
                stop: self.stop_command.clone().ok_or_else(|| needed("--stop-command"))?,
                start: self.start_command.clone().ok_or_else(|| needed("--start-command"))?,
                probe: self.probe_command.clone(),
            }),
            Kind::Systemd => MeansKind::Lines(By::Systemd { is_remote: false }),
            Kind::Ssh => MeansKind::Lines(By::Systemd { is_remote: true }),
            Kind::Kubectl => MeansKind::Lines(By::Kubectl),
        })
    }
}

/// What stops and starts nodes: part of the journal, so that whoever goes on does it the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Means {
    kind: MeansKind,
    inventory: Inventory,
    pre: Option<String>,
    post: Option<String>,
    stop_timeout: Duration,
    start_timeout: Duration,
    force_kill: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MeansKind {
    Sandbox { dir: PathBuf },
    Lines(By),
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

    fn lines(&self, by: &By, node: i32) -> Result<Lines, String> {
        by.lines(node, &self.means.inventory.place(node)?)
    }

    /// Whether what would be stopped is this node of this cluster, as far as that can be known; why not.
    pub(super) async fn check(&self, node: i32) -> Result<(), String> {
        let files = match &self.means.kind {
            MeansKind::Sandbox { dir } => sandbox::meta_properties(dir, node)?,
            MeansKind::Lines(by) => match self.lines(by, node)?.meta {
                None => return Ok(()),
                Some(line) => {
                    let text = within(PROBE_MAX, shell::run(&line)).await?;
                    vec![("meta.properties".into(), text.into_bytes())]
                }
            },
        };
        for (path, text) in files {
            let found = MetaProperties::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            is_of(&found, node, &self.cluster_id).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        Ok(())
    }

    /// Which process a node is.
    pub(super) async fn probe(&self, node: i32) -> Result<Probe, String> {
        match &self.means.kind {
            MeansKind::Sandbox { dir } => within(PROBE_MAX, sandbox::probe(dir, node)).await,
            MeansKind::Lines(by) => match self.lines(by, node)?.probe {
                None => Ok(Probe::Unknown),
                Some(line) => by.identity(&within(PROBE_MAX, shell::run(&line)).await?),
            },
        }
    }

    /// Stops the process that a node was when it was probed, and waits until it has ended.
    pub(super) async fn stop(&self, node: i32, identity: &Probe) -> Result<(), String> {
        self.check(node).await?;
        self.hook(self.means.pre.as_deref(), node, self.means.stop_timeout)
            .await?;
        let max = self.means.stop_timeout;
        let stopped = match &self.means.kind {
            MeansKind::Sandbox { dir } => within(max, sandbox::stop(dir, node, identity)).await,
            MeansKind::Lines(by) => within(max, shell::run(&self.lines(by, node)?.stop)).await.map(drop),
        };
        if stopped.is_ok() || !self.means.force_kill {
            return stopped;
        }
        match &self.means.kind {
            MeansKind::Sandbox { dir } => within(PROBE_MAX, sandbox::kill(dir, node, identity)).await,
            MeansKind::Lines(by) => match self.lines(by, node)?.kill {
                None => stopped,
                Some(line) => within(PROBE_MAX, shell::run(&line)).await.map(drop),
            },
        }
    }

    /// Starts a node that has ended.
    pub(super) async fn start(&self, node: i32) -> Result<(), String> {
        let max = self.means.start_timeout;
        match &self.means.kind {
            MeansKind::Sandbox { dir } => within(max, sandbox::start(dir, node)).await?,
            MeansKind::Lines(by) => drop(within(max, shell::run(&self.lines(by, node)?.start)).await?),
        }
        self.hook(self.means.post.as_deref(), node, max).await
    }

    async fn hook(&self, template: Option<&str>, node: i32, max: Duration) -> Result<(), String> {
        let Some(template) = template else { return Ok(()) };
        let line = filled(template, node, &self.means.inventory.place(node)?)?;
        within(max, shell::run(&line)).await.map(drop)
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
