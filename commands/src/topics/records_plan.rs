//! Which records are to be deleted: what is wished for, what the logs have, and what became of it.

use std::collections::BTreeMap;
use std::str::FromStr;

use client::PartitionKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::output::{Shown, Table};

/// Up to the high watermark.
const HIGH_WATERMARK: i64 = -1;

/// Offsets by partition; -1 stands for the high watermark.
pub(super) type Wishes = BTreeMap<PartitionKey, i64>;

/// TOPIC:PARTITION=OFFSET
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish(pub(super) PartitionKey, pub(super) i64);

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not TOPIC:PARTITION=OFFSET, as in orders:0=500, or orders:0=-1");
        let (name, offset) = text.rsplit_once('=').ok_or_else(wrong)?;
        let (topic, partition) = name.rsplit_once(':').ok_or_else(wrong)?;
        let partition = partition.parse().ok().filter(|partition: &i32| *partition >= 0);
        let offset = offset.parse().ok().filter(|offset: &i64| *offset >= HIGH_WATERMARK);
        match (topic, partition, offset) {
            ("", _, _) => Err(wrong()),
            (topic, Some(partition), Some(offset)) => Ok(Self((topic.to_owned(), partition), offset)),
            _ => Err(wrong()),
        }
    }
}

/// What kafka-delete-records takes.
#[derive(Debug, Deserialize)]
pub(super) struct OffsetsFile {
    partitions: Vec<NamedOffset>,
    version: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct NamedOffset {
    topic: String,
    partition: i32,
    offset: i64,
}

impl OffsetsFile {
    /// What is wished for, if it makes sense.
    pub(super) fn wishes(self) -> Result<Wishes, String> {
        if let Some(version) = self.version.filter(|version| *version != 1) {
            return Err(format!("version {version} is not known, only 1 is"));
        }
        if self.partitions.is_empty() {
            return Err("it names no partition".to_owned());
        }
        let wishes = self.partitions.into_iter();
        collect(wishes.map(|named| Wish((named.topic, named.partition), named.offset)))
    }
}

/// Wishes, each partition's once.
pub(super) fn collect(wishes: impl IntoIterator<Item = Wish>) -> Result<Wishes, String> {
    let mut collected = Wishes::new();
    for Wish(key, offset) in wishes {
        let name = format!("{}-{}", key.0, key.1);
        if offset < HIGH_WATERMARK || key.1 < 0 {
            return Err(format!(
                "{name} at {offset}: an offset is 0 or more, or -1 for the high watermark"
            ));
        }
        if collected.insert(key, offset).is_some() {
            return Err(format!("{name} is named twice"));
        }
    }
    Ok(collected)
}

/// A partition whose first records are deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct RecordsDeletion {
    /// The topic.
    pub(super) topic: String,
    /// The partition.
    pub(super) partition: i32,
    /// Where its log begins before.
    pub(super) log_start_offset: i64,
    /// Its high watermark before.
    pub(super) high_watermark: i64,
    /// Records before this offset are deleted.
    pub(super) before_offset: i64,
    /// Offsets that this frees; there are at most so many records.
    pub(super) offsets: i64,
    /// Where all its replicas begin afterwards; none if nothing was done.
    pub(super) low_watermark: Option<i64>,
    /// Whether anything was changed.
    pub(super) changed: bool,
    /// Why not, if the cluster refused.
    pub(super) error: Option<String>,
}

impl RecordsDeletion {
    /// Whether there is anything to delete.
    pub(super) fn is_change(&self) -> bool {
        self.offsets > 0
    }

    /// The partition.
    pub(super) fn key(&self) -> PartitionKey {
        (self.topic.clone(), self.partition)
    }
}

/// Where a log begins, and its high watermark.
pub(super) type Log = (i64, i64);

