//! What is checked and opened before a node serves: log directories, their locks, who they belong to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_core::broker::OpenLogDir;
use broker_log::disk::{DirLock, Disk};
use broker_log::{LogDir, LogError, epoch_of_clean_end};
use protocol::Uuid;
use protocol::config::NodeConfig;
use protocol::files::{MetaProperties, names};

/// Most bytes of meta.properties or bootstrap.checkpoint.
const SMALL_FILE_MAX_BYTES: u64 = 16 << 20;

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A directory that another process has.
    #[error("{path} is in use by another process, which holds its .lock")]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// A directory that was never formatted.
    #[error("{path} is not formatted: it has no meta.properties")]
    NotFormatted {
        /// The directory.
        path: PathBuf,
    },
    /// A directory of another node or cluster.
    #[error("{path} belongs to {what} {found}, and this node expects {expected}")]
    Foreign {
        /// The directory's meta.properties.
        path: PathBuf,
        /// "cluster" or "node".
        what: &'static str,
        /// As found.
        found: String,
        /// As configured, or as found in the other directories.
        expected: String,
    },
    /// A file or directory that cannot be read or written.
    #[error("{action} {path}: {reason}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        reason: String,
    },
    /// A configuration this broker does not serve.
    #[error("{0}")]
    Unsupported(String),
    /// A listener that cannot be bound.
    #[error("listener {listener} cannot be bound: {reason}")]
    Bind {
        /// As configured.
        listener: String,
        /// What the system said.
        reason: String,
    },
    /// A log directory's files.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The controller.
    #[error(transparent)]
    Controller(#[from] broker_core::controller::ControllerError),
    /// The quorum.
    #[error(transparent)]
    Raft(#[from] broker_core::raft::RaftError),
}

/// The log directories of a node, locked.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(crate) cluster_id: String,
    pub(crate) dirs: Vec<OpenLogDir>,
    pub(crate) metadata_directory_id: Uuid,
    pub(crate) metadata_clean: bool,
    pub(crate) previous_broker_epoch: Option<i64>,
    pub(crate) bootstrap: Option<bytes::Bytes>,
    /// Directories of deleted partitions that an earlier run did not come to remove.
    pub(crate) deleted: Vec<PathBuf>,
    _locks: Vec<DirLock>,
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StartError {
    move |error| StartError::Io {
        action,
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Locks and reads all directories. Nothing is changed unless all of them are this node's.
pub(crate) fn open_storage(config: &NodeConfig, disk: &Arc<dyn Disk>) -> Result<Storage, StartError> {
    let mut paths = config.log_dirs.clone();
    if !paths.contains(&config.metadata_log_dir) {
        paths.push(config.metadata_log_dir.clone());
    }
    let mut locks = Vec::new();
    let mut found = Vec::new();
    for path in &paths {
        let meta = path.join(names::META_PROPERTIES);
        if !disk.exists(&meta).map_err(io("looking for", &meta))? {
            return Err(StartError::NotFormatted { path: path.clone() });
        }
        let lock = path.join(names::LOCK);
        let held = DirLock::take(&lock).map_err(io("locking", &lock))?;
        locks.push(held.ok_or_else(|| StartError::Locked { path: path.clone() })?);
        found.push((path.clone(), read_meta(disk.as_ref(), &meta, config.node_id)?));
    }
    let cluster_id = same_cluster(&found)?;
    let mut storage = Storage {
        cluster_id,
        dirs: Vec::new(),
        metadata_directory_id: Uuid::ZERO,
        metadata_clean: false,
        previous_broker_epoch: None,
        bootstrap: read_bootstrap(disk.as_ref(), &config.metadata_log_dir)?,
        deleted: Vec::new(),
        _locks: locks,
    };
    let mut marks = Vec::new();
    for (path, meta) in found {
        let id = meta.directory_id.unwrap_or(Uuid::ZERO);
        let dir = LogDir::new(path.clone(), Arc::clone(disk));
        storage.deleted.extend(dir.deleted()?);
        let clean = dir.take_clean_shutdown()?;
        if path == config.metadata_log_dir {
            storage.metadata_directory_id = id;
            storage.metadata_clean = clean.is_some();
        }
        if config.log_dirs.contains(&path) {
            marks.push(clean);
            storage.dirs.push(OpenLogDir {
                recovery_points: dir.read_offsets(names::RECOVERY_POINTS)?,
                log_start_offsets: dir.read_offsets(names::LOG_START_OFFSETS)?,
                high_watermarks: dir.read_offsets(names::HIGH_WATERMARKS)?,
                clean: clean.is_some(),
                health: Arc::default(),
                id,
                dir,
            });
        }
    }
    storage.previous_broker_epoch = epoch_of_clean_end(&marks);
    Ok(storage)
}

fn read_meta(disk: &dyn Disk, path: &Path, node_id: i32) -> Result<MetaProperties, StartError> {
    let bytes = disk.read(path, SMALL_FILE_MAX_BYTES).map_err(io("reading", path))?;
    let meta = MetaProperties::parse(&bytes).map_err(|error| StartError::Io {
        action: "reading",
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    match meta.node_id {
        Some(found) if found != node_id => Err(StartError::Foreign {
            path: path.to_owned(),
            what: "node",
            found: found.to_string(),
            expected: node_id.to_string(),
        }),
        _ => Ok(meta),
    }
}

fn same_cluster(found: &[(PathBuf, MetaProperties)]) -> Result<String, StartError> {
    let first = found
        .iter()
        .find_map(|(_, meta)| meta.cluster_id.clone())
        .unwrap_or_default();
    for (path, meta) in found {
        if let Some(other) = meta.cluster_id.as_ref().filter(|other| **other != first) {
            return Err(StartError::Foreign {
                path: path.join(names::META_PROPERTIES),
                what: "cluster",
                found: other.clone(),
                expected: first,
            });
        }
    }
    Ok(first)
}

fn read_bootstrap(disk: &dyn Disk, dir: &Path) -> Result<Option<bytes::Bytes>, StartError> {
    let path = dir.join(names::BOOTSTRAP_CHECKPOINT);
    if !disk.exists(&path).map_err(io("looking for", &path))? {
        return Ok(None);
    }
    disk.read(&path, SMALL_FILE_MAX_BYTES)
        .map(|bytes| Some(bytes.into()))
        .map_err(io("reading", &path))
}
