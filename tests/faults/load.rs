//! Idempotent writers that wait for all in-sync replicas, and readers that follow.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use client::history::{History, RecordId};
use client::{Client, ClientConfig, ClientError, Limit, Producer};
use protocol::records::NewRecord;
use tokio::task::JoinHandle;

use super::PARTITIONS;
use crate::support::Engine;
use crate::support::random::Random;
use crate::support::records::{CODECS, create, fetch, id_of, record, value_of};

/// The topic everybody writes to.
pub(super) const TOPIC: &str = "load";
const WRITERS: u32 = 6;
/// Longest that a request may take before it is sent again, to another node if that leads by then.
const REQUEST_MAX: Duration = Duration::from_secs(4);
/// Longest that a record may take to be written, faults included.
const DELIVERY_MAX: Duration = Duration::from_secs(150);
/// Wait after a failure.
const RETRY: Duration = Duration::from_millis(20);
/// Longest wait after a batch, so that half an hour of them fits on the disk.
const PAUSE_MAX_MS: u64 = 50;
const CONFIGS: [(&str, &str); 3] = [
    ("min.insync.replicas", "2"),
    ("segment.bytes", "1048576"),
    ("segment.index.bytes", "200"),
];

/// Segments of ours are full after some 64 KiB, because their indexes are. Apache's followers stop for good at a full
/// index of times ("Attempt to append to a full time index"), so there a segment is a MiB.
fn configs(engine: Engine) -> &'static [(&'static str, &'static str)] {
    match engine {
        Engine::Kfleet => &CONFIGS,
        Engine::Apache => &CONFIGS[..2],
    }
}

/// What writers and readers met with for some time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Met {
    /// Requests that failed.
    pub(super) errors: u64,
    /// The longest write, or wait for one that goes on.
    pub(super) longest_write: Duration,
}

/// What they meet with.
#[derive(Debug)]
struct Meeting {
    since: Instant,
    met: Met,
    /// Since when writers wait.
    waiting: BTreeMap<u32, Instant>,
}

impl Meeting {
    /// For how long a writer has waited of the time that counts.
    fn waited(&self, since: Instant) -> Duration {
        since.max(self.since).elapsed()
    }
}

/// What all share.
#[derive(Debug)]
pub(super) struct Load {
    bootstrap: Vec<String>,
    seed: u64,
    stop: AtomicBool,
    next_writer: AtomicU32,
    meeting: Mutex<Meeting>,
    history: Mutex<History>,
    complaints: Mutex<Vec<String>>,
}

