//! What the README shows is what there is.

use std::path::Path;

use crate::support::kfleet;

fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// Numbers differ from run to run, but for those of the steps' own.
fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    for c in line.trim().chars() {
        match (c.is_ascii_digit(), out.ends_with('#')) {
            (true, true) => {}
            (true, false) => out.push('#'),
            (false, _) => out.push(c),
        }
    }
    out
}

#[test]
fn the_tour_prints_what_the_readme_says() {
    let readme = readme();
    let shown = readme
        .lines()
        .skip_while(|line| !line.ends_with("-- tour"))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let shown: Vec<String> = shown.map(without_numbers).collect();
    let ran = kfleet(&["tour"]).exits(0);
    let printed: Vec<String> = ran.lines().into_iter().map(without_numbers).collect();
    assert_eq!(printed, shown);
}

#[test]
fn the_table_of_exit_codes_is_the_one_in_the_code() {
    let source = include_str!("../../commands/src/exit_codes.rs");
    let readme = readme();
    let mut codes = Vec::new();
    for line in source.lines().filter(|line| line.starts_with("pub const")) {
        codes.push(line.rsplit_once("= ").unwrap().1.trim_end_matches(';').to_owned());
    }
    let rows = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let shown: Vec<&str> = rows.flat_map(|cell| cell.split(", ")).collect();
    let missing: Vec<&String> = codes.iter().filter(|code| !shown.contains(&code.as_str())).collect();
    assert!(codes.len() > 10 && missing.is_empty(), "not in the README: {missing:?}");
}

/// "`kfleet topics list`, `create`" in the right column stand for `kfleet topics list` and `kfleet topics create`.
#[test]
fn commands_of_the_readme_exist() {
    let readme = readme();
    let table = readme.split("| Kafka's script | kfleet |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut checked = 0;
    for row in rows {
        let mut words: Vec<&str> = Vec::new();
        let cell = row.split('|').nth(2).unwrap();
        for quoted in cell.split('`').skip(1).step_by(2) {
            match quoted.strip_prefix("kfleet ") {
                Some(command) => words = command.split(' ').collect(),
                None => *words.last_mut().unwrap() = quoted,
            }
            let named: Vec<&str> = words
                .iter()
                .copied()
                .take_while(|word| !word.starts_with('-'))
                .collect();
            kfleet(&[&named[..], &["--help"]].concat()).exits(0);
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} were found");
}
