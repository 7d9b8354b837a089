//! kafka-consumer-perf-test

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use client::{Chunk, PartitionKey, PartitionOffsets};

use super::cluster::{self, Where};
use super::console_consumer::Start;
use super::date_format::DateFormat;
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::membership::{self, End, Follower, Membership};
use super::names::of_cluster;
use super::options::{Parsed, Syntax, flag, optional, valued};
use crate::client_properties::ClientProperties;
use crate::offsets::time::now_ms;
use crate::pattern::whole;

/// Its flags.
pub(super) const SYNTAX: Syntax = Syntax {
    script: "kafka-consumer-perf-test",
    options: &[
        valued("bootstrap-server", "String"),
        valued("command-config", "String"),
        valued("command-property", "String"),
        valued("consumer.config", "String"),
        valued("date-format", "String"),
        valued("fetch-size", "Integer"),
        flag("from-latest"),
        valued("group", "String"),
        flag("hide-header"),
        valued("include", "String"),
        valued("messages", "Long"),
        valued("num-records", "Long"),
        flag("print-metrics"),
        valued("reporting-interval", "Long"),
        flag("show-detailed-stats"),
        valued("socket-buffer-size", "Integer"),
        optional("timeout", "Long"),
        valued("topic", "String"),
    ],
};

const HEADER: &str = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";
const DETAILED_HEADER: &str = "time, threadId, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";
const DATE_FORMAT: &str = "yyyy-MM-dd HH:mm:ss:SSS";
const TIMEOUT_MS: i64 = 10_000;
const INTERVAL_MS: i64 = 5_000;
/// Java's consumer gives out so many at a time.
const POLL_MAX: u64 = 500;
/// No batch may unpack to more.
const UNPACK_MAX_BYTES: usize = 256 << 20;

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(SYNTAX.usage("This tool is used to verify the consumer performance."));
    }
    let parsed = SYNTAX.parse_or_help(args)?;
    parsed.require(&["bootstrap-server"])?;
    for [one, other] in [["topic", "include"], ["messages", "num-records"]] {
        if parsed.has(one) == parsed.has(other) {
            return Err(parsed.usage(format!(
                "Exactly one of the following arguments is required: [{one}], [{other}]"
            )));
        }
    }
    parsed.exclude("consumer.config", &["command-config"])?;
    if parsed.has("print-metrics") {
        return Err(Failed::on_stderr(
            "kfleet's kafka-consumer-perf-test does not have the metrics of Java's consumer; Apache's has",
        ));
    }
    for (old, new) in [("messages", "num-records"), ("consumer.config", "command-config")] {
        if parsed.has(old) {
            io.line(format!("Warning: --{old} is deprecated. Use --{new} instead."));
        }
    }
    measure(&parsed, io).await
}

async fn measure(parsed: &Parsed, io: &mut Io) -> Result<(), Failed> {
    let to_stderr = |error: Throwable| Failed::on_stderr(error.message);
    let is_detailed = parsed.has("show-detailed-stats");
    if !parsed.has("hide-header") {
        io.line(if is_detailed { DETAILED_HEADER } else { HEADER });
    }
    let wish = Wish::of(parsed).map_err(to_stderr)?;
    let topics = topics(parsed, &wish.cluster).await.map_err(to_stderr)?;
    let start_ms = now_ms();
    let mut progress = Progress {
        wish: &wish,
        is_detailed,
        records: 0,
        bytes: 0,
        last: (0, 0),
        last_ms: start_ms,
        join_start_ms: start_ms,
        join_ms: 0,
        round_join_ms: 0,
    };
    let membership = Membership {
        group: &wish.group,
        topics,
        start: Some(wish.start),
        idle: Some(Duration::from_millis(u64::try_from(wish.timeout_ms).unwrap_or(0))),
        commits_each: false,
    };
    let ended = membership::read(&wish.cluster, membership, &mut progress, io).await;
    let end_ms = now_ms();
    if let End::Signal(code) = ended.map_err(to_stderr)? {
        return Err(Failed::by_signal(code));
    }
    let is_whole = progress.records >= wish.count;
    if !is_whole {
        io.line(format!(
            "WARNING: Exiting before consuming the expected number of records: timeout ({} ms) exceeded. You can use the --timeout option to increase the timeout.",
            wish.timeout_ms
        ));
    }
    if !is_detailed {
        progress.total(start_ms, end_ms, io);
    }
    if is_whole {
        Ok(())
    } else {
        Err(Failed::silently().apache_exits_with_0())
    }
}

/// What the command line asks for.
struct Wish {
    cluster: Where,
    group: String,
    start: Start,
    count: u64,
    timeout_ms: i64,
    interval_ms: i64,
    date_format: DateFormat,
}

