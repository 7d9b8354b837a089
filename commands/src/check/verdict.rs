//! What a check says: a status, a sentence, what it found, what it could not find out.

use client::{ClientError, ShardError};
use schemars::JsonSchema;
use serde::Serialize;

use super::limits::Limits;
use crate::error::CommandError;
use crate::output::{Shown, Table, printable};
use crate::status::Status;

/// Something that could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Untold {
    /// What it is about.
    pub(super) what: String,
    /// Why, as a word; the kinds of errors.
    pub(super) kind: &'static str,
    /// Why.
    pub(super) message: String,
}

impl Untold {
    pub(super) fn new(what: impl Into<String>, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            kind,
            message: message.into(),
        }
    }

    /// For this reason.
    pub(super) fn of(what: impl Into<String>, error: &CommandError) -> Self {
        Self::new(what, error.kind, error.message.clone())
    }

    /// As a cluster or a connection says.
    pub(super) fn by_client(what: impl Into<String>, error: ClientError) -> Self {
        Self::of(what, &CommandError::from(error))
    }

    fn text(&self) -> String {
        if self.message.starts_with(&self.what) {
            format!("{} ({})", self.message, self.kind)
        } else {
            format!("{}: {} ({})", self.what, self.message, self.kind)
        }
    }
}

impl From<ShardError> for Untold {
    fn from(failed: ShardError) -> Self {
        Self::by_client(failed.what, failed.error)
    }
}

/// One of the things that a check looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Finding {
    /// What it is about, as people name it.
    pub(super) what: String,
    /// What is the matter.
    pub(super) detail: String,
    /// The topic, if it is about one.
    pub(super) topic: Option<String>,
    /// The partition, if it is about one.
    pub(super) partition: Option<i32>,
    /// The group, if it is about one.
    pub(super) group: Option<String>,
    /// Brokers or controllers that are at the bottom of it.
    pub(super) nodes: Vec<i32>,
    /// The figure that was compared, if there is one.
    pub(super) value: Option<u64>,
}

impl Finding {
    /// Of a partition.
    pub(super) fn of_partition(topic: &str, partition: i32, detail: String, nodes: Vec<i32>) -> Self {
        Self {
            what: format!("{topic}-{partition}"),
            detail,
            topic: Some(topic.to_owned()),
            partition: Some(partition),
            nodes,
            ..Self::default()
        }
    }

    /// Of a node.
    pub(super) fn of_node(what: String, detail: String, node: i32) -> Self {
        Self {
            what,
            detail,
            nodes: vec![node],
            ..Self::default()
        }
    }

    fn text(&self) -> String {
        if self.detail.is_empty() {
            self.what.clone()
        } else {
            format!("{} ({})", self.what, self.detail)
        }
    }
}

/// A figure for a monitor to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Metric {
    /// Its name.
    pub(super) name: &'static str,
    /// Its value.
    pub(super) value: u64,
}

/// What is made of what was found out, without what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    /// Of what was found out alone.
    pub(super) status: Status,
    pub(super) summary: String,
    pub(super) findings: Vec<Finding>,
    pub(super) unknown: Vec<Untold>,
    pub(super) metrics: Vec<Metric>,
}

impl Judged {
    pub(super) fn new(status: Status, summary: impl Into<String>) -> Self {
        Self {
            status,
            summary: summary.into(),
            findings: Vec::new(),
            unknown: Vec::new(),
            metrics: Vec::new(),
        }
    }

    /// Nothing could be found out.
    pub(super) fn unknown(why: Untold) -> Self {
        let mut judged = Self::new(Status::Unknown, "it could not be found out");
        judged.unknown.push(why);
        judged
    }

    pub(super) fn metric(mut self, name: &'static str, value: impl TryInto<u64>) -> Self {
        let value = value.try_into().unwrap_or(u64::MAX);
        self.metrics.push(Metric { name, value });
        self
    }
}

/// What a check says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct CheckRow {
    /// The check.
    check: &'static str,
    /// ok, warning, unknown or critical.
    status: Status,
    /// A sentence without findings.
    summary: String,
    /// Why another host checks this; nothing was checked then.
    skipped: Option<String>,
    /// The least that is a WARNING, where that can be chosen.
    warn: Option<u64>,
    /// The least that is CRITICAL, where that can be chosen.
    crit: Option<u64>,
    /// What was found.
    findings: Vec<Finding>,
    /// What could not be found out.
    unknown: Vec<Untold>,
    /// Figures to keep.
    metrics: Vec<Metric>,
    /// How many findings a line names.
    #[serde(skip)]
    named_max: usize,
}

