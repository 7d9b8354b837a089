//! kafka-verifiable-consumer

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use client::{Chunk, PartitionKey, PartitionOffsets};

use super::arguments::{Given, Grammar, switch, value};
use super::cluster::Where;
use super::console_consumer::Start;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::membership::{self, End, Follower, Membership};
use super::verifiable_producer::{config, event, told};

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-verifiable-consumer",
    arguments: &[
        value("bootstrap-server", None),
        value("topic", None),
        value("group-protocol", None),
        value("group-remote-assignor", None),
        value("group-id", None),
        value("group-instance-id", None),
        value("max-messages", None),
        value("session-timeout", None),
        switch("verbose", None),
        switch("enable-autocommit", None),
        value("reset-policy", None),
        value("assignment-strategy", None),
        value("consumer.config", None),
        value("command-config", None),
    ],
    commands: &[],
    help_exits: 1,
};

/// The assignor that there is.
const RANGE: &str = "org.apache.kafka.clients.consumer.RangeAssignor";
/// Java's consumer gives out so many at a time.
const POLL_MAX: u64 = 500;
/// No batch may unpack to more.
const UNPACK_MAX_BYTES: usize = 256 << 20;

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(GRAMMAR.help());
    }
    let given = GRAMMAR.parse(args)?;
    let servers = given.require("bootstrap-server")?;
    let topic = given.require("topic")?;
    let group = given.require("group-id")?;
    let count = given.number::<i32>("max-messages")?.unwrap_or(-1);
    given.number::<i32>("session-timeout")?;
    let file = config(&given, "consumer.config", io)?;
    check(&given)?;
    let start = match given.value("reset-policy").unwrap_or("earliest") {
        "earliest" => Some(Start::Earliest),
        "latest" => Some(Start::Latest),
        "none" => None,
        other => {
            return Err(Failed::on_stderr(Throwable::new(
                "org.apache.kafka.common.config.ConfigException",
                format!("Invalid value {other} for configuration auto.offset.reset"),
            )));
        }
    };
    let cluster = Where::new(servers, false, file.as_deref()).map_err(Failed::on_stderr)?;
    event("startup_complete", &[], io);
    let mut events = Events {
        left: u64::try_from(count).ok(),
        verbose: given.has("verbose"),
    };
    let membership = Membership {
        group,
        topics: vec![topic.to_owned()],
        start,
        idle: None,
        commits_each: !given.has("enable-autocommit"),
    };
    let ended = membership::read(&cluster, membership, &mut events, io).await;
    event("shutdown_complete", &[], io);
    if !matches!(ended, Ok(End::Signal(_))) {
        // The end of the program asks for what has been done already.
        event("shutdown_requested", &[], io);
    }
    match ended {
        Ok(End::Signal(code)) => Err(Failed::by_signal(code)),
        Ok(_) => Ok(()),
        Err(error) => Err(Failed::on_stderr(format!(
            "Error during processing, terminating consumer process: {error}"
        ))
        .apache_exits_with_0()),
    }
}

/// What a member of kfleet's cannot be.
fn check(given: &Given) -> Result<(), Failed> {
    let protocol = given.value("group-protocol").unwrap_or("classic").to_ascii_lowercase();
    let cannot = match protocol.as_str() {
        "classic" => match given.value("assignment-strategy") {
            None | Some(RANGE) => None,
            Some(strategy) => Some(format!("deals out partitions by {RANGE} only, not by {strategy}")),
        },
        "consumer" => Some("is a member of groups of the classic protocol only".to_owned()),
        other => {
            return Err(Failed::on_stderr(Throwable::illegal(format!(
                "No enum constant org.apache.kafka.clients.consumer.GroupProtocol.{other}"
            ))));
        }
    };
    let cannot = cannot.or_else(|| {
        given
            .has("group-instance-id")
            .then(|| "is no static member: --group-instance-id has no meaning for it".to_owned())
    });
    match cannot {
        None => Ok(()),
        Some(cannot) => Err(Failed::on_stderr(format!(
            "kfleet's kafka-verifiable-consumer {cannot}"
        ))),
    }
}

