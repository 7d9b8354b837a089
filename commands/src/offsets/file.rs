//! Offsets in files: what `offsets save` writes, Kafka's CSV, and kafka-utils' JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use client::CommittedOffset;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::CommandError;
use crate::input;

/// An offset in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SavedOffset {
    /// The group; none in files that are of one group and do not say which.
    #[serde(default)]
    pub(super) group: Option<String>,
    /// The group's type: classic, consumer, share or streams.
    #[serde(rename = "type", default)]
    pub(super) kind: Option<String>,
    /// The topic.
    pub(super) topic: String,
    /// The partition.
    pub(super) partition: i32,
    /// The next record to be read.
    pub(super) offset: i64,
    /// Epoch of the leader that the record before it was read from.
    #[serde(default)]
    pub(super) leader_epoch: Option<i32>,
    /// What the group's members made a note of.
    #[serde(default)]
    pub(super) metadata: Option<String>,
}

impl SavedOffset {
    /// To be committed. The leader's epoch may be of another life of the topic, and does not come along.
    pub(super) fn committed(&self) -> CommittedOffset {
        CommittedOffset {
            metadata: self.metadata.clone().unwrap_or_default(),
            ..CommittedOffset::at(self.offset)
        }
    }
}

/// What `offsets save` writes.
#[derive(Deserialize)]
struct Document {
    data: Vec<SavedOffset>,
}

/// What kafka-consumer-manager offset_save writes.
#[derive(Deserialize)]
struct KafkaUtils {
    groupid: String,
    offsets: BTreeMap<String, BTreeMap<String, i64>>,
}

/// Reads a file, or stdin if it is called `-`.
pub(super) fn read(file: &Path) -> Result<Vec<SavedOffset>, CommandError> {
    let text = input::read_text(file)?;
    parse(&text).map_err(|why| CommandError::data(format!("{}: {why}", file.display())))
}

/// Reads any of the formats.
fn parse(text: &str) -> Result<Vec<SavedOffset>, String> {
    let saved = if text.trim_start().starts_with(['{', '[']) {
        parse_json(text)?
    } else {
        parse_csv(text)?
    };
    if saved.is_empty() {
        return Err("it has no offsets".to_owned());
    }
    let mut seen = BTreeSet::new();
    for offset in &saved {
        let name = format!("{}-{}", offset.topic, offset.partition);
        if offset.offset < 0 || offset.partition < 0 {
            return Err(format!("{name} at {}: neither may be below zero", offset.offset));
        }
        if !seen.insert((&offset.group, &offset.topic, offset.partition)) {
            return Err(format!("{name} is there twice"));
        }
    }
    Ok(saved)
}

fn parse_json(text: &str) -> Result<Vec<SavedOffset>, String> {
    // Errors of serde_json end with line and column.
    let wrong = |error: serde_json::Error| error.to_string();
    let value: Value = serde_json::from_str(text).map_err(wrong)?;
    if value.get("groupid").is_none() {
        return serde_json::from_str::<Document>(text)
            .map(|document| document.data)
            .map_err(wrong);
    }
    let parsed: KafkaUtils = serde_json::from_str(text).map_err(wrong)?;
    let mut saved = Vec::new();
    for (topic, partitions) in parsed.offsets {
        for (partition, offset) in partitions {
            let number = partition.parse();
            saved.push(SavedOffset {
                group: Some(parsed.groupid.clone()),
                kind: None,
                topic: topic.clone(),
                partition: number.map_err(|_| format!("\"{partition}\" of {topic} is no partition"))?,
                offset,
                leader_epoch: None,
                metadata: None,
            });
        }
    }
    Ok(saved)
}

/// topic,partition,offset or group,topic,partition,offset; one a line, without a header.
fn parse_csv(text: &str) -> Result<Vec<SavedOffset>, String> {
    let mut saved = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        let fields =
            csv_fields(content).map_err(|column| format!("line {line}, column {column}: a quote is not closed"))?;
        let (group, rest) = match fields.as_slice() {
            [group, rest @ ..] if rest.len() == 3 => (Some(group.1.clone()), rest),
            rest if rest.len() == 3 => (None, rest),
            other => {
                let count = other.len();
                return Err(format!(
                    "line {line}, column 1: {count} fields are neither topic,partition,offset nor group,topic,partition,offset"
                ));
            }
        };
        let [topic, partition, offset] = rest else { continue };
        let wrong = |field: &(usize, String), what: &str| {
            format!("line {line}, column {}: \"{}\" is no {what}", field.0, field.1)
        };
        saved.push(SavedOffset {
            group,
            kind: None,
            topic: topic.1.clone(),
            partition: partition.1.trim().parse().map_err(|_| wrong(partition, "partition"))?,
            offset: offset.1.trim().parse().map_err(|_| wrong(offset, "offset"))?,
            leader_epoch: None,
            metadata: None,
        });
    }
    Ok(saved)
}

