//! Topics that are asked of the controller because clients want them.

use std::sync::PoisonError;

use super::Broker;

/// Most topics that are asked for at a time. Clients ask again for what is beyond it.
pub(super) const REQUESTED_MAX: usize = 1000;

impl Broker {
    /// The controller has answered for these topics, or gives no answer: they may be asked for again.
    pub fn forget_requested_topics<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        let mut creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            creating.remove(name);
        }
    }
}
