//! Secure clusters of Apache Kafka: each way to log in, TLS both ways, and what is told where it does not work.

use std::process::Command;
use std::time::{Duration, SystemTime};

use client::security::{Login, ScramHash, Secret};
use client::{Client, ClientConfig, Limit, Security};

use crate::support::certificates::Authority;
use crate::support::run_with_input;
use crate::support::secure_node::{PASSWORD, SESSION_MS, SecureNode, assert_hidden, jaas};

const RECORDS: &str = "k1\tv1\nk2\tv2\n";

/// URL-safe and without padding, as tokens have it.
fn base64(text: &str) -> String {
    let letter = |bits: u32| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[bits as usize & 63];
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(bytes);
        let letters = [18, 12, 6, 0].map(|shift| char::from(letter(bits >> shift)));
        out.extend(&letters[..=chunk.len()]);
    }
    out
}

/// A token that nobody signed, which Kafka takes unless it is told otherwise.
fn token() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let claims = format!("{{\"sub\":\"alice\",\"iat\":{now},\"exp\":{}}}", now + 3600);
    format!("{}.{}.", base64("{\"alg\":\"none\"}"), base64(&claims))
}

fn scram(mechanism: &str, password: &str) -> String {
    let entry = jaas(
        "scram.ScramLoginModule",
        &[("username", "alice"), ("password", password)],
    );
    format!("sasl.mechanism={mechanism}\nsasl.jaas.config={entry}\n")
}

fn plain(password: &str) -> String {
    let entry = jaas(
        "plain.PlainLoginModule",
        &[("username", "alice"), ("password", password)],
    );
    format!("sasl.mechanism=PLAIN\nsasl.jaas.config={entry}\n")
}

/// Creates, lists, describes, writes, reads and lists groups.
#[track_caller]
fn works(node: &SecureNode, listener: &str, properties: &str, topic: &str) {
    let run = |args: &[&str], input: &str| node.kfleet(listener, properties, args, input).exits(0);
    run(&["topics", "create", topic, "--partitions", "2", "--yes"], "");
    assert!(run(&["topics", "list"], "").stdout.contains(topic));
    let described = run(&["topics", "describe", topic, "-o", "json"], "");
    assert!(described.stdout.contains(topic), "{}", described.stdout);
    run(&["produce", topic], RECORDS);
    let mut read: Vec<String> = run(&["consume", topic], "")
        .lines()
        .into_iter()
        .map(str::to_owned)
        .collect();
    read.sort_unstable();
    assert_eq!(read.len(), 2, "{read:?}");
    run(&["groups", "list"], "");
    run(&["offsets", "get", topic], "");
    run(&["configs", "describe", "topic", topic], "");
    is_completed(node, listener, properties, topic);
}

/// Completion logs in, too: within a moment, which a busy machine may not have at once.
#[track_caller]
fn is_completed(node: &SecureNode, listener: &str, properties: &str, topic: &str) {
    let text = format!("bootstrap.servers={}\n{properties}", node.address(listener));
    let file = node.write("completion.properties", &text);
    let typed = &topic[..topic.len() - 1];
    let line = format!("kfleet topics describe --command-config {} {typed}", file.display());
    let is_proposed = |_| {
        // What was not told in time is remembered for a moment.
        let caches = tempfile::tempdir().unwrap();
        let variables = [("XDG_CACHE_HOME", caches.path().to_owned())];
        let ran = node.kfleet_with(listener, properties, &["complete", "fish", "--", &line], "", &variables);
        ran.exits(0).lines().contains(&topic)
    };
    assert!((0..5).any(is_proposed), "{line}");
}

