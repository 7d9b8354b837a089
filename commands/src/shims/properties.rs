//! Properties of producers and consumers, of files and of command lines.

use std::collections::BTreeMap;

use protocol::properties::Properties;

use super::failed::Throwable;

/// Reads a file.
pub(super) fn read(path: &str) -> Result<BTreeMap<String, String>, Throwable> {
    let unreadable =
        |error: std::io::Error| Throwable::new("java.nio.file.NoSuchFileException", format!("{path}: {error}"));
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let properties = Properties::parse(&bytes);
    let pairs = properties.iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    Ok(pairs.collect())
}

/// One of a command line.
pub(super) fn pair(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    Some((key.trim().to_owned(), value.trim().to_owned()))
}
