//! at-min-isr: just as many replicas in sync as acks=all needs, so that one less stops producers.

use super::{Definition, Judged, Limits, MinInsync, Need, Rules, by_partition};
use crate::check::facts::Facts;
use crate::check::verdict::Finding;

pub(super) const CHECK: Definition = Definition {
    name: "at-min-isr",
    unit: Some("partitions"),
    limits: Limits::WARNING_AT_ONE,
    needs: &[Need::Topics, Need::TopicSettings],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let min_insync = MinInsync::of(facts);
    let mut judged = by_partition(facts, rules, "at_min_isr", |topic, number, partition| {
        let min = min_insync.get(topic)?;
        let is_at = partition.leader.is_some() && partition.isr.len() as u64 == u64::from(min);
        let detail = || format!("{min} in sync of {}", partition.replicas.len());
        let missing = partition.replicas.iter().filter(|id| !partition.isr.contains(id));
        is_at.then(|| Finding::of_partition(topic, number, detail(), missing.copied().collect()))
    });
    judged.unknown.extend(min_insync.untold);
    judged
}
