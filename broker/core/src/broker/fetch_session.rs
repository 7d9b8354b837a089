//! Incremental fetch sessions (KIP-227): the broker remembers which partitions a client reads and what
//! it last told it of each, so that requests and responses carry only what changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::fetch::FetchPartition;
use protocol::api::{ErrorCode, StrBytes};

/// A session that was not used for this long gives way to a new one when the cache is full
/// (Kafka's `MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS`).
const EVICTION_AGE: Duration = Duration::from_secs(120);
/// The epoch of a request that wants no session, or ends one.
const FINAL_EPOCH: i32 = -1;
/// The epoch of a request that opens a session.
const INITIAL_EPOCH: i32 = 0;

/// A topic as a Fetch request names it: by name up to version 12, by id from 13.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicRef {
    /// By name.
    Name(StrBytesOrd),
    /// By id.
    Id(Uuid),
}

/// A name with an order; `StrBytes` has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrBytesOrd(pub StrBytes);

impl PartialOrd for StrBytesOrd {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StrBytesOrd {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.as_str().cmp(other.0.as_str())
    }
}

/// Where and how much a client reads of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchPosition {
    /// The topic.
    pub topic: TopicRef,
    /// The partition.
    pub partition: i32,
    /// The next offset it wants.
    pub fetch_offset: i64,
    /// The most it wants of this partition.
    pub max_bytes: i32,
    /// The epoch it believes the leader has, -1 if it does not say.
    pub current_leader_epoch: i32,
    /// The epoch of the last batch it has, -1 for consumers.
    pub last_fetched_epoch: i32,
    /// A follower's log start offset, -1 for consumers.
    pub log_start_offset: i64,
}

/// A position, and what the last response said of it.
#[derive(Debug, Clone)]
struct Cached {
    position: FetchPosition,
    high_watermark: i64,
    log_start_offset: i64,
}

/// One client's session.
#[derive(Debug)]
pub struct FetchSession {
    id: i32,
    is_replica: bool,
    epoch: i32,
    last_used: Duration,
    next_order: u64,
    order: BTreeMap<(TopicRef, i32), u64>,
    partitions: BTreeMap<u64, Cached>,
}

impl FetchSession {
    fn upsert(&mut self, position: FetchPosition) {
        let key = (position.topic.clone(), position.partition);
        if let Some(cached) = self.order.get(&key).and_then(|order| self.partitions.get_mut(order)) {
            // Whoever asks in another epoch, or from further back, may have had no use for what was said last.
            let known = &cached.position;
            if position.current_leader_epoch != known.current_leader_epoch || position.fetch_offset < known.fetch_offset
            {
                (cached.high_watermark, cached.log_start_offset) = (-1, -1);
            }
            cached.position = position;
            return;
        }
        self.order.insert(key, self.next_order);
        self.partitions.insert(
            self.next_order,
            Cached {
                position,
                high_watermark: -1,
                log_start_offset: -1,
            },
        );
        self.next_order += 1;
    }

    fn remove(&mut self, topic: &TopicRef, partition: i32) {
        if let Some(order) = self.order.remove(&(topic.clone(), partition)) {
            self.partitions.remove(&order);
        }
    }

    /// Notes what a response says of a partition; whether an incremental response has to carry it.
    /// A partition that returned records moves behind the others, so that none starves.
    fn note(&mut self, topic: &TopicRef, said: &FetchPartition, has_records: bool) -> bool {
        let key = (topic.clone(), said.partition);
        let Some(order) = self.order.get(&key).copied() else {
            return true;
        };
        let Some(cached) = self.partitions.get_mut(&order) else {
            return true;
        };
        let news = has_records
            || said.error_code != 0
            || said.high_watermark != cached.high_watermark
            || said.log_start_offset != cached.log_start_offset
            || said.preferred_read_replica >= 0
            || said.diverging_epoch.is_some();
        cached.log_start_offset = said.log_start_offset;
        // An error is repeated until it is gone, also if nothing else changes.
        cached.high_watermark = if said.error_code == 0 { said.high_watermark } else { -1 };
        if has_records && let Some(cached) = self.partitions.remove(&order) {
            self.partitions.insert(self.next_order, cached);
            self.order.insert(key, self.next_order);
            self.next_order += 1;
        }
        news
    }
}

