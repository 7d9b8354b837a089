//! The rules, as data: what each reads, what is safe under each baseline, why, who says so, and the fix. Judging is pure:
//! facts in, a finding out.

mod broker;
mod cpu;
mod dirty;
mod disks;
mod file_systems;
mod files;
mod given;
mod jvm;
mod limits;
mod log_dirs;
mod network;
mod network_broker;
mod ports;
mod range;
mod virtual_memory;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use given::{Given, Judged, Known};
pub(crate) use range::{Baseline, Range, Ranges};

use range::{at_least, within};

pub(crate) use crate::status::Status;

use super::facts::Fact;
use protocol::config::distance;

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Area {
    /// Virtual memory.
    Memory,
    /// The network.
    Network,
    /// Limits of processes.
    Limits,
    /// File systems and log directories.
    LogDirs,
    /// Disks.
    Disks,
    /// Processors and clocks.
    Cpu,
    /// The broker and its JVM.
    Broker,
    /// Control groups and pressure.
    Cgroup,
    /// Files that set sysctls.
    Files,
}

impl Area {
    /// As it is written on a command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Network => "network",
            Self::Limits => "limits",
            Self::LogDirs => "log-dirs",
            Self::Disks => "disks",
            Self::Cpu => "cpu",
            Self::Broker => "broker",
            Self::Cgroup => "cgroup",
            Self::Files => "files",
        }
    }
}

/// Who says what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Authority {
    /// Who.
    pub(crate) source: &'static str,
    /// The value, or what is said.
    pub(crate) says: &'static str,
}

