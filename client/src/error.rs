//! What can go wrong between here and a cluster.

use protocol::api::{ApiKey, ErrorCode};

use crate::words::in_words;

/// A request that got no good answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody answers at an address.
    #[error("cannot reach {address}: {reason}")]
    Unreachable {
        /// host:port, or a list of them.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// The deadline passed.
    #[error("no answer from {address} in time while waiting for {what}")]
    TimedOut {
        /// host:port.
        address: String,
        /// What was waited for.
        what: String,
    },
    /// The other side closed the connection instead of answering.
    #[error("{address} closed the connection instead of answering {what}")]
    Closed {
        /// host:port.
        address: String,
        /// What was asked.
        what: String,
    },
    /// The other side does not speak a version of an API that is known here.
    #[error("{address} does not serve {api:?} in a version that is known here")]
    UnsupportedApi {
        /// host:port.
        address: String,
        /// The API.
        api: ApiKey,
    },
    /// An answer that makes no sense.
    #[error("{address} sent an answer that makes no sense: {reason}")]
    Malformed {
        /// host:port.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// The cluster said no.
    #[error("{what}: {message} ({code:?})")]
    Rejected {
        /// What it said no to.
        what: String,
        /// Kafka's error.
        code: ErrorCode,
        /// In words.
        message: String,
    },
    /// TLS was not agreed on, or broke.
    #[error("no secure connection to {address}: {reason}")]
    Tls {
        /// host:port.
        address: String,
        /// What failed.
        reason: String,
        /// What to do about it.
        advice: String,
    },
    /// Nobody was let in, or somebody was not believed.
    #[error("no login by {mechanism} at {address}: {reason}")]
    Authentication {
        /// host:port.
        address: String,
        /// How it was tried.
        mechanism: &'static str,
        /// Why it failed; no secret is in it.
        reason: String,
    },
    /// A request of ours that cannot be written.
    #[error("a {api:?} request cannot be written: {reason}")]
    Unwritable {
        /// The API.
        api: ApiKey,
        /// Why.
        reason: String,
    },
}

impl ClientError {
    /// A refusal, with words of ours for the code where the cluster sent none.
    pub fn rejected(what: impl Into<String>, code: i16, message: Option<&str>) -> Self {
        let code = ErrorCode::try_from_code(code).unwrap_or(ErrorCode::Unknown(code));
        let message = message.filter(|message| !message.is_empty());
        let message = message.map_or_else(|| in_words(code), str::to_owned);
        Self::Rejected {
            what: what.into(),
            code,
            message,
        }
    }

    /// Whether another attempt may succeed.
    pub fn is_retriable(&self) -> bool {
        match self {
            // Which of a topic's partitions exist is known before anything is asked of them, so one that is not
            // known is known elsewhere, or soon.
            Self::Rejected { code, .. } => code.is_retriable(),
            Self::Unreachable { .. } | Self::Closed { .. } => true,
            _ => false,
        }
    }

    /// Whether it tells more than that nobody answers.
    pub(crate) const fn is_about_security(&self) -> bool {
        matches!(self, Self::Tls { .. } | Self::Authentication { .. })
    }

    /// What is wrong, without what it is about: for lists that name that anyway.
    pub fn reason(&self) -> String {
        match self {
            Self::Rejected { code, message, .. } => format!("{message} ({code:?})"),
            other => other.to_string(),
        }
    }

    /// Kafka's error, if the cluster said no.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Rejected { code, .. } => Some(*code),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_the_clusters_words_or_ours_and_the_name_once() {
        let said = |message| ClientError::rejected("topic t", ErrorCode::PolicyViolation.code(), message).to_string();
        assert_eq!(said(Some("too many")), "topic t: too many (PolicyViolation)");
        for message in [None, Some("")] {
            assert_eq!(
                said(message),
                "topic t: a policy of the cluster forbids it (PolicyViolation)"
            );
        }
    }
}
