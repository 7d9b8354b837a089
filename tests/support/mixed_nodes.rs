//! Nodes of both engines in one static quorum: combined, in directories that outlive their processes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::nodes::wait_until;
use super::ports::{Port, free_ports};
use super::{Engine, KFLEET, Ran, isolated, kafka_libs, quick_java, run_with_input, signal};

const CLUSTER_ID: &str = "fMCL8kv1SWm87L_Md-I2hg";

/// Replicas on all nodes; a broker that is killed is noticed soon.
const SETTINGS: &str = "offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.num.partitions=3
default.replication.factor=3
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
";

pub(super) const LOG4J: &str = "rootLogger.level=INFO
rootLogger.appenderRef.stdout.ref=STDOUT
appender.stdout.type=Console
appender.stdout.name=STDOUT
appender.stdout.layout.type=PatternLayout
appender.stdout.layout.pattern=%d{HH:mm:ss.SSS} %p %m (%c{1})%n%throwable
";

/// The nodes; ids count from 1.
#[derive(Debug)]
pub(crate) struct Mixed {
    dir: tempfile::TempDir,
    nodes: Vec<MixedNode>,
    _ports: [Port; 6],
}

#[derive(Debug)]
struct MixedNode {
    engine: Engine,
    broker: String,
    controller: String,
    process: Option<Child>,
}

impl Mixed {
    /// Formats the directories and starts all nodes; each has the settings of its engine besides the common ones.
    pub(crate) fn start(engines: [Engine; 3], settings: impl Fn(Engine) -> &'static str) -> Self {
        let mut mixed = Self::prepare(engines, settings, false);
        for id in 1..=3 {
            mixed.format(id, &[]);
        }
        for id in 1..=3 {
            mixed.spawn(id);
        }
        mixed.wait_until_alive(&[1, 2, 3]);
        mixed
    }

    /// Nodes of a dynamic quorum. The first is started as its only voter; the others are formatted to join it.
    pub(crate) fn start_dynamic(engines: [Engine; 3], settings: &'static str) -> Self {
        let mut mixed = Self::prepare(engines, |_| settings, true);
        mixed.format(1, &["--standalone"]);
        for id in 2..=3 {
            mixed.format(id, &["--no-initial-controllers"]);
        }
        mixed.spawn(1);
        mixed.wait_until_alive(&[1]);
        mixed
    }

    /// Nodes of a dynamic quorum that begins with all of them as voters.
    pub(crate) fn start_with_initial_controllers(engines: [Engine; 3]) -> Self {
        let mut mixed = Self::prepare(engines, |_| "", true);
        let voters = [1, 2, 3].map(|id| {
            let uuid = run_with_input(isolated(KFLEET).args(["storage", "random-uuid"]), "").exits(0);
            format!("{id}@{}:{}", mixed.node(id).controller, uuid.stdout.trim())
        });
        for id in 1..=3 {
            mixed.format(id, &["--initial-controllers", &voters.join(",")]);
        }
        for id in 1..=3 {
            mixed.spawn(id);
        }
        mixed.wait_until_alive(&[1, 2, 3]);
        mixed
    }

    fn prepare(engines: [Engine; 3], settings: impl Fn(Engine) -> &'static str, is_dynamic: bool) -> Self {
        let dir = tempfile::Builder::new().prefix("kfleet-test-").tempdir().unwrap();
        fs::write(dir.path().join("log4j2.properties"), LOG4J).unwrap();
        let ports: [Port; 6] = free_ports();
        let numbers = ports.each_ref().map(|port| port.number);
        let at = |id: usize| (numbers[2 * id - 2], numbers[2 * id - 1]);
        let quorum = if is_dynamic {
            let servers = [1, 2, 3].map(|id| format!("127.0.0.1:{}", at(id).1)).join(",");
            format!("controller.quorum.bootstrap.servers={servers}")
        } else {
            let voters = [1, 2, 3].map(|id| format!("{id}@127.0.0.1:{}", at(id).1)).join(",");
            format!("controller.quorum.voters={voters}")
        };
        let mut mixed = Self {
            dir,
            nodes: Vec::new(),
            _ports: ports,
        };
        for (id, engine) in (1..).zip(engines) {
            let (broker, controller) = at(id);
            let home = mixed.home(id as i32);
            fs::create_dir(&home).unwrap();
            let text = format!(
                "process.roles=broker,controller\nnode.id={id}\nlog.dirs={}\n{quorum}\n\
                 listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}\n\
                 controller.listener.names=CONTROLLER\n{SETTINGS}{}\n",
                home.join("data").display(),
                settings(engine)
            );
            fs::write(home.join("server.properties"), text).unwrap();
            mixed.nodes.push(MixedNode {
                engine,
                broker: format!("127.0.0.1:{broker}"),
                controller: format!("127.0.0.1:{controller}"),
                process: None,
            });
        }
        mixed
    }

    fn home(&self, id: i32) -> PathBuf {
        self.dir.path().join(format!("node-{id}"))
    }

    fn node(&self, id: i32) -> &MixedNode {
        &self.nodes[id as usize - 1]
    }

    fn format(&self, id: i32, flags: &[&str]) {
        let mut command = isolated(KFLEET);
        command.args(["storage", "format", "-t", CLUSTER_ID, "-c"]);
        command.arg(self.properties(id)).args(flags);
        run_with_input(&mut command, "").exits(0);
    }

