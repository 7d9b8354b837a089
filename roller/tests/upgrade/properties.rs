//! server.properties for another release.

use kfleet_roller::upgrade::config::check::{Checked, What, check};
use kfleet_roller::upgrade::config::rewrite::{Rewritten, rewrite};
use kfleet_roller::upgrade::release::Release;
use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};

const OF_3_9: &str = "# who\nprocess.roles=broker\nnode.id=1\n\n# formats\nlog.message.format.version=3.0\n\
                      delegation.token.master.key=s3cret\nlog.message.timestamp.difference.max.ms : 5\n\
                      inter.broker.protocol.version=3.0\\\n  -IV1\nnum.replica.fetchers=0\nmy.plugin.key=x\n\
                      group.coordinator.threads=1\n";

/// Pairs of files without escapes.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(['=', ':']))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect()
}

fn checked(text: &str, from: Release, to: Release) -> Checked {
    check(pairs(text), from, to)
}

fn found<'a>(checked: &'a Checked, key: &str) -> Option<&'a What> {
    let finding = checked.findings.iter().find(|finding| finding.key == key)?;
    Some(&finding.what)
}

#[test]
fn keys_are_removed_renamed_and_refused() {
    let all = checked(OF_3_9, Release::V3_9, Release::V4_3);
    assert_eq!(found(&all, "log.message.format.version"), Some(&What::Removed));
    let renamed = What::Renamed(vec!["delegation.token.secret.key".to_owned()]);
    assert_eq!(found(&all, "delegation.token.master.key"), Some(&renamed));
    assert_eq!(
        found(&all, "num.replica.fetchers"),
        Some(&What::Refused("1 or more".to_owned()))
    );
    assert_eq!(all.unknown, ["my.plugin.key"]);
    assert!(!all.starts());
    // Only 4.2 refuses it.
    let to_4_1 = checked(OF_3_9, Release::V3_9, Release::V4_1);
    assert!(to_4_1.starts() && found(&to_4_1, "num.replica.fetchers").is_none());
    assert_eq!(checked(OF_3_9, Release::V3_9, Release::V3_9).findings, []);
}

#[test]
fn defaults_change_for_files_that_do_not_have_the_key() {
    let all = checked(OF_3_9, Release::V3_9, Release::V4_2);
    let default = |old: &str, new: &str| What::Default {
        old: old.to_owned(),
        new: new.to_owned(),
    };
    assert_eq!(
        found(&all, "group.coordinator.append.linger.ms"),
        Some(&default("10", "-1"))
    );
    assert_eq!(
        found(&all, "num.recovery.threads.per.data.dir"),
        Some(&default("1", "2"))
    );
    assert_eq!(found(&all, "group.coordinator.threads"), None, "it is set");
    let later = checked("process.roles=broker\n", Release::V4_0, Release::V4_2);
    assert_eq!(
        found(&later, "group.coordinator.append.linger.ms"),
        Some(&default("5", "-1"))
    );
    assert_eq!(found(&later, "num.recovery.threads.per.data.dir"), None);
    assert_eq!(
        found(&all, "group.coordinator.new.enable"),
        None,
        "4.1 has it no longer"
    );
    let to_4_0 = checked(OF_3_9, Release::V3_9, Release::V4_0);
    assert_eq!(
        found(&to_4_0, "group.coordinator.new.enable"),
        Some(&default("false", "true"))
    );
}

#[test]
fn a_file_of_zookeeper_does_not_start_a_node() {
    let text = "broker.id=1\nzookeeper.connect=z:2181\nzookeeper.ssl.keystore.password=x\n";
    let all = checked(text, Release::V3_9, Release::V4_0);
    assert_eq!(found(&all, "process.roles"), Some(&What::Missing));
    assert!(!all.starts());
    let new = rewrite(text, &all);
    assert_eq!(new.text, "broker.id=1\n");
    assert!(!new.diff("f").contains("password=x"));
    assert!(checked(text, Release::V3_9, Release::V3_9).starts());
}

