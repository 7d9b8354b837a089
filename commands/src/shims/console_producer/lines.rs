//! Lines as Apache's `LineMessageReader` reads them: headers, key and value.

use std::collections::BTreeMap;

use protocol::properties::Properties;

use crate::shims::failed::Throwable;
use crate::shims::options::Parsed;

const KNOWN: [&str; 8] = [
    "parse.key",
    "parse.headers",
    "ignore.error",
    "key.separator",
    "headers.delimiter",
    "headers.separator",
    "headers.key.separator",
    "null.marker",
];

/// How lines are read.
#[derive(Debug)]
pub(super) struct LineReader {
    has_key: bool,
    has_headers: bool,
    ignores_errors: bool,
    key_separator: Vec<u8>,
    headers_delimiter: Vec<u8>,
    headers_separator: Vec<u8>,
    header_key_separator: Vec<u8>,
    null: Option<Vec<u8>>,
}

/// A header.
type Header<'a> = (&'a [u8], Option<&'a [u8]>);

/// What a line has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: Vec<Header<'a>>,
}

impl LineReader {
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Throwable> {
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        if let Some(path) = parsed.value("reader-config")? {
            let unreadable = |_| Throwable::new("java.nio.file.NoSuchFileException", path);
            let properties = Properties::parse(&std::fs::read(path).map_err(unreadable)?);
            given.extend(properties.iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
        for flag in ["property", "reader-property"] {
            for text in parsed.values(flag) {
                let (key, value) = text.split_once('=').unwrap_or((text, ""));
                given.insert(key.to_owned(), value.to_owned());
            }
        }
        if let Some(unknown) = given.keys().find(|key| !KNOWN.contains(&key.as_str())) {
            return Err(Throwable::illegal(format!(
                "kfleet's kafka-console-producer does not know the property {unknown}; Apache's may"
            )));
        }
        Self::new(&given)
    }

    fn new(given: &BTreeMap<String, String>) -> Result<Self, Throwable> {
        let on = |key: &str| {
            given
                .get(key)
                .is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
        };
        let text = |key: &str, default: &str| given.get(key).map_or(default, String::as_str).as_bytes().to_vec();
        let reader = Self {
            has_key: on("parse.key"),
            has_headers: on("parse.headers"),
            ignores_errors: on("ignore.error"),
            key_separator: text("key.separator", "\t"),
            headers_delimiter: text("headers.delimiter", "\t"),
            headers_separator: text("headers.separator", ","),
            header_key_separator: text("headers.key.separator", ":"),
            null: given.get("null.marker").map(|marker| marker.as_bytes().to_vec()),
        };
        let is_empty = [
            &reader.key_separator,
            &reader.headers_delimiter,
            &reader.headers_separator,
            &reader.header_key_separator,
        ];
        if is_empty.iter().any(|separator| separator.is_empty()) {
            return Err(Throwable::illegal("an empty separator separates nothing"));
        }
        Ok(reader)
    }

    /// Reads a line, the number of which is told if it makes no sense.
    pub(super) fn parse<'a>(&self, line: &'a [u8], number: u64) -> Result<Line<'a>, Throwable> {
        let mut rest = line;
        let mut taken = |is_asked: bool, separator: &[u8], name: &str| -> Result<Option<&'a [u8]>, Throwable> {
            if !is_asked {
                return Ok(None);
            }
            match split_at(rest, separator) {
                Some((part, behind)) => {
                    rest = behind;
                    Ok(Some(part))
                }
                None if self.ignores_errors => Ok(None),
                None => Err(Throwable::new(
                    "org.apache.kafka.common.KafkaException",
                    format!(
                        "No {name} found on line number {number}: '{}'",
                        String::from_utf8_lossy(line)
                    ),
                )),
            }
        };
        let headers = taken(self.has_headers, &self.headers_delimiter, "headers delimiter")?;
        let key = taken(self.has_key, &self.key_separator, "key separator")?;
        let headers = match headers {
            Some(text) if !self.is_null(text) => self.headers(text, number)?,
            _ => Vec::new(),
        };
        Ok(Line {
            key: key.filter(|key| !self.is_null(key)),
            value: Some(rest).filter(|value| !self.is_null(value)),
            headers,
        })
    }

    fn is_null(&self, text: &[u8]) -> bool {
        self.null.as_deref() == Some(text)
    }

    fn headers<'a>(&self, text: &'a [u8], number: u64) -> Result<Vec<Header<'a>>, Throwable> {
        let mut headers = Vec::new();
        let mut rest = Some(text);
        while let Some(text) = rest {
            let (header, behind) = match split_at(text, &self.headers_separator) {
                Some((header, behind)) => (header, Some(behind)),
                None => (text, None),
            };
            rest = behind;
            match split_at(header, &self.header_key_separator) {
                Some((key, value)) => headers.push((key, Some(value).filter(|value| !self.is_null(value)))),
                None if self.ignores_errors => headers.push((header, None)),
                None => {
                    return Err(Throwable::new(
                        "org.apache.kafka.common.KafkaException",
                        format!(
                            "No header key separator found in pair '{}' on line number {number}",
                            String::from_utf8_lossy(header)
                        ),
                    ));
                }
            }
        }
        Ok(headers)
    }
}

/// What is before and behind the first of these.
fn split_at<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(separator.len()).position(|window| window == separator)?;
    Some((text.get(..at)?, text.get(at + separator.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(given: &[(&str, &str)]) -> LineReader {
        let given = given
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        LineReader::new(&given.collect()).unwrap()
    }

    #[test]
    fn a_line_has_headers_a_key_and_a_value() {
        let plain = reader(&[]);
        assert_eq!(plain.parse(b"a\tb", 1).unwrap().value, Some(&b"a\tb"[..]));
        let all = reader(&[
            ("parse.key", "true"),
            ("parse.headers", "true"),
            ("null.marker", "NULL"),
        ]);
        let line = all.parse(b"h:1,i:NULL\tk\tv\tw", 1).unwrap();
        assert_eq!(line.headers, [(&b"h"[..], Some(&b"1"[..])), (&b"i"[..], None)]);
        assert_eq!((line.key, line.value), (Some(&b"k"[..]), Some(&b"v\tw"[..])));
        let nothing = all.parse(b"NULL\tNULL\tNULL", 1).unwrap();
        assert_eq!(nothing, Line::default());
    }

    #[test]
    fn a_line_without_a_separator_is_told_with_its_number() {
        let keyed = reader(&[("parse.key", "true")]);
        let wrong = keyed.parse(b"value", 7).unwrap_err().message;
        assert_eq!(wrong, "No key separator found on line number 7: 'value'");
        let lenient = reader(&[("parse.key", "true"), ("ignore.error", "true")]);
        let line = lenient.parse(b"value", 7).unwrap();
        assert_eq!((line.key, line.value), (None, Some(&b"value"[..])));
    }
}
