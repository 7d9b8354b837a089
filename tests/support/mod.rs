//! Clusters for tests: each is a `kfleet sandbox` of one of the engines, which ends with its test.

/// A line for whoever runs it with --nocapture.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        // Nobody is left to tell if stderr is closed.
        let _closed = writeln!(std::io::stderr(), $($text)*);
    }};
}

pub(crate) mod admin_mock;
pub(crate) mod certificates;
pub(crate) mod files;
pub(crate) mod json_schema;
pub(crate) mod members;
pub(crate) mod mixed_nodes;
pub(crate) mod mock;
pub(crate) mod mock_access;
pub(crate) mod network;
pub(crate) mod node;
pub(crate) mod nodes;
pub(crate) mod ports;
pub(crate) mod quorum_mock;
pub(crate) mod random;
pub(crate) mod records;
pub(crate) mod secure_node;
pub(crate) mod terminal;
pub(crate) mod voters;

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// A test for each engine; `foreign` if it needs foreign parts on ours, too. With flags of `kfleet sandbox` in front, on
/// clusters of such nodes.
macro_rules! on_both_engines {
    (nodes: $($flags:tt => $($name:ident),*);* $(;)?) => {
        mod kfleet {
            $($(#[test]
            fn $name() {
                super::$name(&$crate::support::Cluster::of_nodes($crate::support::Engine::Kfleet, &$flags));
            })*)*
        }
        on_both_engines!(apache $($flags => $($name),*);*);
    };
    (apache $($flags:tt => $($name:ident),*);* $(;)?) => {
        mod apache {
            $($(#[test]
            #[ignore = "needs tests/compat/setup"]
            fn $name() {
                super::$name(&$crate::support::Cluster::of_nodes($crate::support::Engine::Apache, &$flags));
            })*)*
        }
    };
    ($($name:ident),* $(,)?) => {
        mod kfleet {
            $(#[test]
            fn $name() {
                super::$name(&$crate::support::Cluster::start($crate::support::Engine::Kfleet));
            })*
        }
        on_both_engines!(apache $($name),*);
    };
    (foreign: $($name:ident),* $(,)?) => {
        mod kfleet {
            $(#[test]
            #[ignore = "needs tests/compat/setup"]
            fn $name() {
                super::$name(&$crate::support::Cluster::start($crate::support::Engine::Kfleet));
            })*
        }
        on_both_engines!(apache $($name),*);
    };
    (foreign_three: $($name:ident),* $(,)?) => {
        mod three_nodes {
            $(#[test]
            #[ignore = "needs tests/compat/setup"]
            fn $name() {
                super::$name(&$crate::support::Cluster::three($crate::support::Engine::Kfleet, &[]));
            })*
        }
    };
    (apache $($name:ident),*) => {
        mod apache {
            $(#[test]
            #[ignore = "needs tests/compat/setup"]
            fn $name() {
                super::$name(&$crate::support::Cluster::start($crate::support::Engine::Apache));
            })*
        }
    };
}

/// The binary under test.
pub(crate) const KFLEET: &str = env!("CARGO_BIN_EXE_kfleet");

/// Where whoever runs the tests has nothing.
const NOBODYS_HOME: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/nobodys-home");

/// A program that is kfleet or starts it, and that finds no settings of whoever runs the tests.
pub(crate) fn isolated(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for variable in [
        "KFLEET_AUDIT_LOG",
        "KFLEET_BOOTSTRAP_SERVER",
        "KFLEET_COMMAND_CONFIG",
        "KFLEET_CONFIG",
        "KFLEET_PROFILE",
        "KFLEET_SHIM_EXIT",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
    ] {
        command.env_remove(variable);
    }
    command.env("HOME", NOBODYS_HOME);
    command
}

/// A number that whoever runs the tests can give in the environment.
pub(crate) fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// A seed that no other run has.
pub(crate) fn clock_seed() -> u64 {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    clock.unwrap().as_nanos() as u64
}

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The broker in the binary.
    Kfleet,
    /// Apache Kafka 4.3.1.
    Apache,
}

/// What a program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// The JSON it printed.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// The `data` of the JSON it printed.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    /// The lines it printed.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

/// Runs kfleet without a cluster.
#[track_caller]
pub(crate) fn kfleet(args: &[&str]) -> Ran {
    Ran::of(&isolated(KFLEET).args(args).stdin(Stdio::null()).output().unwrap())
}

/// Where tests/compat/setup puts foreign parts.
pub(crate) fn foreign(part: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/compat").join(part);
    assert!(path.exists(), "{} is missing; run tests/compat/setup", path.display());
    path
}

/// Apache Kafka's jars.
pub(crate) fn kafka_libs() -> PathBuf {
    foreign("kafka-4.3.1/libs")
}

/// Options of a JVM that is to start fast and not to last: its simplest compiler, and the classes of a node of this
/// version as tests/compat/setup found them loaded. Where the jars are in another folder than there, they are read.
pub(crate) fn quick_java(version: &str) -> [String; 4] {
    let classes = foreign(&format!("kafka-{version}/classes.jsa"));
    [
        "-XX:TieredStopAtLevel=1".into(),
        "-XX:+UseSerialGC".into(),
        format!("-XX:SharedArchiveFile={}", classes.display()),
        "-Xlog:disable".into(),
    ]
}

