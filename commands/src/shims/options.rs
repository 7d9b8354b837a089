//! The flags of Apache's older scripts, as their parser (jopt-simple, without abbreviations) takes them: `--flag value`,
//! `--flag=value`, `-flag`, flags that may be repeated, and `--` before what is no flag.

use std::fmt;
use std::str::FromStr;

use super::failed::{Failed, Throwable};

/// What follows a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing.
    Nothing,
    /// A value, whatever it looks like.
    Value(&'static str),
    /// A value, unless the next word looks like a flag.
    Optional(&'static str),
}

/// A flag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opt {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
}

/// A flag without a value.
pub(super) const fn flag(name: &'static str) -> Opt {
    Opt {
        name,
        takes: Takes::Nothing,
    }
}

/// A flag with a value of this kind.
pub(super) const fn valued(name: &'static str, of: &'static str) -> Opt {
    Opt {
        name,
        takes: Takes::Value(of),
    }
}

/// A flag with a value that may be left out.
pub(super) const fn optional(name: &'static str, of: &'static str) -> Opt {
    Opt {
        name,
        takes: Takes::Optional(of),
    }
}

/// Flags that every such script has.
const COMMON: [Opt; 2] = [flag("help"), flag("version")];

/// The flags of a script.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    /// The script's name, without `.sh`.
    pub(super) script: &'static str,
    /// Its own flags.
    pub(super) options: &'static [Opt],
}

impl Syntax {
    /// All flags.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Opt> + use<> {
        self.options.iter().chain(&COMMON)
    }

    fn find(&self, name: &str) -> Option<&'static Opt> {
        self.all().find(|option| option.name == name)
    }

    /// Reads a command line.
    pub(super) fn parse(&self, args: &[String]) -> Result<Parsed, Throwable> {
        let mut parsed = Parsed {
            syntax: *self,
            given: Vec::new(),
        };
        let mut words = args.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                break;
            }
            let Some(named) = dashed(word) else { continue };
            let (name, attached) = match named.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (named, None),
            };
            let Some(option) = self.find(name) else {
                return Err(unrecognized(word, name));
            };
            let value = match option.takes {
                Takes::Nothing => None,
                Takes::Value(_) | Takes::Optional(_) if attached.is_some() => attached.map(str::to_owned),
                Takes::Value(_) => Some(words.next().cloned().ok_or_else(|| missing(name))?),
                Takes::Optional(_) => {
                    let rest = words.as_slice();
                    let next = rest.first().filter(|next| dashed(next).is_none() && *next != "--");
                    if next.is_some() {
                        words.next();
                    }
                    next.cloned()
                }
            };
            parsed.given.push((option.name, value));
        }
        Ok(parsed)
    }

    /// Reads a command line, and does what --help and --version ask for. What is wrong goes to stderr.
    pub(super) fn parse_or_help(&self, args: &[String]) -> Result<Parsed, Failed> {
        let parsed = self.parse(args).map_err(|wrong| Failed::on_stderr(wrong.message))?;
        if parsed.has("help") {
            return Err(self.usage(""));
        }
        if parsed.has("version") {
            return Err(Failed::version());
        }
        Ok(parsed)
    }

    /// What is wrong with a command line, and how it should be, on stderr.
    pub(super) fn usage(&self, wrong: impl fmt::Display) -> Failed {
        let wrong = wrong.to_string();
        let first = if wrong.is_empty() {
            String::new()
        } else {
            format!("{wrong}\n")
        };
        Failed::on_stderr(format!("{first}{self}"))
    }
}

/// How the script is used.
impl fmt::Display for Syntax {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "usage: {}.sh [flags], as of Apache Kafka 4.3.1:", self.script)?;
        let mut options: Vec<&Opt> = self.all().collect();
        options.sort_by_key(|option| option.name);
        for option in options {
            match option.takes {
                Takes::Nothing => writeln!(out, "  --{}", option.name)?,
                Takes::Value(of) => writeln!(out, "  --{} <{of}>", option.name)?,
                Takes::Optional(of) => writeln!(out, "  --{} [{of}]", option.name)?,
            }
        }
        write!(
            out,
            "docs/PARITY.md tells what each flag is in kfleet's own commands, docs/SHIMS.md what differs."
        )
    }
}

/// What a word names if it is a flag.
fn dashed(word: &str) -> Option<&str> {
    let named = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    Some(named).filter(|named| !named.is_empty())
}

fn unrecognized(word: &str, name: &str) -> Throwable {
    // After one dash each letter would be a flag of its own.
    let of_cluster = name.get(..name.chars().next().map_or(0, char::len_utf8));
    let shown = if word.starts_with("--") {
        name
    } else {
        of_cluster.unwrap_or(name)
    };
    Throwable::new(
        "joptsimple.UnrecognizedOptionException",
        format!("{shown} is not a recognized option"),
    )
}

