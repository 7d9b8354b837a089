//! Findings: what rules make of a host, with where its values come from, as scripts and people read them.

use schemars::JsonSchema;
use serde::Serialize;

use super::facts::{BrokerFacts, Facts, is_same_value};
use super::list::name;
use super::rules::{self, Area, Authority, Baseline, Fix, Given, Judged, Rule, Status};
use super::sources::Setting;

/// The file that a fix is written to.
pub(super) const OWN_FILE: &str = "90-kfleet.conf";

/// A line of a file that sets a sysctl.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Place {
    /// The file.
    pub(crate) file: String,
    /// The line.
    pub(crate) line: usize,
    /// The value it sets.
    pub(crate) value: String,
}

impl Place {
    fn of(setting: &Setting) -> Self {
        Self {
            file: setting.file.clone(),
            line: setting.line,
            value: setting.value.clone(),
        }
    }
}

/// What puts it right.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Remedy {
    /// sysctl, mount, boot, broker, jvm, limits or note.
    pub(crate) kind: &'static str,
    /// For people.
    pub(crate) text: String,
    /// The sysctl to set.
    pub(crate) key: Option<String>,
    /// Its value.
    pub(crate) value: Option<String>,
}

/// What a rule makes of a host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// The tree that was audited; / for this machine.
    pub(crate) root: String,
    /// The rule.
    pub(crate) rule: String,
    /// Its group.
    pub(crate) group: &'static str,
    /// What it is about.
    pub(crate) area: Area,
    /// How bad it is.
    pub(crate) status: Status,
    /// What there is.
    pub(crate) value: Option<String>,
    /// What there should be.
    pub(crate) expected: Option<String>,
    /// A sentence about this host.
    pub(crate) message: Option<String>,
    /// Why it matters to Kafka.
    pub(crate) reason: String,
    /// Who says so.
    pub(crate) authorities: Vec<Authority>,
    /// Where they differ, and what is done then.
    pub(crate) dispute: Option<&'static str>,
    /// What puts it right; none where nothing has to be.
    pub(crate) fix: Option<Remedy>,
    /// The line that gives a sysctl its value at boot.
    pub(crate) set_by: Option<Place>,
    /// Lines before it that it overrides.
    pub(crate) overrides: Vec<Place>,
    /// What has changed the value since boot.
    pub(crate) changed_by: Option<String>,
    /// For UNKNOWN: what kept the audit from finding out, as a word.
    pub(crate) kind: Option<&'static str>,
}

/// How often each status was found.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub(crate) struct Tally {
    /// A broker breaks, or data is lost.
    pub(crate) critical: usize,
    /// It is there, and could not be read.
    pub(crate) unknown: usize,
    /// To be put right.
    pub(crate) warning: usize,
    /// Worth knowing.
    pub(crate) info: usize,
    /// As it should be.
    pub(crate) ok: usize,
    /// The host has no such thing.
    pub(crate) not_applicable: usize,
}

/// A host.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct HostSummary {
    /// The tree that was audited; / for this machine.
    pub(crate) root: String,
    /// Its name.
    pub(crate) host: Option<String>,
    /// The release of its kernel.
    pub(crate) kernel: Option<String>,
    /// Brokers that were found.
    pub(crate) brokers: Vec<String>,
    /// The worst that counts: ok, warning, unknown or critical.
    pub(crate) verdict: Status,
    /// How often each status was found.
    pub(crate) counts: Tally,
}

/// An audit.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct HostAudit {
    /// Whose advice counted.
    pub(crate) baseline: Baseline,
    /// The worst that counts: ok, warning, unknown or critical.
    pub(crate) verdict: Status,
    /// The hosts.
    pub(crate) hosts: Vec<HostSummary>,
    /// What was found, one for each rule and host.
    pub(crate) findings: Vec<Finding>,
}

/// The worst that counts: what is only worth knowing does not.
pub(crate) fn verdict<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Status {
    Status::worst(findings.into_iter().map(|finding| finding.status))
}

impl HostSummary {
    pub(crate) fn of(root: &str, facts: Option<(&Facts, &BrokerFacts)>, findings: &[Finding]) -> Self {
        let count = |status: Status| findings.iter().filter(|finding| finding.status == status).count();
        let brokers = facts.map(|(_, brokers)| brokers.brokers.iter().map(|broker| broker.name.clone()).collect());
        Self {
            root: root.to_owned(),
            host: facts.and_then(|(facts, _)| facts.host.value().cloned()),
            kernel: facts.and_then(|(facts, _)| facts.kernel.value().cloned()),
            brokers: brokers.unwrap_or_default(),
            verdict: verdict(findings),
            counts: Tally {
                critical: count(Status::Critical),
                unknown: count(Status::Unknown),
                warning: count(Status::Warning),
                info: count(Status::Info),
                ok: count(Status::Ok),
                not_applicable: count(Status::NotApplicable),
            },
        }
    }
}