struct Events {
    /// Records that are to be read yet, if there is a bound.
    left: Option<u64>,
    verbose: bool,
}

fn partitions(keys: &BTreeSet<PartitionKey>) -> String {
    let partition =
        |(topic, partition): &PartitionKey| format!("{{\"topic\":{},\"partition\":{partition}}}", told(topic));
    raw(keys.iter().map(partition))
}

/// Objects whose fields have an order.
fn raw(objects: impl Iterator<Item = String>) -> String {
    let objects: Vec<String> = objects.collect();
    format!("[{}]", objects.join(","))
}

impl Follower for Events {
    fn stopping(&mut self, io: &mut Io) {
        event("shutdown_requested", &[], io);
    }

    fn assigned(&mut self, keys: &BTreeSet<PartitionKey>, io: &mut Io) {
        event("partitions_assigned", &[("partitions", partitions(keys))], io);
    }

    fn revoked(&mut self, keys: &BTreeSet<PartitionKey>, io: &mut Io) {
        event("partitions_revoked", &[("partitions", partitions(keys))], io);
    }

    fn take(&mut self, chunks: &[Chunk], next: &mut PartitionOffsets, io: &mut Io) -> Result<bool, Throwable> {
        let (mut summaries, mut taken, mut polled) = (Vec::new(), 0, 0);
        for chunk in chunks {
            let (mut count, mut first, mut last) = (0u64, None, 0);
            let mut records = Vec::new();
            let visited = chunk.visit::<Throwable>(UNPACK_MAX_BYTES, |_, record| {
                polled += 1;
                if self.left == Some(0) {
                    return Ok(if polled < POLL_MAX {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    });
                }
                self.left = self.left.map(|left| left - 1);
                count += 1;
                first.get_or_insert(record.offset);
                last = record.offset;
                if self.verbose {
                    let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                    records.push([
                        ("key", told(text(record.key))),
                        ("value", told(text(record.value))),
                        ("topic", told(&*chunk.topic)),
                        ("partition", told(chunk.partition)),
                        ("offset", told(record.offset)),
                    ]);
                }
                Ok(ControlFlow::Continue(()))
            });
            let _whole = visited.map_err(|error| error.of(format_args!("{}-{}", chunk.topic, chunk.partition)))?;
            records.iter().for_each(|record| event("record_data", record, io));
            let Some(first) = first else { continue };
            taken += count;
            next.insert((chunk.topic.to_string(), chunk.partition), last + 1);
            summaries.push(format!(
                "{{\"topic\":{},\"partition\":{},\"count\":{count},\"minOffset\":{first},\"maxOffset\":{last}}}",
                told(&*chunk.topic),
                chunk.partition
            ));
        }
        if taken > 0 {
            // Those of the last poll that are too many are counted, and no more than that.
            let all = if polled > taken {
                polled.min(taken.max(POLL_MAX))
            } else {
                taken
            };
            let fields = [("count", told(all)), ("partitions", raw(summaries.into_iter()))];
            event("records_consumed", &fields, io);
        }
        Ok(self.left == Some(0))
    }

    fn committed(&mut self, offsets: &PartitionOffsets, is_done: bool, io: &mut Io) {
        let offset = |((topic, partition), offset): (&PartitionKey, &i64)| {
            format!(
                "{{\"topic\":{},\"partition\":{partition},\"offset\":{offset}}}",
                told(topic)
            )
        };
        let mut fields = vec![("offsets", raw(offsets.iter().map(offset)))];
        if !is_done {
            fields.push(("error", told("the group has dealt out its partitions anew")));
        }
        fields.push(("success", told(is_done)));
        event("offsets_committed", &fields, io);
    }
}
