//! leader-epoch-checkpoint: where each leader epoch starts in a partition's log.

use std::fmt::Write as _;

use super::{FileError, checkpoint_lines, number};

/// An epoch and the offset of its first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochStart {
    /// The leader epoch.
    pub epoch: i32,
    /// Its first offset.
    pub start_offset: i64,
}

/// Reads the file.
pub fn parse_leader_epochs(text: &str) -> Result<Vec<EpochStart>, FileError> {
    // Kafka takes a version alone for no entries. Here that would hide that the file was cut: the batches know better.
    if text.lines().count() == 1 {
        return Err(FileError::content("the count of epochs is missing"));
    }
    let entries = checkpoint_lines(text)?.map(|(line, entry)| {
        let mut words = entry.split_whitespace();
        let epoch = number(line, words.next(), "an epoch")?;
        Ok(EpochStart {
            epoch,
            start_offset: number(line, words.next(), "an offset")?,
        })
    });
    entries.collect()
}

/// Writes the file.
pub fn format_leader_epochs(entries: &[EpochStart]) -> String {
    let mut out = format!("0\n{}\n", entries.len());
    for entry in entries {
        let _ = writeln!(out, "{} {}", entry.epoch, entry.start_offset);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_cut_after_its_version_is_no_list_of_no_epochs() {
        assert!(parse_leader_epochs("0\n").is_err());
        assert_eq!(parse_leader_epochs("").unwrap(), [], "created and not written yet");
        assert_eq!(parse_leader_epochs("0\n0\n").unwrap(), []);
    }
}
