//! What the documents say of the shims.

use std::collections::BTreeSet;
use std::path::Path;

use super::apache::Apache;
use crate::support::kfleet;

fn document(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// In what two runs differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Differs {
    pub(super) text: bool,
    pub(super) exit: bool,
}

/// A difference that is meant.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) id: String,
    pub(super) differs: Differs,
}

/// Cells of the rows of tables that have so many.
fn rows(text: &str, cells: usize) -> impl Iterator<Item = Vec<&str>> {
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    rows.filter(move |row| row.len() == cells)
}

/// Rows of docs/SHIMS.md: id, what differs, how, why.
pub(super) fn differences() -> Vec<Difference> {
    let text = document("SHIMS.md");
    let rows = rows(&text, 4).filter(|row| row[0].starts_with('`'));
    let difference = |row: Vec<&str>| Difference {
        id: row[0].trim_matches('`').to_owned(),
        differs: Differs {
            text: row[1].contains("stdout"),
            exit: row[1].contains("exit"),
        },
    };
    rows.map(difference).collect()
}

#[test]
fn differences_that_are_listed_are_shown_by_a_case() {
    let known = differences();
    assert!(known.len() > 2 && known.iter().all(|known| known.differs != Differs::default()));
    let directories = ["cases", "cases/three", "cases/dirs"];
    let files = directories.into_iter().flat_map(super::files);
    let cases: Vec<super::case::Line> = files.flat_map(|(_, path)| super::case::read(&path)).collect();
    for difference in known {
        let is_shown = cases.iter().any(|line| match &line.step {
            super::Step::Case(case) => case.differs.as_ref() == Some(&difference.id),
            _ => false,
        });
        assert!(is_shown, "no case shows the difference {}", difference.id);
    }
}

/// A row of docs/PARITY.md for each flag: script, flag, kfleet's, shim.
#[test]
fn each_flag_of_a_shim_has_a_row() {
    let text = document("PARITY.md");
    let known: Vec<(String, String)> = rows(&text, 4)
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].trim_matches('`').to_owned()))
        .collect();
    let listed = kfleet(&["shims", "list", "-o", "json"]).exits(0).data();
    let mut count = 0;
    for shim in listed.as_array().unwrap() {
        let script = shim["name"].as_str().unwrap();
        for flag in shim["flags"].as_array().unwrap() {
            let row = (script.to_owned(), flag.as_str().unwrap().to_owned());
            assert!(
                known.contains(&row),
                "docs/PARITY.md has no row for {} {}",
                row.0,
                row.1
            );
            count += 1;
        }
    }
    assert!(count > 30, "{count} flags");
}

/// Flags that Apache's help has, as a line of it begins with them.
fn flags_of(help: &str) -> impl Iterator<Item = &str> {
    let words = help
        .lines()
        .filter_map(|line| line.trim_start().split([' ', ',', '=', ')']).next());
    // The line below the heads of columns is of hyphens, too.
    words.filter(|word| {
        word.strip_prefix("--")
            .is_some_and(|name| name.starts_with(char::is_alphabetic))
    })
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn each_flag_of_apaches_help_has_a_row() {
    let text = document("PARITY.md");
    let rows: Vec<Vec<&str>> = rows(&text, 4).collect();
    let scripts: BTreeSet<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let mut apache = Apache::start();
    let (mut missing, mut count) = (Vec::new(), 0);
    for script in scripts.iter().filter(|script| script.starts_with("kafka-")) {
        let ran = apache.run(script, "", &["--help".to_owned()]);
        let help = ran.stdout + &ran.stderr;
        for flag in flags_of(&help) {
            count += 1;
            let is_row = |row: &Vec<&str>| {
                let mut words = row[1].trim_matches('`').split(' ');
                row[0].trim_matches('`') == *script && words.next_back() == Some(flag)
            };
            if !rows.iter().any(is_row) {
                missing.push(format!("{script} {flag}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    assert!(count > 200, "{count} flags");
}

/// How many invocations are compared at least, on each engine.
const INVOCATIONS_MIN: usize = 150;

#[test]
fn enough_invocations_are_compared() {
    for engine in ["kfleet", "apache"] {
        let files = super::files("cases").into_iter();
        let lines = files.flat_map(|(_, path)| super::case::read(&path));
        let count = lines
            .filter(|line| line.is_on(engine) && matches!(line.step, super::Step::Case(_)))
            .count();
        assert!(count >= INVOCATIONS_MIN, "{count} on {engine}");
    }
}
