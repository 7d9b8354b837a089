//! Java's `.properties` format as `java.util.Properties` reads it, kept line by line so that a file can be
//! edited without losing comments or order.

/// A file, as a list of logical lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    /// As it stands in the file, line ends included.
    raw: Vec<u8>,
    /// None for comments and blank lines.
    entry: Option<(String, String)>,
}

impl Line {
    /// Ends the last line of a file, so that another can follow: a line end is missing, or a backslash waits
    /// for a line to continue with, or both.
    fn end(&mut self) {
        let takes_more = |raw: &[u8]| logical_line(&[raw, b"x"].concat()).1.is_empty();
        while takes_more(&self.raw) {
            self.raw.push(b'\n');
        }
    }
}

impl Properties {
    /// Reads a file. Bytes are Latin-1, as Java reads a stream; nothing is an error except to Java's
    /// `\u` escapes without four digits, which stay as they are here.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (raw, after) = logical_line(rest);
            lines.push(Line {
                entry: entry(raw),
                raw: raw.to_vec(),
            });
            rest = after;
        }
        Self { lines }
    }

    /// The value of a key; the last one counts.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .filter(|(name, _)| *name == key)
            .last()
            .map(|(_, value)| value)
    }

    /// Keys and values in the order of the file, duplicates included.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines
            .iter()
            .filter_map(|line| line.entry.as_ref())
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Line and column, from 1, of a character of a key's value; of the value's last if it has no such character.
    pub fn position(&self, key: &str, at: usize) -> Option<(usize, usize)> {
        let is_it = |line: &Line| line.entry.as_ref().is_some_and(|(name, _)| name == key);
        let index = self.lines.iter().rposition(is_it)?;
        let line = self.lines.get(index)?;
        let (_, value) = line.entry.as_ref()?;
        let at = at.min(value.chars().count().saturating_sub(1));
        let has_it = |end: usize| {
            let so_far = line.raw.get(..=end).map(without_open_escape).and_then(entry);
            so_far.is_some_and(|(name, value)| name == key && value.chars().count() > at)
        };
        let (mut low, mut high) = (0, line.raw.trim_ascii_end().len());
        while low < high {
            let middle = low.midpoint(high);
            if has_it(middle) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let before = line.raw.get(..low).unwrap_or_default();
        let earlier = self
            .lines
            .iter()
            .take(index)
            .map(|line| line_ends(&line.raw))
            .sum::<usize>();
        let column = before
            .iter()
            .rev()
            .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
            .count()
            + 1;
        Some((1 + earlier + line_ends(before), column))
    }

    /// Keys that stand more than once; only the last of each counts.
    pub fn duplicates(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        let mut twice: Vec<&str> = keys
            .windows(2)
            .filter_map(|pair| match pair {
                [a, b] if a == b => Some(*a),
                _ => None,
            })
            .collect();
        twice.dedup();
        twice
    }

    /// Gives a key a value: in place where it stands, at the end otherwise.
    pub fn set(&mut self, key: &str, value: &str) {
        let raw = format!("{}={}\n", Self::escape_key(key), Self::escape_value(value)).into_bytes();
        let line = Line {
            raw,
            entry: Some((key.to_owned(), value.to_owned())),
        };
        let at = self
            .lines
            .iter()
            .rposition(|line| line.entry.as_ref().is_some_and(|(name, _)| name == key));
        match at.and_then(|at| self.lines.get_mut(at)) {
            Some(place) => *place = line,
            None => {
                if let Some(last) = self.lines.last_mut() {
                    last.end();
                }
                self.lines.push(line);
            }
        }
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) {
        self.lines
            .retain(|line| line.entry.as_ref().is_none_or(|(name, _)| name != key));
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| &line.raw).copied().collect()
    }

    /// A value as `Properties.store` writes it: leading blanks, separators and comment signs escaped.
    pub fn escape_value(value: &str) -> String {
        escape(value, false)
    }

    /// A key as `Properties.store` writes it: every blank is escaped.
    pub fn escape_key(key: &str) -> String {
        escape(key, true)
    }
}

fn escape(text: &str, all_blanks: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match c {
            ' ' if at == 0 || all_blanks => out.push_str("\\ "),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{c}' => out.push_str("\\f"),
            '=' | ':' | '#' | '!' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            }
        }
    }
    out
}

