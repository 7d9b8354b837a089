//! docs/PARITY.md names commands and flags of kfleet's that there are.

use clap::{Arg, Command};

/// What stands in backticks and is kfleet's, in the tables.
fn named(document: &str) -> Vec<&str> {
    let rows = document.lines().filter(|line| line.starts_with("| "));
    let spans = rows.flat_map(|row| row.split('`').skip(1).step_by(2));
    spans
        .filter(|span| *span == "kfleet" || span.starts_with("kfleet "))
        .collect()
}

fn takes(arg: &Arg, value: &str) -> bool {
    // What stands for something is in capitals.
    value.chars().next().is_some_and(char::is_uppercase)
        || arg
            .get_possible_values()
            .iter()
            .any(|known| known.matches(value, false))
}

fn is_flag(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
}

/// What is wrong with a command line, as far as it goes.
fn wrong(definition: &Command, span: &str) -> Option<String> {
    let mut command = definition;
    let mut flag: Option<&Arg> = None;
    for word in span.split(' ').skip(1) {
        if let Some(name) = word.strip_prefix("--") {
            flag = command.get_arguments().find(|arg| is_flag(arg, name));
            if flag.is_none() {
                return Some(format!("{span}: no flag {word}"));
            }
        } else if let Some(flag) = flag {
            if !takes(flag, word) {
                return Some(format!("{span}: no value {word}"));
            }
        } else if let Some(inner) = command.find_subcommand(word) {
            command = inner;
        } else if !command.get_positionals().any(|arg| takes(arg, word)) {
            return Some(format!("{span}: no command {word}"));
        }
    }
    None
}

#[test]
fn commands_and_flags_of_the_parity_table_exist() {
    let mut definition = crate::definition();
    definition.build();
    let document = include_str!("../../../docs/PARITY.md");
    let named = named(document);
    assert!(named.len() > 300, "{} names", named.len());
    let wrong: Vec<String> = named.iter().filter_map(|span| wrong(&definition, span)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_does_not_exist_is_found() {
    let mut definition = crate::definition();
    definition.build();
    for there in [
        "kfleet check min-isr",
        "kfleet logs dump --decoder metadata",
        "kfleet --output wide",
    ] {
        assert_eq!(wrong(&definition, there), None);
    }
    for missing in [
        "kfleet nope",
        "kfleet topics list --nope",
        "kfleet logs dump --decoder nope",
        "kfleet check nope",
    ] {
        assert!(wrong(&definition, missing).is_some(), "{missing}");
    }
}
