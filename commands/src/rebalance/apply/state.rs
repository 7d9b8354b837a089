//! How far a plan has been carried out. It changes only by what is in the journal.

use std::collections::{BTreeMap, BTreeSet};

use client::PartitionKey;
use serde::{Deserialize, Serialize};

use super::view::{Settings, ThrottleKey};
use super::work::{Heading, Job, Options, by_broker};

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Entry {
    /// A plan is to be carried out.
    Began {
        /// kfleet/rebalance-journal/1.
        schema: String,
        /// The cluster.
        cluster_id: String,
        /// Tells the plan from others.
        digest: String,
        /// When.
        at_ms: i64,
        /// How.
        options: Options,
        /// What.
        jobs: Vec<Job>,
    },
    /// A setting will be changed that was not before.
    Touching {
        /// Which.
        #[serde(flatten)]
        key: ThrottleKey,
        /// What it is; none if nothing is set.
        before: Option<String>,
    },
    /// A partition will be moved.
    Started {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// When.
        at_ms: i64,
        /// Where replicas are that will move between log directories.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "by_broker")]
        dirs: BTreeMap<i32, String>,
    },
    /// A partition is where it was to be.
    Settled {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// When.
        at_ms: i64,
        /// Bytes that were copied between brokers.
        bytes: u64,
    },
    /// A partition had arrived before it could be cancelled, and stays.
    Kept {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// A partition is left as it is.
    Dropped {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Why.
        why: String,
    },
    /// Nothing more is begun, or it goes on.
    Paused {
        /// Whether.
        paused: bool,
    },
    /// It goes on in another way.
    Changed {
        /// How.
        options: Options,
    },
    /// What is under way is to be undone, and nothing more is begun.
    Cancelled,
    /// Everything is to be as it was.
    RolledBack,
    /// It is over, and throttles are as they were.
    Ended {
        /// When.
        at_ms: i64,
    },
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// The plan.
    Forward,
    /// What is under way is undone.
    Cancel,
    /// All of it is undone.
    Rollback,
}

/// How far a partition has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    /// It has not been begun.
    Waiting,
    /// It is being moved.
    Active,
    /// It is where it was to be.
    Settled,
    /// It is left as it is.
    Dropped(String),
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// What is to be done.
    pub(crate) job: Job,
    /// How far it has come.
    pub(crate) status: Status,
    /// Which way it goes.
    pub(crate) heading: Heading,
    /// Where its replicas were before they moved between log directories.
    pub(crate) dirs_before: BTreeMap<i32, String>,
}

impl Part {
    /// Brokers that are to have it.
    pub(crate) fn goal(&self) -> &[i32] {
        match self.heading {
            Heading::To => &self.job.to,
            Heading::From => &self.job.from,
        }
    }

    /// Brokers it comes from.
    pub(crate) fn origin(&self) -> &[i32] {
        match self.heading {
            Heading::To => &self.job.from,
            Heading::From => &self.job.to,
        }
    }

    /// Log directories that its replicas are to be in.
    pub(crate) fn goal_dirs(&self) -> &BTreeMap<i32, String> {
        match self.heading {
            Heading::To => &self.job.dirs,
            Heading::From => &self.dirs_before,
        }
    }

    /// Brokers that get it.
    pub(crate) fn adding(&self) -> impl Iterator<Item = i32> + '_ {
        self.job.adding(self.heading)
    }
}

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) cluster_id: String,
    pub(crate) digest: String,
    pub(crate) began_ms: i64,
    pub(crate) options: Options,
    pub(crate) parts: BTreeMap<PartitionKey, Part>,
    /// What settings were before they were changed.
    pub(crate) before: Settings,
    pub(crate) mode: Mode,
    pub(crate) is_paused: bool,
    pub(crate) ended_ms: Option<i64>,
    /// Bytes that were copied between brokers for partitions that settled.
    pub(crate) moved_bytes: u64,
}

/// Name and version of the journal.
pub(crate) const SCHEMA: &str = "kfleet/rebalance-journal/1";

