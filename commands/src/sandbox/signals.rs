//! SIGINT and SIGTERM, which end a sandbox, and not before it has put everything away.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::time::Duration;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use crate::context::block_on;
use crate::error::CommandError;

/// Signals that came since this was made.
#[derive(Debug)]
pub(super) struct Signals {
    received: Receiver<Signal>,
}

impl Signals {
    /// Listens from now on, for as long as this process lives.
    pub(super) fn listen() -> Result<Self, CommandError> {
        let (sender, received) = channel();
        let (ready, is_ready) = channel();
        let listener = async move {
            let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let _taken_below = ready.send(());
            loop {
                let signal = tokio::select! {
                    _ = terminate.recv() => Signal::TERM,
                    _ = interrupt.recv() => Signal::INT,
                };
                if sender.send(signal).is_err() {
                    return Ok::<(), std::io::Error>(());
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned());
        let thread = thread.spawn(|| block_on(listener)?.map_err(CommandError::from))?;
        match is_ready.recv() {
            Ok(()) => Ok(Self { received }),
            Err(_) => match thread.join() {
                Ok(Err(error)) => Err(error),
                _ => Err(CommandError::bug("the thread for signals ended")),
            },
        }
    }

    /// Waits for one.
    pub(super) fn wait(&self) {
        // The thread that listens has no end of its own, and without it there is nothing to wait for.
        let _signal = self.received.recv();
    }

    /// Waits a while for one.
    pub(super) fn wait_for(&self, wait: Duration) -> Option<Signal> {
        match self.received.recv_timeout(wait) {
            Ok(signal) => Some(signal),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// An error with a shell's exit code if one has come.
    pub(super) fn check(&self) -> Result<(), CommandError> {
        match self.received.try_recv() {
            Ok(signal) => Err(CommandError::exit(exit_code(signal.as_raw()))),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(()),
        }
    }
}

/// How shells tell of a process that a signal ended.
pub(super) fn exit_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}
