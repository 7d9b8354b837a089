//! ACLs, users, quotas and tokens of secure clusters of Apache Kafka: what kfleet makes of them is what Apache's tools see, and
//! what counts for those who log in.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::nodes::wait_until;
use crate::support::secure_node::{PASSWORD, SecureNode, assert_hidden, jaas};
use crate::support::{Ran, foreign, quick_java, run_with_input};

/// An authorizer that lets in the node itself, over its plain listener, and Alice; and a secret for tokens.
const AUTHORIZED: &str = "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
                          super.users=User:ANONYMOUS;User:alice\n\
                          delegation.token.secret.key=secret-of-tokens-2b7e1516\n";

/// Apache's tool of 4.3.1, on the plain listener.
#[track_caller]
pub(super) fn tool(node: &SecureNode, class: &str, args: &[&str]) -> Ran {
    let mut command = Command::new("timeout");
    command
        .args(["90", "java", "-Xmx256m"])
        .args(quick_java("4.3.1"))
        .arg("-cp")
        .arg(foreign("kafka-4.3.1/libs").join("*"))
        .args([class, "--bootstrap-server", &node.address("OPEN")])
        .args(args);
    run_with_input(&mut command, "")
}

const ACLS: &str = "org.apache.kafka.tools.AclCommand";
const CONFIGS: &str = "kafka.admin.ConfigCommand";

fn login(node: &SecureNode, options: &[(&str, &str)]) -> String {
    let entry = jaas("scram.ScramLoginModule", options);
    let trust = node.trust();
    format!("security.protocol=SASL_SSL\n{trust}sasl.mechanism=SCRAM-SHA-512\nsasl.jaas.config={entry}\n")
}

/// Somebody who has logged in.
struct User<'a> {
    node: &'a SecureNode,
    properties: String,
}

impl<'a> User<'a> {
    fn new(node: &'a SecureNode, name: &str, password: &str) -> Self {
        let properties = login(node, &[("username", name), ("password", password)]);
        Self { node, properties }
    }

    fn of_token(node: &'a SecureNode, id: &str, hmac: &str) -> Self {
        let properties = login(node, &[("username", id), ("password", hmac), ("tokenauth", "true")]);
        Self { node, properties }
    }

    #[track_caller]
    fn with_input(&self, line: &[&str], input: &str) -> Ran {
        self.node.kfleet("LOGIN", &self.properties, line, input)
    }

    #[track_caller]
    fn run(&self, line: &str) -> Ran {
        self.with_input(&line.split(' ').collect::<Vec<_>>(), "")
    }

    #[track_caller]
    fn data(&self, line: &str) -> Value {
        self.run(&format!("{line} -o json")).exits(0).data()
    }
}

/// The broker that is asked hears of a change a little later than who made it.
#[track_caller]
fn wait_for(user: &User<'_>, line: &str, expected: &Value) {
    wait_until(line, || {
        let ran = user.run(&format!("{line} -o json"));
        ran.code == 0 && ran.data() == *expected
    });
}

#[track_caller]
fn wait_for_count(user: &User<'_>, line: &str, count: usize) {
    let rows = || user.data(line).as_array().unwrap().len();
    let what = || format!("{count} rows of {line}, and not {}", user.data(line));
    let until = Instant::now() + Duration::from_secs(20);
    while rows() != count {
        assert!(Instant::now() < until, "{}", what());
    }
}

#[track_caller]
fn wait_for_code(user: &User<'_>, line: &str, code: i32) {
    wait_until(line, || user.run(line).code == code);
}

