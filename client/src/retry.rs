//! Asking again: what may help, how long to wait, and when to give up.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::ClientError;

/// The first wait.
const FIRST: Duration = Duration::from_millis(20);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(1);

/// Until when to work.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// Everything has to be done by then.
    Until(Instant),
    /// Each request may take so long; for work without an end of its own.
    Each(Duration),
}

impl Limit {
    /// When a request that is sent now has to be answered.
    pub fn deadline(self) -> Instant {
        match self {
            Self::Until(deadline) => deadline,
            Self::Each(duration) => Instant::now() + duration,
        }
    }
}

/// Waits between attempts, each twice the last.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    deadline: Instant,
}

impl Backoff {
    pub(crate) const fn new(deadline: Instant) -> Self {
        Self { next: FIRST, deadline }
    }

    /// Waits before the next attempt after a failure that another may mend; gives the failure back if it is
    /// of another kind, or if there is no time left.
    pub(crate) async fn again(&mut self, error: ClientError) -> Result<(), ClientError> {
        self.again_while(error, ClientError::is_retriable).await
    }

    /// The same, where something else says whether another attempt may mend it.
    pub(crate) async fn again_while(
        &mut self,
        error: ClientError,
        is_worth: impl Fn(&ClientError) -> bool,
    ) -> Result<(), ClientError> {
        if !is_worth(&error) || Instant::now() + self.next >= self.deadline {
            return Err(error);
        }
        sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: i16) -> ClientError {
        ClientError::rejected("t-0", code, None)
    }

    #[tokio::test]
    async fn only_what_may_pass_is_waited_for_and_only_while_there_is_time() {
        let mut backoff = Backoff::new(Instant::now() + Duration::from_secs(5));
        assert!(
            backoff.again(refusal(6)).await.is_ok(),
            "another leader may be known soon"
        );
        assert!(backoff.again(refusal(10)).await.is_err(), "too large stays too large");
        let mut late = Backoff::new(Instant::now());
        assert!(late.again(refusal(6)).await.is_err());
    }
}
