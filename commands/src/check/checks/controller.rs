//! controller: whether all nodes that are asked know one active controller, and the same.

use std::collections::BTreeSet;

use planner::counted::counted;

use super::{Definition, Judged, Limits, Need, Rules};
use crate::check::facts::Facts;
use crate::check::verdict::Finding;
use crate::status::Status;

pub(super) const CHECK: Definition = Definition {
    name: "controller",
    unit: None,
    limits: Limits::NONE,
    needs: &[Need::Views],
    takes_topics: false,
    judge,
};

fn judge(facts: &Facts, _: &Rules) -> Judged {
    let views = &facts.views;
    let known: BTreeSet<(i32, i32)> = views.ok.iter().filter_map(|(_, view)| *view).collect();
    let leaders: BTreeSet<i32> = known.iter().map(|(leader, _)| *leader).collect();
    let epochs: BTreeSet<i32> = known.iter().map(|(_, epoch)| *epoch).collect();
    let told = counted(views.ok.len(), "node");
    let (status, summary) = match leaders.first() {
        None if views.ok.is_empty() => (Status::Unknown, "it could not be found out".to_owned()),
        None => (Status::Critical, format!("no active controller is known to {told}")),
        Some(leader) if leaders.len() == 1 => (Status::Ok, format!("{leader}, as told through {told}")),
        // In the middle of an election one may not have heard of the next.
        Some(_) if epochs.len() > 1 => (
            Status::Warning,
            format!("{} of different epochs", counted(leaders.len(), "active controller")),
        ),
        Some(_) => (
            Status::Critical,
            format!("{} of one epoch", counted(leaders.len(), "active controller")),
        ),
    };
    let mut judged = Judged::new(status, summary).metric("active_controllers", leaders.len());
    if leaders.len() > 1 {
        let found = views.ok.iter().filter_map(|(node, view)| {
            let (leader, epoch) = (*view)?;
            let detail = format!("takes {leader} for active, epoch {epoch}");
            Some(Finding::of_node(format!("node {node}"), detail, *node))
        });
        judged.findings = found.collect();
    }
    judged.unknown = views.untold.clone();
    judged
}