/// Rows of `acls list` as Apache's tool prints them, resource by resource.
fn as_apache_has_them(rows: &Value) -> Vec<String> {
    let word = |row: &Value, field: &str| row[field].as_str().unwrap().to_uppercase().replace('-', "_");
    let mut lines: Vec<String> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            format!(
                "ResourcePattern(resourceType={}, name={}, patternType={}) (principal={}, host={}, operation={}, permissionType={})",
                word(row, "resource_type"),
                row["resource"].as_str().unwrap(),
                word(row, "pattern_type"),
                row["principal"].as_str().unwrap(),
                row["host"].as_str().unwrap(),
                word(row, "operation"),
                word(row, "permission")
            )
        })
        .collect();
    lines.sort();
    lines
}

fn of_apache(node: &SecureNode) -> Vec<String> {
    let said = tool(node, ACLS, &["--list"]).exits(0).stdout;
    let mut lines = Vec::new();
    let mut resource = "";
    for line in said.lines() {
        if let Some(name) = line.split('`').nth(1) {
            resource = name;
        } else if let Some(acl) = line.trim().strip_prefix('(') {
            lines.push(format!("{resource} ({acl}"));
        }
    }
    lines.sort();
    lines
}

fn acls(node: &SecureNode, alice: &User<'_>, bob: &User<'_>) {
    assert_eq!(alice.data("acls list"), json!([]));
    alice.run("topics create t --yes").exits(0);
    let denied = bob.run("offsets get t").exits(78);
    assert!(denied.stderr.contains("AuthorizationFailed"), "{}", denied.stderr);
    bob.run("acls list").exits(78);
    let denied = bob.run("topics create bobs --yes").exits(78);
    assert!(denied.stderr.contains("TopicAuthorizationFailed"), "{}", denied.stderr);
    bob.run("acls create --allow-principal User:bob --operation all --topic t --yes")
        .exits(78);
    let create = "acls create --allow-principal User:bob --producer --consumer --idempotent --topic t --group g";
    assert_eq!(alice.run(&format!("{create} --dry-run")).exits(0).lines().len(), 7);
    assert_eq!(alice.data("acls list"), json!([]), "a dry run changes nothing");
    let changed = |data: &Value| {
        data.as_array()
            .unwrap()
            .iter()
            .filter(|row| row["changed"] == true)
            .count()
    };
    assert_eq!(changed(&alice.data(&format!("{create} --yes"))), 6);
    wait_for_count(alice, "acls list", 6);
    assert_eq!(
        changed(&alice.data(&format!("{create} --yes"))),
        0,
        "it can be run again"
    );
    bob.with_input(&["produce", "t"], "a\nb\n").exits(0);
    assert_eq!(bob.run("consume t -G g").exits(0).lines(), ["a", "b"]);
    alice
        .run("acls create --deny-principal User:* --deny-host 10.0.0.7 --operation All --topic s --resource-pattern-type prefixed --yes")
        .exits(0);
    alice
        .run("acls create --allow-principal User:eve --operation CreateTokens --user-principal User:bob --yes")
        .exits(0);
    alice
        .run("acls create --allow-principal User:eve --operation describe-configs --operation alter --cluster --yes")
        .exits(0);
    wait_for_count(alice, "acls list", 10);
    let all = alice.data("acls list");
    assert_eq!(of_apache(node), as_apache_has_them(&all));
    for (filter, count) in [
        ("--topic shop", 0),
        ("--topic shop --pattern-type match", 1),
        ("--topic s --pattern-type any", 1),
        ("--topic s --pattern-type prefixed", 1),
        ("--principal User:eve", 3),
        ("--principal User:eve --cluster", 2),
        ("--operation all", 1),
        ("--permission deny", 1),
        ("--host 10.0.0.7", 1),
        ("--resource-type group", 1),
        ("--topic t --group g", 5),
    ] {
        let rows = alice.data(&format!("acls list {filter}"));
        assert_eq!(rows.as_array().unwrap().len(), count, "{filter}: {rows}");
    }
    saved_and_applied(node, alice, &all);
    by_controller(node, &all);
}

