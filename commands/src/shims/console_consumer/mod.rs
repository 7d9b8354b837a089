//! kafka-console-consumer

mod formatter;
mod reading;

use std::collections::BTreeMap;
use std::time::Duration;

use super::cluster::{self, Where};
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, valued};
use crate::client_properties::ClientProperties;
use formatter::Formatter;
use reading::Wish;

pub(super) use reading::positions;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-console-consumer",
    options: &[
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        valued("command-property", "String"),
        valued("consumer-property", "String"),
        valued("consumer.config", "String"),
        flag("enable-systest-events"),
        valued("formatter", "String"),
        valued("formatter-config", "String"),
        valued("formatter-property", "String"),
        flag("from-beginning"),
        valued("group", "String"),
        valued("include", "String"),
        valued("isolation-level", "String"),
        valued("key-deserializer", "String"),
        valued("max-messages", "Integer"),
        valued("offset", "String"),
        valued("partition", "Integer"),
        valued("property", "String"),
        flag("skip-message-on-error"),
        valued("timeout-ms", "Long"),
        valued("topic", "String"),
        valued("value-deserializer", "String"),
    ],
};

/// Flags that are not taken yet: what they ask for is code of Apache's, or for its own tests.
const NOT_YET: [&str; 3] = ["enable-systest-events", "key-deserializer", "value-deserializer"];

/// Old names of flags, and the new ones.
const DEPRECATED: [(&str, &str); 3] = [
    ("consumer-property", "command-property"),
    ("consumer.config", "command-config"),
    ("property", "formatter-property"),
];

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Earliest,
    Latest,
    At(i64),
}

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("This tool helps to read data from Kafka topics and outputs it to standard output."));
    }
    let parsed = SYNTAX.parse(args).map_err(|wrong| SYNTAX.usage(wrong.message))?;
    if parsed.has("help") {
        return Err(parsed.usage(""));
    }
    if parsed.has("version") {
        return Err(Failed::version());
    }
    parsed.require(&["bootstrap-server"])?;
    if let Some(flag) = NOT_YET.iter().find(|flag| parsed.has(flag)) {
        return Err(Failed::on_stderr(format!(
            "kfleet's kafka-console-consumer does not know what --{flag} asks for; Apache's does"
        )));
    }
    let usage = |wrong: Throwable| parsed.usage(wrong.message);
    for (old, new) in DEPRECATED {
        if parsed.has(old) {
            io.line(format!(
                "Option --{old} is deprecated and will be removed in a future version. Use --{new} instead."
            ));
        }
    }
    let wish = wish(&parsed)?;
    let formatter = Formatter::of(&parsed).map_err(usage)?;
    let properties = properties(&parsed).map_err(|wrong| Failed::on_stderr(wrong.message))?;
    let servers = parsed.value("bootstrap-server").map_err(usage)?.unwrap_or_default();
    let cluster = Where::with_properties(servers, false, properties);
    let cluster = cluster.map_err(|wrong| Failed::on_stderr(wrong.message))?;
    match reading::run(&cluster, &wish, &formatter, io).await {
        Ok(None) => Ok(()),
        Ok(Some(code)) => Err(Failed::by_signal(code)),
        Err(error) => Err(Failed::on_stderr(format!(
            "Error processing message, terminating consumer process: {error}"
        ))),
    }
}

fn wish(parsed: &Parsed) -> Result<Wish, Failed> {
    let usage = |wrong: Throwable| parsed.usage(wrong.message);
    let topic = parsed.value("topic").map_err(usage)?.map(str::to_owned);
    let include = parsed.value("include").map_err(usage)?.map(str::to_owned);
    if topic.is_some() == include.is_some() {
        return Err(parsed.usage("Exactly one of --include/--topic is required. "));
    }
    let partition = parsed.number::<i32>("partition").map_err(usage)?;
    let offset = parsed.value("offset").map_err(usage)?;
    if partition.is_some() && topic.is_none() {
        return Err(parsed.usage("The topic is required when partition is specified."));
    }
    if offset.is_some() && partition.is_none() {
        return Err(parsed.usage("The partition is required when offset is specified."));
    }
    let from_beginning = parsed.has("from-beginning");
    if offset.is_some() && from_beginning {
        return Err(parsed.usage("Options from-beginning and offset cannot be specified together."));
    }
    let start = match offset.map(str::to_ascii_lowercase).as_deref() {
        None if from_beginning => Start::Earliest,
        None | Some("latest") => Start::Latest,
        Some("earliest") => Start::Earliest,
        Some(text) => match text.parse::<i64>() {
            Ok(offset) if offset >= 0 => Start::At(offset),
            _ => {
                let text = format!(
                    "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long."
                );
                return Err(parsed.usage(text));
            }
        },
    };
    let group = match parsed.value("group").map_err(usage)? {
        Some(group) => Some(group.to_owned()),
        None => consumer_properties(parsed).remove("group.id"),
    };
    if group.is_some() && partition.is_some() {
        return Err(parsed.usage("Options group and partition cannot be specified together."));
    }
    let isolation = parsed
        .value("isolation-level")
        .map_err(usage)?
        .unwrap_or("read_uncommitted");
    let committed_only = match isolation {
        "read_committed" => true,
        "read_uncommitted" => false,
        other => {
            return Err(Failed::on_stderr(format!(
                "Invalid value {other} for configuration isolation.level: String must be one of: read_committed, read_uncommitted"
            )));
        }
    };
    let timeout_ms = parsed.number::<i64>("timeout-ms").map_err(usage)?;
    let count = parsed.number::<i64>("max-messages").map_err(usage)?;
    Ok(Wish {
        topic,
        include,
        partition,
        start,
        group,
        committed_only,
        idle: timeout_ms
            .and_then(|ms| u64::try_from(ms).ok())
            .map(Duration::from_millis),
        count: count.and_then(|count| u64::try_from(count).ok()),
    })
}

/// Properties of the consumer that the command line has.
fn consumer_properties(parsed: &Parsed) -> BTreeMap<String, String> {
    let given = ["consumer-property", "command-property"]
        .into_iter()
        .flat_map(|flag| parsed.values(flag));
    let pairs = given.filter_map(|text| text.split_once('='));
    pairs
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

fn properties(parsed: &Parsed) -> Result<ClientProperties, Throwable> {
    let config = parsed.value("command-config")?;
    let config = match config {
        Some(config) => Some(config),
        None => parsed.value("consumer.config")?,
    };
    config.map_or_else(|| Ok(ClientProperties::default()), cluster::read)
}
