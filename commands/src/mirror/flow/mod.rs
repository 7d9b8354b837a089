//! From one cluster to another: partitions say what is to be done, and here it is done, with one request at a time to each
//! leader on either side.

mod begin;
mod take;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use client::{Client, ClientError, Fetched};
use mirror::decide::{Rules, Timestamps};
use mirror::partition::{Action, Note, Partition, Settings, Then};
use mirror::state::State;
use protocol::Uuid;
use protocol::records::BatchHeader;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::append::Appended;
use super::fetch::{Read, Wanted};
use super::look::Found;
use super::run::MirroredPartition;
use super::state_topic::StateTopic;
use super::topics::{Planned, batch_max_bytes};
use crate::context::Context;
use crate::error::CommandError;

/// Bytes of batches that wait for the target, of one partition.
const QUEUE_MAX_BYTES: usize = 2 << 20;
/// Batches that wait become one while that is smaller than this.
const COALESCE_BELOW_BYTES: usize = 16 << 10;
/// How often states are written.
const STATES_EVERY: Duration = Duration::from_secs(1);

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
    Looked(Vec<Key>, Result<Found, ClientError>),
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