fn every_login(version: &str) {
    let node = SecureNode::start(version);
    let secure = format!("security.protocol=SASL_SSL\n{}", node.trust());
    let token_file = node.write("token", &token());
    let logins = [
        ("plain", plain(PASSWORD)),
        ("scram-256", scram("SCRAM-SHA-256", PASSWORD)),
        ("scram-512", scram("SCRAM-SHA-512", PASSWORD)),
        (
            "token-file",
            format!(
                "sasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=file://{}\n",
                token_file.display()
            ),
        ),
        (
            "token-command",
            format!(
                "sasl.mechanism=OAUTHBEARER\nkfleet.oauthbearer.token.command=cat {}\n",
                token_file.display()
            ),
        ),
    ];
    for (topic, login) in &logins {
        works(&node, "LOGIN", &format!("{secure}{login}"), topic);
    }
    let refused = |login: &str, words: &str| {
        let ran = node
            .kfleet("LOGIN", &format!("{secure}{login}"), &["topics", "list"], "")
            .exits(78);
        assert!(ran.stderr.contains(words), "{login}: {}", ran.stderr);
    };
    refused(&plain("wrong"), "no login by PLAIN at 127.0.0.1:");
    refused(&scram("SCRAM-SHA-256", "wrong"), "invalid credentials");
    refused(
        "sasl.mechanism=OAUTHBEARER\nkfleet.oauthbearer.token.command=echo nonsense\n",
        "no login by OAUTHBEARER",
    );
    let open = format!("security.protocol=SASL_PLAINTEXT\n{}", plain(PASSWORD));
    let ran = node.kfleet("OPEN", &open, &["topics", "list"], "").exits(78);
    assert!(ran.stderr.contains("asks nobody to log in"), "{}", ran.stderr);
    let ran = node.kfleet("SHORT", "", &["topics", "list"], "").exits(69);
    assert!(ran.stderr.contains("security.protocol"), "{}", ran.stderr);
    assert_hidden(&node.said());
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn every_login_works_on_4_3_1() {
    every_login("4.3.1");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn every_login_works_on_3_9_1() {
    every_login("3.9.1");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn tls_works_both_ways_and_tells_what_does_not() {
    let node = SecureNode::start("4.3.1");
    let tls = format!("security.protocol=SSL\n{}", node.trust());
    works(&node, "TLS", &tls, "tls");
    let own = node.write("own.pem", &node.authority.sign("alice", &[]).store());
    let mutual = format!("{tls}ssl.keystore.type=PEM\nssl.keystore.location={}\n", own.display());
    works(&node, "MUTUAL", &mutual, "mutual");
    works(
        &node,
        "MUTUAL",
        &format!("{mutual}ssl.enabled.protocols=TLSv1.2\n"),
        "mutual-old",
    );

    let by_controller = [
        "quorum",
        "status",
        "--bootstrap-controller",
        &node.address("CONTROLLER"),
    ];
    node.kfleet("TLS", &tls, &by_controller, "").exits(0);

    let refused = |listener: &str, properties: &str, code: i32, words: &str| {
        let ran = node
            .kfleet(listener, properties, &["topics", "list", "--timeout", "10s"], "")
            .exits(code);
        let place = node.address(listener);
        assert!(
            ran.stderr.contains(words) && ran.stderr.contains(&place),
            "{listener}: {}",
            ran.stderr
        );
    };
    let by_system = "security.protocol=SSL\n";
    let believed = [("SSL_CERT_FILE", node.file("ca.pem"))];
    node.kfleet_with("TLS", by_system, &["topics", "list"], "", &believed)
        .exits(0);
    let store = node.file("store.jks");
    let keytool = |args: &[&str]| {
        let mut command = Command::new("keytool");
        run_with_input(
            command
                .args(args)
                .args(["-storepass", "changeit", "-keystore"])
                .arg(&store),
            "",
        )
        .exits(0)
    };
    let certificate = node.file("ca.pem").display().to_string();
    keytool(&[
        "-importcert",
        "-noprompt",
        "-storetype",
        "JKS",
        "-alias",
        "a",
        "-file",
        &certificate,
    ]);
    let java = format!("security.protocol=SSL\nssl.truststore.location={}\n", store.display());
    let ran = node.kfleet("TLS", &java, &["topics", "list"], "").exits(65);
    assert!(
        ran.stderr.contains("hint: keytool -list -rfc -keystore"),
        "{}",
        ran.stderr
    );
    let converted = node.write("store.pem", &keytool(&["-list", "-rfc"]).stdout);
    let java = format!(
        "{by_system}ssl.truststore.type=PEM\nssl.truststore.location={}\n",
        converted.display()
    );
    node.kfleet("TLS", &java, &["topics", "list"], "").exits(0);

    let stranger = node.write("stranger.pem", &Authority::new("stranger").sign("alice", &[]).store());
    let stranger = format!(
        "{tls}ssl.keystore.type=PEM\nssl.keystore.location={}\n",
        stranger.display()
    );
    for version in ["TLSv1.3", "TLSv1.2"] {
        let only = format!("ssl.enabled.protocols={version}\n");
        refused(
            "MUTUAL",
            &format!("{stranger}{only}"),
            78,
            "does not accept our certificate",
        );
        refused("MUTUAL", &format!("{tls}{only}"), 78, "certificate of ours");
    }
    let other = node.write("other-ca.pem", &Authority::new("other").pem);
    let other = format!(
        "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={}\n",
        other.display()
    );
    refused("TLS", &other, 78, "not signed by anybody who is trusted");
    refused("OPEN", &tls, 69, "TLS handshake");
    refused("TLS", "", 78, "it speaks TLS");
}

/// A connection that is used for longer than a session lasts stays of use.
#[test]
#[ignore = "needs tests/compat/setup"]
fn sessions_are_renewed() {
    let node = SecureNode::start("4.3.1");
    let login = Login::Scram {
        hash: ScramHash::Sha512,
        user: "alice".to_owned(),
        password: Secret::new(PASSWORD),
        is_token: false,
    };
    let config = ClientConfig {
        bootstrap: vec![node.address("SHORT")],
        client_id: "kfleet-test".to_owned(),
        security: Security::new(None, Some(login)),
        limit: Limit::Each(Duration::from_secs(20)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = Client::connect(config).await.unwrap();
        let first = client.any().await.unwrap();
        for _ in 0..6 {
            client.metadata(Some(&[])).await.unwrap();
            tokio::time::sleep(Duration::from_millis(SESSION_MS / 2)).await;
        }
        let last = client.any().await.unwrap();
        assert!(std::sync::Arc::ptr_eq(&first, &last), "it was connected anew");
    });
    assert_hidden(&node.said());
}
