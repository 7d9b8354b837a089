//! Every command that reads, and a change of each kind, over secure connections to Apache Kafka 4.3.1: with PLAIN, with SCRAM and
//! with a certificate. Nobody tells a secret: neither stdout, nor stderr with all that is logged, nor the log of changes, nor
//! the node.

use std::path::PathBuf;

use crate::support::Ran;
use crate::support::nodes::wait_until;
use crate::support::secure_node::{PASSWORD, SecureNode, assert_hidden, jaas};

use super::breadth_3_9_1::READS;

/// Alice may do everything, however she comes, and there are tokens.
const SETTINGS: &str = "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
                        super.users=User:ANONYMOUS;User:alice;User:CN=alice\n\
                        delegation.token.secret.key=secret-of-tokens-2b7e1516\n";

/// What the node with an authorizer and tokens answers otherwise than the one that the list is of.
const OTHERWISE: [(&str, i32); 2] = [("acls list", 0), ("tokens describe", 0)];

/// Changes, a word for a word; T is a topic, G and H are groups, U is a user, FILE is a reassignment of T.
const CHANGES: [&str; 24] = [
    "topics create T --partitions 1 --yes",
    "produce T -p 0",
    "topics records-delete T:0=1 --yes",
    "configs set topic T --set retention.ms=100000 --yes",
    "configs unset topic T --key retention.ms --yes",
    "offsets set G T:0=1 --create --yes",
    "offsets shift G --by 1 --topic T --yes",
    "offsets reset G --to-latest --topic T --yes",
    "offsets copy G H --yes",
    "consume T -G G",
    "offsets delete H --topic T --yes",
    "groups delete G --yes",
    "topics alter T --partitions 2 --yes",
    "leaders elect --all --yes",
    "users set U --password-file - --yes",
    "users delete U --yes",
    "quotas set --user U producer_byte_rate=1000000 --yes",
    "quotas unset --user U producer_byte_rate --yes",
    "acls create --allow-principal User:U --operation read --topic T --yes",
    "acls delete --principal User:U --topic T --yes",
    "reassign execute --reassignment-json-file FILE --yes",
    "throttle set --rate 50MB/s --yes",
    "throttle clear --yes",
    "features upgrade --release-version 4.3 --yes",
];

/// Somebody who came in by this way.
struct Way<'a> {
    node: &'a SecureNode,
    name: &'static str,
    listener: &'static str,
    properties: String,
}

impl Way<'_> {
    fn log(&self) -> PathBuf {
        self.node.file(&format!("{}.audit", self.name))
    }

    #[track_caller]
    fn run(&self, words: &[&str], input: &str) -> Ran {
        let log = [("KFLEET_AUDIT_LOG", self.log())];
        let ran = self
            .node
            .kfleet_with(self.listener, &self.properties, words, input, &log);
        assert!(ran.stderr.contains("answered"), "what is logged is looked at: {ran:?}");
        ran
    }

    fn reads(&self) {
        for (command, args, code) in READS {
            let words: Vec<&str> = command.split(' ').chain(args.split_whitespace()).collect();
            let other = OTHERWISE.iter().find(|(other, _)| other == command);
            let code = other.map_or(*code, |(_, code)| *code);
            let ran = self.run(&words, "");
            assert_eq!(ran.code, code, "{}: {command} {args}: {ran:?}", self.name);
        }
    }

    fn changes(&self) {
        let topic = format!("of-{}", self.name);
        let file = self.node.write(
            &format!("{}.json", self.name),
            &format!("{{\"version\":1,\"partitions\":[{{\"topic\":\"{topic}\",\"partition\":0,\"replicas\":[1]}}]}}"),
        );
        let own = |word: &str| match word {
            "T" => topic.clone(),
            "G" | "H" | "U" => format!("{word}-{}", self.name),
            "User:U" => format!("User:U-{}", self.name),
            "T:0=1" => format!("{topic}:0=1"),
            "FILE" => file.display().to_string(),
            other => other.to_owned(),
        };
        for line in CHANGES {
            let words: Vec<String> = line.split(' ').map(own).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let input = match words[0] {
                "produce" => "a\nb\n".to_owned(),
                "users" => format!("{PASSWORD}\n"),
                _ => String::new(),
            };
            let ran = self.run(&words, &input);
            assert_eq!(ran.code, 0, "{}: {line}: {ran:?}", self.name);
        }
        self.tokens();
        self.run(&["topics", "delete", &topic, "--yes"], "").exits(0);
    }

    /// What a token is to be kept with is in what its creation prints, and nowhere else.
    fn tokens(&self) {
        let made = self.run(&["tokens", "create", "--yes", "-o", "json"], "").exits(0);
        let made = made.data();
        let (id, hmac) = (&made["token"]["token_id"], &made["hmac"]);
        let (id, hmac) = (id.as_str().unwrap(), hmac.as_str().unwrap());
        // Brokers hear of it a little later than who made it.
        wait_until("the token is known", || {
            self.run(&["tokens", "describe"], "").stdout.contains(id)
        });
        for verb in ["renew", "expire"] {
            let ran = self.run(&["tokens", verb, id, "--yes"], "").exits(0);
            assert!(!(ran.stdout + &ran.stderr).contains(hmac), "{}: {verb}", self.name);
        }
        let log = std::fs::read_to_string(self.log()).unwrap();
        assert!(
            log.contains("\"renew\"") && log.contains(id) && !log.contains(hmac),
            "{log}"
        );
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn all_that_reads_and_a_change_of_each_kind_works_securely() {
    let node = SecureNode::start_with("4.3.1", SETTINGS);
    let ways = ways(&node);
    let open = |args: &[&str], input: &str| node.kfleet("OPEN", "", args, input).exits(0);
    open(&["topics", "create", "t", "u", "--yes"], "");
    open(&["produce", "t", "-K", ":"], "k:a\nk:b\n");
    open(&["offsets", "set", "g", "t:0=1", "--create", "--yes"], "");
    for way in &ways {
        way.reads();
        way.changes();
        let log = std::fs::read_to_string(way.log()).unwrap();
        assert_hidden(&log);
        // A line before each change and one behind it; records that are written or read are none.
        let lines = log.lines().count();
        assert!(lines >= 2 * (CHANGES.len() - 5), "{lines} lines: {log}");
    }
    assert_hidden(&node.said());
}

fn ways(node: &SecureNode) -> [Way<'_>; 3] {
    let trust = node.trust();
    let login = |mechanism: &str, module: &str| {
        let entry = jaas(module, &[("username", "alice"), ("password", PASSWORD)]);
        format!("security.protocol=SASL_SSL\n{trust}sasl.mechanism={mechanism}\nsasl.jaas.config={entry}\n")
    };
    let own = node.write("own.pem", &node.authority.sign("alice", &[]).store());
    let certificate = format!(
        "security.protocol=SSL\n{trust}ssl.keystore.type=PEM\nssl.keystore.location={}\n",
        own.display()
    );
    let way = |name, listener, properties| Way {
        node,
        name,
        listener,
        properties,
    };
    [
        way("plain", "LOGIN", login("PLAIN", "plain.PlainLoginModule")),
        way("scram", "LOGIN", login("SCRAM-SHA-512", "scram.ScramLoginModule")),
        way("certificate", "MUTUAL", certificate),
    ]
}