impl State {
    /// From all of a journal.
    pub(crate) fn replay(entries: &[Entry]) -> Result<Self, String> {
        let Some((
            Entry::Began {
                schema,
                cluster_id,
                digest,
                at_ms,
                options,
                jobs,
            },
            rest,
        )) = entries.split_first()
        else {
            return Err("it does not begin with a plan".to_owned());
        };
        if schema != SCHEMA {
            return Err(format!("it has the schema {schema}, and {SCHEMA} is known"));
        }
        let part = |job: &Job| Part {
            job: job.clone(),
            status: Status::Waiting,
            heading: Heading::To,
            dirs_before: BTreeMap::new(),
        };
        let mut state = Self {
            cluster_id: cluster_id.clone(),
            digest: digest.clone(),
            began_ms: *at_ms,
            options: options.clone(),
            parts: jobs.iter().map(|job| (job.key(), part(job))).collect(),
            before: Settings::new(),
            mode: Mode::Forward,
            is_paused: false,
            ended_ms: None,
            moved_bytes: 0,
        };
        for entry in rest {
            state.apply(entry)?;
        }
        Ok(state)
    }

    fn part(&mut self, topic: &str, partition: i32) -> Result<&mut Part, String> {
        let key = (topic.to_owned(), partition);
        let found = self.parts.get_mut(&key);
        found.ok_or_else(|| format!("{topic}-{partition} is not in the plan"))
    }

    /// Takes a line.
    pub(crate) fn apply(&mut self, entry: &Entry) -> Result<(), String> {
        match entry {
            Entry::Began { .. } => return Err("a second plan begins in it".to_owned()),
            Entry::Touching { key, before } => {
                self.before.entry(key.clone()).or_insert_with(|| before.clone());
            }
            Entry::Started {
                topic, partition, dirs, ..
            } => {
                let part = self.part(topic, *partition)?;
                part.status = Status::Active;
                if part.heading == Heading::To {
                    part.dirs_before.clone_from(dirs);
                }
            }
            Entry::Settled {
                topic,
                partition,
                bytes,
                ..
            } => {
                self.part(topic, *partition)?.status = Status::Settled;
                self.moved_bytes = self.moved_bytes.saturating_add(*bytes);
            }
            Entry::Kept { topic, partition } => {
                let part = self.part(topic, *partition)?;
                part.heading = Heading::To;
                part.status = Status::Settled;
            }
            Entry::Dropped { topic, partition, why } => {
                self.part(topic, *partition)?.status = Status::Dropped(why.clone());
            }
            Entry::Paused { paused } => self.is_paused = *paused,
            Entry::Changed { options } => self.options = options.clone(),
            Entry::Cancelled => self.turn(Mode::Cancel),
            Entry::RolledBack => self.turn(Mode::Rollback),
            Entry::Ended { at_ms } => self.ended_ms = Some(*at_ms),
        }
        Ok(())
    }

    /// Turns back. What was cancelled can be rolled back, and not the other way round.
    fn turn(&mut self, mode: Mode) {
        self.mode = mode;
        self.is_paused = false;
        self.ended_ms = None;
        for part in self.parts.values_mut().filter(|part| part.heading == Heading::To) {
            match part.status {
                Status::Active => part.heading = Heading::From,
                Status::Settled if mode == Mode::Rollback => {
                    part.heading = Heading::From;
                    part.status = Status::Waiting;
                }
                _ => {}
            }
        }
    }

    /// Partitions that are being moved.
    pub(crate) fn active(&self) -> impl Iterator<Item = (&PartitionKey, &Part)> {
        self.parts.iter().filter(|(_, part)| part.status == Status::Active)
    }

    /// Partitions that are to be begun.
    pub(crate) fn eligible(&self) -> impl Iterator<Item = (&PartitionKey, &Part)> {
        self.parts.iter().filter(|(_, part)| {
            let is_wanted = match self.mode {
                Mode::Forward => part.heading == Heading::To,
                Mode::Cancel => false,
                Mode::Rollback => part.heading == Heading::From,
            };
            is_wanted && part.status == Status::Waiting
        })
    }

    /// Partitions that are begun, or are to be.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = (&PartitionKey, &Part)> {
        self.active().chain(self.eligible())
    }

    /// How many have this status.
    pub(crate) fn count(&self, is: impl Fn(&Part) -> bool) -> usize {
        self.parts.values().filter(|part| is(part)).count()
    }

    /// Those that are left as they are, and why.
    pub(crate) fn dropped(&self) -> impl Iterator<Item = (&Part, &str)> {
        self.parts.values().filter_map(|part| match &part.status {
            Status::Dropped(why) => Some((part, why.as_str())),
            _ => None,
        })
    }

    /// Brokers that something is still to be done with.
    pub(crate) fn brokers(&self) -> BTreeSet<i32> {
        self.unfinished().flat_map(|(_, part)| part.job.brokers()).collect()
    }
}
