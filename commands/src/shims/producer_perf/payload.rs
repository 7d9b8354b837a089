//! Values of the records that are sent.

use std::path::Path;

use regex_automata::meta::Regex;

use super::super::arguments::Given;
use super::super::failed::{Failed, Throwable};
use super::super::io::Io;
use crate::bench::load;

/// Random values are cut out of so much text.
const TEXT_BYTES: usize = 1 << 20;

/// Values, one after the other.
#[derive(Debug)]
pub(super) enum Payload {
    /// Letters that look random.
    Random {
        text: Vec<u8>,
        size_bytes: usize,
        at: usize,
    },
    /// Those of a file, in an order that looks random.
    Some { values: Vec<Vec<u8>>, state: u64 },
    /// Their numbers.
    Numbers(String),
}

impl Payload {
    pub(super) fn of(given: &Given, io: &mut Io) -> Result<Self, Failed> {
        if let Some(path) = given.value("payload-file") {
            let delimiter = given.value("payload-delimiter").filter(|delimiter| *delimiter != "\\n");
            return Self::read(path, delimiter.unwrap_or("\n"), io);
        }
        Ok(match given.number::<u32>("record-size")? {
            Some(size_bytes) => Self::Random {
                text: load::text(TEXT_BYTES + size_bytes as usize),
                size_bytes: size_bytes as usize,
                at: 0,
            },
            None => Self::Numbers(String::new()),
        })
    }

    fn read(path: &str, delimiter: &str, io: &mut Io) -> Result<Self, Failed> {
        let whole = std::path::absolute(path).unwrap_or_else(|_| Path::new(path).to_owned());
        io.line(format!("Reading payloads from: {}", whole.display()));
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.is_empty() {
            let wrong = Throwable::illegal("File does not exist or empty file provided.");
            return Err(Failed::on_stderr(wrong));
        }
        let values = split(&text, delimiter).map_err(Failed::on_stderr)?;
        io.line(format!("Number of records read: {}", values.len()));
        Ok(Self::Some { values, state: 0 })
    }

    /// The value of the record of this number.
    pub(super) fn next(&mut self, number: u64) -> &[u8] {
        match self {
            Self::Random { text, size_bytes, at } => {
                let from = *at;
                *at = (from + *size_bytes) % TEXT_BYTES;
                text.get(from..from + *size_bytes).unwrap_or_default()
            }
            Self::Some { values, state } => {
                *state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let index = (*state >> 33) as usize % values.len().max(1);
                values.get(index).map_or(&[], Vec::as_slice)
            }
            Self::Numbers(text) => {
                *text = number.to_string();
                text.as_bytes()
            }
        }
    }
}

/// What stands between delimiters, which are a regular expression.
fn split(text: &str, delimiter: &str) -> Result<Vec<Vec<u8>>, Throwable> {
    let wrong = |_| {
        let message = format!("{delimiter} is no regular expression");
        Throwable::new("java.util.regex.PatternSyntaxException", message)
    };
    let delimiter = Regex::new(delimiter).map_err(wrong)?;
    let parts = delimiter.split(text);
    let mut values: Vec<Vec<u8>> = parts
        .map(|span| text.as_bytes().get(span.range()).unwrap_or_default().to_vec())
        .collect();
    // Nothing follows the last delimiter.
    values.pop_if(|last| last.is_empty());
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_out_numbered_or_of_a_file() {
        assert_eq!(split("a\nb\n", "\n").unwrap(), [b"a", b"b"]);
        assert_eq!(split("a;;b", ";+").unwrap(), [b"a", b"b"]);
        assert!(split("a", "(").is_err());
        assert_eq!(Payload::Numbers(String::new()).next(12), b"12");
        let mut random = Payload::Random {
            text: load::text(TEXT_BYTES + 7),
            size_bytes: 7,
            at: 0,
        };
        let first = random.next(0).to_vec();
        assert!(first.len() == 7 && random.next(1) != first.as_slice());
        let mut some = Payload::Some {
            values: vec![b"x".to_vec(), b"y".to_vec()],
            state: 0,
        };
        let drawn: Vec<Vec<u8>> = (0..50).map(|number| some.next(number).to_vec()).collect();
        assert!(drawn.contains(&b"x".to_vec()) && drawn.contains(&b"y".to_vec()));
    }
}
