//! Every rule on a tree that makes it pass, tests/host/good, and on the same tree with one thing broken.

mod cases;

use std::collections::BTreeSet;
use std::path::Path;

use clap::ValueEnum as _;

use super::{Baseline, Given, Judged, Status, all, judge, lookup, suggest};
use crate::host::facts::{self, Node, Root, Tree};
use crate::host_values::{LIMITS, sysctl_values};

use Status::{Critical, NotApplicable, Ok as Fine, Unknown, Warning};
use cases::{CASES, SYSCTLS, measured, put};

/// A committed tree, in memory.
fn tree(name: &str) -> Tree {
    fn walk(dir: &Path, top: &Path, tree: &mut Tree) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, top, tree);
            } else {
                let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
                tree.insert(name, Node::File(std::fs::read(path).unwrap()));
            }
        }
    }
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/host").join(name);
    let mut tree = Tree::new();
    walk(&top, &top, &mut tree);
    tree
}

fn judged(tree: Tree, id: &str, baseline: Baseline) -> Judged {
    let rule = lookup(id).unwrap_or_else(|| panic!("no rule {id}"));
    let (facts, brokers) = facts::read(&Root::memory(tree), &[], None);
    judge(rule, &Given::new(&facts, &brokers, baseline)).unwrap_or_else(|| panic!("{id} is not in {baseline:?}"))
}

#[test]
fn every_rule_passes_on_the_good_tree() {
    let (facts, brokers) = facts::read(&Root::memory(tree("good")), &[], None);
    let given = Given::new(&facts, &brokers, Baseline::Throughput);
    for rule in all() {
        let judged = judge(rule, &given).unwrap();
        assert_eq!(judged.status, Fine, "{}: {judged:?}", rule.id);
    }
}

#[test]
fn every_rule_fails_where_something_is_broken() {
    let mut failed = BTreeSet::new();
    let mut check = |id: &'static str, expected: Status, tree: Tree| {
        let judged = judged(tree, id, Baseline::Throughput);
        assert_eq!(judged.status, expected, "{id}: {judged:?}");
        let worst = lookup(id).unwrap().severity;
        assert!(
            judged.status <= worst || judged.status == Unknown,
            "{id} is worse than it says"
        );
        if judged.status > Fine && judged.status != Unknown {
            failed.insert(id);
        }
    };
    for (key, value, expected) in SYSCTLS {
        let mut tree = tree("good");
        put(&mut tree, &facts::sysctl_path(key), &format!("{value}\n"));
        check(key, *expected, tree);
    }
    for (id, expected, change) in CASES {
        let mut tree = tree("good");
        change(&mut tree);
        check(id, *expected, tree);
    }
    for rule in all() {
        assert!(failed.contains(rule.id), "no case makes {} fail", rule.id);
    }
}

#[test]
fn a_sysctl_that_is_there_and_makes_no_sense_is_unknown_and_one_that_is_not_is_not_applicable() {
    for (key, ..) in SYSCTLS {
        let mut broken = tree("good");
        put(&mut broken, &facts::sysctl_path(key), "99999999999999999999\n");
        assert_eq!(judged(broken, key, Baseline::Throughput).status, Unknown, "{key}");
        let mut absent = tree("good");
        absent.remove(&facts::sysctl_path(key));
        assert_eq!(judged(absent, key, Baseline::Throughput).status, NotApplicable, "{key}");
    }
}

#[test]
fn what_a_capture_could_not_read_is_unknown_where_it_is_audited() {
    let mut tree = tree("good");
    for path in [facts::sysctl_path("vm.swappiness"), "sys/block".to_owned()] {
        tree.retain(|name, _| !name.starts_with(&path));
        measured(&mut tree, |measured| {
            drop(measured.unreadable.insert(path, "Permission denied".to_owned()));
        });
    }
    for id in ["vm.swappiness", "disk.scheduler"] {
        assert_eq!(judged(tree.clone(), id, Baseline::Throughput).status, Unknown, "{id}");
    }
}

#[test]
fn no_content_of_any_file_makes_a_panic_or_a_rule_worse_than_it_says() {
    let good = tree("good");
    // Every number in a text becomes this one.
    let digits = |with: &'static str| {
        move |text: &str| {
            let is_digit = |c: char| c.is_ascii_digit();
            let starts = std::iter::once(' ').chain(text.chars()).zip(text.chars());
            let changed = starts.filter_map(|(before, c)| match (is_digit(before), is_digit(c)) {
                (true, true) => None,
                (false, true) => Some(with.to_owned()),
                (_, false) => Some(c.to_string()),
            });
            changed.collect::<String>()
        }
    };
    let (large, zero, below) = (digits("18446744073709551615"), digits("0"), digits("-1"));
    let changes: [&dyn Fn(&str) -> String; 6] = [
        &|_| String::new(),
        &|_| "\u{0}\u{fffd} [[ ]]: = -\n".to_owned(),
        &|text| text.chars().take(text.len() / 2).collect(),
        &large,
        &zero,
        &below,
    ];
    for (path, node) in &good {
        let Node::File(bytes) = node else {
            continue;
        };
        let text = String::from_utf8(bytes.clone()).unwrap();
        for change in changes {
            let mut tree = good.clone();
            put(&mut tree, path, &change(&text));
            let (facts, brokers) = facts::read(&Root::memory(tree), &[], None);
            for baseline in [Baseline::Throughput, Baseline::Minimal] {
                let given = Given::new(&facts, &brokers, baseline);
                for rule in all() {
                    let Some(judged) = judge(rule, &given) else {
                        continue;
                    };
                    let is_said = judged.status <= rule.severity || judged.status == Unknown;
                    assert!(is_said, "{path}: {}: {judged:?}", rule.id);
                }
            }
        }
    }
}

