//! --command-config on our broker, which has neither TLS nor logins yet, and where nobody answers.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::{Cluster, Engine, KFLEET, Ran, isolated, run_with_input};

const LOGIN: &str = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n\
    sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password=\"hunter2\";\n";

struct File(tempfile::NamedTempFile);

impl File {
    fn new(text: &str) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        Self(file)
    }

    fn kfleet(&self, args: &[&str]) -> Ran {
        let mut command = isolated(KFLEET);
        command.args(args).env("KFLEET_COMMAND_CONFIG", self.0.path());
        let ran = run_with_input(&mut command, "");
        assert!(!format!("{ran:?}").contains("hunter2"), "{ran:?}");
        ran
    }
}

#[test]
fn servers_come_from_the_file_unless_they_are_given() {
    let cluster = Cluster::start(Engine::Kfleet);
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let good = File::new(&format!("bootstrap.servers={}\nclient.id=x\n", cluster.bootstrap));
    assert_eq!(
        good.kfleet(&["topics", "list", "--no-headers", "-o", "json"])
            .exits(0)
            .data()[0]["name"],
        "t"
    );
    let bad = File::new("bootstrap.servers=127.0.0.1:1\n");
    bad.kfleet(&["topics", "list"]).exits(69);
    bad.kfleet(&["topics", "list", "-b", &cluster.bootstrap]).exits(0);
    let named = bad.0.path().to_str().unwrap();
    good.kfleet(&["topics", "list", "--command-config", named]).exits(69);
    // What needs no cluster does not read it.
    File::new("security.protocol=none\n")
        .kfleet(&["storage", "random-uuid"])
        .exits(0);
    let login = File::new(&format!("bootstrap.servers={}\n{LOGIN}", cluster.bootstrap));
    let refused = login.kfleet(&["topics", "list"]).exits(76);
    assert!(refused.stderr.contains("SaslHandshake"), "{}", refused.stderr);
    let tls = File::new(&format!(
        "bootstrap.servers={}\nsecurity.protocol=SSL\nssl.endpoint.identification.algorithm=\n\
         ssl.truststore.type=PEM\nssl.truststore.certificates={}\n",
        cluster.bootstrap,
        crate::support::certificates::Authority::new("authority")
            .pem
            .replace('\n', "\\n")
    ));
    let refused = tls.kfleet(&["topics", "list"]).exits(69);
    for words in ["TLS handshake", "security.protocol", "warning: "] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert!(
        !tls.kfleet(&["topics", "list", "-q"])
            .exits(69)
            .stderr
            .contains("warning")
    );
}

#[test]
fn a_timeout_of_the_file_counts_unless_one_is_given() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = |ms: u32| {
        format!(
            "bootstrap.servers={}\nrequest.timeout.ms={ms}\n",
            mute.local_addr().unwrap()
        )
    };
    let begin = Instant::now();
    File::new(&text(300)).kfleet(&["topics", "list"]).exits(124);
    File::new(&text(60_000))
        .kfleet(&["topics", "list", "--timeout", "300ms"])
        .exits(124);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn mistakes_are_told_with_their_place_and_as_json() {
    let file = File::new(
        "bootstrap.servers=127.0.0.1:1\nsecurity.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=hunter2\n",
    );
    let wrong = file.kfleet(&["topics", "list", "-o", "json"]).exits(65);
    let message = wrong.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains(":4:") && message.contains("sasl.jaas.config"),
        "{message}"
    );
}

/// A sandbox is plaintext, whatever the cluster is that somebody works with otherwise.
#[test]
fn commands_in_a_sandbox_are_not_told_of_other_clusters() {
    let file = File::new(LOGIN);
    file.kfleet(&["sandbox", "--", KFLEET, "topics", "list"]).exits(0);
}
