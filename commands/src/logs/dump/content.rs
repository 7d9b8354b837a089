//! Keys and values as text, as base64, or as the records they are.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::messages::framing::{
    ControlType, decode_metadata, decode_offsets_key, decode_offsets_value, decode_remote, decode_shares_key,
    decode_shares_value, decode_transactions_key, decode_transactions_value, value_version,
};
use protocol::messages::{Plain, ToPlain, WireError};
use schemars::JsonSchema;
use serde::Serialize;

use super::Decoder;
use super::members::Opened;

/// A key or a value.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content<'a> {
    /// UTF-8 text.
    Text(Cow<'a, str>),
    /// Bytes that are no text.
    Base64(String),
    /// A number, where that was asked for.
    Integer(i64),
    /// A record of Kafka's own.
    Decoded(Decoded),
}

/// A record of Kafka's own, under the names of Kafka's message definitions.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Decoded {
    /// Its type.
    #[serde(rename = "type")]
    pub(super) name: &'static str,
    /// The number of its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<i16>,
    /// The version it is written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<i16>,
    /// Its fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub(super) data: Option<Plain>,
}

impl<'a> Content<'a> {
    /// Text if it is that.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(Cow::Borrowed(text)),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }
}

impl<'a> Content<'a> {
    /// Text, with what is none replaced.
    pub(super) fn lossy(bytes: &'a [u8]) -> Self {
        Self::Text(String::from_utf8_lossy(bytes))
    }
}

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Base64(text) => write!(f, "base64:{text}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Decoded(decoded) => {
                f.write_str(decoded.name)?;
                if let Some(version) = decoded.version {
                    write!(f, " v{version}")?;
                }
                match &decoded.data {
                    None => Ok(()),
                    Some(data) => write!(f, " {}", serde_json::to_string(data).map_err(|_| fmt::Error)?),
                }
            }
        }
    }
}

/// Key and value of a record.
pub(super) type Pair<'a> = (Option<Content<'a>>, Option<Content<'a>>);

/// The records of this directory.
pub(super) fn decoder_of(path: &Path) -> Decoder {
    let full = std::path::absolute(path).unwrap_or_default();
    let directory = full.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let known = [
        ("__cluster_metadata-", Decoder::Metadata),
        ("__consumer_offsets-", Decoder::Offsets),
        ("__transaction_state-", Decoder::Transactions),
        ("__share_group_state-", Decoder::Shares),
        ("__remote_log_metadata-", Decoder::Remote),
    ];
    known
        .into_iter()
        .find(|(prefix, _)| directory.is_some_and(|name| name.starts_with(prefix)))
        .map_or(Decoder::Plain, |(_, decoder)| decoder)
}

/// Key and value as they are.
pub(super) fn raw<'a>(key: Option<&'a [u8]>, value: Option<&'a [u8]>) -> Pair<'a> {
    (key.map(Content::of), value.map(Content::of))
}

/// Key and value as what the decoder says they are.
pub(super) fn decode<'a>(
    decoder: Decoder,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
) -> Result<Pair<'a>, WireError> {
    match decoder {
        Decoder::Plain => Ok(raw(key, value)),
        Decoder::Metadata => Ok((key.map(Content::of), value.map(metadata).transpose()?)),
        Decoder::Remote => Ok((key.map(Content::of), value.map(remote).transpose()?)),
        Decoder::Offsets => {
            let key = decode_offsets_key(key.unwrap_or_default())?;
            let decoded = value.map(|value| decode_offsets_value(key.key(), value)).transpose()?;
            let opened = decoded.as_ref().map(Opened);
            keyed(
                key.name(),
                key.key(),
                &key,
                value,
                opened.as_ref().map(|v| (v.0.name(), v as &dyn ToPlain)),
            )
        }
        Decoder::Transactions => {
            let key = decode_transactions_key(key.unwrap_or_default())?;
            let decoded = value
                .map(|value| decode_transactions_value(key.key(), value))
                .transpose()?;
            keyed(
                key.name(),
                key.key(),
                &key,
                value,
                decoded.as_ref().map(|v| (v.name(), v as &dyn ToPlain)),
            )
        }
        Decoder::Shares => {
            let key = decode_shares_key(key.unwrap_or_default())?;
            let decoded = value.map(|value| decode_shares_value(key.key(), value)).transpose()?;
            keyed(
                key.name(),
                key.key(),
                &key,
                value,
                decoded.as_ref().map(|v| (v.name(), v as &dyn ToPlain)),
            )
        }
    }
}

