//! What differs from run to run anyway, as masks.txt lists it: `SCRIPT PATTERN => REPLACEMENT`, a script of * for all. The
//! pattern is a regular expression; without a replacement what it finds goes.

use std::path::Path;

use regex_automata::meta::Regex;

pub(super) struct Masks(Vec<(String, Regex, String)>);

impl Masks {
    pub(super) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mask = |line: &str| {
            let (script, rest) = line.split_once(' ').unwrap();
            let (pattern, replacement) = rest.split_once(" =>").unwrap();
            let replacement = replacement.strip_prefix(' ').unwrap_or_default();
            let pattern = Regex::new(&format!("(?m){pattern}")).unwrap();
            (script.to_owned(), pattern, replacement.to_owned())
        };
        Self(lines.map(mask).collect())
    }

    /// What is left of a text, whoever of these printed it.
    pub(super) fn apply(&self, script: &str, text: &str, names: &[&str]) -> String {
        let mut text = text.to_owned();
        for name in names {
            text = text.replace(name, "ME");
        }
        for (of, pattern, replacement) in &self.0 {
            if of == "*" || of == script {
                text = replace_all(pattern, &text, replacement);
            }
        }
        text
    }
}

fn replace_all(pattern: &Regex, text: &str, replacement: &str) -> String {
    let (mut out, mut end) = (String::new(), 0);
    for found in pattern.find_iter(text) {
        out.push_str(&text[end..found.start()]);
        out.push_str(replacement);
        end = found.end();
    }
    out.push_str(&text[end..]);
    out
}
