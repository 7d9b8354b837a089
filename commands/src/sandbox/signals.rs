//! SIGINT and SIGTERM, which end a sandbox, and not before it has put everything away, and SIGCHLD, which tells that a node or
//! a command has ended.

use std::sync::mpsc::{Receiver, Sender, channel};

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

use super::control::Asked;
use crate::context::block_on;
use crate::error::CommandError;

/// What a sandbox does something about.
#[derive(Debug)]
pub(super) enum Woken {
    /// A signal has come.
    Signal(Signal),
    /// Somebody asks for something.
    Asked(Asked),
}

/// Signals that came since this was made.
#[derive(Debug)]
pub(crate) struct Signals {
    received: Receiver<Woken>,
    sender: Sender<Woken>,
}

impl Signals {
    /// Listens from now on, for as long as this process lives.
    pub(crate) fn listen() -> Result<Self, CommandError> {
        let (sender, received) = channel();
        let of_signals = sender.clone();
        let (ready, is_ready) = channel();
        let listener = async move {
            let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            let mut child = signal(SignalKind::child())?;
            let _taken_below = ready.send(());
            loop {
                let signal = tokio::select! {
                    _ = terminate.recv() => Signal::TERM,
                    _ = interrupt.recv() => Signal::INT,
                    _ = child.recv() => Signal::CHILD,
                };
                if of_signals.send(Woken::Signal(signal)).is_err() {
                    return Ok::<(), std::io::Error>(());
                }
            }
        };
        let thread = std::thread::Builder::new().name("signals".to_owned());
        let thread = thread.spawn(|| block_on(listener)?.map_err(CommandError::from))?;
        match is_ready.recv() {
            Ok(()) => Ok(Self { received, sender }),
            Err(_) => match thread.join() {
                Ok(Err(error)) => Err(error),
                _ => Err(CommandError::bug("the thread for signals ended")),
            },
        }
    }

    /// Waits for one, or for somebody who asks.
    pub(super) fn next(&self) -> Option<Woken> {
        self.received.recv().ok()
    }

    /// Where to tell what somebody asks.
    pub(super) fn sender(&self) -> Sender<Woken> {
        self.sender.clone()
    }

    /// An error with a shell's exit code if one has come that is to end this process.
    pub(crate) fn check(&self) -> Result<(), CommandError> {
        let mut signals = self.received.try_iter().filter_map(|woken| match woken {
            Woken::Signal(signal) => Some(signal),
            Woken::Asked(_) => None,
        });
        match signals.find(|signal| *signal != Signal::CHILD) {
            Some(signal) => Err(CommandError::exit(exit_code(signal.as_raw()))),
            None => Ok(()),
        }
    }
}

/// How shells tell of a process that a signal ended.
pub(super) fn exit_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}
