//! Taking a new image: partitions come, change and go.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use broker_log::{Log, LogConfig, LogError, OpenOptions};
use protocol::Uuid;
use protocol::config::{Layers, Scope, Values, lookup, topic_value};
use protocol::records::{Compression, TimestampType};

use super::own_registration::Seen;
use super::partition::{Partition, Throttled};
use super::topic_names::{CONSUMER_OFFSETS, is_internal};
use super::{Broker, OpenLogDir};
use crate::cx::Now;
use crate::image::{MetadataImage, PartitionImage, ResourceType, TopicImage};
use crate::replication::throttle::{FOLLOWER_RATE, LEADER_RATE, MOVES_RATE, ThrottledReplicas};

/// Directories of removed partitions, to be deleted from disk once nobody reads them.
pub type RemovedDirs = Vec<std::path::PathBuf>;

impl OpenLogDir {
    /// Takes a partition that is about to be created out of the checkpoints that were found at the start. Those that
    /// this broker wrote since are without the partitions it removed.
    fn forget_offsets(&self, name: &(String, i32)) -> Result<(), LogError> {
        use protocol::files::names;
        let found = [
            (names::RECOVERY_POINTS, &self.recovery_points),
            (names::LOG_START_OFFSETS, &self.log_start_offsets),
            (names::HIGH_WATERMARKS, &self.high_watermarks),
        ];
        for (file, _) in found.into_iter().filter(|(_, offsets)| offsets.contains_key(name)) {
            let mut offsets = self.dir.read_offsets(file)?;
            if offsets.remove(name).is_some() {
                self.dir.write_offsets(file, &offsets)?;
            }
        }
        Ok(())
    }
}

impl Broker {
    /// Takes a new image. What cannot be opened or created is logged, and answers KAFKA_STORAGE_ERROR. Partitions come
    /// with the first image that has the registration of this process.
    pub fn publish(&self, image: MetadataImage, now: Now) -> RemovedDirs {
        let before = match self.registration.look(&image, self.node_id()) {
            Seen::NotYet => {
                self.advance(image);
                return RemovedDirs::new();
            }
            Seen::First => Arc::new(MetadataImage::empty()),
            Seen::Before => self.image.load_full(),
        };
        let image = Arc::new(image);
        // Before the partitions: leaders ask who may join.
        self.replicas.set_brokers(image.brokers().clone());
        self.set_throttle_rates(&image, now);
        let same_config = self.same_configs(&before, &image);
        for topic in image.topics().iter() {
            let known = before.topics().by_id(topic.id).filter(|_| same_config(&topic.name));
            if !known.is_some_and(|known| std::ptr::eq(known, topic)) {
                self.publish_topic(&image, topic, known, now);
            }
        }
        let removed = self.remove_gone(&before, &image);
        if !removed.is_empty()
            && let Err(error) = self.write_checkpoints()
        {
            tracing::error!(%error, "cannot write the offset checkpoints without the removed partitions");
        }
        if before.topics().by_name(CONSUMER_OFFSETS) != image.topics().by_name(CONSUMER_OFFSETS) {
            self.follow_offsets_topic(&image);
        }
        self.just_fenced.note(&before, &image, now.mono);
        self.image.store(Arc::clone(&image));
        self.lost_leaders.published(&image);
        let mut creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        creating.retain(|name| image.topics().by_name(name).is_none());
        removed
    }

    /// Whether a topic goes by the same keys in both images, its own and this broker's.
    fn same_configs<'a>(&self, before: &'a MetadataImage, image: &'a MetadataImage) -> impl Fn(&str) -> bool + use<'a> {
        let all = before.configs().eq(image.configs());
        let same = |kind, name: &str| before.config(kind, name) == image.config(kind, name);
        let own = all
            || ["", &self.node_id().to_string()]
                .iter()
                .all(|name| same(ResourceType::Broker, name));
        move |topic| all || own && same(ResourceType::Topic, topic)
    }

    /// Takes an image that has nothing new for its partitions.
    pub fn advance(&self, image: MetadataImage) {
        self.image.store(Arc::new(image));
    }

    /// Takes the rates of replication throttles: this broker's, or the default of all.
    fn set_throttle_rates(&self, image: &MetadataImage, now: Now) {
        let rate = |key: &str| {
            let text = self.with_layers(image, |layers| layers.get(key))?;
            text.parse::<u64>().ok()
        };
        self.replicas.leader_throttle().set_rate(rate(LEADER_RATE), now.mono);
        self.replicas
            .follower_throttle()
            .set_rate(rate(FOLLOWER_RATE), now.mono);
        self.moves.throttle.set_rate(rate(MOVES_RATE), now.mono);
    }

