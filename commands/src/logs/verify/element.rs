//! What is printed: findings, and what they amount to.

use broker_log::offline::{Finding, Severity};
use planner::counted::noun;
use schemars::JsonSchema;
use serde::Serialize;

use super::job::Outcome;
use super::remedy::remedy;
use super::scope::Scope;
use crate::exit_codes;
use crate::size::units;
use crate::stream::{Column, Streamed};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Grade {
    /// The next start of the broker puts it right.
    Warning,
    /// Corruption.
    Error,
}

impl Grade {
    fn text(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct FindingRow {
    /// How bad it is.
    severity: Grade,
    /// A word for what it is.
    fault: &'static str,
    /// The file.
    file: String,
    /// Where in the file.
    position: Option<u64>,
    /// The first offset it is about.
    offset: Option<i64>,
    /// What is wrong.
    message: String,
    /// Further faults of the kind behind it in the file.
    more: u64,
    /// What to do about it.
    remedy: &'static str,
}

/// A file that cannot be read.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Unreadable {
    /// The file.
    file: String,
    /// Why.
    message: String,
}

/// What the findings amount to.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// Directories of partitions, and log directories.
    directories: usize,
    /// Segments that were read.
    segments: u64,
    /// Their bytes.
    size_bytes: u64,
    /// Their batches.
    batches: u64,
    /// The records in these.
    records: u64,
    /// Corruption.
    errors: u64,
    /// What the next start puts right.
    warnings: u64,
    /// Files that could not be read.
    unreadable: u64,
    /// Files that were removed meanwhile.
    gone: u64,
    /// Whether a broker was at work.
    in_use: bool,
}

/// Something of a verification.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum VerifyElement {
    /// Something that is wrong.
    Finding(FindingRow),
    /// A file that cannot be read.
    Unreadable(Unreadable),
    /// What it amounts to; the last element.
    Summary(Summary),
}

impl From<Finding> for VerifyElement {
    fn from(finding: Finding) -> Self {
        let remedy = remedy(&finding);
        Self::Finding(FindingRow {
            severity: match finding.severity {
                Severity::Warning => Grade::Warning,
                Severity::Error => Grade::Error,
            },
            fault: finding.kind.name(),
            file: finding.path.display().to_string(),
            position: finding.position,
            offset: finding.offset,
            message: finding.kind.to_string(),
            more: finding.more,
            remedy,
        })
    }
}

impl Summary {
    /// Before anything was read.
    pub(super) fn of(scope: &Scope) -> Self {
        Self {
            directories: scope.directories.len(),
            segments: scope.segments,
            in_use: scope.in_use,
            ..Self::default()
        }
    }

    /// Adds what came of a file; what is to be told of it.
    pub(super) fn take(&mut self, outcome: Outcome) -> Vec<VerifyElement> {
        match outcome {
            Outcome::Gone => {
                self.gone += 1;
                Vec::new()
            }
            Outcome::Unreadable(file, error) => {
                self.unreadable += 1;
                let message = error.to_string();
                vec![VerifyElement::Unreadable(Unreadable { file, message })]
            }
            Outcome::Verified(report) => {
                self.size_bytes += report.size_bytes;
                self.batches += report.batches;
                self.records += report.records;
                for finding in &report.findings {
                    match finding.severity {
                        Severity::Warning => self.warnings += 1,
                        Severity::Error => self.errors += 1,
                    }
                }
                report.findings.into_iter().map(VerifyElement::from).collect()
            }
        }
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self { errors: 1.., .. } => exit_codes::CRITICAL,
            Self { unreadable: 1.., .. } => exit_codes::IO,
            Self { warnings: 1.., .. } => exit_codes::NO,
            _ => exit_codes::OK,
        }
    }

    fn text(&self) -> String {
        let many = |count: u64, one: &str| format!("{} {}", units::count(count), noun(count, one));
        let mut text = format!(
            "{}, {}, {}: {}, {}",
            many(self.segments, "segment"),
            units::bytes(self.size_bytes),
            many(self.records, "record"),
            many(self.errors, "error"),
            many(self.warnings, "warning"),
        );
        if self.unreadable > 0 {
            text.push_str(&format!(", {} not read", many(self.unreadable, "file")));
        }
        if self.in_use {
            text.push_str("; a broker is at work there");
        }
        text
    }
}

impl Streamed for VerifyElement {
    const SCHEMA: &'static str = "logs-verify/1";

    fn columns(&self, _: bool) -> &'static [Column] {
        match self {
            Self::Finding(_) => &[
                ("SEVERITY", 8),
                ("FAULT", 14),
                ("FILE", 24),
                ("POSITION", 10),
                ("OFFSET", 10),
                ("WHAT", 0),
            ],
            Self::Unreadable(_) | Self::Summary(_) => &[],
        }
    }

    fn cells(&self, _: bool) -> Vec<String> {
        match self {
            Self::Finding(row) => {
                let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
                let more = match row.more {
                    0 => String::new(),
                    more => format!(" (and {} more)", units::count(more)),
                };
                vec![
                    row.severity.text().to_owned(),
                    row.fault.to_owned(),
                    row.file.clone(),
                    or_dash(row.position.map(|position| position.to_string())),
                    or_dash(row.offset.map(|offset| offset.to_string())),
                    format!("{}{more}. {}", row.message, row.remedy),
                ]
            }
            Self::Unreadable(unreadable) => vec![format!("NOT READ: {}", unreadable.message)],
            Self::Summary(summary) => vec![summary.text()],
        }
    }
}
