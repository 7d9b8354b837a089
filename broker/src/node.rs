//! A node from start to stop.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use broker_core::broker::{Broker, BrokerParts, ControllerLink as _, RemovedDirs};
use broker_core::controller::{BrokerStart, Controller, ControllerError, Event, Notice, bootstrap_records};
use broker_core::cx::Random as _;
use broker_core::image::ListenerEndpoint;
use broker_core::raft::{Raft, RaftConfig, Timeouts, Voter};
use broker_log::LogContext;
use broker_log::disk::{Disk, RealDisk};
use protocol::Uuid;
use protocol::config::{NodeConfig, SecurityProtocol};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::metrics::Refusals;
use crate::net::{Listener, ListenerConfig, RequestBudget, Surroundings, Workers};
use crate::quorum_thread::{Mailbox, Notices, QuorumHandle, QuorumThread, mailbox};
use crate::random::SystemRandom;
use crate::service::BrokerService;
use crate::startup::{StartError, Storage, open_storage};

/// Memory for the latest records of all partitions.
const TAIL_MAX_BYTES: usize = 32 << 20;
/// Memory for requests that are arriving or being handled.
const REQUESTS_MAX_BYTES: usize = 128 << 20;
/// How long connections may take to end when the node stops.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// Descriptors assumed where the system does not say.
const DESCRIPTORS_DEFAULT: u64 = 1024;

/// A node that serves.
#[derive(Debug)]
pub struct Node {
    broker: Arc<Broker>,
    quorum: QuorumHandle,
    quorum_thread: thread::JoinHandle<Result<(), ControllerError>>,
    notices: Notices,
    /// Log directories without which the node cannot go on.
    offline: UnboundedReceiver<String>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    broker_epoch: i64,
    listeners: Vec<String>,
    refusals: Arc<Refusals>,
    _storage: Storage,
}

impl Node {
    /// Opens the directories, elects itself, and serves once its broker is registered.
    pub async fn start(config: NodeConfig) -> Result<Self, StartError> {
        check_served(&config)?;
        let clock = Clock::start();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let mut storage = open_storage(&config, &disk)?;
        let logs = LogContext::new(
            Arc::clone(&disk),
            (raise_descriptor_limit() / 2) as usize,
            TAIL_MAX_BYTES,
        );
        let config = Arc::new(config);
        let (raft, snapshot) = Raft::open(&logs, raft_config(&config, &storage))?;
        let controller = Controller::new(Arc::clone(&config), storage.cluster_id.clone(), raft, snapshot)?;
        let (quorum, mailbox) = mailbox();
        let dirs = std::mem::take(&mut storage.dirs);
        let log_dirs: Vec<Uuid> = dirs.iter().map(|dir| dir.id).collect();
        let broker = Arc::new(Broker::new(BrokerParts {
            config: Arc::clone(&config),
            cluster_id: storage.cluster_id.clone(),
            logs,
            dirs,
            controller: Box::new(quorum.clone()),
            random: Box::new(SystemRandom),
        }));
        let (notices_sender, mut notices) = unbounded_channel();
        let (removed_sender, removed) = unbounded_channel();
        let _received_below = removed_sender.send(std::mem::take(&mut storage.deleted));
        let thread = QuorumThread {
            controller,
            broker: Arc::clone(&broker),
            disk: Arc::clone(&disk),
            clock,
            notices: notices_sender,
            removed: removed_sender,
            waiting: BTreeMap::new(),
            next_ticket: 0,
        };
        let quorum_thread = spawn_quorum(thread, mailbox)?;
        let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
        let bootstrap = storage.bootstrap.as_ref().map(bootstrap_records).transpose()?;
        quorum.send(Event::Start { bootstrap });
        let bound = bind(&config).await?;
        quorum.send(Event::StartBroker(BrokerStart {
            incarnation_id: Uuid::generate(|| SystemRandom.next_u128()),
            endpoints: advertised(&config, &bound),
            rack: config.rack.clone(),
            log_dirs,
        }));
        let Some(broker_epoch) = started(&mut notices).await else {
            return Err(match quorum_thread.join() {
                Ok(Err(error)) => error.into(),
                _ => StartError::Unsupported("the metadata quorum stopped without a reason".into()),
            });
        };
        let mut listeners = Vec::new();
        let refusals = Arc::new(Refusals::default());
        let around = Surroundings {
            service: Arc::new(BrokerService {
                broker: Arc::clone(&broker),
                quorum: quorum.clone(),
                clock,
            }),
            budget: RequestBudget::new(request_budget_bytes(&config)),
            refusals: Arc::clone(&refusals),
            clock,
            shutdown: shutdown.clone(),
        };
        let workers =
            Workers::start(workers(&config)).map_err(|error| thread_failed("the threads of connections", &error))?;
        for listener in bound {
            if let Ok(address) = listener.local_addr() {
                listeners.push(address.to_string());
            }
            tasks.spawn(listener.run(around.clone(), workers.clone(), tasks.clone()));
        }
        tasks.spawn(crate::upkeep::run(Arc::clone(&broker), clock, shutdown.clone()));
        let offline = watch_dirs(&broker, &tasks, &shutdown);
        tasks.spawn(delete_removed(disk, removed, shutdown.clone()));
        Ok(Self {
            broker,
            quorum,
            quorum_thread,
            notices,
            offline,
            tasks,
            shutdown,
            broker_epoch,
            listeners,
            refusals,
            _storage: storage,
        })
    }