/// What puts it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fix {
    /// A sysctl, in a file of sysctl.d; the value comes from the judgement or the range.
    Sysctl(&'static str),
    /// Options of a mount.
    Mount(&'static str),
    /// A file in /sys or a flag of the kernel at boot.
    Boot(&'static str),
    /// server.properties.
    Broker(&'static str),
    /// Options of the JVM.
    Jvm(&'static str),
    /// Limits of the service.
    Limits(&'static str),
    /// What a person has to do or to know.
    Note(&'static str),
}

impl Fix {
    /// The kind, as it is printed.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Sysctl(_) => "sysctl",
            Self::Mount(_) => "mount",
            Self::Boot(_) => "boot",
            Self::Broker(_) => "broker",
            Self::Jvm(_) => "jvm",
            Self::Limits(_) => "limits",
            Self::Note(_) => "note",
        }
    }
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Its name.
    pub(crate) id: &'static str,
    /// The group of rules it belongs to.
    pub(crate) group: &'static str,
    /// What it is about.
    pub(crate) area: Area,
    /// What it reads.
    pub(crate) subject: &'static str,
    /// Sysctls it reads.
    pub(crate) keys: &'static [&'static str],
    /// The worst it finds.
    pub(crate) severity: Status,
    /// Whether the minimal baseline has it.
    pub(crate) is_essential: bool,
    /// Safe values of a number.
    pub(crate) ranges: Option<Ranges>,
    /// What is safe, in words, beside or instead of a range.
    pub(crate) safe: &'static str,
    /// Why it matters to Kafka.
    pub(crate) reason: &'static str,
    /// Who says so.
    pub(crate) authorities: &'static [Authority],
    /// Where they differ and what we do then; empty if they agree.
    pub(crate) dispute: &'static str,
    /// What puts it right.
    pub(crate) fix: Fix,
    /// How it is judged.
    pub(crate) judge: fn(&Rule, &Given<'_>) -> Known<Judged>,
}

/// A rule that holds a sysctl against a range.
const fn sysctl(
    id: &'static str,
    group: &'static str,
    area: Area,
    keys: &'static [&'static str],
    ranges: Ranges,
) -> Rule {
    Rule {
        subject: id,
        keys,
        ranges: Some(ranges),
        fix: Fix::Sysctl(id),
        judge: given::in_range,
        ..rule(id, group, area)
    }
}

/// A rule with everything still to be said.
const fn rule(id: &'static str, group: &'static str, area: Area) -> Rule {
    Rule {
        id,
        group,
        area,
        subject: id,
        keys: &[],
        severity: Status::Warning,
        is_essential: false,
        ranges: None,
        safe: "",
        reason: "",
        authorities: &[],
        dispute: "",
        fix: Fix::Note(""),
        judge: given::in_range,
    }
}

/// What a source says.
const fn says(source: &'static str, says: &'static str) -> Authority {
    Authority { source, says }
}

/// Sources that many rules name.
mod by {
    pub(super) const APACHE: &str = "Apache Kafka documentation, Hardware and OS";
    pub(super) const APACHE_SOURCE: &str = "Apache Kafka source";
    pub(super) const BOOK: &str = "Kafka: The Definitive Guide";
    pub(super) const TUTORIAL: &str = "tutorials after the book";
    pub(super) const CONFLUENT: &str = "Confluent cp-ansible, kafka_broker_sysctl";
    pub(super) const CONFLUENT_DOC: &str = "Confluent documentation, Running Kafka in production";
    pub(super) const CLOUDERA: &str = "Cloudera Kafka reference architecture";
    pub(super) const INTEL: &str = "Intel tuning guide for Kafka";
    pub(super) const KERNEL: &str = "Linux kernel documentation";
    pub(super) const PSI: &str = "Linux kernel documentation, accounting/psi";
    pub(super) const RPK: &str = "Redpanda rpk";
    pub(super) const TUNED: &str = "tuned profiles";
    pub(super) const UBUNTU: &str = "Ubuntu Charmed Kafka";
    pub(super) const OURS: &str = "kfleet";
}

/// All rules, by area.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    let tables: [&'static [Rule]; 13] = [
        virtual_memory::RULES,
        dirty::RULES,
        network::RULES,
        network_broker::RULES,
        ports::RULES,
        limits::RULES,
        file_systems::RULES,
        log_dirs::RULES,
        disks::RULES,
        cpu::RULES,
        jvm::RULES,
        broker::RULES,
        files::RULES,
    ];
    tables.into_iter().flatten()
}

/// The rule with this id.
pub(crate) fn lookup(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// Whether a word on a command line means a rule: its id, its group or its area.
pub(crate) fn is_meant(rule: &Rule, word: &str) -> bool {
    rule.id == word || rule.group.eq_ignore_ascii_case(word) || rule.area.word() == word
}

/// The id most like one that does not exist.
pub(crate) fn suggest(id: &str) -> Option<&'static str> {
    let plain = |text: &str| text.replace(['_', '/', '-'], ".").to_lowercase();
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
    let asked = plain(id);
    let holds = all().find(|rule| asked.len() > 3 && plain(rule.id).contains(&asked));
    let near = || {
        let distances = all().map(|rule| {
            let whole = distance(&plain(rule.id), &asked);
            (whole.min(distance(&last(rule.id), &id.to_lowercase())), rule.id)
        });
        distances.min().filter(|(distance, _)| *distance <= 2).map(|(_, id)| id)
    };
    holds.map(|rule| rule.id).or_else(near)
}

/// The number that a range judges: of a range of ports how many they are, of three fields the last one, the most.
pub(crate) fn measure(key: &str, value: &str) -> Option<i64> {
    if key == ports::RANGE {
        return ports::count(value);
    }
    value.rsplit(' ').next()?.parse().ok()
}

/// Judges a host by a rule; none if the baseline does not have it.
pub(crate) fn judge(rule: &'static Rule, given: &Given<'_>) -> Option<Judged> {
    if given.baseline == Baseline::Minimal && !rule.is_essential {
        return None;
    }
    Some((rule.judge)(rule, given).unwrap_or_else(|judged| *judged))
}

impl Rule {
    /// What is set under a baseline where a value is not safe, in words; none if the host decides.
    pub(crate) fn set_text(&self, baseline: Baseline) -> Option<String> {
        let set = self.ranges?.of(baseline).set;
        Some(match self.id {
            ports::RANGE => ports::RANGE_SET.to_owned(),
            // Of a key with three numbers, one is set.
            _ if self.safe.starts_with("for the") => format!("{set}, {}", self.safe),
            _ => set.to_string(),
        })
    }

    /// What is safe under a baseline, in words.
    pub(crate) fn safe_text(&self, baseline: Baseline) -> String {
        match (&self.ranges, self.safe) {
            (Some(ranges), "") => ranges.of(baseline).text(),
            (Some(ranges), words) => format!("{}, {words}", ranges.of(baseline).text()),
            (None, words) => words.to_owned(),
        }
    }
}

/// A fact that a rule cannot be judged without.
pub(crate) trait Needed<T> {
    /// Its value, or what the rule finds without it.
    fn needed(self, what: &str) -> Known<T>;
}

impl<T> Needed<T> for Fact<T> {
    fn needed(self, what: &str) -> Known<T> {
        match self {
            Self::Present(value) => Ok(value),
            Self::Absent => Err(Box::new(Judged::not_applicable(format!("{what} is not there")))),
            Self::Unreadable(reason) => Err(Box::new(Judged::unknown(format!("{what}: {reason}")))),
        }
    }
}
