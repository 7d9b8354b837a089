//! Signals that end a script once what it did is told.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failed::Throwable;

/// Exit codes of signals.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// SIGINT and SIGTERM.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(super) fn new() -> Result<Self, Throwable> {
        let failed = |error: std::io::Error| Throwable::new("java.io.IOException", error.to_string());
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
        })
    }

    /// Waits for one; its exit code.
    pub(super) async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}