fn missing(name: &str) -> Throwable {
    Throwable::new(
        "joptsimple.OptionMissingRequiredArgumentException",
        format!("Option {name} requires an argument"),
    )
}

/// What a command line has.
#[derive(Debug, Clone)]
pub(super) struct Parsed {
    syntax: Syntax,
    given: Vec<(&'static str, Option<String>)>,
}

impl Parsed {
    fn of<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Option<String>> {
        let name = name.to_owned();
        debug_assert!(self.syntax.find(&name).is_some(), "no flag --{name}");
        let given = self.given.iter().filter(move |(given, _)| *given == name);
        given.map(|(_, value)| value)
    }

    /// Whether a flag was given.
    pub(super) fn has(&self, name: &str) -> bool {
        self.of(name).next().is_some()
    }

    /// All values of a flag.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        self.of(name).filter_map(Option::as_deref).collect()
    }

    /// The value of a flag that is given at most once.
    pub(super) fn value(&self, name: &str) -> Result<Option<&str>, Throwable> {
        match self.values(name)[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(Throwable::new(
                "joptsimple.MultipleArgumentsForOptionException",
                format!("Found multiple arguments for option {name}, but you asked for only one"),
            )),
        }
    }

    /// A value as a number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Throwable> {
        let number = |text: &str| {
            // Java takes a sign in front, as Rust does.
            text.parse().map_err(|_| {
                Throwable::new(
                    "joptsimple.OptionArgumentConversionException",
                    format!("Cannot parse argument '{text}' of option {name}"),
                )
            })
        };
        self.value(name)?.map(number).transpose()
    }

    /// Values of these flags in the order they were given.
    pub(super) fn in_order<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = Option<&'a str>> {
        let given = self.given.iter().filter(move |(name, _)| names.contains(name));
        given.map(|(_, value)| value.as_deref())
    }

    /// Insists on flags.
    pub(super) fn require(&self, names: &[&str]) -> Result<(), Failed> {
        match names.iter().find(|name| !self.has(name)) {
            Some(name) => Err(self.usage(format!("Missing required argument \"[{name}]\""))),
            None => Ok(()),
        }
    }

    /// Refuses flags beside another.
    pub(super) fn exclude(&self, used: &str, others: &[&str]) -> Result<(), Failed> {
        if !self.has(used) {
            return Ok(());
        }
        match others.iter().find(|other| self.has(other)) {
            Some(other) => Err(self.usage(format!("Option \"[{used}]\" can't be used with option \"[{other}]\""))),
            None => Ok(()),
        }
    }

    /// The command line makes no sense.
    pub(super) fn usage(&self, wrong: impl fmt::Display) -> Failed {
        self.syntax.usage(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNTAX: Syntax = Syntax {
        script: "kafka-test",
        options: &[flag("list"), valued("topic", "String"), optional("state", "String")],
    };

    fn parse(line: &str) -> Result<Parsed, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        SYNTAX.parse(&words).map_err(|wrong| wrong.message)
    }

    #[test]
    fn flags_have_values_behind_a_blank_or_an_equals_sign() {
        let parsed = parse("--list --topic=a=b junk -topic --list").unwrap();
        assert!(parsed.has("list") && !parsed.has("state"));
        assert_eq!(parsed.values("topic"), ["a=b", "--list"]);
        assert!(
            parsed
                .value("topic")
                .unwrap_err()
                .message
                .contains("multiple arguments")
        );
        assert_eq!(parse("--topic -- --list").unwrap().values("topic"), ["--"]);
        assert!(!parse("-- --list").unwrap().has("list"));
    }

    #[test]
    fn a_value_that_may_be_left_out_does_not_look_like_a_flag() {
        assert_eq!(parse("--state stable,empty").unwrap().values("state"), ["stable,empty"]);
        let parsed = parse("--state --list").unwrap();
        assert!(parsed.has("state") && parsed.has("list") && parsed.values("state").is_empty());
        assert_eq!(parse("--state=x --list").unwrap().values("state"), ["x"]);
        assert_eq!(parse("--state -").unwrap().values("state"), ["-"]);
    }

    #[test]
    fn what_is_wrong_is_told_in_the_words_scripts_know() {
        assert_eq!(parse("--tpoic x").unwrap_err(), "tpoic is not a recognized option");
        assert_eq!(parse("--topi=x").unwrap_err(), "topi is not a recognized option");
        assert_eq!(parse("-help-me").unwrap_err(), "h is not a recognized option");
        assert_eq!(parse("--topic").unwrap_err(), "Option topic requires an argument");
        let parsed = parse("--topic 1x").unwrap();
        let wrong = parsed.number::<i32>("topic").unwrap_err().message;
        assert_eq!(wrong, "Cannot parse argument '1x' of option topic");
    }
}
