//! How a shim ends that did not do all it was asked, and failures in the words of Apache's classes.

use std::fmt;

use client::{ClientError, in_words};
use protocol::api::ErrorCode;
use protocol::records::RecordError;

use super::java_names;
use crate::error::CommandError;
use crate::exit_codes;

/// The release whose scripts the shims stand for.
pub(super) const RELEASE: &str = "4.3.1";

/// How a shim ends that did not do all it was asked.
#[derive(Debug)]
pub(super) struct Failed {
    /// What goes to stdout.
    pub(super) out: String,
    /// What goes to stderr.
    pub(super) err: String,
    /// The exit code.
    pub(super) code: u8,
    /// That of Apache's script.
    pub(super) apaches_code: u8,
}

impl Failed {
    /// A failure that is told on stdout.
    pub(super) fn on_stdout(text: impl fmt::Display) -> Self {
        Self {
            out: format!("{text}\n"),
            err: String::new(),
            code: 1,
            apaches_code: 1,
        }
    }

    /// A failure that is told on stderr.
    pub(super) fn on_stderr(text: impl fmt::Display) -> Self {
        Self {
            out: String::new(),
            err: format!("{text}\n"),
            code: 1,
            apaches_code: 1,
        }
    }

    /// A failure about which all has been said.
    pub(super) const fn silently() -> Self {
        Self {
            out: String::new(),
            err: String::new(),
            code: 1,
            apaches_code: 1,
        }
    }

    /// A signal ended it.
    pub(super) const fn by_signal(code: u8) -> Self {
        Self {
            out: String::new(),
            err: String::new(),
            code,
            apaches_code: code,
        }
    }

    /// No failure: --version was asked for.
    pub(super) fn version() -> Self {
        Self {
            out: format!("{RELEASE} (kfleet {})\n", env!("CARGO_PKG_VERSION")),
            err: String::new(),
            code: 0,
            apaches_code: 0,
        }
    }

    /// Apache's script exits with 0 in spite of it.
    #[must_use]
    pub(super) const fn apache_exits_with_0(mut self) -> Self {
        self.apaches_code = 0;
        self
    }
}

impl From<CommandError> for Failed {
    fn from(error: CommandError) -> Self {
        if error.message.is_empty() && error.code == 0 {
            // Whoever read our output has enough of it.
            return Self {
                code: 0,
                apaches_code: 0,
                ..Self::silently()
            };
        }
        // Of damage that it finds Apache's tool tells, but not in its exit code.
        let apaches_code = if error.code == exit_codes::CRITICAL { 0 } else { 1 };
        let failed = if error.message.is_empty() {
            Self::silently()
        } else {
            let hints: String = error.hints.iter().map(|hint| format!("\nhint: {hint}")).collect();
            Self::on_stderr(format!("error: {}{hints}", error.message))
        };
        Self { apaches_code, ..failed }
    }
}

/// A failure as Apache's classes throw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Throwable {
    /// The class.
    pub(super) class: &'static str,
    /// Its message.
    pub(super) message: String,
    /// Kafka's error, if it is one.
    pub(super) code: Option<ErrorCode>,
}

impl Throwable {
    pub(super) fn new(class: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            code: None,
        }
    }

    /// Something that makes no sense.
    pub(super) fn illegal(message: impl Into<String>) -> Self {
        Self::new("java.lang.IllegalArgumentException", message)
    }

    /// An error of the protocol.
    pub(super) fn of_code(code: i16, message: Option<&str>) -> Self {
        ClientError::rejected("", code, message).into()
    }

    /// Its message and the first line of where it was, as who waited for an answer in Java is told of it.
    pub(super) fn waited_for(&self) -> (String, String) {
        let told = self.to_string();
        if self.class.starts_with("org.apache.kafka.common.errors.") {
            let first = format!("java.util.concurrent.ExecutionException: {told}");
            (told, first)
        } else {
            (self.message.clone(), told)
        }
    }

    /// What it is about, in front of what it says.
    #[must_use]
    pub(super) fn of(self, what: impl fmt::Display) -> Self {
        Self {
            message: format!("{what}: {}", self.message),
            ..self
        }
    }

    /// Whether it is this error of Kafka's.
    pub(super) fn is(&self, code: ErrorCode) -> bool {
        self.code == Some(code)
    }
}

/// As Java's `toString` has it.
impl fmt::Display for Throwable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.class, self.message)
    }
}

impl From<ClientError> for Throwable {
    fn from(error: ClientError) -> Self {
        let reason = error.to_string();
        match error {
            ClientError::Rejected { code, message, .. } => Self {
                class: java_names::class_of(code),
                message: java_names::message_of(code)
                    .filter(|_| message == in_words(code))
                    .map_or(message, str::to_owned),
                code: Some(code),
            },
            ClientError::Unreachable { .. } | ClientError::Closed { .. } | ClientError::TimedOut { .. } => {
                Self::new("org.apache.kafka.common.errors.TimeoutException", reason)
            }
            ClientError::Tls { .. } => Self::new("org.apache.kafka.common.errors.SslAuthenticationException", reason),
            ClientError::Authentication { .. } => {
                Self::new("org.apache.kafka.common.errors.SaslAuthenticationException", reason)
            }
            ClientError::UnsupportedApi { api, .. } => Self::new(
                "org.apache.kafka.common.errors.UnsupportedVersionException",
                format!(
                    "The node does not support {}",
                    java_names::constant(&format!("{api:?}"))
                ),
            ),
            _ => Self::new("org.apache.kafka.common.KafkaException", reason),
        }
    }
}

impl From<RecordError> for Throwable {
    fn from(error: RecordError) -> Self {
        Self::new("org.apache.kafka.common.KafkaException", error.to_string())
    }
}

impl From<CommandError> for Throwable {
    fn from(error: CommandError) -> Self {
        Self::new("org.apache.kafka.common.KafkaException", error.message)
    }
}
