//! How long a member of the quorum waits for what.

use std::time::Duration;

/// Durations, with Kafka's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// controller.quorum.election.timeout.ms: for votes; at random up to twice that.
    pub election: Duration,
    /// controller.quorum.fetch.timeout.ms: a follower for its leader; a leader half as long again for a majority.
    pub fetch: Duration,
    /// controller.quorum.request.timeout.ms: for an answer.
    pub request: Duration,
    /// controller.quorum.retry.backoff.ms: before a peer that failed is tried again.
    pub retry: Duration,
    /// At the start, before the first pre-vote, at most.
    pub first_election_max: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            election: Duration::from_millis(1000),
            fetch: Duration::from_millis(2000),
            request: Duration::from_millis(2000),
            retry: Duration::from_millis(20),
            first_election_max: Duration::from_millis(50),
        }
    }
}