/// What a Fetch request turned out to be.
#[derive(Debug)]
pub enum FetchContext {
    /// No session: everything is in the request and everything goes into the response.
    Sessionless(Vec<FetchPosition>),
    /// A session was opened by this request; its response is full.
    Opened(Arc<Mutex<FetchSession>>, Vec<FetchPosition>),
    /// An incremental request of a session.
    Incremental(Arc<Mutex<FetchSession>>, Vec<FetchPosition>),
}

impl FetchContext {
    /// The positions to read, in the order in which they get their share of the response.
    pub fn positions(&self) -> &[FetchPosition] {
        match self {
            Self::Sessionless(positions) | Self::Opened(_, positions) | Self::Incremental(_, positions) => positions,
        }
    }

    /// The session id for the response.
    pub fn session_id(&self) -> i32 {
        match self {
            Self::Sessionless(_) => 0,
            Self::Opened(session, _) | Self::Incremental(session, _) => lock(session).id,
        }
    }

    /// Notes what the response says of a partition; whether it has to be in the response.
    pub fn note(&self, topic: &TopicRef, said: &FetchPartition, has_records: bool) -> bool {
        match self {
            Self::Sessionless(_) => true,
            Self::Opened(session, _) => {
                lock(session).note(topic, said, has_records);
                true
            }
            Self::Incremental(session, _) => lock(session).note(topic, said, has_records),
        }
    }
}

/// The session part of a Fetch request.
#[derive(Debug, Clone, Default)]
pub struct SessionRequest {
    /// 0 to open one.
    pub session_id: i32,
    /// -1, 0 or the next epoch of the session.
    pub epoch: i32,
    /// Positions that are new or changed.
    pub positions: Vec<FetchPosition>,
    /// Partitions no longer read.
    pub forgotten: Vec<(TopicRef, i32)>,
    /// Whether a follower asks.
    pub is_replica: bool,
}

/// All sessions of a broker, at most `slots_max`.
#[derive(Debug)]
pub struct FetchSessions {
    slots_max: usize,
    sessions: Mutex<BTreeMap<i32, Arc<Mutex<FetchSession>>>>,
}

impl FetchSessions {
    /// A cache of `slots_max` sessions (max.incremental.fetch.session.cache.slots).
    pub fn new(slots_max: usize) -> Self {
        Self {
            slots_max,
            sessions: Mutex::default(),
        }
    }

    /// Finds, opens or closes the session of a request. `random_id` is tried as the id of a new one.
    pub fn begin(
        &self,
        request: SessionRequest,
        now: Duration,
        random_id: impl FnMut() -> i32,
    ) -> Result<FetchContext, ErrorCode> {
        match request.epoch {
            FINAL_EPOCH | INITIAL_EPOCH => {
                if request.session_id != 0 {
                    lock(&self.sessions).remove(&request.session_id);
                }
                if request.epoch == FINAL_EPOCH {
                    return Ok(FetchContext::Sessionless(request.positions));
                }
                Ok(match self.open(&request, now, random_id) {
                    Some(session) => FetchContext::Opened(session, request.positions),
                    None => FetchContext::Sessionless(request.positions),
                })
            }
            _ => self.resume(request, now),
        }
    }

    fn open(
        &self,
        request: &SessionRequest,
        now: Duration,
        mut random_id: impl FnMut() -> i32,
    ) -> Option<Arc<Mutex<FetchSession>>> {
        let mut sessions = lock(&self.sessions);
        if sessions.len() >= self.slots_max {
            let id = evictable(&sessions, request.is_replica, now)?;
            sessions.remove(&id);
        }
        let id = loop {
            let id = random_id() & i32::MAX;
            if id != 0 && !sessions.contains_key(&id) {
                break id;
            }
        };
        let mut session = FetchSession {
            id,
            is_replica: request.is_replica,
            epoch: 1,
            last_used: now,
            next_order: 0,
            order: BTreeMap::new(),
            partitions: BTreeMap::new(),
        };
        for position in &request.positions {
            session.upsert(position.clone());
        }
        let session = Arc::new(Mutex::new(session));
        sessions.insert(id, Arc::clone(&session));
        Some(session)
    }

