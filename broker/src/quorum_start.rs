//! How a node takes its seat in the metadata quorum.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use broker_core::broker::{Broker, RemovedDirs};
use broker_core::controller::{Controller, ControllerError, ControllerParts, bootstrap_records};
use broker_core::image::{ListenerEndpoint, MetadataImage};
use broker_core::raft::wire::Identity;
use broker_core::raft::{Presence, Raft, RaftConfig, Timeouts, Voter};
use broker_log::LogContext;
use broker_log::disk::Disk;
use protocol::Uuid;
use protocol::config::NodeConfig;
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::controller_channel::ActiveController;
use crate::listeners::{self, Bound};
use crate::members::Members;
use crate::peers::Peers;
use crate::publisher::{Published, Publisher};
use crate::quorum_thread::{Mailbox, QuorumHandle, QuorumThread};
use crate::startup::{StartError, Storage};

/// What the quorum tells the rest of the node.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// Who is active.
    pub(crate) active: watch::Receiver<ActiveController>,
    /// Offset of the image that the broker took last, -1 before the first.
    pub(crate) published: watch::Receiver<i64>,
    /// The latest image.
    pub(crate) image: watch::Receiver<MetadataImage>,
}

/// What the quorum's threads tell the rest of the node with.
#[derive(Debug)]
pub(crate) struct Told {
    active: watch::Sender<ActiveController>,
    published: Published,
}

/// Both ends of what is told.
pub(crate) fn told(removed: UnboundedSender<RemovedDirs>) -> (Told, Watched) {
    let (active, active_watched) = watch::channel(ActiveController::default());
    let (published, published_watched) = watch::channel(-1);
    let (image, image_watched) = watch::channel(MetadataImage::empty());
    let published = Published {
        offset: published,
        image,
        removed,
    };
    let told = Told { active, published };
    let watched = Watched {
        active: active_watched,
        published: published_watched,
        image: image_watched,
    };
    (told, watched)
}

/// Opens the metadata log of a node.
pub(crate) fn open(config: &Arc<NodeConfig>, storage: &Storage, logs: &LogContext) -> Result<Controller, StartError> {
    let (raft, snapshot) = Raft::open(logs, raft_config(config, storage))?;
    let bootstrap = storage.bootstrap.as_ref().map(bootstrap_records).transpose()?;
    Ok(Controller::new(ControllerParts {
        config: Arc::clone(config),
        cluster_id: storage.cluster_id.clone(),
        raft,
        snapshot,
        bootstrap,
    })?)
}

fn raft_config(config: &NodeConfig, storage: &Storage) -> RaftConfig {
    let listener = config.controller_listener_names.first().cloned().unwrap_or_default();
    let voter = |voter: &protocol::config::QuorumVoter| Voter {
        id: voter.id,
        directory_id: Uuid::ZERO,
        endpoints: vec![(listener.clone(), voter.host.clone(), voter.port)],
    };
    RaftConfig {
        node_id: config.node_id,
        directory_id: storage.metadata_directory_id,
        metadata_dir: config.metadata_log_dir.clone(),
        static_voters: config.quorum_voters.iter().map(voter).collect(),
        bootstrap_servers: bootstrap_servers(config).len(),
        clean: storage.metadata_clean,
        timeouts: timeouts(config),
    }
}

/// controller.quorum.bootstrap.servers, host:port.
fn bootstrap_servers(config: &NodeConfig) -> Vec<String> {
    let listed = config.get("controller.quorum.bootstrap.servers").unwrap_or_default();
    let servers = listed.split(',').map(str::trim).filter(|server| !server.is_empty());
    servers.map(str::to_owned).collect()
}

/// Where a controller is reached, and whether it joins the voters by itself. One that listens on all addresses and says
/// nowhere how others reach it tells nothing: what was written down of it is not made worse.
pub(crate) fn presence(config: &NodeConfig, bound: &[Bound]) -> Presence {
    let wildcards = ["", "0.0.0.0", "::"];
    let told = listeners::advertised(config, bound, true)
        .into_iter()
        .filter(|_| config.is_controller);
    let is_made_up = |endpoint: &ListenerEndpoint| {
        let mut named = config.advertised_listeners.iter().chain(&config.listeners);
        let found = named.find(|configured| configured.name == endpoint.name);
        found.is_none_or(|configured| wildcards.contains(&configured.host.as_str()))
    };
    let told: Vec<ListenerEndpoint> = told.collect();
    if told.iter().any(is_made_up) {
        return Presence::default();
    }
    // The listener that is named first is the quorum's.
    let in_order = config.controller_listener_names.iter();
    let endpoints = in_order.filter_map(|name| told.iter().find(|endpoint| endpoint.name == *name));
    Presence {
        endpoints: endpoints
            .map(|endpoint| (endpoint.name.clone(), endpoint.host.clone(), endpoint.port))
            .collect(),
        joins: config.flag("controller.quorum.auto.join.enable"),
    }
}

fn timeouts(config: &NodeConfig) -> Timeouts {
    let ms = |name: &str| Duration::from_millis(config.number(name).max(1).unsigned_abs());
    Timeouts {
        election: ms("controller.quorum.election.timeout.ms"),
        fetch: ms("controller.quorum.fetch.timeout.ms"),
        request: ms("controller.quorum.request.timeout.ms"),
        retry: ms("controller.quorum.retry.backoff.ms"),
        ..Timeouts::default()
    }
}

/// What the thread of the quorum works with.
pub(crate) struct Parts {
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) cluster_id: String,
    pub(crate) controller: Controller,
    pub(crate) broker: Option<Arc<Broker>>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Clock,
    pub(crate) peers: Peers,
    pub(crate) quorum: QuorumHandle,
    pub(crate) mailbox: Mailbox,
    pub(crate) told: Told,
    /// How this node reaches its own controller.
    pub(crate) own_address: Option<String>,
}

/// Starts the thread.
pub(crate) fn start(parts: Parts) -> Result<thread::JoinHandle<Result<(), ControllerError>>, StartError> {
    let listener = parts
        .config
        .controller_listener_names
        .first()
        .cloned()
        .unwrap_or_default();
    let members = Members {
        runtime: Handle::current(),
        peers: parts.peers,
        quorum: parts.quorum,
        own: Arc::new(Identity {
            cluster_id: parts.cluster_id,
            listener,
        }),
        bootstrap_servers: bootstrap_servers(&parts.config),
        timeout: timeouts(&parts.config).request,
    };
    let not_started = |thread: &'static str| {
        move |error: std::io::Error| StartError::Io {
            action: "starting",
            path: PathBuf::from(thread),
            reason: error.to_string(),
        }
    };
    let publisher = Publisher::start(parts.broker, parts.told.published, parts.clock)
        .map_err(not_started("the thread that publishes metadata"))?;
    let thread = QuorumThread {
        controller: parts.controller,
        disk: parts.disk,
        clock: parts.clock,
        members,
        active: parts.told.active,
        publisher,
        own_address: parts.own_address,
        waiting: BTreeMap::new(),
        timers: BTreeMap::new(),
        next_ticket: 0,
    };
    let mailbox = parts.mailbox;
    let run = move || {
        let result = thread.run(&mailbox);
        if let Err(error) = &result {
            tracing::error!(%error, "the metadata quorum failed");
        }
        result
    };
    let started = thread::Builder::new().name("metadata-quorum".to_owned()).spawn(run);
    started.map_err(not_started("the thread of the metadata quorum"))
}
