//! Waits between attempts.

use std::time::Duration;

/// Waits that double from one to the next, up to the longest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// From `first` to `longest`.
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { longest, next: first }
    }

    /// How long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let now = self.next;
        self.next = now.saturating_mul(2).min(self.longest);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(100));
        let waits = [20, 40, 80, 100, 100].map(Duration::from_millis);
        assert_eq!([(); 5].map(|()| backoff.next()), waits);
    }
}