    fn resume(&self, request: SessionRequest, now: Duration) -> Result<FetchContext, ErrorCode> {
        let found = lock(&self.sessions).get(&request.session_id).map(Arc::clone);
        let shared = found.ok_or(ErrorCode::FetchSessionIdNotFound)?;
        let mut session = lock(&shared);
        if session.epoch != request.epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        // After the highest epoch comes 1: 0 would open a session.
        session.epoch = session.epoch.checked_add(1).unwrap_or(1);
        session.last_used = now;
        for position in request.positions {
            session.upsert(position);
        }
        for (topic, partition) in &request.forgotten {
            session.remove(topic, *partition);
        }
        let positions = session
            .partitions
            .values()
            .map(|cached| cached.position.clone())
            .collect();
        drop(session);
        Ok(FetchContext::Incremental(shared, positions))
    }

    /// How many sessions are open.
    pub fn len(&self) -> usize {
        lock(&self.sessions).len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The session that gives way in a full cache: one that is not used any more, or a consumer's for a follower, which reads
/// more partitions than any consumer and for as long as it lives.
fn evictable(sessions: &BTreeMap<i32, Arc<Mutex<FetchSession>>>, for_replica: bool, now: Duration) -> Option<i32> {
    let known = sessions.iter().map(|(id, session)| {
        let session = lock(session);
        (session.last_used, *id, session.is_replica)
    });
    let gives_way = |(last_used, _, is_replica): &(Duration, i32, bool)| {
        now.saturating_sub(*last_used) >= EVICTION_AGE || (for_replica && !is_replica)
    };
    known.filter(gives_way).min().map(|(_, id, _)| id)
}

/// A panic elsewhere leaves the session as it was between two statements, which is consistent.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(partition: i32, fetch_offset: i64) -> FetchPosition {
        FetchPosition {
            topic: TopicRef::Id(Uuid::from_u128(500)),
            partition,
            fetch_offset,
            max_bytes: 1 << 20,
            current_leader_epoch: -1,
            last_fetched_epoch: -1,
            log_start_offset: -1,
        }
    }

    fn said(partition: i32, high_watermark: i64) -> FetchPartition {
        FetchPartition {
            partition,
            high_watermark,
            preferred_read_replica: -1,
            ..FetchPartition::default()
        }
    }

    fn open(sessions: &FetchSessions, positions: Vec<FetchPosition>, now: Duration) -> FetchContext {
        let request = SessionRequest {
            positions,
            ..SessionRequest::default()
        };
        let mut next = 6;
        sessions
            .begin(request, now, || {
                next += 1;
                next
            })
            .unwrap()
    }

    fn resume(sessions: &FetchSessions, epoch: i32) -> Result<FetchContext, ErrorCode> {
        let request = SessionRequest {
            session_id: 7,
            epoch,
            ..SessionRequest::default()
        };
        sessions.begin(request, Duration::ZERO, || 1)
    }

    #[test]
    fn an_incremental_request_reads_what_the_session_remembers_and_answers_what_changed() {
        let sessions = FetchSessions::new(10);
        let topic = TopicRef::Id(Uuid::from_u128(500));
        let opened = open(&sessions, vec![position(0, 5), position(1, 6)], Duration::ZERO);
        assert_eq!(opened.session_id(), 7);
        assert!(opened.note(&topic, &said(0, 9), false));
        assert!(opened.note(&topic, &said(1, 9), false));

        let context = resume(&sessions, 1).unwrap();
        assert_eq!(context.positions().len(), 2);
        assert!(!context.note(&topic, &said(0, 9), false), "nothing new");
        assert!(context.note(&topic, &said(1, 10), false), "the high watermark moved");
        assert!(context.note(&topic, &said(0, 9), true), "records");
        let order: Vec<i32> = resume(&sessions, 2)
            .unwrap()
            .positions()
            .iter()
            .map(|p| p.partition)
            .collect();
        assert_eq!(
            order,
            [1, 0],
            "a partition that returned records waits behind the others"
        );
    }

