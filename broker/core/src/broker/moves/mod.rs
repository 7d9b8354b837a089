//! Replicas on their way to another log directory of this broker (KIP-113, KIP-858).
//!
//! A replica is copied a piece at a time. Once the copy is level the controller is told of the new directory; when the
//! metadata says so too, the copy takes the log's place. Who has no directories in its metadata need not wait for that.

mod found;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use broker_log::{Log, LogConfig, LogError, OpenOptions, PartitionDir};
use protocol::Uuid;
use protocol::api::ErrorCode;

use super::partition::{Copied, MoveError, Moved, Partition, PartitionError};
use super::{Broker, OpenLogDir, RemovedDirs};
use crate::cx::Now;
use crate::features::METADATA_VERSION;
use crate::lifecycle::DIRECTORIES_FROM;
use crate::replication::throttle::Throttle;

/// Most bytes that are copied at a time.
const PIECE_MAX_BYTES: usize = 1 << 20;
/// How often a copy that waits for the controller takes what was appended meanwhile.
const WAIT: Duration = Duration::from_millis(50);
/// Most partitions that are not here yet whose directory is kept in mind.
const WISHES_MAX: usize = 10_000;

type PartitionKey = (Uuid, i32);

/// Replicas that are moved.
#[derive(Debug, Default)]
pub(super) struct Moves {
    state: Mutex<State>,
    /// Bytes that are copied count against it (replica.alter.log.dirs.io.max.bytes.per.second).
    pub(super) throttle: Throttle,
}

#[derive(Debug, Default)]
struct State {
    /// What is moved.
    queue: BTreeSet<PartitionKey>,
    /// Which was served last: they take turns.
    served: Option<PartitionKey>,
    /// Where partitions are to be created that are not here yet.
    wishes: BTreeMap<(String, i32), Uuid>,
    /// Copies that an earlier run of the node left.
    found: BTreeMap<(String, i32), Vec<(Uuid, PartitionDir)>>,
    /// Waits for something to do.
    mover: Option<Waker>,
    /// Directories that nobody needs any more, by names that say so.
    discarded: RemovedDirs,
    /// A copy has become level: the controller is to be told of its directory.
    news: bool,
    teller: Option<Waker>,
}

/// What the one who copies is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveStep {
    /// Call again.
    Again,
    /// Call again at that time.
    At(Duration),
    /// Wait for something to move.
    Done,
}

impl State {
    fn wake_mover(&mut self) {
        if let Some(waker) = self.mover.take() {
            waker.wake();
        }
    }
}

