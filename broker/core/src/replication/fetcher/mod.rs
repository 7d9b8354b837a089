//! Fetches the partitions that this broker follows from one leader.
//!
//! A [`Fetcher`] is a plain struct that one task drives: it calls [`Fetcher::next`], sends what that returns to the leader,
//! and hands the answer to [`Fetcher::on_response`] or its absence to [`Fetcher::on_failure`]. One request is on its way
//! at a time. Partitions come and go in between with [`Fetcher::follow`] and [`Fetcher::unfollow`], also while a request
//! is on its way: answers about the past are ignored. What becomes of a log is decided by its
//! [`Partition`](crate::broker::partition::Partition).

mod abandon;
mod assignments;
mod lookup;
mod patience;
mod request;
mod response;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::fetch_request::FetchRequest;
use protocol::api::messages::fetch_response::FetchResponse;
use protocol::api::messages::list_offsets_request::ListOffsetsRequest;
use protocol::api::messages::list_offsets_response::ListOffsetsResponse;
use protocol::config::NodeConfig;

use super::ReplicaContext;
use crate::broker::partition::{FollowError, FollowerPosition, Partition};
use crate::cx::Now;
use lookup::Lookup;
use patience::Patience;
use session::Session;

pub use assignments::{Assignments, FollowAction, fetcher_of};
pub use request::in_version;

/// A partition by its topic's id and its number.
pub type PartitionKey = (Uuid, i32);

/// How a broker fetches as a follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetcherConfig {
    /// replica.fetch.wait.max.ms.
    pub wait_max_ms: i32,
    /// replica.fetch.min.bytes.
    pub min_bytes: i32,
    /// replica.fetch.response.max.bytes.
    pub response_max_bytes: i32,
    /// replica.fetch.max.bytes.
    pub partition_max_bytes: i32,
    /// replica.fetch.backoff.ms: the longest wait after a failure; the first is short.
    pub backoff: Duration,
}

impl FetcherConfig {
    /// As a node is configured.
    pub fn of(config: &NodeConfig) -> Self {
        let int = |name: &str| i32::try_from(config.number(name)).unwrap_or(i32::MAX);
        let backoff_ms = u64::try_from(config.number("replica.fetch.backoff.ms")).unwrap_or(0);
        Self {
            wait_max_ms: int("replica.fetch.wait.max.ms"),
            min_bytes: int("replica.fetch.min.bytes"),
            response_max_bytes: int("replica.fetch.response.max.bytes"),
            partition_max_bytes: int("replica.fetch.max.bytes"),
            backoff: Duration::from_millis(backoff_ms),
        }
    }
}

/// What a fetcher wants next.
#[derive(Debug)]
pub enum Step {
    /// A request to the leader, in this version at most.
    Send(FetcherRequest, i16),
    /// Nothing until then; nothing at all until a partition comes, if there is no time.
    Wait(Option<Duration>),
}

/// A request to the leader.
#[derive(Debug)]
pub enum FetcherRequest {
    /// Records.
    Fetch(FetchRequest),
    /// Where the leader's log starts or ends.
    Offsets(ListOffsetsRequest),
}

/// The leader's answer.
#[derive(Debug)]
pub enum FetcherResponse {
    /// To a Fetch.
    Fetch(FetchResponse),
    /// To a ListOffsets.
    Offsets(ListOffsetsResponse),
}

/// A partition that is fetched.
#[derive(Debug)]
struct Followed {
    partition: Arc<Partition>,
    /// In this epoch of the leader.
    leader_epoch: i32,
    phase: Phase,
    /// It had all of what is committed when it fetched last; then it is not throttled.
    in_sync: bool,
    patience: Patience,
}

/// What is done about a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It is fetched.
    Fetching,
    /// Its offset is out of the leader's range: the leader is asked for it.
    Lookup(Lookup),
    /// Something failed; it is tried again then.
    Delayed(Duration),
    /// It is not fetched in this epoch any more: the leader has a later one, or the log failed.
    Failed,
}

