//! kafka-get-offsets

use std::collections::BTreeMap;

use client::OffsetSpec;

use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::names::{Included, is_internal};
use super::options::{Parsed, Syntax, flag, valued};

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-get-offsets",
    options: &[
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        flag("exclude-internal-topics"),
        valued("partitions", "String"),
        valued("time", "String"),
        valued("topic", "String"),
        valued("topic-partitions", "String"),
    ],
};

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("An interactive shell for getting topic-partition offsets."));
    }
    let parsed = SYNTAX.parse(args).map_err(|error| failed(&error))?;
    if parsed.has("help") {
        return Err(parsed.usage(""));
    }
    if parsed.has("version") {
        return Err(Failed::version());
    }
    parsed.require(&["bootstrap-server"])?;
    if print(&parsed, io).await.map_err(|error| failed(&error))? {
        Ok(())
    } else {
        Err(Failed::silently().apache_exits_with_0())
    }
}

fn failed(error: &Throwable) -> Failed {
    Failed::on_stderr(format!("Error occurred: {}", error.message))
}

/// Prints offsets; whether that is all of them.
async fn print(parsed: &Parsed, io: &mut Io) -> Result<bool, Throwable> {
    if parsed.has("topic-partitions") && (parsed.has("topic") || parsed.has("partitions")) {
        return Err(terse("--topic-partitions cannot be used with --topic or --partitions"));
    }
    let spec = spec(parsed.value("time")?.unwrap_or("latest"))?;
    let filter = Filter::of(parsed)?;
    let servers = parsed.value("bootstrap-server")?.unwrap_or_default();
    let cluster = Where::new(servers, false, parsed.value("command-config")?)?;
    let client = cluster.connect("listTopics").await?;
    let mut topics = client.metadata(None).await?.topics;
    topics.retain(|topic| {
        let name = topic.name.as_ref().map_or("", |name| name.as_str());
        !(parsed.has("exclude-internal-topics") && is_internal(name)) && filter.has_topic(name)
    });
    let mut leaders = BTreeMap::new();
    for topic in topics {
        let name = topic.name.map_or(String::new(), |name| name.to_string());
        for p in topic.partitions {
            if filter.has(&name, p.partition_index) {
                leaders.insert((name.clone(), p.partition_index), p.leader_id.0);
            }
        }
    }
    if leaders.is_empty() {
        return Err(terse("Could not match any topic-partitions with the specified filters"));
    }
    let offsets = client.list_offsets(&leaders, spec).await;
    let is_whole = offsets.errors.is_empty();
    for failed in offsets.errors {
        let error = Throwable::from(failed.error);
        let what = failed.what;
        io.note(format!(
            "Skip getting offsets for topic-partition {what} due to error: {error}"
        ));
    }
    let mut lines: Vec<(String, String)> = Vec::new();
    for found in offsets.ok.into_iter().filter(|found| found.offset >= 0) {
        let (topic, partition) = (found.topic, found.partition);
        // Sorted as texts, so that partition 10 comes before 2.
        lines.push((
            format!("{topic}-{partition}"),
            format!("{topic}:{partition}:{}", found.offset),
        ));
    }
    lines.sort_unstable();
    lines.into_iter().for_each(|(_, line)| io.line(line));
    Ok(is_whole)
}

fn terse(message: impl Into<String>) -> Throwable {
    Throwable::new("org.apache.kafka.server.util.TerseException", message)
}

fn spec(time: &str) -> Result<OffsetSpec, Throwable> {
    Ok(match time {
        "earliest" => OffsetSpec::Earliest,
        "latest" => OffsetSpec::Latest,
        "max-timestamp" => OffsetSpec::MaxTimestamp,
        "earliest-local" => OffsetSpec::Timestamp(-4),
        "latest-tiered" => OffsetSpec::Timestamp(-5),
        "earliest-pending-upload" => OffsetSpec::Timestamp(-6),
        number => OffsetSpec::Timestamp(number.parse().map_err(|_| {
            terse(format!(
                "Malformed time argument {number}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or \
                 earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp"
            ))
        })?),
    })
}

/// Partitions that are meant; each rule has topics and a range of partitions, whose end does not belong to it.
struct Filter(Vec<(Included, Partitions)>);

enum Partitions {
    Range(i32, i32),
    These(Vec<i32>),
}

impl Filter {
    fn of(parsed: &Parsed) -> Result<Self, Throwable> {
        if let Some(list) = parsed.value("topic-partitions")? {
            let rules = list.split(',').filter(|rule| !rule.is_empty());
            return rules.map(rule).collect::<Result<_, _>>().map(Self);
        }
        let topics = Included::new(parsed.value("topic")?.unwrap_or(".*"))?;
        let partitions = match parsed.value("partitions")?.filter(|list| !list.is_empty()) {
            None => Partitions::Range(0, i32::MAX),
            Some(list) => {
                let ids = list.split(',').map(str::parse::<i32>).collect::<Result<_, _>>();
                Partitions::These(ids.map_err(|_| {
                    terse(format!(
                        "--partitions expects a comma separated list of numeric partition ids, but received: {list}"
                    ))
                })?)
            }
        };
        Ok(Self(vec![(topics, partitions)]))
    }

    fn has_topic(&self, topic: &str) -> bool {
        self.0.iter().any(|(topics, _)| topics.has(topic))
    }

    fn has(&self, topic: &str, partition: i32) -> bool {
        self.0.iter().any(|(topics, partitions)| {
            topics.has(topic)
                && match partitions {
                    Partitions::Range(from, end) => (*from..*end).contains(&partition),
                    Partitions::These(ids) => ids.contains(&partition),
                }
        })
    }
}

/// TOPICS[:PARTITION|:FROM-END]
fn rule(text: &str) -> Result<(Included, Partitions), Throwable> {
    let invalid = || terse(format!("Invalid rule specification: {text}"));
    let (topics, partitions) = text.split_once(':').unwrap_or((text, ""));
    let topics = Included::new(if topics.is_empty() { ".*" } else { topics })?;
    let number = |text: &str, default: i32| match text {
        "" => Ok(default),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().map_err(|_| invalid()),
        _ => Err(invalid()),
    };
    let partitions = match partitions.split_once('-') {
        Some((from, end)) => Partitions::Range(number(from, 0)?, number(end, i32::MAX)?),
        None if partitions.is_empty() => Partitions::Range(0, i32::MAX),
        None => Partitions::These(vec![number(partitions, 0)?]),
    };
    Ok((topics, partitions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_topics_and_partitions() {
        let has =
            |rule_text: &str, topic: &str, partition: i32| Filter(vec![rule(rule_text).unwrap()]).has(topic, partition);
        assert!(has("a:1", "a", 1) && !has("a:1", "a", 2));
        assert!(has("a:1-3", "a", 2) && !has("a:1-3", "a", 3));
        assert!(has("a:1-", "a", 9) && !has("a:1-", "a", 0));
        assert!(has("a:-2", "a", 1) && !has("a:-2", "a", 2));
        assert!(has(":1", "b", 1) && has("b.*", "bc", 0) && has("a:", "a", 5));
        assert!(rule("a:x").is_err() && rule("a:1:2").is_err());
    }

    #[test]
    fn times_are_words_or_numbers() {
        assert_eq!(spec("latest"), Ok(OffsetSpec::Latest));
        assert_eq!(spec("-2"), Ok(OffsetSpec::Timestamp(-2)));
        assert!(
            spec("now")
                .unwrap_err()
                .message
                .starts_with("Malformed time argument now.")
        );
    }
}
