//! A record as JSON: what `consume` prints and `produce --json` takes, nothing lost on the way. What is no UTF-8 is in
//! base64, in a field of its own.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::records::{BatchHeader, Record, TimestampType};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Whose clock a timestamp is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Clock {
    /// The producer's.
    CreateTime,
    /// The broker's.
    LogAppendTime,
}

/// A header of a record.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HeaderRow<'a> {
    /// Its name.
    key: Option<&'a str>,
    /// Its name if that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    /// Its value.
    value: Option<&'a str>,
    /// Its value if that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

/// A record.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecordRow<'a> {
    /// Its topic.
    topic: &'a str,
    /// Its partition.
    partition: i32,
    /// Its offset.
    offset: i64,
    /// Milliseconds since 1970.
    timestamp_ms: i64,
    /// Whose clock that is.
    timestamp_type: Clock,
    /// Its key; null if it has none, or if that is in key_base64.
    key: Option<&'a str>,
    /// Its key if that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_base64: Option<String>,
    /// Its value; null for a tombstone, or if it is in value_base64.
    value: Option<&'a str>,
    /// Its value if that is no UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    /// Its headers, in order, duplicates kept.
    headers: Vec<HeaderRow<'a>>,
}

impl RecordRow<'_> {
    /// Name and version of its JSON, without `kfleet/`.
    pub(crate) const SCHEMA: &'static str = "consume/1";
}

/// Bytes as text, or in base64.
fn text(bytes: Option<&[u8]>) -> (Option<&str>, Option<String>) {
    match bytes.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        None => (None, None),
        Some((_, Ok(text))) => (Some(text), None),
        Some((bytes, Err(_))) => (None, Some(STANDARD.encode(bytes))),
    }
}

impl<'a> RecordRow<'a> {
    /// Of a record that was read.
    pub(crate) fn of(topic: &'a str, partition: i32, batch: &BatchHeader, record: &Record<'a>) -> Self {
        let (key, key_base64) = text(record.key);
        let (value, value_base64) = text(record.value);
        let headers = record.headers.map(|header| {
            let (key, key_base64) = text(Some(header.key));
            let (value, value_base64) = text(header.value);
            HeaderRow {
                key,
                key_base64,
                value,
                value_base64,
            }
        });
        Self {
            topic,
            partition,
            offset: record.offset,
            timestamp_ms: record.timestamp,
            timestamp_type: match batch.timestamp_type() {
                TimestampType::CreateTime => Clock::CreateTime,
                TimestampType::LogAppendTime => Clock::LogAppendTime,
            },
            key,
            key_base64,
            value,
            value_base64,
            headers: headers.collect(),
        }
    }
}

/// Bytes that were given.
pub(crate) type Given<'a> = Option<Cow<'a, [u8]>>;

/// A record to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GivenRecord<'a> {
    /// The partition it was in.
    pub(crate) partition: Option<i32>,
    /// Milliseconds since 1970.
    pub(crate) timestamp_ms: Option<i64>,
    /// Its key.
    pub(crate) key: Given<'a>,
    /// Its value.
    pub(crate) value: Given<'a>,
    /// Its headers.
    pub(crate) headers: Vec<(Cow<'a, [u8]>, Given<'a>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderIn<'a> {
    #[serde(borrow, default)]
    key: Option<Cow<'a, str>>,
    #[serde(default)]
    key_base64: Option<String>,
    #[serde(borrow, deserialize_with = "stated")]
    value: Option<Cow<'a, str>>,
    #[serde(default)]
    value_base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordIn<'a> {
    #[serde(default, rename = "topic")]
    _topic: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    partition: Option<i32>,
    #[serde(default, rename = "offset")]
    _offset: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    timestamp_ms: Option<i64>,
    #[serde(default, rename = "timestamp_type")]
    _timestamp_type: Option<Clock>,
    #[serde(borrow, default)]
    key: Option<Cow<'a, str>>,
    #[serde(default)]
    key_base64: Option<String>,
    #[serde(borrow, deserialize_with = "stated")]
    value: Option<Cow<'a, str>>,
    #[serde(default)]
    value_base64: Option<String>,
    #[serde(borrow, default)]
    headers: Vec<HeaderIn<'a>>,
}

/// A value that may be null but not missing: whoever misspells it must not write tombstones.
fn stated<'a, 'de: 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'a, str>>, D::Error> {
    Option::deserialize(deserializer)
}

/// A line of `consume --output ndjson`.
#[derive(Deserialize)]
struct LineIn<'a> {
    schema: Cow<'a, str>,
    #[serde(borrow)]
    data: RecordIn<'a>,
}

/// Why a line is not a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// Where, from 1; 0 if it is about the line as a whole.
    pub(crate) column: usize,
    /// What is wrong.
    pub(crate) reason: String,
}

impl From<serde_json::Error> for BadLine {
    fn from(error: serde_json::Error) -> Self {
        let told = error.to_string();
        let reason = told.split(" at line ").next().unwrap_or_default().to_owned();
        Self {
            column: error.column(),
            reason,
        }
    }
}