#[test]
fn baselines_differ_where_their_authors_do() {
    let with = |key: &str, value: &str, baseline| {
        let mut tree = tree("good");
        put(&mut tree, &facts::sysctl_path(key), value);
        judged(tree, key, baseline).status
    };
    assert_eq!(with("vm.swappiness", "10", Baseline::Throughput), Fine);
    assert_eq!(with("vm.swappiness", "10", Baseline::Tutorial), Warning);
    assert_eq!(with("vm.dirty_ratio", "10", Baseline::Latency), Fine);
    assert_eq!(with("vm.dirty_ratio", "40", Baseline::Confluent), Warning);
    assert_eq!(
        with("net.ipv4.tcp_rmem", "4096 65536 2048000", Baseline::Tutorial),
        Fine
    );
    assert_eq!(with("vm.max_map_count", "262144", Baseline::Tutorial), Warning);
    assert_eq!(with("vm.max_map_count", "65530", Baseline::Minimal), Fine);
    assert_eq!(with("vm.max_map_count", "9000", Baseline::Minimal), Critical);
}

#[test]
fn what_a_fix_sets_is_safe_under_its_own_baseline() {
    for baseline in [
        Baseline::Throughput,
        Baseline::Latency,
        Baseline::Confluent,
        Baseline::Tutorial,
    ] {
        for rule in all() {
            if let Some(range) = rule.ranges.map(|ranges| ranges.of(baseline)) {
                assert!(
                    (range.least..=range.most).contains(&range.set),
                    "{} {baseline:?}",
                    rule.id
                );
            }
        }
    }
    for (key, value, _) in SYSCTLS {
        let mut tree = tree("good");
        put(&mut tree, &facts::sysctl_path(key), value);
        let Some(set) = judged(tree.clone(), key, Baseline::Throughput).set else {
            continue;
        };
        let super::Fix::Sysctl(fixed) = lookup(key).unwrap().fix else {
            panic!("{key} sets {set} and has no key");
        };
        put(&mut tree, &facts::sysctl_path(fixed), &set);
        let after = judged(tree, key, Baseline::Throughput);
        assert_eq!(after.status, Fine, "{key} = {set}: {after:?}");
    }
}

#[test]
fn what_is_rendered_is_safe_under_its_own_baseline() {
    for baseline in Baseline::value_variants() {
        let mut rendered = tree("kernel-defaults");
        let values = sysctl_values(*baseline);
        for value in &values {
            put(&mut rendered, &facts::sysctl_path(value.key), value.value);
        }
        let (facts, brokers) = facts::read(&Root::memory(rendered), &[], None);
        let given = Given::new(&facts, &brokers, *baseline);
        for value in values {
            let rule = lookup(value.key).unwrap_or_else(|| panic!("no rule reads {}", value.key));
            // The minimal baseline leaves rules out, and their values lie within the others' ranges.
            let judged = judge(rule, &given).unwrap_or_else(|| (rule.judge)(rule, &given).unwrap());
            assert_eq!(judged.status, Fine, "{baseline:?}: {}: {judged:?}", value.key);
        }
    }
    let mut granted = tree("good");
    let [nofile, nproc] = ["nofile", "nproc"].map(|item| {
        let limit = LIMITS.iter().find(|limit| limit.item == item);
        limit.unwrap_or_else(|| panic!("no {item} is granted")).value
    });
    let text =
        format!("Limit\nMax processes  {nproc}  {nproc}  processes\nMax open files  {nofile}  {nofile}  files\n");
    put(&mut granted, "proc/4321/limits", &text);
    for id in ["limits.nofile", "limits.nproc", "fs.nr_open"] {
        assert_eq!(judged(granted.clone(), id, Baseline::Throughput).status, Fine, "{id}");
    }
}

#[test]
fn rules_are_complete_sentences_with_sources() {
    let mut ids = BTreeSet::new();
    let mut groups = BTreeSet::new();
    for rule in all() {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        groups.insert(rule.group);
        assert!(
            rule.reason.ends_with('.') && !rule.reason.contains("  "),
            "{}: {}",
            rule.id,
            rule.reason
        );
        assert!(!rule.authorities.is_empty(), "{} has no source", rule.id);
        assert!(
            rule.ranges.is_some() || !rule.safe.is_empty(),
            "{} has no safe value",
            rule.id
        );
        assert!(rule.dispute.is_empty() || rule.dispute.ends_with('.'), "{}", rule.id);
        assert!(rule.severity > Fine && rule.severity != Unknown, "{}", rule.id);
    }
    for (group, last) in [
        ("VM", 11),
        ("NET", 14),
        ("LIM", 3),
        ("FS", 6),
        ("DSK", 4),
        ("CPU", 2),
        ("TIM", 1),
        ("JVM", 3),
        ("MEM", 1),
        ("CG", 1),
    ] {
        for number in 1..=last {
            let name = format!("{group}{number:02}");
            assert!(groups.contains(name.as_str()), "no rule is of group {name}");
        }
    }
    assert_eq!(suggest("swapiness"), Some("vm.swappiness"));
    assert_eq!(suggest("net.core.wmem.max"), Some("net.core.wmem_max"));
    assert_eq!(suggest("zzzzzzzz"), None);
}
