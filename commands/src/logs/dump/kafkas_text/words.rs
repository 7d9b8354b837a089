//! Parts of lines, as Java writes them.

use std::fmt::Write as _;

use protocol::messages::Plain;

use super::super::Decoder;
use super::super::content::{Content, Decoded};
use super::super::element::{Element, Record};

/// Key and value as they are printed.
pub(super) fn contents(decoder: Decoder, record: &Record<'_>) -> (Option<String>, Option<String>) {
    let offset = record.offset;
    match decoder {
        Decoder::Plain => (record.key.as_ref().map(shown), record.value.as_ref().map(shown)),
        // Their keys say nothing.
        Decoder::Metadata | Decoder::Remote => {
            let value = match (&record.value, &record.undecoded) {
                (Some(Content::Decoded(decoded)), None) => metadata(decoded),
                (_, why) => format!("Error at {offset}, skipping. {}", why.as_deref().unwrap_or_default()),
            };
            (None, Some(value))
        }
        Decoder::Offsets | Decoder::Transactions | Decoder::Shares => {
            if let Some(number) = record.unknown_type {
                return (
                    Some(format!("Unknown record type {number} at offset {offset}, skipping.")),
                    None,
                );
            }
            if let Some(why) = &record.undecoded {
                return (Some(format!("Error at offset {offset}, skipping. {why}")), None);
            }
            let key = record.key.as_ref().map(|key| keyed(key, "type"));
            let value = record.value.as_ref().map(|value| keyed(value, "version"));
            (key, Some(value.unwrap_or_else(|| "<DELETE>".to_owned())))
        }
    }
}

/// A producer of a snapshot.
pub(super) fn producer(element: &Element<'_>) -> String {
    let Element::Producer {
        producer_id,
        producer_epoch,
        last_sequence,
        last_offset,
        offset_delta,
        timestamp,
        coordinator_epoch,
        current_txn_first_offset,
    } = element
    else {
        return String::new();
    };
    let transaction = optional(*current_txn_first_offset);
    // Of who has written nothing but markers no batch is known.
    let batch = if *last_offset < 0 {
        String::new()
    } else {
        let first = i64::from(*last_sequence) - i64::from(*offset_delta);
        let first = if first < 0 { first + (1 << 31) } else { first };
        format!(
            "firstSequence: {first} lastSequence: {last_sequence} lastOffset: {last_offset} offsetDelta: {offset_delta} timestamp: {timestamp}"
        )
    };
    format!(
        "producerId: {producer_id} producerEpoch: {producer_epoch} coordinatorEpoch: {coordinator_epoch} \
         currentTxnFirstOffset: {transaction} lastTimestamp: {timestamp} {batch}"
    )
}

/// As Java writes a number that may be missing.
pub(super) fn optional(number: Option<i64>) -> String {
    number.map_or_else(
        || "OptionalLong.empty".to_owned(),
        |number| format!("OptionalLong[{number}]"),
    )
}

/// As text, whatever it is.
fn shown(content: &Content<'_>) -> String {
    match content {
        Content::Text(text) => text.to_string(),
        Content::Base64(text) => text.clone(),
        other => other.to_string(),
    }
}

fn json(data: Option<&Plain>) -> String {
    // A message has nothing that JSON has not.
    serde_json::to_string(&data).unwrap_or_default()
}

fn metadata(decoded: &Decoded) -> String {
    let version = decoded.version.unwrap_or_default();
    let data = json(decoded.data.as_ref());
    format!(
        "{{\"type\":\"{}\",\"version\":{version},\"data\":{data}}}",
        decoded.name
    )
}

/// A key with the number of its type, or a value with its version, either as text.
fn keyed(content: &Content<'_>, name: &str) -> String {
    let Content::Decoded(decoded) = content else {
        return shown(content);
    };
    let number = decoded.number.or(decoded.version).unwrap_or_default();
    let data = json(decoded.data.as_ref());
    format!("{{\"{name}\":\"{number}\",\"data\":{data}}}")
}

/// What a control record says.
pub(super) fn control(record: &Record<'_>, text: &mut String) {
    let (Some(Content::Decoded(key)), None) = (&record.key, &record.undecoded) else {
        text.push_str(" controlType: UNKNOWN");
        return;
    };
    let data = match &record.value {
        Some(Content::Decoded(value)) => value.data.as_ref(),
        _ => None,
    };
    // A string takes all there is.
    let _always = match key.name {
        name @ ("COMMIT" | "ABORT") => {
            let epoch = match data {
                Some(Plain::Fields(fields)) => fields.iter().find(|(name, _)| *name == "coordinatorEpoch"),
                _ => None,
            };
            let epoch = json(epoch.map(|(_, epoch)| epoch));
            write!(text, " endTxnMarker: {name} coordinatorEpoch: {epoch}")
        }
        "LEADER_CHANGE" => write!(text, " LeaderChange: {}", json(data)),
        "SNAPSHOT_HEADER" => write!(text, " SnapshotHeader {}", json(data)),
        "SNAPSHOT_FOOTER" => write!(text, " SnapshotFooter {}", json(data)),
        "KRAFT_VERSION" => write!(text, " KRaftVersion {}", json(data)),
        "KRAFT_VOTERS" => write!(text, " KRaftVoters {}", json(data)),
        other => write!(text, " controlType: {other}({})", key.number.unwrap_or_default()),
    };
}