/// Fetches partitions from one leader.
#[derive(Debug)]
pub struct Fetcher {
    config: FetcherConfig,
    context: Arc<ReplicaContext>,
    followed: BTreeMap<PartitionKey, Followed>,
    session: Session,
    /// Partitions whose position may differ from what the leader knows.
    dirty: BTreeSet<PartitionKey>,
    /// Partitions in [`Phase::Delayed`].
    delayed: BTreeSet<PartitionKey>,
    /// Partitions in [`Phase::Lookup`].
    lookups: BTreeSet<PartitionKey>,
    /// Partitions that were left out of the latest request, because of the throttle.
    throttled: BTreeSet<PartitionKey>,
    /// Nothing is sent before: the leader could not be reached.
    paused_until: Duration,
    patience: Patience,
    in_flight: bool,
}

impl Fetcher {
    /// A fetcher without partitions.
    pub fn new(config: FetcherConfig, context: Arc<ReplicaContext>) -> Self {
        Self {
            config,
            context,
            followed: BTreeMap::new(),
            session: Session::default(),
            dirty: BTreeSet::new(),
            delayed: BTreeSet::new(),
            lookups: BTreeSet::new(),
            throttled: BTreeSet::new(),
            paused_until: Duration::ZERO,
            patience: Patience::default(),
            in_flight: false,
        }
    }

    /// How many partitions it has.
    pub fn len(&self) -> usize {
        self.followed.len()
    }

    /// Whether it has no partitions, and may be dropped.
    pub fn is_empty(&self) -> bool {
        self.followed.is_empty()
    }

    /// Partitions that it has given up in the leader's epoch, for a metric.
    pub fn failed_count(&self) -> usize {
        self.followed.values().filter(|f| f.phase == Phase::Failed).count()
    }

    /// Fetches a partition from here on, in the epoch that it follows now.
    pub fn follow(&mut self, partition: Arc<Partition>) {
        let Some(position) = partition.follower_position() else {
            return;
        };
        let key = (partition.topic_id(), partition.index());
        let known = self.followed.get(&key);
        if known.is_some_and(|known| known.leader_epoch == position.leader_epoch) {
            return;
        }
        self.unfollow(key);
        let followed = Followed {
            partition,
            leader_epoch: position.leader_epoch,
            phase: Phase::Failed,
            in_sync: false,
            patience: Patience::default(),
        };
        // Without epochs there is nothing to compare with the leader's log.
        let begun = match position.last_epoch {
            Some(_) => Ok(position),
            None => followed.partition.truncate_to_high_watermark(&position),
        };
        self.followed.insert(key, followed);
        match begun {
            Ok(_) => self.enter(key, Phase::Fetching),
            Err(error) => self.give_up(key, &error.to_string()),
        }
    }

    /// Stops fetching a partition.
    pub fn unfollow(&mut self, key: PartitionKey) {
        self.enter(key, Phase::Failed);
        self.followed.remove(&key);
    }

    /// What to do now. Nothing while a request is on its way.
    pub fn next(&mut self, now: Now, metadata_level: i16) -> Step {
        if self.in_flight {
            return Step::Wait(None);
        }
        if now.mono < self.paused_until {
            return Step::Wait((!self.is_empty()).then_some(self.paused_until));
        }
        self.end_delays(now.mono);
        self.dirty.append(&mut self.throttled);
        let request = self.next_lookup(metadata_level).or_else(|| {
            let request = self.next_fetch(now.mono)?;
            Some((FetcherRequest::Fetch(request), request::fetch_version(metadata_level)))
        });
        match request {
            Some((request, version)) => {
                self.in_flight = true;
                Step::Send(request, version)
            }
            None => Step::Wait(self.next_delay(now.mono)),
        }
    }

    /// Takes the leader's answer.
    pub fn on_response(&mut self, response: FetcherResponse, now: Now) {
        self.in_flight = false;
        match response {
            FetcherResponse::Fetch(response) => self.on_fetched(response, now),
            FetcherResponse::Offsets(response) => self.on_offsets(&response, now),
        }
    }

