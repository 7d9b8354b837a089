//! The scripts that there are.

use super::failed::Failed;
use super::io::Io;
use super::options::Syntax;
use super::{consumer_groups, get_offsets, topics, wait};

/// A script.
#[derive(Debug)]
pub(super) struct Shim {
    /// Its name, without `.sh`.
    pub(super) name: &'static str,
    /// What does the same among kfleet's own commands.
    pub(super) ours: &'static str,
    /// Its flags, as docs/PARITY.md has them.
    pub(super) flags: Flags,
    pub(super) run: fn(&[String], &mut Io) -> Result<(), Failed>,
}

/// The flags of a script.
#[derive(Debug)]
pub(super) enum Flags {
    /// Of the older scripts.
    Of(Syntax),
}

impl Flags {
    /// Their names, as they are given, with the subcommand in front of those that belong to one.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Of(syntax) => syntax.all().map(|option| format!("--{}", option.name)).collect(),
        }
    }
}

pub(super) const SHIMS: &[Shim] = &[
    Shim {
        name: "kafka-consumer-groups",
        ours: "kfleet groups, kfleet offsets",
        flags: Flags::Of(consumer_groups::SYNTAX),
        run: |args, io| wait(consumer_groups::run(args, io)),
    },
    Shim {
        name: "kafka-get-offsets",
        ours: "kfleet offsets get",
        flags: Flags::Of(get_offsets::SYNTAX),
        run: |args, io| wait(get_offsets::run(args, io)),
    },
    Shim {
        name: "kafka-topics",
        ours: "kfleet topics",
        flags: Flags::Of(topics::SYNTAX),
        run: |args, io| wait(topics::run(args, io)),
    },
];
