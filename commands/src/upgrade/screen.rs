//! What is told of an upgrade, as people read it.

use planner::counted::counted;
use roller::upgrade::feature::level_text;

use super::report::{ConfigRow, FinalizeRow, UpdateRow, UpgradePlan};
use crate::output::Table;

/// Lines that are shown of what is in the way of finalizing; before an upgrade that is every node.
const BLOCKERS_MAX: usize = 3;

/// The nodes, one a line.
pub(super) fn nodes(plan: &UpgradePlan) -> Table {
    let row = |node: &super::report::NodeRow| {
        vec![
            node.node.to_string(),
            node.role.to_owned(),
            node.software.clone(),
            node.step.unwrap_or("-").to_owned(),
        ]
    };
    Table {
        headers: vec!["NODE", "ROLE", "RUNS", "STEP"],
        rows: plan.nodes.iter().map(row).collect(),
    }
}

/// The whole screen.
pub(super) fn text(plan: &UpgradePlan) -> String {
    let mut lines = vec![nodes(plan).plain(), String::new()];
    let in_the_way = plan.nodes.iter().filter_map(|node| {
        let refusal = node.refusal.as_ref()?;
        Some(format!("in the way: node {}: {refusal}", node.node))
    });
    lines.extend(plan.refusals.iter().map(|refusal| format!("in the way: {refusal}")));
    lines.extend(in_the_way);
    let refused = plan.configs.iter().filter(|config| !config.starts);
    lines.extend(refused.map(|config| format!("in the way: nodes would not start with {}, see below", config.file)));
    lines.push(if plan.may_go {
        format!("nothing is in the way of {}", plan.to)
    } else {
        format!("not to {} as it is", plan.to)
    });
    if !plan.order.is_empty() {
        let stage = |stage: &super::report::StageRow| {
            let ids: Vec<String> = stage.nodes.iter().map(ToString::to_string).collect();
            format!("{} {}", stage.stage, ids.join(","))
        };
        let stages: Vec<String> = plan.order.iter().map(stage).collect();
        lines.push(format!("order: {}", stages.join(", then ")));
    }
    lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(plan.configs.iter().flat_map(config));
    lines.extend(finalize(&plan.finalize));
    lines.join("\n") + "\n"
}

fn config(config: &ConfigRow) -> Vec<String> {
    let mut lines = vec![String::new(), format!("{}:", config.file)];
    for finding in &config.findings {
        let (key, what, since) = (&finding.key, finding.what, finding.since);
        lines.push(format!("  {what} ({since}) {key}: {}", finding.detail));
    }
    let by_hand = config.by_hand.iter();
    lines.extend(by_hand.map(|key| format!("  to be changed by hand, it is written with escapes: {key}")));
    if !config.unknown.is_empty() {
        lines.push(format!(
            "  not known to any release, left alone: {}",
            config.unknown.join(", ")
        ));
    }
    if lines.len() == 2 {
        lines.push("  nothing changes".to_owned());
    }
    lines.extend(config.diff.lines().map(str::to_owned));
    lines
}

fn finalize(finalize: &FinalizeRow) -> Vec<String> {
    let mut lines = vec![String::new()];
    if finalize.updates.is_empty() {
        lines.push("finalizing sets nothing".to_owned());
    } else {
        lines.extend(finalize.lasting.iter().map(|lasting| format!("for good: {lasting}")));
        lines.push("finalizing, once all nodes run it and it has proved itself, sets:".to_owned());
        lines.extend(finalize.updates.iter().map(update));
    }
    for left in &finalize.left {
        let level = level_text(&left.feature, left.level);
        lines.push(format!("  {} stays at {level}: {}", left.feature, left.reason));
    }
    let shown = finalize.blockers.iter().take(BLOCKERS_MAX);
    lines.extend(shown.map(|blocker| format!("not yet: {blocker}")));
    if finalize.blockers.len() > BLOCKERS_MAX {
        let more = counted(finalize.blockers.len() - BLOCKERS_MAX, "more reason");
        lines.push(format!("not yet: {more}"));
    }
    lines
}

fn update(update: &UpdateRow) -> String {
    let level = |level: i16| level_text(&update.feature, level);
    let way_back = match (update.way_back, update.lowest) {
        ("free", _) => "can be set back".to_owned(),
        ("down-to", Some(lowest)) => format!("can be set back to {} and not below", level(lowest)),
        _ => "cannot be set back".to_owned(),
    };
    let (from, to) = (level(update.from), level(update.to));
    format!("  {}: {from} -> {to}, {way_back}", update.feature)
}

#[cfg(test)]
mod tests {
    use roller::fleet::Role;
    use roller::upgrade::feature::{Range, Ranges};
    use roller::upgrade::finalize::finalize;
    use roller::upgrade::judge::judge;
    use roller::upgrade::release::Release;
    use roller::upgrade::view::{BrokerMinIsr, Node, View};

    use super::*;

    fn ranges(release: Release) -> Ranges {
        let range = |feature: &'static str| (feature.to_owned(), release.range(feature));
        let known = Release::features().map(range);
        known.filter(|(_, range)| *range != Range::default()).collect()
    }

    fn shown(to: Release) -> String {
        let node = |id| Node {
            id,
            role: Role::Combined,
            told: None,
            features: Some(ranges(Release::V4_0)),
        };
        let view = View {
            nodes: (1..=3).map(node).collect(),
            active_controller: Some(1),
            is_kraft: true,
            finalized: [("metadata.version".to_owned(), 25), ("group.version".to_owned(), 1)].into(),
            broker_min_isr: vec![BrokerMinIsr {
                broker: 2,
                value: "2".to_owned(),
            }],
        };
        text(&UpgradePlan::of(
            judge(&view, to),
            finalize(&view, to, None),
            Vec::new(),
        ))
    }

    #[test]
    fn a_plan_says_the_order_and_first_what_is_for_good() {
        let text = shown(Release::V4_3);
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part} is not in {text}"));
        at("order: controllers 2,3, then active controller 1\n");
        assert!(at("for good: min.insync.replicas = 2 of broker 2 is removed") < at("finalizing, once"));
        at("  metadata.version: 25 (4.0-IV3) -> 30 (4.3-IV0), can be set back to 30 (4.3-IV0) and not below\n");
        at("  kraft.version stays at 0: it is set only if it is named");
        at("not yet: node 1 knows metadata.version up to 25 (4.0-IV3) only, not 30 (4.3-IV0)\n");
        at("more reasons\n");
    }

    #[test]
    fn what_is_in_the_way_is_said() {
        let text = shown(Release::V3_9);
        assert!(
            text.contains("in the way: metadata.version is finalized at 25"),
            "{text}"
        );
        assert!(text.contains("not to 3.9 as it is"), "{text}");
        assert!(text.contains("finalizing sets nothing"), "{text}");
    }
}
