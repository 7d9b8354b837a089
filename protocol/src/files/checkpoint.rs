//! Offset checkpoints: an offset for each partition of a log directory.

use std::fmt::Write as _;

use super::{FileError, checkpoint_lines, number};

/// One partition's offset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CheckpointEntry {
    /// Topic name.
    pub topic: String,
    /// Partition number.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// Reads a checkpoint.
pub fn parse_checkpoint(text: &str) -> Result<Vec<CheckpointEntry>, FileError> {
    let entries = checkpoint_lines(text)?.map(|(line, entry)| {
        let mut words = entry.split_whitespace();
        let topic = words.next().unwrap_or_default().to_owned();
        let partition = number(line, words.next(), "a partition number")?;
        Ok(CheckpointEntry {
            topic,
            partition,
            offset: number(line, words.next(), "an offset")?,
        })
    });
    entries.collect()
}

/// Writes a checkpoint.
pub fn format_checkpoint(entries: &[CheckpointEntry]) -> String {
    let mut out = format!("0\n{}\n", entries.len());
    for entry in entries {
        let _ = writeln!(out, "{} {} {}", entry.topic, entry.partition, entry.offset);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_round_trip() {
        let text = "0\n2\na 0 5\nb.c 12 1234567890123\n";
        let entries = parse_checkpoint(text).unwrap();
        assert_eq!(
            entries[1],
            CheckpointEntry {
                topic: "b.c".into(),
                partition: 12,
                offset: 1_234_567_890_123
            }
        );
        assert_eq!(format_checkpoint(&entries), text);
        assert_eq!(parse_checkpoint("0\n0\n").unwrap(), []);
    }

    #[test]
    fn a_file_that_was_only_created_has_no_entries() {
        assert_eq!(parse_checkpoint("").unwrap(), []);
        assert_eq!(parse_checkpoint("0\n").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(
            parse_checkpoint("1\n0\n"),
            Err(FileError::Version { version: "1".into() })
        );
        assert!(parse_checkpoint("0\nx\n").is_err());
        assert_eq!(
            parse_checkpoint("0\n2\na 0 5\n").unwrap_err().to_string(),
            "line 2: 2 entries are announced and 1 follow"
        );
        assert_eq!(
            parse_checkpoint("0\n1\na 0 x\n").unwrap_err().to_string(),
            "line 3: \"x\" is not an offset"
        );
    }
}
