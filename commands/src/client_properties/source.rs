//! The file itself: values as Java's clients get them, and where they stand.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use protocol::properties::Properties;

use super::providers;
use crate::error::CommandError;

/// Largest file that is read; certificates are a few KB each.
const FILE_MAX_BYTES: u64 = 16 << 20;
/// Keys whose values nobody else may read.
const SECRET_KEYS: [&str; 6] = [
    "sasl.jaas.config",
    "sasl.oauthbearer.client.credentials.client.secret",
    "ssl.key.password",
    "ssl.keystore.key",
    "ssl.keystore.password",
    "ssl.truststore.password",
];

/// A file.
pub(super) struct Source {
    shown: String,
    properties: Properties,
    /// What config providers have put in the place of `${...}`.
    resolved: BTreeMap<String, String>,
}

impl Source {
    pub(super) fn read(path: &Path, warnings: &mut Vec<String>) -> Result<Self, CommandError> {
        let bytes = read_file(path)?;
        let mut source = Self {
            shown: path.display().to_string(),
            properties: Properties::parse(&bytes),
            resolved: BTreeMap::new(),
        };
        source.warn_of_readers(path, warnings);
        source.resolved = providers::resolve(&source, warnings)?;
        Ok(source)
    }

    /// What some options say, as if it stood in a file.
    pub(super) fn of_options(&self, options: &[(String, String)]) -> Self {
        Self {
            shown: self.shown.clone(),
            properties: Properties::parse(b""),
            resolved: options.iter().cloned().collect(),
        }
    }

    /// The file's name, as it may be shown.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Keys, each once.
    pub(super) fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.properties.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The first key that begins so.
    pub(super) fn first_with(&self, prefix: &str) -> Option<&str> {
        self.keys().into_iter().find(|key| key.starts_with(prefix))
    }

    /// A value without the blanks around it, which Kafka's clients drop.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let resolved = self.resolved.get(key).map(String::as_str);
        resolved.or_else(|| self.properties.get(key)).map(str::trim)
    }

    /// A value that is not empty.
    pub(super) fn filled(&self, key: &str) -> Option<&str> {
        self.get(key).filter(|value| !value.is_empty())
    }

    /// What is wrong with a key's value, at a character of it. The value itself is not told: it may be a secret.
    pub(super) fn wrong(&self, key: &str, at: usize, reason: &str) -> CommandError {
        let blanks = self
            .properties
            .get(key)
            .map_or(0, |value| value.chars().count() - value.trim_start().chars().count());
        // Of what came from elsewhere the place is not in this file.
        let at = if self.resolved.contains_key(key) {
            0
        } else {
            blanks + at
        };
        let place = self.properties.position(key, at);
        let place = place.map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
        CommandError::data(format!("{}{place}: {key}: {reason}", self.shown))
    }

    /// The line of a key.
    pub(super) fn line(&self, key: &str) -> usize {
        self.properties.position(key, 0).map_or(1, |(line, _)| line)
    }

    fn warn_of_readers(&self, path: &Path, warnings: &mut Vec<String>) {
        let mode = std::fs::metadata(path).map_or(0, |meta| meta.permissions().mode());
        let has_secrets = SECRET_KEYS.iter().any(|key| self.filled(key).is_some());
        if has_secrets && mode & 0o004 != 0 {
            warnings.push(format!(
                "{0} has secrets in it and everybody may read it; chmod o-rwx {0}",
                self.shown
            ));
        }
    }
}

/// Reads a file that was named.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, CommandError> {
    use io::Read as _;
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => CommandError::not_found(format!("there is no file {}", path.display())),
        _ => CommandError::io(&format!("reading {}", path.display()), &error),
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_MAX_BYTES {
        return Err(CommandError::data(format!("{} is larger than 16 MiB", path.display())));
    }
    Ok(bytes)
}