impl Load {
    pub(super) fn new(bootstrap: Vec<String>, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            bootstrap,
            seed,
            stop: AtomicBool::new(false),
            next_writer: AtomicU32::new(0),
            meeting: Mutex::new(Meeting {
                since: Instant::now(),
                met: Met::default(),
                waiting: BTreeMap::new(),
            }),
            history: Mutex::default(),
            complaints: Mutex::default(),
        })
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap()
    }

    /// What was seen until now.
    pub(super) fn take_history(&self) -> History {
        std::mem::take(&mut self.history())
    }

    /// Failures that no fault explains.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap().clone()
    }

    fn complain(&self, what: String) {
        say!("{what}");
        self.complaints.lock().unwrap().push(what);
    }

    /// What they met with since it was last forgotten.
    pub(super) fn met(&self) -> Met {
        let meeting = self.meeting();
        let waiting = meeting.waiting.values().map(|since| meeting.waited(*since));
        Met {
            longest_write: waiting.max().unwrap_or_default().max(meeting.met.longest_write),
            ..meeting.met
        }
    }

    /// What they met with until now does not count any more.
    pub(super) fn forget_met(&self) {
        let mut meeting = self.meeting();
        meeting.since = Instant::now();
        meeting.met = Met::default();
    }

    fn meeting(&self) -> MutexGuard<'_, Meeting> {
        self.meeting.lock().unwrap()
    }

    /// A writer begins to wait.
    fn waits(&self, writer: u32) {
        self.meeting().waiting.insert(writer, Instant::now());
    }

    /// A writer waits no longer.
    fn goes_on_after_waiting(&self, writer: u32) {
        let mut meeting = self.meeting();
        if let Some(since) = meeting.waiting.remove(&writer) {
            meeting.met.longest_write = meeting.waited(since).max(meeting.met.longest_write);
        }
    }

    /// A request failed, and a fault explains it.
    fn fails(&self) {
        self.meeting().met.errors += 1;
    }

    /// Ends all work once what is under way has its answer.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Connects, however often that takes.
    pub(super) async fn connect(&self) -> Client {
        loop {
            let config = ClientConfig {
                bootstrap: self.bootstrap.clone(),
                client_id: "kfleet-test".to_owned(),
                security: client::Security::default(),
                limit: Limit::Each(REQUEST_MAX),
            };
            match Client::connect(config).await {
                Ok(client) => return client,
                Err(error) => assert!(may_pass(&error), "{error}"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Whether a fault explains a failure.
fn may_pass(error: &ClientError) -> bool {
    error.is_retriable() || matches!(error, ClientError::TimedOut { .. })
}

/// Creates the topic and starts all that write and read.
pub(super) async fn start(load: &Arc<Load>, engine: Engine) -> Vec<JoinHandle<()>> {
    let client = load.connect().await;
    create(&client, TOPIC, PARTITIONS, 3, configs(engine)).await.unwrap();
    let mut tasks: Vec<JoinHandle<()>> = (0..WRITERS).map(|at| tokio::spawn(write(load.clone(), at))).collect();
    tasks.extend((0..PARTITIONS).map(|partition| tokio::spawn(follow(load.clone(), partition))));
    tasks
}

/// Writes as one writer after the other: a failure ends one, because what it sent last may be written later than what
/// is sent next.
async fn write(load: Arc<Load>, at: u32) {
    let client = load.connect().await;
    let mut random = Random::new(load.seed ^ u64::from(at + 1));
    while load.goes_on() {
        let writer = load.next_writer.fetch_add(1, Ordering::Relaxed);
        match Producer::new(&client, CODECS[at as usize % CODECS.len()]).await {
            Ok(producer) => write_as(&load, writer, producer, &mut random).await,
            Err(error) if may_pass(&error) => tokio::time::sleep(RETRY).await,
            Err(error) => load.complain(format!("writer {writer} got no producer id: {error}")),
        }
    }
}

/// Writes batches, each when the one before is acknowledged, until the end or a failure.
async fn write_as(load: &Load, writer: u32, mut producer: Producer<'_>, random: &mut Random) {
    while load.goes_on() {
        let partition = random.below(PARTITIONS as u64) as i32;
        let count = random.below(8) + 1;
        let ids: Vec<RecordId> = {
            let mut history = load.history();
            (0..count).map(|_| history.sends(writer, partition)).collect()
        };
        let values: Vec<Vec<u8>> = ids.iter().map(|id| value_of(*id)).collect();
        let records: Vec<NewRecord<'_>> = values.iter().map(|value| record(value)).collect();
        let since = Instant::now();
        load.waits(writer);
        let delivered = deliver(load, &mut producer, partition, &records).await;
        load.goes_on_after_waiting(writer);
        match delivered {
            Ok(first) => {
                let mut history = load.history();
                for (id, offset) in ids.iter().zip(first..) {
                    history.acknowledges(*id, offset);
                }
            }
            Err(error) => {
                let (number, elapsed) = (ids[0].number, since.elapsed());
                load.complain(format!(
                    "writer {writer}, records from {number} to partition {partition}, after {elapsed:?}: {error}"
                ));
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(random.below(PAUSE_MAX_MS))).await;
    }
}

/// Writes a batch, and the same again while a fault explains that it failed.
async fn deliver(
    load: &Load,
    producer: &mut Producer<'_>,
    partition: i32,
    records: &[NewRecord<'_>],
) -> Result<i64, ClientError> {
    let deadline = Instant::now() + DELIVERY_MAX;
    loop {
        match producer.write(TOPIC, partition, records).await {
            Err(error) if may_pass(&error) && Instant::now() < deadline => {
                load.fails();
                tokio::time::sleep(RETRY).await;
            }
            done => return done,
        }
    }
}

/// Follows a partition and tells what it sees.
async fn follow(load: Arc<Load>, partition: i32) {
    let client = load.connect().await;
    let reader = partition as u32;
    let mut offset = 0;
    load.history().seeks(reader, partition, offset);
    while load.goes_on() {
        match fetch(&client, TOPIC, partition, offset, 500).await {
            Ok(records) => {
                let mut history = load.history();
                for (at, value) in records {
                    history.polls(reader, partition, at, id_of(&value));
                    offset = at + 1;
                }
            }
            Err(error) => {
                if may_pass(&error) {
                    load.fails();
                } else {
                    load.complain(format!("reader of partition {partition} at offset {offset}: {error}"));
                }
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}
