//! A node on a directory that outlives it: either engine, formatted by either, with a static or a dynamic quorum.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::ports::{Port, free_ports};
use crate::support::{Engine, KFLEET, Ran, foreign, isolated, kafka_libs, quick_java, run_with_input, signal};

/// How long a node may take to serve or to stop.
const NODE_MAX: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(50);

/// How the quorum's voters are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quorum {
    /// controller.quorum.voters; kraft.version 0.
    Static,
    /// Records in the metadata log, which begin with `format --standalone`; kraft.version 1.
    Dynamic,
}

/// A directory and the configuration that goes with it.
#[derive(Debug)]
pub(super) struct Home {
    dir: tempfile::TempDir,
    bootstrap: String,
    starts: usize,
    _ports: [Port; 2],
}

impl Home {
    /// A formatted directory.
    pub(super) fn formatted_by(engine: Engine, quorum: Quorum) -> Self {
        let dir = tempfile::Builder::new().prefix("kfleet-test-").tempdir().unwrap();
        // The voters of a dynamic quorum are told their ports once and for all.
        let ports: [Port; 2] = free_ports();
        let [broker, controller] = ports.each_ref().map(|port| port.number);
        let home = Self {
            dir,
            bootstrap: format!("127.0.0.1:{broker}"),
            starts: 0,
            _ports: ports,
        };
        let voters = match quorum {
            Quorum::Static => format!("controller.quorum.voters=1@127.0.0.1:{controller}"),
            Quorum::Dynamic => format!("controller.quorum.bootstrap.servers=127.0.0.1:{controller}"),
        };
        let data = home.data().display().to_string();
        let text = format!(
            "process.roles=broker,controller\nnode.id=1\nlog.dirs={data}\n{voters}\n\
             listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}\n\
             controller.listener.names=CONTROLLER\n{SETTINGS}"
        );
        fs::write(home.properties(), text).unwrap();
        fs::write(home.dir.path().join("log4j2.properties"), LOG4J).unwrap();
        home.format(engine, quorum);
        home
    }

    fn format(&self, engine: Engine, quorum: Quorum) {
        let mut command = match engine {
            Engine::Kfleet => isolated(KFLEET),
            Engine::Apache => java(&self.dir.path().join("log4j2.properties"), "kafka.tools.StorageTool"),
        };
        if engine == Engine::Kfleet {
            command.arg("storage");
        }
        command
            .args(["format", "-t", "fMCL8kv1SWm87L_Md-I2hg", "-c"])
            .arg(self.properties());
        if quorum == Quorum::Dynamic {
            command.arg("--standalone");
        }
        run_with_input(&mut command, "").exits(0);
    }

    fn properties(&self) -> PathBuf {
        self.dir.path().join("server.properties")
    }

    /// The log directory.
    pub(super) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Starts a node on it and waits until it serves.
    pub(super) fn start(&mut self, engine: Engine) -> Node<'_> {
        self.starts += 1;
        let log = self.dir.path().join(format!("{}-{engine:?}.log", self.starts));
        let out = File::create(&log).unwrap();
        let parent = std::process::id().to_string();
        let mut command = isolated(KFLEET);
        match engine {
            Engine::Kfleet => command.args(["broker", "run", "--die-with", &parent, "-c"]),
            Engine::Apache => {
                let java = java(&self.dir.path().join("log4j2.properties"), "kafka.Kafka");
                command.args(["launch", "--die-with", &parent, "--"]);
                command.arg(java.get_program()).args(java.get_args())
            }
        };
        let err = out.try_clone().unwrap();
        command
            .arg(self.properties())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        let process = command.spawn().unwrap();
        let mut node = Node {
            home: self,
            engine,
            process,
            log,
        };
        node.wait_until_serving();
        node
    }
}

/// Few partitions of internal topics; what is checkpointed from time to time is so often.
const SETTINGS: &str = "offsets.topic.replication.factor=1
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
group.initial.rebalance.delay.ms=0
log.flush.offset.checkpoint.interval.ms=200
log.flush.start.offset.checkpoint.interval.ms=200
log.cleaner.backoff.ms=100
producer.id.expiration.ms=2000000000
metadata.log.max.record.bytes.between.snapshots=3000
";

const LOG4J: &str = "rootLogger.level=WARN
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%p %m (%c{1})%n%throwable
logger.logs.name=org.apache.kafka.storage.internals.log
logger.logs.level=INFO
logger.manager.name=kafka.log
logger.manager.level=INFO
";

fn java(log4j: &Path, class: &str) -> Command {
    let mut command = Command::new("java");
    command
        .arg("-Xmx512m")
        .args(quick_java("4.3.1"))
        .arg(format!("-Dlog4j2.configurationFile={}", log4j.display()))
        .arg("-cp")
        .arg(kafka_libs().join("*"))
        .arg(class);
    command
}

/// A running node.
#[derive(Debug)]
pub(super) struct Node<'a> {
    home: &'a Home,
    engine: Engine,
    process: Child,
    log: PathBuf,
}

impl Node<'_> {
    fn wait_until_serving(&mut self) {
        let deadline = Instant::now() + NODE_MAX;
        loop {
            let mut ask = isolated(KFLEET);
            ask.args([
                "cluster",
                "describe",
                "--timeout",
                "2s",
                "-o",
                "json",
                "--bootstrap-server",
            ]);
            let answer = run_with_input(ask.arg(&self.home.bootstrap), "");
            if answer.code == 0 && answer.data().as_array().is_some_and(|brokers| !brokers.is_empty()) {
                return;
            }
            if let Some(ended) = self.process.try_wait().unwrap() {
                panic!("{:?} ended with {ended}: {}", self.engine, self.said());
            }
            assert!(
                Instant::now() < deadline,
                "{:?} does not serve: {}",
                self.engine,
                self.said()
            );
            std::thread::sleep(POLL);
        }
    }

    /// What it has logged.
    pub(super) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Runs tests/compat/python/data_dirs.py on it.
    #[track_caller]
    pub(super) fn script(&self, command: &str, args: &[&str]) -> Ran {
        let path = format!("{}/tests/compat/python/data_dirs.py", env!("CARGO_MANIFEST_DIR"));
        let engine = if self.engine == Engine::Apache {
            "apache"
        } else {
            "kfleet"
        };
        let mut python = Command::new("timeout");
        python
            .arg("120")
            .arg(foreign("venv/bin/python"))
            .args([&path, command, engine, &self.home.bootstrap])
            .args(args);
        let ran = run_with_input(&mut python, "");
        assert_eq!(ran.code, 0, "{}\n{:?} said: {}", ran.stderr, self.engine, self.said());
        ran
    }

    /// Stops it in order.
    pub(super) fn stop(mut self) {
        signal(self.process.id() as i32, "TERM");
        let deadline = Instant::now() + NODE_MAX;
        let ended = loop {
            match self.process.try_wait().unwrap() {
                Some(ended) => break ended,
                None if Instant::now() > deadline => panic!("{:?} does not stop: {}", self.engine, self.said()),
                None => std::thread::sleep(POLL),
            }
        };
        // Java's exit code after a handled SIGTERM is the signal's.
        let expected = if self.engine == Engine::Apache { 143 } else { 0 };
        assert_eq!(ended.code(), Some(expected), "{:?} said: {}", self.engine, self.said());
    }

    /// Ends it as a crash would.
    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            // The test has failed; there is nothing left to tell.
            let _ended = self.process.kill().and_then(|()| self.process.wait());
        }
    }
}
