//! Nodes of a sandbox: stopped by signals, started by the sandbox, whose children they stay.

use std::fs;
use std::path::{Path, PathBuf};

use protocol::files::names;
use roller::run::Probe;
use rustix::process::Signal;
use serde::Deserialize;

use super::process;
use crate::sandbox::control::{Wish, ask};

/// What is wanted of cluster.json.
#[derive(Debug, Deserialize)]
struct Described {
    nodes: Vec<DescribedNode>,
}

#[derive(Debug, Deserialize)]
struct DescribedNode {
    id: i32,
    log_dirs: Vec<PathBuf>,
}

/// The meta.properties of a node's directories, with their paths.
pub(super) fn meta_properties(root: &Path, node: i32) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    let read = |path: PathBuf| match fs::read(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) => Err(format!("{}: {error}", path.display())),
    };
    let (path, text) = read(root.join("cluster.json"))?;
    let described: Described = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let found = described.nodes.into_iter().find(|described| described.id == node);
    let found = found.ok_or_else(|| format!("the sandbox in {} has no node {node}", root.display()))?;
    let files = found.log_dirs.iter().map(|dir| dir.join(names::META_PROPERTIES));
    files.map(read).collect()
}

async fn process_of(root: &Path, node: i32) -> Result<Option<(u32, String)>, String> {
    let Some(pid) = ask(root, Wish::Pid(node)).await? else {
        return Ok(None);
    };
    let identity = process::identity(pid).map_err(|error| format!("process {pid}: {error}"))?;
    Ok(identity.map(|identity| (pid, identity)))
}

pub(super) async fn probe(root: &Path, node: i32) -> Result<Probe, String> {
    let process = process_of(root, node).await?;
    Ok(process.map_or(Probe::NotRunning, |(_, identity)| Probe::Is(identity)))
}

/// Asks a node to stop; a controlled shutdown is its drain.
pub(super) async fn stop(root: &Path, node: i32, identity: &Probe) -> Result<(), String> {
    end(root, node, identity, Signal::TERM).await
}

/// Ends a node that does not stop.
pub(super) async fn kill(root: &Path, node: i32, identity: &Probe) -> Result<(), String> {
    end(root, node, identity, Signal::KILL).await
}

async fn end(root: &Path, node: i32, identity: &Probe, signal: Signal) -> Result<(), String> {
    match (process_of(root, node).await?, identity) {
        (None, _) => Ok(()),
        (Some((pid, _)), Probe::Is(expected)) => process::end(pid, expected, signal).await,
        (Some(_), _) => Err("it is not known which process it was, and it was left alone".to_owned()),
    }
}

pub(super) async fn start(root: &Path, node: i32) -> Result<(), String> {
    match ask(root, Wish::Start(node)).await? {
        Some(_) => Ok(()),
        None => Err("it ended at once".to_owned()),
    }
}
