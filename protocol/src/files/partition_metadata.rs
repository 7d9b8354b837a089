//! partition.metadata: the topic id of a partition directory.

use super::FileError;
use crate::Uuid;

/// Reads the topic id.
pub fn parse_partition_metadata(text: &str) -> Result<Uuid, FileError> {
    let mut lines = text.lines();
    match lines
        .next()
        .and_then(|line| line.strip_prefix("version:"))
        .map(str::trim)
    {
        Some("0") => {}
        Some(version) => {
            return Err(FileError::Version {
                version: version.to_owned(),
            });
        }
        None => return Err(FileError::line(1, "expected \"version: 0\"")),
    }
    let id = lines
        .next()
        .and_then(|line| line.strip_prefix("topic_id:"))
        .map(str::trim);
    let id = id.ok_or_else(|| FileError::line(2, "expected \"topic_id: \" and an id"))?;
    id.parse()
        .map_err(|error: crate::ParseUuidError| FileError::line(2, error.to_string()))
}

/// Writes the file.
pub fn format_partition_metadata(topic_id: Uuid) -> String {
    format!("version: 0\ntopic_id: {topic_id}\n")
}
