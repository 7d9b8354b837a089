//! log-dirs: directories that are offline, and how full their volumes are.

use client::{LogDir, in_words};
use planner::counted::counted;

use super::{Definition, Judged, Limits, Need, Rules, at_least};
use crate::check::facts::Facts;
use crate::check::verdict::{Finding, Untold};
use crate::status::Status;

pub(super) const CHECK: Definition = Definition {
    name: "log-dirs",
    unit: Some("percent"),
    limits: Limits::NONE,
    needs: &[Need::LogDirs],
    takes_topics: false,
    judge,
};

fn judge(facts: &Facts, rules: &Rules) -> Judged {
    let mut judged = Judged::new(Status::Ok, "");
    let (mut dirs, mut offline, mut full) = (0usize, 0usize, 0usize);
    let mut used_max = None;
    for (broker, dir) in facts
        .log_dirs
        .ok
        .iter()
        .flat_map(|(id, dirs)| dirs.iter().map(move |dir| (*id, dir)))
    {
        dirs += 1;
        let what = format!("broker {broker} {}", dir.path);
        if let Some(error) = dir.error {
            offline += 1;
            judged.findings.push(Finding::of_node(
                what,
                format!("offline: {} ({error:?})", in_words(error)),
                broker,
            ));
            continue;
        }
        let Some(used) = used_percent(dir) else {
            if !rules.limits.is_none() {
                judged.unknown.push(Untold::new(
                    what,
                    "unsupported",
                    "it does not tell how full its volume is",
                ));
            }
            continue;
        };
        used_max = used_max.max(Some(used));
        let status = rules.limits.grade(used);
        judged.status = judged.status.max(status);
        if status > Status::Ok {
            full += 1;
            let mut finding = Finding::of_node(what, format!("{used} % full"), broker);
            finding.value = Some(used);
            judged.findings.push(finding);
        }
    }
    // A broker has at least one, or may not tell us.
    let empty = facts.log_dirs.ok.iter().filter(|(_, dirs)| dirs.is_empty());
    let untold = |(broker, _): &(i32, Vec<LogDir>)| {
        Untold::new(format!("broker {broker}"), "rejected", "it tells of no log directory")
    };
    judged.unknown.extend(empty.map(untold));
    judged.unknown.extend(facts.log_dirs.untold.iter().cloned());
    judged.status = at_least(judged.status, Status::Critical, offline > 0);
    judged.summary = match (offline, full) {
        (0, 0) => format!("none of {} is offline", counted(dirs, "directory")),
        (0, full) => format!("{full} of {dirs} nearly full"),
        (offline, 0) => format!("{offline} of {dirs} offline"),
        (offline, full) => format!("{offline} of {dirs} offline, {full} nearly full"),
    };
    judged = judged.metric("log_dirs", dirs).metric("log_dirs_offline", offline);
    match used_max {
        Some(used) => judged.metric("used_percent", used),
        None => judged,
    }
}

/// How much of its volume is taken, rounded down; none where that is not told.
fn used_percent(dir: &LogDir) -> Option<u64> {
    let (total, usable) = (dir.total_bytes?, dir.usable_bytes?);
    let used = u128::from(total.saturating_sub(usable)) * 100;
    let percent = used.checked_div(u128::from(total))?;
    u64::try_from(percent).ok()
}