#[test]
fn metrics_by_jmx_are_not_lost_unnoticed() {
    let all = |text: &str| checked(text, Release::V3_9, Release::V4_0);
    let says = |text: &str| matches!(found(&all(text), "metric.reporters"), Some(What::Meaning(_)));
    assert!(says("metric.reporters=com.example.R\n"));
    assert!(!says(
        "metric.reporters=com.example.R\nauto.include.jmx.reporter=false\n"
    ));
    assert!(!says(
        "metric.reporters=org.apache.kafka.common.metrics.JmxReporter,com.example.R\n"
    ));
    assert!(!says("process.roles=broker\n"));
}

#[test]
fn keys_that_a_release_does_not_have_yet_are_named() {
    let all = checked(
        "process.roles=broker\ncordoned.log.dirs=*\n",
        Release::V4_3,
        Release::V4_2,
    );
    assert_eq!(found(&all, "cordoned.log.dirs"), Some(&What::NotYet));
    let kfleet = checked(
        "process.roles=broker\ncordoned.log.dirs=*\n",
        Release::V4_3,
        Release::Kfleet,
    );
    assert_eq!(kfleet, Checked::default());
}

#[test]
fn keys_of_listeners_and_plugins_with_known_beginnings_are_known() {
    let text = "process.roles=broker\nlistener.name.a.ssl.key.password=x\nrsm.config.x=1\nsuper.users=User:a\n\
                metrics.jmx.include=a\nnum.io.thread=8\n";
    let all = checked(text, Release::V4_3, Release::V4_3);
    assert_eq!((all.findings.len(), all.unknown), (0, vec!["num.io.thread".to_owned()]));
}

#[test]
fn the_new_file_keeps_all_else_and_the_difference_hides_secrets() {
    let new = rewrite(OF_3_9, &checked(OF_3_9, Release::V3_9, Release::V4_3));
    assert_eq!(
        new.text,
        "# who\nprocess.roles=broker\nnode.id=1\n\n# formats\ndelegation.token.secret.key=s3cret\n\
         log.message.timestamp.before.max.ms : 5\nlog.message.timestamp.after.max.ms : 5\nnum.replica.fetchers=0\n\
         my.plugin.key=x\ngroup.coordinator.threads=1\n"
    );
    assert_eq!(
        new.diff("server.properties"),
        "--- server.properties\n+++ server.properties\n@@ -6 +5,0 @@\n-log.message.format.version=3.0\n\
         @@ -7 +6 @@\n-delegation.token.master.key=(hidden)\n+delegation.token.secret.key=(hidden)\n\
         @@ -8 +7,2 @@\n-log.message.timestamp.difference.max.ms : 5\n+log.message.timestamp.before.max.ms : 5\n\
         +log.message.timestamp.after.max.ms : 5\n@@ -9,2 +8,0 @@\n-inter.broker.protocol.version=3.0\\\n-  -IV1\n"
    );
    assert_eq!(new.by_hand, [""; 0]);
}

#[test]
fn a_new_name_that_is_there_already_counts() {
    let text = "delegation.token.master.key=a\ndelegation.token.secret.key=b";
    let new = rewrite(text, &checked(text, Release::V3_9, Release::V4_0));
    assert_eq!(new.text, "delegation.token.secret.key=b");
    // The last line had no end, and now another one follows.
    let text = "log.message.timestamp.difference.max.ms=5";
    let new = rewrite(text, &checked(text, Release::V3_9, Release::V4_0));
    assert_eq!(
        new.text,
        "log.message.timestamp.before.max.ms=5\nlog.message.timestamp.after.max.ms=5\n"
    );
}