    /// Of a topic that was `known` with the same configuration only partitions that changed are looked at.
    fn publish_topic(&self, image: &MetadataImage, topic: &TopicImage, known: Option<&TopicImage>, now: Now) {
        let none = Values::new();
        let overrides = image.config(ResourceType::Topic, &topic.name).unwrap_or(&none);
        let (config, min_isr) = self.with_layers(image, |layers| log_config(overrides, layers));
        if config.compact && !is_internal(&topic.name) && !self.warned_of_compaction.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                topic = topic.name,
                "cleanup.policy=compact is kept, but this broker does not compact: nothing is removed from such topics"
            );
        }
        let config = Arc::new(config);
        let list = |key: &str| {
            let text = overrides.get(key).map_or("", String::as_str);
            ThrottledReplicas::parse(text, self.node_id())
        };
        let as_leader = list("leader.replication.throttled.replicas");
        let as_follower = list("follower.replication.throttled.replicas");
        for (index, state) in topic
            .partitions()
            .filter(|(_, state)| state.replicas.contains(&self.node_id()))
        {
            let key = (topic.id, index);
            let open = self
                .partitions
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&key)
                .map(Arc::clone);
            let same = known.and_then(|known| known.partition(index));
            if open.is_some() && same.is_some_and(|same| std::ptr::eq(same, state)) {
                continue;
            }
            let throttled = Throttled {
                as_leader: as_leader.names(index),
                as_follower: as_follower.names(index),
            };
            if let Some(partition) = open {
                partition.set_throttled(throttled);
                partition.update(state.clone(), Arc::clone(&config), min_isr, now);
                continue;
            }
            match self.open_partition(topic, index, state, &config) {
                Ok((log, home)) => {
                    let partition = Partition::new(
                        (topic.name.clone(), topic.id, index),
                        home.id,
                        Arc::clone(&self.replicas),
                        log,
                        state.clone(),
                        min_isr,
                        now,
                    );
                    partition.set_throttled(throttled);
                    self.resume_move(&partition);
                    let mut partitions = self.partitions.write().unwrap_or_else(PoisonError::into_inner);
                    partitions.insert(key, Arc::new(partition));
                }
                Err(error) => tracing::error!(topic = topic.name, partition = index, %error, "cannot open a partition"),
            }
        }
    }

    fn open_partition(
        &self,
        topic: &TopicImage,
        index: i32,
        state: &PartitionImage,
        config: &Arc<LogConfig>,
    ) -> Result<(Log, &OpenLogDir), LogError> {
        let name = (topic.name.clone(), index);
        self.promote_found(topic, index, state);
        let home = self.home_of(&name, state);
        let opened = self.open_in(home, &name, topic, config);
        opened.map(|log| (log, home)).inspect_err(|error| home.note(error))
    }

    fn open_in(
        &self,
        home: &OpenLogDir,
        name: &(String, i32),
        topic: &TopicImage,
        config: &Arc<LogConfig>,
    ) -> Result<Log, LogError> {
        let index = name.1;
        let path = home.dir.partition_path(&topic.name, index);
        let known = self.prepare_dir(home, &path, topic, index)?;
        // Checkpoints go by names: what they say of a new partition is of an earlier topic of its name.
        let found = |offsets: &broker_log::Offsets| offsets.get(name).copied().unwrap_or(0);
        let offset = |offsets| if known { found(offsets) } else { 0 };
        let options = OpenOptions {
            // Whoever closed the directory had no log open that it wrote no recovery point of.
            clean: home.clean && home.recovery_points.contains_key(name),
            recovery_point: offset(&home.recovery_points),
            log_start_offset: offset(&home.log_start_offsets),
            high_watermark: offset(&home.high_watermarks),
        };
        let (log, report) = Log::open(&self.logs.in_dir(&home.health), &path, Arc::clone(config), options)?;
        if let Some(cut) = report.truncated {
            tracing::warn!(
                path = %cut.path.display(), position = cut.position, cut_bytes = cut.cut_bytes,
                log_end_offset = cut.log_end_offset, reason = cut.reason,
                "cut the end of a log, which was not whole"
            );
        }
        if !report.rebuilt.is_empty() {
            let segments = report.rebuilt.len();
            tracing::info!(
                topic = topic.name,
                partition = index,
                segments,
                "checked segments and rebuilt their indexes"
            );
        }
        Ok(log)
    }

    /// Makes the directory of a partition, unless it is known already. One that an earlier topic of this name left is
    /// not this topic's.
    fn prepare_dir(&self, home: &OpenLogDir, path: &Path, topic: &TopicImage, index: i32) -> Result<bool, LogError> {
        match home.dir.topic_id(path)? {
            Some(id) if id == topic.id => return Ok(true),
            Some(other) => {
                let stray = home.dir.mark_stray(path, Uuid::from_u128(self.random().into()))?;
                tracing::warn!(
                    topic = topic.name, partition = index, %other, path = %stray.display(),
                    "set aside a directory of another topic of the same name"
                );
            }
            None => {}
        }
        let _one_writer = self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner);
        home.forget_offsets(&(topic.name.clone(), index))?;
        home.dir.create_partition(&topic.name, index, topic.id)?;
        Ok(false)
    }

    /// The log directory a partition is in: where it lies already, where the metadata puts it, where it was wanted, or
    /// the one with the fewest partitions.
    fn home_of(&self, name: &(String, i32), state: &PartitionImage) -> &OpenLogDir {
        if let [only] = self.dirs.as_slice() {
            return only;
        }
        let assigned = state.directory(self.node_id());
        let wish = self.moves.take_wish(name);
        let found = self.dirs.iter().find(|home| self.lies_in(home, name));
        let found = found
            .or_else(|| self.home_by_id(assigned))
            .or_else(|| self.home_by_id(wish?));
        let partitions = self.partitions.read().unwrap_or_else(PoisonError::into_inner);
        let load = |home: &&OpenLogDir| partitions.values().filter(|p| p.log_dir_id() == home.id).count();
        #[expect(clippy::expect_used, reason = "a broker without a log directory does not start")]
        found
            .or_else(|| self.dirs.iter().min_by_key(load))
            .expect("a log directory")
    }

    fn remove_gone(&self, before: &MetadataImage, image: &MetadataImage) -> RemovedDirs {
        let is_here = |partition: &PartitionImage| partition.replicas.contains(&self.node_id());
        let mut gone = Vec::new();
        for topic in before.topics().iter() {
            let now = image.topics().by_id(topic.id);
            if now.is_some_and(|now| std::ptr::eq(now, topic)) {
                continue;
            }
            let stays = |index| now.and_then(|now| now.partition(index)).is_some_and(is_here);
            let left = topic
                .partitions()
                .map(|(index, _)| index)
                .filter(|index| !stays(*index));
            gone.extend(left.map(|index| (topic.id, index)));
        }
        if gone.is_empty() {
            return RemovedDirs::new();
        }
        let mut partitions = self.partitions.write().unwrap_or_else(PoisonError::into_inner);
        let mut removed = Vec::new();
        for key in gone {
            let Some(partition) = partitions.remove(&key) else {
                continue;
            };
            partition.retire();
            self.give_up(&partition);
            let Some(home) = self.home_by_id(partition.log_dir_id()) else {
                continue;
            };
            self.logs.files.forget_dir(&partition.dir());
            match home
                .dir
                .mark_deleted(&partition.dir(), Uuid::from_u128(self.random().into()))
            {
                Ok(path) => removed.push(path),
                Err(error) => {
                    tracing::error!(topic = partition.topic(), partition = partition.index(), %error, "cannot remove a partition");
                }
            }
        }
        removed
    }

    /// Writes the offset checkpoints of all log directories.
    pub fn write_checkpoints(&self) -> Result<(), LogError> {
        use protocol::files::names;
        if !self.registration.was_seen() {
            return Ok(());
        }
        let _one_writer = self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner);
        let copies = self.copies();
        for home in self.dirs.iter().filter(|home| !home.health.is_failed()) {
            let (mut points, mut starts, mut marks) =
                <(broker_log::Offsets, broker_log::Offsets, broker_log::Offsets)>::default();
            for partition in self
                .partitions()
                .iter()
                .filter(|partition| partition.log_dir_id() == home.id)
            {
                let name = (partition.topic().to_owned(), partition.index());
                let (recovery_point, log_start_offset, high_watermark) = partition.checkpoint();
                points.insert(name.clone(), recovery_point);
                if log_start_offset > 0 {
                    starts.insert(name.clone(), log_start_offset);
                }
                marks.insert(name, high_watermark);
            }
            for (name, copy) in &copies {
                if copy.to == home.id {
                    points.insert(name.clone(), copy.recovery_point);
                }
            }
            let written = home
                .dir
                .write_offsets(names::RECOVERY_POINTS, &points)
                .and_then(|()| home.dir.write_offsets(names::LOG_START_OFFSETS, &starts))
                .and_then(|()| home.dir.write_offsets(names::HIGH_WATERMARKS, &marks));
            written.inspect_err(|error| home.note(error))?;
        }
        Ok(())
    }

    /// Before records are appended to logs that were cut: a recovery point beyond the cut would have the next start take
    /// them for durable, after a power cut that took them. Whoever finds others at it waits for them.
    pub fn checkpoint_truncations(&self) {
        let _until_written = self.truncations.lock().unwrap_or_else(PoisonError::into_inner);
        if self.replicas.take_truncated()
            && let Err(error) = self.write_checkpoints()
        {
            tracing::error!(%error, "cannot write the offset checkpoints after logs were cut");
        }
    }

    /// Closes all logs and marks the shutdown as clean, where everything could be written.
    pub fn close(&self, broker_epoch: i64) -> Result<(), LogError> {
        let mut failed = std::collections::BTreeSet::new();
        for partition in self.partitions() {
            if let Err(error) = partition.close() {
                tracing::error!(topic = partition.topic(), partition = partition.index(), %error, "cannot close a log");
                failed.insert(partition.log_dir_id());
            }
            if let Err((dir, error)) = partition.close_copy() {
                tracing::error!(topic = partition.topic(), partition = partition.index(), %error, "cannot close a copy");
                failed.insert(dir);
            }
        }
        self.write_checkpoints()?;
        // What was found unclean, and was not opened, was not recovered either.
        let are_open = self.registration.was_seen();
        let closed = |home: &&OpenLogDir| !failed.contains(&home.id) && (are_open || home.clean);
        for home in self.dirs.iter().filter(closed) {
            home.dir.write_clean_shutdown(broker_epoch)?;
        }
        Ok(())
    }
}

