//! Every command that reads, and what changes groups and offsets, once on Apache Kafka 3.9.1. What changes topics, settings,
//! access and transactions there is in admin_3_9_1, access and hanging.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::secure_node::SecureNode;

/// Commands that read, with arguments and the exit code that they have there.
pub(super) const READS: &[(&str, &str, i32)] = &[
    // The node has no authorizer.
    ("acls list", "", 76),
    // A topic of one replica is critical.
    ("check", "all --topic t", 2),
    ("cluster api-versions", "", 0),
    ("cluster describe", "", 0),
    ("cluster endpoints", "", 0),
    ("cluster id", "", 0),
    ("configs describe", "topic t --all", 0),
    ("configs diff", "topic t u", 0),
    // Resources of all types are listed since 4.1.
    ("configs list", "client-metrics", 0),
    ("consume", "t", 0),
    ("features describe", "", 0),
    ("groups describe", "g", 0),
    ("groups list", "", 0),
    ("groups members", "--all-groups", 0),
    ("log-dirs describe", "", 0),
    ("offsets get", "", 0),
    ("offsets save", "g --format csv", 0),
    ("producers describe", "t", 0),
    ("quorum replication", "", 0),
    ("quorum status", "", 0),
    ("quotas describe", "--user nobody --effective", 0),
    ("quotas list", "", 0),
    ("reassign list", "", 0),
    // Any restart hurts a node that is alone.
    ("roll plan", "", 77),
    // None was begun.
    ("roll status", "", 66),
    ("snapshot stats", "--window 0s", 0),
    ("throttle get", "", 0),
    // Tokens are for who has logged in.
    ("tokens describe", "", 76),
    ("topics describe", "t", 0),
    ("topics list", "", 0),
    ("transactions describe", "nobody", 66),
    ("transactions find-hanging", "", 0),
    ("transactions list", "", 0),
    ("upgrade plan", "--to 4.3", 0),
    ("users describe", "alice", 0),
    ("users list", "", 0),
];

/// Nouns and commands that ask no cluster, that only load one, or that need more than one broker.
const NOT_HERE: [&str; 29] = [
    "bench consume",
    "bench latency",
    "bench produce",
    "broker",
    "complete",
    "completions",
    "decommission",
    "host",
    "launch",
    "logs",
    "man",
    "produce",
    "profiles",
    "render",
    "sandbox",
    "schema",
    "shims",
    "size",
    "storage",
    "tour",
    "tokens create",
    "reassign generate",
    "reassign verify",
    "rebalance",
    "replace",
    "scale-out",
    "set-replication-factor",
    "snapshot import",
    "snapshot save",
];

#[test]
fn every_command_that_reads_is_in_the_list() {
    let mut there = BTreeSet::new();
    for noun in commands::definition().get_subcommands() {
        let verbs: Vec<_> = noun.get_subcommands().collect();
        let named = verbs
            .iter()
            .map(|verb| (format!("{} {}", noun.get_name(), verb.get_name()), *verb));
        let alone = verbs.is_empty().then(|| (noun.get_name().to_owned(), noun));
        for (name, command) in named.chain(alone) {
            let is_elsewhere = NOT_HERE.contains(&noun.get_name()) || NOT_HERE.contains(&name.as_str());
            let changes = command.get_arguments().any(|arg| arg.get_id() == "dry_run");
            if !is_elsewhere && !changes {
                there.insert(name);
            }
        }
    }
    let listed: BTreeSet<String> = READS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(listed, there);
}

fn data(node: &SecureNode, args: &[&str]) -> Value {
    node.kfleet("OPEN", "", &[args, &["-o", "json"]].concat(), "")
        .exits(0)
        .data()
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn all_that_reads_and_what_changes_groups_works_on_3_9_1() {
    let node = SecureNode::start("3.9.1");
    for topic in ["t", "u"] {
        data(&node, &["topics", "create", topic, "--yes"]);
    }
    let produced = node.kfleet("OPEN", "", &["produce", "t", "-K", ":"], "k:a\nk:b\nk:c\n");
    produced.exits(0);
    data(&node, &["offsets", "set", "g", "t:0=1", "--create", "--yes"]);
    for (command, args, code) in READS {
        let words: Vec<&str> = command.split(' ').chain(args.split_whitespace()).collect();
        for format in ["table", "json"] {
            let ran = node.kfleet("OPEN", "", &[&words[..], &["-o", format]].concat(), "");
            assert_eq!(ran.code, *code, "{command} {args}: {ran:?}");
            let is_plain = format == "table" || *command == "offsets save";
            if !is_plain {
                let document = ran.json();
                assert!(document["schema"].as_str().is_some(), "{command}: {document}");
            }
        }
    }
    assert_eq!(
        node.kfleet("OPEN", "", &["consume", "t", "-f", "%k=%s "], "")
            .exits(0)
            .stdout,
        "k=a k=b k=c "
    );
    changes_of_groups(&node);
}

fn changes_of_groups(node: &SecureNode) {
    let committed = |group: &str| data(node, &["groups", "describe", group])[0]["committed_offset"].clone();
    assert_eq!(committed("g"), 1);
    data(node, &["offsets", "shift", "g", "--by", "1", "--topic", "t", "--yes"]);
    assert_eq!(committed("g"), 2);
    data(node, &["offsets", "copy", "g", "h", "--yes"]);
    data(node, &["offsets", "reset", "g", "--to-latest", "--topic", "t", "--yes"]);
    assert_eq!((committed("g"), committed("h")), (json!(3), json!(2)));
    let read = node.kfleet("OPEN", "", &["consume", "t", "-G", "h"], "").exits(0);
    assert_eq!(read.stdout, "c\n", "a group goes on where it was put");
    data(node, &["offsets", "delete", "h", "--topic", "t", "--yes"]);
    // An empty group goes with the last of its offsets.
    node.kfleet("OPEN", "", &["groups", "describe", "h"], "").exits(66);
    data(node, &["groups", "delete", "?", "--yes"]);
    assert_eq!(data(node, &["groups", "list"]), json!([]));
}
