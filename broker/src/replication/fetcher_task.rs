//! One fetcher and the task that drives it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use broker_core::broker::Broker;
use broker_core::broker::partition::Partition;
use broker_core::replication::fetcher::{Fetcher, FetcherConfig, FetcherRequest, FetcherResponse, PartitionKey, Step};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::leader_link::{LeaderLink, LinkError};
use crate::clock::Clock;
use crate::probe::address_refuses;

/// How long an answer is waited for although partitions came since that were not asked for.
const GRACE: Duration = Duration::from_millis(10);
/// No request is given up sooner after the last that was: the next has to name every partition again.
const INTERRUPTS_APART: Duration = Duration::from_millis(100);
/// How long a leader that stopped answering is waited for to take or refuse a connection.
const PROBE_MAX: Duration = Duration::from_millis(20);

/// A fetcher as the one who gives it partitions holds it. Its task ends with it.
#[derive(Debug)]
pub(super) struct Handle {
    fetcher: Arc<Mutex<Fetcher>>,
    /// Counts what the request on its way does not know of.
    news: watch::Sender<u64>,
    stop: CancellationToken,
}

impl Handle {
    /// A fetcher without partitions, and the task that is to drive it.
    pub(super) fn new(
        broker: &Arc<Broker>,
        config: FetcherConfig,
        link: LeaderLink,
        clock: Clock,
        shutdown: &CancellationToken,
    ) -> (Self, FetcherTask) {
        let handle = Self {
            fetcher: Arc::new(Mutex::new(Fetcher::new(config, Arc::clone(broker.replicas())))),
            news: watch::Sender::new(0),
            stop: shutdown.child_token(),
        };
        let task = FetcherTask {
            news: handle.news.subscribe(),
            broker: Arc::clone(broker),
            fetcher: Arc::clone(&handle.fetcher),
            stop: handle.stop.clone(),
            interrupted_at: None,
            reached: true,
            link,
            clock,
        };
        (handle, task)
    }

    /// Fetches a partition too.
    pub(super) fn follow(&self, partition: Arc<Partition>) {
        let mut fetcher = lock(&self.fetcher);
        fetcher.follow(partition);
        self.tell();
    }

    /// Fetches a partition no longer. A request that asks for it may end on its own.
    pub(super) fn unfollow(&self, key: PartitionKey) {
        lock(&self.fetcher).unfollow(key);
    }

    /// Says that a request on its way is not what would be sent now.
    pub(super) fn tell(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Whether it has nothing to fetch.
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.fetcher).is_empty()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn lock(fetcher: &Mutex<Fetcher>) -> MutexGuard<'_, Fetcher> {
    fetcher.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What drives a fetcher.
#[derive(Debug)]
pub(super) struct FetcherTask {
    broker: Arc<Broker>,
    fetcher: Arc<Mutex<Fetcher>>,
    news: watch::Receiver<u64>,
    stop: CancellationToken,
    link: LeaderLink,
    clock: Clock,
    interrupted_at: Option<Instant>,
    /// Whether the last request was answered: a leader that is away is told of once.
    reached: bool,
}

impl FetcherTask {
    /// Fetches until it is stopped.
    pub(super) async fn run(mut self) {
        let mut connected = None;
        loop {
            match self.next() {
                Step::Wait(until) => {
                    tokio::select! {
                        () = self.stop.cancelled() => break,
                        _ = self.news.changed() => {}
                        () = self.clock.sleep_until(until) => {}
                    }
                }
                Step::Send(request, version) => {
                    self.reconnect(&mut connected);
                    if !self.round(connected.as_deref(), request, version).await {
                        break;
                    }
                }
            }
        }
        if let Some(address) = connected {
            self.link.close(&address);
        }
    }

    /// What to do now. What comes after this is news to the request that it may be.
    fn next(&mut self) -> Step {
        let level = self.link.metadata_level();
        let mut fetcher = lock(&self.fetcher);
        self.news.mark_unchanged();
        fetcher.next(self.clock.now(), level)
    }

    /// Leaves the address that the leader had before.
    fn reconnect(&self, connected: &mut Option<String>) {
        let address = self.link.address();
        if *connected != address
            && let Some(old) = std::mem::replace(connected, address)
        {
            self.link.close(&old);
        }
    }

    /// One request there and back, unless partitions come meanwhile that it does not ask for; whether to go on.
    async fn round(&mut self, address: Option<&str>, request: FetcherRequest, version: i16) -> bool {
        let answer = tokio::select! {
            biased;
            () = self.stop.cancelled() => return false,
            answer = self.link.exchange(address, request, version) => Some(answer),
            () = interrupted(&mut self.news, self.interrupted_at) => None,
        };
        match answer {
            Some(answer) => {
                let had_answered = self.reached;
                self.take(answer);
                if had_answered && !self.reached {
                    self.look_whether_lost(address).await;
                }
            }
            None => {
                self.interrupted_at = Some(Instant::now());
                lock(&self.fetcher).abandon();
            }
        }
        true
    }

    /// A leader that stops answering and refuses connections is lost: clients need not be told that it leads.
    async fn look_whether_lost(&self, address: Option<&str>) {
        let Some(address) = address else { return };
        if timeout(PROBE_MAX, address_refuses(address)).await == Ok(true) {
            self.broker.note_lost_leader(self.link.leader(), self.clock.now());
        }
    }

    fn take(&mut self, answer: Result<FetcherResponse, LinkError>) {
        let now = self.clock.now();
        let reached = answer.is_ok();
        match answer {
            Ok(response) => {
                self.broker.checkpoint_truncations();
                lock(&self.fetcher).on_response(response, now);
            }
            Err(error) => {
                lock(&self.fetcher).on_failure(now);
                if self.reached {
                    tracing::warn!(leader = self.link.leader(), %error, "cannot fetch from a leader; it is tried again");
                }
            }
        }
        if reached && !self.reached {
            tracing::info!(leader = self.link.leader(), "fetches from the leader again");
        }
        self.reached = reached;
    }
}

/// Ends once there is news for which the request on its way is given up.
async fn interrupted(news: &mut watch::Receiver<u64>, last: Option<Instant>) {
    if news.changed().await.is_err() {
        // The task is about to be stopped.
        std::future::pending::<()>().await;
    }
    let grace = Instant::now() + GRACE;
    sleep_until(last.map_or(grace, |last| grace.max(last + INTERRUPTS_APART))).await;
}
