//! How a node starts, from what its disks have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use broker_core::broker::{Broker, BrokerParts, OpenLogDir};
use broker_core::controller::{Controller, ControllerParts};
use broker_core::cx::Random as _;
use broker_core::features::SUPPORTED_FEATURES;
use broker_core::image::ListenerEndpoint;
use broker_core::lifecycle::{
    BrokerLifecycle, BrokerLifecycleConfig, ControllerLifecycle, ControllerLifecycleConfig, DirectoryAssignments,
    LifecycleTimeouts,
};
use broker_core::raft::wire::Identity;
use broker_core::raft::{Presence, Raft, RaftConfig, Timeouts};
use broker_core::replication::Proposer;
use broker_core::replication::fetcher::{Assignments, FetcherConfig};
use broker_log::disk::Disk;
use broker_log::{LogContext, LogDir, epoch_of_clean_end};
use protocol::Uuid;
use protocol::config::{NodeConfig, QuorumVoter};
use protocol::files::names;
use protocol::messages::metadata::{FeatureLevelRecord, Record};

use super::broker::Ticks;
use super::format::directory_id;
use super::quorum::Quorum;
use super::requests::{Link, Wanted};
use super::{Active, BrokerSide, Node, NodeClock, Running, Stop};
use crate::caller::Caller;
use crate::error::SimError;
use crate::membership::{LISTENER, PORT, voter};
use crate::random::Seeded;
use crate::weather::Weather;
use crate::world::{EndId, World};

/// The cluster's id.
pub(crate) const CLUSTER: &str = "c1uster-c1uster-c1uster";
/// How long an answer to a heartbeat may take.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// metadata.version 4.3-IV0.
const LEVEL: i16 = 30;

impl Node {
    /// The name by which others reach it as a controller: it has two, and either leads to it.
    fn host(&self) -> String {
        format!("{}{}", if self.is_renamed { 'm' } else { 'n' }, self.id)
    }

    /// Starts a process. It may find its disks in a state in which it cannot start.
    pub(crate) fn start(&mut self, world: &mut World) -> Result<(), SimError> {
        self.life += 1;
        self.is_off = false;
        self.is_to_start = false;
        self.disks.repair();
        let disk: Arc<dyn Disk> = Arc::new(self.disks.clone());
        let found = Found::read(&self.config, self.id, &disk)?;
        let logs = LogContext::new(Arc::clone(&disk), 64, 1 << 20);
        let random = &mut world.random;
        let (raft, snapshot) = Raft::open(&logs, raft_config(self, found.metadata_clean))?;
        let mut controller = Controller::new(ControllerParts {
            config: Arc::clone(&self.config),
            cluster_id: CLUSTER.to_owned(),
            raft,
            snapshot,
            bootstrap: Some(bootstrap(&world.weather)),
        })?;
        if world.weather.membership.renames && random.one_in(3) {
            self.is_renamed = !self.is_renamed;
        }
        if self.config.is_controller {
            controller.present(Presence {
                endpoints: vec![(LISTENER.to_owned(), self.host(), PORT)],
                joins: self.config.flag("controller.quorum.auto.join.enable"),
            });
        }
        let own = Identity {
            cluster_id: CLUSTER.to_owned(),
            listener: LISTENER.to_owned(),
        };
        let request_max = timeouts(&self.config).request;
        let quorum = Quorum::new(controller, own, request_max, random.fork());
        let rate = if world.weather.drifts {
            990 + random.below(21) as u32
        } else {
            1000
        };
        let clock = NodeClock::new(world.now, rate, self.wall_offset_ms);
        let broker = self
            .config
            .is_broker
            .then(|| broker_side(&self.config, found, logs, random, &clock, world.now));
        let registration = self.config.is_controller.then(|| {
            let config = ControllerLifecycleConfig {
                node_id: self.id,
                incarnation_id: Uuid::generate(|| random.next_u128()),
                endpoints: vec![endpoint(self.host(), LISTENER, PORT)],
                features: SUPPORTED_FEATURES.to_vec(),
            };
            (
                ControllerLifecycle::new(config, Box::new(random.fork())),
                Active::default(),
            )
        });
        self.running = Some(Running {
            id: self.id,
            life: self.life,
            config: Arc::clone(&self.config),
            disks: self.disks.clone(),
            clock,
            caller: Caller::new(self.id, self.life),
            quorum,
            active: Active::default(),
            registration,
            broker,
            served: BTreeMap::new(),
            parked: BTreeMap::new(),
            forwarded: BTreeMap::new(),
            next_connection: 0,
            stop: Stop::No,
            over: None,
            wake_at: Some(Duration::ZERO),
        });
        Ok(())
    }
}

/// controller.quorum.bootstrap.servers.
pub(super) fn bootstrap_servers(config: &NodeConfig) -> Vec<&str> {
    let listed = config.get("controller.quorum.bootstrap.servers").unwrap_or_default();
    listed.split(',').filter(|server| !server.is_empty()).collect()
}

