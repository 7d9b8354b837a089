//! The tool that moves replicas: with its journals in a folder of the test, ended at any of their lines.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Cluster, KFLEET, Ran, isolated, run_with_input};

/// Longest that it may take to come to a line.
const LINE_MAX: Duration = Duration::from_secs(60);
/// How often the journal is looked at.
const LOOK: Duration = Duration::from_micros(200);

pub(in crate::end_to_end) struct Tool<'a> {
    pub(in crate::end_to_end) cluster: &'a Cluster,
    state: PathBuf,
    /// The journal's file.
    journal: &'static str,
}

impl<'a> Tool<'a> {
    /// For plans.
    pub(in crate::end_to_end) fn new(cluster: &'a Cluster, state: &Path) -> Self {
        Self::with(cluster, state, "rebalance.journal")
    }

    pub(in crate::end_to_end) fn with(cluster: &'a Cluster, state: &Path, journal: &'static str) -> Self {
        let state = state.to_owned();
        Self {
            cluster,
            state,
            journal,
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = isolated(KFLEET);
        command
            .args(args)
            .env("KFLEET_BOOTSTRAP_SERVER", &self.cluster.bootstrap)
            .env("XDG_STATE_HOME", &self.state);
        command
    }

    #[track_caller]
    pub(in crate::end_to_end) fn run(&self, args: &[&str]) -> Ran {
        run_with_input(&mut self.command(args), "")
    }

    pub(in crate::end_to_end) fn start(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.spawn().unwrap()
    }

    /// Whole lines of the journal, each by its event.
    pub(in crate::end_to_end) fn events(&self) -> Vec<String> {
        let folder = self.state.join("kfleet");
        let clusters = std::fs::read_dir(folder).into_iter().flatten();
        let journal = clusters.map(|entry| entry.unwrap().path().join(self.journal)).next();
        let text = journal
            .and_then(|path| std::fs::read_to_string(path).ok())
            .unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let event = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["event"].as_str().unwrap().to_owned()
        };
        whole.map(event).collect()
    }

    /// Runs it until its journal has so many lines, and a moment longer, and kills it with SIGKILL; what the journal has by then.
    pub(in crate::end_to_end) fn kill_at(&self, args: &[&str], lines: usize, longer: Duration) -> Vec<String> {
        let mut child = self.start(args);
        let until = Instant::now() + LINE_MAX;
        while self.events().len() < lines && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "{args:?} does not come to line {lines}");
            std::thread::sleep(LOOK);
        }
        std::thread::sleep(longer);
        // One that has ended cannot be killed.
        let _ended = child.kill();
        child.wait().unwrap();
        self.events()
    }

    /// What was to be done is done, nothing moves, and no throttle is left.
    #[track_caller]
    pub(in crate::end_to_end) fn is_over(&self) {
        let verified = self.run(&["rebalance", "verify"]);
        assert_eq!(verified.code, 0, "{verified:?}\n{:?}", self.events());
        assert_eq!(self.cluster.data(&["reassign", "list"]), json!([]));
        assert_eq!(self.cluster.data(&["throttle", "get"]), json!([]));
    }
}

/// Replicas of a topic's partitions.
pub(in crate::end_to_end) fn replicas(cluster: &Cluster, topic: &str) -> Vec<Value> {
    let rows = cluster.data(&["topics", "describe", topic]);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["replicas"].clone()).collect()
}