/// Judges a host by all rules that are asked for.
pub(crate) fn of_host(
    root: &str,
    facts: &Facts,
    brokers: &BrokerFacts,
    baseline: Baseline,
    is_asked: impl Fn(&Rule) -> bool,
) -> Vec<Finding> {
    let given = Given::new(facts, brokers, baseline);
    let asked = rules::all().filter(|rule| is_asked(rule));
    asked
        .filter_map(|rule| Some(finding(root, rule, &given, rules::judge(rule, &given)?)))
        .collect()
}

fn finding(root: &str, rule: &'static Rule, given: &Given<'_>, judged: Judged) -> Finding {
    let facts = given.facts;
    // Rules that are named as the sysctl they read tell where its value comes from.
    let is_sysctl = rule.keys.contains(&rule.id);
    let lines = if is_sysctl { facts.files.of(rule.id) } else { Vec::new() };
    let set_by = lines.last().map(|setting| Place::of(setting));
    let running = facts.sysctls.get(rule.id).value().map(|value| (*value).to_owned());
    let changed_by = set_by
        .as_ref()
        .zip(running)
        .filter(|(place, running)| !is_same_value(running, &place.value));
    let changed_by = changed_by.map(|(place, running)| {
        format!(
            "something set {running} after boot: {}:{} sets {}",
            place.file, place.line, place.value
        )
    });
    let is_bad = matches!(judged.status, Status::Info | Status::Warning | Status::Critical);
    let overrides = lines.iter().rev().skip(1).map(|setting| Place::of(setting)).collect();
    Finding {
        root: root.to_owned(),
        rule: rule.id.to_owned(),
        group: rule.group,
        area: rule.area,
        status: judged.status,
        fix: is_bad.then(|| remedy(rule, &judged, given)),
        value: judged.value,
        expected: judged.expected.or_else(|| Some(rule.safe_text(given.baseline))),
        message: judged.note,
        reason: rule.reason.to_owned(),
        authorities: rule.authorities.to_vec(),
        dispute: Some(rule.dispute).filter(|dispute| !dispute.is_empty()),
        set_by,
        overrides,
        changed_by,
        kind: (judged.status == Status::Unknown).then_some("unreadable"),
    }
}

fn remedy(rule: &Rule, judged: &Judged, given: &Given<'_>) -> Remedy {
    let plain = |text: &str| Remedy {
        kind: rule.fix.kind(),
        text: text.to_owned(),
        key: None,
        value: None,
    };
    match rule.fix {
        Fix::Sysctl(key) => match &judged.set {
            None => plain("nothing has to be done"),
            Some(value) => Remedy {
                kind: rule.fix.kind(),
                text: sysctl_text(key, value, given),
                key: Some(key.to_owned()),
                value: Some(value.clone()),
            },
        },
        Fix::Mount(text)
        | Fix::Boot(text)
        | Fix::Broker(text)
        | Fix::Jvm(text)
        | Fix::Limits(text)
        | Fix::Note(text) => plain(text),
    }
}

/// How a sysctl is set to stay; lines in files that are read later would win.
fn sysctl_text(key: &str, value: &str, given: &Given<'_>) -> String {
    let baseline = match given.baseline {
        Baseline::Throughput => String::new(),
        other => format!(" --baseline {}", name(other)),
    };
    let text =
        format!("kfleet host tune{baseline}, or {key} = {value} in /etc/sysctl.d/{OWN_FILE}, then sysctl --system");
    let lines = given.facts.files.of(key);
    let later = lines
        .iter()
        .find(|setting| setting.file.rsplit('/').next().is_some_and(|name| name > OWN_FILE));
    match later {
        Some(setting) => format!(
            "{text}; first take it out of {}:{}, which is read later",
            setting.file, setting.line
        ),
        None => text,
    }
}

/// A finding that no rule made.
pub(crate) fn extra(root: &str, rule: String, area: Area, status: Status, reason: &str) -> Finding {
    Finding {
        root: root.to_owned(),
        rule,
        group: "",
        area,
        status,
        value: None,
        expected: None,
        message: None,
        reason: reason.to_owned(),
        authorities: Vec::new(),
        dispute: None,
        fix: None,
        set_by: None,
        overrides: Vec::new(),
        changed_by: None,
        kind: None,
    }
}
