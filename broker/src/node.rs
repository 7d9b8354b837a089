//! A node from start to stop: a broker, a controller, or both.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::Duration;

use broker_core::broker::{Broker, BrokerParts, RemovedDirs};
use broker_core::controller::{ControllerError, Event};
use broker_core::image::ListenerEndpoint;
use broker_core::lifecycle::LifecycleNotice;
use broker_log::LogContext;
use broker_log::disk::{Disk, RealDisk};
use protocol::config::{NodeConfig, SecurityProtocol};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::controller_channel::ControllerChannel;
use crate::controller_requests::{Requested, controller_requests};
use crate::dirs;
use crate::forward::Forwarder;
use crate::lifecycle::broker::{BrokerEnds, NodeEvent};
use crate::listeners::{self, Bound};
use crate::metrics::Refusals;
use crate::net::{RequestBudget, Service, Surroundings, Workers};
use crate::node_lifecycle;
use crate::peers::Peers;
use crate::quorum_start::{self, Watched};
use crate::quorum_thread::{QuorumHandle, mailbox};
use crate::random::SystemRandom;
use crate::replication::{self, Replication};
use crate::service::{BrokerService, ControllerService};
use crate::startup::{StartError, Storage, open_storage};

/// Memory for the latest records of all partitions.
const TAIL_MAX_BYTES: usize = 32 << 20;
/// How long connections may take to end when the node stops.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// Descriptors assumed where the system does not say.
const DESCRIPTORS_DEFAULT: u64 = 1024;

/// A node that serves.
#[derive(Debug)]
pub struct Node {
    common: Common,
    quorum_thread: thread::JoinHandle<Result<(), ControllerError>>,
    broker: Option<RunningBroker>,
    listeners: Vec<String>,
    storage: Storage,
}

/// What all parts of a node share.
#[derive(Debug, Clone)]
pub(crate) struct Common {
    pub(crate) config: Arc<NodeConfig>,
    pub(crate) clock: Clock,
    disk: Arc<dyn Disk>,
    quorum: QuorumHandle,
    peers: Peers,
    pub(crate) channel: ControllerChannel,
    pub(crate) watched: Watched,
    workers: Workers,
    budget: Arc<RequestBudget>,
    refusals: Arc<Refusals>,
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// A broker that is registered.
#[derive(Debug)]
struct RunningBroker {
    broker: Arc<Broker>,
    ends: BrokerEnds,
    /// Its epoch.
    epoch: i64,
    failed_dirs: UnboundedReceiver<dirs::Failed>,
}

impl Node {
    /// Opens the directories, joins the quorum, and serves; a broker once it is registered and may lead.
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
        let mut controller = quorum_start::open(&config, &storage, &logs)?;
        let bound = listeners::bind(&config).await?;
        controller.present(quorum_start::presence(&config, &bound));
        let (removed_sender, removed) = unbounded_channel::<RemovedDirs>();
        let _received_below = removed_sender.send(std::mem::take(&mut storage.deleted));
        let (told, watched) = quorum_start::told(removed_sender);
        let (quorum, mailbox) = mailbox();
        let peers = Peers::new(config.node_id);
        let workers = Workers::start(listeners::workers(&config)).map_err(|error| StartError::Io {
            action: "starting",
            path: "the threads of connections".into(),
            reason: error.to_string(),
        })?;
        let common = Common {
            channel: ControllerChannel::new(watched.active.clone(), peers.clone()),
            budget: RequestBudget::new(listeners::request_budget_bytes(&config)),
            refusals: Arc::default(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            config,
            clock,
            disk,
            quorum,
            peers,
            watched,
            workers,
        };
        let (requests, requested) = controller_requests();
        let broker = common.config.is_broker.then(|| {
            Arc::new(Broker::new(BrokerParts {
                config: Arc::clone(&common.config),
                cluster_id: storage.cluster_id.clone(),
                incarnation_id: node_lifecycle::incarnation_id(),
                logs,
                dirs: std::mem::take(&mut storage.dirs),
                controller: Box::new(requests),
                random: Box::new(SystemRandom),
            }))
        });
        let own_address = bound
            .iter()
            .find(|listener| listener.is_controllers)
            .and_then(Bound::own_address);
        let quorum_thread = quorum_start::start(quorum_start::Parts {
            config: Arc::clone(&common.config),
            cluster_id: storage.cluster_id.clone(),
            controller,
            broker: broker.clone(),
            disk: Arc::clone(&common.disk),
            clock,
            peers: common.peers.clone(),
            quorum: common.quorum.clone(),
            mailbox,
            told,
            own_address: own_address.map(|address| address.to_string()),
        })?;
        common.quorum.send(Event::Start);
        let ended = common.watched.published.clone();
        let mut node = Self {
            common,
            quorum_thread,
            broker: None,
            listeners: bound.iter().filter_map(Bound::told_address).collect(),
            storage,
        };
        let started = tokio::select! {
            started = node.serve(bound, broker, requested, removed) => started,
            () = quorum_ended(ended) => Err(StartError::Unsupported("the metadata quorum stopped without a reason".into())),
        };
        let Err(error) = started else { return Ok(node) };
        node.common.shutdown.cancel();
        node.common.quorum.stop();
        join(node.quorum_thread).await?;
        Err(error)
    }

