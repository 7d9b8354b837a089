//! Disks that are full or read-only, directories of others, damaged segments.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::{Cluster, Engine, KFLEET, Ran, isolated, run_with_input, signal};

/// A directory with a node's data, once written and cleanly closed.
fn written(settings: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), settings);
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    for value in ["a\n", "b\n", "c\n", "d\n"] {
        // Each in a batch of its own.
        cluster.kfleet_with_input(&["produce", "t"], value).exits(0);
    }
    cluster.stop();
    dir
}

fn start_command(dir: &Path) -> Command {
    let mut command = isolated(KFLEET);
    command.args(["broker", "run", "-c"]).arg(dir.join("server.properties"));
    command
}

/// All files below a directory with what is in them.
fn content(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(content(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

/// A start that must fail, say why, and leave everything as it is.
#[track_caller]
fn refused(command: &mut Command, data: &Path, code: i32, said: &[&str]) {
    let before = content(data);
    let ran: Ran = run_with_input(command, "").exits(code);
    for part in said {
        assert!(ran.stderr.contains(part), "{part} is not in {}", ran.stderr);
    }
    assert!(
        content(data) == before,
        "a refused start changed something: {}",
        ran.stderr
    );
}

#[test]
fn directories_of_two_clusters_are_refused() {
    let dir = written(&[]);
    let other = dir.path().join("other");
    fs::create_dir(&other).unwrap();
    let meta = fs::read_to_string(dir.path().join("data/meta.properties")).unwrap();
    let foreign: String = meta
        .lines()
        .map(|line| match line.strip_prefix("cluster.id=") {
            Some(_) => "cluster.id=AAAAAAAAAAAAAAAAAAAAAA\n".to_owned(),
            None => format!("{line}\n"),
        })
        .collect();
    fs::write(other.join("meta.properties"), foreign).unwrap();
    fs::write(other.join(".lock"), "").unwrap();
    let dirs = format!("log.dirs={},{}", dir.path().join("data").display(), other.display());
    let mut command = start_command(dir.path());
    command.args(["--override", &dirs]);
    refused(
        &mut command,
        dir.path(),
        65,
        &["AAAAAAAAAAAAAAAAAAAAAA", "other/meta.properties"],
    );
}

#[test]
fn a_formatted_directory_is_not_formatted_again() {
    let dir = written(&[]);
    let meta = fs::read_to_string(dir.path().join("data/meta.properties")).unwrap();
    let own = meta.lines().find_map(|line| line.strip_prefix("cluster.id=")).unwrap();
    for (cluster_id, said) in [
        (own, "already formatted"),
        ("AAAAAAAAAAAAAAAAAAAAAA", "Invalid cluster.id"),
    ] {
        let mut command = isolated(KFLEET);
        command
            .args(["storage", "format", "-t", cluster_id, "-c"])
            .arg(dir.path().join("server.properties"));
        refused(&mut command, dir.path(), 77, &[said, dir.path().to_str().unwrap()]);
    }
}

#[test]
fn a_read_only_directory_is_refused() {
    /// Nobody; a superuser can write everywhere.
    const NOBODY: u32 = 65_534;
    let dir = written(&[]);
    // A copy, because nobody may not see where the binary was built.
    let binary = dir.path().join("kfleet");
    fs::copy(KFLEET, &binary).unwrap();
    let mut command = Command::new(&binary);
    command
        .args(["broker", "run", "-c"])
        .arg(dir.path().join("server.properties"));
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY);
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let data = dir.path().join("data");
    let set = |mode: u32| fs::set_permissions(&data, fs::Permissions::from_mode(mode)).unwrap();
    let lock = data.join(".lock");
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o444)).unwrap();
    set(0o555);
    refused(
        &mut command,
        &data,
        74,
        &["cannot start", data.to_str().unwrap(), "ermission denied"],
    );
    set(0o755);
}

#[test]
fn a_full_disk_at_the_start_is_said() {
    let dir = written(&[]);
    let mut command = Command::new("bash");
    command
        .args(["-c", "ulimit -f 0; exec \"$0\" broker run -c \"$1\"", KFLEET])
        .arg(dir.path().join("server.properties"));
    let ran = run_with_input(&mut command, "").exits(74);
    assert!(ran.stderr.contains("File too large"), "{}", ran.stderr);
    assert!(ran.stderr.contains(dir.path().to_str().unwrap()), "{}", ran.stderr);
    let again = Cluster::in_dir(Engine::Kfleet, dir.path(), &[]);
    assert_eq!(again.kfleet(&["consume", "t"]).exits(0).lines(), ["a", "b", "c", "d"]);
}

/// A node without a sandbox around it.
struct Node {
    process: Child,
    stderr: BufReader<ChildStderr>,
}

impl Node {
    fn start(dir: &Path) -> Self {
        let mut process = start_command(dir).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(" serving ") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "the node did not start");
        }
        Self { process, stderr }
    }

    /// No file may grow beyond this, as if the disk were full.
    fn limit_files_to(&self, size_bytes: u64) {
        let limit = Rlimit {
            current: Some(size_bytes),
            maximum: Some(size_bytes),
        };
        prlimit(Some(Pid::from_child(&self.process)), Resource::Fsize, limit).unwrap();
    }

    /// Waits for its end: exit code and what it said.
    fn ended(mut self) -> (i32, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code().unwrap_or(-1), said)
    }
}

