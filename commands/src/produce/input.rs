//! Reading input on a thread of its own, and parting it into records.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::error::CommandError;

/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;
/// Reads that may be ahead of those that are looked at.
const READ_AHEAD: usize = 4;
/// Most bytes of a record, which no broker takes.
const RECORD_MAX_BYTES: usize = 1 << 30;

/// What was read.
#[derive(Debug)]
pub(super) enum Piece {
    /// An input of this name begins.
    Start(String),
    /// Its next bytes: so many of a buffer, which is to be given back.
    Bytes(Vec<u8>, usize),
    /// It ends.
    End,
    /// It cannot be read.
    Failed(CommandError),
}

/// What was read, as it comes.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) pieces: Receiver<Piece>,
    /// Buffers that are done with go back here: new ones would cost as much as the reading.
    spent: SyncSender<Vec<u8>>,
}

impl Pieces {
    /// Gives a buffer back.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        // There are enough of them, or nobody reads any more.
        let _not_needed = self.spent.try_send(buffer);
    }
}

/// Where pieces go, and buffers come from.
struct Out {
    pieces: SyncSender<Piece>,
    spent: Receiver<Vec<u8>>,
}

/// Reads files, or standard input if there are none. It ends when nobody receives.
pub(super) fn read(files: Vec<PathBuf>) -> io::Result<Pieces> {
    let (out, pieces) = sync_channel(READ_AHEAD);
    let (give_back, spent) = sync_channel(READ_AHEAD);
    let out = Out { pieces: out, spent };
    let thread = std::thread::Builder::new().name("input".to_owned());
    thread.spawn(move || {
        // Nobody wants more if nobody receives.
        let _gone = if files.is_empty() {
            read_one("standard input", Ok(io::stdin()), &out)
        } else {
            files.iter().try_for_each(|path| {
                let name = path.display().to_string();
                read_one(&name, File::open(path), &out)
            })
        };
    })?;
    Ok(Pieces {
        pieces,
        spent: give_back,
    })
}

/// Reads an input; nothing if no more is wanted.
fn read_one(name: &str, input: io::Result<impl Read>, out: &Out) -> Option<()> {
    let failed = |error: io::Error| {
        let error = if error.kind() == io::ErrorKind::NotFound {
            CommandError::not_found(format!("{name}: {error}"))
        } else {
            CommandError::io(&format!("cannot read {name}"), &error)
        };
        // It is the last that is told.
        let _gone = out.pieces.send(Piece::Failed(error));
    };
    let mut input = match input {
        Ok(input) => input,
        Err(error) => {
            failed(error);
            return None;
        }
    };
    out.pieces.send(Piece::Start(name.to_owned())).ok()?;
    loop {
        let mut buffer = out.spent.try_recv().unwrap_or_else(|_| vec![0; READ_BYTES]);
        match input.read(&mut buffer) {
            Ok(0) => return out.pieces.send(Piece::End).ok(),
            Ok(count) => out.pieces.send(Piece::Bytes(buffer, count)).ok()?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failed(error);
                return None;
            }
        }
    }
}

/// Parts bytes that come in pieces into records.
#[derive(Debug)]
pub(super) struct Splitter {
    /// What parts records; nothing if all is one record.
    delimiter: Vec<u8>,
    /// The beginning of a record whose end has not come.
    carry: Vec<u8>,
    /// So much of it has no delimiter.
    searched: usize,
    /// Whether a record has begun, be it an empty one.
    has_begun: bool,
}

impl Splitter {
    /// With this delimiter; none if all of an input is one record.
    pub(super) fn new(delimiter: Option<Vec<u8>>) -> Self {
        Self {
            delimiter: delimiter.unwrap_or_default(),
            carry: Vec::new(),
            searched: 0,
            has_begun: false,
        }
    }

