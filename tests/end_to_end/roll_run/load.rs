//! Idempotent producers that write all the time, each batch when the one before is acknowledged.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::history::{History, RecordId};
use client::{Client, ClientConfig, Limit, Producer};
use protocol::records::{Compression, NewRecord};

use crate::support::records::{check, id_of, record, value_of};

/// What they write to.
pub(super) const TOPIC: &str = "load";
const PARTITIONS: i32 = 12;
/// Longest any request may take, restarts included.
const REQUEST_MAX: Duration = Duration::from_secs(60);
/// Between two batches of a producer.
const PAUSE: Duration = Duration::from_millis(5);

/// Producers at work.
pub(super) struct Load {
    bootstrap: String,
    stopped: Arc<AtomicBool>,
    history: Arc<Mutex<History>>,
    writers: Vec<JoinHandle<Duration>>,
}

/// What was written.
pub(super) struct Written {
    bootstrap: String,
    history: History,
    /// The longest that a producer waited for an acknowledgement.
    longest: Duration,
}

async fn connect(bootstrap: &str) -> Client {
    let config = ClientConfig {
        bootstrap: bootstrap.split(',').map(str::to_owned).collect(),
        client_id: "kfleet-test".to_owned(),
        security: client::Security::default(),
        limit: Limit::Each(REQUEST_MAX),
    };
    Client::connect(config).await.unwrap()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

impl Load {
    pub(super) fn start(bootstrap: &str, writers: u32) -> Self {
        let (stopped, history) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::default()));
        let writer = |writer| {
            let (bootstrap, stopped, history) = (bootstrap.to_owned(), Arc::clone(&stopped), Arc::clone(&history));
            std::thread::spawn(move || block_on(write(&bootstrap, writer, &stopped, &history)))
        };
        let writers = (0..writers).map(writer).collect();
        Self {
            bootstrap: bootstrap.to_owned(),
            stopped,
            history,
            writers,
        }
    }

    /// Ends once all that was sent is acknowledged.
    pub(super) fn stop(self) -> Written {
        self.stopped.store(true, Ordering::Relaxed);
        let longest = self.writers.into_iter().map(|writer| writer.join().unwrap()).max();
        let history = std::mem::take(&mut *self.history.lock().unwrap());
        Written {
            bootstrap: self.bootstrap,
            history,
            longest: longest.unwrap(),
        }
    }
}

/// Writes until it is stopped; the longest that it waited. A batch that fails ends the test.
async fn write(bootstrap: &str, writer: u32, stopped: &AtomicBool, history: &Mutex<History>) -> Duration {
    let client = connect(bootstrap).await;
    let mut producer = Producer::new(&client, Compression::None).await.unwrap();
    let (mut longest, mut number) = (Duration::ZERO, 0);
    while !stopped.load(Ordering::Relaxed) {
        let partition = number % PARTITIONS;
        number += 1;
        let ids: Vec<RecordId> = {
            let mut history = history.lock().unwrap();
            (0..3).map(|_| history.sends(writer, partition)).collect()
        };
        let values: Vec<Vec<u8>> = ids.iter().map(|id| value_of(*id)).collect();
        let records: Vec<NewRecord<'_>> = values.iter().map(|value| record(value)).collect();
        let since = Instant::now();
        let first = producer.write(TOPIC, partition, &records).await;
        let first = first.unwrap_or_else(|error| panic!("writer {writer}, partition {partition}: {error}"));
        longest = longest.max(since.elapsed());
        for (id, offset) in ids.iter().zip(first..) {
            history.lock().unwrap().acknowledges(*id, offset);
        }
        tokio::time::sleep(PAUSE).await;
    }
    longest
}

impl Written {
    /// All that was acknowledged is there once, in order.
    pub(super) fn assert_nothing_lost(&self) {
        let (report, count) = block_on(async {
            let client = connect(&self.bootstrap).await;
            check(&client, TOPIC, PARTITIONS, &self.history, id_of).await
        });
        assert!(report.is_clean(), "{report}");
        let counts = self.history.counts();
        assert!(counts.acknowledged == counts.sent && counts.sent > 0, "{counts:?}");
        assert_eq!(count, counts.sent, "{self}");
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counts, longest) = (self.history.counts(), self.longest);
        write!(
            f,
            "{counts:?}; longest wait for an acknowledgement {} ms",
            longest.as_millis()
        )
    }
}
