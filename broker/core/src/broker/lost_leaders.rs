//! Brokers that this one fetched from until their connections ended, that refuse new ones, and that are not fenced yet.
//!
//! Clients of such a broker notice its end as soon as this one does, ask for Metadata at once, and hear of the old
//! leader: the controller takes its 50 ms to be sure. librdkafka then looks again after a second only. So Metadata about
//! partitions of a lost leader waits for the image that has the next one, but not for long: where nobody fences fast,
//! it comes after the session timeout.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use crate::call::Waiters;
use crate::image::MetadataImage;

/// How long answers wait, from when the leader was lost.
const HELD_MAX: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
struct State {
    /// Until when answers wait for each, in monotonic time.
    lost: BTreeMap<i32, Duration>,
    waiters: Waiters,
}

/// Who is lost, and which answers wait.
#[derive(Debug, Default)]
pub(super) struct LostLeaders(Mutex<State>);

impl LostLeaders {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A broker refuses connections. Answers wait from the first time on that it is seen.
    pub(super) fn note(&self, id: i32, now: Duration) {
        let mut state = self.state();
        state.lost.retain(|_, until| now < *until);
        state.lost.entry(id).or_insert(now + HELD_MAX);
    }

    /// Who is fenced is not waited for any more; whoever waits looks again.
    pub(super) fn published(&self, image: &MetadataImage) {
        let mut state = self.state();
        let is_alive = |id: i32| image.brokers().get(id).is_some_and(|broker| !broker.fenced);
        state.lost.retain(|id, _| is_alive(*id));
        state.waiters.wake_all();
    }

    /// Until when an answer waits that tells who leads, if one of `leaders` is lost.
    pub(super) fn held_until(&self, leaders: impl Iterator<Item = i32>, now: Duration) -> Option<Duration> {
        let state = self.state();
        if state.lost.is_empty() {
            return None;
        }
        let until = leaders.filter_map(|leader| state.lost.get(&leader)).max()?;
        (now < *until).then_some(*until)
    }

    /// Leaves a waker, for the next image.
    pub(super) fn wait(&self, waiter: u64, waker: &Waker) {
        self.state().waiters.register(waiter, waker);
    }

    /// Takes it back.
    pub(super) fn forget(&self, waiter: u64) {
        self.state().waiters.forget(waiter);
    }
}
