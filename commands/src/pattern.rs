//! Patterns of names, as shells have them for files.

use std::fmt;
use std::str::FromStr;

use regex_automata::meta::Regex;

use crate::error::CommandError;

/// A name in which `*` stands for any characters and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Whether a name is one of those.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (pattern, name): (Vec<char>, Vec<char>) = (self.0.chars().collect(), name.chars().collect());
        let (mut at, mut read) = (0, 0);
        // Where the last `*` stands, and how far what it stands for reaches.
        let mut star: Option<(usize, usize)> = None;
        while read < name.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, read));
                    at += 1;
                }
                Some(c) if *c == '?' || name.get(read) == Some(c) => {
                    at += 1;
                    read += 1;
                }
                _ => {
                    let Some((star_at, reach)) = star else { return false };
                    star = Some((star_at, reach + 1));
                    (at, read) = (star_at + 1, reach + 1);
                }
            }
        }
        pattern.iter().skip(at).all(|c| *c == '*')
    }

    /// Whether it can only be one name.
    pub(crate) fn is_name(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// As it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern is no name's".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A regular expression that stands for whole names.
pub(crate) fn whole(text: &str) -> Result<Regex, CommandError> {
    let whole = Regex::new(&format!("^(?:{text})$"));
    whole.map_err(|_| CommandError::usage(format!("\"{text}\" is no regular expression")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_what_they_do_in_a_shell() {
        let matches = |pattern: &str, name: &str| pattern.parse::<Pattern>().unwrap().matches(name);
        for (pattern, name) in [
            ("a", "a"),
            ("*", "__consumer_offsets"),
            ("a*", "a"),
            ("a*c*", "abcbc"),
            ("*-eu", "orders-eu-eu"),
            ("o?ders", "orders"),
            ("a**b", "ab"),
            ("*ab", "aab"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a", "ab"),
            ("a?", "a"),
            ("*b", "ba"),
            ("a.c", "abc"),
            ("a*c", "abcd"),
            ("?", ""),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!("".parse::<Pattern>().is_err());
    }
}