    /// Addresses it listens on.
    pub fn listeners(&self) -> &[String] {
        &self.listeners
    }

    /// What was refused since the start.
    pub fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    /// Ends when the node cannot go on: why.
    pub async fn failed(&mut self) -> String {
        let quorum = async {
            while self.notices.recv().await.is_some() {}
            // It has logged what failed.
            "its metadata log failed".to_owned()
        };
        tokio::select! {
            reason = quorum => reason,
            Some(reason) = self.offline.recv() => reason,
        }
    }

    /// Fences its broker, ends connections, closes the logs, and marks the shutdown as clean.
    pub async fn stop(mut self) -> Result<(), StartError> {
        self.quorum.send(Event::StopBroker);
        while let Some(notice) = self.notices.recv().await {
            if notice == Notice::BrokerStopped {
                break;
            }
        }
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(DRAIN_MAX, self.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.quorum.stop();
        let quorum = self.quorum_thread.join();
        match quorum {
            Ok(result) => result?,
            Err(_) => {
                return Err(StartError::Unsupported(
                    "the thread of the metadata quorum panicked".into(),
                ));
            }
        }
        Ok(self.broker.close(self.broker_epoch)?)
    }
}

/// Refuses what this broker does not serve yet, in a sentence.
fn check_served(config: &NodeConfig) -> Result<(), StartError> {
    if !config.is_broker || !config.is_controller {
        let text = "process.roles must be broker,controller: nodes of one role are not served yet";
        return Err(StartError::Unsupported(text.to_owned()));
    }
    let secure = |endpoint: &&protocol::config::Endpoint| {
        config.security_protocols.get(&endpoint.name) != Some(&SecurityProtocol::Plaintext)
    };
    match config.listeners.iter().find(secure) {
        None => Ok(()),
        Some(endpoint) => Err(StartError::Unsupported(format!(
            "listener {endpoint} is not PLAINTEXT, and no other security protocol is served yet"
        ))),
    }
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
        bootstrap_servers: 0,
        clean: storage.metadata_clean,
        timeouts: Timeouts::default(),
    }
}

fn spawn_quorum(
    thread: QuorumThread,
    mailbox: Mailbox,
) -> Result<thread::JoinHandle<Result<(), ControllerError>>, StartError> {
    let run = move || {
        let result = thread.run(&mailbox);
        if let Err(error) = &result {
            tracing::error!(%error, "the metadata quorum failed");
        }
        result
    };
    thread::Builder::new()
        .name("metadata-quorum".to_owned())
        .spawn(run)
        .map_err(|error| thread_failed("the thread of the metadata quorum", &error))
}

fn thread_failed(which: &str, error: &std::io::Error) -> StartError {
    StartError::Io {
        action: "starting",
        path: PathBuf::from(which),
        reason: error.to_string(),
    }
}

/// Requests are handled by as many threads as there are processors, and no more than num.io.threads.
fn workers(config: &NodeConfig) -> usize {
    let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    processors.min(config.number("num.io.threads").max(1) as usize)
}

/// The epoch of the registered broker; none if the quorum failed.
async fn started(notices: &mut Notices) -> Option<i64> {
    while let Some(notice) = notices.recv().await {
        if let Notice::BrokerStarted { epoch } = notice {
            return Some(epoch);
        }
    }
    None
}