impl OpenLogDir {
    /// Takes the directory offline if a file in it could not be written or read.
    pub(super) fn note(&self, error: &LogError) {
        if matches!(error, LogError::Io { .. }) {
            self.health.fail(error.to_string());
        }
    }
}

/// What logs of a topic go by, and its min.insync.replicas.
fn log_config(overrides: &Values, layers: Layers<'_>) -> (LogConfig, usize) {
    let get = |name: &str| lookup(Scope::Topic, name).and_then(|key| topic_value(key, overrides, layers).0);
    let number = |name: &str| get(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let bound = |name: &str| Some(number(name)).filter(|value| *value >= 0);
    let policy = get("cleanup.policy").unwrap_or_default();
    let config = LogConfig {
        segment_bytes: number("segment.bytes").max(1) as u64,
        segment_ms: number("segment.ms"),
        segment_index_bytes: number("segment.index.bytes").max(0) as u64,
        index_interval_bytes: number("index.interval.bytes").max(0) as u64,
        retention_bytes: bound("retention.bytes").map(|bytes| bytes as u64),
        retention_ms: bound("retention.ms"),
        message_max_bytes: number("max.message.bytes").max(0) as usize,
        timestamp_type: match get("message.timestamp.type").as_deref() {
            Some("LogAppendTime") => TimestampType::LogAppendTime,
            _ => TimestampType::CreateTime,
        },
        timestamp_before_max_ms: number("message.timestamp.before.max.ms"),
        timestamp_after_max_ms: number("message.timestamp.after.max.ms"),
        compression: match get("compression.type").as_deref() {
            Some("uncompressed") => Some(Compression::None),
            Some("gzip") => Some(Compression::Gzip),
            Some("snappy") => Some(Compression::Snappy),
            Some("lz4") => Some(Compression::Lz4),
            Some("zstd") => Some(Compression::Zstd),
            _ => None,
        },
        delete: policy.split(',').any(|item| item.trim() == "delete"),
        compact: policy.split(',').any(|item| item.trim() == "compact"),
        file_delete_delay_ms: number("file.delete.delay.ms"),
        flush_messages: Some(number("flush.messages")).filter(|count| *count < i64::MAX),
        producer_id_expiration_ms: layers
            .get("producer.id.expiration.ms")
            .and_then(|text| text.parse().ok())
            .unwrap_or(86_400_000),
    };
    (config, number("min.insync.replicas").max(1) as usize)
}
