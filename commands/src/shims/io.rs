//! What a shim prints.

use std::fmt;
use std::io::{self, Write as _};

use super::failed::Failed;
use crate::error::CommandError;

/// Kept back before it is written.
const BUFFER_BYTES: usize = 64 << 10;

/// stdout, kept back until there is much of it or somebody waits for it, and stderr.
#[derive(Debug, Default)]
pub(super) struct Io {
    out: Vec<u8>,
    /// What kept something from being written.
    failed: Option<io::Error>,
}

impl Io {
    /// A line on stdout.
    pub(super) fn line(&mut self, line: impl fmt::Display) {
        self.bytes(format!("{line}\n").as_bytes());
    }

    /// Text on stdout as it is.
    pub(super) fn text(&mut self, text: impl fmt::Display) {
        self.bytes(text.to_string().as_bytes());
    }

    /// Bytes on stdout as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
        if self.out.len() >= BUFFER_BYTES {
            self.write_out();
        }
    }

    /// Writes what was kept back; what kept it from that is told by the next flush.
    pub(super) fn write_out(&mut self) {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(&self.out).and_then(|()| stdout.flush());
        self.out.clear();
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }

    /// Writes what was kept back.
    pub(super) fn flush(&mut self) -> Result<(), Failed> {
        self.write_out();
        match self.failed.take() {
            None => Ok(()),
            Some(error) => Err(CommandError::from(error).into()),
        }
    }

    /// A line on stderr, after what was printed before.
    pub(super) fn note(&mut self, line: impl fmt::Display) {
        self.write_out();
        // There is nobody left to tell if stderr is closed.
        let _closed = writeln!(io::stderr(), "{line}");
    }
}
