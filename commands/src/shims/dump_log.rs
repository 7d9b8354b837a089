//! kafka-dump-log

use std::path::Path;

use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, optional, valued};
use crate::logs::{Decoder, KafkasText, TextOptions, Told};

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

/// Flags that say what records are, the first that is given counting.
const DECODERS: [(&str, Decoder); 4] = [
    ("offsets-decoder", Decoder::Offsets),
    ("transaction-log-decoder", Decoder::Transactions),
    ("cluster-metadata-decoder", Decoder::Metadata),
    ("share-group-state-decoder", Decoder::Shares),
];
/// Decoders that come with Kafka; the first counts if nothing is said.
const CLASSES: [&str; 4] = [
    "org.apache.kafka.tools.api.StringDecoder",
    "org.apache.kafka.tools.api.DefaultDecoder",
    "org.apache.kafka.tools.api.IntegerDecoder",
    "org.apache.kafka.tools.api.LongDecoder",
];
/// An entry of an .index.
const INDEX_ENTRY_BYTES: u64 = 8;

impl Told for Io {
    fn line(&mut self, line: &str) {
        Io::line(self, line);
    }

    fn beginning(&mut self, text: &str) {
        Io::text(self, text);
    }

    fn note(&mut self, note: &str) {
        Io::note(self, note);
    }
}

pub(super) fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("This tool helps to parse a log file and dump its contents to the console."));
    }
    let parsed = SYNTAX.parse_or_help(args)?;
    parsed.require(&["files"])?;
    if parsed.has("remote-log-metadata-decoder") {
        return Err(Failed::on_stderr(
            "kfleet's kafka-dump-log does not print remote log metadata as Java does; `kfleet logs dump --decoder remote` reads it",
        ));
    }
    let to_stderr = |wrong: Throwable| Failed::on_stderr(wrong);
    let options = options(&parsed).map_err(to_stderr)?;
    let files = parsed.value("files").map_err(to_stderr)?.unwrap_or_default();
    let mut text = KafkasText::new(options.clone(), io);
    for file in files.split(',') {
        text.line(&format!("Dumping {file}"));
        dump(file, &options, &mut text)?;
    }
    // Apache's tool tells of what is wrong, but not in its exit code.
    match text.faults() {
        0 => Ok(()),
        _ => Err(Failed::silently().apache_exits_with_0()),
    }
}

fn options(parsed: &Parsed) -> Result<TextOptions, Throwable> {
    let decoder = DECODERS
        .iter()
        .find(|(flag, _)| parsed.has(flag))
        .map(|(_, decoder)| *decoder);
    let names_classes = parsed.has("key-decoder-class") || parsed.has("value-decoder-class");
    let shows_contents = parsed.has("print-data-log") || names_classes || decoder.is_some();
    let [strings, ..] = CLASSES;
    let class = |flag: &str| Ok::<_, Throwable>(parsed.value(flag)?.unwrap_or(strings).to_owned());
    let _effectless: Option<i32> = parsed.number("max-message-size")?;
    let max_bytes: Option<i32> = parsed.number("max-bytes")?;
    Ok(TextOptions {
        shows_records: parsed.has("deep-iteration") || shows_contents,
        shows_contents,
        skips_metadata: parsed.has("skip-record-metadata"),
        decoder: decoder.unwrap_or(Decoder::Plain),
        formats: [class("key-decoder-class")?, class("value-decoder-class")?],
        shows_no_entries: parsed.has("verify-index-only"),
        is_sanity_check: parsed.has("index-sanity-check"),
        max_bytes: max_bytes
            .filter(|bytes| *bytes != i32::MAX)
            .map(|bytes| u64::try_from(bytes).unwrap_or(0)),
    })
}

/// Prints a file behind the line that says which it is.
fn dump(file: &str, options: &TextOptions, text: &mut KafkasText<'_>) -> Result<(), Failed> {
    let path = Path::new(file);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let (stem, suffix) = name.rsplit_once('.').unwrap_or_default();
    let is_index = suffix == "index";
    if matches!(suffix, "log" | "checkpoint")
        && let Some(class) = options.formats.iter().find(|class| !CLASSES.contains(&class.as_str()))
    {
        let unknown = Throwable::new("java.lang.ClassNotFoundException", class);
        return Err(Failed::on_stderr(unknown));
    }
    match suffix {
        "log" => text.line(&format!("Log starting offset: {}", first_offset(name)?)),
        "checkpoint" if stem == "bootstrap" => text.line("KRaft bootstrap snapshot"),
        "checkpoint" => text.line(&snapshot(stem)?),
        "index" | "timeindex" => {
            let segment = format!("{}.log", name.split('.').next().unwrap_or_default());
            let segment = path.with_file_name(segment);
            if !segment.exists() {
                return Err(Failed::on_stderr(format!("{} does not exist", segment.display())));
            }
            first_offset(name)?;
        }
        "snapshot" | "txnindex" => {}
        _ => {
            text.note(&format!("Ignoring unknown file {file}"));
            return Ok(());
        }
    }
    let size_bytes = std::fs::metadata(path).map(|file| file.len());
    if is_index && size_bytes.is_ok_and(|size_bytes| size_bytes < INDEX_ENTRY_BYTES) {
        text.line(&format!("{file} is empty."));
        return Ok(());
    }
    let faults = text.faults();
    text.file(path)?;
    if options.is_sanity_check && matches!(suffix, "index" | "timeindex") {
        if text.faults() > faults {
            return Err(Failed::silently());
        }
        text.line(&format!("{file} passed sanity check."));
    }
    Ok(())
}

/// The offset in a file's name.
fn first_offset(name: &str) -> Result<i64, Failed> {
    let digits = name.split('.').next().unwrap_or_default();
    digits.parse().map_err(|_| {
        let class = "java.lang.NumberFormatException";
        Failed::on_stderr(Throwable::new(class, format!("For input string: \"{digits}\"")))
    })
}

/// What a snapshot's name says.
fn snapshot(stem: &str) -> Result<String, Failed> {
    let parts = stem.split_once('-');
    let parts = parts.and_then(|(offset, epoch)| Some((offset.parse::<i64>().ok()?, epoch.parse::<i32>().ok()?)));
    match parts {
        Some((offset, epoch)) => Ok(format!("Snapshot end offset: {offset}, epoch: {epoch}")),
        None => Err(Failed::on_stderr(format!(
            "{stem}.checkpoint does not have the name of a snapshot"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options_of(line: &str) -> Result<TextOptions, String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let parsed = SYNTAX.parse(&words).map_err(|wrong| wrong.message)?;
        options(&parsed).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn flags_imply_one_another() {
        let deep = options_of("--deep-iteration").unwrap();
        assert!(deep.shows_records && !deep.shows_contents);
        let offsets = options_of("--offsets-decoder --max-bytes 5").unwrap();
        assert!(offsets.shows_records && offsets.shows_contents);
        assert_eq!((offsets.decoder, offsets.max_bytes), (Decoder::Offsets, Some(5)));
        assert!(options_of("--value-decoder-class").unwrap().shows_contents);
    }

    #[test]
    fn names_say_where_files_begin() {
        assert_eq!(first_offset("00000000000000000042.log").ok(), Some(42));
        assert!(first_offset("x.log").is_err());
        assert_eq!(
            snapshot("00000000000000000112-0000000001").ok().as_deref(),
            Some("Snapshot end offset: 112, epoch: 1")
        );
        assert!(snapshot("nope").is_err());
    }
}