    #[test]
    fn positions_are_updated_and_forgotten() {
        let sessions = FetchSessions::new(10);
        open(&sessions, vec![position(0, 5), position(1, 6)], Duration::ZERO);
        let request = SessionRequest {
            session_id: 7,
            epoch: 1,
            positions: vec![position(0, 50), position(2, 1)],
            forgotten: vec![(TopicRef::Id(Uuid::from_u128(500)), 1)],
            is_replica: false,
        };
        let context = sessions.begin(request, Duration::ZERO, || 1).unwrap();
        let read: Vec<(i32, i64)> = context
            .positions()
            .iter()
            .map(|p| (p.partition, p.fetch_offset))
            .collect();
        assert_eq!(read, [(0, 50), (2, 1)]);
    }

    #[test]
    fn what_was_said_in_another_epoch_is_said_again() {
        let sessions = FetchSessions::new(10);
        let topic = TopicRef::Id(Uuid::from_u128(500));
        open(&sessions, vec![position(0, 5)], Duration::ZERO).note(&topic, &said(0, 9), false);
        let again = |epoch: i32, offset: i64, current_leader_epoch: i32| {
            let position = FetchPosition {
                current_leader_epoch,
                ..position(0, offset)
            };
            let request = SessionRequest {
                session_id: 7,
                epoch,
                positions: vec![position],
                ..SessionRequest::default()
            };
            let context = sessions.begin(request, Duration::ZERO, || 1).unwrap();
            context.note(&topic, &said(0, 9), false)
        };
        assert!(!again(1, 6, -1), "it goes on");
        assert!(
            again(2, 6, 4),
            "the answer before may have been one to an earlier epoch"
        );
        assert!(!again(3, 6, 4));
        assert!(again(4, 5, 4), "it was cut");
    }

    #[test]
    fn a_wrong_epoch_or_id_is_refused_and_a_final_epoch_ends_the_session() {
        let sessions = FetchSessions::new(10);
        open(&sessions, vec![position(0, 5)], Duration::ZERO);
        assert_eq!(resume(&sessions, 2).unwrap_err(), ErrorCode::InvalidFetchSessionEpoch);
        let end = SessionRequest {
            session_id: 7,
            epoch: -1,
            ..SessionRequest::default()
        };
        sessions.begin(end, Duration::ZERO, || 1).unwrap();
        assert_eq!(resume(&sessions, 1).unwrap_err(), ErrorCode::FetchSessionIdNotFound);
        assert!(sessions.is_empty());
    }

    #[test]
    fn a_full_cache_keeps_sessions_in_use_and_gives_up_stale_ones() {
        let sessions = FetchSessions::new(1);
        assert_eq!(open(&sessions, vec![], Duration::ZERO).session_id(), 7);
        assert_eq!(open(&sessions, vec![], Duration::from_secs(60)).session_id(), 0);
        assert_eq!(open(&sessions, vec![], Duration::from_secs(121)).session_id(), 7);
        assert_eq!(sessions.len(), 1);
    }

    #[test]
    fn a_follower_takes_the_place_of_a_consumer_but_not_of_another_follower() {
        let sessions = FetchSessions::new(1);
        open(&sessions, vec![], Duration::ZERO);
        let opened = |next: i32| {
            let request = SessionRequest {
                is_replica: true,
                ..SessionRequest::default()
            };
            sessions
                .begin(request, Duration::from_secs(1), || next)
                .unwrap()
                .session_id()
        };
        assert_eq!(opened(20), 20);
        assert_eq!(opened(30), 0);
        assert_eq!(open(&sessions, vec![], Duration::from_secs(2)).session_id(), 0);
    }
}
