//! Lists of Java's regular expressions, as MirrorMaker 2 reads them for topics, groups and properties.
//!
//! The list is joined with `|` and has to match a whole name; an empty list matches nothing. Classes that are ASCII to Java
//! (`\d`, `\w`, `\s`, `\b`) are ASCII here. What the engine here has not got is refused by name: looking ahead and behind, references to
//! groups, possessive and atomic groups, `\Q..\E`. One difference is left: `(?i)` means every letter here and ASCII's to Java.

use regex_automata::meta::Regex;

/// Expressions of which one has to match a whole name.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    list: Vec<String>,
    /// None matches nothing.
    regex: Option<Regex>,
}

impl PartialEq for Patterns {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Patterns {}

impl Patterns {
    /// From a list with commas between. The error says what is wrong with it, to go on after "the list of patterns ...".
    pub fn parse(text: &str) -> Result<Self, String> {
        let list = list(text);
        if list.is_empty() {
            return Ok(Self::default());
        }
        if list.iter().any(String::is_empty) {
            return Err(format!("{text:?} has nothing between two commas"));
        }
        let joined = list.join("|");
        let ours = translated(&joined).map_err(|what| format!("{joined:?} has {what}"))?;
        // The expression alone, so that it cannot close the group that is put around it.
        let compiled = |text: &str| Regex::new(text).ok();
        let regex = compiled(&ours).and_then(|_| compiled(&format!(r"\A(?:{ours})\z")));
        if regex.is_none() {
            return Err(format!("{joined:?} is no regular expression"));
        }
        Ok(Self { list, regex })
    }

    /// Whether one matches all of a name.
    pub fn has(&self, name: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(name))
    }

    /// The expressions as they were given.
    pub fn list(&self) -> &[String] {
        &self.list
    }
}

/// What is meant, and what is not although it is: the latter wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Names that are meant.
    pub include: Patterns,
    /// Names that are not.
    pub exclude: Patterns,
}

impl Filter {
    /// Whether a name is meant.
    pub fn has(&self, name: &str) -> bool {
        self.include.has(name) && !self.exclude.has(name)
    }
}

/// A list as Kafka's settings have it: commas and the blanks around them divide, and nothing is an empty list.
pub(super) fn list(text: &str) -> Vec<String> {
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    text.split(',').map(|part| part.trim().to_owned()).collect()
}

/// The same expression for the engine here, or what it has that the engine has not.
fn translated(java: &str) -> Result<String, &'static str> {
    const LOOK: &str =
        "a look ahead or behind, which is not supported; name what is not wanted in the list of what is excluded";
    let mut out = String::with_capacity(java.len());
    let mut rest = java;
    let mut classes = 0usize;
    let mut is_repeated = false;
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '\\' {
            let Some(escaped) = behind.chars().next() else {
                return Err("a backslash at its end");
            };
            out.push_str(&escape(escaped, classes > 0)?);
            rest = behind.get(escaped.len_utf8()..).unwrap_or_default();
            is_repeated = false;
            continue;
        }
        if classes == 0 {
            if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| rest.starts_with(look)) {
                return Err(LOOK);
            }
            if rest.starts_with("(?>") {
                return Err("an atomic group, which is not supported");
            }
            if c == '+' && is_repeated {
                return Err("a possessive repetition, which is not supported; leave out its +");
            }
        }
        is_repeated = classes == 0 && matches!(c, '*' | '+' | '?' | '}') && !out.ends_with('(');
        match c {
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            _ => {}
        }
        out.push(c);
        rest = behind;
    }
    Ok(out)
}

fn escape(c: char, is_in_class: bool) -> Result<String, &'static str> {
    Ok(match c {
        'd' => "[0-9]".to_owned(),
        'D' => "[^0-9]".to_owned(),
        'w' => "[0-9A-Za-z_]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        's' => r"[ \t-\r]".to_owned(),
        'S' => r"[^ \t-\r]".to_owned(),
        'b' if !is_in_class => r"(?-u:\b)".to_owned(),
        'Q' | 'E' => return Err(r"\Q or \E, which is not supported; write a backslash before each sign that is meant"),
        '1'..='9' | 'k' => return Err("a reference to a group, which is not supported"),
        other => format!("\\{other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(list: &str, name: &str) -> bool {
        Patterns::parse(list).unwrap().has(name)
    }

    /// `java.util.regex` gives the same answers, of the list joined with `|`.
    #[test]
    fn a_whole_name_matches_one_of_the_list() {
        for (list, name) in [
            (".*", "t"),
            ("a , b.*", "bc"),
            ("a|b,c", "c"),
            ("a(,b)c", "abc"),
            (r"\w+", "t_1"),
            (r"[\d.]+", "1.2"),
            ("(?i)t, x", "X"),
            ("T(?i), x", "X"),
            (r"mm2.*\.internal", "mm2-offsets.A.internal"),
            ("a?b+", "bb"),
        ] {
            assert!(has(list, name), "{list} {name}");
        }
        for (list, name) in [
            ("", "t"),
            ("", ""),
            ("a,b", "ab"),
            ("a", "ba"),
            (r"\w", "é"),
            (r"\d", "\u{661}"),
            (".", "ab"),
            ("T(?i), x", "t"),
        ] {
            assert!(!has(list, name), "{list} {name}");
        }
    }

    #[test]
    fn what_is_excluded_wins() {
        let filter = Filter {
            include: Patterns::parse(".*").unwrap(),
            exclude: Patterns::parse("__.*").unwrap(),
        };
        assert!(filter.has("t") && !filter.has("__t"));
    }

    #[test]
    fn what_only_java_has_is_named() {
        for (list, what) in [
            ("^(?!x).*", "look ahead"),
            ("(?<=a)b", "look ahead or behind"),
            ("a*+b", "possessive"),
            ("(?>a)b", "atomic"),
            (r"(a)\1", "reference to a group"),
            (r"\Qa.b\E", "backslash before each sign"),
            ("a,,b", "nothing between two commas"),
            ("a,", "nothing between two commas"),
            ("(", "no regular expression"),
            ("a)|(b", "no regular expression"),
            ("a\\", "backslash at its end"),
        ] {
            let said = Patterns::parse(list).unwrap_err();
            assert!(said.contains(what), "{list}: {said}");
        }
        assert!(has("[+*]+", "+*"), "signs in a class repeat nothing");
    }
}
