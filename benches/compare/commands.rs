//! Commands that only look, beside Apache's tools for the same: on our broker and on Apache's, whole processes.

use std::path::PathBuf;

use crate::Scale;
use crate::engine::{ENGINES, Engine, Node, peak_mb, timed};
use crate::parts::{both, scratch};
use crate::report::{Pair, Report};
use crate::tools;

/// A command of ours, and Apache's class with its arguments; BOOT stands for the node.
struct Asked {
    ours: &'static str,
    theirs: &'static str,
    /// Whether our broker does not serve it yet.
    apache_only: bool,
}

const fn asked(ours: &'static str, theirs: &'static str) -> Asked {
    Asked {
        ours,
        theirs,
        apache_only: false,
    }
}

const fn on_apache(ours: &'static str, theirs: &'static str) -> Asked {
    Asked {
        apache_only: true,
        ..asked(ours, theirs)
    }
}

const ASKED: [Asked; 19] = [
    asked(
        "topics list",
        "org.apache.kafka.tools.TopicCommand --bootstrap-server BOOT --list",
    ),
    asked(
        "topics describe",
        "org.apache.kafka.tools.TopicCommand --bootstrap-server BOOT --describe",
    ),
    asked(
        "configs describe topic t",
        "kafka.admin.ConfigCommand --bootstrap-server BOOT --describe --topic t",
    ),
    asked(
        "configs describe broker 1 --all",
        "kafka.admin.ConfigCommand --bootstrap-server BOOT --describe --broker 1 --all",
    ),
    asked(
        "groups list",
        "org.apache.kafka.tools.GroupsCommand --bootstrap-server BOOT --list",
    ),
    asked(
        "groups describe --all-groups",
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server BOOT --describe --all-groups",
    ),
    asked(
        "groups members g",
        "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server BOOT --describe --group g --members",
    ),
    asked(
        "offsets get",
        "org.apache.kafka.tools.GetOffsetShell --bootstrap-server BOOT",
    ),
    asked(
        "log-dirs describe",
        "org.apache.kafka.tools.LogDirsCommand --bootstrap-server BOOT --describe",
    ),
    asked(
        "cluster id",
        "org.apache.kafka.tools.ClusterTool cluster-id --bootstrap-server BOOT",
    ),
    asked(
        "cluster endpoints",
        "org.apache.kafka.tools.ClusterTool list-endpoints --bootstrap-server BOOT",
    ),
    asked(
        "cluster api-versions",
        "org.apache.kafka.tools.BrokerApiVersionsCommand --bootstrap-server BOOT",
    ),
    asked(
        "quorum status",
        "org.apache.kafka.tools.MetadataQuorumCommand --bootstrap-server BOOT describe --status",
    ),
    asked(
        "quorum replication",
        "org.apache.kafka.tools.MetadataQuorumCommand --bootstrap-server BOOT describe --replication",
    ),
    asked(
        "features describe",
        "org.apache.kafka.tools.FeatureCommand --bootstrap-server BOOT describe",
    ),
    asked(
        "producers describe t",
        "org.apache.kafka.tools.TransactionsCommand --bootstrap-server BOOT describe-producers --topic t --partition 0",
    ),
    on_apache(
        "transactions list",
        "org.apache.kafka.tools.TransactionsCommand --bootstrap-server BOOT list",
    ),
    on_apache(
        "users list",
        "kafka.admin.ConfigCommand --bootstrap-server BOOT --describe --entity-type users",
    ),
    on_apache(
        "quotas list",
        "kafka.admin.ConfigCommand --bootstrap-server BOOT --describe --entity-type clients",
    ),
];

/// A topic with records, and a group that has read some.
fn fill(node: &Node) {
    node.kfleet(&["topics", "create", "t", "--partitions", "8", "--yes"]);
    node.kfleet(&["bench", "produce", "t", "-n", "1000"]);
    node.kfleet(&["offsets", "set", "g", "t:0=1", "--create", "--yes"]);
}

pub(crate) fn commands(scale: Scale, report: &mut Report) {
    let dir = scratch();
    let nodes = both(dir.path());
    nodes.iter().for_each(|(_, node)| fill(node));
    for asked in &ASKED {
        for (engine, node) in &nodes {
            if asked.apache_only && *engine == Engine::Kfleet {
                continue;
            }
            let words: Vec<&str> = asked.ours.split(' ').collect();
            let (mut took, mut memory) = (Pair::default(), Pair::default());
            for run in 0..=2 * scale.runs {
                for tool in ENGINES {
                    let mut command = match tool {
                        Engine::Kfleet => node.command(&words),
                        Engine::Apache => tools::script(node, asked.theirs),
                    };
                    // The first of each fills caches. Looking at memory takes time: that is runs of its own.
                    match run {
                        0 => drop(timed(&mut command)),
                        odd if odd % 2 == 1 => took.push(tool, timed(&mut command).1.as_secs_f64() * 1e3),
                        _ => memory.push(tool, peak_mb(command)),
                    }
                }
            }
            let what = format!("{}, {engine:?}'s broker", asked.ours);
            report.row(&what, "ms", &took, "<= 1/30");
            report.row("  peak of memory", "MiB", &memory.max(), "");
        }
    }
    nodes.into_iter().for_each(|(_, node)| node.stop());
}

/// The first segment of a topic of a node that has stopped.
fn segment(dir: &std::path::Path) -> PathBuf {
    let cluster = std::fs::read(dir.join("cluster.json")).expect("the sandbox has told");
    let cluster: serde_json::Value = serde_json::from_slice(&cluster).expect("the sandbox writes JSON");
    let log_dir = cluster["nodes"][0]["log_dirs"][0].as_str().expect("a log directory");
    PathBuf::from(log_dir).join("t-0/00000000000000000000.log")
}

/// A segment of many small records, and what each tool makes of it.
pub(crate) fn dump(scale: Scale, report: &mut Report) {
    let dir = scratch();
    let node = Node::start(Engine::Kfleet, dir.path());
    let records = (2_000_000 / scale.divisor).to_string();
    node.kfleet(&["topics", "create", "t", "--yes"]);
    node.kfleet(&["bench", "produce", "t", "-n", &records, "--record-bytes", "100"]);
    let shims = dir.path().join("shims");
    node.kfleet(&["shims", "install", &shims.to_string_lossy(), "--yes"]);
    let file = segment(dir.path());
    let file = file.to_str().expect("a name in ASCII");
    for (what, ours, flags) in [
        ("logs dump of batches", vec!["logs", "dump", file], ""),
        (
            "logs dump of records",
            vec!["logs", "dump", "--records", file],
            " --print-data-log",
        ),
    ] {
        let (mut command, mut shim) = (Pair::default(), Pair::default());
        for run in 0..=scale.runs {
            let class = format!("org.apache.kafka.tools.DumpLogSegments --files {file}{flags}");
            let theirs = timed(&mut tools::script(&node, &class)).1.as_secs_f64();
            let mut as_shim = std::process::Command::new(shims.join("kafka-dump-log.sh"));
            as_shim.args(["--files", file]).args(flags.split_whitespace());
            let as_shim = timed(&mut as_shim).1.as_secs_f64();
            let ours = node.kfleet(&ours).1.as_secs_f64();
            if run > 0 {
                command.ours.push(ours);
                shim.ours.push(as_shim);
                command.theirs.push(theirs);
                shim.theirs.push(theirs);
            }
        }
        report.row(what, "s", &command, "<= 1/10");
        report.row("  the shim", "s", &shim, "<= 1/10");
    }
    node.stop();
}
