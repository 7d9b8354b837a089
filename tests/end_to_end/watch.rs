//! --watch: again and again, until Ctrl-C, with the last run's exit code.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::admin_mock::{AdminMock, Made};
use crate::support::mock::{Made as MadeGroups, Mock};
use crate::support::{Cluster, Engine, KFLEET, Ran, isolated, kfleet, signal};

/// How long anything may take.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// A command that goes on until it is told to end.
struct Watching {
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Watching {
    fn start(args: &[&str]) -> Self {
        let mut command = isolated(KFLEET);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Self { process, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    #[track_caller]
    fn document(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// Ends it as Ctrl-C does; its exit code, and what it said on stderr.
    fn end(mut self) -> (i32, String) {
        signal(self.process.id() as i32, "INT");
        self.ended()
    }

    fn ended(&mut self) -> (i32, String) {
        let until = Instant::now() + WAIT_MAX;
        while self.process.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code().unwrap_or(-1), said)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended.
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

#[test]
fn each_run_is_a_document_a_line_and_sees_what_has_changed() {
    let cluster = Cluster::start(Engine::Kfleet);
    let create = |topic: &str| {
        cluster
            .kfleet(&["topics", "create", topic, "--partitions", "1", "--yes"])
            .exits(0)
    };
    create("one");
    let flags = ["--watch=0.1", "-o", "json", "-b", &cluster.bootstrap];
    for command in [
        &["topics", "describe", "--under-replicated"][..],
        &["groups", "list"],
        &["groups", "describe", "--all-groups"],
        &["groups", "members", "--all-groups"],
        &["offsets", "get", "one"],
        &["quorum", "status"],
        &["quorum", "replication"],
        &["check", "offline"],
        &["log-dirs", "describe"],
    ] {
        let mut watching = Watching::start(&[command, &flags].concat());
        let (first, second) = (watching.document(), watching.document());
        assert_eq!(first["schema"], second["schema"], "{command:?}: {first}");
        assert!(first["schema"].as_str().unwrap().starts_with("kfleet/"), "{first}");
        let (code, said) = watching.end();
        assert_eq!(code, 0, "{command:?}: {said}");
    }
    // Our broker has no transactions yet.
    let mock = Mock::start(MadeGroups::default());
    let mut watching = Watching::start(&[&["transactions", "list"][..], &flags[..3], &["-b", &mock.address]].concat());
    assert_eq!(watching.document(), watching.document());
    assert_eq!(watching.end().0, 0);
    let mut watching = Watching::start(&[&["topics", "describe"][..], &flags].concat());
    let topics = |document: Value| document["data"].as_array().unwrap().len();
    assert_eq!(topics(watching.document()), 1);
    create("two");
    let until = Instant::now() + WAIT_MAX;
    while topics(watching.document()) != 2 {
        assert!(Instant::now() < until, "the second topic is not seen");
    }
    assert_eq!(watching.end().0, 0);
}

#[test]
fn it_ends_with_the_exit_code_of_the_last_run() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("127.0.0.1:{port}");
    let flags = ["--watch=0.1", "-o", "json", "--timeout", "1s", "-b", &nobody];
    // It goes on although nobody is there yet.
    let mut watching = Watching::start(&[&["topics", "describe"][..], &flags].concat());
    for _ in 0..2 {
        assert_eq!(watching.document()["error"]["code"], 69);
    }
    assert_eq!(watching.end().0, 69);
    let mut watching = Watching::start(&[&["check", "offline"][..], &flags].concat());
    assert_eq!(watching.document()["data"][0]["status"], "unknown");
    assert_eq!(watching.end().0, 3);
}

#[test]
fn a_run_that_takes_long_is_not_waited_for() {
    // It is connected to by the system and never heard by anybody.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = mute.local_addr().unwrap().to_string();
    let mut watching = Watching::start(&["groups", "list", "--watch", "--timeout", "5m", "-b", &address]);
    // Once it has connected it listens to signals.
    let (_connected, _) = mute.accept().unwrap();
    signal(watching.process.id() as i32, "INT");
    let since = Instant::now();
    let (code, _) = watching.ended();
    assert!(since.elapsed() < Duration::from_secs(5));
    assert_eq!(code, 130, "it has not run once");
}

#[test]
fn tables_follow_each_other_where_there_is_no_terminal() {
    let mock = AdminMock::start(Made::default());
    let mut watching = Watching::start(&["topics", "describe", "u", "--watch=0.1", "-b", &mock.address]);
    let table: Vec<String> = (0..2).map(|_| watching.line()).collect();
    assert!(table[0].starts_with("TOPIC") && table[1].starts_with('u'), "{table:?}");
    assert_eq!(watching.line(), "\n");
    assert_eq!((0..2).map(|_| watching.line()).collect::<Vec<_>>(), table);
    assert_eq!(watching.end().0, 0);
}

#[test]
fn whoever_has_read_enough_ends_it() {
    let mock = AdminMock::start(Made::default());
    let line = format!(
        "set -o pipefail; {KFLEET} topics describe u --watch=0.1 -b {} | head -n 1",
        mock.address
    );
    let ran = Ran::of(&isolated("timeout").args(["20", "bash", "-c", &line]).output().unwrap()).exits(0);
    assert!(ran.stderr.is_empty() && ran.stdout.starts_with("TOPIC"), "{ran:?}");
}

#[test]
fn what_cannot_get_better_ends_at_once_and_mutations_cannot_be_watched() {
    let mock = AdminMock::start(Made::default());
    let run = |args: &[&str]| kfleet(&[args, &["-b", &mock.address]].concat());
    assert!(run(&["check", "lag", "--watch"]).exits(3).stderr.contains("--warn"));
    run(&["topics", "describe", "--topic-id", "x", "--watch"]).exits(64);
    for every in ["--watch=0", "--watch=never"] {
        run(&["topics", "describe", every]).exits(64);
    }
    for mutation in [
        &["topics", "delete", "t"][..],
        &["topics", "alter", "t"],
        &["configs", "set", "topic", "t"],
        &["offsets", "set", "g", "t:0=1"],
        &["groups", "delete", "g"],
        &["transactions", "abort"],
    ] {
        let ran = run(&[mutation, &["--watch"]].concat()).exits(64);
        assert!(ran.stderr.contains("--watch"), "{}", ran.stderr);
    }
    assert_eq!(mock.writes(), []);
}
