//! A Java client.properties (`--command-config`): how to reach a cluster, and how to be let in.

mod login;
mod names;
mod providers;
mod source;
mod stores;
mod tls;

use std::path::Path;
use std::time::Duration;

use client::Security;

use crate::error::CommandError;
use source::Source;

/// What of a file counts here; all else is left to the clients it was written for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientProperties {
    /// bootstrap.servers
    pub(crate) bootstrap: Option<String>,
    /// client.id
    pub(crate) client_id: Option<String>,
    /// request.timeout.ms
    pub(crate) request_timeout: Option<Duration>,
    /// default.api.timeout.ms
    pub(crate) default_api_timeout: Option<Duration>,
    /// security.protocol, ssl.* and sasl.*
    pub(crate) security: Security,
    /// What looks like a mistake.
    pub(crate) warnings: Vec<String>,
}

impl ClientProperties {
    /// Reads a file, and the files that it names.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let mut warnings = Vec::new();
        let source = Source::read(path, &mut warnings)?;
        names::look_for_mistakes(&source, &mut warnings);
        let security = security(&source, &mut warnings)?;
        Ok(Self {
            bootstrap: source.filled("bootstrap.servers").map(str::to_owned),
            client_id: source.filled("client.id").map(str::to_owned),
            request_timeout: milliseconds(&source, "request.timeout.ms")?,
            default_api_timeout: milliseconds(&source, "default.api.timeout.ms")?,
            security,
            warnings,
        })
    }
}

fn milliseconds(source: &Source, key: &str) -> Result<Option<Duration>, CommandError> {
    let Some(text) = source.filled(key) else {
        return Ok(None);
    };
    match text.parse::<i32>().ok().and_then(|ms| u64::try_from(ms).ok()) {
        Some(ms) if ms > 0 => Ok(Some(Duration::from_millis(ms))),
        _ => Err(source.wrong(key, 0, "it is not a number of milliseconds")),
    }
}

/// TLS and login, as security.protocol asks for them.
fn security(source: &Source, warnings: &mut Vec<String>) -> Result<Security, CommandError> {
    const KEY: &str = "security.protocol";
    let (with_tls, with_login) = match source.filled(KEY).map(str::to_ascii_uppercase).as_deref() {
        None | Some("PLAINTEXT") => (false, false),
        Some("SSL") => (true, false),
        Some("SASL_PLAINTEXT") => (false, true),
        Some("SASL_SSL") => (true, true),
        Some(_) => {
            return Err(source.wrong(KEY, 0, "it is none of PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL"));
        }
    };
    for (wanted, prefix) in [(with_tls, "ssl."), (with_login, "sasl.")] {
        if !wanted && let Some(key) = source.first_with(prefix) {
            let protocol = source.filled(KEY).unwrap_or("PLAINTEXT, as it is not given");
            let shown = source.shown();
            warnings.push(format!("{shown}: {key} has no effect: {KEY} is {protocol}"));
        }
    }
    let tls = with_tls.then(|| tls::read(source, warnings)).transpose()?;
    let login = with_login.then(|| login::read(source, warnings)).transpose()?;
    Ok(Security::new(tls, login))
}

#[cfg(test)]
mod tests;
