//! replication-factor: so few replicas that the loss of one stops producers with acks=all.

use super::{Definition, Judged, Limits, MinInsync, Need, Rules};
use crate::check::facts::Facts;
use crate::check::verdict::Finding;
use planner::counted::counted;

pub(super) const CHECK: Definition = Definition {
    name: "replication-factor",
    unit: Some("topics"),
    limits: Limits::CRITICAL_AT_ONE,
    needs: &[Need::Topics, Need::TopicSettings],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let topics = match &facts.topics {
        Ok(topics) => topics,
        Err(why) => return Judged::unknown(why.clone()),
    };
    let min_insync = MinInsync::of(facts);
    let found = topics.iter().filter_map(|(name, topic)| {
        // While one partition has fewer than the others, that one counts.
        let replicas = topic
            .partitions
            .values()
            .map(|partition| partition.replicas.len())
            .min()?;
        let (wanted, why) = match (rules.replicas_min, min_insync.get(name)) {
            (Some(min), _) => (min, String::new()),
            (None, Some(min)) => (min.saturating_add(1), format!(", as min.insync.replicas is {min}")),
            (None, None) => return None,
        };
        ((replicas as u64) < u64::from(wanted)).then(|| Finding {
            what: name.clone(),
            detail: format!("{replicas}, not {wanted}{why}"),
            topic: Some(name.clone()),
            value: Some(replicas as u64),
            ..Finding::default()
        })
    });
    let findings: Vec<Finding> = found.collect();
    let summary = if findings.is_empty() {
        format!("none of {} has too few replicas", counted(topics.len(), "topic"))
    } else {
        format!("too few replicas: {}", counted(findings.len(), "topic"))
    };
    let count = findings.len() as u64;
    let mut judged = Judged::new(rules.limits.grade(count), summary).metric("wrong_replication_factor", count);
    judged.findings = findings;
    judged.unknown.extend(facts.meaningless.iter().cloned());
    if rules.replicas_min.is_none() {
        judged.unknown.extend(min_insync.untold);
    }
    judged
}