/// A sandbox of this engine, to be given more flags and started.
pub(crate) fn sandbox(engine: Engine) -> Command {
    let mut command = isolated(KFLEET);
    command.args(["sandbox", "--timeout", "120s"]);
    if engine == Engine::Apache {
        command.args(["--engine", "apache", "--kafka-libs"]).arg(kafka_libs());
        command.env("KAFKA_JVM_PERFORMANCE_OPTS", quick_java("4.3.1").join(" "));
    }
    command
}

/// A running cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    process: Child,
    pub(crate) bootstrap: String,
    pub(crate) dir: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl Cluster {
    /// Starts one in a directory of its own.
    pub(crate) fn start(engine: Engine) -> Self {
        Self::with(engine, &[])
    }

    /// Starts one with settings of server.properties.
    pub(crate) fn with(engine: Engine, settings: &[&str]) -> Self {
        let flags: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        Self::of_nodes(engine, &flags)
    }

    /// Starts three nodes on which a topic has three replicas if nothing else is said, two of which acknowledge.
    pub(crate) fn three(engine: Engine, settings: &[&str]) -> Self {
        let replicated = ["default.replication.factor=3", "min.insync.replicas=2"];
        let flags = replicated.iter().chain(settings).flat_map(|setting| ["--set", setting]);
        let nodes = ["--controllers", "3", "--brokers", "3", "--racks", "3"];
        Self::of_nodes(engine, &nodes.into_iter().chain(flags).collect::<Vec<_>>())
    }

    /// Starts one in this directory, with the data that is there.
    pub(crate) fn in_dir(engine: Engine, dir: &Path, settings: &[&str]) -> Self {
        let flags: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        Self::of_nodes_in(engine, dir, &flags)
    }

    /// Starts one with flags of `kfleet sandbox`.
    pub(crate) fn of_nodes(engine: Engine, flags: &[&str]) -> Self {
        let temporary = tempfile::Builder::new().prefix("kfleet-test-").tempdir().unwrap();
        let mut cluster = Self::of_nodes_in(engine, temporary.path(), flags);
        cluster._temporary = Some(temporary);
        cluster
    }

    /// The same in this directory, with the data that is there.
    pub(crate) fn of_nodes_in(engine: Engine, dir: &Path, flags: &[&str]) -> Self {
        let mut command = sandbox(engine);
        command.arg("--data-dir").arg(dir).args(flags);
        let stdout = Stdio::piped();
        let mut process = command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut bootstrap = String::new();
        // It prints its address once it serves, and nothing if it cannot.
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut bootstrap)
            .unwrap();
        if bootstrap.is_empty() {
            panic!("no sandbox: {}", Ran::of(&process.wait_with_output().unwrap()).stderr);
        }
        Self {
            process,
            bootstrap: bootstrap.trim().to_owned(),
            dir: dir.to_owned(),
            _temporary: None,
        }
    }

    /// What the sandbox says of itself.
    pub(crate) fn description(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.dir.join("cluster.json")).unwrap()).unwrap()
    }

    /// The process of the only node.
    pub(crate) fn pid(&self) -> i32 {
        self.description()["nodes"][0]["pid"].as_i64().unwrap() as i32
    }

    /// Runs kfleet on it.
    #[track_caller]
    pub(crate) fn kfleet(&self, args: &[&str]) -> Ran {
        self.kfleet_with_input(args, "")
    }

    /// Runs kfleet on it, with something on stdin.
    #[track_caller]
    pub(crate) fn kfleet_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut command = isolated(KFLEET);
        command.args(args).env("KFLEET_BOOTSTRAP_SERVER", &self.bootstrap);
        run_with_input(&mut command, input)
    }

    /// The `data` of the JSON that a command prints on it.
    #[track_caller]
    pub(crate) fn data(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.extend(["-o", "json"]);
        self.kfleet(&args).exits(0).data()
    }

    /// Kills the sandbox itself with SIGKILL.
    pub(crate) fn kill_sandbox(&self) {
        signal(self.process.id() as i32, "KILL");
    }

    /// Stops it cleanly; the data stays if it was given a directory.
    pub(crate) fn stop(mut self) {
        signal(self.process.id() as i32, "TERM");
        let status = self.process.wait().unwrap();
        assert!(status.success(), "the sandbox did not stop well: {status}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            signal(self.process.id() as i32, "TERM");
            // Whether it ended well is for `stop` to tell.
            let _ended = self.process.wait();
        }
    }
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(pid: i32, name: &str) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()
        .unwrap();
    assert!(sent.success(), "no process {pid}");
}

/// Runs a program with something on stdin.
#[track_caller]
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Ran {
    use std::io::Write as _;
    let piped = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that does not read its input is not at fault.
        let _unread = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran::of(&output)
}
