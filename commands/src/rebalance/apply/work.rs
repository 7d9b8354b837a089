//! What is to be carried out, as the journal keeps it.

use std::collections::{BTreeMap, BTreeSet};

use client::PartitionKey;
use serde::{Deserialize, Serialize};

use crate::rebalance::file::{ANY_LOG_DIR, PlanFile};

/// A partition that is to get other replicas, another order of them, or other log directories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Its topic.
    pub(crate) topic: String,
    /// Its number.
    pub(crate) partition: i32,
    /// Brokers that have it, the preferred leader first.
    pub(crate) from: Vec<i32>,
    /// Brokers that are to have it, the preferred leader first.
    pub(crate) to: Vec<i32>,
    /// Log directories that its replicas are to be in, by broker.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_broker")]
    pub(crate) dirs: BTreeMap<i32, String>,
    /// Bytes of one replica.
    pub(crate) size_bytes: u64,
    /// Bytes that producers write to it in a second.
    pub(crate) write_bytes_per_s: u64,
}

impl Job {
    /// Its partition.
    pub(crate) fn key(&self) -> PartitionKey {
        (self.topic.clone(), self.partition)
    }

    /// `topic-number`.
    pub(crate) fn name(&self) -> String {
        format!("{}-{}", self.topic, self.partition)
    }

    /// Brokers that get it.
    pub(crate) fn adding(&self, heading: Heading) -> impl Iterator<Item = i32> + '_ {
        let (from, to) = match heading {
            Heading::To => (&self.from, &self.to),
            Heading::From => (&self.to, &self.from),
        };
        to.iter().copied().filter(|id| !from.contains(id))
    }

    /// Bytes that are copied between brokers.
    pub(crate) fn moved_bytes(&self, heading: Heading) -> u64 {
        self.size_bytes.saturating_mul(self.adding(heading).count() as u64)
    }

    /// Whether no byte is copied between brokers.
    pub(crate) fn is_free(&self, heading: Heading) -> bool {
        self.adding(heading).next().is_none()
    }

    /// Everybody who takes part.
    pub(crate) fn brokers(&self) -> BTreeSet<i32> {
        self.from.iter().chain(&self.to).copied().collect()
    }
}

/// Directories by broker, as pairs: inside of a tagged line, JSON's keys would not become numbers again.
pub(crate) mod by_broker {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serializer};

    /// As pairs.
    pub(crate) fn serialize<S: Serializer>(dirs: &BTreeMap<i32, String>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(dirs)
    }

    /// From pairs.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<i32, String>, D::Error> {
        let pairs = Vec::<(i32, String)>::deserialize(from)?;
        Ok(pairs.into_iter().collect())
    }
}

/// Which way a partition goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heading {
    /// To where the plan has it.
    To,
    /// Back to where it was.
    From,
}

/// How a plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Options {
    /// The most that a broker sends, and receives, in a second; none if there is no limit.
    pub(crate) throttle_bytes_per_s: Option<u64>,
    /// The most that a broker copies in a second between its log directories; none if nothing is set.
    pub(crate) log_dirs_throttle_bytes_per_s: Option<u64>,
    /// Most replicas that a broker receives, or sends, at a time.
    pub(crate) moves_per_broker: u32,
    /// Most partitions that move at a time.
    pub(crate) moves_max: u32,
    /// How much of a broker's disks may be full, in percent.
    pub(crate) disk_limit_percent: u8,
    /// Longest that what a broker is to receive at a time may take.
    pub(crate) batch_ms: u64,
    /// Without progress for so long it stops.
    pub(crate) stall_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            throttle_bytes_per_s: None,
            log_dirs_throttle_bytes_per_s: None,
            moves_per_broker: 5,
            moves_max: 50,
            disk_limit_percent: 90,
            batch_ms: 600_000,
            stall_ms: 600_000,
        }
    }
}

/// Jobs of a plan.
pub(crate) fn jobs_of(plan: &PlanFile) -> Vec<Job> {
    let rates: BTreeMap<(&str, i32), u64> = plan
        .partitions
        .iter()
        .map(|row| ((row.topic.as_str(), row.partition), row.bytes_in_per_s))
        .collect();
    let job = |one: &crate::rebalance::file::Move| {
        let dirs = one
            .replicas_to
            .iter()
            .copied()
            .zip(one.log_dirs.iter().flatten().cloned());
        Job {
            topic: one.topic.clone(),
            partition: one.partition,
            from: one.replicas_from.clone(),
            to: one.replicas_to.clone(),
            dirs: dirs.filter(|(_, dir)| dir != ANY_LOG_DIR).collect(),
            size_bytes: one.size_bytes,
            write_bytes_per_s: rates.get(&(one.topic.as_str(), one.partition)).copied().unwrap_or(0),
        }
    };
    plan.moves.iter().map(job).collect()
}
