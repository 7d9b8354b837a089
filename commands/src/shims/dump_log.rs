//! kafka-dump-log

use super::failed::Failed;
use super::io::Io;
use super::options::{Syntax, flag, optional, valued};
use super::passed;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-dump-log",
    options: &[
        flag("cluster-metadata-decoder"),
        flag("deep-iteration"),
        valued("files", "String"),
        flag("index-sanity-check"),
        optional("key-decoder-class", "String"),
        valued("max-bytes", "Integer"),
        valued("max-message-size", "Integer"),
        flag("offsets-decoder"),
        flag("print-data-log"),
        flag("remote-log-metadata-decoder"),
        flag("share-group-state-decoder"),
        flag("skip-record-metadata"),
        flag("transaction-log-decoder"),
        optional("value-decoder-class", "String"),
        flag("verify-index-only"),
    ],
};

/// `kfleet logs dump` takes these flags, and its text is that of Apache's tool.
pub(super) fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("This tool helps to parse a log file and dump its contents to the console."));
    }
    let parsed = SYNTAX.parse_or_help(args)?;
    parsed.require(&["files"])?;
    let words = ["logs", "dump"].into_iter().map(str::to_owned);
    passed::run(words.chain(args.iter().cloned()).collect(), io)
}