/// A control record.
pub(super) fn control(key: Option<&[u8]>, value: Option<&[u8]>) -> Result<Pair<'static>, WireError> {
    let kind = ControlType::decode(key.unwrap_or_default())?;
    if let ControlType::Unknown(number) = kind {
        return Err(WireError::UnknownKey { key: number });
    }
    let decoded = value.map(|value| kind.decode_value(value)).transpose()?.flatten();
    let value = decoded.map(|(data, version)| {
        Content::Decoded(Decoded {
            name: kind.name(),
            number: None,
            version: Some(version),
            data: Some(data),
        })
    });
    let [_, _, high, low] = kind.key();
    let key = Decoded {
        name: kind.name(),
        number: Some(i16::from_be_bytes([high, low])),
        version: None,
        data: None,
    };
    Ok((Some(Content::Decoded(key)), value))
}

fn remote(value: &[u8]) -> Result<Content<'static>, WireError> {
    let (record, version) = decode_remote(value)?;
    Ok(Content::Decoded(Decoded {
        name: record.name(),
        number: Some(record.key()),
        version: Some(version),
        data: Some(record.to_plain(version)),
    }))
}

fn metadata(value: &[u8]) -> Result<Content<'static>, WireError> {
    let (record, version) = decode_metadata(value)?;
    Ok(Content::Decoded(Decoded {
        name: record.name(),
        number: Some(record.key()),
        version: Some(version),
        data: Some(record.to_plain(version)),
    }))
}

/// A coordinator's record: the key has its number in front, the value its version.
fn keyed(
    name: &'static str,
    number: i16,
    key: &dyn ToPlain,
    value: Option<&[u8]>,
    decoded: Option<(&'static str, &dyn ToPlain)>,
) -> Result<Pair<'static>, WireError> {
    let key = Decoded {
        name,
        number: Some(number),
        version: None,
        data: Some(key.to_plain(0)),
    };
    let version = value.map(value_version).transpose()?.unwrap_or_default();
    let value = decoded.map(|(name, value)| Decoded {
        name,
        number: None,
        version: Some(version),
        data: Some(value.to_plain(version)),
    });
    Ok((Some(Content::Decoded(key)), value.map(Content::Decoded)))
}

#[cfg(test)]
mod tests {
    use protocol::messages::framing::{encode_metadata, encode_offsets_key, encode_offsets_value};
    use protocol::messages::{control, metadata, offsets, shares, transactions};
    use serde_json::{Value, json};

    use super::*;

    fn shown(pair: &Pair<'_>) -> (Value, Value) {
        (json!(pair.0), json!(pair.1))
    }

    /// A version or number, and a body.
    fn framed(number: i16, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = number.to_be_bytes().to_vec();
        body(&mut out);
        out
    }

    #[test]
    fn metadata_records_are_named_and_numbered() {
        let record = metadata::Record::from(metadata::NoOpRecord::default());
        let value = encode_metadata(&record, 0).unwrap();
        let (key, value) = shown(&decode(Decoder::Metadata, None, Some(&value)).unwrap());
        assert_eq!(key, Value::Null);
        assert_eq!(
            value,
            json!({ "decoded": { "type": "NO_OP_RECORD", "number": 20, "version": 0, "data": {} } })
        );
    }

