//! Parts of what was asked for that failed, while others succeeded.

use client::{ClientError, ShardError};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit_codes;

/// A part that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The broker, group, topic or partition it is about.
    pub what: String,
    /// A word for scripts.
    pub kind: &'static str,
    /// The exit code it would have alone.
    pub code: u8,
    /// A sentence.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Failure {
    /// Of this, for this reason.
    pub fn new(what: impl Into<String>, error: CommandError) -> Self {
        Self {
            what: what.into(),
            kind: error.kind,
            code: error.code,
            message: error.message,
            hints: error.hints,
        }
    }

    /// Of this, as a cluster or a connection says.
    pub fn of(what: impl Into<String>, error: ClientError) -> Self {
        Self::new(what, error.into())
    }

    /// As people read it.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let of_what = self.message.starts_with(&self.what);
        let line = if of_what {
            format!("error: {}", self.message)
        } else {
            format!("error: {}: {}", self.what, self.message)
        };
        let hints = self.hints.iter().map(|hint| format!("hint: {hint}"));
        std::iter::once(line).chain(hints.collect::<Vec<_>>())
    }
}

impl From<ShardError> for Failure {
    fn from(failed: ShardError) -> Self {
        Self::of(failed.what, failed.error)
    }
}

/// The exit code of several: theirs if they have one in common, and otherwise that of what was refused in part.
pub(crate) fn code_of(failures: &[Failure]) -> Option<u8> {
    let first = failures.first()?.code;
    let is_common = failures.iter().all(|failure| failure.code == first);
    Some(if is_common { first } else { exit_codes::REJECTED })
}

/// All of them as one failure, if nothing succeeded.
pub(crate) fn together(failures: &[Failure]) -> Option<CommandError> {
    let first = failures.first()?;
    let lines = failures.iter().filter_map(|failure| failure.lines().next());
    let sentences: Vec<String> = lines
        .map(|line| line.trim_start_matches("error: ").to_owned())
        .collect();
    let mut hints: Vec<String> = failures.iter().flat_map(|failure| failure.hints.clone()).collect();
    hints.dedup();
    let code = code_of(failures)?;
    Some(CommandError {
        kind: if code == first.code { first.kind } else { "rejected" },
        code,
        message: sentences.join("; "),
        hints,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_common_one_or_says_in_part() {
        let failure = |error| Failure::new("group g", error);
        let missing = failure(CommandError::not_found("group g does not exist"));
        let late = failure(CommandError::timed_out("no answer"));
        assert_eq!(code_of(&[]), None);
        assert_eq!(code_of(&[missing.clone(), missing.clone()]), Some(66));
        assert_eq!(code_of(&[missing.clone(), late.clone()]), Some(76));
        assert_eq!(
            late.lines().collect::<Vec<_>>(),
            ["error: group g: no answer".to_owned()]
        );
        let both = together(&[missing, late]).unwrap();
        assert_eq!(both.message, "group g does not exist; group g: no answer");
        assert_eq!((both.kind, both.code), ("rejected", 76));
    }
}