impl Wish {
    fn of(parsed: &Parsed) -> Result<Self, Throwable> {
        let config = match parsed.value("consumer.config")? {
            Some(config) => Some(config),
            None => parsed.value("command-config")?,
        };
        let mut properties = config.map_or_else(|| Ok(ClientProperties::default()), cluster::read)?;
        for pair in parsed.values("command-property") {
            if let Some(("client.id", id)) = pair.split_once('=') {
                properties.client_id = Some(id.to_owned());
            }
        }
        let servers = parsed.value("bootstrap-server")?.unwrap_or_default();
        let group = parsed.value("group")?.map(str::to_owned);
        for effectless in ["fetch-size", "socket-buffer-size"] {
            parsed.number::<i32>(effectless)?;
        }
        let count: Option<i64> = match parsed.number("messages")? {
            Some(count) => Some(count),
            None => parsed.number("num-records")?,
        };
        let interval_ms = parsed.number("reporting-interval")?.unwrap_or(INTERVAL_MS);
        if interval_ms <= 0 {
            return Err(Throwable::illegal("Reporting interval must be greater than 0."));
        }
        let start = if parsed.has("from-latest") {
            Start::Latest
        } else {
            Start::Earliest
        };
        Ok(Self {
            cluster: Where::with_properties(servers, false, properties)?,
            group: group.unwrap_or_else(|| format!("perf-consumer-{}", now_ms() % 100_000)),
            start,
            count: count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            timeout_ms: parsed.number("timeout")?.unwrap_or(TIMEOUT_MS),
            interval_ms,
            date_format: DateFormat::parse(parsed.value("date-format")?.unwrap_or(DATE_FORMAT))?,
        })
    }
}

async fn topics(parsed: &Parsed, cluster: &Where) -> Result<Vec<String>, Throwable> {
    if let Some(topic) = parsed.value("topic")? {
        return Ok(vec![topic.to_owned()]);
    }
    let pattern = parsed.value("include")?.unwrap_or_default();
    let wrong = |_| {
        Throwable::new(
            "java.util.regex.PatternSyntaxException",
            format!("{pattern} is no regular expression"),
        )
    };
    let whole = whole(pattern).map_err(wrong)?;
    let client = cluster.connect("metadata").await?;
    of_cluster(&client, |name| whole.is_match(name)).await
}

/// What was read so far.
struct Progress<'a> {
    wish: &'a Wish,
    is_detailed: bool,
    records: u64,
    bytes: u64,
    /// The same when it was last told of.
    last: (u64, u64),
    last_ms: i64,
    join_start_ms: i64,
    join_ms: i64,
    round_join_ms: i64,
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

impl Progress<'_> {
    fn tell(&mut self, now_ms: i64, io: &mut Io) {
        if self.is_detailed {
            let elapsed_ms = (now_ms - self.last_ms) as f64;
            let (records, bytes) = (self.records - self.last.0, self.bytes - self.last.1);
            let per_second = |amount: f64, ms: f64| if ms > 0.0 { 1000.0 * amount / ms } else { 0.0 };
            let fetch_ms = now_ms - self.last_ms - self.round_join_ms;
            io.line(format!(
                "{}, 0, {:.4}, {:.4}, {}, {:.4}, {}, {fetch_ms}, {:.4}, {:.4}",
                self.wish.date_format.local(now_ms),
                megabytes(self.bytes),
                per_second(megabytes(bytes), elapsed_ms),
                self.records,
                per_second(records as f64, elapsed_ms),
                self.round_join_ms,
                per_second(megabytes(bytes), fetch_ms as f64),
                per_second(records as f64, fetch_ms as f64)
            ));
        }
        self.round_join_ms = 0;
        self.last_ms = now_ms;
        self.last = (self.records, self.bytes);
    }

    fn total(&self, start_ms: i64, end_ms: i64, io: &mut Io) {
        let elapsed_s = (end_ms - start_ms) as f64 / 1000.0;
        let fetch_ms = end_ms - start_ms - self.join_ms;
        let fetch_s = fetch_ms as f64 / 1000.0;
        let (megabytes, records) = (megabytes(self.bytes), self.records as f64);
        let date = |at_ms| self.wish.date_format.local(at_ms);
        io.line(format!(
            "{}, {}, {megabytes:.4}, {:.4}, {records}, {:.4}, {}, {fetch_ms}, {:.4}, {:.4}",
            date(start_ms),
            date(end_ms),
            megabytes / elapsed_s,
            records / elapsed_s,
            self.join_ms,
            megabytes / fetch_s,
            records / fetch_s
        ));
    }
}

impl Follower for Progress<'_> {
    fn stopping(&mut self, _: &mut Io) {}

    fn assigned(&mut self, _: &BTreeSet<PartitionKey>, _: &mut Io) {
        let elapsed_ms = now_ms() - self.join_start_ms;
        self.join_ms += elapsed_ms;
        self.round_join_ms += elapsed_ms;
    }

    fn revoked(&mut self, _: &BTreeSet<PartitionKey>, _: &mut Io) {
        self.join_start_ms = now_ms();
    }

    fn take(&mut self, chunks: &[Chunk], next: &mut PartitionOffsets, io: &mut Io) -> Result<bool, Throwable> {
        let now_ms = now_ms();
        for chunk in chunks {
            let mut last = None;
            let mut polled = 0;
            let visited = chunk.visit::<Throwable>(UNPACK_MAX_BYTES, |_, record| {
                if polled % POLL_MAX == 0 && self.records >= self.wish.count {
                    return Ok(ControlFlow::Break(()));
                }
                polled += 1;
                self.records += 1;
                let size_bytes = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len) as u64;
                self.bytes += size_bytes(record.key) + size_bytes(record.value);
                last = Some(record.offset + 1);
                Ok(ControlFlow::Continue(()))
            });
            if let Some(last) = last {
                next.insert((chunk.topic.to_string(), chunk.partition), last);
            }
            let _whole = visited.map_err(|error| error.of(format_args!("{}-{}", chunk.topic, chunk.partition)))?;
        }
        if now_ms - self.last_ms >= self.wish.interval_ms {
            self.tell(now_ms, io);
        }
        Ok(self.records >= self.wish.count)
    }

    fn committed(&mut self, _: &PartitionOffsets, _: bool, _: &mut Io) {}
}
