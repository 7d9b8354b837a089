//! What bad input gets: an error, a closed connection, a count. Never a fallen node, and nobody else notices.

mod frames;
mod memory;
mod storage;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use client::{Client, ClientConfig, FetchSpec, Limit, Producer};
use protocol::records::{Batches, Compression, NewRecord, Records, records_of};

use crate::support::{Cluster, Engine, signal};

/// How long a node may take to answer or close.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The state of a socket that listens, in /proc/net/tcp.
const LISTENS: &str = "0A";
/// How long one write and its read may take the good client; they take a millisecond or two.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(3);

/// A node and, after the hostile part, what it counted.
struct Victim {
    cluster: Cluster,
    pid: i32,
    dir: tempfile::TempDir,
}

impl Victim {
    fn start(settings: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), settings);
        let pid = cluster.pid();
        cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
        Self { cluster, pid, dir }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.cluster.bootstrap).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(ANSWER_MAX)).unwrap();
        stream
    }

    /// Sends bytes; whether an answer came rather than the connection's end.
    fn answers(&self, bytes: &[u8]) -> bool {
        let mut stream = self.connect();
        // The node may close before it has read everything.
        let _closed = stream.write_all(bytes);
        let _closed = stream.shutdown(std::net::Shutdown::Write);
        answered(&mut stream)
    }

    /// Runs the hostile part while a good client writes and reads.
    fn while_others_work(&self, hostile: impl FnOnce()) {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let good = scope.spawn(|| write_and_read(&self.cluster.bootstrap, &stop));
            {
                // Also when the hostile part fails.
                let _stopped = SetOnDrop(&stop);
                hostile();
            }
            let (round_trips, slowest) = good.join().unwrap();
            assert!(round_trips > 0);
            assert!(slowest < ROUND_TRIP_MAX, "one of {round_trips} took {slowest:?}");
        });
    }

    /// Waits until the node has seen that all connections ended: what they ended with counts only then.
    fn sees_all_end(&self) {
        let deadline = Instant::now() + ANSWER_MAX;
        while accepted(self.pid, &self.cluster.bootstrap) > 0 {
            assert!(Instant::now() < deadline, "connections stay open");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops the node, which is the process it was; how often it refused something of this kind.
    fn counted(self, kinds: &[&str]) -> Vec<u64> {
        signal(self.pid, "0");
        self.cluster.kfleet(&["offsets", "get", "t"]).exits(0);
        self.cluster.stop();
        let said = std::fs::read_to_string(self.dir.path().join("node-1.log")).unwrap();
        assert!(!said.contains("panicked"), "{said}");
        let line = said.lines().find(|line| line.contains("refused since the start"));
        let line = line.unwrap_or_else(|| panic!("no count in {said}"));
        let count = |kind: &&str| {
            let word = line
                .split_whitespace()
                .find_map(|word| word.strip_prefix(&format!("{kind}=")));
            word.unwrap_or_else(|| panic!("no {kind} in {line}")).parse().unwrap()
        };
        kinds.iter().map(count).collect()
    }
}

/// Connections that a node has accepted and not closed. It has others of its own, to its controller.
fn accepted(pid: i32, bootstrap: &str) -> usize {
    let port: u16 = bootstrap.rsplit_once(':').unwrap().1.parse().unwrap();
    let local = format!(":{port:04X}");
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let links = descriptors.filter_map(|descriptor| std::fs::read_link(descriptor.ok()?.path()).ok());
    let held: BTreeSet<String> = links.map(|link| link.display().to_string()).collect();
    let table = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let sockets = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    sockets
        .filter(|fields| fields[1].ends_with(&local) && fields[3] != LISTENS)
        .filter(|fields| held.contains(&format!("socket:[{}]", fields[9])))
        .count()
}

/// Sets a flag at the end of its scope.
struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn answered(stream: &mut TcpStream) -> bool {
    let mut some = [0; 64];
    match stream.read(&mut some) {
        Ok(count) => count > 0,
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
        Err(error) => panic!("neither an answer nor an end: {error}"),
    }
}

/// Writes records and reads each back, until told to stop: how many, and how long the slowest took.
fn write_and_read(bootstrap: &str, stop: &AtomicBool) -> (usize, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(async {
        let config = ClientConfig {
            bootstrap: vec![bootstrap.to_owned()],
            client_id: "good".to_owned(),
            security: client::Security::default(),
            limit: Limit::Each(ANSWER_MAX),
        };
        let client = Client::connect(config).await.unwrap();
        let mut producer = Producer::new(&client, Compression::None).await.unwrap();
        let (mut round_trips, mut slowest) = (0, Duration::ZERO);
        while !stop.load(Ordering::Relaxed) || round_trips == 0 {
            let since = Instant::now();
            let value = vec![b'v'; 20_000 + round_trips % 1000];
            let record = NewRecord {
                timestamp: 1,
                value: Some(&value),
                ..NewRecord::default()
            };
            let offset = producer.write("t", 0, &[record]).await.unwrap();
            let spec = FetchSpec {
                topic: "t",
                partition: 0,
                offset,
                max_bytes: 1 << 20,
                max_wait_ms: 1000,
                committed_only: false,
            };
            let fetched = client.fetch(&spec).await.unwrap();
            let (header, batch) = Batches::new(&fetched.records).next().unwrap().unwrap();
            let unpacked = records_of(&header, batch, 1 << 20).unwrap();
            let read = Records::new(header, &unpacked).next().unwrap().unwrap();
            assert_eq!((read.offset, read.value), (offset, Some(&value[..])));
            slowest = slowest.max(since.elapsed());
            round_trips += 1;
        }
        (round_trips, slowest)
    })
}

/// Resident memory of a process, in bytes.
fn resident_bytes(pid: i32) -> usize {
    let path = Path::new("/proc").join(pid.to_string()).join("status");
    let status = std::fs::read_to_string(path).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() * 1024
}

/// A frame with its length before it.
fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = (body.len() as i32).to_be_bytes().to_vec();
    frame.extend(body);
    frame
}

/// The header of a request with a client id, as flexible versions have it or not.
fn header(api_key: i16, version: i16, flexible: bool) -> Vec<u8> {
    let mut bytes = api_key.to_be_bytes().to_vec();
    bytes.extend(version.to_be_bytes());
    bytes.extend(7i32.to_be_bytes());
    bytes.extend([0, 3]);
    bytes.extend(b"bad");
    if flexible {
        bytes.push(0);
    }
    bytes
}
