//! Threads that take one file after the other. What they find is told in the order of the files, however many threads
//! there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use broker_log::disk::Disk;

use super::job::{self, Outcome};
use super::scope::Scope;
use crate::error::CommandError;

/// How often it is told how far the work has come.
const TICK: Duration = Duration::from_millis(200);

/// What is told.
pub(super) enum Event {
    /// Time has passed.
    Tick,
    /// The next file is done.
    Done(Outcome),
}

/// Verifies all files of the scope; ends early if nobody listens any more.
pub(super) fn run(
    scope: &Scope,
    disk: &Arc<dyn Disk>,
    threads: usize,
    mut tell: impl FnMut(Event) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = channel();
    thread::scope(|threads_of_run| {
        for _ in 0..threads.min(scope.tasks.len()) {
            let sender = sender.clone();
            threads_of_run.spawn(|| {
                let sender = sender;
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = scope.tasks.get(at).filter(|_| !stop.load(Ordering::Relaxed)) else {
                        break;
                    };
                    if sender.send((at, job::run(scope, task, disk.as_ref()))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut done = BTreeMap::new();
        let mut told = 0;
        let result = loop {
            match receiver.recv_timeout(TICK) {
                Ok((at, outcome)) => {
                    done.insert(at, outcome);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Ok(()),
            }
            let mut tell_all = || {
                tell(Event::Tick)?;
                while let Some(outcome) = done.remove(&told) {
                    told += 1;
                    tell(Event::Done(outcome))?;
                }
                Ok(())
            };
            if let Err(error) = tell_all() {
                break Err(error);
            }
        };
        stop.store(true, Ordering::Relaxed);
        result
    })
}
