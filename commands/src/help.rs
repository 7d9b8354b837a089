//! How help is laid out: what a command does, examples of it, and then everything else.

use clap::Command;

/// What heads examples.
const HEADS: [&str; 2] = ["Examples:", "Example:"];

/// clap's own, but for the examples, which stand before the usage.
const TEMPLATE: &str = "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// Of all commands together.
const EXAMPLES: &str = "Examples:
  kfleet sandbox -- kfleet topics create orders --yes
  kfleet topics describe --under-replicated -b localhost:9092
  kfleet groups describe billing --watch
  kfleet check all --profile prod
  kfleet topics list -o json | jq -r '.data[].name'";

/// Variables, and where secrets are and where they are not.
const ENVIRONMENT: &str = "Environment:
  KFLEET_BOOTSTRAP_SERVER  as --bootstrap-server
  KFLEET_COMMAND_CONFIG    as --command-config
  KFLEET_PROFILE           as --profile
  KFLEET_CONFIG            the profile file, if not ~/.config/kfleet/config.toml
  KFLEET_AUDIT_LOG         a file to which each change is appended: who, where, when, what
  KFLEET_SHIM_EXIT=apache  Apache's exit codes for scripts under Apache's names
  RUST_LOG                 as -v with debug, and as -vv with trace

No flag takes a secret. Passwords are in the file of --command-config, or come from a
terminal, a file or stdin, and are in no output and no log. The HMAC of a delegation token
is printed once, by tokens create.";

/// Puts the examples of a command, and of those below it, in front; one that only has others below it shows one example of each.
pub(crate) fn examples_first(command: Command) -> Command {
    let command = command.mut_subcommands(examples_first);
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (examples, rest) = split(&after);
    let examples = examples.or_else(|| below(&command));
    let command = match (examples, more(&command)) {
        (Some(examples), Some(more)) => command
            .long_about(None::<&str>)
            .before_long_help(format!("{examples}\n\n{more}"))
            .before_help(examples),
        (Some(examples), None) => command.before_help(examples),
        (None, _) => command,
    };
    let command = command.help_template(TEMPLATE);
    if rest.is_empty() {
        command.after_help(None::<&str>)
    } else {
        command.after_help(rest)
    }
}

/// What a command says of itself behind its first paragraph, which is all that stands before the examples.
fn more(command: &Command) -> Option<String> {
    let long = command.get_long_about()?.to_string();
    Some(long.split_once("\n\n")?.1.to_owned())
}

/// The same of a command whose examples stand in front by now.
pub(crate) fn description(command: &Command) -> Option<String> {
    let (long, examples) = (command.get_before_long_help()?, command.get_before_help()?);
    let more = long.to_string().strip_prefix(&examples.to_string())?.trim().to_owned();
    Some(more)
}

/// Of the program itself.
pub(crate) fn of_program(command: Command) -> Command {
    examples_first(command)
        .before_help(EXAMPLES)
        .after_help(format!("{}\n\n{ENVIRONMENT}", exit_codes()))
}

/// Examples up to the next empty line, and everything else.
fn split(text: &str) -> (Option<String>, String) {
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    let (examples, rest): (Vec<&str>, Vec<&str>) = paragraphs
        .into_iter()
        .partition(|paragraph| HEADS.iter().any(|head| paragraph.starts_with(head)));
    ((!examples.is_empty()).then(|| examples.join("\n\n")), rest.join("\n\n"))
}

/// The first example of each command below.
fn below(command: &Command) -> Option<String> {
    let visible = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    let firsts = visible.filter_map(|inner| {
        let examples = inner.get_before_help()?.to_string();
        let is_first = |line: &&str| line.starts_with("  ");
        Some(examples.lines().find(is_first)?.to_owned())
    });
    let firsts: Vec<String> = firsts.collect();
    (!firsts.is_empty()).then(|| format!("Examples:\n{}", firsts.join("\n")))
}

