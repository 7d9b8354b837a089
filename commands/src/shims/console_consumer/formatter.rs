//! How records look: Apache's default formatter.

use std::collections::BTreeMap;

use protocol::properties::Properties;
use protocol::records::{BatchHeader, Record, TimestampType};

use crate::shims::failed::Throwable;
use crate::shims::options::Parsed;

/// Keys that mean something.
const KNOWN: [&str; 12] = [
    "print.timestamp",
    "print.key",
    "print.offset",
    "print.epoch",
    "print.partition",
    "print.headers",
    "print.value",
    "key.separator",
    "line.separator",
    "headers.separator",
    "null.literal",
    "default.api.timeout.ms",
];

/// Formatters that are code of Apache's but do the same.
const DEFAULT: &str = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";
const DEFAULTS: [&str; 2] = [DEFAULT, "kafka.tools.DefaultMessageFormatter"];
const NONE: [&str; 2] = [
    "org.apache.kafka.tools.consumer.NoOpMessageFormatter",
    "kafka.tools.NoOpMessageFormatter",
];

/// How records look.
#[derive(Debug)]
pub(super) struct Formatter {
    is_silent: bool,
    timestamp: bool,
    key: bool,
    offset: bool,
    epoch: bool,
    partition: bool,
    headers: bool,
    value: bool,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null: Vec<u8>,
}

impl Formatter {
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Throwable> {
        let class = parsed.value("formatter")?.unwrap_or(DEFAULT);
        if !DEFAULTS.contains(&class) && !NONE.contains(&class) {
            return Err(Throwable::illegal(format!(
                "kfleet's kafka-console-consumer does not know the formatter {class}; Apache's may"
            )));
        }
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        if let Some(path) = parsed.value("formatter-config")? {
            let unreadable = |_| Throwable::new("java.nio.file.NoSuchFileException", path);
            let properties = Properties::parse(&std::fs::read(path).map_err(unreadable)?);
            given.extend(properties.iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
        for flag in ["property", "formatter-property"] {
            for text in parsed.values(flag) {
                // A key alone has an empty value.
                let (key, value) = text.split_once('=').unwrap_or((text, ""));
                given.insert(key.to_owned(), value.to_owned());
            }
        }
        if let Some(unknown) = given.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(Throwable::illegal(format!(
                "kfleet's kafka-console-consumer does not know the property {unknown}; Apache's may"
            )));
        }
        let on = |key: &str, default: bool| {
            given
                .get(key)
                .map_or(default, |text| text.trim().eq_ignore_ascii_case("true"))
        };
        let text = |key: &str, default: &str| given.get(key).map_or(default, String::as_str).as_bytes().to_vec();
        Ok(Self {
            is_silent: NONE.contains(&class),
            timestamp: on("print.timestamp", false),
            key: on("print.key", false),
            offset: on("print.offset", false),
            epoch: on("print.epoch", false),
            partition: on("print.partition", false),
            headers: on("print.headers", false),
            value: on("print.value", true),
            key_separator: text("key.separator", "\t"),
            line_separator: text("line.separator", "\n"),
            headers_separator: text("headers.separator", ","),
            null: text("null.literal", "null"),
        })
    }

    /// A record as it is printed.
    pub(super) fn write(&self, partition: i32, batch: &BatchHeader, record: &Record<'_>, out: &mut Vec<u8>) {
        if self.is_silent {
            return;
        }
        let mut fields: Vec<Vec<u8>> = Vec::new();
        if self.timestamp {
            let text = match (record.timestamp, batch.timestamp_type()) {
                (..0, _) => "NO_TIMESTAMP".to_owned(),
                (time, TimestampType::LogAppendTime) => format!("LogAppendTime:{time}"),
                (time, _) => format!("CreateTime:{time}"),
            };
            fields.push(text.into_bytes());
        }
        if self.partition {
            fields.push(format!("Partition:{partition}").into_bytes());
        }
        if self.offset {
            fields.push(format!("Offset:{}", record.offset).into_bytes());
        }
        if self.epoch {
            // A producer that sets none has none that the consumer would know.
            fields.push(b"Epoch:NOT_PRESENT".to_vec());
        }
        if self.headers {
            fields.push(self.headers_of(record));
        }
        if self.key {
            fields.push(record.key.unwrap_or(&self.null).to_vec());
        }
        if self.value {
            fields.push(record.value.unwrap_or(&self.null).to_vec());
        }
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(&self.key_separator);
            }
            out.extend_from_slice(field);
        }
        out.extend_from_slice(&self.line_separator);
    }

    fn headers_of(&self, record: &Record<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for header in record.headers {
            if !out.is_empty() {
                out.extend_from_slice(&self.headers_separator);
            }
            out.extend_from_slice(header.key);
            out.push(b':');
            out.extend_from_slice(header.value.unwrap_or(&self.null));
        }
        if out.is_empty() { b"NO_HEADERS".to_vec() } else { out }
    }
}
