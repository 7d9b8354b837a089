//! Reading until enough was read, or nothing came for as long as was said.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use client::{Chunk, Client, ClientError, Member, OffsetSpec, PartitionKey, ReadFrom, Reader};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, interval, sleep_until};

use super::Start;
use super::formatter::Formatter;
use crate::shims::FAR;
use crate::shims::cluster::{Where, make_topic};
use crate::shims::failed::Throwable;
use crate::shims::io::Io;
use crate::shims::names::{Included, of_cluster};
use crate::shims::signals::Signals;

/// No batch may unpack to more.
const UNPACK_MAX_BYTES: usize = 256 << 20;
/// Between two signs of life of a member, and two commits.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// What is to be read.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) topic: Option<String>,
    pub(super) include: Option<String>,
    pub(super) partition: Option<i32>,
    pub(super) start: Start,
    pub(super) group: Option<String>,
    pub(super) committed_only: bool,
    /// So long nothing may come.
    pub(super) idle: Option<Duration>,
    /// At most so many.
    pub(super) count: Option<u64>,
}

/// Offsets behind what was printed.
type Printed = BTreeMap<PartitionKey, i64>;

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Enough,
    Idle,
    Rebalance,
    /// With the exit code of a signal.
    Signal(u8),
}

/// Reads; the exit code of a signal, if one ended it.
pub(super) async fn run(
    cluster: &Where,
    wish: &Wish,
    formatter: &Formatter,
    io: &mut Io,
) -> Result<Option<u8>, Throwable> {
    let client = Arc::new(cluster.connect_for_long("metadata").await?);
    let topics = topics(&client, wish).await?;
    let mut printer = Printer {
        formatter,
        left: wish.count,
        count: 0,
        printed: Printed::new(),
        idle: wish.idle,
        signals: Signals::new()?,
    };
    let end = match &wish.group {
        None => {
            let all = partitions(&client, &topics, wish.partition).await?;
            let from = positions(&client, &all, wish.start, &Printed::new()).await?;
            let (_reader, mut chunks) = Reader::start(Arc::clone(&client), from, wish.committed_only);
            printer.print_all(&mut chunks, None, io).await
        }
        Some(group) => {
            let member = Member::new(cluster.connect_for_long("joinGroup").await?, group, topics);
            as_member(&client, member, wish, &mut printer, io).await
        }
    };
    if end == Ok(End::Idle) {
        io.note("ERROR Error processing message, terminating consumer process: org.apache.kafka.common.errors.TimeoutException");
    }
    io.note(format!("Processed a total of {} messages", printer.count));
    end.map(|end| match end {
        End::Signal(code) => Some(code),
        _ => None,
    })
}

async fn topics(client: &Client, wish: &Wish) -> Result<Vec<String>, Throwable> {
    if let Some(topic) = &wish.topic {
        return Ok(vec![topic.clone()]);
    }
    let included = Included::new(wish.include.as_deref().unwrap_or_default())?;
    of_cluster(client, |name| included.has(name)).await
}

async fn partitions(
    client: &Client,
    topics: &[String],
    only: Option<i32>,
) -> Result<BTreeSet<PartitionKey>, Throwable> {
    let mut all = BTreeSet::new();
    for topic in topics {
        let count = make_topic(client, topic).await? as i32;
        all.extend((0..count).map(|partition| (topic.clone(), partition)));
    }
    if let Some(only) = only {
        // One that is not there fails when it is read.
        all.retain(|(_, partition)| *partition == only);
    }
    Ok(all)
}

/// Where to begin: where a group left off, or else where the command line says.
pub(in crate::shims) async fn positions(
    client: &Client,
    partitions: &BTreeSet<PartitionKey>,
    start: Start,
    committed: &Printed,
) -> Result<Vec<ReadFrom>, Throwable> {
    let topics: BTreeSet<String> = partitions.iter().map(|(topic, _)| topic.clone()).collect();
    let topics: Vec<String> = topics.into_iter().collect();
    let mut leaders = client.leaders(&topics).await?;
    leaders.retain(|key, _| partitions.contains(key) && !committed.contains_key(key));
    let mut offsets = committed.clone();
    offsets.retain(|key, _| partitions.contains(key));
    match start {
        Start::At(offset) => offsets.extend(leaders.into_keys().map(|key| (key, offset))),
        Start::Earliest | Start::Latest => {
            let spec = if start == Start::Earliest {
                OffsetSpec::Earliest
            } else {
                OffsetSpec::Latest
            };
            let listed = client.list_offsets(&leaders, spec).await.into_result()?;
            offsets.extend(
                listed
                    .into_iter()
                    .map(|found| ((found.topic, found.partition), found.offset)),
            );
        }
    }
    let from = |((topic, partition), offset): (PartitionKey, i64)| ReadFrom {
        topic: topic.into(),
        partition,
        offset,
        until: None,
    };
    Ok(offsets.into_iter().map(from).collect())
}

