//! What a release makes of the pairs of a server.properties.

use std::collections::{BTreeMap, BTreeSet};

use super::super::release::Release;
use super::keys::{AUTO_JMX, Change, JMX_REPORTER, OF_ZOOKEEPER, REPORTERS, ROLES, rules};
use super::known::first_with;

/// What a release makes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It ignores it.
    Removed,
    /// It ignores it, and has these in its place.
    Renamed(Vec<String>),
    /// It takes it, and will not for ever; what it asks for instead, if anything.
    Deprecated(Option<String>),
    /// It does not start with this value; the values that it takes.
    Refused(String),
    /// It does not start without this key.
    Missing,
    /// The file does not have it, and what that means changes.
    Default {
        /// What it was.
        old: String,
        /// What it is.
        new: String,
    },
    /// Its value means something else: what.
    Meaning(String),
    /// It has no such key yet, and ignores it.
    NotYet,
}

impl What {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Renamed(_) => "renamed",
            Self::Deprecated(_) => "deprecated",
            Self::Refused(_) => "refused",
            Self::Missing => "missing",
            Self::Default { .. } => "default",
            Self::Meaning(_) => "meaning",
            Self::NotYet => "not-yet",
        }
    }

    /// Whether a node does not start.
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Missing)
    }
}

/// A key that a release makes something else of. No value of the file is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The key.
    pub key: String,
    /// What is made of it.
    pub what: What,
    /// The release that began to.
    pub since: Release,
}

/// What a release makes of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Keys that it makes something else of, in order of their names.
    pub findings: Vec<Finding>,
    /// Keys that no release defines: of plugins, or mistyped. They stay as they are.
    pub unknown: Vec<String>,
}

impl Checked {
    /// Whether a node with this file starts, as far as its keys are known here.
    pub fn starts(&self) -> bool {
        !self.findings.iter().any(|finding| finding.what.is_fatal())
    }
}

/// Holds the pairs of a file against a release. Of a key that stands twice the last value counts. Defaults are compared with
/// those of the release that a node comes from.
pub fn check<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, from: Release, to: Release) -> Checked {
    let pairs: BTreeMap<&str, &str> = pairs.into_iter().collect();
    let mut findings = of_rules(&pairs, from, to);
    let is_of_4 = to.age() >= Release::V4_0.age();
    for key in pairs.keys().filter(|key| is_of_4 && key.starts_with(OF_ZOOKEEPER)) {
        findings.push(found(key, What::Removed, Release::V4_0));
    }
    if is_of_4 && pairs.get(ROLES).is_none_or(|roles| roles.trim().is_empty()) {
        findings.push(found(ROLES, What::Missing, Release::V4_0));
    }
    if is_of_4 && from.age() < Release::V4_0.age() && loses_jmx(&pairs) {
        let what = What::Meaning(format!(
            "{JMX_REPORTER} is added to it no longer: name it, or there is no JMX"
        ));
        findings.push(found(REPORTERS, what, Release::V4_0));
    }
    let (mut unknown, mut not_yet) = (Vec::new(), Vec::new());
    let settled: BTreeSet<&str> = findings.iter().map(|finding| finding.key.as_str()).collect();
    for key in pairs.keys().filter(|key| !settled.contains(*key)) {
        match first_with(key) {
            None => unknown.push((*key).to_owned()),
            Some(since) if since.age() > to.age() => not_yet.push(found(key, What::NotYet, since)),
            Some(_) => {}
        }
    }
    findings.extend(not_yet);
    findings.sort_by(|a, b| a.key.cmp(&b.key));
    Checked { findings, unknown }
}

/// Whether metrics were told by JMX though only others were named.
fn loses_jmx(pairs: &BTreeMap<&str, &str>) -> bool {
    let is_off = pairs
        .get(AUTO_JMX)
        .is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
    let others = pairs.get(REPORTERS).filter(|list| !list.trim().is_empty());
    !is_off && others.is_some_and(|list| !list.contains(JMX_REPORTER))
}

fn found(key: &str, what: What, since: Release) -> Finding {
    Finding {
        key: key.to_owned(),
        what,
        since,
    }
}

fn of_rules(pairs: &BTreeMap<&str, &str>, from: Release, to: Release) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut defaults: BTreeMap<&str, (&str, &str, Release)> = BTreeMap::new();
    let mut gone = BTreeSet::new();
    for rule in rules().filter(|rule| rule.since.age() <= to.age()) {
        let value = pairs.get(rule.key).copied();
        let what = match (rule.change, value) {
            (Change::Removed, _) => {
                gone.insert(rule.key);
                value.map(|_| What::Removed)
            }
            (Change::Renamed(names), Some(_)) => Some(What::Renamed(names.iter().map(|&name| name.into()).collect())),
            (Change::Deprecated(other), Some(_)) => Some(What::Deprecated(other.map(str::to_owned))),
            (Change::Min(min), Some(value)) => number(value)
                .filter(|number| *number < min)
                .map(|_| What::Refused(format!("{min} or more"))),
            (Change::Max(max), Some(value)) => number(value)
                .filter(|number| *number > max)
                .map(|_| What::Refused(format!("{max} or less"))),
            (Change::Default(old, new), None) if rule.since.age() > from.age() => {
                let first = defaults.get(rule.key).map_or(old, |(first, ..)| *first);
                defaults.insert(rule.key, (first, new, rule.since));
                None
            }
            _ => None,
        };
        findings.extend(what.map(|what| found(rule.key, what, rule.since)));
    }
    // A default of a key that is gone by then means nothing.
    for (key, (old, new, since)) in defaults.into_iter().filter(|(key, _)| !gone.contains(key)) {
        let (old, new) = (old.to_owned(), new.to_owned());
        findings.push(found(key, What::Default { old, new }, since));
    }
    findings
}

fn number(value: &str) -> Option<i64> {
    value.trim().parse().ok()
}
