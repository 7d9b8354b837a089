//! throttles: limits on replication that a reassignment left behind.

use std::collections::BTreeSet;

use planner::counted::counted;

use super::{Definition, Judged, Limits, Need, Rules};
use crate::check::facts::Facts;
use crate::check::verdict::{Finding, Untold};
use crate::status::Status;

pub(super) const CHECK: Definition = Definition {
    name: "throttles",
    unit: Some("throttles"),
    limits: Limits::WARNING_AT_ONE,
    needs: &[
        Need::Topics,
        Need::TopicSettings,
        Need::BrokerSettings,
        Need::Reassignments,
    ],
    takes_topics: true,
    judge,
};

/// Topics' lists of replicas that are slowed down.
pub(in crate::check) const TOPIC_KEYS: [&str; 2] = [client::LEADER_REPLICAS_KEY, client::FOLLOWER_REPLICAS_KEY];
/// Brokers' rates for them.
pub(in crate::check) const BROKER_KEYS: [&str; 2] = client::REPLICATION_RATE_KEYS;

/// What was set by itself, on the topic, the broker, or all brokers; not what a file has (KIP-1051).
const SET: [i8; 3] = [1, 2, 3];

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let (topics, mut untold) = of_topics(facts);
    let brokers = of_brokers(facts);
    untold.extend(facts.broker_settings.untold.iter().cloned());
    untold.extend(facts.meaningless.iter().cloned());
    let all = topics.len() + brokers.len();
    let mut left: Vec<Finding> = Vec::new();
    let mut needed = 0;
    match &facts.reassignments {
        Ok(running) => {
            let moving: BTreeSet<&str> = running.keys().map(|(topic, _)| topic.as_str()).collect();
            let is_moving = |finding: &Finding| finding.topic.as_deref().is_some_and(|topic| moving.contains(topic));
            left.extend(topics.into_iter().filter(|finding| !is_moving(finding)));
            if moving.is_empty() {
                left.extend(brokers);
            }
            needed = all - left.len();
        }
        // Whether they are left behind cannot be told; that there are none can.
        Err(why) if all > 0 => {
            untold.push(why.clone());
            left.extend(topics);
            left.extend(brokers);
        }
        Err(_) => {}
    }
    let count = left.len() as u64;
    let (status, mut summary) = match (&facts.reassignments, left.len()) {
        (_, 0) => (Status::Ok, "none is left behind".to_owned()),
        (Ok(_), some) => (
            rules.limits.grade(count),
            format!("{} left behind", counted(some, "throttle")),
        ),
        (Err(_), some) => (
            Status::Unknown,
            format!("{}, which a reassignment may need", counted(some, "throttle")),
        ),
    };
    if needed > 0 {
        summary.push_str(&format!("; {needed} of the reassignment that is running"));
    }
    untold.dedup();
    let mut judged = Judged::new(status, summary)
        .metric("throttles", all)
        .metric("throttles_left", if facts.reassignments.is_ok() { count } else { 0 });
    judged.findings = left;
    judged.unknown = untold;
    judged
}

fn of_topics(facts: &Facts) -> (Vec<Finding>, Vec<Untold>) {
    let settings = match (&facts.topics, &facts.topic_settings) {
        (Err(why), _) | (_, Err(why)) => return (Vec::new(), vec![why.clone()]),
        (_, Ok(settings)) => settings,
    };
    let found = settings.ok.iter().flat_map(|(topic, values)| {
        let set = values
            .iter()
            .filter(|(key, setting)| TOPIC_KEYS.contains(&key.as_str()) && SET.contains(&setting.source));
        let set = set.filter_map(|(key, setting)| Some((key, setting.value.as_deref()?.trim())));
        let set = set.filter(|(_, value)| !value.is_empty() && *value != "none");
        set.map(move |(key, _)| Finding {
            what: format!("topic {topic}"),
            detail: key.clone(),
            topic: Some(topic.clone()),
            ..Finding::default()
        })
    });
    (found.collect(), settings.untold.clone())
}

fn of_brokers(facts: &Facts) -> Vec<Finding> {
    let found = facts.broker_settings.ok.iter().flat_map(|(broker, values)| {
        let set = values
            .iter()
            .filter(|(key, setting)| BROKER_KEYS.contains(&key.as_str()) && SET.contains(&setting.source));
        set.map(move |(key, setting)| Finding {
            what: format!("broker {broker}"),
            detail: format!("{key}={}", setting.value.as_deref().unwrap_or_default()),
            nodes: broker.parse().into_iter().collect(),
            ..Finding::default()
        })
    });
    found.collect()
}
