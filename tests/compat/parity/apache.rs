//! Apache's tools, many in one JVM (ApacheTools.java), or one alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::here;
use crate::support::{Ran, kafka_libs, run_with_input};

/// The class behind a script.
fn class(script: &str) -> &'static str {
    match script {
        "kafka-acls" => "org.apache.kafka.tools.AclCommand",
        "kafka-broker-api-versions" => "org.apache.kafka.tools.BrokerApiVersionsCommand",
        "kafka-cluster" => "org.apache.kafka.tools.ClusterTool",
        "kafka-configs" => "kafka.admin.ConfigCommand",
        "kafka-console-consumer" => "org.apache.kafka.tools.consumer.ConsoleConsumer",
        "kafka-console-producer" => "org.apache.kafka.tools.ConsoleProducer",
        "kafka-consumer-groups" => "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
        "kafka-consumer-perf-test" => "org.apache.kafka.tools.ConsumerPerformance",
        "kafka-delete-records" => "org.apache.kafka.tools.DeleteRecordsCommand",
        "kafka-dump-log" => "org.apache.kafka.tools.DumpLogSegments",
        "kafka-features" => "org.apache.kafka.tools.FeatureCommand",
        "kafka-get-offsets" => "org.apache.kafka.tools.GetOffsetShell",
        "kafka-groups" => "org.apache.kafka.tools.GroupsCommand",
        "kafka-leader-election" => "org.apache.kafka.tools.LeaderElectionCommand",
        "kafka-log-dirs" => "org.apache.kafka.tools.LogDirsCommand",
        "kafka-metadata-quorum" => "org.apache.kafka.tools.MetadataQuorumCommand",
        "kafka-producer-perf-test" => "org.apache.kafka.tools.ProducerPerformance",
        "kafka-reassign-partitions" => "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
        "kafka-storage" => "kafka.tools.StorageTool",
        "kafka-topics" => "org.apache.kafka.tools.TopicCommand",
        "kafka-transactions" => "org.apache.kafka.tools.TransactionsCommand",
        "kafka-verifiable-consumer" => "org.apache.kafka.tools.VerifiableConsumer",
        "kafka-verifiable-producer" => "org.apache.kafka.tools.VerifiableProducer",
        other => panic!("no class is known for {other}"),
    }
}

/// Without the archive of classes that other tests use: with it the JVM lists methods in another order, and Jackson prints
/// fields in that order.
fn java() -> Command {
    let mut command = Command::new("java");
    command
        .args(["-Xmx512m", "-XX:TieredStopAtLevel=1", "-Djava.security.manager=allow"])
        .arg(format!(
            "-Dlog4j2.configurationFile={}",
            here().join("log4j2.properties").display()
        ))
        .arg("-cp")
        .arg(kafka_libs().join("*"));
    command
}

/// A JVM that runs one tool after the other.
#[derive(Debug)]
pub(super) struct Apache {
    child: Child,
    asked: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Apache {
    pub(super) fn start() -> Self {
        let mut command = java();
        command.arg(here().join("ApacheTools.java"));
        let piped = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = piped.spawn().unwrap();
        Self {
            asked: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    pub(super) fn run(&mut self, script: &str, input: &str, args: &[String]) -> Ran {
        let words = [class(script), input]
            .into_iter()
            .chain(args.iter().map(String::as_str));
        let line: Vec<String> = words.map(|word| STANDARD.encode(word)).collect();
        let asked = self.asked.as_mut().unwrap();
        writeln!(asked, "{}", line.join(" ")).unwrap();
        asked.flush().unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let parts: Vec<&str> = answer.trim_end_matches('\n').split(' ').collect();
        let text = |part: &str| String::from_utf8_lossy(&STANDARD.decode(part).unwrap()).into_owned();
        Ran {
            code: parts[0].parse().unwrap(),
            stdout: text(parts[1]),
            stderr: text(parts[2]),
        }
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.asked.take());
        let _status = self.child.wait();
    }
}

/// Starts a tool in a JVM of its own.
pub(super) fn start(script: &str, args: &[String]) -> Child {
    let mut command = java();
    command.arg(class(script)).args(args);
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.spawn().unwrap()
}

/// Whether a tool leaves something for the end of its JVM that cannot be had before it.
pub(super) fn ends_with_its_jvm(script: &str) -> bool {
    script.starts_with("kafka-verifiable")
}

/// Runs a tool in a JVM of its own.
pub(super) fn alone(script: &str, input: &str, args: &[String]) -> Ran {
    let mut command = java();
    command.arg(class(script)).args(args);
    run_with_input(&mut command, input)
}