/// Reads what the group deals out, and commits what was printed.
async fn as_member(
    client: &Arc<Client>,
    mut member: Member,
    wish: &Wish,
    printer: &mut Printer<'_>,
    io: &mut Io,
) -> Result<End, Throwable> {
    let end = loop {
        let assigned = member.join().await?;
        let committed = member.committed(&assigned).await?;
        let from = positions(client, &assigned, wish.start, &committed).await?;
        let (reader, mut chunks) = Reader::start(Arc::clone(client), from, wish.committed_only);
        let end = printer.print_all(&mut chunks, Some(&mut member), io).await;
        drop(reader);
        let done = std::mem::take(&mut printer.printed);
        if !done.is_empty() {
            member.commit(&done).await?;
        }
        if end != Ok(End::Rebalance) {
            break end;
        }
    };
    // Whether it could leave does not change what was read; the others find out by themselves.
    let _left = member.leave().await;
    end
}

/// Prints records, and keeps count of them.
struct Printer<'a> {
    formatter: &'a Formatter,
    left: Option<u64>,
    count: u64,
    printed: Printed,
    idle: Option<Duration>,
    signals: Signals,
}

impl Printer<'_> {
    async fn print_all(
        &mut self,
        chunks: &mut Receiver<Result<Vec<Chunk>, ClientError>>,
        mut member: Option<&mut Member>,
        io: &mut Io,
    ) -> Result<End, Throwable> {
        let mut heartbeat = interval(HEARTBEAT_INTERVAL);
        let mut idle_at = Instant::now() + self.idle.unwrap_or(FAR);
        loop {
            if self.left == Some(0) {
                return Ok(End::Enough);
            }
            tokio::select! {
                some = chunks.recv() => {
                    let Some(some) = some else {
                        // Nobody reads a member that got no partition.
                        sleep_until(idle_at.min(Instant::now() + HEARTBEAT_INTERVAL)).await;
                        if Instant::now() >= idle_at {
                            return Ok(End::Idle);
                        }
                        continue;
                    };
                    let before = self.count;
                    for chunk in some? {
                        self.print(&chunk, io)?;
                    }
                    io.flush().map_err(|_| Throwable::new("java.io.IOException", "nobody takes what is printed"))?;
                    if self.count > before {
                        idle_at = Instant::now() + self.idle.unwrap_or(FAR);
                    }
                }
                () = sleep_until(idle_at) => return Ok(End::Idle),
                code = self.signals.next() => return Ok(End::Signal(code)),
                _ = heartbeat.tick(), if member.is_some() => {
                    if let Some(member) = member.as_mut() {
                        let stays = member.heartbeat().await? && (self.printed.is_empty() || member.commit(&self.printed).await?);
                        if !stays {
                            return Ok(End::Rebalance);
                        }
                    }
                }
            }
        }
    }

    fn print(&mut self, chunk: &Chunk, io: &mut Io) -> Result<(), Throwable> {
        let mut out = Vec::new();
        let mut last = None;
        let visited = chunk.visit::<Throwable>(UNPACK_MAX_BYTES, |header, record| {
            if self.left == Some(0) {
                return Ok(ControlFlow::Break(()));
            }
            self.formatter.write(chunk.partition, header, record, &mut out);
            self.left = self.left.map(|left| left - 1);
            self.count += 1;
            last = Some(record.offset + 1);
            Ok(ControlFlow::Continue(()))
        });
        io.bytes(&out);
        if let Some(next) = last {
            self.printed.insert((chunk.topic.to_string(), chunk.partition), next);
        }
        let _whole = visited.map_err(|error| error.of(format_args!("{}-{}", chunk.topic, chunk.partition)))?;
        Ok(())
    }
}
