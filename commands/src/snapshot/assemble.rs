//! From what brokers said to a cluster.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use client::{LogDirContents, PartitionDescription, PartitionKey, Reassignment, ShardError, TopicDescription};
use planner::counted::counted;
use planner::model::{BrokerState, Capacity, Cluster, ClusterBuilder, LogDir, ModelError, NewBroker, NewPartition};

use crate::error::CommandError;

/// Stands for all log directories of a broker.
const ALL_DIRS: &str = "*";

/// What a broker said.
#[derive(Debug, Default)]
pub(super) struct BrokerAnswer {
    pub(super) rack: Option<String>,
    pub(super) is_alive: bool,
    /// Log directories that take no new replicas.
    pub(super) cordoned: BTreeSet<String>,
    pub(super) dirs: Vec<LogDirContents>,
}

impl BrokerAnswer {
    /// What it said of its directories; those of before do not count any more.
    pub(super) fn take(&mut self, dirs: Vec<LogDirContents>) {
        self.dirs = dirs;
    }

    fn log_dirs(&self) -> Vec<LogDir> {
        let online = self.dirs.iter().filter(|contents| contents.dir.error.is_none());
        let log_dir = |contents: &LogDirContents| LogDir {
            path: contents.dir.path.clone(),
            total_bytes: contents.dir.total_bytes,
            usable_bytes: contents.dir.usable_bytes,
        };
        online.map(log_dir).collect()
    }

    /// Bytes that replicas can take: what is free and what they have. Directories of one volume count once.
    fn disk_bytes(&self) -> Option<u64> {
        let mut volumes: Vec<(u64, u64)> = Vec::new();
        let mut taken = 0u64;
        for contents in self.dirs.iter().filter(|contents| contents.dir.error.is_none()) {
            let (total, usable) = (contents.dir.total_bytes?, contents.dir.usable_bytes?);
            // What is free changes while it is asked for.
            let is_same = |volume: &&(u64, u64)| volume.0 == total && volume.1.abs_diff(usable) <= total / 1000;
            if !volumes.iter().any(|volume| is_same(&volume)) {
                volumes.push((total, usable));
            }
            let sizes = contents.replicas.values().map(|replica| size(replica.size_bytes));
            taken = sizes.fold(taken, u64::saturating_add);
        }
        let usable = volumes
            .iter()
            .fold(0u64, |sum, (_, usable)| sum.saturating_add(*usable));
        let total = volumes.iter().fold(0u64, |sum, (total, _)| sum.saturating_add(*total));
        (!volumes.is_empty()).then(|| usable.saturating_add(taken).min(total))
    }

    /// Directories that may take replicas.
    pub(super) fn open_dirs(&self) -> Vec<LogDirContents> {
        let is_open = |path: &str| !self.cordoned.contains(ALL_DIRS) && !self.cordoned.contains(path);
        let open = self.dirs.iter().filter(|contents| is_open(&contents.dir.path));
        open.cloned().collect()
    }

    fn is_cordoned(&self) -> bool {
        let dirs = self.log_dirs();
        self.cordoned.contains(ALL_DIRS)
            || (!dirs.is_empty() && dirs.iter().all(|dir| self.cordoned.contains(&dir.path)))
    }
}

/// What was measured at one time.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) at: Instant,
    pub(super) ends: BTreeMap<PartitionKey, i64>,
    pub(super) sizes: BTreeMap<PartitionKey, u64>,
}

/// All that was said.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) cluster_id: String,
    pub(super) brokers: BTreeMap<i32, BrokerAnswer>,
    pub(super) topics: BTreeMap<String, TopicDescription>,
    pub(super) running: BTreeMap<PartitionKey, Reassignment>,
    pub(super) min_isr: BTreeMap<String, u16>,
    /// The first and the last moment of the time in which rates were measured.
    pub(super) moments: Option<(Moment, Moment)>,
    /// Where partitions begin.
    pub(super) starts: BTreeMap<PartitionKey, i64>,
    pub(super) warnings: Vec<String>,
}