    /// The request on its way gets no answer: the connection failed, or the answer could not be read.
    pub fn on_failure(&mut self, now: Now) {
        self.in_flight = false;
        self.pause(now);
        self.session.renew();
    }

    fn pause(&mut self, now: Now) {
        self.paused_until = now.mono + self.patience.next(self.config.backoff);
    }

    fn enter(&mut self, key: PartitionKey, phase: Phase) {
        let Some(followed) = self.followed.get_mut(&key) else {
            return;
        };
        match std::mem::replace(&mut followed.phase, phase) {
            Phase::Lookup(_) => self.lookups.remove(&key),
            Phase::Delayed(_) => self.delayed.remove(&key),
            Phase::Fetching | Phase::Failed => false,
        };
        match phase {
            Phase::Lookup(_) => self.lookups.insert(key),
            Phase::Delayed(_) => self.delayed.insert(key),
            Phase::Fetching | Phase::Failed => false,
        };
        self.dirty.insert(key);
    }

    fn delay(&mut self, key: PartitionKey, now: Now) {
        if let Some(followed) = self.followed.get_mut(&key) {
            let wait = followed.patience.next(self.config.backoff);
            self.enter(key, Phase::Delayed(now.mono + wait));
        }
    }

    fn give_up(&mut self, key: PartitionKey, reason: &str) {
        if let Some(followed) = self.followed.get(&key) {
            tracing::error!(
                topic = followed.partition.topic(),
                partition = key.1,
                leader_epoch = followed.leader_epoch,
                reason,
                "a replica stops fetching until its leader or the leader's epoch changes"
            );
        }
        self.enter(key, Phase::Failed);
    }

    /// What follows from what a partition made of an answer.
    fn settle(&mut self, key: PartitionKey, result: Result<FollowerPosition, FollowError>, now: Now) {
        match result {
            Ok(_) => self.enter(key, Phase::Fetching),
            // The log or the epoch moved meanwhile; the epoch comes with the metadata.
            Err(FollowError::Outdated { .. }) => self.delay_if_moved_on(key, now),
            Err(error @ FollowError::Records(_)) => {
                tracing::warn!(partition = key.1, topic = self.topic_of(key), %error, "fetches again");
                self.delay(key, now);
            }
            Err(FollowError::Log(error)) => self.give_up(key, &error.to_string()),
        }
    }

    fn delay_if_moved_on(&mut self, key: PartitionKey, now: Now) {
        let position = self.followed.get(&key).and_then(|f| f.partition.follower_position());
        let same = self
            .followed
            .get(&key)
            .zip(position)
            .is_some_and(|(f, p)| f.leader_epoch == p.leader_epoch);
        if same {
            self.enter(key, Phase::Fetching);
        } else {
            self.delay(key, now);
        }
    }

    fn topic_of(&self, key: PartitionKey) -> &str {
        self.followed
            .get(&key)
            .map_or("", |followed| followed.partition.topic())
    }

    fn end_delays(&mut self, now: Duration) {
        let due = |key: &&PartitionKey| {
            let phase = self.followed.get(*key).map(|followed| followed.phase);
            matches!(phase, Some(Phase::Delayed(until)) if until <= now)
        };
        let due: Vec<PartitionKey> = self.delayed.iter().filter(due).copied().collect();
        for key in due {
            self.enter(key, Phase::Fetching);
        }
    }

    fn next_delay(&self, now: Duration) -> Option<Duration> {
        let throttled = (!self.throttled.is_empty()).then(|| now + self.config.backoff);
        self.delays().chain(throttled).min()
    }

    /// When partitions are tried again.
    fn delays(&self) -> impl Iterator<Item = Duration> {
        self.delayed
            .iter()
            .filter_map(|key| match self.followed.get(key)?.phase {
                Phase::Delayed(until) => Some(until),
                _ => None,
            })
    }
}