/// Memory for requests of all connections: queued.max.request.bytes, or, as Kafka's default bounds nothing, enough
/// for two of the largest.
fn request_budget_bytes(config: &NodeConfig) -> usize {
    let frame_max_bytes = config.number("socket.request.max.bytes").max(0) as usize;
    match config.number("queued.max.request.bytes") {
        bytes if bytes > 0 => (bytes as usize).max(frame_max_bytes),
        _ => REQUESTS_MAX_BYTES.max(2 * frame_max_bytes),
    }
}

async fn bind(config: &NodeConfig) -> Result<Vec<Listener>, StartError> {
    let number = |name: &str| config.number(name);
    let mut bound = Vec::new();
    for endpoint in &config.listeners {
        let listener = ListenerConfig {
            name: endpoint.name.clone(),
            host: endpoint.host.clone(),
            port: endpoint.port,
            frame_max_bytes: number("socket.request.max.bytes").max(0) as usize,
            connections_max: number("max.connections").max(1) as usize,
            backlog: number("socket.listen.backlog.size").max(1) as u32,
            send_buffer_bytes: number("socket.send.buffer.bytes") as i32,
            receive_buffer_bytes: number("socket.receive.buffer.bytes") as i32,
        };
        let failed = |error: std::io::Error| StartError::Bind {
            listener: endpoint.to_string(),
            reason: error.to_string(),
        };
        bound.push(Listener::bind(listener).await.map_err(failed)?);
    }
    Ok(bound)
}

/// Where clients reach the broker; a port that the system picked is told as it was picked.
fn advertised(config: &NodeConfig, bound: &[Listener]) -> Vec<ListenerEndpoint> {
    let brokers = config
        .advertised_listeners
        .iter()
        .filter(|e| !config.is_controller_listener(&e.name));
    let endpoints = brokers.map(|endpoint| {
        let at = config
            .listeners
            .iter()
            .position(|listener| listener.name == endpoint.name);
        let picked = at
            .and_then(|at| bound.get(at))
            .and_then(|listener| listener.local_addr().ok());
        let port = if endpoint.port == 0 {
            picked.map_or(0, |address| address.port())
        } else {
            endpoint.port
        };
        let protocol = config.security_protocols.get(&endpoint.name).copied();
        ListenerEndpoint {
            name: endpoint.name.clone(),
            host: endpoint.host.clone(),
            port,
            security_protocol: protocol.unwrap_or(SecurityProtocol::Plaintext).id(),
        }
    });
    endpoints.collect()
}

/// Raises the bound on open files as far as the system allows; the bound in force.
fn raise_descriptor_limit() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() {
        limit.maximum
    } else {
        limit.current
    };
    current.unwrap_or(DESCRIPTORS_DEFAULT).min(1 << 20)
}

/// Says when a log directory goes offline; what is received stops the node.
fn watch_dirs(broker: &Arc<Broker>, tasks: &TaskTracker, shutdown: &CancellationToken) -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    for at in 0..broker.log_dirs().len() {
        let (broker, shutdown, sender) = (Arc::clone(broker), shutdown.clone(), sender.clone());
        tasks.spawn(async move {
            let offline = std::future::poll_fn(|cx| match broker.log_dirs().get(at) {
                Some(home) => broker.poll_offline(home, cx.waker()),
                None => std::task::Poll::Pending,
            });
            let offline = tokio::select! {
                () = shutdown.cancelled() => return,
                offline = offline => offline,
            };
            if offline.stops_node {
                // Who stops the node says why.
                let _stopping = sender.send(offline.message);
            } else {
                tracing::error!("{}", offline.message);
            }
        });
    }
    receiver
}

/// Deletes the directories of removed partitions. Readers keep what they have open.
async fn delete_removed(disk: Arc<dyn Disk>, mut removed: UnboundedReceiver<RemovedDirs>, shutdown: CancellationToken) {
    loop {
        let dirs = tokio::select! {
            () = shutdown.cancelled() => return,
            dirs = removed.recv() => dirs,
        };
        let Some(dirs) = dirs else { return };
        let disk = Arc::clone(&disk);
        let deletion = tokio::task::spawn_blocking(move || {
            for dir in dirs {
                if let Err(error) = disk.remove_dir_all(&dir) {
                    tracing::error!(path = %dir.display(), %error, "cannot delete the directory of a removed partition");
                }
            }
        });
        if deletion.await.is_err() {
            tracing::error!("deleting directories of removed partitions panicked");
        }
    }
}
