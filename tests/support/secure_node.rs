//! A node of Apache Kafka with a listener of every kind: without TLS, with TLS, with mutual TLS, and with logins.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use protocol::properties::Properties;

use super::certificates::Authority;
use super::mixed_nodes::LOG4J;
use super::nodes::wait_until;
use super::ports::{Port, free_ports};
use super::{KFLEET, Ran, foreign, isolated, quick_java, run_with_input};

/// What nobody may see.
pub(crate) const PASSWORD: &str = "pa=ss\"w\\ord-2b7e1516";
/// How long a login lasts on the listener SHORT.
pub(crate) const SESSION_MS: u64 = 2000;

const CLUSTER_ID: &str = "fMCL8kv1SWm87L_Md-I2hg";

/// Its listeners, by name and in the order of its ports.
const LISTENERS: [(&str, &str); 6] = [
    ("CONTROLLER", "SSL"),
    ("OPEN", "PLAINTEXT"),
    ("TLS", "SSL"),
    ("MUTUAL", "SSL"),
    ("LOGIN", "SASL_SSL"),
    ("SHORT", "SASL_PLAINTEXT"),
];

/// The node, which ends with its test.
pub(crate) struct SecureNode {
    dir: tempfile::TempDir,
    process: Child,
    ports: [Port; 6],
    /// Who signed its certificate, and believes in those it signed.
    pub(crate) authority: Authority,
}

impl SecureNode {
    /// Formats a directory, with user alice, and starts the node; `version` is that of the jars.
    pub(crate) fn start(version: &str) -> Self {
        Self::start_with(version, "")
    }

    /// The same with more lines in its server.properties.
    pub(crate) fn start_with(version: &str, more: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("kfleet-test-").tempdir().unwrap();
        let ports: [Port; 6] = free_ports();
        let authority = Authority::new("authority of the test");
        let home = dir.path();
        fs::write(home.join("log4j2.properties"), LOG4J).unwrap();
        let own = authority.sign("node", &["localhost", "127.0.0.1"]);
        fs::write(home.join("node.pem"), own.store()).unwrap();
        fs::write(home.join("ca.pem"), &authority.pem).unwrap();
        let numbers = ports.each_ref().map(|port| port.number);
        fs::write(
            home.join("server.properties"),
            properties(&home.display().to_string(), numbers) + more,
        )
        .unwrap();
        let mut format = isolated(KFLEET);
        format
            .args(["storage", "format", "-t", CLUSTER_ID, "-c"])
            .arg(home.join("server.properties"));
        format.args([
            "--release-version",
            if version.starts_with('3') { "3.9" } else { "4.3" },
        ]);
        for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
            format.args(["--add-scram", &format!("{mechanism}=[name=alice,password={PASSWORD}]")]);
        }
        run_with_input(&mut format, "").exits(0);
        let process = spawn(version, home);
        let mut node = Self {
            dir,
            process,
            ports,
            authority,
        };
        node.wait_until_serving();
        node
    }

    fn wait_until_serving(&mut self) {
        let address = self.address("OPEN");
        wait_until("the node serves", || {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "the node ended: {}", self.said());
            let mut command = isolated(KFLEET);
            command.args(["cluster", "describe", "--timeout", "2s", "-b", &address]);
            let ran = run_with_input(&mut command, "");
            ran.code == 0 && ran.lines().len() > 1
        });
    }

    /// Where a listener is.
    pub(crate) fn address(&self, listener: &str) -> String {
        let at = LISTENERS.iter().position(|(name, _)| *name == listener).unwrap();
        format!("127.0.0.1:{}", self.ports[at].number)
    }

    /// The path of a file beside the node's.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Lines of a client.properties that believe in the node's authority.
    pub(crate) fn trust(&self) -> String {
        let file = self.file("ca.pem");
        format!("ssl.truststore.type=PEM\nssl.truststore.location={}\n", file.display())
    }

    /// Runs kfleet on a listener with a client.properties; what must not be seen is looked for in all it says.
    #[track_caller]
    pub(crate) fn kfleet(&self, listener: &str, properties: &str, args: &[&str], input: &str) -> Ran {
        self.kfleet_with(listener, properties, args, input, &[])
    }

    /// The same, with variables in its environment.
    #[track_caller]
    pub(crate) fn kfleet_with(
        &self,
        listener: &str,
        properties: &str,
        args: &[&str],
        input: &str,
        variables: &[(&str, PathBuf)],
    ) -> Ran {
        let file = self.write(
            "client.properties",
            &format!("bootstrap.servers={}\n{properties}", self.address(listener)),
        );
        let mut command = isolated("timeout");
        command
            .args(["60", KFLEET, "-vv"])
            .args(args)
            .arg("--command-config")
            .arg(file);
        command.env("RUST_LOG", "trace").envs(variables.iter().cloned());
        let ran = run_with_input(&mut command, input);
        assert_hidden(&ran.stdout);
        assert_hidden(&ran.stderr);
        ran
    }

    /// What the node has logged.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}

