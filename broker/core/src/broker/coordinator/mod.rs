//! The groups this broker coordinates: one shard for each partition of `__consumer_offsets` it leads.
//!
//! A shard belongs to one epoch of leadership. It is read in from the log when the epoch begins, up to the log's end: what
//! an earlier leader committed may be above the high watermark this one knows of. Until all of that is committed, clients
//! are told to wait. With the epoch the shard ends, and everybody who waits in it hears that it is coordinated elsewhere.

mod load;
mod shard;
mod write;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::ErrorCode;

use super::topic_names::CONSUMER_OFFSETS;
use super::{Broker, NewTopic};
use crate::call::Waiters;
use crate::cx::Now;
use crate::groups::{GroupSettings, group_record, partition_of};
use crate::image::{MetadataImage, TopicImage};

pub(super) use shard::{Held, OpenShard};
pub(super) use write::{PendingWrites, Writes, Written};

type Open = BTreeMap<(Uuid, i32), Arc<OpenShard>>;

/// Shards by topic id and partition.
#[derive(Debug, Default)]
pub(super) struct Shards {
    open: Mutex<Open>,
    to_load: Mutex<ToLoad>,
}

/// Shards to be read in, and who is to be woken for it.
#[derive(Debug, Default)]
struct ToLoad {
    shards: VecDeque<Arc<OpenShard>>,
    loader: Waiters,
}

impl Shards {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn to_load(&self) -> MutexGuard<'_, ToLoad> {
        self.to_load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load_later(&self, shard: Arc<OpenShard>) {
        let mut to_load = self.to_load();
        to_load.shards.push_back(shard);
        to_load.loader.wake_all();
    }

    fn next_to_load(&self) -> Option<Arc<OpenShard>> {
        self.to_load().shards.pop_front()
    }
}

impl Broker {
    /// Follows the leadership of `__consumer_offsets`: shards of epochs that are over end, those of new epochs begin.
    pub(super) fn follow_offsets_topic(&self, image: &MetadataImage) {
        let led = image.topics().by_name(CONSUMER_OFFSETS).map(|topic| self.led(topic));
        let led = led.unwrap_or_default();
        let mut open = self.shards.open();
        open.retain(|key, shard| {
            let stays = led.get(key).is_some_and(|begun| shard.is_same(begun));
            if !stays {
                shard.end();
            }
            stays
        });
        for (key, begun) in led {
            open.entry(key).or_insert_with(|| {
                let shard = Arc::new(begun);
                self.shards.load_later(Arc::clone(&shard));
                shard
            });
        }
    }

    /// Partitions of a topic that this broker leads, as shards that begin.
    fn led(&self, topic: &TopicImage) -> BTreeMap<(Uuid, i32), OpenShard> {
        let partitions = self.partitions.read().unwrap_or_else(PoisonError::into_inner);
        let of_topic = partitions.range((topic.id, i32::MIN)..=(topic.id, i32::MAX));
        let led = of_topic.filter_map(|(key, partition)| {
            let epoch = partition.leading_epoch()?;
            Some((*key, OpenShard::new(Arc::clone(partition), epoch)))
        });
        led.collect()
    }

    /// Ready when [`Broker::load_groups`] has something to do; leaves a waker if not. One loader may wait.
    pub fn poll_groups_to_load(&self, waker: &Waker) -> Poll<()> {
        let mut to_load = self.shards.to_load();
        if !to_load.shards.is_empty() {
            return Poll::Ready(());
        }
        to_load.loader.register(0, waker);
        Poll::Pending
    }

    /// Reads in the groups of partitions this broker began to lead. It may take long, so no thread of connections is for it.
    pub fn load_groups(&self, now: Now) {
        while let Some(shard) = self.shards.next_to_load() {
            shard.load(now.mono);
        }
    }

    /// The shard of a group, if this broker coordinates it.
    pub(super) fn shard_of(&self, group: &str) -> Result<Arc<OpenShard>, ErrorCode> {
        let image = self.image();
        let topic = image.topics().by_name(CONSUMER_OFFSETS);
        let topic = topic.ok_or(ErrorCode::NotCoordinator)?;
        let index = partition_of(group, topic.partition_count() as i32);
        let open = self.shards.open();
        open.get(&(topic.id, index)).cloned().ok_or(ErrorCode::NotCoordinator)
    }

    /// All shards this broker has.
    pub(super) fn all_shards(&self) -> Vec<Arc<OpenShard>> {
        self.shards.open().values().map(Arc::clone).collect()
    }

    /// Asks for `__consumer_offsets` to be created.
    pub(super) fn create_offsets_topic(&self) {
        let setting = |name: &str| self.config().number(name);
        self.request_topics(vec![NewTopic {
            name: CONSUMER_OFFSETS.to_owned(),
            partitions: i32::try_from(setting("offsets.topic.num.partitions")).unwrap_or(-1),
            replication_factor: i16::try_from(setting("offsets.topic.replication.factor")).unwrap_or(-1),
            configs: vec![
                ("cleanup.policy".to_owned(), "compact".to_owned()),
                ("compression.type".to_owned(), "producer".to_owned()),
                (
                    "segment.bytes".to_owned(),
                    setting("offsets.topic.segment.bytes").to_string(),
                ),
            ],
        }]);
    }

    /// What groups go by.
    pub(super) fn group_settings(&self) -> GroupSettings {
        let setting = |name: &str| self.config().number(name);
        GroupSettings {
            session_min_ms: setting("group.min.session.timeout.ms"),
            session_max_ms: setting("group.max.session.timeout.ms"),
            size_max: usize::try_from(setting("group.max.size")).unwrap_or(usize::MAX),
            initial_delay: Duration::from_millis(setting("group.initial.rebalance.delay.ms").max(0) as u64),
            metadata_max_bytes: setting("offset.metadata.max.bytes").max(0) as usize,
        }
    }

    /// How long a client waits for what it changes to be committed.
    pub(super) fn commit_timeout(&self) -> Duration {
        Duration::from_millis(self.config().number("offsets.commit.timeout.ms").max(0) as u64)
    }

    /// Gives up on silent members, ends overdue rebalances, and has shards that could not be read in tried again.
    pub fn tick_groups(&self, now: Now) {
        let settings = self.group_settings();
        for shard in self.all_shards() {
            if shard.is_to_be_tried_again(now.mono) {
                self.shards.load_later(Arc::clone(&shard));
            }
            let Ok(mut held) = shard.hold(now) else { continue };
            held.shard().give_up_overdue(now.mono, &settings);
            for id in held.shard().tick(now.mono, &settings) {
                let Some(group) = held.shard().group(&id) else { continue };
                let record = group_record(group, &BTreeMap::new(), now.wall_ms);
                let written = record
                    .map_err(|_| ErrorCode::UnknownServerError)
                    .and_then(|record| shard.append(&[record], now));
                if let Err(error) = written {
                    tracing::error!(group = id, %error, "cannot write that a group is empty");
                }
            }
        }
    }
}