fn saved_and_applied(node: &SecureNode, alice: &User<'_>, all: &Value) {
    let saved = node.write("acls.json", &alice.run("acls list -o json").exits(0).stdout);
    let file = saved.display();
    let deleted = alice.data("acls delete --principal User:eve --yes");
    assert_eq!(deleted.as_array().unwrap().len(), 3, "{deleted}");
    wait_for_count(alice, "acls list", 7);
    alice.run("acls delete --principal User:eve --yes").exits(66);
    alice.run("acls delete --principal User:eve --if-exists --yes").exits(0);
    alice
        .run("acls create --allow-principal User:mallory --operation all --topic * --yes")
        .exits(0);
    wait_for_count(alice, "acls list", 8);
    let planned = alice.data(&format!("acls apply {file} --prune --dry-run"));
    let actions = |word: &str| {
        let rows = planned.as_array().unwrap().iter();
        rows.filter(|row| row["action"] == word && row["changed"] == false)
            .count()
    };
    assert_eq!((actions("create"), actions("delete")), (10, 1), "{planned}");
    alice.run(&format!("acls apply {file} --prune --yes")).exits(0);
    wait_for(alice, "acls list", all);
}

fn by_controller(node: &SecureNode, all: &Value) {
    let tls = format!("security.protocol=SSL\n{}", node.trust());
    let address = node.address("CONTROLLER");
    let run = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        words.extend(["-o", "json", "--bootstrap-controller", &address]);
        node.kfleet("TLS", &tls, &words, "").exits(0).data()
    };
    assert_eq!(run("acls list"), *all);
    run("acls create --allow-principal User:kim --operation read --topic t --yes");
    assert_eq!(run("acls list --principal User:kim").as_array().unwrap().len(), 1);
    run("acls delete --principal User:kim --yes");
    assert_eq!(run("acls list"), *all);
}

fn tokens(node: &SecureNode, alice: &User<'_>, bob: &User<'_>) {
    let refused = node.kfleet("OPEN", "", &["tokens", "create", "--yes"], "").exits(76);
    assert!(refused.stderr.contains("logged in"), "{}", refused.stderr);
    assert_eq!(alice.data("tokens describe"), json!([]));
    let created = alice.data("tokens create --renewer User:bob --max-life-time 24h --yes");
    let id = created["token"]["token_id"].as_str().unwrap();
    let hmac = created["hmac"].as_str().unwrap();
    assert_eq!(created["token"]["owner"], "User:alice");
    wait_for_count(alice, "tokens describe", 1);
    let described = alice.run("tokens describe -o json").exits(0);
    assert!(!format!("{}{}", described.stdout, described.stderr).contains(hmac));
    assert_eq!(described.data()[0]["renewers"], json!(["User:bob"]));
    assert_eq!(alice.data("tokens describe --owner User:bob"), json!([]));
    let by_token = User::of_token(node, id, hmac);
    wait_for_code(&by_token, "topics list", 0);
    let nested = by_token.run("tokens create --yes").exits(76);
    assert!(nested.stderr.contains("not with a token"), "{}", nested.stderr);
    let before = &described.data()[0]["expires_ms"];
    let renewed = bob.data(&format!("tokens renew {id} --period 1h --yes"));
    assert_eq!(
        (&renewed[0]["changed"], &renewed[0]["expired_before_ms"]),
        (&json!(true), before)
    );
    assert!(renewed[0]["expires_ms"].as_i64() < before.as_i64(), "{renewed}");
    alice.run(&format!("tokens expire {id} --dry-run")).exits(0);
    by_token.run("topics list").exits(0);
    alice.run(&format!("tokens expire {id} --yes")).exits(0);
    wait_for_code(&by_token, "topics list", 78);
    wait_for(alice, "tokens describe", &json!([]));
    alice.run(&format!("tokens expire {id} --yes")).exits(66);
    assert!(!node.said().contains(hmac), "the node tells a secret");
}

