//! Failures as operators see them: a kind, an exit code, a sentence, hints.

use client::ClientError;
use protocol::api::{ApiKey, ErrorCode};
use schemars::JsonSchema;
use serde::Serialize;

use crate::exit_codes;

/// Why a command failed.
#[derive(Debug)]
pub struct CommandError {
    /// A word for scripts.
    pub kind: &'static str,
    /// The exit code.
    pub code: u8,
    /// A sentence.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// Name and version of a failure as JSON, without `kfleet/`.
pub(crate) const SCHEMA: &str = "error/1";

/// A failure as JSON.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ErrorDocument<'a> {
    /// kfleet/error/1
    schema: String,
    /// What failed.
    error: ErrorFields<'a>,
}

/// What failed, and why.
#[derive(Debug, Serialize, JsonSchema)]
struct ErrorFields<'a> {
    /// A word for scripts.
    kind: &'a str,
    /// The exit code.
    code: u8,
    /// A sentence.
    message: &'a str,
    /// What to do about it.
    hints: &'a [String],
}

impl<'a> From<&'a CommandError> for ErrorDocument<'a> {
    fn from(error: &'a CommandError) -> Self {
        Self {
            schema: format!("kfleet/{SCHEMA}"),
            error: ErrorFields {
                kind: error.kind,
                code: error.code,
                message: &error.message,
                hints: &error.hints,
            },
        }
    }
}

impl CommandError {
    fn new(kind: &'static str, code: u8, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// The command line makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", exit_codes::USAGE, message)
    }

    /// The input makes no sense.
    pub fn data(message: impl Into<String>) -> Self {
        Self::new("data", exit_codes::DATA, message)
    }

    /// What was named does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("not-found", exit_codes::NOT_FOUND, message)
    }

    /// Nobody answers; a retry may help.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::new("unreachable", exit_codes::UNREACHABLE, message)
    }

    /// A file or disk failed.
    pub fn io(action: &str, error: &dyn std::fmt::Display) -> Self {
        Self::new("io", exit_codes::IO, format!("{action}: {error}"))
    }

    /// A safety rule refused; nothing was changed.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new("refused", exit_codes::REFUSED, message)
    }

    /// The cluster refused.
    pub fn rejected(message: impl Into<String>) -> Self {
        Self::new("rejected", exit_codes::REJECTED, message)
    }

    /// The answer is no.
    pub fn declined() -> Self {
        Self::new("declined", exit_codes::NO, "declined; nothing was changed")
    }

    /// A check found that what must hold does not.
    pub fn critical(message: impl Into<String>) -> Self {
        Self::new("critical", exit_codes::CRITICAL, message)
    }

    /// It was stopped midway; something was changed.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new("interrupted", exit_codes::INTERRUPTED, message)
    }

    /// Time ran out.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self::new("timed-out", exit_codes::TIMED_OUT, message)
    }

    /// An exit code that is passed on; whoever had it has said why.
    pub fn exit(code: u8) -> Self {
        Self::new("passed-on", code, "")
    }

    /// A fault of kfleet's.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new("bug", exit_codes::BUG, message)
    }

    /// It stopped in the middle of its work, after this was done.
    #[must_use]
    pub fn midway(self, done: &str) -> Self {
        Self {
            kind: "stopped-midway",
            code: exit_codes::INTERRUPTED,
            ..self.behind(done)
        }
    }

    /// Says what was done before it came to this.
    #[must_use]
    pub fn behind(mut self, done: &str) -> Self {
        self.message = format!("{done}; {}", self.message);
        self
    }

    /// As checks and audits exit, with 0 to 3 and nothing else: whatever kept them from finding out is UNKNOWN.
    #[must_use]
    pub fn graded(mut self) -> Self {
        self.code = self.code.min(exit_codes::UNKNOWN);
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match &error {
            ClientError::Unreachable { .. } => Self::new("unreachable", exit_codes::UNREACHABLE, message)
                .hint("check the address that was given and whether the node runs"),
            ClientError::Closed { .. } => Self::new("unreachable", exit_codes::UNREACHABLE, message)
                .hint("is this a Kafka listener, and of the security.protocol that is spoken here? --command-config names a file that has it"),
            ClientError::Tls { advice, .. } => Self::new("tls", exit_codes::AUTH, message).hint(advice.clone()),
            ClientError::Authentication { .. } => Self::new("auth", exit_codes::AUTH, message),
            ClientError::TimedOut { .. } => Self::timed_out(message),
            ClientError::Rejected { code, .. } => match code {
                ErrorCode::UnknownTopicOrPartition | ErrorCode::UnknownTopicId | ErrorCode::GroupIdNotFound => {
                    Self::not_found(message)
                }
                ErrorCode::TopicAuthorizationFailed
                | ErrorCode::ClusterAuthorizationFailed
                | ErrorCode::GroupAuthorizationFailed
                | ErrorCode::TransactionalIdAuthorizationFailed
                | ErrorCode::DelegationTokenAuthorizationFailed
                | ErrorCode::SaslAuthenticationFailed => Self::new("auth", exit_codes::AUTH, message),
                ErrorCode::RequestTimedOut => Self::timed_out(message),
                ErrorCode::SecurityDisabled => {
                    Self::rejected(message).hint("the nodes have no authorizer: authorizer.class.name is not set")
                }
                ErrorCode::DelegationTokenAuthDisabled => Self::rejected(message)
                    .hint("the nodes have no secret for tokens: delegation.token.secret.key is not set"),
                ErrorCode::DelegationTokenRequestNotAllowed => Self::rejected(message)
                    .hint("tokens are for who has logged in, and not with a token: --command-config names a file with a login"),
                ErrorCode::MismatchedEndpointType => Self::rejected(message)
                    .hint("brokers are named with --bootstrap-server, controllers with --bootstrap-controller"),
                _ => Self::rejected(message),
            },
            ClientError::UnsupportedApi {
                api: ApiKey::Metadata, ..
            } => Self::rejected(message).hint("a controller is named with --bootstrap-controller"),
            ClientError::UnsupportedApi { .. } => Self::rejected(message),
            ClientError::Malformed { .. } => Self::new("protocol", exit_codes::REJECTED, message),
            _ => Self::bug(message),
        }
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            // Whoever read our output has enough of it.
            return Self::new("broken-pipe", exit_codes::OK, "");
        }
        Self::io("input or output failed", &error)
    }
}
