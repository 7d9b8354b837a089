//! lag: records that groups have still to read.

use super::{Definition, Judged, Limits, Need, Rules};
use crate::check::facts::{Facts, GroupLag};
use crate::check::verdict::Finding;
use crate::status::Status;
use planner::counted::counted;

pub(super) const CHECK: Definition = Definition {
    name: "lag",
    unit: Some("records"),
    limits: Limits::NONE,
    needs: &[Need::Lags],
    takes_topics: true,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let groups = &facts.lags.ok;
    let total = |group: &GroupLag| group.records.values().fold(0u64, |sum, lag| sum.saturating_add(*lag));
    let most = groups.iter().map(total).max().unwrap_or(0);
    let mut behind: Vec<&GroupLag> = groups
        .iter()
        .filter(|group| rules.limits.grade(total(group)) > Status::Ok)
        .collect();
    behind.sort_by_key(|group| std::cmp::Reverse(total(group)));
    let mut summary = match behind.len() {
        0 => format!("{}, none behind by more than {most}", counted(groups.len(), "group")),
        some => format!("{some} of {} behind", counted(groups.len(), "group")),
    };
    if rules.limits.is_none() {
        summary.push_str("; neither --warn nor --crit says how far is too far");
    }
    let mut judged = Judged::new(rules.limits.grade(most), summary)
        .metric("groups", groups.len())
        .metric("groups_behind", behind.len())
        .metric("lag_max", most);
    judged.findings = behind.into_iter().map(|group| finding(group, total(group))).collect();
    judged.unknown = facts.lags.untold.clone();
    judged.unknown.extend(facts.meaningless.iter().cloned());
    judged
}

/// A group with the partition that it is furthest behind in.
fn finding(group: &GroupLag, total: u64) -> Finding {
    let worst = group.records.iter().max_by_key(|(_, lag)| **lag);
    let worst = worst.map(|((topic, partition), lag)| format!(", {lag} of them in {topic}-{partition}"));
    Finding {
        what: format!("group {}", group.group),
        detail: format!("{total} behind{}", worst.unwrap_or_default()),
        group: Some(group.group.clone()),
        value: Some(total),
        ..Finding::default()
    }
}
