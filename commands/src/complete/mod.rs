//! complete: what shells ask when somebody presses TAB. clap_complete's engine knows the command line, and what it cannot
//! know comes from the cluster on it.

mod cache;
mod live;
mod source;
mod words;

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use crate::context::Context;
use crate::error::CommandError;
use source::Source;
use words::{Dialect, Line};

/// Propose words to a shell.
#[derive(Debug, Args)]
pub(crate) struct CompleteArgs {
    /// Who asks
    #[arg(value_enum)]
    shell: Shell,
    /// bash: the line up to the cursor, and what of it bash completes. fish: the line. zsh: its words
    #[arg(allow_hyphen_values = true)]
    told: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// What stands at the cursor, or could.
#[derive(Debug, Default, PartialEq, Eq)]
struct Proposed {
    /// Files and directories, which shells know best.
    files: bool,
    /// Words, and what they mean.
    words: Vec<(String, Option<String>)>,
}

pub(crate) fn run(args: &CompleteArgs, context: &Context) -> Result<(), CommandError> {
    let line = match (args.shell, args.told.as_slice()) {
        (Shell::Zsh, words) => Line {
            words: words.to_vec(),
            typed: String::new(),
        },
        (Shell::Bash, [line, ..]) => words::split(line, Dialect::Bash),
        (Shell::Fish, [line, ..]) => words::split(line, Dialect::Fish),
        (_, []) => return Err(CommandError::usage("there is no line to complete")),
    };
    let proposed = proposed(&line.words, live::names);
    let current = args.told.get(1).map_or("", String::as_str);
    context.out.print(&answer(args.shell, &proposed, &line.typed, current))
}

/// In lines: first what kind of words there are, then each word, and behind a tab what it means.
fn answer(shell: Shell, proposed: &Proposed, typed: &str, current: &str) -> String {
    let mut out = String::from(if proposed.files { "files\n" } else { "words\n" });
    for (word, help) in &proposed.words {
        let line = match (shell, help) {
            (Shell::Bash, _) => match words::replacement(typed, current, word) {
                Some(quoted) => quoted,
                None => continue,
            },
            (_, Some(help)) => format!("{word}\t{help}"),
            (_, None) => word.clone(),
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// What could stand in place of the last word.
fn proposed(words: &[String], names: fn(Source, &[String]) -> Vec<String>) -> Proposed {
    let Some((current, before)) = words.split_last() else {
        return Proposed::default();
    };
    let files = Arc::new(AtomicBool::new(false));
    let asker = Asker {
        before: before.into(),
        files: Arc::clone(&files),
        names,
    };
    let mut command = with_names(crate::definition(), "", &asker);
    let args: Vec<OsString> = words.iter().map(OsString::from).collect();
    let found = complete(&mut command, args, before.len(), None).unwrap_or_default();
    let mut words: Vec<(String, Option<String>)> = found.iter().filter_map(word).collect();
    let is_flag = |word: &str| word.starts_with('-');
    // Flags are for those who ask for them, unless there is nothing else.
    if !is_flag(current) && (files.load(Ordering::Relaxed) || words.iter().any(|(word, _)| !is_flag(word))) {
        words.retain(|(word, _)| !is_flag(word));
    }
    Proposed {
        files: files.load(Ordering::Relaxed),
        words,
    }
}

fn word(candidate: &CompletionCandidate) -> Option<(String, Option<String>)> {
    let word = candidate.get_value().to_str()?.to_owned();
    let help = candidate.get_help().map(ToString::to_string);
    let first_line = help.and_then(|help| help.lines().next().map(|line| line.replace('\t', " ")));
    Some((word, first_line))
}

/// Who asks for names.
#[derive(Debug, Clone)]
struct Asker {
    /// The words before the cursor.
    before: Arc<[String]>,
    /// Whether files are asked for.
    files: Arc<AtomicBool>,
    names: fn(Source, &[String]) -> Vec<String>,
}

impl Asker {
    fn candidates(&self, source: Source, typed: &OsStr) -> Vec<CompletionCandidate> {
        if source == Source::Files {
            self.files.store(true, Ordering::Relaxed);
            return Vec::new();
        }
        let (Some(typed), suffix) = (typed.to_str(), source.suffix()) else {
            return Vec::new();
        };
        if !suffix.is_empty() && typed.contains(suffix) {
            // The name stands there already.
            return Vec::new();
        }
        let names = (self.names)(source, &self.before);
        let meant = names.iter().filter(|name| name.starts_with(typed));
        meant
            .enumerate()
            .map(|(at, name)| CompletionCandidate::new(format!("{name}{suffix}")).display_order(Some(at)))
            .collect()
    }
}

/// A command whose arguments know where their values come from.
fn with_names(command: clap::Command, path: &str, asker: &Asker) -> clap::Command {
    let path_of = |inner: &clap::Command| format!("{path} {}", inner.get_name()).trim_start().to_owned();
    command
        .mut_args(|arg| match Source::of(path, &arg) {
            Some(source) => {
                let asker = asker.clone();
                arg.add(ArgValueCompleter::new(move |typed: &OsStr| {
                    asker.candidates(source, typed)
                }))
            }
            None => arg,
        })
        .mut_subcommands(|inner| {
            let path = path_of(&inner);
            with_names(inner, &path, asker)
        })
}

#[cfg(test)]
mod tests;
