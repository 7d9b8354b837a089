//! Fencing a broker before its session is over: its last connection has ended, none came back, and its endpoints
//! refuse connections. That proves that the process is gone, but not that nobody will elect it wrongly: until the
//! session is over no unclean election makes up for it.

use super::draft::Draft;
use super::{Controller, ControllerCx, ControllerError};

/// Whether brokers are fenced before their sessions are over.
pub const FAST_FENCING_KEY: &str = "kfleet.fast.fencing.enable";

impl Controller {
    pub(super) fn fences_fast(&self) -> bool {
        let set = self.config.get(FAST_FENCING_KEY);
        set.is_none_or(|text| text.eq_ignore_ascii_case("true"))
    }

    pub(super) fn fence_unreachable(
        &mut self,
        id: i32,
        epoch: i64,
        cx: &ControllerCx<'_>,
    ) -> Result<(), ControllerError> {
        let known = self.check_broker_epoch(id, epoch).is_ok_and(|broker| !broker.fenced);
        if !known || !self.fences_fast() || !self.sessions.suspect(id, epoch, cx.now.mono) {
            return Ok(());
        }
        tracing::warn!(broker = id, epoch, "fences a broker that cannot be reached any more");
        let mut draft = Draft::new(self);
        draft.fence(id);
        let records = draft.into_records();
        self.sessions.fence(id);
        self.append(records, cx).map(drop)
    }

    /// How often a broker was fenced because it could not be reached, and was alive.
    pub fn false_fences(&self) -> u64 {
        self.sessions.false_suspicions()
    }
}
