//! A foreign producer that writes all the time, and what is found of it in the end.

use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::Ran;
use crate::support::mixed_nodes::Mixed;

/// How often a record is written.
const PAUSE: Duration = Duration::from_millis(2);

/// librdkafka's idempotent producer, which writes numbers until it is stopped.
pub(super) struct Load {
    kcat: Child,
    writer: JoinHandle<u32>,
    stopped: Arc<AtomicBool>,
}

impl Load {
    pub(super) fn start(mixed: &Mixed, topic: &str) -> Self {
        let addresses = [1, 2, 3].map(|id| mixed.address(id)).join(",");
        let mut command = Command::new("timeout");
        command
            .args(["180", "kcat", "-P", "-b", &addresses, "-t", topic, "-X", "acks=all"])
            .args(["-X", "enable.idempotence=true", "-X", "message.timeout.ms=60000"])
            // kcat ends once no node is connected: it is to come back to a node as soon as that is there again, though it
            // has nothing to send to it, and not when the last one stops.
            .args([
                "-X",
                "reconnect.backoff.max.ms=200",
                "-X",
                "enable.sparse.connections=false",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut kcat = command.spawn().unwrap();
        let stdin = kcat.stdin.take().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stopped);
        let writer = std::thread::spawn(move || write_numbers(stdin, &asked));
        Self { kcat, writer, stopped }
    }

    /// Waits until everything is acknowledged; how many records that was.
    pub(super) fn stop(self) -> u32 {
        self.stopped.store(true, Ordering::Relaxed);
        let written = self.writer.join().unwrap();
        Ran::of(&self.kcat.wait_with_output().unwrap()).exits(0);
        written
    }
}

/// How many numbers were written; fewer than meant if the producer ended by itself, which it will be asked about.
fn write_numbers(mut stdin: ChildStdin, stopped: &AtomicBool) -> u32 {
    let mut next = 0;
    while !stopped.load(Ordering::Relaxed) && writeln!(stdin, "{next}").is_ok() {
        next += 1;
        std::thread::sleep(PAUSE);
    }
    next
}

/// Every number below `written` is in the topic once, and in each partition they are in the order of their sending, by
/// way of each node.
pub(super) fn assert_nothing_lost(mixed: &Mixed, topic: &str, partitions: u32, written: u32) {
    for asked in 1..=3 {
        let mut all: Vec<u32> = Vec::new();
        for partition in 0..partitions {
            let read = mixed.kfleet(asked, &["consume", topic, "-p", &partition.to_string()], "");
            let numbers: Vec<u32> = read.exits(0).lines().iter().map(|line| line.parse().unwrap()).collect();
            let disorder = numbers.windows(2).find(|pair| pair[0] >= pair[1]);
            assert_eq!(disorder, None, "order of {topic}-{partition}, as {asked} reads");
            all.extend(numbers);
        }
        all.sort_unstable();
        let lost: Vec<u32> = (0..written)
            .filter(|number| all.binary_search(number).is_err())
            .collect();
        assert!(lost.is_empty(), "lost, as {asked} reads: {lost:?} of {written}");
        assert_eq!(all.len(), written as usize, "records, as {asked} reads");
    }
}
