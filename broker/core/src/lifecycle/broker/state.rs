//! What a broker's lifecycle keeps between two calls.

use std::collections::BTreeSet;
use std::time::Duration;

use protocol::Uuid;

/// At least so long between two requests.
const GAP: Duration = Duration::from_millis(10);

/// Where a broker is between its start and its end.
#[derive(Debug)]
pub(super) enum State {
    /// It has no epoch, or has to get another one.
    Registering {
        /// When it gives up; none if it never does.
        deadline: Option<Duration>,
        /// The controller has said that another process lives under this id.
        is_duplicate: bool,
    },
    /// It has an epoch.
    Registered(Registration),
    /// It may or has to stop.
    Over,
}

/// An epoch, and what came of it.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) epoch: i64,
    /// The published metadata has had this registration.
    pub(super) is_seen: bool,
    /// What the controller said last of how far the broker is.
    pub(super) is_caught_up: bool,
    /// The controller said last that it does not know this epoch.
    pub(super) is_refused: bool,
    /// It has to register again, to keep its epoch: the registration lacks something.
    pub(super) has_to_amend: bool,
    /// Offset of the registration that lacked something.
    pub(super) amended_at: i64,
    /// What the last heartbeat said of how far the broker is.
    pub(super) reported_offset: i64,
}

/// The request on its way.
#[derive(Debug)]
pub(super) enum InFlight {
    Registration,
    Heartbeat {
        want_shut_down: bool,
        offline: BTreeSet<Uuid>,
    },
}

/// What the broker's own metadata says of it.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) offset: i64,
    pub(super) own: Option<Own>,
}

/// A registration under the broker's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Own {
    pub(super) epoch: i64,
    pub(super) incarnation_id: Uuid,
    pub(super) fenced: bool,
}

impl Default for Published {
    fn default() -> Self {
        Self { offset: -1, own: None }
    }
}

/// When the next request is due.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// When it is due if nothing happens.
    regular_at: Duration,
    /// Something has happened that the controller should hear of at once.
    is_urgent: bool,
    sent_at: Option<Duration>,
    /// After a failure.
    not_before: Duration,
}

impl Schedule {
    pub(super) fn due(&self) -> Duration {
        let wanted = if self.is_urgent {
            Duration::ZERO
        } else {
            self.regular_at
        };
        let apart = self.sent_at.map_or(Duration::ZERO, |at| at + GAP);
        wanted.max(apart).max(self.not_before)
    }

    pub(super) fn hurry(&mut self) {
        self.is_urgent = true;
    }

    pub(super) fn sent(&mut self, now: Duration) {
        self.sent_at = Some(now);
        self.is_urgent = false;
    }

    pub(super) fn succeeded(&mut self, next_at: Duration) {
        self.regular_at = next_at;
        self.not_before = Duration::ZERO;
    }

    pub(super) fn failed(&mut self, retry_at: Duration) {
        self.regular_at = retry_at;
        self.not_before = retry_at;
    }

    pub(super) fn forget_failures(&mut self) {
        self.not_before = Duration::ZERO;
    }
}