impl Moves {
    fn with<T>(&self, use_state: impl FnOnce(&mut State) -> T) -> T {
        use_state(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The directory that a partition is wanted in, which is about to be created.
    pub(super) fn take_wish(&self, name: &(String, i32)) -> Option<Uuid> {
        self.with(|state| state.wishes.remove(name))
    }

    fn begin(&self, key: PartitionKey) {
        self.with(|state| {
            state.queue.insert(key);
            state.wake_mover();
        });
    }

    fn end(&self, key: PartitionKey) {
        self.with(|state| state.queue.remove(&key));
    }

    /// The next one in turn.
    fn turn(&self) -> Option<PartitionKey> {
        self.with(|state| {
            let after = state
                .served
                .map(|served| (std::ops::Bound::Excluded(served), std::ops::Bound::Unbounded));
            let next = after.and_then(|after| state.queue.range(after).next());
            let next = next.or_else(|| state.queue.first()).copied();
            state.served = next;
            next
        })
    }

    fn tell(&self) {
        self.with(|state| {
            state.news = true;
            if let Some(waker) = state.teller.take() {
                waker.wake();
            }
        });
    }
}

impl Broker {
    /// Ends once there is a replica to move, or a directory to delete. One task does this.
    pub fn poll_moves(&self, waker: &Waker) -> Poll<()> {
        self.moves.with(|state| {
            if state.queue.is_empty() && state.discarded.is_empty() {
                state.mover = Some(waker.clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
    }

    /// Ends once a replica is in another directory than it was, or is about to be, for the controller to know. One task
    /// does this.
    pub fn poll_assigned_dirs(&self, waker: &Waker) -> Poll<()> {
        self.moves.with(|state| {
            if std::mem::take(&mut state.news) {
                return Poll::Ready(());
            }
            state.teller = Some(waker.clone());
            Poll::Pending
        })
    }

    /// Moves a replica to the log directory at `path` (AlterReplicaLogDirs). One that is there already stays, and a move
    /// elsewhere is given up.
    pub fn move_replica(&self, topic: &str, index: i32, path: &Path) -> Result<(), PartitionError> {
        let home = self.dirs.iter().find(|home| home.dir.path() == path);
        let home = home.ok_or(ErrorCode::LogDirNotFound)?;
        if home.health.is_failed() {
            return Err(ErrorCode::KafkaStorageError.into());
        }
        let Ok(partition) = self.partition_by_name(topic, index) else {
            self.moves.with(|state| {
                if state.wishes.len() < WISHES_MAX {
                    state.wishes.insert((topic.to_owned(), index), home.id);
                }
            });
            return Err(ErrorCode::ReplicaNotAvailable.into());
        };
        if partition.log_dir_id() == home.id {
            self.give_up(&partition);
            return Ok(());
        }
        if partition.moved().is_some_and(|moved| moved.to == home.id) {
            return Ok(());
        }
        let unique = Uuid::from_u128(self.random().into());
        let path = home.dir.create_future(topic, index, partition.topic_id(), unique);
        let path = path.inspect_err(|error| home.note(error))?;
        self.copy_into(&partition, home, &path, OpenOptions::default())?;
        tracing::info!(topic, partition = index, path = %path.display(), "a replica moves to another log directory");
        Ok(())
    }

    /// The copies of the replicas that are moved.
    pub(super) fn copies(&self) -> Vec<((String, i32), Moved)> {
        let moving = self.moves.with(|state| state.queue.clone());
        let copies = moving.into_iter().filter_map(|(id, index)| {
            let partition = self.partition_by_id(id, index).ok()?;
            Some(((partition.topic().to_owned(), index), partition.moved()?))
        });
        copies.collect()
    }

    fn copy_into(
        &self,
        partition: &Partition,
        home: &OpenLogDir,
        path: &Path,
        options: OpenOptions,
    ) -> Result<(), LogError> {
        let logs = self.logs.in_dir(&home.health);
        let opened = Log::open(&logs, path, Arc::new(LogConfig::default()), options);
        let (log, _) = opened.inspect_err(|error| home.note(error))?;
        if let Some(old) = partition.begin_move(home.id, log) {
            self.discard(&old);
        }
        self.moves.begin((partition.topic_id(), partition.index()));
        Ok(())
    }

    /// Ends a move without its effect.
    pub(super) fn give_up(&self, partition: &Partition) {
        self.moves.end((partition.topic_id(), partition.index()));
        if let Some(path) = partition.end_move() {
            self.discard(&path);
        }
    }

    /// Directories of copies that were given up, and of logs that copies took the place of, to be deleted from disk.
    pub fn take_discarded(&self) -> RemovedDirs {
        self.moves.with(|state| std::mem::take(&mut state.discarded))
    }

    fn discard(&self, path: &Path) {
        let Some(home) = self.dirs.iter().find(|home| Some(home.dir.path()) == path.parent()) else {
            return;
        };
        self.logs.files.forget_dir(path);
        match home.dir.mark_deleted(path, Uuid::from_u128(self.random().into())) {
            Ok(gone) => self.discarded(gone),
            Err(error) => tracing::error!(path = %path.display(), %error, "cannot remove the copy of a replica"),
        }
    }

    fn discarded(&self, gone: PathBuf) {
        self.moves.with(|state| {
            state.discarded.push(gone);
            state.wake_mover();
        });
    }

    /// Whether a log directory has a partition's directory.
    pub(super) fn lies_in(&self, home: &OpenLogDir, name: &(String, i32)) -> bool {
        let path = home.dir.partition_path(&name.0, name.1);
        self.logs.files.disk().exists(&path).unwrap_or(false)
    }

    /// The log directory of an id.
    pub(super) fn home_by_id(&self, id: Uuid) -> Option<&OpenLogDir> {
        self.dirs.iter().find(|home| home.id == id)
    }

    /// Copies the next piece of the replica whose turn it is, or puts the copy in its place. It blocks on the disk.
    pub fn copy_moving(&self, now: Now) -> MoveStep {
        if self.moves.throttle.is_exceeded(now.mono) {
            return MoveStep::At(now.mono + WAIT);
        }
        let Some(key) = self.moves.turn() else {
            return MoveStep::Done;
        };
        let Ok(partition) = self.partition_by_id(key.0, key.1) else {
            self.moves.end(key);
            return MoveStep::Again;
        };
        match self.copy_piece(&partition, now) {
            Ok(step) => step,
            Err(error) => {
                let (topic, index) = (partition.topic(), partition.index());
                tracing::error!(topic, partition = index, %error, "a replica stays in its log directory");
                self.give_up(&partition);
                MoveStep::Again
            }
        }
    }

    fn copy_piece(&self, partition: &Partition, now: Now) -> Result<MoveStep, MoveError> {
        let key = (partition.topic_id(), partition.index());
        let was_level = partition.moved().is_some_and(|moved| moved.caught_up);
        let copied = partition.copy_some(PIECE_MAX_BYTES, now)?;
        let Some(Copied { size_bytes, is_level }) = copied else {
            self.moves.end(key);
            return Ok(MoveStep::Again);
        };
        self.moves.throttle.record(size_bytes, now.mono);
        if is_level && !was_level {
            self.moves.tell();
        }
        if !is_level {
            return Ok(MoveStep::Again);
        }
        if !self.is_assigned(partition) || !self.finish(partition, now)? {
            return Ok(MoveStep::At(now.mono + WAIT));
        }
        self.moves.end(key);
        // Who has no directories in its metadata is not told, and who has may have another wish by now.
        self.moves.tell();
        Ok(MoveStep::Again)
    }

    /// Whether the metadata has the replica in the directory that it moves to, if it has directories at all.
    fn is_assigned(&self, partition: &Partition) -> bool {
        let image = self.image();
        if image.features().level(METADATA_VERSION) < DIRECTORIES_FROM {
            return true;
        }
        let topic = image.topics().by_id(partition.topic_id());
        let state = topic.and_then(|topic| topic.partition(partition.index()));
        let assigned = state.map(|state| state.directory(self.node_id()));
        assigned == Some(partition.assigned_dir_id())
    }

    fn finish(&self, partition: &Partition, now: Now) -> Result<bool, MoveError> {
        let (topic, index) = (partition.topic(), partition.index());
        let (from, to) = (partition.log_dir_id(), partition.assigned_dir_id());
        let homes = (self.home_by_id(from), self.home_by_id(to));
        let (Some(from), Some(to)) = homes else {
            return Ok(false);
        };
        let mut removed = None;
        let done = partition.finish_move(PIECE_MAX_BYTES, now, |swap| {
            let gone = from
                .dir
                .mark_deleted(swap.from, Uuid::from_u128(self.random().into()))?;
            let opened = to.dir.promote_future(swap.to, topic, index).and_then(|path| {
                let logs = self.logs.in_dir(&to.health);
                Log::open(&logs, &path, Arc::clone(&swap.config), swap.options)
            });
            let (log, _) = opened.inspect_err(|error| {
                to.note(error);
                self.restore(from, &gone, swap.from);
            })?;
            removed = Some(gone);
            Ok(log)
        })?;
        if let Some(gone) = removed {
            tracing::info!(topic, partition = index, path = %to.dir.path().display(), "a replica moved to another log directory");
            self.discarded(gone);
        }
        Ok(done)
    }

    /// Nobody may write to a log whose directory has another name.
    fn restore(&self, from: &OpenLogDir, gone: &Path, path: &Path) {
        if let Err(error) = self.logs.files.disk().rename(gone, path) {
            from.health.fail(format!("renaming {}: {error}", gone.display()));
        }
    }
}
