//! Requests on their way: one to each peer at a time, and none to one that just failed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::event::{Outgoing, RaftCx};
use super::message::{Peer, Request};

/// A peer that has refused connections for so long does not just start again.
const GONE_AFTER: Duration = Duration::from_millis(500);

/// Requests that are not answered.
#[derive(Debug, Default)]
pub(super) struct Requests {
    next_id: u64,
    open: BTreeMap<u64, Open>,
    /// Peers that failed, and when they are tried again.
    retry_at: BTreeMap<Peer, Duration>,
    /// Peers that refuse connections: since when, and when they did last.
    refused: BTreeMap<Peer, (Duration, Duration)>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) to: Peer,
    pub(super) request: Request,
    deadline: Duration,
}

impl Requests {
    /// Whether a peer may be sent something.
    pub(super) fn is_free(&self, to: Peer, now: Duration) -> bool {
        self.retry_at.get(&to).is_none_or(|at| *at <= now) && self.open.values().all(|open| open.to != to)
    }

    /// Sends.
    pub(super) fn send(&mut self, to: Peer, request: Request, timeout: Duration, cx: &mut RaftCx<'_>) {
        self.next_id += 1;
        let open = Open {
            to,
            request: request.clone(),
            deadline: cx.now.mono + timeout,
        };
        self.open.insert(self.next_id, open);
        cx.out.sends.push(Outgoing::Request {
            id: self.next_id,
            to,
            request,
        });
    }

    /// The request that an answer is for; none if nobody waits for it any more.
    pub(super) fn take(&mut self, id: u64) -> Option<Open> {
        self.open.remove(&id)
    }

    /// Whether none is on its way.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Lets a peer be until then.
    pub(super) fn rest(&mut self, to: Peer, until: Duration) {
        self.retry_at.insert(to, until);
    }

    /// A peer refused a connection.
    pub(super) fn refused(&mut self, to: Peer, now: Duration) {
        let (_, last) = self.refused.entry(to).or_insert((now, now));
        *last = now;
    }

    /// A peer did something else.
    pub(super) fn not_refused(&mut self, to: Peer) {
        self.refused.remove(&to);
    }

    /// Whether a peer has refused all connections for some time, and did just now.
    pub(super) fn is_gone(&self, to: Peer, now: Duration) -> bool {
        let refused = self.refused.get(&to);
        refused.is_some_and(|(since, last)| now >= *since + GONE_AFTER && now < *last + GONE_AFTER)
    }

    /// Answers that are overdue are not waited for.
    pub(super) fn overdue(&mut self, now: Duration) -> Vec<Open> {
        let due: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, open)| open.deadline <= now)
            .map(|(id, _)| *id)
            .collect();
        due.into_iter().filter_map(|id| self.open.remove(&id)).collect()
    }

    /// Forgets all of them: what they were for is over.
    pub(super) fn forget(&mut self) {
        self.open.clear();
        self.retry_at.clear();
    }

    /// When something is to be done.
    pub(super) fn deadline(&self, now: Duration) -> Option<Duration> {
        let waits = self.retry_at.values().copied().filter(|at| *at > now);
        self.open.values().map(|open| open.deadline).chain(waits).min()
    }
}
