//! The tour, again and again, also where there is much else to do, and ended by a signal.
//!
//! `KFLEET_TOURS` says how often.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{KFLEET, isolated, kfleet, number, signal};

/// Keeps all processors busy while it lives.
struct Load(Vec<Child>);

impl Load {
    fn start() -> Self {
        let count = std::thread::available_parallelism().map_or(2, usize::from);
        let busy = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        Self((0..count).map(|_| busy()).collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// The number before a word.
fn number_before(line: &str, word: &str) -> Option<u64> {
    let before = line.rsplit_once(&format!(" {word}"))?.0;
    before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A tour that has to end well; the gaps it tells, each of which has to lie within its step.
fn gaps() -> Vec<u64> {
    let ran = kfleet(&["tour"]).exits(0);
    let mut gaps = Vec::new();
    for line in ran.lines() {
        let Some((_, told)) = line.split_once("acknowledgement for longer than ") else {
            continue;
        };
        let gap_ms = number_before(told.split_inclusive(" ms").next().unwrap(), "ms").unwrap();
        let step_ms = number_before(line, "ms)").unwrap();
        assert!(gap_ms > 0 && gap_ms <= step_ms, "{line}");
        gaps.push(gap_ms);
    }
    assert_eq!(gaps.len(), 2, "{:?}", ran.lines());
    gaps
}

#[test]
fn every_tour_ends_well_also_under_load() {
    let tours = number("KFLEET_TOURS", 2);
    let quiet: Vec<_> = (0..tours).map(|_| gaps()).collect();
    let _load = Load::start();
    let busy: Vec<_> = (0..tours.div_ceil(3)).map(|_| gaps()).collect();
    println!("gaps in ms after a kill and with a clean restart: {quiet:?}, under load {busy:?}");
}

#[test]
fn a_tour_that_is_terminated_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut tour = isolated(KFLEET)
        .arg("tour")
        .env("TMPDIR", dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tour.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("formatted and started"), "{first}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    signal(tour.id() as i32, "TERM");
    assert_eq!(tour.wait().unwrap().code(), Some(143));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