fn endpoint(host: String, name: &str, port: u16) -> ListenerEndpoint {
    ListenerEndpoint {
        name: name.to_owned(),
        host,
        port,
        security_protocol: 0,
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

fn raft_config(node: &Node, clean: bool) -> RaftConfig {
    let config = &node.config;
    let voter = |known: &QuorumVoter| voter(known.id, Uuid::ZERO, known.host.clone());
    RaftConfig {
        node_id: node.id,
        directory_id: node.metadata_directory(),
        metadata_dir: config.metadata_log_dir.clone(),
        static_voters: config.quorum_voters.iter().map(voter).collect(),
        bootstrap_servers: bootstrap_servers(config).len(),
        clean,
        timeouts: timeouts(config),
    }
}

/// What an empty metadata log starts from.
fn bootstrap(weather: &Weather) -> Vec<Record> {
    let feature = |name: &str, feature_level| FeatureLevelRecord {
        name: name.into(),
        feature_level,
        ..Default::default()
    };
    let mut records = vec![feature("metadata.version", LEVEL).into()];
    if weather.elr {
        records.push(feature("eligible.leader.replicas.version", 1).into());
    }
    records
}

/// What the directories hold.
struct Found {
    dirs: Vec<OpenLogDir>,
    metadata_clean: bool,
    previous_broker_epoch: Option<i64>,
}

impl Found {
    fn read(config: &NodeConfig, id: EndId, disk: &Arc<dyn Disk>) -> Result<Self, SimError> {
        let mut paths: Vec<PathBuf> = config.log_dirs.clone();
        if !paths.contains(&config.metadata_log_dir) {
            paths.push(config.metadata_log_dir.clone());
        }
        let mut found = Self {
            dirs: Vec::new(),
            metadata_clean: false,
            previous_broker_epoch: None,
        };
        let mut marks = Vec::new();
        for path in paths {
            let dir = LogDir::new(path.clone(), Arc::clone(disk));
            for deleted in dir.deleted()? {
                // What stays is removed at the next start.
                let _failed = disk.remove_dir_all(&deleted);
            }
            let clean = dir.take_clean_shutdown()?;
            if path == config.metadata_log_dir {
                found.metadata_clean = clean.is_some();
            }
            if config.log_dirs.contains(&path) {
                marks.push(clean);
                found.dirs.push(OpenLogDir {
                    recovery_points: dir.read_offsets(names::RECOVERY_POINTS)?,
                    log_start_offsets: dir.read_offsets(names::LOG_START_OFFSETS)?,
                    high_watermarks: dir.read_offsets(names::HIGH_WATERMARKS)?,
                    clean: clean.is_some(),
                    health: Arc::default(),
                    id: directory_id(id, &path, 0),
                    dir,
                });
            }
        }
        found.previous_broker_epoch = epoch_of_clean_end(&marks);
        Ok(found)
    }
}

fn broker_side(
    config: &Arc<NodeConfig>,
    found: Found,
    logs: LogContext,
    random: &mut Seeded,
    clock: &NodeClock,
    at: Duration,
) -> BrokerSide {
    let (now, id) = (clock.now(at), config.node_id);
    let link = Link::default();
    let timeouts = LifecycleTimeouts::of(config);
    let lifecycle = BrokerLifecycleConfig {
        node_id: id,
        cluster_id: CLUSTER.to_owned(),
        incarnation_id: Uuid::generate(|| random.next_u128()),
        endpoints: vec![endpoint(format!("n{id}"), "PLAINTEXT", 9092)],
        rack: config.rack.clone(),
        log_dirs: found.dirs.iter().map(|home| home.id).collect(),
        previous_broker_epoch: found.previous_broker_epoch.unwrap_or(-1),
        features: SUPPORTED_FEATURES.to_vec(),
        timeouts,
    };
    let broker = Arc::new(Broker::new(BrokerParts {
        config: Arc::clone(config),
        cluster_id: CLUSTER.to_owned(),
        incarnation_id: lifecycle.incarnation_id,
        logs,
        dirs: found.dirs,
        controller: Box::new(link.clone()),
        random: Box::new(random.fork()),
    }));
    let isr_every = (broker.replicas().lag_time_max() / 2).max(Duration::from_millis(1));
    let checkpoints = Duration::from_millis(config.number("log.flush.offset.checkpoint.interval.ms").unsigned_abs());
    let fetchers_each = usize::try_from(config.number("num.replica.fetchers")).unwrap_or(1);
    BrokerSide {
        lifecycle: BrokerLifecycle::new(lifecycle, Box::new(random.fork()), now),
        lifecycle_answer_max: ANSWER_MAX.min(timeouts.session),
        dirs: DirectoryAssignments::new(id, Box::new(random.fork())),
        is_telling_dirs: false,
        is_new_for_dirs: false,
        proposer: Proposer::default(),
        assignments: Assignments::default(),
        fetchers: BTreeMap::new(),
        fetcher_config: FetcherConfig::of(config),
        fetchers_each: fetchers_each.max(1),
        wanted: Wanted::new(link),
        serves: false,
        backlog: super::serve::Backlog::new(),
        epoch: -1,
        failed: BTreeSet::new(),
        may_stop: false,
        controller_changed: false,
        deadline: None,
        is_stirred: true,
        ticks: Ticks {
            groups_at: now.mono,
            maintenance_at: now.mono,
            isr_at: now.mono,
            isr_every,
            checkpoints_at: now.mono + checkpoints,
            checkpoints_every: checkpoints,
        },
        broker,
    }
}
