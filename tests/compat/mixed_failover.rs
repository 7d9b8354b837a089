//! Active controllers of either engine die under load; the other engine's nodes go on, and the dead come back.

use std::io::Write as _;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::mixed::{await_active, create, let_lead, read, wait_until_in_sync};
use crate::support::Engine::{Apache, Kfleet};
use crate::support::mixed_nodes::Mixed;
use crate::support::{Engine, Ran};

/// How often a record is written.
const PAUSE: Duration = Duration::from_millis(2);

/// An idempotent producer that writes numbers until it is stopped.
struct Load {
    kcat: Child,
    writer: JoinHandle<u32>,
    stopped: Arc<AtomicBool>,
}

impl Load {
    fn start(mixed: &Mixed, topic: &str) -> Self {
        let addresses = [1, 2, 3].map(|id| mixed.address(id)).join(",");
        let mut command = Command::new("timeout");
        command
            .args(["120", "kcat", "-P", "-b", &addresses, "-t", topic, "-X", "acks=all"])
            .args(["-X", "enable.idempotence=true", "-X", "message.timeout.ms=60000"])
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
    fn stop(self) -> u32 {
        self.stopped.store(true, Ordering::Relaxed);
        let written = self.writer.join().unwrap();
        Ran::of(&self.kcat.wait_with_output().unwrap()).exits(0);
        written
    }
}

fn write_numbers(mut stdin: ChildStdin, stopped: &AtomicBool) -> u32 {
    let mut next = 0;
    while !stopped.load(Ordering::Relaxed) {
        writeln!(stdin, "{next}").unwrap();
        next += 1;
        std::thread::sleep(PAUSE);
    }
    next
}

/// The active controller is of one engine and is killed, and what follows is of the other.
fn leaders_die(engines: [Engine; 3], first: Engine, then: Engine) {
    let mut mixed = Mixed::start(engines, |_| "");
    let leader = let_lead(&mut mixed, first);
    create(&mixed, mixed.others(leader)[0], "t", "6");
    wait_until_in_sync(&mixed, &["t"]);
    let load = Load::start(&mixed, "t");
    for (step, engine) in [first, then].into_iter().enumerate() {
        let leader = let_lead(&mut mixed, engine);
        mixed.kill(leader);
        let others = mixed.others(leader);
        let next = await_active(&mixed, &others);
        // The controller hears of the death, and what it decides is heard of.
        mixed.wait_until_alive(&others);
        let topic = format!("without-{step}");
        let asked = others.iter().copied().find(|id| *id != next).unwrap();
        let args = [
            "topics",
            "create",
            &topic,
            "--partitions",
            "2",
            "--replication-factor",
            "2",
            "-y",
        ];
        mixed.kfleet(asked, &args, "").exits(0);
        mixed.kfleet(next, &["produce", &topic], "1\n").exits(0);
        assert_eq!(read(&mixed, asked, &topic), [1]);
        mixed.spawn(leader);
        mixed.wait_until_alive(&[1, 2, 3]);
        wait_until_in_sync(&mixed, &["t"]);
    }
    let written = load.stop();
    for asked in 1..=3 {
        assert!(
            read(&mixed, asked, "t") == (0..written).collect::<Vec<_>>(),
            "lost or duplicated, as {asked} reads"
        );
    }
    // In order, too: nobody waits for anyone.
    for id in 1..=3 {
        mixed.stop(id);
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn ours_then_apaches_die_with_two_of_ours() {
    leaders_die([Kfleet, Kfleet, Apache], Kfleet, Apache);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apaches_then_ours_die_with_two_of_apaches() {
    leaders_die([Kfleet, Apache, Apache], Apache, Kfleet);
}
