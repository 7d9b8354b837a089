//! Frames that begin and do not end: what they hold is within the budget for requests.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{ANSWER_MAX, Victim, resident_bytes};

const MIB: usize = 1 << 20;
/// queued.max.request.bytes of these tests.
const BUDGET_BYTES: usize = 32 * MIB;
/// What connections may hold beyond it.
const PER_CONNECTION_BYTES: usize = 32 * 1024;
/// For the good client's records and what the allocator keeps.
const SLACK_BYTES: usize = 64 * MIB;

fn victim() -> Victim {
    Victim::start(&[
        &format!("queued.max.request.bytes={BUDGET_BYTES}"),
        &format!("socket.request.max.bytes={}", BUDGET_BYTES / 2),
        // Connecting is not what is tested.
        "socket.listen.backlog.size=4096",
    ])
}

/// Opens connections that announce `announced` bytes, and sends `sent` on each as far as the node takes them within
/// some time.
fn half_frames(victim: &Victim, connections: usize, announced: usize, sent: usize) -> Vec<TcpStream> {
    let mut bytes = (announced as i32).to_be_bytes().to_vec();
    bytes.resize(sent, 0);
    let connect = |_| {
        let stream = victim.connect();
        stream.set_nonblocking(true).unwrap();
        (stream, 0)
    };
    let mut open: Vec<(TcpStream, usize)> = (0..connections).map(connect).collect();
    let deadline = Instant::now() + Duration::from_secs(3);
    while open.iter().any(|(_, at)| *at < sent) && Instant::now() < deadline {
        for (stream, at) in &mut open {
            match stream.write(&bytes[*at..sent.min(*at + 256 * 1024)]) {
                Ok(count) => *at += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // It was closed to make room.
                Err(_) => *at = sent,
            }
        }
    }
    open.into_iter().map(|(stream, _)| stream).collect()
}

/// Memory with so many half frames, what is done with them then, and what the node counted.
fn grown_by(connections: usize, announced: usize, sent: usize, end: impl FnOnce(Vec<TcpStream>)) -> Vec<u64> {
    let victim = victim();
    let pid = victim.pid;
    let before = resident_bytes(pid);
    victim.while_others_work(|| {
        let held = half_frames(&victim, connections, announced, sent);
        let grown = resident_bytes(pid).saturating_sub(before);
        let most = BUDGET_BYTES + connections * PER_CONNECTION_BYTES + SLACK_BYTES;
        assert!(grown < most, "{} MiB more, {} MiB allowed", grown / MIB, most / MIB);
        end(held);
    });
    victim.sees_all_end();
    victim.counted(&["out_of_memory", "malformed_frames"])
}

#[test]
fn thousands_of_idle_half_frames_hold_little() {
    let counted = grown_by(2000, MIB, 12 * 1024, drop);
    assert_eq!(counted, [0, 2000], "they end in the middle of a request");
}

#[test]
fn large_half_frames_cannot_take_more_than_the_budget() {
    let one_is_closed = |mut held: Vec<TcpStream>| {
        let deadline = Instant::now() + ANSWER_MAX;
        let mut byte = [0];
        let mut open = |stream: &mut TcpStream| {
            stream
                .read(&mut byte)
                .is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        while held.iter_mut().all(&mut open) {
            assert!(Instant::now() < deadline, "nobody had to go");
        }
    };
    let counted = grown_by(64, BUDGET_BYTES / 2, 4 * MIB, one_is_closed);
    assert!(counted[0] > 0, "{counted:?}");
}
