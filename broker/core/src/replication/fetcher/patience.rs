//! How long a fetcher waits after something failed.

use std::time::Duration;

/// After the first failure. What is just being made known to the leader too is there by then.
const FIRST: Duration = Duration::from_millis(20);

/// Failures in a row, each of which is waited for twice as long as the one before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    /// How long to wait after one more failure, at most.
    pub(super) fn next(&mut self, longest: Duration) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        FIRST.saturating_mul(factor).min(longest)
    }

    /// It went well: the next wait is short again.
    pub(super) fn restore(&mut self) {
        self.failures = 0;
    }
}
