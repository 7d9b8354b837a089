//! A dump as Kafka's own tool prints it.

mod words;

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args as _, Command, FromArgMatches as _};

use super::element::{Batch, DumpElement, Element, Record};
use super::{Decoder, Dump, DumpArgs, Sink, Stop, kind_of};
use crate::error::CommandError;

/// Who is told of a dump.
pub(crate) trait Told {
    /// A line of it.
    fn line(&mut self, line: &str);
    /// The beginning of a line that does not come to its end.
    fn beginning(&mut self, text: &str);
    /// Something that is wrong.
    fn note(&mut self, note: &str);
}

/// What is shown.
#[derive(Debug, Clone)]
pub(crate) struct TextOptions {
    /// Records, not only batches.
    pub(crate) shows_records: bool,
    /// Their keys and values.
    pub(crate) shows_contents: bool,
    /// Nothing but those.
    pub(crate) skips_metadata: bool,
    /// What they are.
    pub(crate) decoder: Decoder,
    /// How keys and values are read that no decoder knows, by one of our names or Kafka's.
    pub(crate) formats: [String; 2],
    /// Of indexes, nothing but what is wrong.
    pub(crate) shows_no_entries: bool,
    /// The same, without a look at segments.
    pub(crate) is_sanity_check: bool,
    /// Bytes of each segment.
    pub(crate) max_bytes: Option<u64>,
}

impl TextOptions {
    fn args(&self) -> Result<DumpArgs, CommandError> {
        let [key_format, value_format] = &self.formats;
        let mut words = vec!["dump", "--records", "--key-format", key_format];
        words.extend(["--value-format", value_format]);
        let max_bytes = self.max_bytes.map(|bytes| bytes.to_string());
        if let Some(max_bytes) = &max_bytes {
            words.extend(["--max-bytes", max_bytes]);
        }
        if self.is_sanity_check {
            words.push("--index-sanity-check");
        }
        // The file is named later.
        words.push("-");
        let command = DumpArgs::augment_args(Command::new("dump"));
        let matches = command.try_get_matches_from(words);
        let args = matches.and_then(|matches| DumpArgs::from_arg_matches(&matches));
        let mut args = args.map_err(|error| CommandError::usage(error.to_string()))?;
        args.records = self.shows_records;
        args.decoder = Some(self.decoder);
        args.as_kafka = true;
        Ok(args)
    }
}

/// Prints files, one after the other.
pub(crate) struct KafkasText<'a> {
    told: &'a mut dyn Told,
    options: TextOptions,
    path: PathBuf,
    /// What is wrong in all files so far.
    faults: u64,
    /// Whether there is more of this file than is to be read.
    is_over: bool,
    /// Of the batch at hand.
    is_control: bool,
    timestamp_type: &'static str,
    last_offset: Option<i64>,
    text: String,
}

impl<'a> KafkasText<'a> {
    pub(crate) fn new(options: TextOptions, told: &'a mut dyn Told) -> Self {
        Self {
            told,
            options,
            path: PathBuf::new(),
            faults: 0,
            is_over: false,
            is_control: false,
            timestamp_type: "",
            last_offset: None,
            text: String::new(),
        }
    }

    /// A line that is not of a file's content.
    pub(crate) fn line(&mut self, line: &str) {
        self.told.line(line);
    }

    /// What is wrong, or left out.
    pub(crate) fn note(&mut self, note: &str) {
        self.told.note(note);
    }

    /// How much is wrong with the files so far.
    pub(crate) const fn faults(&self) -> u64 {
        self.faults
    }

    /// Prints a file. An error is a file that cannot be read to its end.
    pub(crate) fn file(&mut self, path: &Path) -> Result<(), CommandError> {
        let args = self.options.args()?;
        let kind = kind_of(path)?;
        path.clone_into(&mut self.path);
        (self.is_over, self.last_offset) = (false, None);
        let mut dump = Dump {
            args: &args,
            sink: self,
            warnings: Vec::new(),
            faults: 0,
            file: path.display().to_string(),
        };
        match dump.file(path, kind) {
            Ok(()) => Ok(()),
            Err(Stop::Output(error)) => Err(error),
            Err(Stop::Disk(error)) => Err(CommandError::io("the file cannot be read", &error)),
        }
    }

    fn is_offset_index(&self) -> bool {
        self.path.extension().is_some_and(|suffix| suffix == "index")
    }

    fn base_offset(&self) -> i64 {
        let name = self.path.file_stem().and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or(0)
    }

    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn print(&mut self, args: fmt::Arguments<'_>) {
        self.text.clear();
        // A string takes all there is.
        let _always = self.text.write_fmt(args);
        self.told.line(&self.text);
    }

