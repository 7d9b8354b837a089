//! What is to be done: from facts and findings to steps in order. Pure.

use schemars::JsonSchema;
use serde::Serialize;

use super::tuned::Profile;
use crate::host::facts::{Fact, Facts, is_same_value, normal};
use crate::host::findings::{Finding, OWN_FILE};
use crate::host::rules::{self, Baseline, Status};
use crate::host::sources::Setting;

/// Sysctls whose order matters: what caps before what is capped, background before the limit. Others come after them.
pub(super) const ORDER: [&str; 14] = [
    "vm.dirty_background_ratio",
    "vm.dirty_background_bytes",
    "vm.dirty_ratio",
    "vm.dirty_bytes",
    "net.core.rmem_max",
    "net.core.wmem_max",
    "net.core.rmem_default",
    "net.core.wmem_default",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.core.somaxconn",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_local_port_range",
];

/// Pairs of which one is in force and the other reads 0.
const PAIRS: [(&str, &str); 2] = [
    ("vm.dirty_background_ratio", "vm.dirty_background_bytes"),
    ("vm.dirty_ratio", "vm.dirty_bytes"),
];

/// How our file begins.
const HEAD: &str = "# Written by kfleet host tune; kfleet host undo takes it back.\n";

/// A sysctl to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The rules that want it.
    pub(crate) rules: Vec<String>,
    /// Its name.
    pub(crate) key: String,
    /// What it is.
    pub(crate) before: String,
    /// What it will be.
    pub(crate) wanted: String,
}

/// What a person has to do: a mount, a flag at boot, a setting of the JVM or the broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct ByHand {
    /// The rule.
    pub(crate) rule: String,
    /// mount, boot, broker, jvm, limits or note.
    pub(crate) kind: &'static str,
    /// What to do.
    pub(crate) text: String,
}

/// Something that sets another value after our file does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Override {
    /// The sysctl of our file.
    pub(crate) key: String,
    /// Its value in our file.
    pub(crate) ours: String,
    /// What sets it, or the other one of its pair.
    pub(crate) by: String,
    /// To what.
    pub(crate) value: String,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Sysctls to be set, in order.
    pub(crate) steps: Vec<Step>,
    /// What is left to people.
    pub(crate) by_hand: Vec<ByHand>,
    /// What will not last.
    pub(crate) overridden: Vec<Override>,
    /// Rules that could not be judged.
    pub(crate) unknown: Vec<String>,
    /// Our file as it is.
    pub(crate) file: Option<String>,
}

impl Plan {
    /// The file with what these steps set.
    pub(crate) fn file_with(&self, steps: &[&Step]) -> Option<String> {
        if steps.is_empty() {
            return self.file.clone();
        }
        let is_set = |key: &str| steps.iter().any(|step| step.key == key);
        let mut text = self.file.clone().map_or_else(
            || HEAD.to_owned(),
            |text| {
                let keeps = |line: &&str| {
                    key_of(line).is_none_or(|(key, _)| !is_set(&key) && !partner(&key).is_some_and(is_set))
                };
                let kept = text.lines().filter(keeps);
                kept.map(|line| format!("{line}\n")).collect()
            },
        );
        for step in steps {
            text.push_str(&format!("{} = {}\n", step.key, step.wanted));
        }
        Some(text)
    }
}

/// The other one of a pair.
pub(crate) fn partner(key: &str) -> Option<&'static str> {
    PAIRS.iter().find_map(|(one, other)| match key {
        key if key == *one => Some(*other),
        key if key == *other => Some(*one),
        _ => None,
    })
}

