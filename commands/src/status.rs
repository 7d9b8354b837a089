//! What checks and audits find, the worst last: CRITICAL wins over UNKNOWN over WARNING.

use schemars::JsonSchema;
use serde::Serialize;

use crate::exit_codes;

/// What a finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// There is no such thing here.
    NotApplicable,
    /// As it should be.
    Ok,
    /// Worth knowing; never changes the exit code.
    Info,
    /// To be put right.
    Warning,
    /// It is there, and could not be read.
    Unknown,
    /// A broker breaks, or data is lost.
    Critical,
}

impl Status {
    /// As it is printed.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "N/A",
            Self::Ok => "OK",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Unknown => "UNKNOWN",
            Self::Critical => "CRITICAL",
        }
    }

    /// As a monitor reads it.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::NotApplicable | Self::Ok | Self::Info => exit_codes::OK,
            Self::Warning => exit_codes::NO,
            Self::Unknown => exit_codes::UNKNOWN,
            Self::Critical => exit_codes::CRITICAL,
        }
    }

    /// The worst that counts: what is only worth knowing does not.
    pub(crate) fn worst(found: impl IntoIterator<Item = Self>) -> Self {
        let counts = found.into_iter().filter(|status| *status > Self::Info);
        counts.max().unwrap_or(Self::Ok)
    }
}