    fn batch(&mut self, batch: &Batch) {
        let end = batch.position + batch.size_bytes as u64;
        self.is_over |= self.options.max_bytes.is_some_and(|max| end > max);
        if self.is_over {
            return;
        }
        self.is_control = batch.is_control;
        self.timestamp_type = batch.timestamp_type;
        let horizon = words::optional(batch.delete_horizon_ms);
        self.print(format_args!(
            "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} producerEpoch: {} \
             partitionLeaderEpoch: {} isTransactional: {} isControl: {} deleteHorizonMs: {horizon} position: {} {}: {} \
             size: {} magic: 2 compresscodec: {} crc: {} isvalid: {}",
            batch.base_offset,
            batch.last_offset,
            batch.count,
            batch.base_sequence,
            batch.last_sequence,
            batch.producer_id,
            batch.producer_epoch,
            batch.partition_leader_epoch,
            batch.is_transactional,
            batch.is_control,
            batch.position,
            batch.timestamp_type,
            batch.max_timestamp,
            batch.size_bytes,
            batch.codec,
            batch.crc,
            batch.is_valid
        ));
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), CommandError> {
        if let Some(last) = self.last_offset.filter(|last| last + 1 != record.offset) {
            // Compaction leaves gaps: nothing is wrong.
            let (path, offset) = (self.path.display(), record.offset);
            self.told.note(&format!(
                "Non-consecutive offsets in {path}: {last} is followed by {offset}"
            ));
        }
        self.last_offset = Some(record.offset);
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let mut prefix = "| ";
        if !self.options.skips_metadata {
            // A string takes all there is, here and below.
            let _always = write!(
                text,
                "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [",
                record.offset,
                self.timestamp_type,
                record.timestamp,
                record.key_size_bytes,
                record.value_size_bytes,
                record.sequence
            );
            for (at, header) in record.headers.iter().enumerate() {
                let comma = if at == 0 { "" } else { "," };
                let _always = write!(text, "{comma}{}", header.key);
            }
            text.push(']');
            prefix = " ";
            if self.is_control {
                words::control(record, &mut text);
            }
        }
        if self.options.shows_contents && !self.is_control {
            if record.key.is_none() && self.is_of_a_coordinator() {
                self.told.beginning(&text);
                return Err(CommandError::data(format!(
                    "the record at offset {} has no key, as records of this kind have",
                    record.offset
                )));
            }
            let (key, value) = words::contents(self.options.decoder, record);
            if let Some(key) = key {
                let _always = write!(text, "{prefix}key: {key}");
                prefix = " ";
            }
            if let Some(value) = value {
                let _always = write!(text, "{prefix}payload: {value}");
            }
        }
        self.told.line(&text);
        self.text = text;
        Ok(())
    }

    const fn is_of_a_coordinator(&self) -> bool {
        matches!(
            self.options.decoder,
            Decoder::Offsets | Decoder::Transactions | Decoder::Shares
        )
    }

    fn small(&mut self, element: &Element<'_>) {
        let shows_entries = !self.options.shows_no_entries && !self.options.is_sanity_check;
        match element {
            Element::OffsetIndexEntry {
                offset, batch_position, ..
            } if shows_entries => self.print(format_args!("offset: {offset} position: {batch_position}")),
            Element::TimeIndexEntry { timestamp, offset, .. } if shows_entries => {
                self.print(format_args!("timestamp: {timestamp} offset: {offset}"));
            }
            // The last timestamp is then less than the first.
            Element::Unused { position: 1.., .. } if self.options.is_sanity_check && !self.is_offset_index() => {
                self.fault("zeros follow its entries: the index is in use", None);
            }
            // Zeros are taken for an entry if they are the first.
            Element::Unused { position: 0, .. } if shows_entries => {
                let offset = self.base_offset();
                if self.is_offset_index() {
                    self.print(format_args!("offset: {offset} position: 0"));
                } else {
                    self.print(format_args!("timestamp: 0 offset: {offset}"));
                }
            }
            Element::AbortedTransaction {
                producer_id,
                first_offset,
                last_offset,
                last_stable_offset,
                ..
            } => self.print(format_args!(
                "version: 0 producerId: {producer_id} firstOffset: {first_offset} lastOffset: {last_offset} lastStableOffset: {last_stable_offset}"
            )),
            Element::Producer { .. } => self.print(format_args!("{}", words::producer(element))),
            _ => {}
        }
    }

    fn fault(&mut self, message: &str, cut_off_bytes: Option<u64>) {
        self.faults += 1;
        match cut_off_bytes {
            Some(_) if self.options.max_bytes.is_some() => {}
            Some(bytes) => {
                let name = self.name();
                self.print(format_args!("Found {bytes} invalid bytes at the end of {name}"));
            }
            None => {
                let path = self.path.display();
                self.told.note(&format!("{path}: {message}"));
            }
        }
    }
}

impl Sink for &mut KafkasText<'_> {
    fn take(&mut self, element: &DumpElement<'_>) -> Result<(), CommandError> {
        match &element.element {
            Element::Batch(batch) => self.batch(batch),
            _ if self.is_over => {}
            Element::Record(record) => return self.record(record),
            Element::Fault {
                message, cut_off_bytes, ..
            } => self.fault(message, *cut_off_bytes),
            small => self.small(small),
        }
        Ok(())
    }
}
