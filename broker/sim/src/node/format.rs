//! How a node comes to be, and how its metadata directory is formatted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_log::disk::Disk as _;
use protocol::Uuid;
use protocol::config::NodeConfig;

use super::Node;
use crate::disks::Disks;
use crate::error::SimError;
use crate::membership::{Quorum, SPARE, first_voters, voter};
use crate::weather::{FETCH_MS, HEARTBEAT_MS, SESSION_MS, Weather};
use crate::world::EndId;

/// The settings of a node; of one that was formatted when others voted already, if it is `late`.
fn settings(weather: &Weather, id: EndId, is_late: bool) -> Vec<(&'static str, String)> {
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
    let is_static = weather.membership.quorum != Quorum::Dynamic && !is_late;
    let first = weather.first_voters();
    let quorum = if is_static {
        let voters: Vec<String> = first.iter().map(|id| format!("{id}@n{id}:9093")).collect();
        ("controller.quorum.voters", voters.join(","))
    } else {
        let servers: Vec<String> = first.iter().map(|id| format!("n{id}:9093")).collect();
        ("controller.quorum.bootstrap.servers", servers.join(","))
    };
    let dirs: Vec<String> = (0..weather.log_dirs).map(|at| format!("/d{at}")).collect();
    let per = |ms: u64| (ms / weather.haste).to_string();
    let mut all = vec![
        ("process.roles", roles.to_owned()),
        ("node.id", id.to_string()),
        quorum,
        (
            "controller.quorum.auto.join.enable",
            (is_controller && weather.membership.auto_join).to_string(),
        ),
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

/// The id of a node's directory, which has been formatted so many times.
pub(super) fn directory_id(node: EndId, dir: &Path, formatted: u8) -> Uuid {
    let last = dir.to_string_lossy().bytes().last().unwrap_or_default();
    let place = u128::from(formatted) * 256 + u128::from(last);
    Uuid::from_u128(0xd00_0000_0000 + node.unsigned_abs() as u128 * 65_536 + place)
}

fn config_of(weather: &Weather, id: EndId, is_late: bool) -> Result<NodeConfig, SimError> {
    let settings = settings(weather, id, is_late);
    let config = NodeConfig::parse(settings.iter().map(|(name, value)| (*name, value.as_str())));
    config.map_err(|error| wrong(id, &error))
}

fn wrong(node: EndId, reason: &dyn std::fmt::Display) -> SimError {
    SimError::Config {
        node,
        reason: reason.to_string(),
    }
}

impl Node {
    /// A node that was formatted, and has never run.
    pub(crate) fn new(weather: &Weather, id: EndId) -> Result<Self, SimError> {
        let config = config_of(weather, id, id == SPARE)?;
        let mut dirs = config.log_dirs.clone();
        if !dirs.contains(&config.metadata_log_dir) {
            dirs.push(config.metadata_log_dir.clone());
        }
        let node = Self {
            id,
            config: Arc::new(config),
            disks: Disks::new(&dirs).map_err(|error| wrong(id, &error))?,
            formatted: 0,
            is_renamed: false,
            life: 0,
            running: None,
            paused_until: None,
            wall_offset_ms: 0,
            is_off: false,
            is_tainted: false,
            is_to_start: false,
        };
        if weather.membership.quorum == Quorum::Dynamic && weather.first_voters().contains(&id) {
            node.write_first_voters(weather)?;
        }
        Ok(node)
    }

    /// What `--initial-controllers` leaves.
    fn write_first_voters(&self, weather: &Weather) -> Result<(), SimError> {
        let first = weather.first_voters();
        let voters = first.iter().map(|id| {
            let dir = &self.config.metadata_log_dir;
            voter(*id, directory_id(*id, dir, 0), format!("n{id}"))
        });
        let (name, snapshot) = first_voters(voters.collect()).ok_or_else(|| wrong(self.id, &"no voters"))?;
        let path = self.config.metadata_log_dir.join(name);
        let dir = path.parent().map(PathBuf::from).unwrap_or_default();
        let written = self.disks.create_dir_all(&dir);
        let written = written.and_then(|()| self.disks.write_atomic(&path, &snapshot));
        written.map_err(|error| wrong(self.id, &error))
    }

    /// The id of its metadata directory.
    pub(crate) fn metadata_directory(&self) -> Uuid {
        directory_id(self.id, &self.config.metadata_log_dir, self.formatted)
    }

    /// Whether its metadata has a directory that no partition is in.
    pub(crate) fn can_be_reformatted(&self) -> bool {
        !self.config.is_broker || !self.config.log_dirs.contains(&self.config.metadata_log_dir)
    }

    /// What `--no-initial-controllers` leaves in the place of what was there.
    pub(crate) fn reformat(&mut self, weather: &Weather) -> Result<(), SimError> {
        self.config = Arc::new(config_of(weather, self.id, true)?);
        self.formatted += 1;
        let replaced = self.disks.replace(&self.config.metadata_log_dir);
        replaced.map_err(|error| wrong(self.id, &error))
    }
}
