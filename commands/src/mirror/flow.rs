//! From one cluster to another: partitions say what is to be done, and here it is done, with one request at a time to each
//! leader on either side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use client::{Client, ClientError, FetchSpec, Fetched};
use mirror::decide::{Rules, Timestamps};
use mirror::partition::{Action, Event, Look, Note, Partition, Settings, Then};
use mirror::state::State;
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::records::BatchHeader;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::append::{Appended, Outgoing, append};
use super::fetch::{Read, Wanted, fetch};
use super::look::{Asked, look};
use super::run::MirroredPartition;
use super::state_topic::StateTopic;
use super::topics::{Planned, batch_max_bytes};
use crate::context::Context;
use crate::error::CommandError;

/// Bytes of batches of all partitions that may wait, beyond which nothing is read.
const BUDGET_BYTES: usize = 64 << 20;
/// The same of one partition.
const QUEUE_MAX_BYTES: usize = 2 << 20;
/// Batches that wait become one while that is smaller than this.
const COALESCE_BELOW_BYTES: usize = 16 << 10;
/// Most bytes of a request, unless one batch alone is larger.
const REQUEST_MAX_BYTES: usize = 8 << 20;
/// How often states are written.
const STATES_EVERY: Duration = Duration::from_secs(1);
/// How long to wait after a failure before everything is asked again.
const REST: Duration = Duration::from_millis(200);
/// Partitions of the target whose ends are read at the same time.
const TAILS_MAX: usize = 16;
const TAIL_MAX_BYTES: i32 = 1 << 20;
const TAIL_MAX_WAIT_MS: i32 = 100;

/// A partition of the source.
pub(super) type Key = (Arc<str>, i32);
type Leaders = BTreeMap<(String, i32), i32>;

/// How to mirror.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) committed_only: bool,
    pub(super) until_caught_up: bool,
    pub(super) timestamps: Timestamps,
    pub(super) on_gap: Then,
    pub(super) on_truncation: Then,
    pub(super) on_recreation: Then,
}

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// There is nothing more to do.
    Done,
    /// A signal, by the exit code that it means.
    Signal(u8),
}

/// Which of the clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Target,
}

/// A partition, and what it wants done that has not been begun.
#[derive(Debug)]
struct Slot {
    target_topic: Arc<str>,
    partition: Partition,
    source_topic_id: Uuid,
    look: Option<i32>,
    fetch: Option<i64>,
    tail: Option<i64>,
    append: Option<(u64, Bytes)>,
    /// Records of the batch that is on its way.
    underway_records: u64,
    records: u64,
    /// It waits for its state to be written.
    waits_for_state: bool,
    was_caught_up: bool,
    is_parked_told: bool,
}

/// Something that came to its end.
enum Done {
    Looked(Vec<Key>, Result<(Vec<(Key, Look)>, Option<ClientError>), ClientError>),
    Fetched(i32, Vec<Wanted>, Result<Vec<(Key, i64, Read)>, ClientError>),
    TailRead(Key, i64, Result<Fetched, ClientError>),
    Appended(i32, Appended),
    StatesWritten(Vec<((String, i32), State)>, Result<(), ClientError>),
    LeadersFound(Side, Result<Leaders, ClientError>),
}

/// One side's cluster.
struct Cluster {
    client: Arc<Client>,
    leaders: Leaders,
    /// Leaders that have not answered yet.
    busy: BTreeSet<i32>,
    /// Something failed, and nothing is asked until leaders are known again.
    is_recovering: bool,
    /// Leaders are being looked for.
    is_searching: bool,
    /// What failed, once it has been told.
    told: Option<String>,
}

impl Cluster {
    fn new(client: Arc<Client>) -> Self {
        Self {
            client,
            leaders: Leaders::new(),
            busy: BTreeSet::new(),
            is_recovering: false,
            is_searching: false,
            told: None,
        }
    }

