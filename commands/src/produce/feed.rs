//! From input to batches, on a thread of its own.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use protocol::records::NewRecord;

use super::batches::{Batches, Stopped};
use super::input::{Piece, Pieces, Splitter};
use super::line::{HeaderRef, LineFormat};
use crate::error::CommandError;
use crate::records::envelope;

/// How long a record waits for others to share its batch.
const LINGER: Duration = Duration::from_millis(20);
/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// What every record gets.
#[derive(Debug, Clone, Default)]
pub(super) struct Fixed {
    /// The partition.
    pub(super) partition: Option<i32>,
    /// The key of those that have none.
    pub(super) key: Option<Vec<u8>>,
    /// Milliseconds since 1970.
    pub(super) timestamp_ms: Option<i64>,
    /// Headers behind those of its own.
    pub(super) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// How records are written in the input.
#[derive(Debug, Clone)]
pub(super) enum RecordFormat {
    /// As text.
    Lines(LineFormat),
    /// As JSON, and whether the partitions in it count.
    Json {
        /// They do.
        partitions_count: bool,
    },
}

/// Reads records and puts them into batches.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) batches: Batches,
    pub(super) splitter: Splitter,
    pub(super) format: RecordFormat,
    pub(super) fixed: Fixed,
    pub(super) partitions: i32,
    /// Records that may still be taken.
    pub(super) left: u64,
    pub(super) stop: Arc<AtomicBool>,
}

/// What of a feed changes with each record.
struct Place {
    input: String,
    record: u64,
    now_ms: i64,
    taken: u64,
}

impl Feed {
    /// Takes all there is; how many records that were, and what went wrong. What was taken before that has gone out.
    pub(super) fn run(mut self, pieces: &Pieces) -> (u64, Result<(), Stopped>) {
        let mut place = Place {
            input: String::new(),
            record: 0,
            now_ms: 0,
            taken: 0,
        };
        let result = self.take_all(pieces, &mut place);
        let result = match (result, self.batches.close_all()) {
            (Ok(()), closed) => closed,
            (failed, _) => failed,
        };
        (place.taken, result)
    }

    fn take_all(&mut self, pieces: &Pieces, place: &mut Place) -> Result<(), Stopped> {
        let mut close_at = None;
        while self.left > 0 && !self.stop.load(Ordering::Relaxed) {
            let now = Instant::now();
            if self.batches.is_empty() {
                close_at = None;
            } else if *close_at.get_or_insert(now + LINGER) <= now {
                self.batches.close_all()?;
                close_at = None;
            }
            let wait = close_at.map_or(LOOK, |at| at.saturating_duration_since(now));
            match pieces.pieces.recv_timeout(wait) {
                Ok(Piece::Bytes(buffer, count)) => {
                    self.take(buffer.get(..count), place)?;
                    pieces.give_back(buffer);
                }
                Ok(Piece::Start(name)) => (place.input, place.record) = (name, 0),
                Ok(Piece::End) => self.take(None, place)?,
                Ok(Piece::Failed(error)) => return Err(error.into()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes the next bytes of an input, or its end.
    fn take(&mut self, bytes: Option<&[u8]>, place: &mut Place) -> Result<(), Stopped> {
        place.now_ms = jiff::Timestamp::now().as_millisecond();
        let Self {
            batches,
            splitter,
            format,
            fixed,
            partitions,
            left,
            ..
        } = self;
        let mut each = |record: &[u8]| {
            if *left == 0 {
                return Ok(());
            }
            place.record += 1;
            match format {
                RecordFormat::Lines(format) => push_line(batches, format, fixed, place, record)?,
                RecordFormat::Json { .. } if record.trim_ascii().is_empty() => return Ok(()),
                RecordFormat::Json { partitions_count } => {
                    push_json(
                        batches,
                        (*partitions_count).then_some(*partitions),
                        fixed,
                        place,
                        record,
                    )?;
                }
            }
            *left -= 1;
            place.taken += 1;
            Ok::<_, Stopped>(())
        };
        match bytes {
            Some(bytes) => splitter.feed(bytes, &mut each),
            None => splitter.end(&mut each),
        }
    }
}

fn push_line(
    batches: &mut Batches,
    format: &LineFormat,
    fixed: &Fixed,
    place: &Place,
    line: &[u8],
) -> Result<(), Stopped> {
    let mut headers: Vec<HeaderRef<'_>> = Vec::new();
    let (key, value) = format
        .parse(line, &mut headers)
        .map_err(|reason| CommandError::data(format!("{}:{}: {reason}", place.input, place.record)))?;
    headers.extend(
        fixed
            .headers
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_deref())),
    );
    let key = key.or(fixed.key.as_deref());
    let record = NewRecord {
        timestamp: fixed.timestamp_ms.unwrap_or(place.now_ms),
        key,
        value,
        headers: &headers,
    };
    let partition = fixed.partition.unwrap_or_else(|| batches.target(key));
    batches.push(partition, &record)
}

/// `partitions` is how many there are, if the one in the JSON counts.
fn push_json(
    batches: &mut Batches,
    partitions: Option<i32>,
    fixed: &Fixed,
    place: &Place,
    line: &[u8],
) -> Result<(), Stopped> {
    let at = || format!("{}:{}", place.input, place.record);
    let given = envelope::parse(line).map_err(|bad| {
        CommandError::data(match bad.column {
            0 => format!("{}: {}", at(), bad.reason),
            column => format!("{}:{column}: {}", at(), bad.reason),
        })
    })?;
    let key = given.key.as_deref().or(fixed.key.as_deref());
    let own = given
        .headers
        .iter()
        .map(|(key, value)| (key.as_ref(), value.as_deref()));
    let more = fixed
        .headers
        .iter()
        .map(|(key, value)| (key.as_slice(), value.as_deref()));
    let headers: Vec<HeaderRef<'_>> = own.chain(more).collect();
    let record = NewRecord {
        timestamp: fixed.timestamp_ms.or(given.timestamp_ms).unwrap_or(place.now_ms),
        key,
        value: given.value.as_ref().map(Cow::as_ref),
        headers: &headers,
    };
    let asked = partitions.and_then(|count| given.partition.map(|partition| (partition, count)));
    let partition = match (fixed.partition, asked) {
        (Some(partition), _) => partition,
        (None, Some((partition, count))) if (0..count).contains(&partition) => partition,
        (None, Some((partition, count))) => {
            let message = format!("{}: there is no partition {partition} of {count}", at());
            return Err(Stopped::Failed(
                CommandError::data(message).hint("--partitioner has them go by their keys"),
            ));
        }
        (None, None) => batches.target(key),
    };
    batches.push(partition, &record)
}