    #[test]
    fn coordinators_records_have_their_number_in_the_key_and_their_version_in_the_value() {
        let key = offsets::Key::from(offsets::OffsetCommitKey {
            group: "g".into(),
            topic: "t".into(),
            partition: 3,
            ..Default::default()
        });
        let value = offsets::Value::from(offsets::OffsetCommitValue {
            offset: 7,
            ..Default::default()
        });
        let (key, value) = (
            encode_offsets_key(&key).unwrap(),
            encode_offsets_value(&value, 3).unwrap(),
        );
        let (shown_key, shown_value) = shown(&decode(Decoder::Offsets, Some(&key), Some(&value)).unwrap());
        assert_eq!(
            shown_key,
            json!({ "decoded": { "type": "OFFSET_COMMIT", "number": 1, "data": { "group": "g", "topic": "t", "partition": 3 } } })
        );
        assert_eq!(shown_value["decoded"]["version"], 3);
        assert_eq!(shown_value["decoded"]["data"]["offset"], 7);
        let (_, tombstone) = shown(&decode(Decoder::Offsets, Some(&key), None).unwrap());
        assert_eq!(tombstone, Value::Null);
    }

    #[test]
    fn transactions_and_share_groups_are_read() {
        let key = framed(0, |out| {
            let key = transactions::TransactionLogKey {
                transactional_id: "x".into(),
                ..Default::default()
            };
            key.encode(0, out).unwrap();
        });
        let value = framed(1, |out| {
            let value = transactions::TransactionLogValue {
                producer_id: 5,
                ..Default::default()
            };
            value.encode(1, out).unwrap();
        });
        let (key, value) = shown(&decode(Decoder::Transactions, Some(&key), Some(&value)).unwrap());
        assert_eq!(key["decoded"]["data"]["transactionalId"], "x");
        assert_eq!(value["decoded"]["data"]["producerId"], 5);
        let key = framed(1, |out| shares::ShareUpdateKey::default().encode(0, out).unwrap());
        let value = framed(0, |out| shares::ShareUpdateValue::default().encode(0, out).unwrap());
        let (key, value) = shown(&decode(Decoder::Shares, Some(&key), Some(&value)).unwrap());
        assert_eq!(
            (&key["decoded"]["type"], &value["decoded"]["version"]),
            (&json!("SHARE_UPDATE"), &json!(0))
        );
    }

    #[test]
    fn control_records_are_read_in_the_version_they_start_with() {
        let mut value = Vec::new();
        let message = control::LeaderChangeMessage {
            version: 1,
            leader_id: 4,
            ..Default::default()
        };
        message.encode(1, &mut value).unwrap();
        let (key, value) = shown(&super::control(Some(&ControlType::LeaderChange.key()), Some(&value)).unwrap());
        assert_eq!(key, json!({ "decoded": { "type": "LEADER_CHANGE", "number": 2 } }));
        assert_eq!(
            (&value["decoded"]["version"], &value["decoded"]["data"]["leaderId"]),
            (&json!(1), &json!(4))
        );
        let marker = framed(0, |out| out.extend(9i32.to_be_bytes()));
        let (key, value) = shown(&super::control(Some(&ControlType::Commit.key()), Some(&marker)).unwrap());
        assert_eq!(key["decoded"]["type"], "COMMIT");
        assert_eq!(value["decoded"]["data"], json!({ "coordinatorEpoch": 9 }));
    }

    #[test]
    fn directories_tell_what_their_records_are() {
        for (path, decoder) in [
            ("/d/__cluster_metadata-0/00000000000000000000.log", Decoder::Metadata),
            ("/d/__consumer_offsets-49/00000000000000000000.log", Decoder::Offsets),
            (
                "/d/__transaction_state-1/00000000000000000000.log",
                Decoder::Transactions,
            ),
            ("/d/orders-1/00000000000000000000.log", Decoder::Plain),
        ] {
            assert_eq!(decoder_of(Path::new(path)), decoder, "{path}");
        }
        assert_eq!(json!(Content::of(b"\xff")), json!({ "base64": "/w==" }));
    }
}