impl Drop for SecureNode {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.process.kill();
        let _status = self.process.wait();
        if std::thread::panicking() {
            let said = self.said();
            let told: Vec<&str> = said
                .lines()
                .filter(|line| line.contains("WARN") || line.contains("ERROR"))
                .collect();
            say!(
                "the node warned at last:\n{}",
                told[told.len().saturating_sub(20)..].join("\n")
            );
        }
    }
}

/// Insists that a text has no part of the password.
#[track_caller]
pub(crate) fn assert_hidden(text: &str) {
    for secret in [PASSWORD, "2b7e1516", TOKEN_MARK] {
        assert!(!text.contains(secret), "a secret is told: {text}");
    }
}

/// A value of sasl.jaas.config, as a file has it.
pub(crate) fn jaas(module: &str, options: &[(&str, &str)]) -> String {
    let option = |(name, value): &(&str, &str)| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!(" {name}=\"{value}\"")
    };
    let options: String = options.iter().map(option).collect();
    let entry = format!("org.apache.kafka.common.security.{module} required{options};");
    Properties::escape_value(&entry)
}

/// What begins the claims of every token: that they are of alice's, in base64.
const TOKEN_MARK: &str = "eyJzdWIiOiJhbGljZS";

fn spawn(version: &str, home: &std::path::Path) -> Child {
    let log = File::create(home.join("log")).unwrap();
    let parent = std::process::id().to_string();
    let log4j = format!(
        "-Dlog4j2.configurationFile={}",
        home.join("log4j2.properties").display()
    );
    isolated(KFLEET)
        .args(["launch", "--die-with", &parent, "--", "java", "-Xmx512m"])
        .args(quick_java(version))
        .args([&log4j, "-cp"])
        .arg(foreign(&format!("kafka-{version}/libs")).join("*"))
        .arg("kafka.Kafka")
        .arg(home.join("server.properties"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn properties(home: &str, ports: [u16; 6]) -> String {
    let each = |text: &dyn Fn(&str, &str, u16) -> String| {
        let all = LISTENERS
            .iter()
            .zip(ports)
            .map(|((name, protocol), port)| text(name, protocol, port));
        all.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(",")
    };
    let listeners = each(&|name, _, port| format!("{name}://127.0.0.1:{port}"));
    let advertised = each(&|name, _, port| match name {
        "CONTROLLER" => String::new(),
        _ => format!("{name}://127.0.0.1:{port}"),
    });
    let protocols = each(&|name, protocol, _| format!("{name}:{protocol}"));
    let mut text = format!(
        "process.roles=broker,controller\nnode.id=1\nlog.dirs={home}/data\n\
         controller.quorum.voters=1@127.0.0.1:{}\ncontroller.listener.names=CONTROLLER\n\
         listeners={listeners}\nadvertised.listeners={advertised}\nlistener.security.protocol.map={protocols}\n\
         inter.broker.listener.name=OPEN\n\
         ssl.keystore.type=PEM\nssl.keystore.location={home}/node.pem\n\
         ssl.truststore.type=PEM\nssl.truststore.location={home}/ca.pem\n\
         listener.name.mutual.ssl.client.auth=required\n\
         offsets.topic.replication.factor=1\ntransaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\ngroup.initial.rebalance.delay.ms=0\n",
        ports[0]
    );
    let modules = [
        ("plain", jaas("plain.PlainLoginModule", &[("user_alice", PASSWORD)])),
        ("scram-sha-256", jaas("scram.ScramLoginModule", &[])),
        ("scram-sha-512", jaas("scram.ScramLoginModule", &[])),
        (
            "oauthbearer",
            jaas(
                "oauthbearer.OAuthBearerLoginModule",
                &[("unsecuredLoginStringClaim_sub", "node")],
            ),
        ),
    ];
    for listener in ["login", "short"] {
        let names = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER";
        text.push_str(&format!("listener.name.{listener}.sasl.enabled.mechanisms={names}\n"));
        for (mechanism, entry) in &modules {
            text.push_str(&format!(
                "listener.name.{listener}.{mechanism}.sasl.jaas.config={entry}\n"
            ));
        }
    }
    text.push_str(&format!("listener.name.short.connections.max.reauth.ms={SESSION_MS}\n"));
    text
}
