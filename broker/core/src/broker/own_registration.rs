//! Whether the metadata has this process among the brokers.
//!
//! A process that starts again reads what an earlier process of its id led. Until the metadata log has its own
//! registration it must not lead by that: what the earlier one proposed for an ISR may still be on its way, and be
//! accepted, and this one, which does not know of it, would count records as committed without who has joined.

use std::sync::atomic::{AtomicBool, Ordering};

use protocol::Uuid;

use crate::image::MetadataImage;

/// A process's registration, from when it starts.
#[derive(Debug)]
pub(super) struct OwnRegistration {
    incarnation_id: Uuid,
    was_seen: AtomicBool,
}

/// What to do with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is without the registration, and none was with it: partitions stay closed.
    NotYet,
    /// It is the first one with it.
    First,
    /// An earlier one had it. Whether the registration holds on is the lifecycle's to judge.
    Before,
}

impl OwnRegistration {
    pub(super) fn new(incarnation_id: Uuid) -> Self {
        Self {
            incarnation_id,
            was_seen: AtomicBool::new(false),
        }
    }

    pub(super) fn incarnation_id(&self) -> Uuid {
        self.incarnation_id
    }

    /// Looks at an image, in the order in which they come.
    pub(super) fn look(&self, image: &MetadataImage, node_id: i32) -> Seen {
        if self.was_seen() {
            return Seen::Before;
        }
        let own = image.brokers().get(node_id);
        if own.is_none_or(|own| own.incarnation_id != self.incarnation_id) {
            return Seen::NotYet;
        }
        self.was_seen.store(true, Ordering::Release);
        Seen::First
    }

    /// Whether an image had it.
    pub(super) fn was_seen(&self) -> bool {
        self.was_seen.load(Ordering::Acquire)
    }
}
