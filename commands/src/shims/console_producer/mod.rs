//! kafka-console-producer

mod lines;

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, IsTerminal as _};

use client::{Acks, Client, Producer, murmur2_partition};
use protocol::records::{BatchBuilder, Compression, NewRecord};
use tokio::sync::mpsc::{Receiver, channel};

use super::cluster::{self, Where};
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::options::{Parsed, Syntax, flag, optional, valued};
use super::sending;
use crate::client_properties::ClientProperties;
use crate::offsets::time::now_ms;
use lines::{Line, LineReader};

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-console-producer",
    options: &[
        valued("batch-size", "Integer"),
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        valued("command-property", "String"),
        optional("compression-codec", "String"),
        valued("line-reader", "String"),
        valued("max-block-ms", "Long"),
        valued("max-memory-bytes", "Long"),
        valued("max-partition-memory-bytes", "Integer"),
        valued("message-send-max-retries", "Integer"),
        valued("metadata-expiry-ms", "Long"),
        valued("producer-property", "String"),
        valued("producer.config", "String"),
        valued("property", "String"),
        valued("reader-config", "String"),
        valued("reader-property", "String"),
        valued("request-required-acks", "String"),
        valued("request-timeout-ms", "Integer"),
        valued("retry-backoff-ms", "Long"),
        valued("socket-buffer-size", "Integer"),
        flag("sync"),
        valued("timeout", "Long"),
        valued("topic", "String"),
    ],
};

const LINE_READER: &str = "org.apache.kafka.tools.LineMessageReader";
/// Old names of flags, and the new ones.
const DEPRECATED: [(&str, &str); 3] = [
    ("producer-property", "command-property"),
    ("producer.config", "command-config"),
    ("property", "reader-property"),
];
/// Lines that are read ahead, and written at once at most.
const LINES_MAX: usize = 2000;
const BATCH_MAX_BYTES: usize = 512 << 10;

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("This tool helps to read data from standard input and publish it to Kafka."));
    }
    let parsed = SYNTAX.parse(args).map_err(|wrong| SYNTAX.usage(wrong.message))?;
    if parsed.has("help") {
        return Err(parsed.usage(""));
    }
    if parsed.has("version") {
        return Err(Failed::version());
    }
    parsed.require(&["bootstrap-server", "topic"])?;
    let to_stderr = |wrong: Throwable| Failed::on_stderr(wrong.message);
    if let Some(class) = parsed
        .value("line-reader")
        .map_err(to_stderr)?
        .filter(|class| *class != LINE_READER)
    {
        return Err(Failed::on_stderr(format!(
            "kfleet's kafka-console-producer does not know the line reader {class}; Apache's may"
        )));
    }
    for (old, new) in DEPRECATED {
        if parsed.has(old) {
            io.line(format!(
                "Warning: --{old} is deprecated and will be removed in a future version. Use --{new} instead."
            ));
        }
    }
    let settings = Settings::of(&parsed).map_err(to_stderr)?;
    let servers = parsed.value("bootstrap-server").map_err(to_stderr)?.unwrap_or_default();
    let cluster = Where::with_properties(servers, false, settings.properties.clone()).map_err(to_stderr)?;
    let topic = parsed.value("topic").map_err(to_stderr)?.unwrap_or_default();
    produce(&cluster, topic, &settings, io).await.map_err(Failed::on_stderr)
}

/// What the command line has of a producer's properties.
struct Settings {
    properties: ClientProperties,
    reader: LineReader,
    compression: Compression,
    acks: Acks,
}

impl Settings {
    fn of(parsed: &Parsed) -> Result<Self, Throwable> {
        let config = match parsed.value("command-config")? {
            Some(config) => Some(config),
            None => parsed.value("producer.config")?,
        };
        let properties = config.map_or_else(|| Ok(ClientProperties::default()), cluster::read)?;
        let mut given: BTreeMap<&str, &str> = BTreeMap::new();
        for flag in ["producer-property", "command-property"] {
            for text in parsed.values(flag) {
                let (key, value) = text.split_once('=').unwrap_or((text, ""));
                given.insert(key, value);
            }
        }
        let codec = match (parsed.has("compression-codec"), parsed.value("compression-codec")?) {
            (true, None) => "gzip",
            (_, Some(codec)) => codec,
            (false, None) => given.get("compression.type").copied().unwrap_or("none"),
        };
        let compression = sending::compression(codec).map_err(Throwable::illegal)?;
        let acks = given.get("acks").copied();
        let acks = acks.or(parsed.value("request-required-acks")?).unwrap_or("-1");
        let acks = sending::acks(acks).map_err(Throwable::illegal)?;
        Ok(Self {
            properties,
            reader: LineReader::of(parsed)?,
            compression,
            acks,
        })
    }
}

