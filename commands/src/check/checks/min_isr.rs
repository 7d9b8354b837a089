//! min-isr: fewer replicas in sync than acks=all needs, or no leader that could take a record.

use super::{Definition, Judged, Limits, MinInsync, Need, Rules, by_partition};
use crate::check::facts::Facts;
use crate::check::verdict::Finding;

pub(super) const CHECK: Definition = Definition {
    name: "min-isr",
    unit: Some("partitions"),
    limits: Limits::CRITICAL_AT_ONE,
    needs: &[Need::Topics, Need::TopicSettings],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let min_insync = MinInsync::of(facts);
    let mut judged = by_partition(facts, rules, "under_min_isr", |topic, number, partition| {
        let min = min_insync.get(topic);
        let few = min.is_some_and(|min| (partition.isr.len() as u64) < u64::from(min));
        let in_sync = partition.isr.len();
        let detail = match (partition.leader, min) {
            (None, _) => "no leader".to_owned(),
            (Some(_), Some(min)) if few => format!("{in_sync} of {min} in sync"),
            _ => return None,
        };
        let missing = partition.replicas.iter().filter(|id| !partition.isr.contains(id));
        Some(Finding::of_partition(topic, number, detail, missing.copied().collect()))
    });
    judged.unknown.extend(min_insync.untold);
    judged
}