/// Reads a line: a record, or what `consume` printed of it.
pub(crate) fn parse(line: &[u8]) -> Result<GivenRecord<'_>, BadLine> {
    // Whether there is an envelope is known by its first field, so that what is wrong is told of the right one.
    let start = line.trim_ascii_start();
    let is_line = start
        .strip_prefix(b"{")
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"schema\""));
    let record = if is_line {
        let line: LineIn<'_> = serde_json::from_slice(line)?;
        let expected = format!("kfleet/{}", RecordRow::SCHEMA);
        if line.schema != expected {
            return Err(BadLine {
                column: 0,
                reason: format!("its schema is {}, and {expected} is known here", line.schema),
            });
        }
        line.data
    } else {
        serde_json::from_slice(line)?
    };
    let mut headers = Vec::new();
    for header in record.headers {
        let key = bytes("a header's key", header.key, header.key_base64)?;
        let key = key.ok_or_else(|| BadLine {
            column: 0,
            reason: "a header has no key".to_owned(),
        })?;
        headers.push((key, bytes("a header's value", header.value, header.value_base64)?));
    }
    Ok(GivenRecord {
        partition: record.partition,
        timestamp_ms: record.timestamp_ms.filter(|timestamp_ms| *timestamp_ms >= 0),
        key: bytes("key", record.key, record.key_base64)?,
        value: bytes("value", record.value, record.value_base64)?,
        headers,
    })
}

fn bytes<'a>(what: &str, text: Option<Cow<'a, str>>, base64: Option<String>) -> Result<Given<'a>, BadLine> {
    let wrong = |reason: String| BadLine { column: 0, reason };
    match (text, base64) {
        (Some(_), Some(_)) => Err(wrong(format!("{what} is given as text and in base64"))),
        (None, Some(base64)) => match STANDARD.decode(base64) {
            Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
            Err(error) => Err(wrong(format!("{what} is no base64: {error}"))),
        },
        (Some(Cow::Borrowed(text)), None) => Ok(Some(Cow::Borrowed(text.as_bytes()))),
        (Some(Cow::Owned(text)), None) => Ok(Some(Cow::Owned(text.into_bytes()))),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use protocol::records::{BatchBuilder, Compression, NewRecord, Records, records_of};

    use super::*;

    fn field() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..8),
            any::<String>().prop_map(String::into_bytes)
        ]
    }

    proptest! {
        #[test]
        fn what_is_printed_is_what_is_read(
            key in prop::option::of(field()),
            value in prop::option::of(field()),
            headers in prop::collection::vec((field(), prop::option::of(field())), 0..4),
            timestamp in 0i64..1 << 45,
            enveloped: bool,
        ) {
            let borrowed: Vec<_> = headers.iter().map(|(key, value)| (key.as_slice(), value.as_deref())).collect();
            let record = NewRecord { timestamp, key: key.as_deref(), value: value.as_deref(), headers: &borrowed };
            let mut batch = BatchBuilder::new(7, Compression::None);
            batch.push(&record);
            let batch = batch.build().unwrap();
            let header = BatchHeader::parse(&batch).unwrap();
            let unpacked = records_of(&header, &batch, 1 << 20).unwrap();
            let read = Records::new(header, &unpacked).next().unwrap().unwrap();
            let row = RecordRow::of("t", 3, &header, &read);
            let line = if enveloped {
                serde_json::to_string(&serde_json::json!({ "schema": "kfleet/consume/1", "cluster_id": "c", "data": row }))
            } else {
                serde_json::to_string(&row)
            };
            let line = line.unwrap();
            // serde_json's map sorts its fields, so the envelope would not begin with its schema.
            let line = if enveloped {
                format!("{{\"schema\":\"kfleet/consume/1\",\"data\":{}}}", serde_json::to_string(&row).unwrap())
            } else {
                line
            };
            let given = parse(line.as_bytes()).unwrap();
            prop_assert_eq!(given.partition, Some(3));
            prop_assert_eq!(given.timestamp_ms, Some(timestamp));
            prop_assert_eq!(given.key.as_deref(), key.as_deref());
            prop_assert_eq!(given.value.as_deref(), value.as_deref());
            let back: Vec<_> = given.headers.iter().map(|(key, value)| (key.as_ref(), value.as_deref())).collect();
            prop_assert_eq!(back, borrowed);
        }

        #[test]
        fn any_bytes_are_a_record_or_an_error(line: Vec<u8>) {
            let _either = parse(&line);
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let reason = |line: &str| {
            let bad = parse(line.as_bytes()).unwrap_err();
            (bad.column, bad.reason)
        };
        assert_eq!(reason("{\"value\": nope}").0, 12);
        assert!(
            reason("{\"key\": \"k\"}").1.contains("value"),
            "a value is stated, if only as null"
        );
        assert!(reason("{\"value\": null, \"valu\": 1}").1.contains("valu"));
        assert!(
            reason("{\"value\": null, \"value_base64\": \"?\"}")
                .1
                .contains("base64")
        );
        assert!(
            reason("{\"value\": \"a\", \"value_base64\": \"YQ==\"}")
                .1
                .contains("as text and")
        );
        assert!(
            reason("{\"schema\": \"kfleet/other/1\", \"data\": {\"value\": null}}")
                .1
                .contains("schema")
        );
        assert_eq!(parse(b"{\"value\": null}").unwrap(), GivenRecord::default());
    }
}
