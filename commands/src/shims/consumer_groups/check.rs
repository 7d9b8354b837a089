//! Which flags go together.

use client::GroupType;

use super::Stopped;
use crate::shims::failed::Failed;
use crate::shims::io::Io;
use crate::shims::options::Parsed;

const ACTIONS: [&str; 6] = [
    "list",
    "describe",
    "delete",
    "reset-offsets",
    "delete-offsets",
    "validate-regex",
];
/// Where offsets are reset to.
const SCENARIOS: [&str; 8] = [
    "to-offset",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "shift-by",
    "from-file",
];
/// States of consumer groups.
const STATES: [&str; 7] = [
    "PreparingRebalance",
    "CompletingRebalance",
    "Stable",
    "Dead",
    "Empty",
    "Assigning",
    "Reconciling",
];

pub(super) fn check(parsed: &Parsed, io: &mut Io) -> Result<(), Failed> {
    if !parsed.has("validate-regex") {
        parsed.require(&["bootstrap-server"])?;
    }
    let has_groups = parsed.has("group") || parsed.has("all-groups");
    if parsed.has("describe") {
        if !has_groups {
            return Err(parsed.usage("Option [describe] takes one of these options: [group], [all-groups]"));
        }
        let views = ["members", "offsets", "state"];
        if views.iter().filter(|view| parsed.has(view)).count() > 1 {
            return Err(
                parsed.usage("Option [describe] takes at most one of these options: [members], [offsets], [state]")
            );
        }
        if !parsed.values("state").is_empty() {
            return Err(parsed.usage("Option [describe] does not take a value for [state]"));
        }
    }
    if parsed.has("delete") {
        if !has_groups {
            return Err(parsed.usage("Option [delete] takes one of these options: [group], [all-groups]"));
        }
        if parsed.has("topic") {
            return Err(
                parsed.usage("The consumer does not support topic-specific offset deletion from a consumer group.")
            );
        }
    }
    if parsed.has("delete-offsets") && !(parsed.has("group") && parsed.has("topic")) {
        return Err(parsed.usage("Option [delete-offsets] takes the following options: [group], [topic]"));
    }
    if parsed.has("reset-offsets") {
        check_reset(parsed, has_groups, io)?;
    }
    parsed.exclude("group", &["all-groups", "list"])?;
    parsed.exclude("topic", &["list", "describe"])?;
    if ACTIONS.iter().filter(|action| parsed.has(action)).count() != 1 {
        let actions: Vec<String> = ACTIONS.iter().map(|action| format!("--{action}")).collect();
        return Err(parsed.usage(format!(
            "Command must include exactly one action: {}",
            actions.join(", ")
        )));
    }
    Ok(())
}

fn check_reset(parsed: &Parsed, has_groups: bool, io: &mut Io) -> Result<(), Failed> {
    if parsed.has("dry-run") && parsed.has("execute") {
        return Err(parsed.usage("Option [reset-offsets] only accepts one of [execute] and [dry-run]"));
    }
    if !parsed.has("dry-run") && !parsed.has("execute") {
        io.note(
            "WARN: No action will be performed as the --execute option is missing; give --dry-run if that is meant.",
        );
    }
    if !has_groups {
        return Err(parsed.usage("Option [reset-offsets] takes one of these options: [group], [all-groups]"));
    }
    for scenario in SCENARIOS {
        let others: Vec<&str> = SCENARIOS.into_iter().filter(|other| *other != scenario).collect();
        parsed.exclude(scenario, &others)?;
    }
    Ok(())
}

/// Types of a list; none of an empty one.
pub(super) fn types(list: &str) -> Result<Vec<GroupType>, Stopped> {
    let words = list.split(',').map(str::trim).filter(|_| !list.is_empty());
    let kind = |word: &str| match word.parse() {
        Ok(kind @ (GroupType::Classic | GroupType::Consumer)) => Ok(kind),
        _ => Err(Stopped::Usage(format!(
            "Invalid types list '{list}'. Valid types are: Classic, Consumer"
        ))),
    };
    words.map(kind).collect()
}

/// States of a list; none of an empty one.
pub(super) fn states(list: &str) -> Result<Vec<String>, Stopped> {
    let words = list.split(',').map(str::trim).filter(|_| !list.is_empty());
    let state = |word: &str| match STATES.iter().find(|state| state.eq_ignore_ascii_case(word)) {
        Some(state) => Ok((*state).to_owned()),
        None => Err(Stopped::Usage(format!(
            "Invalid state list '{list}'. Valid states are: {}",
            STATES.join(", ")
        ))),
    };
    words.map(state).collect()
}