impl Answers {
    /// Brokers that are alive.
    pub(super) fn alive(&self) -> impl Iterator<Item = i32> + '_ {
        let alive = self.brokers.iter().filter(|(_, broker)| broker.is_alive);
        alive.map(|(id, _)| *id)
    }

    /// Brokers that have replicas and are not alive.
    pub(super) fn absent(&self) -> BTreeSet<i32> {
        let alive: BTreeSet<i32> = self.alive().collect();
        let partitions = self.topics.values().flat_map(|topic| topic.partitions.values());
        let replicas = partitions.flat_map(|partition| partition.replicas.iter().copied());
        replicas.filter(|broker| !alive.contains(broker)).collect()
    }

    /// Says what was assumed because these did not answer.
    pub(super) fn warn_of(&mut self, assumed: &str, errors: &[ShardError]) {
        if let Some(first) = errors.first() {
            let more = match errors.len() - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            self.warnings.push(format!("{assumed}: {}{more}", first.error));
        }
    }

    /// The size of each partition: that of its leader's replica, or the largest.
    pub(super) fn sizes(&self) -> BTreeMap<PartitionKey, u64> {
        let mut sizes: BTreeMap<PartitionKey, (bool, u64)> = BTreeMap::new();
        for (broker, answer) in &self.brokers {
            for contents in &answer.dirs {
                for ((topic, number, is_future), replica) in &contents.replicas {
                    if *is_future {
                        continue;
                    }
                    let partition = self.topics.get(topic).and_then(|topic| topic.partitions.get(number));
                    let leads = partition.is_some_and(|partition| partition.leader == Some(*broker));
                    let found = (leads, size(replica.size_bytes));
                    let known = sizes.entry((topic.clone(), *number)).or_insert(found);
                    *known = (*known).max(found);
                }
            }
        }
        sizes.into_iter().map(|(key, (_, size))| (key, size)).collect()
    }

    /// Bytes a second that are written to a partition.
    fn bytes_in(&self, key: &PartitionKey) -> u64 {
        let Some((first, last)) = &self.moments else { return 0 };
        let seconds = last.at.duration_since(first.at).as_secs_f64();
        let of = |sizes: &BTreeMap<PartitionKey, u64>| sizes.get(key).copied();
        let grown = match (of(&first.sizes), of(&last.sizes)) {
            (Some(before), Some(after)) => after.saturating_sub(before) as f64,
            _ => 0.0,
        };
        // Segments are deleted while others are written: then records, as large as those that are there, tell more.
        let (end_before, end) = (first.ends.get(key), last.ends.get(key));
        let written = match (end_before, end, self.starts.get(key), of(&last.sizes)) {
            (Some(before), Some(end), Some(start), Some(size)) if end > before && end > start => {
                (end - before) as f64 * (size as f64 / (end - start) as f64)
            }
            _ => 0.0,
        };
        if seconds > 0.0 {
            (grown.max(written) / seconds) as u64
        } else {
            0
        }
    }

    /// The replicas that a partition has when what is being moved has arrived.
    fn settled(&self, key: &PartitionKey, partition: &PartitionDescription) -> Vec<i32> {
        let removing = self.running.get(key).map_or(&[] as &[i32], |running| &running.removing);
        let stays = |broker: &i32| !removing.contains(broker);
        partition.replicas.iter().copied().filter(stays).collect()
    }

    /// The rack in which a lost broker disturbs the fewest of its partitions, where others have racks.
    fn likely_rack(&self, lost: i32) -> Option<String> {
        let racks: BTreeSet<&String> = self
            .brokers
            .values()
            .filter_map(|broker| broker.rack.as_ref())
            .collect();
        let partitions = self.topics.values().flat_map(|topic| topic.partitions.values());
        let mut shared: BTreeMap<&String, usize> = racks.into_iter().map(|rack| (rack, 0)).collect();
        for partition in partitions.filter(|partition| partition.replicas.contains(&lost)) {
            for other in partition.replicas.iter().filter(|other| **other != lost) {
                let rack = self.brokers.get(other).and_then(|broker| broker.rack.as_ref());
                if let Some(count) = rack.and_then(|rack| shared.get_mut(rack)) {
                    *count += 1;
                }
            }
        }
        shared
            .into_iter()
            .min_by_key(|(_, count)| *count)
            .map(|(rack, _)| rack.clone())
    }
}

