//! A sandbox from start to stop.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use protocol::config::NodeConfig;
use protocol::properties::Properties;
use serde_json::json;

use super::{Engine, engine};
use crate::error::CommandError;
use crate::storage::{FormatRequest, format_node};

/// How often a starting node is asked whether it serves.
const POLL: Duration = Duration::from_millis(5);
/// How long a node may take to stop.
const STOP_MAX: Duration = Duration::from_secs(20);

/// What a sandbox is to be.
#[derive(Debug, Clone)]
pub(crate) struct SandboxSpec {
    /// Who serves.
    pub(crate) engine: Engine,
    /// Apache Kafka's jars.
    pub(crate) kafka_libs: Option<PathBuf>,
    /// Where to keep the data; a temporary directory if not given.
    pub(crate) data_dir: Option<PathBuf>,
    /// KEY=VALUE for server.properties.
    pub(crate) settings: Vec<String>,
    /// How long it may take to serve.
    pub(crate) timeout: Duration,
}

/// A running sandbox. It is stopped when dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    child: Option<Child>,
    bootstrap: String,
    dir: PathBuf,
    /// Removes the data at the end, unless it is to be kept.
    _temporary: Option<tempfile::TempDir>,
}

impl Sandbox {
    /// Formats, starts, and waits until it serves.
    pub(crate) fn start(spec: &SandboxSpec) -> Result<Self, CommandError> {
        let failed = |error: std::io::Error| CommandError::io("preparing the sandbox", &error);
        let (dir, temporary) = match &spec.data_dir {
            Some(dir) => (dir.clone(), None),
            None => {
                let temporary = tempfile::Builder::new()
                    .prefix("kfleet-sandbox-")
                    .tempdir()
                    .map_err(failed)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        fs::create_dir_all(&dir).map_err(failed)?;
        let dir = fs::canonicalize(&dir).map_err(failed)?;
        let properties = dir.join("server.properties");
        let [broker_port, controller_port] = free_ports().map_err(failed)?;
        // A directory that is started again keeps its data and gets fresh ports.
        let text = properties_text(&dir, broker_port, controller_port, &spec.settings)?;
        fs::write(&properties, &text).map_err(failed)?;
        let file = Properties::parse(text.as_bytes());
        let config = NodeConfig::parse(file.iter()).map_err(|error| CommandError::data(error.to_string()))?;
        let cluster_id = ::broker::random_uuid().to_string();
        if !dir.join("data").join("meta.properties").exists() {
            format_node(&FormatRequest::new(&config, &cluster_id), &mut |_| Ok(()))?;
        }
        let log = dir.join("node-1.log");
        let child = engine::start(spec.engine, spec.kafka_libs.as_deref(), &properties, &log)?;
        let pid = child.id();
        let mut sandbox = Self {
            child: Some(child),
            bootstrap: format!("127.0.0.1:{broker_port}"),
            dir: dir.clone(),
            _temporary: temporary,
        };
        sandbox.wait_until_serving(spec.timeout, &log)?;
        let listeners = json!({
            "PLAINTEXT": sandbox.bootstrap,
            "CONTROLLER": format!("127.0.0.1:{controller_port}"),
        });
        let node = json!({
            "id": 1,
            "roles": ["broker", "controller"],
            "rack": null,
            "pid": pid,
            "listeners": listeners,
            "log_dirs": [dir.join("data")],
        });
        let document = json!({ "bootstrap_server": sandbox.bootstrap, "nodes": [node] });
        fs::write(dir.join("cluster.json"), format!("{document:#}\n")).map_err(failed)?;
        Ok(sandbox)
    }

    fn wait_until_serving(&mut self, timeout: Duration, log: &Path) -> Result<(), CommandError> {
        let deadline = Instant::now() + timeout;
        loop {
            if self.serves() {
                return Ok(());
            }
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() {
                let said = fs::read_to_string(log).unwrap_or_default();
                let last = said
                    .lines()
                    .rev()
                    .take(5)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect::<Vec<_>>()
                    .join("\n");
                return Err(CommandError::io("the node did not start", &last));
            }
            if Instant::now() >= deadline {
                return Err(CommandError::timed_out(format!(
                    "the node did not serve within {timeout:?}"
                )));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether the broker answers and counts itself among the live ones.
    fn serves(&self) -> bool {
        let config = client::ClientConfig {
            bootstrap: vec![self.bootstrap.clone()],
            client_id: "kfleet-sandbox".to_owned(),
            limit: client::Limit::Until(client::conn::deadline_in(Duration::from_secs(2))),
        };
        let connected = crate::context::block_on(client::Client::connect(config));
        matches!(connected, Ok(Ok(client)) if client.broker_ids().next().is_some())
    }

    /// host:port.
    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Where its files are.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.dir
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(mut self) -> Result<(), CommandError> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Stops it cleanly.
    pub(crate) fn stop(mut self) -> Result<(), CommandError> {
        self.stop_child()
    }

    fn stop_child(&mut self) -> Result<(), CommandError> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        let pid = rustix::process::Pid::from_child(&child);
        // It may have ended by itself in the meantime, which the wait below tells.
        let _ended = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let deadline = Instant::now() + STOP_MAX;
        while child.try_wait()?.is_none() {
            if Instant::now() >= deadline {
                child.kill()?;
                child.wait()?;
                return Err(CommandError::timed_out(format!(
                    "the node did not stop within {STOP_MAX:?} and was killed"
                )));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _reported_by_stop = self.stop_child();
    }
}

/// Two ports that nobody listens on just now.
fn free_ports() -> std::io::Result<[u16; 2]> {
    let (first, second) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    Ok([first.local_addr()?.port(), second.local_addr()?.port()])
}

fn properties_text(dir: &Path, broker: u16, controller: u16, settings: &[String]) -> Result<String, CommandError> {
    let data = Properties::escape_value(&dir.join("data").display().to_string());
    let mut text = format!(
        "process.roles=broker,controller\nnode.id=1\n\
         listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{broker}\n\
         controller.listener.names=CONTROLLER\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         log.dirs={data}\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n"
    );
    for setting in settings {
        let pair = setting.split_once('=');
        let (key, value) = pair.ok_or_else(|| CommandError::usage(format!("\"{setting}\" is not KEY=VALUE")))?;
        text.push_str(&format!(
            "{}={}\n",
            Properties::escape_key(key),
            Properties::escape_value(value)
        ));
    }
    Ok(text)
}
