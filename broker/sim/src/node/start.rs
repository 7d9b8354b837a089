//! How a node comes to be: formatted once, then started from what its disks have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
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
use broker_core::raft::{Raft, RaftConfig, Timeouts, Voter};
use broker_core::replication::Proposer;
use broker_core::replication::fetcher::{Assignments, FetcherConfig};
use broker_log::disk::Disk;
use broker_log::{LogContext, LogDir, epoch_of_clean_end};
use protocol::Uuid;
use protocol::config::{NodeConfig, QuorumVoter};
use protocol::files::names;
use protocol::messages::metadata::{FeatureLevelRecord, Record};

use super::broker::Ticks;
use super::quorum::Quorum;
use super::requests::{Link, Wanted};
use super::{Active, BrokerSide, Node, NodeClock, Running, Stop};
use crate::caller::Caller;
use crate::disks::Disks;
use crate::error::SimError;
use crate::random::Seeded;
use crate::weather::{FETCH_MS, HEARTBEAT_MS, SESSION_MS, Weather};
use crate::world::{EndId, World};

const CLUSTER: &str = "c1uster-c1uster-c1uster";
/// How long an answer to a heartbeat may take.
const ANSWER_MAX: Duration = Duration::from_secs(2);
/// metadata.version 4.3-IV0.
const LEVEL: i16 = 30;

/// The settings of a node.
fn settings(weather: &Weather, id: EndId) -> Vec<(&'static str, String)> {
    let (is_broker, is_controller) = (weather.brokers().contains(&id), weather.controllers().contains(&id));
    let roles = match (is_broker, is_controller) {
        (true, true) => "broker,controller",
        (true, false) => "broker",
        _ => "controller",
    };
    let mut listeners = Vec::new();
    if is_broker {
        listeners.push(format!("PLAINTEXT://n{id}:9092"));
    }
    if is_controller {
        listeners.push(format!("CONTROLLER://n{id}:9093"));
    }
    let voters: Vec<String> = weather
        .controllers()
        .iter()
        .map(|id| format!("{id}@n{id}:9093"))
        .collect();
    let dirs: Vec<String> = (0..weather.log_dirs).map(|at| format!("/d{at}")).collect();
    let per = |ms: u64| (ms / weather.haste).to_string();
    let mut all = vec![
        ("process.roles", roles.to_owned()),
        ("node.id", id.to_string()),
        ("controller.quorum.voters", voters.join(",")),
        ("listeners", listeners.join(",")),
        ("controller.listener.names", "CONTROLLER".to_owned()),
        ("log.dirs", dirs.join(",")),
        ("min.insync.replicas", weather.min_isr.to_string()),
        ("offsets.topic.num.partitions", "1".to_owned()),
        ("offsets.topic.replication.factor", "3".to_owned()),
        ("default.replication.factor", "3".to_owned()),
        ("auto.create.topics.enable", "false".to_owned()),
        ("num.replica.fetchers", weather.fetchers.to_string()),
        ("broker.session.timeout.ms", per(SESSION_MS)),
        ("broker.heartbeat.interval.ms", per(HEARTBEAT_MS)),
        ("replica.lag.time.max.ms", per(10_000)),
        ("controller.quorum.election.timeout.ms", per(1000)),
        ("controller.quorum.fetch.timeout.ms", per(FETCH_MS)),
        ("controller.quorum.request.timeout.ms", per(2000)),
        // Less often than by default: each is some twenty frames.
        ("controller.quorum.retry.backoff.ms", "40".to_owned()),
        ("metadata.max.idle.interval.ms", "1500".to_owned()),
        ("leader.imbalance.check.interval.seconds", "5".to_owned()),
        ("log.flush.offset.checkpoint.interval.ms", "3000".to_owned()),
        ("replica.fetch.backoff.ms", per(1000)),
        ("log.dir.failure.timeout.ms", "10000".to_owned()),
        (
            "metadata.log.max.record.bytes.between.snapshots",
            weather.snapshot_bytes.to_string(),
        ),
        ("metadata.max.retention.bytes", (weather.snapshot_bytes * 2).to_string()),
        ("metadata.log.max.snapshot.interval.ms", "5000".to_owned()),
        ("group.initial.rebalance.delay.ms", "0".to_owned()),
        ("broker.rack", format!("r{id}")),
    ];
    if weather.own_metadata_dir {
        all.push(("metadata.log.dir", "/meta".to_owned()));
    }
    all
}

impl Node {
    /// A node that was formatted, and has never run.
    pub(crate) fn new(weather: &Weather, id: EndId) -> Result<Self, SimError> {
        let settings = settings(weather, id);
        let config = NodeConfig::parse(settings.iter().map(|(name, value)| (*name, value.as_str())));
        let config = config.map_err(|error| SimError::Config {
            node: id,
            reason: error.to_string(),
        })?;
        let mut dirs = config.log_dirs.clone();
        if !dirs.contains(&config.metadata_log_dir) {
            dirs.push(config.metadata_log_dir.clone());
        }
        let disks = Disks::new(&dirs).map_err(|error| SimError::Config {
            node: id,
            reason: error.to_string(),
        })?;
        Ok(Self {
            id,
            config: Arc::new(config),
            disks,
            life: 0,
            running: None,
            paused_until: None,
            wall_offset_ms: 0,
            is_off: false,
            is_tainted: false,
            is_to_start: false,
        })
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
        let (raft, snapshot) = Raft::open(&logs, raft_config(&self.config, self.id, found.metadata_clean))?;
        let controller = Controller::new(ControllerParts {
            config: Arc::clone(&self.config),
            cluster_id: CLUSTER.to_owned(),
            raft,
            snapshot,
            bootstrap: Some(bootstrap(&world.weather)),
        })?;
        let own = Identity {
            cluster_id: CLUSTER.to_owned(),
            listener: "CONTROLLER".to_owned(),
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
                endpoints: vec![endpoint(self.id, "CONTROLLER", 9093)],
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

fn endpoint(id: EndId, name: &str, port: u16) -> ListenerEndpoint {
    ListenerEndpoint {
        name: name.to_owned(),
        host: format!("n{id}"),
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

/// The id of a node's directory.
fn directory_id(node: EndId, dir: &Path) -> Uuid {
    let last = dir.to_string_lossy().bytes().last().unwrap_or_default();
    Uuid::from_u128(0xd00_0000 + node.unsigned_abs() as u128 * 256 + u128::from(last))
}

fn raft_config(config: &NodeConfig, id: EndId, clean: bool) -> RaftConfig {
    let voter = |voter: &QuorumVoter| Voter {
        id: voter.id,
        directory_id: Uuid::ZERO,
        endpoints: vec![("CONTROLLER".to_owned(), voter.host.clone(), voter.port)],
    };
    RaftConfig {
        node_id: id,
        directory_id: directory_id(id, &config.metadata_log_dir),
        metadata_dir: config.metadata_log_dir.clone(),
        static_voters: config.quorum_voters.iter().map(voter).collect(),
        bootstrap_servers: 0,
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
                    id: directory_id(id, &path),
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
        endpoints: vec![endpoint(id, "PLAINTEXT", 9092)],
        rack: config.rack.clone(),
        log_dirs: found.dirs.iter().map(|home| home.id).collect(),
        previous_broker_epoch: found.previous_broker_epoch.unwrap_or(-1),
        features: SUPPORTED_FEATURES.to_vec(),
        timeouts,
    };
    let broker = Arc::new(Broker::new(BrokerParts {
        config: Arc::clone(config),
        cluster_id: CLUSTER.to_owned(),
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