/// Sizes are never below zero, whatever a broker says.
fn size(told: i64) -> u64 {
    u64::try_from(told).unwrap_or(0)
}

/// Puts a cluster together.
pub(super) fn assemble(mut answers: Answers) -> Result<(Cluster, Vec<String>), CommandError> {
    let mut builder = ClusterBuilder::new(Some(answers.cluster_id.clone()));
    let mut warnings = std::mem::take(&mut answers.warnings);
    add_brokers(&answers, &mut builder, &mut warnings).map_err(|error| unbuilt(&error))?;
    let sizes = answers.sizes();
    let mut unknown = 0;
    for (topic, description) in &answers.topics {
        for (number, partition) in &description.partitions {
            let key = (topic.clone(), *number);
            let replicas = answers.settled(&key, partition);
            if replicas.is_empty() {
                warnings.push(format!("{topic}-{number} has no replicas, and is left out"));
                continue;
            }
            let in_sync: Vec<i32> = partition
                .isr
                .iter()
                .copied()
                .filter(|id| replicas.contains(id))
                .collect();
            unknown += usize::from(!sizes.contains_key(&key));
            builder
                .partition(&NewPartition {
                    topic,
                    number: *number,
                    replicas: &replicas,
                    in_sync: Some(&in_sync),
                    leader: partition.leader.filter(|leader| in_sync.contains(leader)),
                    size_bytes: sizes.get(&key).copied().unwrap_or(0),
                    bytes_in: answers.bytes_in(&key),
                    bytes_out: 0,
                    min_isr: answers.min_isr.get(topic).copied().unwrap_or(1),
                })
                .map_err(|error| unbuilt(&error))?;
        }
    }
    if unknown > 0 {
        warnings.push(format!("nobody tells the size of {}", counted(unknown, "partition")));
    }
    if !answers.running.is_empty() {
        let moved = counted(answers.running.len(), "partition");
        warnings.push(format!("{moved} are being moved, and count as if they had arrived"));
    }
    Ok((builder.build().map_err(|error| unbuilt(&error))?, warnings))
}

fn add_brokers(answers: &Answers, builder: &mut ClusterBuilder, warnings: &mut Vec<String>) -> Result<(), ModelError> {
    for (id, answer) in answers.brokers.iter().filter(|(_, answer)| answer.is_alive) {
        for contents in answer.dirs.iter().filter(|contents| contents.dir.error.is_some()) {
            warnings.push(format!("log directory {} of broker {id} has failed", contents.dir.path));
        }
        if answer.is_cordoned() {
            warnings.push(format!("broker {id} is cordoned, and takes no replicas"));
        }
        builder.broker(NewBroker {
            id: *id,
            rack: answer.rack.clone(),
            state: if answer.is_cordoned() {
                BrokerState::Cordoned
            } else {
                BrokerState::Alive
            },
            capacity: Capacity {
                disk_bytes: answer.disk_bytes(),
                ..Capacity::default()
            },
            log_dirs: answer.log_dirs(),
        })?;
    }
    for id in answers.absent() {
        let known = answers.brokers.get(&id).and_then(|broker| broker.rack.clone());
        let rack = known.clone().or_else(|| answers.likely_rack(id));
        match &rack {
            Some(rack) if known.is_none() => warnings.push(format!(
                "broker {id} is not alive, and is left as it is; nobody knows its rack, which is taken to be {rack}"
            )),
            _ => warnings.push(format!("broker {id} is not alive, and is left as it is")),
        }
        builder.broker(NewBroker {
            id,
            rack,
            state: BrokerState::Excluded,
            ..NewBroker::default()
        })?;
    }
    Ok(())
}

/// What a cluster says of itself makes no sense.
fn unbuilt(error: &ModelError) -> CommandError {
    CommandError::rejected(format!("what the cluster says contradicts itself: {error}"))
        .hint("it may have changed meanwhile: try again")
}
