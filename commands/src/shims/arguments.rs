//! The flags of Apache's newer scripts, as their parser (argparse4j) takes them: commands with flags of their own, which may
//! be abbreviated, and short flags.

use std::fmt;

use super::failed::Failed;

/// A flag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Argument {
    /// Its name, without dashes.
    pub(super) name: &'static str,
    /// Its letter.
    pub(super) short: Option<char>,
    /// Whether a value follows.
    pub(super) has_value: bool,
    /// Whether more than one may follow.
    pub(super) has_many: bool,
}

/// A flag with a value.
pub(super) const fn value(name: &'static str, short: Option<char>) -> Argument {
    Argument {
        name,
        short,
        has_value: true,
        has_many: false,
    }
}

/// A flag with one value or more.
pub(super) const fn values(name: &'static str) -> Argument {
    Argument {
        has_many: true,
        ..value(name, None)
    }
}

/// A flag without a value.
pub(super) const fn switch(name: &'static str, short: Option<char>) -> Argument {
    Argument {
        name,
        short,
        has_value: false,
        has_many: false,
    }
}

/// A command of a script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subcommand {
    pub(super) name: &'static str,
    pub(super) arguments: &'static [Argument],
}

/// The flags of a script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grammar {
    /// The script's name, without `.sh`.
    pub(super) script: &'static str,
    /// Flags in front of the command.
    pub(super) arguments: &'static [Argument],
    /// Its commands; none if it has only flags.
    pub(super) commands: &'static [Subcommand],
    /// What it exits with once it has told how it is used.
    pub(super) help_exits: u8,
}

const HELP: Argument = switch("help", Some('h'));
/// The flag, of those scripts that have it, that asks which release this is.
const VERSION: &str = "version";

/// What a command line has.
#[derive(Debug)]
pub(super) struct Given {
    grammar: Grammar,
    /// The command, empty if the script has none.
    pub(super) command: &'static str,
    given: Vec<(&'static str, Option<String>)>,
}

impl Grammar {
    /// Reads a command line.
    pub(super) fn parse(&self, args: &[String]) -> Result<Given, Failed> {
        let mut given = Given {
            grammar: *self,
            command: "",
            given: Vec::new(),
        };
        let mut known: &'static [Argument] = self.arguments;
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') || word == "-" {
                let command = self.commands.iter().find(|command| command.name == word);
                match command.filter(|_| given.command.is_empty()) {
                    Some(command) => {
                        given.command = command.name;
                        known = command.arguments;
                    }
                    None if given.command.is_empty() && !self.commands.is_empty() => {
                        return Err(self.wrong(format!("invalid choice: '{word}'")));
                    }
                    None => return Err(self.wrong(format!("unrecognized arguments: '{word}'"))),
                }
                continue;
            }
            let (argument, attached) = self.find(known, word)?;
            if argument.name == HELP.name {
                let help = self.help();
                return Err(Failed {
                    code: self.help_exits,
                    apaches_code: self.help_exits,
                    ..help
                });
            }
            if argument.name == VERSION {
                return Err(Failed::version());
            }
            let value = match (argument.has_value, attached) {
                (false, _) => None,
                (true, Some(attached)) => Some(attached),
                (true, None) => {
                    // A number below zero is a value, all else that begins with a dash a flag.
                    let is_value = |next: &&String| !next.starts_with('-') || next.parse::<f64>().is_ok();
                    let next = words.as_slice().first().filter(is_value).cloned();
                    words.next();
                    Some(
                        next.ok_or_else(|| self.wrong(format!("argument --{}: expected one argument", argument.name)))?,
                    )
                }
            };
            given.given.push((argument.name, value));
            while argument.has_many
                && let Some(next) = words.as_slice().first().filter(|next| !next.starts_with('-'))
            {
                given.given.push((argument.name, Some(next.clone())));
                words.next();
            }
        }
        if given.command.is_empty() && !self.commands.is_empty() {
            return Err(self.wrong("too few arguments"));
        }
        Ok(given)
    }

    /// The flag that a word is, whole or in part, with the value that is attached to it.
    fn find(&self, known: &'static [Argument], word: &str) -> Result<(Argument, Option<String>), Failed> {
        let unknown = || self.wrong(format!("unrecognized arguments: '{word}'"));
        let all = || known.iter().chain(std::iter::once(&HELP));
        if let Some(long) = word.strip_prefix("--") {
            let (name, attached) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            if let Some(exact) = all().find(|argument| argument.name == name) {
                return Ok((*exact, attached));
            }
            let meant: Vec<&Argument> = all().filter(|argument| argument.name.starts_with(name)).collect();
            return match only(&meant) {
                Some(argument) => Ok((argument, attached)),
                None if meant.len() > 1 => Err(self.wrong(format!("ambiguous option: {word} could match several"))),
                None => Err(unknown()),
            };
        }
        let mut letters = word.chars().skip(1);
        let letter = letters.next();
        let found = all().find(|argument| argument.short.is_some() && argument.short == letter);
        let rest: String = letters.collect();
        match found {
            Some(argument) if rest.is_empty() => Ok((*argument, None)),
            Some(argument) if argument.has_value => {
                Ok((*argument, Some(rest.strip_prefix('=').unwrap_or(&rest).to_owned())))
            }
            _ => Err(unknown()),
        }
    }

    /// What is wrong with a command line, on stderr.
    pub(super) fn wrong(&self, message: impl fmt::Display) -> Failed {
        Failed::on_stderr(format!("{self}\n{}: error: {message}", self.script))
    }

    /// How the script is used, on stdout.
    pub(super) fn help(&self) -> Failed {
        let mut help = Failed::on_stdout(self);
        help.code = 0;
        help.apaches_code = 0;
        help
    }

    /// All flags, behind their commands.
    pub(super) fn names(&self) -> Vec<String> {
        let own = self.arguments.iter().map(|argument| format!("--{}", argument.name));
        let of_commands = self.commands.iter().flat_map(|command| {
            let flags = command
                .arguments
                .iter()
                .map(|argument| format!("{} --{}", command.name, argument.name));
            std::iter::once(command.name.to_owned()).chain(flags)
        });
        own.chain(of_commands).collect()
    }
}

