//! replica-unavailable: replicas on brokers, or in log directories, that are not there.

use super::{Definition, Judged, Limits, Need, Rules, by_partition};
use crate::check::facts::{Facts, named};
use crate::check::verdict::Finding;

pub(super) const CHECK: Definition = Definition {
    name: "replica-unavailable",
    unit: Some("partitions"),
    limits: Limits::CRITICAL_AT_ONE,
    needs: &[Need::Topics],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    by_partition(facts, rules, "replica_unavailable", |topic, number, partition| {
        let gone = &partition.offline;
        (!gone.is_empty()).then(|| Finding::of_partition(topic, number, named("broker", gone), gone.clone()))
    })
}