fn users(node: &SecureNode, alice: &User<'_>) {
    let rows = |name: &str, mechanisms: &[(&str, i32)]| {
        let row = |(mechanism, iterations): &(&str, i32)| json!({"user": name, "mechanism": mechanism, "iterations": iterations});
        mechanisms.iter().map(row).collect::<Vec<_>>()
    };
    let (sha256, sha512) = ("SCRAM-SHA-256", "SCRAM-SHA-512");
    let of_alice = rows("alice", &[(sha256, 4096), (sha512, 4096)]);
    assert_eq!(alice.data("users list"), json!(of_alice));
    let set = "users set bob --password-file - --mechanism SCRAM-SHA-512,scram-sha-256 --iterations 8192 --yes";
    let set: Vec<&str> = set.split(' ').collect();
    alice.with_input(&set, &format!("{PASSWORD}\n")).exits(0);
    let of_bob = rows("bob", &[(sha256, 8192), (sha512, 8192)]);
    wait_for(alice, "users describe bob", &json!(of_bob));
    assert_eq!(alice.data("users list"), json!([of_alice.clone(), of_bob].concat()));
    let said = tool(
        node,
        CONFIGS,
        &["--describe", "--entity-type", "users", "--entity-name", "bob"],
    )
    .exits(0);
    assert!(
        said.stdout.contains("SCRAM-SHA-256=iterations=8192") && said.stdout.contains("SCRAM-SHA-512=iterations=8192"),
        "{}",
        said.stdout
    );
    let bob = User::new(node, "bob", PASSWORD);
    bob.run("topics list").exits(0);
    let other = "another password-2b7e1516";
    let file = node.write("bob.password", other);
    alice
        .run(&format!("users set bob --password-file {} --yes", file.display()))
        .exits(0);
    wait_for_code(&bob, "topics list", 78);
    User::new(node, "bob", other).run("topics list").exits(0);
    alice.run("users delete bob --mechanism SCRAM-SHA-256 --yes").exits(0);
    wait_for(alice, "users describe bob", &json!(rows("bob", &[(sha512, 4096)])));
    alice.run("users delete bob --yes").exits(0);
    wait_for(alice, "users list", &json!(of_alice));
    User::new(node, "bob", other).run("topics list").exits(78);
    let gone = alice.run("users delete bob --yes").exits(66);
    assert!(gone.stderr.contains("has no SCRAM credential"), "{}", gone.stderr);
    alice.run("users set carol --password-file /nowhere --yes").exits(66);
    alice.run("users set carol --password-file - --yes").exits(65);
    alice.run("users set carol --iterations 100 --yes").exits(64);
}

