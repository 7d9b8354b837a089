//! offline: no leader, or one on a broker that is not alive.

use super::{Definition, Judged, Limits, Need, Rules, by_partition};
use crate::check::facts::{Facts, named};
use crate::check::verdict::Finding;

pub(super) const CHECK: Definition = Definition {
    name: "offline",
    unit: Some("partitions"),
    limits: Limits::CRITICAL_AT_ONE,
    needs: &[Need::Topics],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    by_partition(facts, rules, "offline", |topic, number, partition| {
        let detail = match partition.leader {
            Some(leader) if facts.brokers.contains(&leader) => return None,
            Some(leader) => format!("its leader {leader} is not alive"),
            None => format!("replicas on {}", named("broker", &partition.replicas)),
        };
        let nodes = partition.offline.clone();
        Some(Finding::of_partition(topic, number, detail, nodes))
    })
}