    /// The leader, if it can be asked now.
    fn free_leader(&self, topic: &str, partition: i32) -> Option<i32> {
        let leader = self.leaders.get(&(topic.to_owned(), partition))?;
        (!self.busy.contains(leader)).then_some(*leader)
    }
}

/// All partitions, and both sides.
pub(super) struct Flow<'a> {
    context: &'a Context,
    options: Options,
    source: Cluster,
    target: Cluster,
    topic: StateTopic,
    name: String,
    slots: BTreeMap<Key, Slot>,
    /// States that are to be written, the last of each partition.
    states: BTreeMap<(String, i32), State>,
    is_writing_states: bool,
    is_looking: bool,
    tails: usize,
    tasks: JoinSet<Done>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(
        context: &'a Context,
        source: Arc<Client>,
        target: Arc<Client>,
        topic: StateTopic,
        name: String,
        options: Options,
    ) -> Self {
        Self {
            context,
            options,
            source: Cluster::new(source),
            target: Cluster::new(target),
            topic,
            name,
            slots: BTreeMap::new(),
            states: BTreeMap::new(),
            is_writing_states: false,
            is_looking: false,
            tails: 0,
            tasks: JoinSet::new(),
        }
    }

    /// Takes topics up, each partition with the state of an earlier run.
    pub(super) async fn add(
        &mut self,
        planned: &[Planned],
        mut states: BTreeMap<(String, i32), State>,
    ) -> Result<(), CommandError> {
        let limits = batch_max_bytes(&self.target.client, planned).await?;
        for topic in planned {
            let (name, target_topic): (Arc<str>, Arc<str>) =
                (topic.source.as_str().into(), topic.target.as_str().into());
            let default = Rules::default();
            let settings = Settings {
                rules: Rules {
                    batch_max_bytes: limits.get(&topic.target).copied().unwrap_or(default.batch_max_bytes),
                    timestamps: self.options.timestamps,
                    ..default
                },
                on_gap: self.options.on_gap,
                on_truncation: self.options.on_truncation,
                on_recreation: self.options.on_recreation,
                is_compacted: topic.is_compacted,
                queue_max_bytes: QUEUE_MAX_BYTES,
                coalesce_below_bytes: COALESCE_BELOW_BYTES,
            };
            for partition in 0..topic.partitions {
                let state = states.remove(&(topic.source.clone(), partition));
                let slot = Slot::new(Arc::clone(&target_topic), Partition::new(settings.clone(), state));
                self.slots.insert((Arc::clone(&name), partition), slot);
            }
        }
        Ok(())
    }

    /// Mirrors until there is nothing more to do or a signal comes; what is known then is written down.
    pub(super) async fn run(&mut self) -> Result<Ended, CommandError> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut states_due = interval(STATES_EVERY);
        states_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.recover(Side::Source, None);
        self.recover(Side::Target, None);
        let ended = loop {
            self.collect();
            self.begin();
            if self.has_ended() {
                break Ended::Done;
            }
            tokio::select! {
                Some(done) = self.tasks.join_next() => match done {
                    Ok(done) => self.take(done),
                    Err(error) => return Err(CommandError::bug(error.to_string())),
                },
                _ = states_due.tick() => self.take_states(),
                _ = interrupt.recv() => break Ended::Signal(130),
                _ = terminate.recv() => break Ended::Signal(143),
            }
        };
        self.write_last_states().await?;
        Ok(ended)
    }

    /// How far each partition is.
    pub(super) fn report(&self) -> Vec<MirroredPartition> {
        let row = |((topic, partition), slot): (&Key, &Slot)| MirroredPartition {
            topic: topic.to_string(),
            target_topic: slot.target_topic.to_string(),
            partition: *partition,
            source_next: slot.partition.map().source_next(),
            target_next: slot.partition.map().target_next(),
            records: slot.records,
            parked: slot.partition.parked().map(ToString::to_string),
        };
        self.slots.iter().map(row).collect()
    }

    fn has_ended(&self) -> bool {
        let mut slots = self.slots.values();
        let is_over =
            |slot: &Slot| slot.partition.parked().is_some() || self.options.until_caught_up && slot.was_caught_up;
        slots.all(is_over)
    }

    /// Asks each partition what is to be done.
    fn collect(&mut self) {
        for (key, slot) in &mut self.slots {
            while let Some(action) = slot.partition.act() {
                match action {
                    Action::Look { source_leader_epoch } => slot.look = Some(source_leader_epoch),
                    Action::Fetch { from } => slot.fetch = Some(from),
                    Action::ReadTail { from } => slot.tail = Some(from),
                    Action::WriteState(state) => {
                        self.states.insert((key.0.to_string(), key.1), state);
                        slot.waits_for_state = true;
                    }
                    Action::Append { id, batch } => {
                        let batch = batch.to_bytes();
                        slot.underway_records =
                            BatchHeader::parse(&batch).map_or(0, |header| header.record_count as u64);
                        slot.append = Some((id, batch));
                    }
                }
            }
            for note in slot.partition.take_notes() {
                let text = format!("{}-{}: {}", key.0, key.1, sentence(note));
                self.context.out.note(&text);
            }
            if let Some(why) = slot.partition.parked().filter(|_| !slot.is_parked_told) {
                self.context
                    .out
                    .note(&format!("{}-{} does not go on: {why}", key.0, key.1));
                slot.is_parked_told = true;
            }
        }
    }

    /// Begins what can be begun.
    fn begin(&mut self) {
        let is_recovering = self.source.is_recovering || self.target.is_recovering;
        if !self.is_looking && !is_recovering {
            self.begin_look();
        }
        if !self.source.is_recovering {
            self.begin_fetches();
        }
        if !self.target.is_recovering {
            self.begin_tails();
            self.begin_appends();
            if !self.is_writing_states && self.slots.values().any(|slot| slot.waits_for_state) {
                self.begin_states();
            }
        }
    }

    fn begin_look(&mut self) {
        let mut asked = Vec::new();
        for (key, slot) in &mut self.slots {
            if let Some(source_leader_epoch) = slot.look.take() {
                asked.push(Asked {
                    key: key.clone(),
                    target_topic: Arc::clone(&slot.target_topic),
                    source_leader_epoch,
                });
            }
        }
        if asked.is_empty() {
            return;
        }
        self.is_looking = true;
        let (source, target) = (Arc::clone(&self.source.client), Arc::clone(&self.target.client));
        self.tasks.spawn(async move {
            let looked = look(&source, &target, &asked).await;
            Done::Looked(asked.into_iter().map(|asked| asked.key).collect(), looked)
        });
    }

    fn begin_fetches(&mut self) {
        let queued: usize = self.slots.values().map(|slot| slot.partition.queued_bytes()).sum();
        if queued >= BUDGET_BYTES {
            return;
        }
        let mut by_leader: BTreeMap<i32, Vec<Wanted>> = BTreeMap::new();
        for (key, slot) in &mut self.slots {
            let Some(leader) = self.source.free_leader(&key.0, key.1) else {
                continue;
            };
            if let Some(from) = slot.fetch.take() {
                by_leader.entry(leader).or_default().push(Wanted {
                    key: key.clone(),
                    topic_id: slot.source_topic_id,
                    from,
                });
            }
        }
        for (leader, wanted) in by_leader {
            self.source.busy.insert(leader);
            let (client, committed_only) = (Arc::clone(&self.source.client), self.options.committed_only);
            self.tasks.spawn(async move {
                let read = fetch(&client, leader, &wanted, committed_only).await;
                Done::Fetched(leader, wanted, read)
            });
        }
    }

    fn begin_tails(&mut self) {
        for (key, slot) in &mut self.slots {
            if self.tails >= TAILS_MAX {
                return;
            }
            let Some(from) = slot.tail.take() else { continue };
            self.tails += 1;
            let (client, topic, key) = (
                Arc::clone(&self.target.client),
                Arc::clone(&slot.target_topic),
                key.clone(),
            );
            self.tasks.spawn(async move {
                let spec = FetchSpec {
                    topic: &topic,
                    partition: key.1,
                    offset: from,
                    max_bytes: TAIL_MAX_BYTES,
                    max_wait_ms: TAIL_MAX_WAIT_MS,
                    committed_only: false,
                };
                let read = client.fetch(&spec).await;
                Done::TailRead(key, from, read)
            });
        }
    }

    fn begin_appends(&mut self) {
        let mut by_leader: BTreeMap<i32, (usize, Vec<Outgoing>)> = BTreeMap::new();
        for (key, slot) in &mut self.slots {
            let Some(leader) = self.target.free_leader(&slot.target_topic, key.1) else {
                continue;
            };
            let (size_bytes, outgoing) = by_leader.entry(leader).or_default();
            if *size_bytes >= REQUEST_MAX_BYTES {
                continue;
            }
            if let Some((id, batch)) = slot.append.take() {
                *size_bytes += batch.len();
                outgoing.push(Outgoing {
                    key: key.clone(),
                    target_topic: Arc::clone(&slot.target_topic),
                    id,
                    batch,
                });
            }
        }
        for (leader, (_, outgoing)) in by_leader {
            if outgoing.is_empty() {
                continue;
            }
            self.target.busy.insert(leader);
            let client = Arc::clone(&self.target.client);
            self.tasks
                .spawn(async move { Done::Appended(leader, append(&client, leader, outgoing).await) });
        }
    }

    fn take_states(&mut self) {
        for (key, slot) in &mut self.slots {
            if let Some(state) = slot.partition.take_state() {
                self.states.insert((key.0.to_string(), key.1), state);
            }
        }
        if !self.is_writing_states {
            self.begin_states();
        }
    }

    fn begin_states(&mut self) {
        let states: Vec<_> = std::mem::take(&mut self.states).into_iter().collect();
        if states.is_empty() {
            return;
        }
        self.is_writing_states = true;
        let (client, topic, name) = (Arc::clone(&self.target.client), self.topic.clone(), self.name.clone());
        self.tasks.spawn(async move {
            let written = topic.write(&client, &name, &states, now_ms()).await;
            Done::StatesWritten(states, written)
        });
    }

    async fn write_last_states(&mut self) -> Result<(), CommandError> {
        while self.is_writing_states {
            match self.tasks.join_next().await {
                Some(Ok(done)) => self.take(done),
                Some(Err(error)) => return Err(CommandError::bug(error.to_string())),
                None => break,
            }
        }
        self.take_states();
        while self.is_writing_states {
            match self.tasks.join_next().await {
                Some(Ok(Done::StatesWritten(_, written))) => return written.map_err(CommandError::from),
                Some(Ok(done)) => self.take(done),
                Some(Err(error)) => return Err(CommandError::bug(error.to_string())),
                None => break,
            }
        }
        Ok(())
    }

    /// Takes note of what came to its end.
    fn take(&mut self, done: Done) {
        match done {
            Done::Looked(keys, looked) => self.take_looks(keys, looked),
            Done::Fetched(leader, wanted, read) => self.take_reads(leader, wanted, read),
            Done::TailRead(key, from, read) => {
                self.tails -= 1;
                match read {
                    Ok(read) => self.tell(
                        &key,
                        Event::TailRead {
                            from,
                            records: read.records,
                        },
                    ),
                    Err(error) => {
                        if let Some(slot) = self.slots.get_mut(&key) {
                            slot.tail = Some(from);
                        }
                        self.recover(Side::Target, Some(&error));
                    }
                }
            }
            Done::Appended(leader, (events, trouble)) => {
                self.target.busy.remove(&leader);
                for (key, event) in events {
                    if let (Event::Acknowledged { .. }, Some(slot)) = (&event, self.slots.get_mut(&key)) {
                        slot.records += slot.underway_records;
                    }
                    self.tell(&key, event);
                }
                match trouble {
                    Some(error) => self.recover(Side::Target, Some(&error)),
                    None => self.is_well(Side::Target),
                }
            }
            Done::StatesWritten(states, written) => self.take_written(states, written),
            Done::LeadersFound(side, found) => self.take_leaders(side, found),
        }
    }

    fn tell(&mut self, key: &Key, event: Event) {
        if let Some(slot) = self.slots.get_mut(key) {
            slot.partition.on(event);
        }
    }

    fn take_looks(&mut self, keys: Vec<Key>, looked: Result<(Vec<(Key, Look)>, Option<ClientError>), ClientError>) {
        self.is_looking = false;
        let (looks, trouble) = looked.unwrap_or_else(|error| (Vec::new(), Some(error)));
        let mut missing: BTreeSet<Key> = keys.into_iter().collect();
        for (key, look) in looks {
            missing.remove(&key);
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.source_topic_id = Uuid::from_bytes(look.source.topic_id);
                // What was asked for before is not wanted any more.
                (slot.fetch, slot.tail) = (None, None);
                slot.partition.on(Event::Looked(look));
            }
        }
        for key in missing {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.partition.on(Event::LookFailed);
            }
        }
        if let Some(error) = trouble {
            // Which of both sides it was does not matter: both are looked at again.
            self.recover(Side::Source, Some(&error));
            self.recover(Side::Target, None);
        }
    }

    fn take_reads(&mut self, leader: i32, wanted: Vec<Wanted>, read: Result<Vec<(Key, i64, Read)>, ClientError>) {
        self.source.busy.remove(&leader);
        let mut missing: BTreeMap<Key, i64> = wanted.into_iter().map(|wanted| (wanted.key, wanted.from)).collect();
        let mut trouble = None;
        match read {
            Err(error) => trouble = Some(error),
            Ok(reads) => {
                for (key, from, read) in reads {
                    let error = ClientError::rejected(format!("{}-{}", key.0, key.1), read.code, None);
                    match error.code() {
                        _ if read.code == 0 => self.take_read(&key, from, read),
                        Some(
                            ErrorCode::OffsetOutOfRange | ErrorCode::UnknownTopicId | ErrorCode::InconsistentTopicId,
                        ) => {
                            self.tell(&key, Event::LookAgain);
                            trouble = Some(error);
                        }
                        _ => {
                            trouble = Some(error);
                            continue;
                        }
                    }
                    missing.remove(&key);
                }
            }
        }
        for (key, from) in missing {
            if let Some(slot) = self.slots.get_mut(&key) {
                slot.fetch.get_or_insert(from);
            }
        }
        match trouble {
            Some(error) => self.recover(Side::Source, Some(&error)),
            None => self.is_well(Side::Source),
        }
    }

    fn take_read(&mut self, key: &Key, from: i64, read: Read) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        slot.partition.on(Event::Fetched {
            from,
            records: read.records,
            aborted: read.aborted,
        });
        slot.was_caught_up |= slot.partition.has_reached(read.end);
    }

    fn take_written(&mut self, states: Vec<((String, i32), State)>, written: Result<(), ClientError>) {
        self.is_writing_states = false;
        match written {
            Ok(()) => {
                for ((topic, partition), _) in states {
                    let key: Key = (topic.into(), partition);
                    // One that waits may have what this one has not.
                    let is_last = !self.states.contains_key(&(key.0.to_string(), partition));
                    if let Some(slot) = self.slots.get_mut(&key).filter(|_| is_last) {
                        slot.waits_for_state = false;
                        slot.partition.on(Event::StateWritten);
                    }
                }
            }
            Err(error) => {
                for (key, state) in states {
                    self.states.entry(key).or_insert(state);
                }
                self.recover(Side::Target, Some(&error));
            }
        }
    }

    fn cluster(&mut self, side: Side) -> &mut Cluster {
        match side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        }
    }

    /// Asks nothing more until it is known who leads; says once what is wrong.
    fn recover(&mut self, side: Side, error: Option<&ClientError>) {
        if let Some(error) = error {
            self.is_ill(side, error);
        }
        self.cluster(side).is_recovering = true;
        self.search(side, error.is_some());
    }

    /// Looks for leaders, after a little rest if something has failed.
    fn search(&mut self, side: Side, has_failed: bool) {
        let topics: BTreeSet<String> = match side {
            Side::Source => self.slots.keys().map(|(topic, _)| topic.to_string()).collect(),
            Side::Target => self.slots.values().map(|slot| slot.target_topic.to_string()).collect(),
        };
        let cluster = self.cluster(side);
        if std::mem::replace(&mut cluster.is_searching, true) {
            return;
        }
        let client = Arc::clone(&cluster.client);
        let topics: Vec<String> = topics.into_iter().collect();
        self.tasks.spawn(async move {
            if has_failed {
                sleep(REST).await;
            }
            let found = client.partition_leaders(&topics).await;
            Done::LeadersFound(side, found.map(|found| found.ok.into_iter().collect()))
        });
    }

    /// Partitions whose leader is not known do not keep the others.
    fn take_leaders(&mut self, side: Side, found: Result<Leaders, ClientError>) {
        let cluster = self.cluster(side);
        (cluster.is_searching, cluster.is_recovering) = (false, false);
        match found {
            Ok(leaders) => cluster.leaders = leaders,
            Err(error) => return self.recover(side, Some(&error)),
        }
        let leaders = match side {
            Side::Source => &self.source.leaders,
            Side::Target => &self.target.leaders,
        };
        let leaderless = self.slots.iter().find_map(|((topic, partition), slot)| {
            let name = match side {
                Side::Source => topic,
                Side::Target => &slot.target_topic,
            };
            let key = (name.to_string(), *partition);
            (!leaders.contains_key(&key)).then_some(key)
        });
        if let Some((topic, partition)) = leaderless {
            let what = format!("{topic}-{partition}");
            self.is_ill(
                side,
                &ClientError::rejected(what, ErrorCode::LeaderNotAvailable.code(), None),
            );
            self.search(side, true);
        }
    }

    fn is_ill(&mut self, side: Side, error: &ClientError) {
        let text = error.to_string();
        if self.cluster(side).told.is_none() {
            let whose = match side {
                Side::Source => "source",
                Side::Target => "target",
            };
            self.context.out.note(&format!("{whose}: {text}; it is tried again"));
        }
        self.cluster(side).told = Some(text);
    }

    fn is_well(&mut self, side: Side) {
        self.cluster(side).told = None;
    }
}

impl Slot {
    fn new(target_topic: Arc<str>, partition: Partition) -> Self {
        Self {
            target_topic,
            partition,
            source_topic_id: Uuid::ZERO,
            look: None,
            fetch: None,
            tail: None,
            append: None,
            underway_records: 0,
            records: 0,
            waits_for_state: false,
            was_caught_up: false,
            is_parked_told: false,
        }
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.map_or(0, |now| now.as_millis() as i64)
}

fn sentence(note: Note) -> String {
    match note {
        Note::Reconciled { records } => {
            format!("{records} records of an earlier run were found at the target and are the source's")
        }
        Note::TargetLost { from, to } => {
            format!("the target lost offsets {from} to {to}; their records are mirrored again")
        }
        Note::Overtaken { from, to } => {
            format!(
                "the source removed offsets {from} to {to} before they were mirrored; they are missing at the target"
            )
        }
        Note::Truncated { from, to } => {
            format!("the source lost offsets {from} to {to}, which had been mirrored; the target keeps them")
        }
        Note::Recreated => "the topic was deleted and created again; it is mirrored from its beginning".to_owned(),
    }
}