    async fn serve(
        &mut self,
        bound: Vec<Bound>,
        broker: Option<Arc<Broker>>,
        requested: Requested,
        removed: UnboundedReceiver<RemovedDirs>,
    ) -> Result<(), StartError> {
        let common = self.common.clone();
        let brokers = listeners::advertised(&common.config, &bound, false);
        let controllers = listeners::advertised(&common.config, &bound, true);
        let (of_controller, of_broker): (Vec<Bound>, Vec<Bound>) =
            bound.into_iter().partition(|listener| listener.is_controllers);
        let service = ControllerService {
            quorum: common.quorum.clone(),
            clock: common.clock,
            connections: AtomicU64::default(),
        };
        self.listen(of_controller, Arc::new(service));
        if common.config.is_controller {
            node_lifecycle::register_controller(&common, controllers);
        }
        let disk = Arc::clone(&common.disk);
        common
            .tasks
            .spawn(dirs::delete_removed(disk, removed, common.shutdown.clone()));
        if let Some(broker) = broker {
            let running = self.start_broker(broker, requested, brokers, of_broker).await?;
            self.broker = Some(running);
        }
        Ok(())
    }

    /// Starts what a broker does; it comes back once the broker may lead.
    async fn start_broker(
        &mut self,
        broker: Arc<Broker>,
        requested: Requested,
        endpoints: Vec<ListenerEndpoint>,
        bound: Vec<Bound>,
    ) -> Result<RunningBroker, StartError> {
        let common = self.common.clone();
        let Common {
            tasks,
            shutdown,
            channel,
            ..
        } = &common;
        let mut ends = node_lifecycle::start_broker(&common, &broker, &self.storage, endpoints);
        tasks.spawn(crate::upkeep::run(Arc::clone(&broker), common.clock, shutdown.clone()));
        tasks.spawn(crate::upkeep::load_groups(
            Arc::clone(&broker),
            common.clock,
            shutdown.clone(),
        ));
        tasks.spawn(crate::moves::run(
            Arc::clone(&broker),
            Arc::clone(&common.disk),
            common.clock,
            shutdown.clone(),
        ));
        requested.start(&broker, channel, tasks, shutdown);
        replication::start(&Replication {
            broker: Arc::clone(&broker),
            channel: channel.clone(),
            peers: common.peers.clone(),
            published: common.watched.published.clone(),
            clock: common.clock,
            workers: common.workers.clone(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        });
        let failed_dirs = dirs::watch(&broker, tasks, shutdown);
        let service = BrokerService {
            broker: Arc::clone(&broker),
            forwarder: Forwarder {
                node_id: common.config.node_id,
                runtime: tokio::runtime::Handle::current(),
                quorum: common.quorum.clone(),
                channel: channel.clone(),
            },
            clock: common.clock,
        };
        let epoch = node_lifecycle::registered(&mut ends).await?;
        // An end of the task that drives it comes as the end of its notices.
        let _ended = ends.events.send(NodeEvent::StartupFinished);
        node_lifecycle::unfenced(&mut ends).await?;
        // Whoever connected meanwhile is answered by a broker that is alive, and that has heard of it: the controller's
        // answer comes before the metadata.
        node_lifecycle::known_alive(common.watched.image.clone(), common.config.node_id).await;
        self.listen(bound, Arc::new(service));
        Ok(RunningBroker {
            broker,
            ends,
            epoch,
            failed_dirs,
        })
    }

    fn listen(&self, bound: Vec<Bound>, service: Arc<dyn Service>) {
        let common = &self.common;
        let around = Surroundings {
            service,
            budget: Arc::clone(&common.budget),
            refusals: Arc::clone(&common.refusals),
            clock: common.clock,
            shutdown: common.shutdown.clone(),
        };
        for Bound { listener, .. } in bound {
            let (workers, tasks) = (common.workers.clone(), common.tasks.clone());
            common.tasks.spawn(listener.run(around.clone(), workers, tasks));
        }
    }

    /// Addresses it listens on.
    pub fn listeners(&self) -> &[String] {
        &self.listeners
    }

    /// What was refused since the start.
    pub fn refusals(&self) -> &Refusals {
        &self.common.refusals
    }

    /// Ends when the node cannot go on: why.
    pub async fn failed(&mut self) -> String {
        let published = self.common.watched.published.clone();
        let quorum = async move {
            quorum_ended(published).await;
            // It has logged what failed.
            "its metadata log failed".to_owned()
        };
        let Some(running) = &mut self.broker else {
            return quorum.await;
        };
        tokio::select! {
            reason = quorum => reason,
            reason = running.failed() => reason,
        }
    }

    /// Hands over what it leads, ends connections, closes the logs, and marks the shutdown as clean.
    pub async fn stop(mut self) -> Result<(), StartError> {
        if let Some(running) = &mut self.broker {
            node_lifecycle::shut_down(&mut running.ends).await;
        }
        // The others reach this node's controller until it has handed over.
        self.common.quorum.stop();
        let quorum = join(self.quorum_thread).await;
        self.common.shutdown.cancel();
        self.common.tasks.close();
        if tokio::time::timeout(DRAIN_MAX, self.common.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        quorum?;
        match self.broker {
            Some(running) => Ok(running.broker.close(running.epoch)?),
            None => Ok(()),
        }
    }
}

impl RunningBroker {
    /// Ends when the broker cannot go on: why.
    async fn failed(&mut self) -> String {
        loop {
            tokio::select! {
                Some(failed) = self.failed_dirs.recv() => {
                    if let Some(reason) = failed.stops_node {
                        return reason;
                    }
                    // An end of the task that drives it comes as the end of its notices.
                    let _ended = self.ends.events.send(NodeEvent::DirectoryFailed(failed.id));
                }
                notice = self.ends.notices.recv() => match notice {
                    Some(LifecycleNotice::Failed(reason)) => return reason,
                    Some(LifecycleNotice::Registered { epoch }) => self.epoch = epoch,
                    Some(notice) => tracing::info!(?notice, "the broker's state changed"),
                    None => return "its broker's lifecycle ended".to_owned(),
                },
            }
        }
    }
}

/// Ends with the thread of the quorum.
async fn quorum_ended(mut published: watch::Receiver<i64>) {
    while published.changed().await.is_ok() {}
}

/// What became of the thread of the quorum. It needs this thread to say good-bye to the others.
async fn join(thread: thread::JoinHandle<Result<(), ControllerError>>) -> Result<(), StartError> {
    match tokio::task::spawn_blocking(move || thread.join()).await {
        Ok(Ok(result)) => Ok(result?),
        _ => Err(StartError::Unsupported(
            "the thread of the metadata quorum panicked".into(),
        )),
    }
}

/// Refuses what this broker does not serve yet, in a sentence.
fn check_served(config: &NodeConfig) -> Result<(), StartError> {
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
