//! A node's clocks, which need not run like another's.

use std::time::Duration;

use broker_core::cx::Now;

/// Milliseconds since 1970 when runs begin.
const EPOCH_MS: i64 = 1_790_000_000_000;
/// Drift is told in parts of this.
const PER: u32 = 1000;

/// The clocks of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodeClock {
    started: Duration,
    /// How far the clock gets in a second of the simulation, in milliseconds.
    rate: u32,
    pub(crate) wall_offset_ms: i64,
}

impl NodeClock {
    pub(crate) fn new(started: Duration, rate: u32, wall_offset_ms: i64) -> Self {
        Self {
            started,
            rate,
            wall_offset_ms,
        }
    }

    /// What they show.
    pub(crate) fn now(&self, now: Duration) -> Now {
        let mono = now.saturating_sub(self.started);
        Now {
            wall_ms: EPOCH_MS + now.as_millis() as i64 + self.wall_offset_ms,
            mono: Duration::from_nanos(mono.as_nanos() as u64 * u64::from(self.rate) / u64::from(PER)),
        }
    }

    /// When the monotonic one shows this, or just after.
    pub(crate) fn when(&self, mono: Duration) -> Duration {
        self.started + mono * PER / self.rate.max(1) + Duration::from_nanos(2)
    }
}
