//! What keys and values are that no decoder knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::content::Content;

/// How bytes are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// As text, or in base64 where they are none.
    Text,
    /// In base64.
    Base64,
    /// As a number of four bytes.
    Integer,
    /// As a number of eight bytes.
    Long,
}

/// One of our names, or that of a decoder's class, as Kafka's tool takes it.
pub(super) fn parse(text: &str) -> Result<Format, String> {
    match text.rsplit('.').next().unwrap_or_default() {
        "text" | "StringDecoder" => Ok(Format::Text),
        "base64" | "DefaultDecoder" => Ok(Format::Base64),
        "integer" | "IntegerDecoder" => Ok(Format::Integer),
        "long" | "LongDecoder" => Ok(Format::Long),
        _ => Err(format!(
            "\"{text}\" is none of text, base64, integer and long, nor a decoder that comes with Kafka"
        )),
    }
}

impl Format {
    /// Shows bytes; those that are no such number as the other formats do.
    pub(super) fn show(self, bytes: &[u8]) -> Content<'_> {
        match self {
            Self::Text => Content::of(bytes),
            Self::Base64 => Content::Base64(STANDARD.encode(bytes)),
            Self::Integer => match bytes.try_into() {
                Ok(bytes) => Content::Integer(i32::from_be_bytes(bytes).into()),
                Err(_) => Content::of(bytes),
            },
            Self::Long => match bytes.try_into() {
                Ok(bytes) => Content::Integer(i64::from_be_bytes(bytes)),
                Err(_) => Content::of(bytes),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formats_have_our_names_and_kafkas() {
        for (name, shown) in [
            ("text", json!({ "text": "\0\0\0\u{7}" })),
            (
                "org.apache.kafka.tools.api.DefaultDecoder",
                json!({ "base64": "AAAABw==" }),
            ),
            ("org.apache.kafka.tools.api.IntegerDecoder", json!({ "integer": 7 })),
            ("long", json!({ "text": "\0\0\0\u{7}" })),
        ] {
            assert_eq!(json!(parse(name).unwrap().show(&[0, 0, 0, 7])), shown, "{name}");
        }
        assert_eq!(json!(parse("long").unwrap().show(&[0xff; 8])), json!({ "integer": -1 }));
        assert!(parse("com.example.AvroDecoder").is_err());
    }
}