    /// Adds a line to a node's server.properties, for its next start.
    pub(crate) fn set(&self, id: i32, line: &str) {
        let file = self.properties(id);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}{line}\n")).unwrap();
    }

    /// A node's server.properties.
    pub(crate) fn properties(&self, id: i32) -> PathBuf {
        self.home(id).join("server.properties")
    }

    /// Starts a node on what is in its directory.
    pub(crate) fn spawn(&mut self, id: i32) {
        let home = self.home(id);
        let log = File::options()
            .create(true)
            .append(true)
            .open(home.join("log"))
            .unwrap();
        let parent = std::process::id().to_string();
        let mut command = isolated(KFLEET);
        match self.node(id).engine {
            Engine::Kfleet => command.args(["broker", "run", "--die-with", &parent, "-c"]),
            Engine::Apache => {
                let log4j = self.dir.path().join("log4j2.properties");
                command.args(["launch", "--die-with", &parent, "--", "java", "-Xmx512m"]);
                command.args(quick_java("4.3.1"));
                command.arg(format!("-Dlog4j2.configurationFile={}", log4j.display()));
                command.arg("-cp").arg(kafka_libs().join("*")).arg("kafka.Kafka")
            }
        };
        command
            .arg(home.join("server.properties"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.nodes[id as usize - 1].process = Some(command.spawn().unwrap());
    }

    /// Kills a node with SIGKILL.
    pub(crate) fn kill(&mut self, id: i32) {
        let mut process = self.nodes[id as usize - 1].process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Stops a node in order.
    pub(crate) fn stop(&mut self, id: i32) {
        let mut process = self.nodes[id as usize - 1].process.take().unwrap();
        signal(process.id() as i32, "TERM");
        wait_until(&format!("node {id} stops"), || process.try_wait().unwrap().is_some());
    }

    /// Stops all nodes in order, but for the last: once it is alone nobody could permit it to stop, and either engine
    /// waits minutes for that.
    pub(crate) fn stop_all(&mut self) {
        self.stop(1);
        self.stop(2);
        self.kill(3);
    }

    /// Pauses a node, or lets it go on.
    pub(crate) fn signal(&self, id: i32, name: &str) {
        signal(self.node(id).process.as_ref().unwrap().id() as i32, name);
    }

    /// Takes a node's data away; its directory is formatted as at first.
    pub(crate) fn wipe(&self, id: i32) {
        fs::remove_dir_all(self.home(id).join("data")).unwrap();
        self.format(id, &[]);
    }

    /// Takes a node's data away; its directory is formatted to join, with a new id.
    pub(crate) fn wipe_dynamic(&self, id: i32) {
        fs::remove_dir_all(self.home(id).join("data")).unwrap();
        self.format(id, &["--no-initial-controllers"]);
    }

    /// Where clients find a broker.
    pub(crate) fn address(&self, id: i32) -> &str {
        &self.node(id).broker
    }

    /// Where its controller is found.
    pub(crate) fn controller_address(&self, id: i32) -> &str {
        &self.node(id).controller
    }

    pub(crate) fn engine(&self, id: i32) -> Engine {
        self.node(id).engine
    }

    /// The first node of this engine.
    pub(crate) fn first(&self, engine: Engine) -> i32 {
        self.all(engine)[0]
    }

    /// The nodes of this engine.
    pub(crate) fn all(&self, engine: Engine) -> Vec<i32> {
        (1..=3).filter(|id| self.engine(*id) == engine).collect()
    }

    /// All nodes but this one.
    pub(crate) fn others(&self, id: i32) -> Vec<i32> {
        (1..=3).filter(|other| *other != id).collect()
    }

    /// What a node has logged.
    pub(crate) fn said(&self, id: i32) -> String {
        // One that was not started has said nothing.
        fs::read_to_string(self.home(id).join("log")).unwrap_or_default()
    }

    /// Its log directory.
    pub(crate) fn data_dir(&self, id: i32) -> PathBuf {
        self.home(id).join("data")
    }

    /// Runs kfleet by way of one broker.
    #[track_caller]
    pub(crate) fn kfleet(&self, asked: i32, args: &[&str], input: &str) -> Ran {
        let mut command = isolated("timeout");
        command
            .args(["60", KFLEET])
            .args(args)
            .args(["-b", self.address(asked)]);
        run_with_input(&mut command, input)
    }

    /// What a command of kfleet finds, asked of one broker; nothing where it cannot be told just now.
    pub(crate) fn data(&self, asked: i32, args: &[&str]) -> Option<serde_json::Value> {
        let args = [args, &["-o", "json", "--timeout", "3s"]].concat();
        let ran = self.kfleet(asked, &args, "");
        (ran.code == 0).then(|| ran.data())
    }

    /// Waits until each of these brokers sees exactly these alive.
    pub(crate) fn wait_until_alive(&self, ids: &[i32]) {
        let wanted: BTreeSet<i64> = ids.iter().map(|id| i64::from(*id)).collect();
        for asked in ids {
            wait_until(
                &format!("{ids:?} are alive; node {asked} said {}", self.home(*asked).display()),
                || {
                    let brokers = self.data(*asked, &["cluster", "describe"]);
                    let brokers = brokers
                        .and_then(|brokers| brokers.as_array().cloned())
                        .unwrap_or_default();
                    brokers
                        .iter()
                        .filter_map(|broker| broker["id"].as_i64())
                        .collect::<BTreeSet<_>>()
                        == wanted
                },
            );
        }
    }
}

impl Drop for Mixed {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            if let Some(mut process) = node.process.take() {
                // It may have ended by itself.
                let _ended = process.kill();
                let _status = process.wait();
            }
        }
        if std::thread::panicking() {
            for id in 1..=3 {
                let said = self.said(id);
                let lines: Vec<&str> = said
                    .lines()
                    .filter(|line| line.contains("WARN") || line.contains("ERROR"))
                    .collect();
                let last = &lines[lines.len().saturating_sub(20)..];
                say!("node {id}, {:?}, warned at last:\n{}", self.engine(id), last.join("\n"));
            }
        }
    }
}
