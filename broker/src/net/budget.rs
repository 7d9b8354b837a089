//! Memory for requests that are arriving or being handled, shared by all connections of a node.
//!
//! A connection takes its share as bytes arrive, so that a length which nobody fills costs nothing. When all is
//! taken, whoever needs more stops reading, and a connection is closed for it: the one that has been silent longest
//! with a share in its hands, or, if all are busy and none ends soon, the one that holds most.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// What a connection may hold without asking: most requests are smaller.
const FREE_BYTES: usize = 16 * 1024;
/// A connection that holds memory and sends nothing for so long may lose it.
const STALLED_AFTER: Duration = Duration::from_secs(1);
/// How long a connection waits for busy ones before the largest of them has to go.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a waiting connection looks again.
const RETRY: Duration = Duration::from_millis(100);
/// How long a connection waits before it goes itself, which only the largest does.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// There was no memory for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

/// The memory that all connections share.
#[derive(Debug)]
pub struct RequestBudget {
    max_bytes: usize,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    used_bytes: usize,
    next_id: u64,
    holders: BTreeMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    bytes: usize,
    /// When bytes last arrived, or left.
    moved: Instant,
    revoked: CancellationToken,
}

impl RequestBudget {
    /// A budget of `max_bytes`.
    pub fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            max_bytes,
            state: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// A connection's part of it, empty at first.
    pub fn lease(self: &Arc<Self>) -> Lease {
        let mut state = self.lock();
        state.next_id += 1;
        Lease {
            budget: Arc::clone(self),
            id: state.next_id,
            bytes: 0,
            revoked: CancellationToken::new(),
        }
    }

    /// Bytes that connections hold beyond what each may hold without asking.
    pub fn used_bytes(&self) -> usize {
        self.lock().used_bytes
    }

    /// Counters stay consistent across a panic: each change is one assignment.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set(&mut self, lease: &Lease, bytes: usize) {
        self.used_bytes = self.used_bytes - lease.bytes + bytes;
        if bytes == 0 {
            self.holders.remove(&lease.id);
            return;
        }
        let holder = Holder {
            bytes,
            moved: Instant::now(),
            revoked: lease.revoked.clone(),
        };
        self.holders.insert(lease.id, holder);
    }

    /// Closes a connection in favour of one that has waited for `waited`; one at a time.
    fn make_room(&self, for_id: u64, waited: Duration) {
        if self.holders.values().any(|holder| holder.revoked.is_cancelled()) {
            return;
        }
        let now = Instant::now();
        let stalled = self
            .holders
            .values()
            .filter(|holder| now.duration_since(holder.moved) >= STALLED_AFTER)
            .min_by_key(|holder| holder.moved);
        let largest = self.holders.iter().max_by_key(|(id, holder)| (holder.bytes, **id));
        let too_large = largest.filter(|(id, _)| waited >= PATIENCE && **id != for_id);
        if let Some(holder) = stalled.or(too_large.map(|(_, holder)| holder)) {
            holder.revoked.cancel();
        }
    }
}

/// One connection's part of the budget. What it holds is free again when it is dropped.
#[derive(Debug)]
pub struct Lease {
    budget: Arc<RequestBudget>,
    id: u64,
    bytes: usize,
    revoked: CancellationToken,
}

impl Lease {
    /// Cancelled when the connection has to go because others need its memory.
    pub fn revoked(&self) -> CancellationToken {
        self.revoked.clone()
    }

    /// Holds enough for `bytes`; waits if there is not enough.
    pub async fn cover(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let wanted = bytes.saturating_sub(FREE_BYTES);
        if wanted == 0 && self.bytes == 0 {
            return Ok(());
        }
        let since = Instant::now();
        loop {
            let budget = Arc::clone(&self.budget);
            let freed = budget.freed.notified();
            tokio::pin!(freed);
            // Registered before the look, so that nothing freed after it goes unnoticed.
            freed.as_mut().enable();
            let waited = since.elapsed();
            if self.try_set(wanted, waited) {
                return Ok(());
            }
            if waited >= WAIT_MAX {
                return Err(Exhausted);
            }
            let _freed_or_time_to_look_again = timeout(RETRY, freed).await;
        }
    }

