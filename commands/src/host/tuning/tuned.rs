//! What the active profile of tuned sets after the files of sysctl.d.

use super::journal::Pair;
use crate::host::facts::{Facts, Root, fields, normal};

/// Folders with profiles, the ones that count more first.
const FOLDERS: [&str; 4] = [
    "etc/tuned/profiles",
    "etc/tuned",
    "usr/lib/tuned/profiles",
    "usr/lib/tuned",
];
/// Most profiles that are read: profiles include others, and may do so in a circle.
const PROFILES_MAX: usize = 32;

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Profile {
    /// Its name.
    pub(crate) name: String,
    /// Its file.
    pub(crate) file: String,
    /// Sysctls it sets.
    pub(crate) settings: Vec<Pair>,
}

/// The active profiles and those they include, where tuned does not apply sysctl.d after them, as it does by default.
pub(crate) fn overriding(root: &Root, facts: &Facts) -> Vec<Profile> {
    if facts.tuned_reapplies {
        return Vec::new();
    }
    let mut names: Vec<String> = facts.tuned.value().into_iter().flat_map(|names| words(names)).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(name) = names.get(at).filter(|_| at < PROFILES_MAX).cloned() {
        at += 1;
        let paths = FOLDERS.iter().map(|folder| format!("{folder}/{name}/tuned.conf"));
        let read = |path: String| Some((root.text(&path).value()?.clone(), path));
        let Some((text, path)) = paths.into_iter().find_map(read) else {
            continue;
        };
        let (includes, settings) = parse(&text);
        for include in includes {
            if !names.contains(&include) {
                names.push(include);
            }
        }
        found.push(Profile {
            name,
            file: format!("/{path}"),
            settings,
        });
    }
    found
}

/// Names of profiles; one that leads elsewhere is none.
fn words(text: &str) -> Vec<String> {
    let names = text.split([' ', ',', '\t', '\n']);
    names
        .filter(|name| !name.is_empty() && !name.contains('/'))
        .map(str::to_owned)
        .collect()
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let (key, value) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))?;
    Some((key.trim(), value.trim()))
}

/// The profiles that a profile includes, and what it sets.
fn parse(text: &str) -> (Vec<String>, Vec<Pair>) {
    let (mut includes, mut settings) = (Vec::new(), Vec::new());
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            section = name;
        }
        match (section, assignment(line)) {
            ("main", Some(("include", names))) => includes.extend(words(names)),
            // A value after > only raises, and one with a variable is known to tuned alone.
            ("sysctl", Some((key, value))) if !value.starts_with('>') && !value.contains('$') => {
                settings.push(Pair {
                    key: normal(key),
                    value: fields(value.trim_matches('"')),
                });
            }
            _ => {}
        }
    }
    (includes, settings)
}