fn quotas(node: &SecureNode, alice: &User<'_>) {
    assert_eq!(alice.data("quotas list"), json!([]));
    for line in [
        "quotas set --user alice producer_byte_rate=1024 request_percentage=12.5 --yes",
        "quotas set --user alice --client-id c1 producer_byte_rate=2048 --yes",
        "quotas set --user-default consumer_byte_rate=512 --yes",
        "quotas set --user-default --client-id-default controller_mutation_rate=3 --yes",
        "quotas set --client c1 consumer_byte_rate=256 --yes",
        "quotas set --ip 127.0.0.9 connection_creation_rate=7 --yes",
        "quotas set --ip-default connection_creation_rate=100 --yes",
    ] {
        alice.run(line).exits(0);
    }
    wait_for_count(alice, "quotas list", 8);
    let described = |kind: &str| {
        tool(node, CONFIGS, &["--describe", "--entity-type", kind])
            .exits(0)
            .stdout
    };
    let both = tool(
        node,
        CONFIGS,
        &[
            "--describe",
            "--entity-type",
            "users",
            "--entity-name",
            "alice",
            "--entity-type",
            "clients",
            "--entity-name",
            "c1",
        ],
    )
    .exits(0)
    .stdout;
    assert!(both.contains("producer_byte_rate=2048.0"), "{both}");
    let of_users = described("users");
    for line in [
        "Quota configs for user-principal 'alice' are",
        "producer_byte_rate=1024.0",
        "request_percentage=12.5",
        "Quota configs for the default user-principal are consumer_byte_rate=512.0",
    ] {
        assert!(of_users.contains(line), "{line}: {of_users}");
    }
    assert!(described("ips").contains("connection_creation_rate=7.0"));
    let count = |line: &str| alice.data(line).as_array().unwrap().len();
    assert_eq!(count("quotas list --user alice"), 3);
    assert_eq!(count("quotas describe --user alice"), 2);
    assert_eq!(count("quotas list --client-id c1"), 2);
    let effective = alice.data("quotas describe --user alice --client-id c1 --effective");
    let value = |key: &str| {
        let row = effective.as_array().unwrap().iter().find(|row| row["key"] == key);
        row.map(|row| (row["value"].clone(), row["entity"].clone()))
    };
    let of_both = json!({"user": "alice", "client-id": "c1"});
    assert_eq!(value("producer_byte_rate").unwrap(), (json!(2048.0), of_both));
    assert_eq!(value("request_percentage").unwrap().1, json!({"user": "alice"}));
    let again = alice.data("quotas set --user alice producer_byte_rate=1024 --yes");
    assert_eq!(again[0]["changed"], false);
    let planned = alice.data("quotas unset --user alice producer_byte_rate --dry-run");
    assert_eq!(
        (&planned[0]["current"], &planned[0]["new"]),
        (&json!(1024.0), &Value::Null)
    );
    let wrong = alice
        .run("quotas set --ip nohost.invalid connection_creation_rate=7 --yes")
        .exits(76);
    assert!(wrong.stderr.contains("nohost.invalid"), "{}", wrong.stderr);
    for line in [
        "quotas unset --user alice --all --yes",
        "quotas unset --user alice --client-id c1 producer_byte_rate --yes",
        "quotas unset --user-default consumer_byte_rate --yes",
        "quotas unset --user-default --client-id-default --all --yes",
        "quotas unset --client-id c1 --all --yes",
        "quotas unset --ip 127.0.0.9 --all --yes",
        "quotas unset --ip-default --all --yes",
    ] {
        alice.run(line).exits(0);
    }
    wait_for(alice, "quotas list", &json!([]));
    alice.run("quotas describe --user alice").exits(66);
}

fn on(version: &str) {
    let node = SecureNode::start_with(version, AUTHORIZED);
    let alice = User::new(&node, "alice", PASSWORD);
    users(&node, &alice);
    let set: Vec<&str> = "users set bob --password-file - --yes".split(' ').collect();
    alice.with_input(&set, &format!("{PASSWORD}\n")).exits(0);
    let bob = User::new(&node, "bob", PASSWORD);
    wait_for_code(&bob, "topics list", 0);
    acls(&node, &alice, &bob);
    tokens(&node, &alice, &bob);
    quotas(&node, &alice);
    assert_hidden(&node.said());
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn access_is_given_and_taken_on_4_3_1() {
    on("4.3.1");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn access_is_given_and_taken_on_3_9_1() {
    on("3.9.1");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn without_an_authorizer_and_without_a_secret_for_tokens_it_is_76_with_a_hint() {
    let node = SecureNode::start("4.3.1");
    let alice = User::new(&node, "alice", PASSWORD);
    for (line, hint) in [
        ("acls list", "authorizer.class.name"),
        ("acls delete --topic t --yes", "authorizer.class.name"),
        (
            "acls create --allow-principal User:a --operation read --topic t --yes",
            "authorizer.class.name",
        ),
        ("tokens describe", "delegation.token.secret.key"),
        ("tokens create --yes", "delegation.token.secret.key"),
    ] {
        let ran = alice.run(line).exits(76);
        assert!(ran.stderr.contains(hint), "{line}: {}", ran.stderr);
    }
}
