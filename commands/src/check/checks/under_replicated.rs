//! under-replicated: fewer replicas in sync than there are, without those that a reassignment adds.

use super::{Definition, Judged, Limits, Need, Rules, by_partition};
use crate::check::facts::{Facts, named};
use crate::check::verdict::Finding;

pub(super) const CHECK: Definition = Definition {
    name: "under-replicated",
    unit: Some("partitions"),
    limits: Limits::CRITICAL_AT_ONE,
    needs: &[Need::Topics, Need::Reassignments],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let running = facts.reassignments.as_ref().ok();
    let mut judged = by_partition(facts, rules, "under_replicated", |topic, number, partition| {
        let moved = running.and_then(|running| running.get(&(topic.to_owned(), number)));
        let adding = moved.map_or(&[][..], |moved| &moved.adding);
        // Whoever is being added is not missed yet.
        let settled = partition.replicas.iter().copied().filter(|id| !adding.contains(id));
        let few = partition.isr.len() < settled.clone().count();
        let missing: Vec<i32> = settled.filter(|id| !partition.isr.contains(id)).collect();
        few.then(|| Finding::of_partition(topic, number, named("broker", &missing), missing))
    });
    // What is being added explains what was found, and cannot add to it.
    if let (Err(why), false) = (&facts.reassignments, judged.findings.is_empty()) {
        judged.unknown.push(why.clone());
    }
    judged.unknown.dedup();
    judged
}