#[test]
fn keys_with_escapes_and_lines_ended_by_returns_are_left_to_people() {
    let all = check([("offsets.commit.required.acks", "1")], Release::V3_9, Release::V4_0);
    let text = "offsets\\.commit.required.acks=1\n";
    let new = rewrite(text, &all);
    assert_eq!(
        (new.text.as_str(), new.by_hand),
        (text, vec!["offsets.commit.required.acks".to_owned()])
    );
    let text = "offsets.commit.required.acks=1\rnode.id=1\r";
    let new = rewrite(text, &all);
    assert_eq!(
        (new.text.as_str(), new.by_hand.len(), new.diff("f")),
        (text, 1, String::new())
    );
    let text = "offsets.commit.required.acks=1\r\nnode.id=1\r\n";
    assert_eq!(rewrite(text, &all).text, "node.id=1\r\n");
}

/// The old file with the hunks of a difference applied.
fn applied(old: &str, diff: &str) -> String {
    let mut rest: Vec<&str> = old.lines().collect();
    let mut shift = 0_isize;
    let mut at = 0_usize;
    for line in diff.lines().skip(2) {
        if let Some(hunk) = line.strip_prefix("@@ -") {
            let (old, count) = {
                let range = hunk.split(' ').next().unwrap();
                let (at, count) = range.split_once(',').unwrap_or((range, "1"));
                (at.parse::<isize>().unwrap(), count.parse::<usize>().unwrap())
            };
            let begin = if count == 0 { old } else { old - 1 };
            at = usize::try_from(begin + shift).unwrap();
        } else if let Some(text) = line.strip_prefix('-') {
            assert_eq!(rest.remove(at), text);
            shift -= 1;
        } else if let Some(text) = line.strip_prefix('+') {
            rest.insert(at, text);
            at += 1;
            shift += 1;
        }
    }
    rest.iter().map(|line| format!("{line}\n")).collect()
}

fn lines() -> impl Strategy<Value = Vec<&'static str>> {
    let line = prop::sample::select(vec![
        "# log.message.format.version=3.0\\",
        "",
        "process.roles=broker",
        "  log.message.format.version = 3.0",
        "log.message.timestamp.difference.max.ms=7",
        "log.message.timestamp.after.max.ms=8",
        "metrics.jmx.whitelist: a\\\n   ,b",
        "zookeeper.connect z:2181",
        "reserved.broker.max.id",
        "num.io.threads=8",
        "some.thing=log.message.format.version=3.0\\\\",
    ]);
    prop::collection::vec(line, 0..12)
}

proptest! {
    #[test]
    fn only_what_was_found_changes_and_nothing_is_found_again(lines in lines()) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let of = |lines: &[&str]| {
            let key = |line: &&str| {
                let line = line.trim_start();
                let key = line.split(['=', ' ', ':']).next().unwrap_or_default();
                (!key.is_empty() && !line.starts_with('#')).then(|| key.to_owned())
            };
            let keys: Vec<String> = lines.iter().filter_map(key).collect();
            check(keys.iter().map(|key| (key.as_str(), "broker")), Release::V3_9, Release::V4_3)
        };
        let all = of(&lines);
        let Rewritten { text: new, by_hand, .. } = rewrite(&text, &all);
        prop_assert!(by_hand.is_empty(), "{by_hand:?}");
        prop_assert_eq!(&applied(&text, &rewrite(&text, &all).diff("f")), &new);
        let new_lines: Vec<&str> = new.lines().collect();
        let again = of(&new_lines);
        let is_an_edit = |what: &What| matches!(what, What::Removed | What::Renamed(_));
        prop_assert!(!again.findings.iter().any(|finding| is_an_edit(&finding.what)), "{:?}", again.findings);
        for kept in ["# log.message.format.version=3.0\\", "num.io.threads=8", "some.thing=log.message.format.version=3.0\\\\"] {
            let count = |text: &str| text.lines().filter(|line| *line == kept).count();
            prop_assert_eq!(count(&text), count(&new), "{}", kept);
        }
    }
}