/// Key and value of a line.
fn key_of(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (key, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
    let key = normal(key.trim_start_matches('-').trim());
    Some((key, value.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Plans what findings ask for.
pub(crate) fn plan(
    findings: &[Finding],
    facts: &Facts,
    baseline: Baseline,
    file: Option<String>,
    profiles: &[Profile],
) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    for finding in findings {
        let Some((key, wanted)) = finding
            .fix
            .as_ref()
            .and_then(|fix| fix.key.as_ref().zip(fix.value.as_ref()))
        else {
            continue;
        };
        let before = match facts.sysctls.get(key) {
            Fact::Present(value) => value.to_owned(),
            // A list of ports that is empty is one.
            Fact::Unreadable(reason) if reason == "is empty" => String::new(),
            _ => continue,
        };
        match steps.iter_mut().find(|step| step.key == *key) {
            Some(step) => {
                step.rules.push(finding.rule.clone());
                step.wanted = larger(&step.wanted, wanted);
            }
            None => steps.push(Step {
                rules: vec![finding.rule.clone()],
                key: key.clone(),
                before,
                wanted: wanted.clone(),
            }),
        }
    }
    for step in &mut steps {
        if let Some(value) = safe_at_boot(step, facts, baseline) {
            step.wanted = value;
        }
    }
    steps.retain(|step| step.before != step.wanted);
    steps.sort_by_key(|step| ORDER.iter().position(|key| *key == step.key).unwrap_or(ORDER.len()));
    let mut plan = Plan {
        steps,
        by_hand: findings.iter().filter_map(by_hand).collect(),
        overridden: Vec::new(),
        unknown: findings
            .iter()
            .filter(|finding| finding.status == Status::Unknown)
            .map(|finding| finding.rule.clone())
            .collect(),
        file,
    };
    plan.overridden = overridden(&plan, facts, profiles);
    plan
}

/// The value that files give a sysctl at boot, if it is as safe as the one that a rule wants: ours would hide it.
fn safe_at_boot(step: &Step, facts: &Facts, baseline: Baseline) -> Option<String> {
    let range = rules::lookup(&step.key)?.ranges?.of(baseline);
    let at_boot = &facts.files.of(&step.key).last()?.value;
    let fields = |text: &str| text.split(' ').count();
    let (value, wanted) = (
        rules::measure(&step.key, at_boot)?,
        rules::measure(&step.key, &step.wanted)?,
    );
    let is_safe = (range.least..=range.most).contains(&value) && (range.most != i64::MAX || value >= wanted);
    (is_safe && fields(at_boot) == fields(&step.wanted)).then(|| at_boot.clone())
}

/// The larger of two numbers: two rules with one key ask for at least so much.
fn larger(one: &str, other: &str) -> String {
    let number = |text: &str| text.parse::<i64>().ok();
    match (number(one), number(other)) {
        (Some(a), Some(b)) if b > a => other.to_owned(),
        _ => one.to_owned(),
    }
}

fn by_hand(finding: &Finding) -> Option<ByHand> {
    let fix = finding.fix.as_ref()?;
    if fix.kind == "sysctl" || fix.text.starts_with("nothing has to be done") {
        return None;
    }
    Some(ByHand {
        rule: finding.rule.clone(),
        kind: fix.kind,
        text: fix.text.clone(),
    })
}

/// What sets a value of our file again, to another one.
fn overridden(plan: &Plan, facts: &Facts, profiles: &[Profile]) -> Vec<Override> {
    let steps: Vec<&Step> = plan.steps.iter().collect();
    let text = plan.file_with(&steps).unwrap_or_default();
    let is_later = |setting: &&Setting| setting.file.rsplit('/').next().is_some_and(|name| name > OWN_FILE);
    let mut found = Vec::new();
    for (key, ours) in text.lines().filter_map(key_of) {
        // One with a value excludes its partner, whatever that is set to.
        let of = |name: &str| name == key || partner(&key) == Some(name);
        let differs = |name: &str, value: &str| {
            if name == key {
                !is_same_value(&ours, value)
            } else {
                value != "0"
            }
        };
        let files = facts
            .files
            .settings
            .iter()
            .filter(is_later)
            .chain(facts.files.old.iter())
            .filter(|setting| of(&setting.key) && differs(&setting.key, &setting.value));
        found.extend(files.map(|setting| Override {
            key: key.clone(),
            ours: ours.clone(),
            by: format!("{}:{}", setting.file, setting.line),
            value: format!("{} = {}", setting.key, setting.value),
        }));
        for profile in profiles {
            let lines = profile.settings.iter();
            let lines = lines.filter(|line| of(&line.key) && differs(&line.key, &line.value));
            found.extend(lines.map(|line| Override {
                key: key.clone(),
                ours: ours.clone(),
                by: format!("tuned's profile {} ({})", profile.name, profile.file),
                value: format!("{} = {}", line.key, line.value),
            }));
        }
    }
    found
}