async fn produce(cluster: &Where, topic: &str, settings: &Settings, io: &mut Io) -> Result<(), Throwable> {
    let client = cluster.connect_for_long("metadata").await?;
    let partitions = cluster::make_topic(&client, topic).await?;
    let (lines, mut read) = channel::<Vec<u8>>(LINES_MAX);
    let reading = tokio::task::spawn_blocking(move || {
        let prompts = io::stdin().is_terminal() && io::stdout().is_terminal();
        loop {
            if prompts {
                use std::io::Write as _;
                // A prompt that nobody sees is none that is missed.
                let _closed = io::stdout().write_all(b">").and_then(|()| io::stdout().flush());
            }
            let mut line = Vec::new();
            if io::stdin().lock().read_until(b'\n', &mut line)? == 0 {
                return Ok::<(), io::Error>(());
            }
            if line.pop_if(|byte| *byte == b'\n').is_some() {
                line.pop_if(|byte| *byte == b'\r');
            }
            if lines.blocking_send(line).is_err() {
                return Ok(());
            }
        }
    });
    let mut writer = Writer {
        topic,
        partitions,
        sticky: now_ms().unsigned_abs() as u32 % partitions.max(1),
        settings,
        client: &client,
        producer: Producer::new(&client, settings.compression).await?,
        is_whole: true,
    };
    writer.write_all(&mut read, io).await?;
    match reading.await {
        Ok(Ok(())) if writer.is_whole => Ok(()),
        Ok(Ok(())) => Err(Throwable::new(
            "org.apache.kafka.common.KafkaException",
            "some records were not written",
        )),
        Ok(Err(error)) => Err(Throwable::new("java.io.IOException", error.to_string())),
        Err(error) => Err(Throwable::new("java.io.IOException", error.to_string())),
    }
}

struct Writer<'a> {
    topic: &'a str,
    partitions: u32,
    /// Where records without a key go until the next batch.
    sticky: u32,
    settings: &'a Settings,
    client: &'a Client,
    producer: Producer<'a>,
    is_whole: bool,
}

impl Writer<'_> {
    async fn write_all(&mut self, read: &mut Receiver<Vec<u8>>, io: &mut Io) -> Result<(), Throwable> {
        let mut number = 0;
        while let Some(first) = read.recv().await {
            let mut lines = vec![first];
            let mut bytes = 0;
            while lines.len() < LINES_MAX
                && bytes < BATCH_MAX_BYTES
                && let Ok(next) = read.try_recv()
            {
                bytes += next.len();
                lines.push(next);
            }
            let mut parsed = Vec::new();
            let mut wrong = None;
            for line in &lines {
                number += 1;
                match self.settings.reader.parse(line, number) {
                    Ok(line) => parsed.push(line),
                    Err(error) => {
                        wrong = Some(error);
                        break;
                    }
                }
            }
            // What came before a line that makes no sense is written.
            self.write(&parsed, io).await?;
            if let Some(error) = wrong {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn write(&mut self, lines: &[Line<'_>], io: &mut Io) -> Result<(), Throwable> {
        let mut by_partition: BTreeMap<u32, Vec<&Line<'_>>> = BTreeMap::new();
        for line in lines {
            let partition = line
                .key
                .map_or(self.sticky, |key| murmur2_partition(key, self.partitions));
            by_partition.entry(partition).or_default().push(line);
        }
        self.sticky = (self.sticky + 1) % self.partitions.max(1);
        let timestamp = now_ms();
        for (partition, lines) in by_partition {
            let records: Vec<NewRecord<'_>> = lines
                .iter()
                .map(|line| NewRecord {
                    timestamp,
                    key: line.key,
                    value: line.value,
                    headers: &line.headers,
                })
                .collect();
            let partition = partition as i32;
            let written = match self.settings.acks {
                Acks::All => self.producer.write(self.topic, partition, &records).await,
                acks => {
                    let mut batch = BatchBuilder::new(0, self.settings.compression);
                    records.iter().for_each(|record| batch.push(record));
                    let bytes = batch.build();
                    let bytes = bytes.map_err(|error| Throwable::new("java.io.IOException", error.to_string()))?;
                    self.client.produce(self.topic, partition, &bytes.into(), acks).await
                }
            };
            if let Err(error) = written {
                // Apache's producer says so and goes on.
                self.is_whole = false;
                let error = Throwable::from(error);
                io.note(format!(
                    "ERROR Error when sending message to topic {}: {error}",
                    self.topic
                ));
            }
        }
        Ok(())
    }
}