/// The bytes up to the end of a line that is not continued; comments and blank lines never are.
fn logical_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let comment = matches!(
        bytes.iter().find(|byte| !is_blank(**byte)),
        Some(b'#' | b'!' | b'\n' | b'\r')
    );
    let mut at = 0;
    let mut escaped = false;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\n' | b'\r' => {
                if *byte == b'\r' && bytes.get(at) == Some(&b'\n') {
                    at += 1;
                }
                if !escaped || comment {
                    break;
                }
                escaped = false;
            }
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

/// Without an escape at the end that more could belong to.
fn without_open_escape(bytes: &[u8]) -> &[u8] {
    let is_open = |at: &usize| {
        let (before, rest) = bytes.split_at(*at);
        let digits = match rest {
            [b'\\'] => &[],
            [b'\\', b'u', digits @ ..] if digits.len() < 4 => digits,
            _ => return false,
        };
        let escapes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        escapes % 2 == 0 && digits.iter().all(u8::is_ascii_hexdigit)
    };
    let open = (bytes.len().saturating_sub(5)..bytes.len()).find(is_open);
    open.and_then(|at| bytes.get(..at)).unwrap_or(bytes)
}

/// How many lines end in this; a return and a line feed are one end.
fn line_ends(bytes: &[u8]) -> usize {
    let pairs = bytes.windows(2).filter(|pair| *pair == b"\r\n").count();
    bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() - pairs
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

fn entry(raw: &[u8]) -> Option<(String, String)> {
    let joined = join(raw);
    let text = joined.as_slice();
    if matches!(text.first(), None | Some(b'#' | b'!')) {
        return None;
    }
    let mut key_len = 0;
    let mut escaped = false;
    for byte in text {
        if !escaped && (matches!(byte, b'=' | b':') || is_blank(*byte)) {
            break;
        }
        escaped = *byte == b'\\' && !escaped;
        key_len += 1;
    }
    let (key, rest) = text.split_at_checked(key_len)?;
    let blanks = |bytes: &[u8]| bytes.iter().take_while(|byte| is_blank(**byte)).count();
    let rest = rest.get(blanks(rest)..)?;
    let rest = rest
        .strip_prefix(b"=")
        .or_else(|| rest.strip_prefix(b":"))
        .unwrap_or(rest);
    Some((unescape(key), unescape(rest.get(blanks(rest)..)?)))
}

/// One logical line without line ends, continuations and leading blanks.
fn join(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at_start = true;
    let mut escaped = false;
    for byte in raw {
        match byte {
            b'\n' | b'\r' => {
                if escaped {
                    out.pop();
                    escaped = false;
                }
                at_start = true;
            }
            byte if at_start && is_blank(*byte) => {}
            byte => {
                at_start = false;
                escaped = *byte == b'\\' && !escaped;
                out.push(*byte);
            }
        }
    }
    // A backslash before the end of the file continues into nothing.
    if escaped {
        out.pop();
    }
    out
}

fn unescape(bytes: &[u8]) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            units.push(u16::from(*byte));
            continue;
        }
        let Some((escaped, after)) = rest.split_first() else {
            break;
        };
        rest = after;
        units.push(match escaped {
            b't' => u16::from(b'\t'),
            b'n' => u16::from(b'\n'),
            b'r' => u16::from(b'\r'),
            b'f' => 0x0c,
            b'u' => match rest
                .split_first_chunk::<4>()
                .and_then(|(digits, after)| Some((four_digits(*digits)?, after)))
            {
                Some((unit, after)) => {
                    rest = after;
                    unit
                }
                None => u16::from(b'u'),
            },
            other => u16::from(*other),
        });
    }
    String::from_utf16_lossy(&units)
}

