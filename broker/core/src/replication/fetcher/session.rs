//! The follower's side of a fetch session (KIP-227).

use std::collections::BTreeMap;

use protocol::api::ErrorCode;

use super::PartitionKey;
use crate::broker::partition::FollowerPosition;

/// A session as the next request continues it.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// 0 for none.
    id: i32,
    /// 0 opens one, and closes the one with `id`.
    epoch: i32,
    /// What the leader remembers. Without a session it is what the request on its way asks for.
    pub(super) asked: BTreeMap<PartitionKey, FollowerPosition>,
}

impl Session {
    /// Session id and epoch for the next request.
    pub(super) fn next(&self) -> (i32, i32) {
        (self.id, self.epoch)
    }

    /// Whether the next request has to carry all partitions.
    pub(super) fn is_full(&self) -> bool {
        self.epoch == 0
    }

    /// Opens another session with the next request, in place of the one there may be.
    pub(super) fn renew(&mut self) {
        self.epoch = 0;
    }

    /// The leader took the request: the session goes on, unless the leader has none for it.
    pub(super) fn accepted(&mut self, id: i32) {
        if id == 0 {
            (self.id, self.epoch) = (0, 0);
        } else if self.is_full() {
            (self.id, self.epoch) = (id, 1);
        } else {
            // After the highest epoch comes 1: 0 would open a session.
            self.epoch = self.epoch.checked_add(1).unwrap_or(1);
        }
    }

    /// The leader refused the session.
    pub(super) fn refused(&mut self, code: ErrorCode) {
        if code == ErrorCode::FetchSessionIdNotFound {
            self.id = 0;
        }
        self.renew();
    }
}
