//! How long to wait before the next try.

use std::time::Duration;

use crate::cx::Random;

/// Twice as long after each try, up to a bound, and never quite the same for two nodes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    first: Duration,
    max: Duration,
    tries: u32,
}

/// From four to six fifths of the time.
const JITTER_PERCENT: std::ops::RangeInclusive<u32> = 80..=120;

impl Backoff {
    pub(super) const fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, tries: 0 }
    }

    /// The wait before the next try.
    pub(super) fn next(&mut self, random: &mut dyn Random) -> Duration {
        let factor = 1_u32.checked_shl(self.tries).unwrap_or(u32::MAX);
        let nominal = self.first.saturating_mul(factor).min(self.max);
        self.tries = self.tries.saturating_add(1);
        let (least, most) = (*JITTER_PERCENT.start(), *JITTER_PERCENT.end());
        let percent = least + random.below(u64::from(most - least + 1)) as u32;
        nominal.saturating_mul(percent) / 100
    }

    /// It went well: the next wait is a short one.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }
}
