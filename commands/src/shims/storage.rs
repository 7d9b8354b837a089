//! kafka-storage

use super::arguments::{Grammar, Subcommand, switch, value};
use super::failed::Failed;
use super::io::Io;
use super::passed;

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-storage",
    arguments: &[],
    commands: &[
        Subcommand {
            name: "info",
            arguments: &[value("config", Some('c'))],
        },
        Subcommand {
            name: "format",
            arguments: &[
                value("config", Some('c')),
                value("cluster-id", Some('t')),
                value("add-scram", Some('S')),
                switch("ignore-formatted", Some('g')),
                value("release-version", Some('r')),
                value("feature", Some('f')),
                switch("standalone", Some('s')),
                switch("no-initial-controllers", Some('N')),
                value("initial-controllers", Some('I')),
            ],
        },
        Subcommand {
            name: "version-mapping",
            arguments: &[value("release-version", Some('r'))],
        },
        Subcommand {
            name: "feature-dependencies",
            arguments: &[value("feature", Some('f'))],
        },
        Subcommand {
            name: "random-uuid",
            arguments: &[],
        },
    ],
    help_exits: 0,
};

/// `kfleet storage` takes these flags, does the same and says the same.
pub(super) fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    let words = std::iter::once("storage".to_owned()).chain(args.iter().cloned());
    let words = crate::storage::read_argument_files(words.map(Into::into));
    let words = words.map_err(|error| Failed::on_stderr(error.render()))?;
    let words: Vec<String> = words
        .into_iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    GRAMMAR.parse(words.get(1..).unwrap_or_default())?;
    passed::run(words, io)
}
