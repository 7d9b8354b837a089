//! The fetchers of a broker, driven as the shell's tasks do.

use std::sync::Arc;
use std::time::Duration;

use broker_core::cx::Now;
use broker_core::features::METADATA_VERSION;
use broker_core::replication::fetcher::{
    Fetcher, FetcherRequest, FetcherResponse, FollowAction, PartitionKey, Step, in_version,
};

use super::answers::is_lookup;
use super::{BrokerSide, Purpose, Running, Tag};
use crate::caller::{Ask, ask};
use crate::world::World;

/// How long an answer is waited for although partitions came since that were not asked for.
const GRACE: Duration = Duration::from_millis(10);
/// No request is given up sooner after the last that was.
const INTERRUPTS_APART: Duration = Duration::from_millis(100);
/// First version of Fetch that names topics by id.
const TOPIC_IDS_FROM: i16 = 13;
/// replica.socket.timeout.ms.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How many connections of fetchers go to one leader.
const PER_LEADER: usize = 64;

/// A fetcher and what it waits for.
#[derive(Debug)]
pub(super) struct Fetching {
    fetcher: Fetcher,
    is_asking: bool,
    /// Partitions came since the request on its way was made.
    news_at: Option<Duration>,
    interrupted_at: Option<Duration>,
}

impl Fetching {
    /// When the request on its way is given up for what came since.
    fn interrupt_at(&self) -> Option<Duration> {
        let grace = self.news_at.filter(|_| self.is_asking)? + GRACE;
        Some(
            self.interrupted_at
                .map_or(grace, |last| grace.max(last + INTERRUPTS_APART)),
        )
    }
}

fn purpose_of((leader, number): (i32, usize)) -> Purpose {
    Purpose::Fetch(number + PER_LEADER * leader.unsigned_abs() as usize)
}

impl BrokerSide {
    /// A fetcher's answer, or that there is none.
    pub(super) fn fetched(&mut self, key: (i32, usize), response: Option<FetcherResponse>, now: Now) {
        let Some(fetching) = self.fetchers.get_mut(&key) else {
            return;
        };
        if !std::mem::take(&mut fetching.is_asking) {
            return;
        }
        fetching.news_at = None;
        match response {
            Some(response) => {
                self.broker.checkpoint_truncations();
                fetching.fetcher.on_response(response, now);
            }
            None => fetching.fetcher.on_failure(now),
        }
    }
}

impl Running {
    /// Gives the fetchers what the broker follows now.
    pub(super) fn assign_fetchers(&mut self, world: &mut World) {
        let now = self.clock.now(world.now).mono;
        let Some(side) = &mut self.broker else { return };
        let broker = Arc::clone(&side.broker);
        let find = |(id, index): PartitionKey| broker.partition_by_id(id, index).ok();
        let changed = broker.replicas().take_changed();
        for action in side.assignments.plan(changed, side.fetchers_each, find) {
            match action {
                FollowAction::Start {
                    leader,
                    fetcher,
                    partition,
                } => {
                    let config = side.fetcher_config;
                    let fetching = side.fetchers.entry((leader, fetcher)).or_insert_with(|| Fetching {
                        fetcher: Fetcher::new(config, Arc::clone(broker.replicas())),
                        is_asking: false,
                        news_at: None,
                        interrupted_at: None,
                    });
                    fetching.fetcher.follow(partition);
                    fetching.news_at.get_or_insert(now);
                }
                FollowAction::Stop { leader, fetcher, key } => {
                    if let Some(fetching) = side.fetchers.get_mut(&(leader, fetcher)) {
                        fetching.fetcher.unfollow(key);
                    }
                }
            }
        }
        let idle = side.fetchers.iter().filter(|(_, fetching)| fetching.fetcher.is_empty());
        let idle: Vec<(i32, usize)> = idle.map(|(key, _)| *key).collect();
        for key in idle {
            side.fetchers.remove(&key);
            self.caller.give_up(world, purpose_of(key));
        }
    }

    /// The connections of the fetchers for a leader break.
    pub(crate) fn give_up_fetches(&mut self, world: &mut World, leader: i32) {
        let fetchers = self.broker.iter().flat_map(|side| side.fetchers.keys());
        let keys: Vec<(i32, usize)> = fetchers.copied().filter(|key| key.0 == leader).collect();
        for key in keys {
            self.caller.give_up(world, purpose_of(key));
        }
    }

    pub(super) fn drive_fetchers(&mut self, world: &mut World, now: Now) -> (bool, Option<Duration>) {
        let Some(side) = &self.broker else { return (false, None) };
        let keys: Vec<(i32, usize)> = side.fetchers.keys().copied().collect();
        let (mut sent, mut deadline) = (false, None::<Duration>);
        for key in keys {
            let (is_news, until) = self.drive_fetcher(world, key, now);
            sent |= is_news;
            deadline = deadline.into_iter().chain(until).min();
        }
        (sent, deadline)
    }

    fn drive_fetcher(&mut self, world: &mut World, key: (i32, usize), now: Now) -> (bool, Option<Duration>) {
        let Some(side) = &mut self.broker else {
            return (false, None);
        };
        let image = side.broker.image();
        let Some(fetching) = side.fetchers.get_mut(&key) else {
            return (false, None);
        };
        if fetching.is_asking {
            let Some(at) = fetching.interrupt_at() else {
                return (false, None);
            };
            if at > now.mono {
                return (false, Some(at));
            }
            fetching.is_asking = false;
            fetching.interrupted_at = Some(now.mono);
            fetching.fetcher.abandon();
            self.caller.give_up(world, purpose_of(key));
            return (true, None);
        }
        fetching.news_at = None;
        match fetching.fetcher.next(now, image.features().level(METADATA_VERSION)) {
            Step::Wait(until) => (false, until),
            Step::Send(request, version_max) => {
                let is_known = image.brokers().get(key.0).is_some();
                if !is_known {
                    fetching.fetcher.on_failure(now);
                    return (true, None);
                }
                fetching.is_asking = true;
                let tag = Tag::Fetch {
                    fetcher: key,
                    is_lookup: is_lookup(&request),
                };
                self.ask(
                    world,
                    purpose_of(key),
                    key.0,
                    tag,
                    fetch_ask(request, version_max),
                    ANSWER_MAX,
                );
                (true, None)
            }
        }
    }
}

fn fetch_ask(request: FetcherRequest, version_max: i16) -> Ask {
    match request {
        // All nodes serve the version that the level allows.
        FetcherRequest::Fetch(request) => ask(in_version(request, version_max), Some(version_max), TOPIC_IDS_FROM),
        FetcherRequest::Offsets(request) => ask(request, Some(version_max), 0),
    }
}