/// The exit codes, which go for all commands.
fn exit_codes() -> String {
    let line = |(codes, meaning): &(&str, &str)| format!("  {codes:<8}  {meaning}");
    let lines: Vec<String> = crate::exit_codes::MEANINGS.iter().map(line).collect();
    format!("Exit codes:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(command: &mut Command, path: &str, check: &mut dyn FnMut(&str, &mut Command)) {
        check(path, command);
        let names: Vec<String> = command
            .get_subcommands()
            .map(|inner| inner.get_name().to_owned())
            .collect();
        for name in names {
            let inner = command.find_subcommand_mut(&name).unwrap();
            if !inner.is_hide_set() {
                each(inner, &format!("{path} {name}"), check);
            }
        }
    }

    #[test]
    fn help_of_every_command_starts_with_examples_of_that_command() {
        let mut seen = 0;
        each(&mut crate::definition(), "kfleet", &mut |path, command| {
            for help in [
                command.render_help().to_string(),
                command.render_long_help().to_string(),
            ] {
                let before = help.split("Usage:").next().unwrap();
                let title = before.split("Example").next().unwrap().trim();
                assert!(!title.is_empty() && !title.contains("\n\n"), "{path}: {title}");
                let examples = before.split_once("Example").map_or("", |(_, examples)| examples);
                let shown: Vec<&str> = examples.lines().skip(1).filter(|line| !line.is_empty()).collect();
                assert!(!shown.is_empty(), "{path} has no examples before its usage:\n{help}");
                assert!(
                    shown.iter().any(|line| line.contains(path)),
                    "none is of {path}: {shown:?}"
                );
                assert!(
                    !help.split("Usage:").skip(1).any(|rest| rest.contains("Example")),
                    "{path}"
                );
            }
            seen += 1;
        });
        assert!(seen > 100, "only {seen} commands");
    }

    /// What is said of a variant takes the place of all that its arguments say of themselves.
    #[test]
    fn what_arguments_say_of_themselves_is_told() {
        fn files(dir: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => files(&path, found),
                    false => found.push(path),
                }
            }
        }
        let mut sources = Vec::new();
        files(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut sources,
        );
        let (mut variants, mut said) = (0, Vec::new());
        for path in sources {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let payload = line.strip_suffix("),").and_then(|line| line.split_once('('));
                let is_variant = payload.is_some_and(|(name, args)| {
                    let is_name = name.starts_with("    ") && name[4..].starts_with(char::is_uppercase);
                    is_name && args.trim_end_matches('>').ends_with("Args")
                });
                variants += usize::from(is_variant);
                let before = lines[..at]
                    .iter()
                    .rev()
                    .find(|line| !line.trim_start().starts_with("#["));
                if is_variant && before.is_some_and(|line| line.trim_start().starts_with("///")) {
                    said.push(format!("{}:{}", path.display(), at + 1));
                }
            }
        }
        assert!(variants > 80, "only {variants} were found");
        assert_eq!(said, Vec::<String>::new());
        let mut profiles = crate::definition();
        let list = profiles
            .find_subcommand_mut("profiles")
            .unwrap()
            .find_subcommand_mut("list");
        let help = list.unwrap().render_long_help().to_string();
        assert!(help.contains("KFLEET_CONFIG"), "{help}");
    }

    #[test]
    fn examples_are_taken_out_of_what_stands_around_them() {
        let split = |text| {
            let (examples, rest) = split(text);
            (examples.unwrap_or_default(), rest)
        };
        assert_eq!(
            split("A.\n\nExamples:\n  a\n  b"),
            ("Examples:\n  a\n  b".to_owned(), "A.".to_owned())
        );
        assert_eq!(
            split("Example:\n  a\n\nB."),
            ("Example:\n  a".to_owned(), "B.".to_owned())
        );
        assert_eq!(split("For Example: no"), (String::new(), "For Example: no".to_owned()));
        assert_eq!(split(""), (String::new(), String::new()));
    }

    #[test]
    fn every_exit_code_is_told() {
        let source = include_str!("exit_codes.rs");
        let consts = source
            .lines()
            .filter(|line| line.starts_with("pub const") && line.contains(": u8"));
        let codes: Vec<&str> = consts
            .map(|line| line.rsplit_once("= ").unwrap().1.trim_end_matches(';'))
            .collect();
        let told: Vec<&str> = crate::exit_codes::MEANINGS
            .iter()
            .flat_map(|(codes, _)| codes.split(", "))
            .collect();
        let missing: Vec<&&str> = codes.iter().filter(|code| !told.contains(code)).collect();
        assert!(codes.len() > 10 && missing.is_empty(), "{missing:?}");
        let help = crate::definition().render_long_help().to_string();
        assert!(
            crate::exit_codes::MEANINGS
                .iter()
                .all(|(_, meaning)| help.contains(&meaning[..8])),
            "{help}"
        );
    }
}