/// The plan, or the wishes that reach beyond what there is.
pub(super) fn plan(wishes: &Wishes, logs: &BTreeMap<PartitionKey, Log>) -> Result<Vec<RecordsDeletion>, String> {
    let mut beyond = Vec::new();
    let mut rows = Vec::new();
    for ((topic, partition), wish) in wishes {
        let Some((start, end)) = logs.get(&(topic.clone(), *partition)).copied() else {
            continue;
        };
        let before_offset = if *wish == HIGH_WATERMARK { end } else { *wish };
        if before_offset > end {
            beyond.push(format!(
                "{topic}-{partition}: {before_offset} is past its high watermark, {end}"
            ));
        }
        rows.push(RecordsDeletion {
            topic: topic.clone(),
            partition: *partition,
            log_start_offset: start,
            high_watermark: end,
            before_offset,
            offsets: (before_offset - start).max(0),
            low_watermark: None,
            changed: false,
            error: None,
        });
    }
    if beyond.is_empty() {
        Ok(rows)
    } else {
        Err(beyond.join("; "))
    }
}

impl Shown for Vec<RecordsDeletion> {
    const SCHEMA: &'static str = "topics-records-delete/1";

    fn table(&self, wide: bool) -> Table {
        let mut table = plan_table(self, wide);
        table.headers.extend(["LOW WATERMARK", "RESULT"]);
        for (cells, row) in table.rows.iter_mut().zip(self) {
            let low = row
                .low_watermark
                .map_or_else(|| "-".to_owned(), |offset| offset.to_string());
            let state = match (&row.error, row.changed) {
                (Some(error), _) => error.clone(),
                (None, true) => "done".to_owned(),
                (None, false) => "unchanged".to_owned(),
            };
            cells.extend([low, state]);
        }
        table
    }
}

/// What is about to be done.
pub(super) fn plan_table(rows: &[RecordsDeletion], wide: bool) -> Table {
    let cells = |row: &RecordsDeletion| {
        let mut cells = vec![
            row.topic.clone(),
            row.partition.to_string(),
            row.log_start_offset.to_string(),
            row.before_offset.to_string(),
            row.offsets.to_string(),
        ];
        cells.extend(wide.then(|| row.high_watermark.to_string()));
        cells
    };
    let mut headers = vec!["TOPIC", "PARTITION", "START", "BEFORE", "OFFSETS"];
    headers.extend(wide.then_some("HIGH WATERMARK"));
    Table {
        headers,
        rows: rows.iter().map(cells).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_file::parse;

    fn key(partition: i32) -> PartitionKey {
        ("a:b".to_owned(), partition)
    }

    #[test]
    fn flags_and_files_say_the_same() {
        assert_eq!("a:b:3=-1".parse(), Ok(Wish(key(3), -1)));
        for wrong in ["a", "a:0", "a=0", ":0=1", "a:-1=1", "a:0=-2", "a:x=1", "a:0=x"] {
            assert!(wrong.parse::<Wish>().is_err(), "{wrong}");
        }
        let read = |text: &str| parse(text, OffsetsFile::wishes);
        let named = read(r#"{"partitions":[{"topic":"a:b","partition":1,"offset":5}],"version":1}"#);
        assert_eq!(named, Ok(Wishes::from([(key(1), 5)])));
        for (wrong, why) in [
            ("{\"partitions\":[]}", "no partition"),
            (r#"{"partitions":[{"topic":"a","partition":0}]}"#, "line 1 column"),
            (
                r#"{"partitions":[{"topic":"a","partition":0,"offset":-2}]}"#,
                "a-0 at -2",
            ),
            (
                r#"{"partitions":[{"topic":"a","partition":0,"offset":1}],"version":2}"#,
                "version 2",
            ),
            (
                r#"{"partitions":[{"topic":"a","partition":0,"offset":1},{"topic":"a","partition":0,"offset":1}]}"#,
                "a-0 is named twice",
            ),
        ] {
            let error = read(wrong).unwrap_err();
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }

    #[test]
    fn nothing_is_planned_beyond_the_high_watermark_or_before_the_start() {
        let logs = BTreeMap::from([(key(0), (10, 100)), (key(1), (10, 100))]);
        let rows = plan(&Wishes::from([(key(0), -1), (key(1), 5)]), &logs).unwrap();
        assert_eq!((rows[0].before_offset, rows[0].offsets), (100, 90));
        assert!(rows[0].is_change() && !rows[1].is_change(), "it begins at 10 already");
        let error = plan(&Wishes::from([(key(0), 101), (key(1), 100)]), &logs).unwrap_err();
        assert_eq!(error, "a:b-0: 101 is past its high watermark, 100");
    }
}