impl CheckRow {
    /// Of a check that was made. With anything that could not be found out it is never OK.
    pub(super) fn new(check: &'static str, judged: Judged, limits: Limits, named_max: usize) -> Self {
        let unknown = (!judged.unknown.is_empty()).then_some(Status::Unknown);
        Self {
            check,
            status: Status::worst([Some(judged.status), unknown].into_iter().flatten()),
            summary: judged.summary,
            skipped: None,
            warn: limits.warn,
            crit: limits.crit,
            findings: judged.findings,
            unknown: judged.unknown,
            metrics: judged.metrics,
            named_max,
        }
    }

    /// Of a check that is another host's to make.
    pub(super) fn skipped(check: &'static str, why: &str) -> Self {
        let judged = Judged::new(Status::Ok, format!("not my turn, nothing was checked here: {why}"));
        let mut row = Self::new(check, judged, Limits::default(), 0);
        row.skipped = Some(why.to_owned());
        row
    }

    pub(super) const fn status(&self) -> Status {
        self.status
    }

    /// One line, as monitors read it: names and messages in it cannot end it, nor begin its figures.
    fn line(&self) -> String {
        let named = self.findings.iter().take(self.named_max).map(Finding::text);
        let mut text = listed(&self.summary, ": ", named, self.findings.len());
        let untold = self.unknown.iter().take(self.named_max.max(1)).map(Untold::text);
        if !self.unknown.is_empty() {
            text = listed(&text, "; not known: ", untold, self.unknown.len());
        }
        let mut line = format!("{} - {}: {}", self.status.word(), self.check, plain(&text));
        if !self.metrics.is_empty() {
            let figures = self
                .metrics
                .iter()
                .map(|metric| format!("{}={}", metric.name, metric.value));
            line.push_str(" | ");
            line.push_str(&figures.collect::<Vec<_>>().join(" "));
        }
        line
    }

    /// All that was found, a line each.
    fn details(&self) -> impl Iterator<Item = String> {
        let findings = self.findings.iter().map(Finding::text);
        let unknown = self
            .unknown
            .iter()
            .map(|untold| format!("not known: {}", untold.text()));
        findings.chain(unknown).map(|text| format!("- {}", plain(&text)))
    }
}

/// The first of many behind a text.
fn listed(text: &str, between: &str, named: impl Iterator<Item = String>, all: usize) -> String {
    let mut named: Vec<String> = named.collect();
    if named.is_empty() {
        return text.to_owned();
    }
    if named.len() < all {
        named.push("...".to_owned());
    }
    format!("{text}{between}{}", named.join(", "))
}

/// Without what means something in a monitor's line.
fn plain(text: &str) -> String {
    printable(&text.replace(['\n', '\r'], " ")).replace('|', "/")
}

impl Shown for Vec<CheckRow> {
    const SCHEMA: &'static str = "check/1";

    fn table(&self, wide: bool) -> Table {
        let lines = self.iter().flat_map(|row| {
            let details = wide.then(|| row.details()).into_iter().flatten();
            std::iter::once(row.line()).chain(details)
        });
        Table {
            headers: Vec::new(),
            rows: lines.map(|line| vec![line]).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(judged: Judged) -> CheckRow {
        CheckRow::new("under-replicated", judged, Limits::default(), 2)
    }

    #[test]
    fn a_line_has_status_check_findings_and_figures() {
        let mut judged = Judged::new(Status::Critical, "3 partitions of 2 topics").metric("under_replicated", 3u64);
        for (topic, partition) in [("a", 0), ("a", 1), ("b", 0)] {
            let finding = Finding::of_partition(topic, partition, "broker 2".to_owned(), vec![2]);
            judged.findings.push(finding);
        }
        assert_eq!(
            row(judged.clone()).line(),
            "CRITICAL - under-replicated: 3 partitions of 2 topics: a-0 (broker 2), a-1 (broker 2), ... | under_replicated=3"
        );
        judged.unknown.push(Untold::new("broker 3", "timed-out", "no answer"));
        assert!(
            row(judged.clone())
                .line()
                .contains("...; not known: broker 3: no answer (timed-out) | under_replicated=3")
        );
        assert_eq!(vec![row(judged)].table(true).rows.len(), 5);
    }

    #[test]
    fn what_is_not_known_is_never_ok_and_hides_nothing_worse() {
        let mut judged = Judged::new(Status::Ok, "none");
        judged.unknown.push(Untold::new("x", "timed-out", "late"));
        assert_eq!(row(judged.clone()).status(), Status::Unknown);
        judged.status = Status::Warning;
        assert_eq!(row(judged.clone()).status(), Status::Unknown);
        judged.status = Status::Critical;
        assert_eq!(row(judged).status(), Status::Critical);
    }

    #[test]
    fn names_cannot_forge_a_line_or_figures() {
        let mut judged = Judged::new(Status::Warning, "1 group").metric("lag", 9u64);
        judged.findings.push(Finding {
            what: "group x\nOK - all | lag=0\u{1b}[2J".to_owned(),
            ..Finding::default()
        });
        let line = row(judged).line();
        assert_eq!(line.lines().count(), 1);
        assert_eq!(line.matches('|').count(), 1);
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
}