fn bootstrap(dir: &Path) -> String {
    let text = fs::read_to_string(dir.join("server.properties")).unwrap();
    let address = text
        .lines()
        .find_map(|line| line.strip_prefix("advertised.listeners=PLAINTEXT://"));
    address.unwrap().to_owned()
}

/// More than a limit of 256 KiB lets through.
fn much() -> String {
    (0..400).map(|at| format!("{at}{}\n", "v".repeat(1000))).collect()
}

fn produce(bootstrap: &str, topic: &str, input: &str) -> Ran {
    let mut command = isolated(KFLEET);
    command.args(["produce", topic, "-b", bootstrap, "--timeout", "2s"]);
    run_with_input(&mut command, input)
}

#[test]
fn a_disk_that_fills_up_stops_the_node_whose_metadata_is_on_it() {
    let dir = written(&[]);
    let node = Node::start(dir.path());
    node.limit_files_to(256 << 10);
    assert_ne!(produce(&bootstrap(dir.path()), "t", &much()).code, 0);
    let (code, said) = node.ended();
    assert_eq!(code, 74, "{said}");
    let data = dir.path().join("data").display().to_string();
    for part in [&data, "offline", "File too large", "the node stops"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let again = Cluster::in_dir(Engine::Kfleet, dir.path(), &[]);
    let read = again.kfleet(&["consume", "t"]).exits(0);
    assert_eq!(read.lines()[..4], ["a", "b", "c", "d"]);
}

#[test]
fn a_log_directory_that_fills_up_leaves_the_others_serving() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| dir.path().join(name).display().to_string());
    let settings = [format!("log.dirs={one},{two}"), format!("metadata.log.dir={two}")];
    let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), &settings.each_ref().map(String::as_str));
    for topic in ["t", "u"] {
        cluster.kfleet(&["topics", "create", topic, "--yes"]).exits(0);
        cluster.kfleet_with_input(&["produce", topic], "a\n").exits(0);
    }
    let full = ["t", "u"]
        .into_iter()
        .find(|topic| Path::new(&one).join(format!("{topic}-0")).exists());
    let full = full.expect("a topic in the first directory");
    let other = if full == "t" { "u" } else { "t" };
    let limit = Rlimit {
        current: Some(256 << 10),
        maximum: None,
    };
    prlimit(Pid::from_raw(cluster.pid()), Resource::Fsize, limit).unwrap();
    let ran = produce(&cluster.bootstrap, full, &much());
    // 75 if some of it was acknowledged before the directory was full.
    assert!([75, 76, 124].contains(&ran.code), "{} {}", ran.code, ran.stderr);
    // The active controller hears of it and leaves the partition without a leader.
    let reasons = ["KafkaStorageError", "LeaderNotAvailable"];
    assert!(
        reasons.iter().any(|reason| ran.stderr.contains(reason)),
        "{}",
        ran.stderr
    );
    cluster.kfleet_with_input(&["produce", other], "b\n").exits(0);
    assert_eq!(cluster.kfleet(&["consume", other]).exits(0).lines(), ["a", "b"]);
    let said = fs::read_to_string(dir.path().join("node-1.log")).unwrap();
    let line = said.lines().find(|line| line.contains("offline")).unwrap();
    assert!(line.contains(&one) && line.contains("KAFKA_STORAGE_ERROR"), "{line}");
}

fn segment(dir: &Path) -> PathBuf {
    dir.join("data/t-0/00000000000000000000.log")
}

#[test]
fn a_damaged_tail_is_cut_after_a_crash_and_said() {
    let dir = written(&[]);
    let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), &[]);
    signal(cluster.pid(), "KILL");
    drop(cluster);
    let whole = fs::metadata(segment(dir.path())).unwrap().len();
    let mut bytes = fs::read(segment(dir.path())).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(segment(dir.path()), &bytes).unwrap();
    let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), &[]);
    assert_eq!(cluster.kfleet(&["consume", "t"]).exits(0).lines(), ["a", "b", "c"]);
    let left = fs::metadata(segment(dir.path())).unwrap().len();
    let said = fs::read_to_string(dir.path().join("node-1.log")).unwrap();
    let line = said.lines().find(|line| line.contains("cut the end of a log")).unwrap();
    for part in [
        segment(dir.path()).display().to_string(),
        format!("position={left}"),
        format!("cut_bytes={}", whole - left),
        "log_end_offset=3".to_owned(),
    ] {
        assert!(line.contains(&part), "{part} is not in {line}");
    }
}

#[test]
fn damage_in_a_cleanly_closed_segment_is_reported_and_nothing_is_dropped() {
    let dir = written(&[]);
    let mut bytes = fs::read(segment(dir.path())).unwrap();
    // In the records of the first batch.
    bytes[65] ^= 1;
    fs::write(segment(dir.path()), &bytes).unwrap();
    let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), &[]);
    let ran = cluster.kfleet(&["consume", "t"]).exits(65);
    assert!(ran.stderr.contains("t-0"), "{}", ran.stderr);
    assert_eq!(fs::read(segment(dir.path())).unwrap(), bytes);
    let ends = cluster.data(&["offsets", "get", "t"]);
    assert_eq!(ends[0]["offset"], 4);
    let rest = cluster.kfleet(&["consume", "t", "--offset", "2"]).exits(0);
    assert_eq!(rest.lines(), ["c", "d"]);
}
