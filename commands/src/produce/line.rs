//! What a line of input says: headers, a key and a value, each with what parts it from the next.

use super::input::find;

/// A header that was read.
pub(super) type HeaderRef<'a> = (&'a [u8], Option<&'a [u8]>);

/// A key and a value that were read.
pub(super) type KeyValueRef<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// How lines are read.
#[derive(Debug, Clone, Default)]
pub(super) struct LineFormat {
    /// What parts the key from the value.
    pub(super) key_delimiter: Option<Vec<u8>>,
    /// What parts headers from all else.
    pub(super) headers_delimiter: Option<Vec<u8>>,
    /// What parts one header from the next.
    pub(super) header_separator: Vec<u8>,
    /// What parts a header's name from its value.
    pub(super) header_key_separator: Vec<u8>,
    /// What stands for null.
    pub(super) null_marker: Option<Vec<u8>>,
    /// What is empty is null.
    pub(super) empty_is_null: bool,
}

impl LineFormat {
    /// Key and value; headers are put behind those that are there.
    pub(super) fn parse<'a>(
        &self,
        line: &'a [u8],
        headers: &mut Vec<HeaderRef<'a>>,
    ) -> Result<KeyValueRef<'a>, String> {
        let mut rest = line;
        if let Some(delimiter) = &self.headers_delimiter {
            let (text, after) = cut(rest, delimiter).ok_or_else(|| "it has no headers".to_owned())?;
            self.parse_headers(text, headers)?;
            rest = after;
        }
        let (key, value) = match self.key_delimiter.as_deref().and_then(|delimiter| cut(rest, delimiter)) {
            Some((key, value)) => (self.nullable(key), value),
            None => (None, rest),
        };
        Ok((key, self.nullable(value)))
    }

    fn parse_headers<'a>(&self, text: &'a [u8], headers: &mut Vec<HeaderRef<'a>>) -> Result<(), String> {
        let mut rest = Some(text).filter(|text| !text.is_empty() && self.null_marker.as_deref() != Some(text));
        while let Some(text) = rest {
            let (header, after) = match cut(text, &self.header_separator) {
                Some((header, after)) => (header, Some(after)),
                None => (text, None),
            };
            let (key, value) = cut(header, &self.header_key_separator)
                .ok_or_else(|| format!("the header \"{}\" has no value", String::from_utf8_lossy(header)))?;
            headers.push((key, self.nullable(value)));
            rest = after;
        }
        Ok(())
    }

    fn nullable<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let is_null = self.empty_is_null && text.is_empty() || self.null_marker.as_deref() == Some(text);
        (!is_null).then_some(text)
    }
}

/// What is before a delimiter, and what is behind it.
fn cut<'a>(text: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = find(text, delimiter)?;
    Some((text.get(..at)?, text.get(at + delimiter.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format() -> LineFormat {
        LineFormat {
            key_delimiter: Some(b"::".to_vec()),
            headers_delimiter: Some(b"\t".to_vec()),
            header_separator: b",".to_vec(),
            header_key_separator: b":".to_vec(),
            null_marker: Some(b"-".to_vec()),
            empty_is_null: false,
        }
    }

    type Read<'a> = (Option<&'a [u8]>, Option<&'a [u8]>, Vec<HeaderRef<'a>>);

    fn read<'a>(format: &LineFormat, line: &'a str) -> Result<Read<'a>, String> {
        let mut headers = Vec::new();
        let (key, value) = format.parse(line.as_bytes(), &mut headers)?;
        Ok((key, value, headers))
    }

    #[test]
    fn headers_key_and_value_are_parted() {
        let all: Read<'_> = (
            Some(b"k"),
            Some(b"v::w"),
            vec![(b"a", Some(b"1")), (b"b", None), (b"", Some(b""))],
        );
        assert_eq!(read(&format(), "a:1,b:-,:\tk::v::w").unwrap(), all);
        assert_eq!(read(&format(), "\t-::-").unwrap(), (None, None, vec![]));
        assert_eq!(read(&format(), "-\tv").unwrap(), (None, Some(b"v".as_slice()), vec![]));
        assert!(read(&format(), "no headers").is_err());
        assert!(read(&format(), "a\tv").unwrap_err().contains("\"a\""));
    }

    #[test]
    fn null_is_what_was_said_to_be_null() {
        let plain = LineFormat::default();
        assert_eq!(read(&plain, "").unwrap(), (None, Some(b"".as_slice()), vec![]));
        let empty = LineFormat {
            empty_is_null: true,
            key_delimiter: Some(b":".to_vec()),
            ..LineFormat::default()
        };
        assert_eq!(read(&empty, "k:").unwrap(), (Some(b"k".as_slice()), None, vec![]));
        assert_eq!(read(&empty, ":v").unwrap(), (None, Some(b"v".as_slice()), vec![]));
    }
}
