//! Times by a pattern, as Java's `SimpleDateFormat` writes them.

use std::fmt::Write as _;

use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::failed::Throwable;

/// A pattern that can be written.
#[derive(Debug, Clone)]
pub(super) struct DateFormat(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A letter, and how often it stands there.
    Field(char, usize),
}

/// Letters that are known here.
const LETTERS: &str = "yMdHhmsSaEDzZ";

impl DateFormat {
    pub(super) fn parse(pattern: &str) -> Result<Self, Throwable> {
        let mut parts: Vec<Part> = Vec::new();
        let mut letters = pattern.chars().peekable();
        let mut is_quoted = false;
        while let Some(c) = letters.next() {
            if c == '\'' {
                // Two of them are one that is written.
                if letters.next_if_eq(&'\'').is_some() {
                    text(&mut parts, c);
                } else {
                    is_quoted = !is_quoted;
                }
            } else if is_quoted || !c.is_ascii_alphabetic() {
                text(&mut parts, c);
            } else if LETTERS.contains(c) {
                match parts.last_mut() {
                    Some(Part::Field(letter, count)) if *letter == c => *count += 1,
                    _ => parts.push(Part::Field(c, 1)),
                }
            } else {
                return Err(Throwable::illegal(format!("Illegal pattern character '{c}'")));
            }
        }
        if is_quoted {
            return Err(Throwable::illegal("Unterminated quote"));
        }
        Ok(Self(parts))
    }

    /// A time, where this program runs.
    pub(super) fn local(&self, at_ms: i64) -> String {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        self.of(&at.to_zoned(TimeZone::system()))
    }

    fn of(&self, at: &Zoned) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(letter, count) => field(at, *letter, *count, &mut out),
            }
        }
        out
    }
}

fn text(parts: &mut Vec<Part>, c: char) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.push(c),
        _ => parts.push(Part::Text(c.to_string())),
    }
}

fn field(at: &Zoned, letter: char, count: usize, out: &mut String) {
    let noon = at.hour() % 12;
    let number = match letter {
        'y' if count == 2 => i64::from(at.year()) % 100,
        'y' => i64::from(at.year()),
        'M' if count < 3 => i64::from(at.month()),
        'd' => i64::from(at.day()),
        'D' => i64::from(at.day_of_year()),
        'H' => i64::from(at.hour()),
        'h' => i64::from(if noon == 0 { 12 } else { noon }),
        'm' => i64::from(at.minute()),
        's' => i64::from(at.second()),
        'S' => i64::from(at.millisecond()),
        _ => {
            let name = match (letter, count) {
                ('a', _) => at.strftime("%p"),
                ('M', 3) => at.strftime("%b"),
                ('M', _) => at.strftime("%B"),
                ('E', ..4) => at.strftime("%a"),
                ('E', _) => at.strftime("%A"),
                ('Z', _) => at.strftime("%z"),
                _ => at.strftime("%Z"),
            };
            // A string takes all there is.
            let _always = write!(out, "{name}");
            return;
        }
    };
    // A string takes all there is.
    let _always = write!(out, "{number:0>count$}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_javas() {
        let at = Timestamp::from_millisecond(1_700_000_000_123)
            .unwrap()
            .to_zoned(TimeZone::UTC);
        for (pattern, expected) in [
            ("yyyy-MM-dd HH:mm:ss:SSS", "2023-11-14 22:13:20:123"),
            ("yy/M/d h:m a", "23/11/14 10:13 PM"),
            ("EEE, d MMM yyyy HH:mm:ss Z", "Tue, 14 Nov 2023 22:13:20 +0000"),
            ("'at' HH 'o''clock'", "at 22 o'clock"),
        ] {
            assert_eq!(DateFormat::parse(pattern).unwrap().of(&at), expected, "{pattern}");
        }
        assert!(DateFormat::parse("bb").is_err() && DateFormat::parse("'x").is_err());
    }
}
