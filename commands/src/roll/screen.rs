//! A plan as people read it.

use super::plan::{RollPlan, StepRow};
use crate::output::Table;
use crate::size::units::bytes;
use planner::counted::counted;

/// Names that are shown of a list; there may be thousands.
const NAMES_MAX: usize = 10;
/// Steps that are shown whole.
const STEPS_MAX: usize = 40;

/// The steps, one a line.
pub(super) fn steps(plan: &RollPlan) -> Table {
    let is_measured = plan.steps.iter().any(|step| step.busiest.is_some());
    let mut headers = vec!["STEP", "NODES", "ROLE", "RACKS", "AT-FLOOR", "LEADERS-MOVED"];
    if is_measured {
        headers.push("BUSIEST");
    }
    let row = |(at, step): (usize, &StepRow)| {
        let mut row = vec![
            (at + 1).to_string(),
            nodes(step),
            if step.canary {
                format!("{}, canary", step.role)
            } else {
                step.role.clone()
            },
            if step.racks.is_empty() {
                "-".to_owned()
            } else {
                step.racks.join(",")
            },
            step.partitions_at_floor.to_string(),
            step.leaders_moved.to_string(),
        ];
        if is_measured {
            row.push(busiest(step));
        }
        row
    };
    Table {
        headers,
        rows: plan.steps.iter().enumerate().take(STEPS_MAX).map(row).collect(),
    }
}

fn nodes(step: &StepRow) -> String {
    let shown: Vec<String> = step.nodes.iter().take(NAMES_MAX).map(ToString::to_string).collect();
    match step.nodes.len() - shown.len() {
        0 => shown.join(","),
        more => format!("{} and {more} more", shown.join(",")),
    }
}

fn busiest(step: &StepRow) -> String {
    step.busiest.as_ref().map_or_else(
        || "-".to_owned(),
        |busiest| {
            let over = if busiest.over { ", too much" } else { "" };
            format!("{}: {}/s{over}", busiest.node, bytes(busiest.bytes_out_per_s))
        },
    )
}

/// The whole screen.
pub(super) fn text(plan: &RollPlan) -> String {
    let mut lines = Vec::new();
    if plan.steps.is_empty() {
        lines.push("nothing restarts".to_owned());
    } else {
        lines.push(steps(plan).plain());
        if plan.steps.len() > STEPS_MAX {
            lines.push(format!("and {}", counted(plan.steps.len() - STEPS_MAX, "more step")));
        }
        lines.push(String::new());
        lines.push(summary(plan));
        lines.push(proof(plan));
    }
    lines.extend(blocked(plan));
    lines.extend(unavoidable(plan));
    lines.extend(crowded(plan));
    lines.join("\n") + "\n"
}

fn summary(plan: &RollPlan) -> String {
    let nodes: usize = plan.steps.iter().map(|step| step.nodes.len()).sum();
    format!(
        "{} in {}, about {}; brokers need {} that restart together, no plan does with fewer than {}",
        counted(nodes, "node"),
        counted(plan.steps.len(), "step"),
        time(plan.estimate_s),
        counted(plan.classes, "set"),
        plan.classes_least,
    )
}

fn proof(plan: &RollPlan) -> String {
    let reserve = match plan.spare {
        0 => String::new(),
        spare => format!(" + {spare}"),
    };
    let exception = match plan.unavoidable.len() {
        count @ 1.. if plan.unavoidable_accepted => {
            format!(", but for {} whose harm is accepted", counted(count, "partition"))
        }
        _ => String::new(),
    };
    format!(
        "checked: {}, none below min.insync.replicas{reserve} in any step{exception}",
        counted(plan.partitions, "partition")
    )
}

fn blocked(plan: &RollPlan) -> Vec<String> {
    let line = |blocked: &super::plan::BlockedRow| {
        let first = blocked.reasons.first().map_or("no reason is known", String::as_str);
        match blocked.reasons.len() {
            0 | 1 => format!("not in the plan: node {}: {first}", blocked.node),
            more => format!("not in the plan: node {}: {first}; and {} more", blocked.node, more - 1),
        }
    };
    let mut lines: Vec<String> = plan.blocked.iter().take(NAMES_MAX).map(line).collect();
    if plan.blocked.len() > NAMES_MAX {
        lines.push(format!(
            "and {} that may not stop now",
            counted(plan.blocked.len() - NAMES_MAX, "more node")
        ));
    }
    lines
}

fn unavoidable(plan: &RollPlan) -> Option<String> {
    let what = if plan.unavoidable_accepted {
        "hurt, as accepted"
    } else {
        "any restart hurts"
    };
    names(&plan.unavoidable).map(|names| format!("{what}: {names}"))
}

fn crowded(plan: &RollPlan) -> Option<String> {
    let names = names(&plan.crowded)?;
    let gain = plan.classes_if_spread.filter(|classes| *classes < plan.classes);
    let gain = gain.map_or_else(String::new, |classes| {
        format!(" ({classes} sets with them spread over racks)")
    });
    Some(format!(
        "more replicas in a rack than they can do without{gain}: {names}"
    ))
}

/// "12 partitions: a-1, a-2 and 10 more"; nothing of none.
fn names(names: &[String]) -> Option<String> {
    let shown = names.iter().take(NAMES_MAX).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMES_MAX);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    (!names.is_empty()).then(|| format!("{}: {shown}{more}", counted(names.len(), "partition")))
}

fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{:.1} h", seconds as f64 / 3_600.0),
    }
}
