//! Printing what was read, on a thread of its own: while it prints, more is read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::os::fd::AsFd as _;
use std::sync::{Arc, Mutex, PoisonError};

use client::{Chunk, ClientError};
use protocol::records::{BatchHeader, Record, RecordError};
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;

use super::format::{Place, TextFormat};
use crate::error::CommandError;
use crate::records::envelope::RecordRow;

/// Most bytes one batch may unpack to.
const UNPACK_MAX_BYTES: usize = 256 << 20;
/// Bytes after which what was printed goes out.
const FLUSH_BYTES: usize = 1 << 20;

/// How records look.
#[derive(Debug)]
pub(crate) enum Look {
    /// As text.
    Text(TextFormat),
    /// As one JSON document.
    Json,
    /// As a JSON document a line.
    Ndjson,
}

/// Offsets after the last records that went out, by topic and partition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<BTreeMap<(String, i32), i64>>>);

impl Progress {
    fn note(&self, places: &mut BTreeMap<(Arc<str>, i32), i64>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((topic, partition), offset) in std::mem::take(places) {
            known.insert((topic.to_string(), partition), offset);
        }
    }

    /// What has come since it was taken the last time.
    pub(crate) fn take(&self) -> BTreeMap<(String, i32), i64> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What kept records from being printed.
#[derive(Debug)]
enum PrintError {
    Record(RecordError),
    Io(io::Error),
    Json(serde_json::Error),
}

impl From<RecordError> for PrintError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl PrintError {
    fn about(self, chunk: &Chunk) -> CommandError {
        match self {
            Self::Record(error) => CommandError::data(format!("{}-{}: {error}", chunk.topic, chunk.partition)),
            Self::Io(error) => error.into(),
            Self::Json(error) => CommandError::bug(error.to_string()),
        }
    }
}

/// A printer that is done, and how that came out.
pub(crate) type Printed = (Printer, Result<(), CommandError>);

/// A record as a line of newline-delimited JSON.
#[derive(Serialize)]
struct Line<'a> {
    schema: &'a str,
    cluster_id: &'a str,
    data: RecordRow<'a>,
}

/// Prints records.
#[derive(Debug)]
pub(crate) struct Printer {
    look: Look,
    schema: String,
    cluster_id: String,
    /// Records that may still be printed.
    left: u64,
    printed: u64,
    out: Vec<u8>,
    stdout: File,
    progress: Progress,
}

impl Printer {
    /// Prints at most `count` records to stdout.
    pub(crate) fn new(look: Look, cluster_id: &str, count: Option<u64>) -> Result<Self, CommandError> {
        let mut printer = Self {
            look,
            schema: format!("kfleet/{}", RecordRow::SCHEMA),
            cluster_id: cluster_id.to_owned(),
            left: count.unwrap_or(u64::MAX),
            printed: 0,
            out: Vec::new(),
            // Not through std's buffer, which looks for lines.
            stdout: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            progress: Progress::default(),
        };
        if matches!(printer.look, Look::Json) {
            let (schema, cluster_id) = (json!(printer.schema), json!(printer.cluster_id));
            let head = format!("{{\n  \"schema\": {schema},\n  \"cluster_id\": {cluster_id},\n  \"data\": [");
            printer.out.extend_from_slice(head.as_bytes());
        }
        Ok(printer)
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Prints what comes, on a thread of its own, until nothing comes any more or no more is wanted.
    pub(crate) fn start(
        mut self,
        mut chunks: Receiver<Result<Vec<Chunk>, ClientError>>,
    ) -> Result<oneshot::Receiver<Printed>, CommandError> {
        let (done, is_done) = oneshot::channel();
        std::thread::Builder::new().name("printer".to_owned()).spawn(move || {
            let result = self.print_all(&mut chunks);
            drop(chunks);
            let _gone = done.send((self, result));
        })?;
        Ok(is_done)
    }

    fn print_all(&mut self, chunks: &mut Receiver<Result<Vec<Chunk>, ClientError>>) -> Result<(), CommandError> {
        while self.left > 0
            && let Some(some) = chunks.blocking_recv()
        {
            let mut places = BTreeMap::new();
            for chunk in some? {
                if self.print_chunk(&chunk, &mut places)?.is_break() {
                    break;
                }
            }
            self.flush()?;
            self.progress.note(&mut places);
        }
        Ok(())
    }

    fn print_chunk(
        &mut self,
        chunk: &Chunk,
        places: &mut BTreeMap<(Arc<str>, i32), i64>,
    ) -> Result<ControlFlow<()>, CommandError> {
        let mut last = None;
        let result = chunk.visit(UNPACK_MAX_BYTES, |header, record| {
            self.print(chunk, header, record)?;
            last = Some(record.offset);
            if self.out.len() >= FLUSH_BYTES {
                self.flush().map_err(PrintError::Io)?;
            }
            self.left -= 1;
            Ok::<_, PrintError>(if self.left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        });
        let flow = match result {
            Ok(flow) => flow,
            Err(error) => {
                // What came before goes out, unless that is what has failed.
                if matches!(error, PrintError::Record(_)) {
                    self.flush()?;
                }
                return Err(error.about(chunk));
            }
        };
        let next = if flow.is_break() {
            last.map(|last: i64| last.saturating_add(1))
        } else {
            Some(chunk.next.min(chunk.until))
        };
        places.extend(next.map(|next| ((Arc::clone(&chunk.topic), chunk.partition), next)));
        Ok(flow)
    }

    fn print(&mut self, chunk: &Chunk, header: &BatchHeader, record: &Record<'_>) -> Result<(), PrintError> {
        let place = Place {
            topic: &chunk.topic,
            partition: chunk.partition,
        };
        match &self.look {
            Look::Text(format) => format.append(place, record, &mut self.out),
            Look::Json => {
                let separator = if self.printed == 0 { "\n    " } else { ",\n    " };
                self.out.extend_from_slice(separator.as_bytes());
                let row = RecordRow::of(place.topic, place.partition, header, record);
                serde_json::to_writer(&mut self.out, &row).map_err(PrintError::Json)?;
            }
            Look::Ndjson => {
                let line = Line {
                    schema: &self.schema,
                    cluster_id: &self.cluster_id,
                    data: RecordRow::of(place.topic, place.partition, header, record),
                };
                serde_json::to_writer(&mut self.out, &line).map_err(PrintError::Json)?;
                self.out.push(b'\n');
            }
        }
        self.printed += 1;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdout.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Ends what is printed.
    pub(crate) fn finish(mut self) -> Result<(), CommandError> {
        if matches!(self.look, Look::Json) {
            let close = if self.printed == 0 { "]" } else { "\n  ]" };
            self.out
                .extend_from_slice(format!("{close},\n  \"warnings\": []\n}}\n").as_bytes());
        }
        Ok(self.flush()?)
    }
}
