//! logs dump

mod batches;
mod content;
mod element;
mod file_kind;
mod format;
mod indexes;
mod kafkas_text;
mod members;
mod small_files;
mod table;

use std::path::{Path, PathBuf};

use broker_log::LogError;
use clap::{Args, ValueEnum};
use planner::counted::{counted, noun};

use crate::context::Context;
use crate::error::CommandError;
use crate::output;
use crate::stream::Stream;

pub(crate) use element::DumpElement;
use element::Element;
use file_kind::FileKind;
use format::Format;
pub(crate) use kafkas_text::{KafkasText, TextOptions, Told};

const HELP: &str = "\
Files are known by their names: *.log, *.index, *.timeindex, *.txnindex, *.snapshot, *.checkpoint, the
*-checkpoint files, quorum-state, partition.metadata, meta.properties and .kafka_cleanshutdown.
Nothing is written, and a running broker is not disturbed. Checksums, offsets and indexes are checked
along the way; whatever is wrong is shown where it is, and the command exits 2.

Examples:
  kfleet logs dump --records /var/lib/kafka/__cluster_metadata-0/00000000000000000000.log
  kfleet -o ndjson logs dump --records /var/lib/kafka/__consumer_offsets-*/*.log | jq -c 'select(.data.kind == \"record\")'
  kfleet logs dump --verify-index-only /var/lib/kafka/orders-0/*.index
  kfleet logs dump --records --value-format long /var/lib/kafka/counts-0/00000000000000000000.log

Formats of keys and values: text (base64 where it is no text), base64, integer and long (of 4 and 8 bytes).";

/// Show what segments, indexes, snapshots and checkpoints hold; exits 2 if anything is wrong with them.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct DumpArgs {
    /// The files
    #[arg(value_name = "FILE", required_unless_present = "files")]
    file: Vec<PathBuf>,
    /// The files, as Kafka's own tool takes them
    #[arg(long, value_delimiter = ',', value_name = "FILE,...", hide = true)]
    files: Vec<PathBuf>,
    /// Also show every record
    #[arg(long, visible_aliases = ["print-data-log", "deep-iteration"])]
    records: bool,
    /// Read every record as one of these; by the directory's name if not given
    #[arg(long, value_enum)]
    decoder: Option<Decoder>,
    /// Kafka's name for --decoder metadata
    #[arg(long, hide = true, conflicts_with = "decoder")]
    cluster_metadata_decoder: bool,
    /// Kafka's name for --decoder offsets
    #[arg(long, hide = true, conflicts_with = "decoder")]
    offsets_decoder: bool,
    /// Kafka's name for --decoder transactions
    #[arg(long, hide = true, conflicts_with = "decoder")]
    transaction_log_decoder: bool,
    /// Kafka's name for --decoder shares
    #[arg(long, hide = true, conflicts_with = "decoder")]
    share_group_state_decoder: bool,
    /// Kafka's name for --decoder remote
    #[arg(long, hide = true, conflicts_with = "decoder")]
    remote_log_metadata_decoder: bool,
    /// What keys are, where no decoder knows; Kafka's names of its decoders are taken, too
    #[arg(long, visible_alias = "key-decoder-class", value_name = "FORMAT", default_value = "text", value_parser = format::parse)]
    key_format: Format,
    /// What values are, likewise
    #[arg(long, visible_alias = "value-decoder-class", value_name = "FORMAT", default_value = "text", value_parser = format::parse)]
    value_format: Format,
    /// Show records without batches, offsets and times, and no control records
    #[arg(long)]
    skip_record_metadata: bool,
    /// Of indexes, show only what is wrong with them
    #[arg(long)]
    verify_index_only: bool,
    /// The same, without reading the segments beside them
    #[arg(long)]
    index_sanity_check: bool,
    /// End each segment after about so many bytes
    #[arg(long, value_name = "BYTES")]
    max_bytes: Option<u64>,
    /// Leave out the records of batches that are larger than this, packed or unpacked
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    max_message_size: usize,
    /// As Kafka's tool does it: records of damaged batches are read as far as that goes, and text that is none as Java does
    #[arg(skip)]
    as_kafka: bool,
}

/// What the records of a log are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Decoder {
    /// Nothing that is known here: text, or base64 where it is no text.
    Plain,
    /// Records of __cluster_metadata.
    Metadata,
    /// Groups and offsets of __consumer_offsets.
    Offsets,
    /// Transactions of __transaction_state.
    Transactions,
    /// Share groups of __share_group_state.
    Shares,
    /// Segments in remote storage, of __remote_log_metadata.
    Remote,
}

impl DumpArgs {
    fn decoder(&self) -> Option<Decoder> {
        let named = [
            (self.cluster_metadata_decoder, Decoder::Metadata),
            (self.offsets_decoder, Decoder::Offsets),
            (self.transaction_log_decoder, Decoder::Transactions),
            (self.share_group_state_decoder, Decoder::Shares),
            (self.remote_log_metadata_decoder, Decoder::Remote),
        ];
        let named = named.into_iter().find(|(given, _)| *given).map(|(_, decoder)| decoder);
        self.decoder.or(named)
    }

    fn shows_records(&self) -> bool {
        if self.as_kafka {
            return self.records;
        }
        self.records || self.skip_record_metadata || self.decoder().is_some()
    }

    fn shows_no_entries(&self) -> bool {
        self.verify_index_only || self.index_sanity_check
    }
}

/// Where a dump goes.
trait Sink {
    /// Takes the next element.
    fn take(&mut self, element: &DumpElement<'_>) -> Result<(), CommandError>;
}

impl Sink for Stream {
    fn take(&mut self, element: &DumpElement<'_>) -> Result<(), CommandError> {
        self.push(element)
    }
}

/// What is common to all files of a run.
struct Dump<'a, S> {
    args: &'a DumpArgs,
    sink: S,
    warnings: Vec<String>,
    faults: u64,
    /// The file at hand.
    file: String,
}

impl<S: Sink> Dump<'_, S> {
    fn push(&mut self, element: Element<'_>) -> Result<(), Stop> {
        self.faults += u64::from(matches!(element, Element::Fault { .. }));
        let element = DumpElement {
            file: &self.file,
            element,
        };
        Ok(self.sink.take(&element)?)
    }

    fn fault(&mut self, position: Option<u64>, what: &dyn std::fmt::Display) -> Result<(), Stop> {
        let message = what.to_string();
        self.push(Element::Fault {
            position,
            message,
            cut_off_bytes: None,
        })
    }

    fn file(&mut self, path: &Path, kind: FileKind) -> Result<(), Stop> {
        match kind {
            FileKind::Segment => self.segment(path, false),
            FileKind::Snapshot => self.segment(path, true),
            FileKind::OffsetIndex => self.offset_index(path),
            FileKind::TimeIndex => self.time_index(path),
            FileKind::TxnIndex => self.txn_index(path),
            small => self.small_file(path, small),
        }
    }
}

/// Why a file was not shown to its end.
enum Stop {
    /// The disk failed; other files may do better.
    Disk(LogError),
    /// Nothing can be printed any more.
    Output(CommandError),
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        Self::Disk(error)
    }
}

impl From<CommandError> for Stop {
    fn from(error: CommandError) -> Self {
        Self::Output(error)
    }
}

pub(crate) fn run(args: &DumpArgs, context: &Context) -> Result<(), CommandError> {
    let paths: Vec<&PathBuf> = args.file.iter().chain(&args.files).collect();
    let mut files = Vec::new();
    for path in paths {
        files.push((path, kind_of(path)?));
    }
    let mut dump = Dump {
        args,
        sink: Stream::start::<DumpElement>(&context.out)?,
        warnings: Vec::new(),
        faults: 0,
        file: String::new(),
    };
    let mut unread = None;
    for (path, kind) in &files {
        dump.file = path.display().to_string();
        if files.len() > 1 {
            dump.sink.heading(&format!("{}:", dump.file))?;
        }
        match dump.file(path, *kind) {
            Ok(()) => {}
            Err(Stop::Output(error)) => return Err(error),
            Err(Stop::Disk(error)) => {
                dump.warnings.push(error.to_string());
                unread = Some(CommandError::io("not all files could be read", &error));
            }
        }
    }
    let Dump {
        sink, warnings, faults, ..
    } = dump;
    sink.finish(&warnings)?;
    let verdict = if faults > 0 {
        let (faults, files) = (counted(faults, "fault"), noun(files.len(), "file"));
        Some(CommandError::critical(format!("{faults} found in the {files}")))
    } else {
        unread
    };
    match verdict {
        None => Ok(()),
        // The document is complete and has all of it; a second one would break its readers.
        Some(error) if matches!(context.out.format, output::Format::Json | output::Format::Ndjson) => {
            Err(CommandError::exit(error.code))
        }
        Some(error) => Err(error),
    }
}

fn kind_of(path: &Path) -> Result<FileKind, CommandError> {
    let shown = path.display();
    if !path.exists() {
        return Err(CommandError::not_found(format!("{shown} does not exist")));
    }
    if path.is_dir() {
        return Err(CommandError::data(format!("{shown} is a directory"))
            .hint(format!("name the files in it, as in {shown}/*.log")));
    }
    let kind = path.file_name().and_then(|name| name.to_str()).and_then(FileKind::of);
    kind.ok_or_else(|| {
        CommandError::data(format!("{shown} does not have the name of a file that Kafka keeps"))
            .hint("kfleet logs dump --help lists the names that are known")
    })
}