/// Fields of a line with the columns they begin in; the column of a quote that is not closed.
fn csv_fields(line: &str) -> Result<Vec<(usize, String)>, usize> {
    let mut fields = vec![(1, String::new())];
    let mut quoted = None;
    let mut characters = (1..).zip(line.chars()).peekable();
    while let Some((column, c)) = characters.next() {
        let Some((_, field)) = fields.last_mut() else { break };
        match (c, quoted) {
            ('"', Some(_)) if characters.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
            ('"', Some(_)) => quoted = None,
            ('"', None) if field.is_empty() => quoted = Some(column),
            (',', None) => fields.push((column + 1, String::new())),
            (c, _) => field.push(c),
        }
    }
    quoted.map_or(Ok(fields), Err)
}

/// Kafka's CSV: with the group in front if there are several.
pub(super) fn csv(saved: &[SavedOffset]) -> String {
    let groups: BTreeSet<&Option<String>> = saved.iter().map(|offset| &offset.group).collect();
    let mut out = String::new();
    for offset in saved {
        if let (true, Some(group)) = (groups.len() > 1, &offset.group) {
            out.push_str(&csv_text(group));
            out.push(',');
        }
        out.push_str(&format!(
            "{},{},{}\n",
            csv_text(&offset.topic),
            offset.partition,
            offset.offset
        ));
    }
    out
}

fn csv_text(text: &str) -> String {
    if text.contains([',', '"', ' ']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(group: Option<&str>, topic: &str, partition: i32, offset: i64) -> SavedOffset {
        SavedOffset {
            group: group.map(str::to_owned),
            kind: None,
            topic: topic.to_owned(),
            partition,
            offset,
            leader_epoch: None,
            metadata: None,
        }
    }

    #[test]
    fn all_formats_are_read() {
        assert_eq!(
            parse("a,0,5\nb.c,12,0\n\n").unwrap(),
            [saved(None, "a", 0, 5), saved(None, "b.c", 12, 0)]
        );
        assert_eq!(
            parse("\"g, \"\"1\"\"\",a,0,5\r\n").unwrap(),
            [saved(Some("g, \"1\""), "a", 0, 5)]
        );
        assert_eq!(
            parse(r#"{"groupid":"g","offsets":{"a":{"1":7,"0":3}}}"#).unwrap(),
            [saved(Some("g"), "a", 0, 3), saved(Some("g"), "a", 1, 7)]
        );
        let ours = r#"{"schema":"kfleet/offsets-save/1","data":[{"group":"g","topic":"a","partition":0,"offset":5,"metadata":"m"}]}"#;
        let read = parse(ours).unwrap();
        assert_eq!(read[0].committed().metadata, "m");
    }

    #[test]
    fn what_is_written_is_read() {
        let one = [saved(Some("g"), "a", 0, 5), saved(Some("g"), "a", 1, 6)];
        assert_eq!(csv(&one), "a,0,5\na,1,6\n");
        let two = [saved(Some("g,1"), "a", 0, 5), saved(Some("say \"h\""), "a", 0, 6)];
        assert_eq!(parse(&csv(&two)).unwrap(), two);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, why) in [
            ("", "it has no offsets"),
            ("a,0\n", "line 1, column 1: 2 fields"),
            ("a,0,5\na,x,5\n", "line 2, column 3: \"x\" is no partition"),
            ("g,a,0,soon\n", "line 1, column 7: \"soon\" is no offset"),
            ("\"a,0,5\n", "line 1, column 1: a quote"),
            ("a,0,5\na,0,6\n", "a-0 is there twice"),
            ("a,0,-5\n", "a-0 at -5"),
            ("{\n  \"data\": [\n    {\"topic\": 5}]}", "line 3 column"),
            (
                "{\"groupid\":\"g\",\"offsets\":{\"a\":{\"x\":1}}}",
                "\"x\" of a is no partition",
            ),
            ("{", "line 1 column 1"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }
}
