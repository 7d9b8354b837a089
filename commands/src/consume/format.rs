//! How records are printed as text: kcat's formats.

use protocol::records::Record;

use crate::records::escapes::unescape;

/// What stands for null where nothing else was asked for in a list of headers, as kcat has it.
const NULL_HEADER: &[u8] = b"NULL";

/// A part of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    Topic,
    Partition,
    Offset,
    Key,
    KeyBytes,
    Value,
    ValueBytes,
    /// The value's length as four bytes, the highest first.
    ValueLength,
    Headers,
    Timestamp,
}

/// How a record is printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextFormat {
    parts: Vec<Part>,
    null: Vec<u8>,
}

/// Where a record is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
}

impl TextFormat {
    /// Reads a format string.
    pub(crate) fn parse(text: &str, null: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                literal.push(c);
                // An escaped percent sign or backslash does not begin anything.
                if c == '\\' {
                    literal.extend(chars.next());
                }
                continue;
            }
            let part = match chars.next() {
                Some('%') => {
                    literal.push('%');
                    continue;
                }
                Some('t') => Part::Topic,
                Some('p') => Part::Partition,
                Some('o') => Part::Offset,
                Some('k') => Part::Key,
                Some('K') => Part::KeyBytes,
                Some('s') => Part::Value,
                Some('S') => Part::ValueBytes,
                Some('R') => Part::ValueLength,
                Some('h') => Part::Headers,
                Some('T') => Part::Timestamp,
                other => {
                    let shown = other.map_or_else(String::new, |c| c.to_string());
                    return Err(format!(
                        "%{shown} is none of %t, %p, %o, %k, %K, %s, %S, %R, %h, %T and %%"
                    ));
                }
            };
            push_literal(&mut parts, &std::mem::take(&mut literal))?;
            parts.push(part);
        }
        push_literal(&mut parts, &literal)?;
        Ok(Self {
            parts,
            null: null.as_bytes().to_vec(),
        })
    }

    /// Value and delimiter, after the key if one parts them.
    pub(crate) fn lines(
        key_delimiter: Option<&str>,
        headers: bool,
        delimiter: &str,
        null: &str,
    ) -> Result<Self, String> {
        let mut parts = Vec::new();
        if headers {
            parts.extend([Part::Headers, Part::Literal(b"\t".to_vec())]);
        }
        if let Some(key_delimiter) = key_delimiter {
            parts.push(Part::Key);
            push_literal(&mut parts, key_delimiter)?;
        }
        parts.push(Part::Value);
        push_literal(&mut parts, delimiter)?;
        Ok(Self {
            parts,
            null: null.as_bytes().to_vec(),
        })
    }

    /// Prints a record behind what `out` has.
    pub(crate) fn append(&self, place: Place<'_>, record: &Record<'_>, out: &mut Vec<u8>) {
        for part in &self.parts {
            match part {
                Part::Literal(bytes) => out.extend_from_slice(bytes),
                Part::Topic => out.extend_from_slice(place.topic.as_bytes()),
                Part::Partition => append_number(i64::from(place.partition), out),
                Part::Offset => append_number(record.offset, out),
                Part::Key => out.extend_from_slice(record.key.unwrap_or(&self.null)),
                Part::KeyBytes => append_number(length(record.key), out),
                Part::Value => out.extend_from_slice(record.value.unwrap_or(&self.null)),
                Part::ValueBytes => append_number(length(record.value), out),
                Part::ValueLength => out.extend_from_slice(&(length(record.value) as i32).to_be_bytes()),
                Part::Headers => append_headers(record, out),
                Part::Timestamp => append_number(record.timestamp, out),
            }
        }
    }
}

fn push_literal(parts: &mut Vec<Part>, text: &str) -> Result<(), String> {
    if !text.is_empty() {
        parts.push(Part::Literal(unescape(text)?));
    }
    Ok(())
}

/// The length; -1 for null.
fn length(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(-1, |bytes| bytes.len() as i64)
}

fn append_number(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    while let Some(digit) = at.checked_sub(1).and_then(|before| digits.get_mut(before)) {
        *digit = b'0' + (rest % 10) as u8;
        at -= 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(at..).unwrap_or_default());
}

fn append_headers(record: &Record<'_>, out: &mut Vec<u8>) {
    for (at, header) in record.headers.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(header.key);
        out.push(b'=');
        out.extend_from_slice(header.value.unwrap_or(NULL_HEADER));
    }
}

#[cfg(test)]
mod tests {
    use protocol::records::{BatchBuilder, BatchHeader, Compression, NewRecord, Records, records_of};

    use super::*;

    fn printed(format: &TextFormat, record: &NewRecord<'_>) -> Vec<u8> {
        let mut batch = BatchBuilder::new(41, Compression::None);
        batch.push(record);
        let batch = batch.build().unwrap();
        let header = BatchHeader::parse(&batch).unwrap();
        let unpacked = records_of(&header, &batch, 1 << 20).unwrap();
        let record = Records::new(header, &unpacked).next().unwrap().unwrap();
        let mut out = Vec::new();
        let place = Place {
            topic: "orders",
            partition: 2,
        };
        format.append(place, &record, &mut out);
        out
    }

    const RECORD: NewRecord<'static> = NewRecord {
        timestamp: 1_700_000_000_000,
        key: Some(b"k"),
        value: Some(b"value"),
        headers: &[(b"a", Some(b"1")), (b"b", None)],
    };

    #[test]
    fn formats_are_kcats() {
        let format = TextFormat::parse(r"%t|%p|%o|%k|%K|%s|%S|%h|%T|%%|\x41\n", "").unwrap();
        assert_eq!(
            printed(&format, &RECORD),
            b"orders|2|41|k|1|value|5|a=1,b=NULL|1700000000000|%|A\n"
        );
        assert_eq!(
            printed(&TextFormat::parse("%R%s", "").unwrap(), &RECORD),
            b"\0\0\0\x05value"
        );
        let null = NewRecord {
            key: None,
            value: None,
            ..RECORD
        };
        assert_eq!(
            printed(&TextFormat::parse("%k|%K|%s|%S", "NULL").unwrap(), &null),
            b"NULL|-1|NULL|-1"
        );
        assert_eq!(printed(&TextFormat::parse(r"\\%s", "").unwrap(), &RECORD), b"\\value");
        for bad in ["%", "%x", r"\q", r"%s\"] {
            assert!(TextFormat::parse(bad, "").is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_have_what_was_asked_for() {
        let plain = TextFormat::lines(None, false, r"\n", "").unwrap();
        assert_eq!(printed(&plain, &RECORD), b"value\n");
        let all = TextFormat::lines(Some(r"\x3a"), true, r"\0", "").unwrap();
        assert_eq!(printed(&all, &RECORD), b"a=1,b=NULL\tk:value\0");
    }

    #[test]
    fn numbers_are_what_they_are() {
        for number in [0, 7, -1, 10, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            append_number(number, &mut out);
            assert_eq!(out, number.to_string().into_bytes());
        }
    }
}