/// The code unit of a `\u` escape.
fn four_digits(digits: [u8; 4]) -> Option<u16> {
    digits.into_iter().try_fold(0, |value, digit| {
        Some(value << 4 | char::from(digit).to_digit(16)? as u16)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `java.util.Properties` makes of each line.
    #[test]
    fn lines_mean_what_they_mean_to_java() {
        let cases: &[(&str, &str, &str)] = &[
            ("a=1", "a", "1"),
            ("a = 1 ", "a", "1 "),
            ("a:1", "a", "1"),
            ("a 1", "a", "1"),
            ("  a\t=\t1", "a", "1"),
            ("a", "a", ""),
            ("a=b=c", "a", "b=c"),
            ("a\\=b=c", "a=b", "c"),
            ("a\\ b=c", "a b", "c"),
            ("a=x\\\n   y", "a", "xy"),
            ("a=x\\\\", "a", "x\\"),
            ("a=1\\", "a", "1"),
            ("a=\\u00e9\\ud83d\\ude00", "a", "é😀"),
            ("a=\\t\\q", "a", "\tq"),
            ("a=#not a comment", "a", "#not a comment"),
            ("a==1", "a", "=1"),
            ("a=1\\\n#b=2", "a", "1#b=2"),
        ];
        for (text, key, value) in cases {
            let parsed = Properties::parse(text.as_bytes());
            assert_eq!(parsed.iter().collect::<Vec<_>>(), [(*key, *value)], "{text:?}");
        }
        assert_eq!(Properties::parse(b"# c\n! d\\\n\n  \t\n").iter().count(), 0);
        assert_eq!(Properties::parse(&[b'a', b'=', 0xe9]).get("a"), Some("é"));
    }

    #[test]
    fn values_have_places() {
        let file = Properties::parse(b"# head\r\n\na=old\nb = x\\\n   y\\u00e9z\\\r\n q\na:1\nempty=\nlast=w");
        assert_eq!(file.position("a", 0), Some((7, 3)), "the last one counts");
        let of_b = |at| file.position("b", at).unwrap();
        assert_eq!([of_b(0), of_b(1), of_b(3), of_b(4)], [(4, 5), (5, 4), (5, 11), (6, 2)]);
        assert_eq!(file.position("empty", 0), Some((8, 7)));
        assert_eq!(file.position("last", 9), Some((9, 6)));
        assert_eq!(file.position("none", 0), None);
    }

    proptest::proptest! {
        /// Wherever a value stands, its characters are found there.
        #[test]
        fn plain_characters_are_where_they_are_said_to_be(
            head in "([#a-z=\\\\u0-9 ]{0,12}\r?\n){0,4}", value in "[a-z0-9 \u{e9}\u{20ac}]{1,30}", at in 0usize..30
        ) {
            let text = [b"\n".as_slice(), head.as_bytes(), b"\nkey=", Properties::escape_value(&value).as_bytes()].concat();
            let file = Properties::parse(&text);
            // A line of the head that goes on may have taken the key in.
            proptest::prop_assume!(file.get("key") == Some(value.as_str()));
            let (line, column) = file.position("key", at).unwrap();
            let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
            let found = lines[line - 1][column - 1];
            let expected = value.chars().nth(at).unwrap_or(value.chars().last().unwrap());
            if expected.is_ascii_alphanumeric() {
                proptest::prop_assert_eq!(char::from(found), expected);
            }
        }
    }

    #[test]
    fn edits_keep_the_rest_of_the_file() {
        let mut file = Properties::parse(b"# head\na=1\n\nb=2\na=3");
        assert_eq!((file.get("a"), file.duplicates()), (Some("3"), vec!["a"]));
        file.set("b", " x:y");
        file.set("c", "new");
        assert_eq!(
            String::from_utf8(file.to_bytes()).unwrap(),
            "# head\na=1\n\nb=\\ x\\:y\na=3\nc=new\n"
        );
        for (last, ended) in [("a=1\\", "a=1\\\n\n"), ("a=1\\\r\n", "a=1\\\r\n\n"), ("a=1\r", "a=1\r")] {
            let mut open = Properties::parse(last.as_bytes());
            open.set("b", "2");
            assert_eq!(String::from_utf8(open.to_bytes()).unwrap(), format!("{ended}b=2\n"));
            let again = Properties::parse(&open.to_bytes());
            assert_eq!(again.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        }
        file.remove("a");
        let again = Properties::parse(&file.to_bytes());
        assert_eq!(again.iter().collect::<Vec<_>>(), [("b", " x:y"), ("c", "new")]);
    }
}
