//! What a cluster tells, as checks judge it: values and nothing that asks.

use planner::counted;
use std::collections::{BTreeMap, BTreeSet};

use client::{LogDir, PartitionDescription, Quorum, Reassignment, SettingValues, TopicDescription};

use super::verdict::Untold;
use crate::pattern::Pattern;

/// Something that was found out, or why not.
pub(super) type Told<T> = Result<T, Untold>;

/// Topic and partition.
pub(super) type PartitionKey = (String, i32);

/// What some told and others did not.
#[derive(Debug, Clone)]
pub(super) struct Parts<T> {
    pub(super) ok: Vec<T>,
    pub(super) untold: Vec<Untold>,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self {
            ok: Vec::new(),
            untold: Vec::new(),
        }
    }
}

/// What is meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// All topics if there is none.
    pub(super) topics: Vec<Pattern>,
    pub(super) excluded: Vec<Pattern>,
    /// All groups if there is none.
    pub(super) groups: Vec<Pattern>,
}

impl Scope {
    pub(super) fn has_topic(&self, name: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        (self.topics.is_empty() || any(&self.topics)) && !any(&self.excluded)
    }

    pub(super) fn has_group(&self, id: &str) -> bool {
        self.groups.is_empty() || self.groups.iter().any(|pattern| pattern.matches(id))
    }
}

/// What a node serves and knows of features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NodeSoftware {
    pub(super) id: i32,
    /// Versions of each API.
    pub(super) apis: BTreeMap<i16, (i16, i16)>,
    /// Levels of each feature that it could take.
    pub(super) supported: BTreeMap<String, (i16, i16)>,
    /// Levels that count; none if it does not say.
    pub(super) finalized: Option<BTreeMap<String, i16>>,
}

/// How far a group lags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct GroupLag {
    pub(super) group: String,
    /// Records by partition.
    pub(super) records: BTreeMap<PartitionKey, u64>,
}

/// A node's opinion of who is the active controller, as leader and epoch; none if it knows of none.
pub(super) type View = (i32, Option<(i32, i32)>);

/// All of it. What no check asked for was not looked for.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// Ids of live brokers.
    pub(super) brokers: BTreeSet<i32>,
    /// Topics that are meant.
    pub(super) topics: Told<BTreeMap<String, TopicDescription>>,
    /// Patterns of topics that mean none.
    pub(super) meaningless: Vec<Untold>,
    /// Settings of those topics.
    pub(super) topic_settings: Told<Parts<(String, SettingValues)>>,
    pub(super) broker_settings: Parts<(String, SettingValues)>,
    /// Those of all topics.
    pub(super) reassignments: Told<BTreeMap<PartitionKey, Reassignment>>,
    pub(super) quorum: Told<Quorum>,
    pub(super) views: Parts<View>,
    pub(super) log_dirs: Parts<(i32, Vec<LogDir>)>,
    pub(super) lags: Parts<GroupLag>,
    pub(super) software: Parts<NodeSoftware>,
}

impl Default for Facts {
    fn default() -> Self {
        let not_asked = || Untold::new("the cluster", "bug", "it was not asked");
        Self {
            brokers: BTreeSet::new(),
            topics: Err(not_asked()),
            meaningless: Vec::new(),
            topic_settings: Err(not_asked()),
            broker_settings: Parts::default(),
            reassignments: Err(not_asked()),
            quorum: Err(not_asked()),
            views: Parts::default(),
            log_dirs: Parts::default(),
            lags: Parts::default(),
            software: Parts::default(),
        }
    }
}

impl Facts {
    /// That nothing could be found out, for this reason.
    pub(super) fn none(why: &Untold) -> Self {
        fn no<T>(why: &Untold) -> Parts<T> {
            Parts {
                ok: Vec::new(),
                untold: vec![why.clone()],
            }
        }
        Self {
            brokers: BTreeSet::new(),
            topics: Err(why.clone()),
            meaningless: Vec::new(),
            topic_settings: Err(why.clone()),
            broker_settings: no(why),
            reassignments: Err(why.clone()),
            quorum: Err(why.clone()),
            views: no(why),
            log_dirs: no(why),
            lags: no(why),
            software: no(why),
        }
    }
}

/// All partitions of topics.
pub(super) fn partitions(
    topics: &BTreeMap<String, TopicDescription>,
) -> impl Iterator<Item = (&str, i32, &PartitionDescription)> {
    topics.iter().flat_map(|(name, topic)| {
        let partitions = topic.partitions.iter();
        partitions.map(|(number, partition)| (name.as_str(), *number, partition))
    })
}

/// "broker 1", "brokers 1 2".
pub(super) fn named(noun: &str, ids: &[i32]) -> String {
    let list: Vec<String> = ids.iter().map(ToString::to_string).collect();
    format!("{} {}", counted::noun(ids.len(), noun), list.join(" "))
}