    /// Takes the next bytes and gives `each` the records that they end.
    pub(super) fn feed<E: From<CommandError>>(
        &mut self,
        bytes: &[u8],
        each: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.delimiter.is_empty() {
            self.has_begun = true;
            self.carry.extend_from_slice(bytes);
        } else if self.carry.is_empty() {
            let rest = split(bytes, 0, &self.delimiter, each)?;
            self.carry.extend_from_slice(bytes.get(rest..).unwrap_or_default());
            self.searched = self.carry.len();
        } else {
            self.carry.extend_from_slice(bytes);
            // A delimiter may have begun in what was searched.
            let from = self.searched.saturating_sub(self.delimiter.len() - 1);
            let rest = split(&self.carry, from, &self.delimiter, each)?;
            self.carry.drain(..rest);
            self.searched = self.carry.len();
        }
        if self.carry.len() > RECORD_MAX_BYTES {
            let message = format!("a record of more than {RECORD_MAX_BYTES} bytes, without a delimiter");
            return Err(CommandError::data(message).into());
        }
        Ok(())
    }

    /// The input has ended, and with it its last record, if that has no delimiter.
    pub(super) fn end<E>(&mut self, each: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let last = std::mem::take(&mut self.carry);
        self.searched = 0;
        let has_begun = std::mem::take(&mut self.has_begun);
        if has_begun || !last.is_empty() {
            each(&last)
        } else {
            Ok(())
        }
    }
}

/// Gives `each` the records of `bytes` that have an end, of which none begins a delimiter before `from`; where the rest
/// begins.
fn split<E>(
    bytes: &[u8],
    from: usize,
    delimiter: &[u8],
    each: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<usize, E> {
    let (mut start, mut from) = (0, from);
    while let Some(at) = find(bytes.get(from..).unwrap_or_default(), delimiter) {
        let end = from + at;
        each(bytes.get(start..end).unwrap_or_default())?;
        start = end + delimiter.len();
        from = start;
    }
    Ok(start)
}

/// Where a text is in another.
pub(super) fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    match text {
        [] => None,
        [byte] => memchr::memchr(*byte, bytes),
        _ => memchr::memmem::find(bytes, text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split_all(pieces: &[&[u8]], delimiter: Option<&[u8]>) -> Vec<Vec<u8>> {
        let mut splitter = Splitter::new(delimiter.map(<[u8]>::to_vec));
        let mut out = Vec::new();
        let mut each = |record: &[u8]| {
            out.push(record.to_vec());
            Ok::<_, CommandError>(())
        };
        for piece in pieces {
            splitter.feed(piece, &mut each).unwrap();
        }
        splitter.end(&mut each).unwrap();
        out
    }

    #[test]
    fn the_last_record_needs_no_delimiter_and_an_empty_input_has_none() {
        let lines = |text: &'static str| split_all(&[text.as_bytes()], Some(b"\n"));
        assert_eq!(lines("a\nb\n"), [b"a", b"b"]);
        assert_eq!(lines("a\nb"), [b"a", b"b"]);
        assert_eq!(lines("\n\na"), [b"".as_slice(), b"", b"a"]);
        assert!(lines("").is_empty());
        assert_eq!(split_all(&[b"a\n", b"b\n"], None), [b"a\nb\n"]);
        assert!(split_all(&[], None).is_empty());
    }

    proptest! {
        #[test]
        fn how_input_comes_does_not_matter(
            text in "[ab,;]{0,40}",
            cuts in prop::collection::vec(0usize..41, 0..6),
            delimiter in "[,;]{1,3}",
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut start = 0;
            for cut in cuts {
                pieces.push(&bytes[start..cut]);
                start = cut;
            }
            pieces.push(&bytes[start..]);
            let mut expected: Vec<Vec<u8>> = text.split(&delimiter).map(|part| part.as_bytes().to_vec()).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            prop_assert_eq!(split_all(&pieces, Some(delimiter.as_bytes())), expected);
        }
    }
}
