//! Writing that goes on while brokers come and go: a writer for each partition, each waiting for its acknowledgement
//! before it writes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use client::Producer;
use protocol::records::{Compression, NewRecord};
use tokio::task::JoinSet;

use super::cluster::{PARTITIONS, TOPIC, connect};
use super::transfer::KeyValue;
use crate::context::block_on;
use crate::error::CommandError;

/// The wait between two records of a partition, so that writing is no load test.
const PACE: Duration = Duration::from_millis(2);

/// An acknowledged record.
#[derive(Debug)]
struct Acknowledged {
    partition: i32,
    record: KeyValue,
    at: Instant,
}

/// Writing that goes on on a thread of its own. Dropped, it ends by itself.
#[derive(Debug)]
pub(super) struct Writing {
    received: Receiver<Acknowledged>,
    all: Vec<Acknowledged>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), CommandError>>>,
    timeout: Duration,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Written {
    /// What was acknowledged, in the order in which it was.
    pub(super) records: Vec<KeyValue>,
    /// The longest that any one partition went without an acknowledgement.
    pub(super) longest_gap: Duration,
}

impl Writing {
    /// Starts, and returns once each partition has had its first acknowledgement. `name` is in the keys.
    pub(super) fn start(bootstrap: &str, timeout: Duration, name: &str) -> Result<Self, CommandError> {
        let (sender, received) = channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let work = write_all(
            bootstrap.to_owned(),
            timeout,
            name.to_owned(),
            sender,
            Arc::clone(&is_over),
        );
        let thread = std::thread::Builder::new().name("writing".to_owned());
        let thread = thread.spawn(|| block_on(work)?)?;
        let mut writing = Self {
            received,
            all: Vec::new(),
            is_over,
            thread: Some(thread),
            timeout,
        };
        writing.wait_for_each()?;
        Ok(writing)
    }

    /// Waits until each partition has had another acknowledgement of a record that was sent from now on.
    pub(super) fn wait_for_each(&mut self) -> Result<(), CommandError> {
        let since = Instant::now();
        let mut seen: BTreeMap<i32, usize> = BTreeMap::new();
        // The first one may be of a record that was on its way already.
        while seen.values().filter(|count| **count > 1).count() < PARTITIONS.unsigned_abs() as usize {
            let left = self.timeout.saturating_sub(since.elapsed());
            let Ok(acknowledged) = self.received.recv_timeout(left) else {
                return Err(self.stuck());
            };
            if acknowledged.at >= since {
                *seen.entry(acknowledged.partition).or_default() += 1;
            }
            self.all.push(acknowledged);
        }
        Ok(())
    }

    /// Why nothing comes: a writer has failed, or one waits.
    fn stuck(&mut self) -> CommandError {
        let timeout = self.timeout;
        let waited = || CommandError::critical(format!("a partition had no acknowledgement within {timeout:?}"));
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished) {
            self.join().err().unwrap_or_else(waited)
        } else {
            waited()
        }
    }

    fn join(&mut self) -> Result<(), CommandError> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(CommandError::bug("the writing thread panicked")),
            None => Ok(()),
        }
    }

    /// Ends it, with the last records acknowledged.
    pub(super) fn finish(mut self) -> Result<Written, CommandError> {
        self.is_over.store(true, Ordering::Relaxed);
        self.join()?;
        self.all.extend(self.received.try_iter());
        let longest_gap = longest_gap(self.all.iter().map(|one| (one.partition, one.at)));
        let records = self.all.into_iter().map(|one| one.record).collect();
        Ok(Written { records, longest_gap })
    }
}

fn longest_gap(acknowledged: impl Iterator<Item = (i32, Instant)>) -> Duration {
    let mut last: BTreeMap<i32, Instant> = BTreeMap::new();
    let mut longest = Duration::ZERO;
    for (partition, at) in acknowledged {
        if let Some(before) = last.insert(partition, at) {
            longest = longest.max(at.saturating_duration_since(before));
        }
    }
    longest
}

async fn write_all(
    bootstrap: String,
    timeout: Duration,
    name: String,
    sender: Sender<Acknowledged>,
    is_over: Arc<AtomicBool>,
) -> Result<(), CommandError> {
    let mut writers = JoinSet::new();
    for partition in 0..PARTITIONS {
        let (bootstrap, key, sender) = (bootstrap.clone(), format!("{name}-{partition}"), sender.clone());
        let is_over = Arc::clone(&is_over);
        writers.spawn(async move { write_one(&bootstrap, timeout, partition, key, &sender, &is_over).await });
    }
    drop(sender);
    while let Some(ended) = writers.join_next().await {
        ended.map_err(|error| CommandError::bug(error.to_string()))??;
    }
    Ok(())
}

/// Writes to one partition until it is over, or nobody listens any more.
async fn write_one(
    bootstrap: &str,
    timeout: Duration,
    partition: i32,
    key: String,
    sender: &Sender<Acknowledged>,
    is_over: &AtomicBool,
) -> Result<(), CommandError> {
    // A connection answers in order, so a partition that waits would make those of the same leader wait.
    let client = connect(bootstrap, timeout).await?;
    let mut producer = Producer::new(&client, Compression::None).await?;
    let mut count = 0_u64;
    while !is_over.load(Ordering::Relaxed) {
        let record: KeyValue = (Some(key.clone().into_bytes()), format!("value {count}").into_bytes());
        let new = NewRecord {
            timestamp: jiff::Timestamp::now().as_millisecond(),
            key: record.0.as_deref(),
            value: Some(&record.1),
            headers: &[],
        };
        producer.write(TOPIC, partition, &[new]).await?;
        let at = Instant::now();
        if sender.send(Acknowledged { partition, record, at }).is_err() {
            break;
        }
        count += 1;
        tokio::time::sleep(PACE).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_is_that_of_one_partition_whatever_the_others_do() {
        let start = Instant::now();
        let at = |partition: i32, ms: u64| (partition, start + Duration::from_millis(ms));
        assert_eq!(longest_gap(std::iter::empty()), Duration::ZERO);
        assert_eq!(longest_gap([at(0, 5)].into_iter()), Duration::ZERO);
        let some = [at(0, 0), at(1, 10), at(1, 20), at(0, 35), at(1, 40), at(0, 50)];
        assert_eq!(longest_gap(some.into_iter()), Duration::from_millis(35));
    }
}
