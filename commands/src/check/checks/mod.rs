//! The checks: each judges what a cluster told, and asks nothing itself.

mod at_min_isr;
mod controller;
mod lag;
mod log_dirs;
mod min_isr;
mod offline;
mod quorum;
mod reassignments;
mod replica_unavailable;
mod replication_factor;
mod throttles;
mod under_replicated;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use client::PartitionDescription;
use planner::counted::counted;

use super::facts::{Facts, partitions};
use super::limits::Limits;
use super::verdict::{Finding, Judged, Untold};
use crate::status::Status;

pub(super) use throttles::{BROKER_KEYS, TOPIC_KEYS as THROTTLE_TOPIC_KEYS};

/// The setting that says how many replicas have to be in sync.
pub(super) const MIN_INSYNC: &str = "min.insync.replicas";

/// What a check has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    Topics,
    TopicSettings,
    BrokerSettings,
    Reassignments,
    Quorum,
    Views,
    LogDirs,
    Lags,
    Software,
}

/// How to judge.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules {
    pub(super) limits: Limits,
    /// --min.
    pub(super) replicas_min: Option<u32>,
    /// --max-lag.
    pub(super) max_lag: i64,
}

/// A check.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    /// What --warn and --crit count; none where nothing is counted.
    pub(super) unit: Option<&'static str>,
    /// What counts if neither is given.
    pub(super) limits: Limits,
    pub(super) needs: &'static [Need],
    /// Whether --topic and --exclude-topic make a difference.
    pub(super) takes_topics: bool,
    pub(super) judge: fn(&Facts, &Rules) -> Judged,
}

/// All of them, in the order in which `all` tells of them.
pub(super) const ALL: [&Definition; 13] = [
    &offline::CHECK,
    &min_isr::CHECK,
    &at_min_isr::CHECK,
    &under_replicated::CHECK,
    &replica_unavailable::CHECK,
    &replication_factor::CHECK,
    &quorum::CHECK,
    &controller::CHECK,
    &log_dirs::CHECK,
    &lag::CHECK,
    &throttles::CHECK,
    &reassignments::CHECK,
    &versions::CHECK,
];

/// A check by its name.
pub(super) fn find(name: &str) -> Option<&'static Definition> {
    ALL.into_iter().find(|check| check.name == name)
}

/// What has to be told for all of these.
pub(super) fn needs(checks: &[&'static Definition]) -> BTreeSet<Need> {
    checks.iter().flat_map(|check| check.needs).copied().collect()
}

/// Counts partitions that something is the matter with.
fn by_partition(
    facts: &Facts,
    rules: &Rules,
    metric: &'static str,
    matter: impl Fn(&str, i32, &PartitionDescription) -> Option<Finding>,
) -> Judged {
    let topics = match &facts.topics {
        Ok(topics) => topics,
        Err(why) => return Judged::unknown(why.clone()),
    };
    let found = partitions(topics).filter_map(|(topic, number, partition)| matter(topic, number, partition));
    let findings: Vec<Finding> = found.collect();
    let affected: BTreeSet<&Option<String>> = findings.iter().map(|finding| &finding.topic).collect();
    let summary = if findings.is_empty() {
        let all: usize = topics.values().map(|topic| topic.partitions.len()).sum();
        format!("none of {}", counted(all, "partition"))
    } else {
        let topics = counted(affected.len(), "topic");
        format!("{} of {topics}", counted(findings.len(), "partition"))
    };
    let count = findings.len() as u64;
    let mut judged = Judged::new(rules.limits.grade(count), summary).metric(metric, count);
    judged.findings = findings;
    judged.unknown.extend(facts.meaningless.iter().cloned());
    judged
}

/// min.insync.replicas of topics that are meant.
struct MinInsync<'a> {
    by_topic: BTreeMap<&'a str, u32>,
    /// What it is not known of.
    untold: Vec<Untold>,
}

impl<'a> MinInsync<'a> {
    fn of(facts: &'a Facts) -> Self {
        let mut all = Self {
            by_topic: BTreeMap::new(),
            untold: Vec::new(),
        };
        // That topics are not known is told for itself.
        let Ok(topics) = &facts.topics else { return all };
        let settings = match &facts.topic_settings {
            Ok(settings) => settings,
            Err(why) => {
                all.untold.push(why.clone());
                return all;
            }
        };
        let known = settings.ok.iter().filter_map(|(topic, values)| {
            let min = values.get(MIN_INSYNC)?.value.as_deref()?.parse().ok()?;
            Some((topic.as_str(), min))
        });
        all.by_topic = known.collect();
        all.untold.extend(settings.untold.iter().cloned());
        let refused: BTreeSet<&str> = settings.untold.iter().map(|why| why.what.as_str()).collect();
        for topic in topics.keys().filter(|topic| !all.by_topic.contains_key(topic.as_str())) {
            let what = format!("topic {topic}");
            if !refused.contains(what.as_str()) {
                let message = format!("its {MIN_INSYNC} is not told");
                all.untold.push(Untold::new(what, "protocol", message));
            }
        }
        all
    }

    fn get(&self, topic: &str) -> Option<u32> {
        self.by_topic.get(topic).copied()
    }
}

/// The worst of a count's grade and something that is bad whatever the limits.
fn at_least(status: Status, bad: Status, is_bad: bool) -> Status {
    if is_bad { status.max(bad) } else { status }
}

#[cfg(test)]
mod tests;
