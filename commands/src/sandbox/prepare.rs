//! What is done before any node of a sandbox starts: ports, properties, formatted directories.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use protocol::config::NodeConfig;
use protocol::files::{MetaProperties, names};
use protocol::properties::Properties;

use super::SandboxSpec;
use super::directory::{self, Earlier, Files};
use super::engine;
use super::layout::NodePlan;
use super::node::{Listeners, Node};
use super::ports::{Port, Ports};
use super::properties::{Common, Endpoints, parse_settings};
use crate::error::CommandError;
use crate::storage::{FormatRequest, InitialVoter, format_node};

/// The nodes of a sandbox in this directory, ready to be started, and the cluster's id. A directory that is started again
/// keeps its data.
pub(super) fn prepare(spec: &SandboxSpec, root: &Path) -> Result<(String, Vec<Node>), CommandError> {
    let failed = |error: io::Error| CommandError::io("preparing the sandbox", &error);
    let plans = spec.shape.nodes()?;
    let settings = parse_settings(&spec.settings, plans.len())?;
    let files = directory::files(root, &plans);
    let earlier = Earlier::read(root).map_err(failed)?;
    earlier.check(&plans, &files, spec.is_dynamic)?;
    let mut ports = Ports::new();
    let mut listeners = Vec::new();
    for (plan, files) in plans.iter().zip(&files) {
        let kept = earlier.endpoints(files).filter(|_| spec.is_dynamic);
        listeners.push(listen(plan, kept, &mut ports).map_err(failed)?);
    }
    let with_endpoints = plans.into_iter().zip(listeners.iter().map(Listeners::endpoints));
    let with_endpoints: Vec<(NodePlan, Endpoints)> = with_endpoints.collect();
    let common = Common {
        nodes: &with_endpoints,
        is_dynamic: spec.is_dynamic,
        settings: &settings,
    };
    let mut configs = Vec::new();
    for ((plan, endpoints), files) in with_endpoints.iter().zip(&files) {
        let text = common.text(plan, *endpoints, &files.data);
        configs.push(write_properties(&text, files)?);
    }
    let cluster_id = cluster_id(&configs);
    format(&configs, &cluster_id, spec.is_dynamic)?;
    let mut nodes = Vec::new();
    let engines = spec.engines.iter().chain(spec.engines.last().into_iter().cycle());
    let parts = with_endpoints
        .into_iter()
        .zip(files)
        .zip(listeners)
        .zip(configs)
        .zip(engines);
    for (((((plan, _), files), listeners), config), engine) in parts {
        let command = engine::command(*engine, spec.kafka_libs.as_deref(), &files.properties).map_err(failed)?;
        nodes.push(Node {
            plan,
            engine: *engine,
            log_dirs: config.log_dirs,
            command,
            files,
            listeners,
            child: None,
        });
    }
    Ok((cluster_id, nodes))
}

/// Ports for the roles of a node. A controller of a dynamic quorum stays where it was: that is written in the quorum's log,
/// and nobody who cannot be found there could vote on another place.
fn listen(plan: &NodePlan, kept: Option<Endpoints>, ports: &mut Ports) -> io::Result<Listeners> {
    let broker = plan.is_broker.then(|| ports.next_free()).transpose()?;
    let controller = match kept.and_then(|kept| kept.controller).filter(|_| plan.is_controller) {
        Some(number) => {
            let in_use = || {
                io::Error::new(
                    io::ErrorKind::AddrInUse,
                    format!("somebody else listens on port {number}"),
                )
            };
            Some(Port::take(number)?.ok_or_else(in_use)?)
        }
        None => plan.is_controller.then(|| ports.next_free()).transpose()?,
    };
    Ok(Listeners { broker, controller })
}

/// Writes what makes sense as properties of a node, and begins its log anew.
fn write_properties(text: &str, files: &Files) -> Result<NodeConfig, CommandError> {
    let failed = |error: io::Error| CommandError::io("preparing the sandbox", &error);
    let file = Properties::parse(text.as_bytes());
    let config = NodeConfig::parse(file.iter()).map_err(|error| CommandError::data(error.to_string()))?;
    fs::create_dir_all(&files.folder).map_err(failed)?;
    fs::write(&files.properties, text).map_err(failed)?;
    File::create(&files.log).map_err(failed)?;
    Ok(config)
}

/// That of the first formatted directory, or a new one.
fn cluster_id(configs: &[NodeConfig]) -> String {
    let mut dirs = configs.iter().flat_map(|config| &config.log_dirs);
    let found = dirs.find_map(|dir| {
        let meta = fs::read(dir.join(names::META_PROPERTIES)).ok()?;
        MetaProperties::parse(&meta).ok()?.cluster_id
    });
    found.unwrap_or_else(|| ::broker::random_uuid().to_string())
}

/// Formats what is not formatted yet.
fn format(configs: &[NodeConfig], cluster_id: &str, is_dynamic: bool) -> Result<(), CommandError> {
    let voter = |config: &NodeConfig| {
        let mut listeners = config.listeners.iter();
        let listener = listeners.find(|listener| config.is_controller_listener(&listener.name))?;
        Some(InitialVoter {
            id: config.node_id,
            host: listener.host.clone(),
            port: listener.port,
            directory_id: ::broker::random_uuid(),
        })
    };
    let voters: Vec<InitialVoter> = configs.iter().filter_map(voter).collect();
    for config in configs {
        let request = FormatRequest {
            ignore_formatted: true,
            voters: (is_dynamic && config.is_controller).then(|| voters.clone()),
            ..FormatRequest::new(config, cluster_id)
        };
        format_node(&request, &mut |_| Ok(()))?;
    }
    Ok(())
}
