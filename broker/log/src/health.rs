//! Whether the disk of a log directory still takes what is written to it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};

/// The health of a log directory, shared by all logs in it: a write or sync that failed in one takes all offline,
/// and is never tried again.
#[derive(Debug, Default)]
pub struct DirHealth {
    failed: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    reason: Option<String>,
    waker: Option<Waker>,
}

impl DirHealth {
    /// Whether the directory is offline.
    pub fn is_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Takes the directory offline. The first reason counts.
    pub fn fail(&self, reason: String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.reason.get_or_insert(reason);
        self.failed.store(true, Ordering::Release);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Why the directory is offline, once it is; one task waits for that at a time.
    pub fn poll_failed(&self, waker: &Waker) -> Poll<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.reason {
            Some(reason) => Poll::Ready(reason.clone()),
            None => {
                state.waker = Some(waker.clone());
                Poll::Pending
            }
        }
    }
}
