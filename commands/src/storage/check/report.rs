//! What was found.

use std::path::Path;

use broker_log::offline::Left;
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use super::directory::Directory;
use super::metadata::Metadata;
use crate::exit_codes;
use crate::output::{Shown, Table};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look at it.
    Warning,
    /// A broker would not start, or would lose data.
    Error,
}

/// Something that is not as a broker would expect it.
#[derive(Debug, Serialize, JsonSchema)]
struct Finding {
    /// How bad it is.
    severity: Severity,
    /// The file or directory.
    path: String,
    /// What is wrong.
    message: String,
    /// What to do about it, or what becomes of it.
    remedy: String,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    fn push(&mut self, severity: Severity, path: &Path, message: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Finding {
            severity,
            path: path.display().to_string(),
            message: message.into(),
            remedy: remedy.into(),
        });
    }

    pub(super) fn error(&mut self, path: &Path, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Error, path, message, remedy);
    }

    pub(super) fn warning(&mut self, path: &Path, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Warning, path, message, remedy);
    }

    pub(super) fn info(&mut self, path: &Path, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Info, path, message, remedy);
    }
}

/// A log directory.
#[derive(Debug, Serialize, JsonSchema)]
struct DirectoryRow {
    /// Where it is.
    path: String,
    /// From meta.properties.
    cluster_id: Option<String>,
    /// From meta.properties.
    node_id: Option<i32>,
    /// From meta.properties.
    directory_id: Option<String>,
    /// How it was left: clean, unclean, in-use or unknown.
    left: &'static str,
    /// Replicas in it.
    partitions: usize,
    /// Bytes of its file system.
    total_bytes: u64,
    /// Bytes of these that are free.
    free_bytes: u64,
}

/// The metadata that the directories were compared with.
#[derive(Debug, Serialize, JsonSchema)]
struct MetadataRow {
    /// Where it ends. The cluster may have gone on.
    end_offset: i64,
    /// Topics in it.
    topics: usize,
}

/// What the log directories of a node are like.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StorageCheck {
    /// The directories.
    directories: Vec<DirectoryRow>,
    /// The metadata log, if one was found.
    metadata: Option<MetadataRow>,
    /// What is not as it should be, the worst first.
    findings: Vec<Finding>,
}

impl StorageCheck {
    pub(super) fn new(directories: &[Directory], metadata: Option<&Metadata>, findings: Findings) -> Self {
        let row = |dir: &Directory| DirectoryRow {
            path: dir.path.display().to_string(),
            cluster_id: dir.meta.as_ref().and_then(|meta| meta.cluster_id.clone()),
            node_id: dir.meta.as_ref().and_then(|meta| meta.node_id),
            directory_id: dir.directory_id().map(|id| id.to_string()),
            left: match dir.left {
                Left::Clean => "clean",
                Left::Unclean => "unclean",
                Left::InUse => "in-use",
                Left::Unknown => "unknown",
            },
            partitions: dir.replicas.len(),
            total_bytes: dir.space.0,
            free_bytes: dir.space.1,
        };
        let mut findings = findings.0;
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Self {
            directories: directories.iter().map(row).collect(),
            metadata: metadata.map(|metadata| MetadataRow {
                end_offset: metadata.end_offset,
                topics: metadata.topics.len(),
            }),
            findings,
        }
    }

    pub(super) fn cluster_id(&self) -> Option<&str> {
        self.directories.iter().find_map(|dir| dir.cluster_id.as_deref())
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }

    pub(super) fn summary(&self) -> String {
        let replicas: usize = self.directories.iter().map(|dir| dir.partitions).sum();
        format!(
            "{} with {}: {}, {}, {}",
            counted(self.directories.len(), "directory"),
            counted(replicas, "replica"),
            counted(self.count(Severity::Error), "error"),
            counted(self.count(Severity::Warning), "warning"),
            counted(self.count(Severity::Info), "remark"),
        )
    }

    pub(super) fn exit_code(&self) -> u8 {
        match self.findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => exit_codes::CRITICAL,
            Some(Severity::Warning) => exit_codes::NO,
            Some(Severity::Info) | None => exit_codes::OK,
        }
    }
}

impl Shown for StorageCheck {
    const SCHEMA: &'static str = "storage-check/1";

    fn table(&self, _: bool) -> Table {
        let row = |finding: &Finding| {
            let severity = match finding.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Error => "error",
            };
            vec![
                severity.to_owned(),
                finding.path.clone(),
                format!("{}. {}", finding.message, finding.remedy),
            ]
        };
        Table {
            headers: if self.findings.is_empty() {
                vec![]
            } else {
                vec!["SEVERITY", "PATH", "WHAT"]
            },
            rows: self.findings.iter().map(row).collect(),
        }
    }
}
