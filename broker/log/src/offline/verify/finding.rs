//! What was found wrong, where, and how bad it is.

use std::path::PathBuf;

use super::super::FaultKind;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The broker puts it right when it starts, and nothing it acknowledged is lost.
    Warning,
    /// Corruption.
    Error,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// Where in it.
    pub position: Option<u64>,
    /// The first offset it is about.
    pub offset: Option<i64>,
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub kind: FaultKind,
    /// Further faults of this kind behind it in the file.
    pub more: u64,
}