/// The only one of several.
fn only(meant: &[&Argument]) -> Option<Argument> {
    match meant {
        [one] => Some(**one),
        _ => None,
    }
}

/// How the script is used.
impl fmt::Display for Grammar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = |arguments: &[Argument]| {
            let flag = |argument: &Argument| {
                let value = if argument.has_value { " VALUE" } else { "" };
                format!(" [--{}{value}]", argument.name)
            };
            arguments.iter().map(flag).collect::<String>()
        };
        write!(out, "usage: {}.sh [-h]{}", self.script, flags(self.arguments))?;
        for command in self.commands {
            write!(out, "\n  {}{}", command.name, flags(command.arguments))?;
        }
        Ok(())
    }
}

impl Given {
    /// Whether a flag was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == name)
    }

    /// The last value of a flag.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).pop()
    }

    /// All values of a flag.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        let given = self.given.iter().filter(|(given, _)| *given == name);
        given.filter_map(|(_, value)| value.as_deref()).collect()
    }

    /// The value of a flag that has to be given.
    pub(super) fn require(&self, name: &str) -> Result<&str, Failed> {
        self.value(name)
            .ok_or_else(|| self.wrong(format!("argument --{name} is required")))
    }

    /// A number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failed> {
        let number = |text: &str| {
            let wrong = |_| self.wrong(format!("argument --{name}: could not convert '{text}' to a number"));
            text.parse().map_err(wrong)
        };
        self.value(name).map(number).transpose()
    }

    /// The servers: exactly one of brokers and controllers, and whether it is the latter.
    pub(super) fn servers(&self) -> Result<(&str, bool), Failed> {
        match (self.value("bootstrap-server"), self.value("bootstrap-controller")) {
            (Some(servers), None) => Ok((servers, false)),
            (None, Some(controllers)) => Ok((controllers, true)),
            (None, None) => {
                Err(self.wrong("one of the arguments --bootstrap-server --bootstrap-controller is required"))
            }
            (Some(_), Some(_)) => {
                Err(self.wrong("argument --bootstrap-controller: not allowed with argument --bootstrap-server"))
            }
        }
    }

    /// What is wrong with the command line.
    pub(super) fn wrong(&self, message: impl fmt::Display) -> Failed {
        self.grammar.wrong(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar {
        script: "kafka-test",
        arguments: &[
            value("bootstrap-server", None),
            value("bootstrap-controller", None),
            values("property"),
        ],
        commands: &[Subcommand {
            name: "describe",
            arguments: &[value("id", Some('i')), switch("status", None)],
        }],
        help_exits: 0,
    };

    fn parse(line: &str) -> Result<Given, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        GRAMMAR.parse(&words).map_err(|failed| failed.err + &failed.out)
    }

    #[test]
    fn commands_have_flags_of_their_own_that_may_be_cut_off() {
        let given = parse("--bootstrap-s=a describe --stat -i 5").unwrap();
        assert_eq!(
            (given.command, given.value("id"), given.has("status")),
            ("describe", Some("5"), true)
        );
        assert_eq!(given.servers().unwrap(), ("a", false));
        assert!(
            parse("--property a=1 describe").is_err(),
            "a command is a value like any other"
        );
        let given = parse("--property a=1 b=2 --bootstrap-server=a describe").unwrap();
        assert_eq!(
            (given.values("property"), given.command),
            (vec!["a=1", "b=2"], "describe")
        );
        assert_eq!(parse("describe -i-5").unwrap().number::<i32>("id").unwrap(), Some(-5));
        assert_eq!(parse("describe --id -5").unwrap().value("id"), Some("-5"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |line: &str| parse(line).unwrap_err();
        assert!(wrong("--bootstrap a describe").contains("ambiguous option"));
        assert!(wrong("--status describe").contains("unrecognized arguments: '--status'"));
        assert!(wrong("describe --id").contains("argument --id: expected one argument"));
        assert!(wrong("describe --id --status").contains("expected one argument"));
        assert!(wrong("nope").contains("invalid choice: 'nope'"));
        assert!(wrong("--bootstrap-server a").contains("too few arguments"));
        assert!(wrong("describe -h").contains("usage: kafka-test.sh"));
        assert!(parse("describe").unwrap().servers().is_err());
    }
}
