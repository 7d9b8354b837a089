//! kafka-verifiable-producer

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use protocol::records::NewRecord;
use serde::Serialize;
use tokio::time::Instant;

use super::arguments::{Given, Grammar, value};
use super::cluster::Where;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::properties;
use super::sending::{Gone, Manner, Pace, Sender, send_all};
use super::signals::Signals;
use crate::offsets::time::now_ms;

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-verifiable-producer",
    arguments: &[
        value("topic", None),
        value("bootstrap-server", None),
        value("max-messages", None),
        value("throughput", None),
        value("acks", None),
        value("producer.config", None),
        value("message-create-time", None),
        value("value-prefix", None),
        value("repeating-keys", None),
        value("command-config", None),
    ],
    commands: &[],
    help_exits: 1,
};

/// A record: key and value.
type Sent = (Option<String>, String);

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(GRAMMAR.help());
    }
    let given = GRAMMAR.parse(args)?;
    let topic = given.require("topic")?.to_owned();
    let servers = given.require("bootstrap-server")?;
    let wish = Wish::of(&given)?;
    let file = config(&given, "producer.config", io)?;
    let mut properties = match &file {
        Some(path) => properties::read(path).map_err(|error| given.wrong(error.message))?,
        None => BTreeMap::new(),
    };
    // What the file says counts more.
    properties.entry("acks".to_owned()).or_insert_with(|| wish.acks.clone());
    let manner = Manner::of(&properties).map_err(Failed::on_stderr)?;
    let cluster = Where::new(servers, false, file.as_deref()).map_err(Failed::on_stderr)?;
    produce(&cluster, &topic, wish, manner, io).await
}

/// The file of properties, under its new or its old name.
pub(super) fn config(given: &Given, old: &str, io: &mut Io) -> Result<Option<String>, Failed> {
    match (given.value(old), given.value("command-config")) {
        (Some(_), Some(_)) => Err(given.wrong(format!("Options --{old} and --command-config are mutually exclusive."))),
        (Some(path), None) => {
            if !Path::new(path).exists() {
                return Err(given.wrong(path));
            }
            io.line(format!(
                "Option --{old} has been deprecated and will be removed in a future version. Use --command-config instead."
            ));
            Ok(Some(path.to_owned()))
        }
        (None, path) => Ok(path.map(str::to_owned)),
    }
}

/// What is to be sent.
struct Wish {
    /// Below zero without an end.
    count: i32,
    throughput: i32,
    acks: String,
    create_time_ms: Option<i64>,
    value_prefix: Option<i32>,
    repeating_keys: Option<i32>,
}

impl Wish {
    fn of(given: &Given) -> Result<Self, Failed> {
        let acks = given.number::<i32>("acks")?.unwrap_or(-1);
        if ![0, 1, -1].contains(&acks) {
            return Err(given.wrong(format!(
                "argument --acks: invalid choice: '{acks}' (choose from {{0,1,-1}})"
            )));
        }
        Ok(Self {
            count: given.number("max-messages")?.unwrap_or(-1),
            throughput: given.number("throughput")?.unwrap_or(-1),
            acks: acks.to_string(),
            create_time_ms: given.number("message-create-time")?.filter(|at_ms| *at_ms != -1),
            value_prefix: given.number("value-prefix")?,
            repeating_keys: given.number("repeating-keys")?,
        })
    }

    fn value(&self, number: u64) -> String {
        match self.value_prefix {
            Some(prefix) => format!("{prefix}.{number}"),
            None => number.to_string(),
        }
    }

    fn key(&self, number: u64) -> Option<String> {
        let count = u64::try_from(self.repeating_keys?).ok().filter(|count| *count > 0);
        Some(count.map_or(number, |count| number % count).to_string())
    }
}

/// A value as JSON has it.
pub(super) fn told(value: impl Serialize) -> String {
    // Texts and numbers have nothing that JSON has not.
    serde_json::to_string(&value).unwrap_or_default()
}

/// An event as the script prints it, its fields in this order.
pub(super) fn event(name: &str, fields: &[(&str, String)], io: &mut Io) {
    let fields = fields.iter().map(|(name, value)| format!(",\"{name}\":{value}"));
    io.line(format!(
        "{{\"timestamp\":{},\"name\":\"{name}\"{}}}",
        now_ms(),
        fields.collect::<String>()
    ));
}

async fn produce(cluster: &Where, topic: &str, wish: Wish, manner: Manner, io: &mut Io) -> Result<(), Failed> {
    let start = Instant::now();
    let mut signals = Signals::new().map_err(Failed::on_stderr)?;
    event("startup_complete", &[], io);
    io.write_out();
    let client = cluster.connect_for_long("metadata").await.map_err(Failed::on_stderr)?;
    let (mut sent, mut acked, throughput) = (0u64, 0u64, wish.throughput);
    let mut ended_by = 0;
    let feed = async |sender: &mut Sender<Sent>| {
        tokio::select! {
            fed = push_all(sender, &wish, &mut sent) => fed?,
            code = signals.next() => ended_by = code,
        }
        sender.flush().await
    };
    let each = |partition: i32, base_offset: i64, records: Vec<Sent>| {
        for (index, (key, value)) in records.into_iter().enumerate() {
            acked += 1;
            let offset = if base_offset < 0 {
                base_offset
            } else {
                base_offset + index as i64
            };
            let fields = [
                ("key", told(key)),
                ("value", told(value)),
                ("offset", told(offset)),
                ("topic", told(topic)),
                ("partition", told(partition)),
            ];
            event("producer_send_success", &fields, io);
        }
        io.write_out();
    };
    let unwritten = send_all(Arc::new(client), topic, manner, feed, each)
        .await
        .map_err(Failed::on_stderr)?;
    let failed = unwritten.is_some();
    if let Some((error, records)) = unwritten {
        let error = Throwable::from(error);
        for (key, value) in records {
            let fields = [
                ("key", told(key)),
                ("value", told(value)),
                ("topic", told(topic)),
                ("exception", told(format!("class {}", error.class))),
                ("message", told(&error.message)),
            ];
            event("producer_send_error", &fields, io);
        }
    }
    event("shutdown_complete", &[], io);
    let per_second = acked as f64 / start.elapsed().as_secs_f64();
    let fields = [
        ("sent", told(sent)),
        ("acked", told(acked)),
        ("target_throughput", told(throughput)),
        ("avg_throughput", told(per_second)),
    ];
    event("tool_data", &fields, io);
    if failed {
        return Err(Failed::silently().apache_exits_with_0());
    }
    match ended_by {
        0 => Ok(()),
        code => Err(Failed::by_signal(code)),
    }
}

async fn push_all(sender: &mut Sender<Sent>, wish: &Wish, sent: &mut u64) -> Result<(), Gone> {
    let started_ms = now_ms();
    let count = u64::try_from(wish.count).unwrap_or(u64::MAX);
    let pace = Pace::new(f64::from(wish.throughput));
    let mut create_time_ms = wish.create_time_ms;
    for number in 0..count {
        let (key, value) = (wish.key(number), wish.value(number));
        let record = NewRecord {
            timestamp: create_time_ms.unwrap_or_else(now_ms),
            key: key.as_deref().map(str::as_bytes),
            value: Some(value.as_bytes()),
            headers: &[],
        };
        *sent += 1;
        sender.push(&record, (key.clone(), value.clone())).await?;
        create_time_ms = create_time_ms.map(|at_ms| at_ms + (now_ms() - started_ms));
        pace.wait(number + 1, sender).await?;
        if number % 1000 == 999 {
            // Others have to come to their turn as well.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
