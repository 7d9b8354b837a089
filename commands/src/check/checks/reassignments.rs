//! reassignments: how many partitions are being moved. For how long they have been is not told by any API.

use super::{Definition, Judged, Limits, Need, Rules};
use crate::check::facts::{Facts, named};
use crate::check::verdict::Finding;
use planner::counted::counted;

pub(super) const CHECK: Definition = Definition {
    name: "reassignments",
    unit: Some("partitions"),
    limits: Limits::WARNING_AT_ONE,
    needs: &[Need::Topics, Need::Reassignments],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let (running, topics) = match (&facts.reassignments, &facts.topics) {
        (Ok(running), Ok(topics)) => (running, topics),
        (Err(why), _) | (_, Err(why)) => return Judged::unknown(why.clone()),
    };
    let meant = running.iter().filter(|((topic, _), _)| topics.contains_key(topic));
    let found = meant.map(|((topic, number), moved)| {
        let parts = [("to", &moved.adding), ("from", &moved.removing)];
        let parts = parts.into_iter().filter(|(_, ids)| !ids.is_empty());
        let parts: Vec<String> = parts
            .map(|(word, ids)| format!("{word} {}", named("broker", ids)))
            .collect();
        let nodes = moved.adding.iter().chain(&moved.removing).copied().collect();
        Finding::of_partition(topic, *number, parts.join(", "), nodes)
    });
    let findings: Vec<Finding> = found.collect();
    let count = findings.len() as u64;
    let summary = match findings.len() {
        0 => "none is running".to_owned(),
        some => format!("{} on the move", counted(some, "partition")),
    };
    let mut judged = Judged::new(rules.limits.grade(count), summary).metric("reassignments", count);
    judged.findings = findings;
    judged.unknown.extend(facts.meaningless.iter().cloned());
    judged
}
