//! The real time, as `broker_core` is told it.

use std::time::{Duration, Instant, SystemTime};

use broker_core::cx::Now;

/// Wall clock and time since start.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The time of an event.
    pub fn now(&self) -> Now {
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Now {
            wall_ms: i64::try_from(wall.as_millis()).unwrap_or(i64::MAX),
            mono: self.start.elapsed(),
        }
    }

    /// Ends at a time since the start; never without one.
    pub async fn sleep_until(&self, mono: Option<Duration>) {
        match mono {
            Some(mono) => tokio::time::sleep_until(self.instant(mono).into()).await,
            None => std::future::pending().await,
        }
    }

    /// The instant of a deadline.
    pub fn instant(&self, mono: Duration) -> Instant {
        self.start.checked_add(mono).unwrap_or(self.start)
    }
}
