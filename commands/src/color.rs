//! Whether text is coloured: on a terminal, unless somebody has said otherwise.

use std::ffi::OsString;

use clap::{ColorChoice, ValueEnum};

/// When there is colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set; CLICOLOR_FORCE stands for a terminal
    #[default]
    Auto,
    /// Wherever it goes
    Always,
    /// Nowhere
    Never,
}

/// What people write to be followed by what is plain again.
const PLAIN: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";

/// What lines for people start with, and how that looks.
const LABELS: [(&str, &str); 3] = [
    ("error:", "\u{1b}[1;31m"),
    ("warning:", "\u{1b}[1;33m"),
    ("hint:", "\u{1b}[1;36m"),
];

impl Color {
    /// Whether what goes to a terminal, or to something else, is coloured.
    pub(crate) fn is_on(self, is_terminal: bool) -> bool {
        self.is_on_with(is_terminal, |name| std::env::var_os(name))
    }

    /// As no-color.org and bixense.com/clicolors have it; a variable that is empty says nothing.
    fn is_on_with(self, is_terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR").is_some() => false,
            Self::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Self::Auto if set("CLICOLOR").is_some_and(|value| value == "0") => false,
            Self::Auto => is_terminal && set("TERM").is_some_and(|terminal| terminal != "dumb"),
        }
    }

    /// The same for help and for what is wrong with a command line, where it is known whether a terminal reads it.
    pub(crate) const fn of_help(self) -> ColorChoice {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
    }

    /// What a command line says, before it is known whether the rest of it makes sense.
    pub(crate) fn asked_for(words: impl IntoIterator<Item = OsString>) -> Self {
        let mut words = words.into_iter();
        let mut asked = Self::default();
        while let Some(word) = words.next() {
            let Some(word) = word.to_str() else { continue };
            let value = match word.split_once('=') {
                Some(("--color", value)) => Some(value.to_owned()),
                None if word == "--color" => words.next().and_then(|value| value.into_string().ok()),
                None if word == "--" => break,
                _ => None,
            };
            if let Some(color) = value.and_then(|value| Self::from_str(&value, false).ok()) {
                asked = color;
            }
        }
        asked
    }
}

/// The names of columns.
pub(crate) fn head(line: &str) -> String {
    format!("{BOLD}{line}{PLAIN}")
}

/// A line for people: what kind of line it is stands out.
pub(crate) fn labelled(line: &str) -> String {
    for (label, look) in LABELS {
        if let Some(rest) = line.strip_prefix(label) {
            return format!("{look}{label}{PLAIN}{rest}");
        }
    }
    line.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(color: Color, is_terminal: bool, variables: &[(&str, &str)], is_on: bool) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        assert_eq!(
            color.is_on_with(is_terminal, variable),
            is_on,
            "{color:?} {is_terminal} {variables:?}"
        );
    }

    #[test]
    fn colour_is_for_terminals_unless_somebody_says_otherwise() {
        let xterm = ("TERM", "xterm");
        check(Color::Auto, true, &[xterm], true);
        check(Color::Auto, false, &[xterm], false);
        for dumb in [
            &[][..],
            &[("TERM", "dumb")],
            &[xterm, ("NO_COLOR", "1")],
            &[xterm, ("CLICOLOR", "0")],
        ] {
            check(Color::Auto, true, dumb, false);
            check(Color::Always, false, dumb, true);
        }
        check(Color::Auto, true, &[xterm, ("NO_COLOR", "")], true);
        check(Color::Auto, false, &[("CLICOLOR_FORCE", "1")], true);
        check(Color::Auto, false, &[("CLICOLOR_FORCE", "0")], false);
        check(Color::Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false);
        check(Color::Never, true, &[xterm, ("CLICOLOR_FORCE", "1")], false);
    }

    #[test]
    fn a_command_line_says_it_wherever_it_stands() {
        let asked = |line: &str| Color::asked_for(line.split(' ').map(OsString::from));
        assert_eq!(asked("kfleet topics --color never --help"), Color::Never);
        assert_eq!(asked("kfleet --color=always nope"), Color::Always);
        assert_eq!(asked("kfleet --color always topics --color=never"), Color::Never);
        for silent in [
            "kfleet topics",
            "kfleet --color=blue",
            "kfleet --color",
            "kfleet sandbox -- ls --color=always",
        ] {
            assert_eq!(asked(silent), Color::Auto, "{silent}");
        }
    }

    #[test]
    fn only_the_kind_of_a_line_is_coloured() {
        assert_eq!(
            labelled("error: it broke: no"),
            "\u{1b}[1;31merror:\u{1b}[0m it broke: no"
        );
        assert_eq!(labelled("done"), "done");
        assert_eq!(head("TOPIC  LEADER"), "\u{1b}[1mTOPIC  LEADER\u{1b}[0m");
    }
}