    fn try_set(&mut self, wanted: usize, waited: Duration) -> bool {
        let budget = Arc::clone(&self.budget);
        let mut state = budget.lock();
        let fits = wanted <= self.bytes || state.used_bytes - self.bytes + wanted <= budget.max_bytes;
        if fits {
            state.set(self, wanted);
            let less = wanted < self.bytes;
            self.bytes = wanted;
            drop(state);
            if less {
                budget.freed.notify_waiters();
            }
        } else {
            // It waits for others, not they for it.
            state.set(self, self.bytes);
            state.make_room(self.id, waited);
        }
        fits
    }

    /// Gives back what is not needed for `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        let wanted = bytes.saturating_sub(FREE_BYTES);
        if wanted < self.bytes {
            self.try_set(wanted, Duration::ZERO);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[tokio::test]
    async fn small_requests_ask_nobody_and_large_ones_give_back_what_they_took() {
        let budget = RequestBudget::new(MIB);
        let (mut small, mut large) = (budget.lease(), budget.lease());
        small.cover(FREE_BYTES).await.unwrap();
        assert_eq!(budget.used_bytes(), 0);
        large.cover(MIB).await.unwrap();
        assert_eq!(budget.used_bytes(), MIB - FREE_BYTES);
        large.shrink_to(100);
        assert_eq!(budget.used_bytes(), 0);
        large.cover(MIB).await.unwrap();
        drop(large);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_needs_more_waits_until_it_is_free() {
        let budget = RequestBudget::new(MIB);
        let (mut first, mut second) = (budget.lease(), budget.lease());
        first.cover(MIB).await.unwrap();
        let waiting = tokio::spawn(async move { second.cover(MIB / 2).await.map(|()| second) });
        tokio::time::sleep(STALLED_AFTER / 2).await;
        assert!(!waiting.is_finished());
        first.shrink_to(0);
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_holder_loses_its_memory_and_one_that_sends_does_not() {
        let budget = RequestBudget::new(2 * MIB);
        let (mut silent, mut busy, mut needy) = (budget.lease(), budget.lease(), budget.lease());
        silent.cover(MIB).await.unwrap();
        tokio::time::sleep(STALLED_AFTER).await;
        busy.cover(MIB).await.unwrap();
        let (silent_token, busy_token) = (silent.revoked(), busy.revoked());
        tokio::spawn(async move {
            silent.revoked().cancelled().await;
            drop(silent);
        });
        needy.cover(MIB).await.unwrap();
        assert!(silent_token.is_cancelled() && !busy_token.is_cancelled());
    }

    /// Connections that each hold a quarter of the budget and want half.
    async fn all_wait_for_each_other(obey: bool) -> Vec<Result<(), Exhausted>> {
        let budget = RequestBudget::new(MIB);
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let mut lease = budget.lease();
            lease.cover(MIB / 4 + FREE_BYTES).await.unwrap();
            let revoked = lease.revoked();
            tasks.push(tokio::spawn(async move {
                tokio::select! {
                    () = revoked.cancelled(), if obey => Err(Exhausted),
                    result = lease.cover(MIB / 2) => result,
                }
            }));
        }
        let mut results = Vec::new();
        for task in tasks {
            results.push(task.await.unwrap());
        }
        results
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_wait_for_each_other_one_goes_and_the_others_do_not_wait_for_long() {
        let since = Instant::now();
        let results = all_wait_for_each_other(true).await;
        let served = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(served, 3, "{results:?}");
        assert!(since.elapsed() < 2 * PATIENCE, "{:?}", since.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_has_an_end() {
        let results = all_wait_for_each_other(false).await;
        assert!(results.contains(&Err(Exhausted)), "{results:?}");
    }
}
