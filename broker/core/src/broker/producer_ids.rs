//! Producer ids of this broker: blocks from the controller, handed out one by one.

use std::sync::{Mutex, PoisonError};
use std::task::Waker;

use super::{Broker, ControllerRequest};
use crate::call::Waiters;

#[derive(Debug, Default)]
struct State {
    next: i64,
    end: i64,
    asked: bool,
    waiters: Waiters,
}

/// What is left of the block.
#[derive(Debug, Default)]
pub(super) struct ProducerIds {
    state: Mutex<State>,
}

impl Broker {
    /// The next producer id; none before a block has come, for which the waker is woken.
    pub fn next_producer_id(&self, waiter: u64, waker: &Waker) -> Option<i64> {
        let mut state = self.producer_ids.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.next < state.end {
            state.next += 1;
            return Some(state.next - 1);
        }
        state.waiters.register(waiter, waker);
        let asks = !std::mem::replace(&mut state.asked, true);
        drop(state);
        if asks {
            self.controller.send(ControllerRequest::AllocateProducerIds);
        }
        None
    }

    /// Takes back a waker.
    pub fn forget_producer_id(&self, waiter: u64) {
        self.producer_ids
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .waiters
            .forget(waiter);
    }

    /// Takes a block of producer ids from the controller.
    pub fn add_producer_ids(&self, first: i64, count: i64) {
        let mut state = self.producer_ids.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.next, state.end, state.asked) = (first, first + count, false);
        state.waiters.wake_all();
    }
}
