//! A server.properties for a release: the same text without the keys that it removed, and with new names for old ones.
//!
//! Comments, order and everything else stay as they are. Lines are told apart as Java does: a backslash at the end goes on
//! in the next line. A key that is written with escapes is left, and named.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::check::{Checked, What};

/// What is shown for a value that is not to be seen.
const HIDDEN: &str = "(hidden)";

/// A file for a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Its text.
    pub text: String,
    /// Keys that have to be changed by hand: they stand in the file with escapes.
    pub by_hand: Vec<String>,
    changes: Vec<Changed>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Changed {
    /// The first line of it, from 1, in the old text and in the new one.
    old_at: usize,
    new_at: usize,
    old: Vec<String>,
    new: Vec<String>,
}

/// Rewrites a file as it was found to need.
pub fn rewrite(text: &str, checked: &Checked) -> Rewritten {
    let names: BTreeMap<&str, &[String]> = checked
        .findings
        .iter()
        .filter_map(|finding| match &finding.what {
            What::Removed => Some((finding.key.as_str(), [].as_slice())),
            What::Renamed(names) => Some((finding.key.as_str(), names.as_slice())),
            _ => None,
        })
        .collect();
    let lines = logical_lines(text);
    if text.replace("\r\n", "\n").contains('\r') {
        // Returns alone end lines, too, but not here: nothing is taken out of such a file.
        return Rewritten {
            text: text.to_owned(),
            by_hand: names.keys().map(|key| (*key).to_owned()).collect(),
            changes: Vec::new(),
        };
    }
    let has = |name: &str| lines.iter().any(|line| key_of(line) == Some(name));
    let mut rewritten = Rewritten::default();
    let (mut old_at, mut new_at) = (1, 1);
    for line in &lines {
        let named = key_of(line).and_then(|key| Some((key, *names.get(key)?)));
        let count = line.lines().count();
        let Some((key, names)) = named else {
            rewritten.text.push_str(line);
            (old_at, new_at) = (old_at + count, new_at + count);
            continue;
        };
        // A new name that is there already counts.
        let new = names
            .iter()
            .filter(|name| !has(name))
            .map(|name| renamed(line, key, name));
        let new: String = new.collect();
        rewritten.text.push_str(&new);
        rewritten.changes.push(Changed {
            old_at,
            new_at,
            old: shown(line, key),
            new: shown(&new, key),
        });
        (old_at, new_at) = (old_at + count, new_at + new.lines().count());
    }
    let is_left = |key: &&&str| !lines.iter().any(|line| key_of(line) == Some(**key));
    rewritten.by_hand = names.keys().filter(is_left).map(|key| (*key).to_owned()).collect();
    rewritten
}

impl Rewritten {
    /// Whether the text is another one.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The difference as `diff -U0` shows it, with values hidden that may be secret; empty if there is none.
    pub fn diff(&self, name: &str) -> String {
        let mut diff = String::new();
        if self.is_changed() {
            // Writing to a string does not fail.
            let _ = writeln!(diff, "--- {name}\n+++ {name}");
        }
        for change in &self.changes {
            let (old, new) = (
                range(change.old_at, change.old.len()),
                range(change.new_at, change.new.len()),
            );
            let _ = writeln!(diff, "@@ -{old} +{new} @@");
            for line in &change.old {
                let _ = writeln!(diff, "-{line}");
            }
            for line in &change.new {
                let _ = writeln!(diff, "+{line}");
            }
        }
        diff
    }
}

/// Lines of a hunk; of none, the line before.
fn range(at: usize, count: usize) -> String {
    match count {
        0 => format!("{},0", at - 1),
        1 => at.to_string(),
        _ => format!("{at},{count}"),
    }
}

/// Lines as they are shown.
fn shown(text: &str, key: &str) -> Vec<String> {
    if is_secret(key) && !text.is_empty() {
        return logical_lines(text)
            .into_iter()
            .map(|line| format!("{}={HIDDEN}", key_of(line).unwrap_or(key)))
            .collect();
    }
    text.lines().map(str::to_owned).collect()
}

fn is_secret(key: &str) -> bool {
    ["password", "secret", "secret.key", "master.key"]
        .iter()
        .any(|end| key.ends_with(end))
}

/// The line with another key; it ends, so that another can follow.
fn renamed(line: &str, key: &str, name: &str) -> String {
    let mut renamed = line.replacen(key, name, 1);
    if !renamed.ends_with(['\n', '\r']) {
        renamed.push('\n');
    }
    renamed
}

/// The key of a line, if it has one that stands there without escapes.
fn key_of(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(BLANKS);
    let key = line.split(['=', ':', ' ', '\t', '\u{c}', '\n', '\r']).next()?;
    (!key.is_empty() && !key.starts_with(['#', '!']) && !key.contains('\\')).then_some(key)
}

/// What Java skips before a key.
const BLANKS: [char; 3] = [' ', '\t', '\u{c}'];

/// Lines with those that they go on in. Comments and blank lines go on nowhere.
fn logical_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        end += line.len();
        let begins = text.get(begin..end).unwrap_or_default().trim_start_matches(BLANKS);
        let bare = line.trim_end_matches(['\n', '\r']);
        let goes_on = (bare.len() - bare.trim_end_matches('\\').len()) % 2 == 1;
        if goes_on && !begins.starts_with(['#', '!']) {
            continue;
        }
        lines.extend(text.get(begin..end));
        begin = end;
    }
    lines.extend(text.get(begin..).filter(|rest| !rest.is_empty()));
    lines
}
