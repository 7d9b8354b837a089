//! Reading as a member of a group, for scripts that tell what the group does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use client::{Chunk, Client, Member, PartitionKey, PartitionOffsets, Reader};
use tokio::time::{Instant, interval, sleep_until};

use super::FAR;
use super::cluster::Where;
use super::console_consumer::{Start, positions};
use super::failed::Throwable;
use super::io::Io;
use super::signals::Signals;

/// Between two signs of life of a member, and two commits of one that commits by itself.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// Who is told what a member does.
pub(super) trait Follower {
    /// A signal has come, and what is to be done before the end follows.
    fn stopping(&mut self, io: &mut Io);
    /// These partitions are its own now.
    fn assigned(&mut self, partitions: &BTreeSet<PartitionKey>, io: &mut Io);
    /// They are no more.
    fn revoked(&mut self, partitions: &BTreeSet<PartitionKey>, io: &mut Io);
    /// Takes what was read, and notes where to go on; whether that is enough.
    fn take(&mut self, chunks: &[Chunk], next: &mut PartitionOffsets, io: &mut Io) -> Result<bool, Throwable>;
    /// This was committed, or somebody else has the partitions by now, where it commits what it takes each time.
    fn committed(&mut self, offsets: &PartitionOffsets, is_done: bool, io: &mut Io);
}

/// How to read.
pub(super) struct Membership<'a> {
    pub(super) group: &'a str,
    pub(super) topics: Vec<String>,
    /// Where to begin where the group has no offset; nowhere if that is an error.
    pub(super) start: Option<Start>,
    /// So long nothing may come.
    pub(super) idle: Option<Duration>,
    /// Whether what was taken is committed at once.
    pub(super) commits_each: bool,
}

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Enough,
    Idle,
    /// With its exit code.
    Signal(u8),
    /// Partitions are dealt out anew: it is to join again.
    Rebalance,
}

/// Reads until the follower has enough, nothing comes, or a signal does.
pub(super) async fn read(
    cluster: &Where,
    membership: Membership<'_>,
    follower: &mut dyn Follower,
    io: &mut Io,
) -> Result<End, Throwable> {
    let client = Arc::new(cluster.connect_for_long("metadata").await?);
    let topics = membership.topics.clone();
    let member = Member::new(cluster.connect_for_long("joinGroup").await?, membership.group, topics);
    let mut reading = Reading {
        client,
        member,
        signals: Signals::new()?,
        idle_at: Instant::now() + membership.idle.unwrap_or(FAR),
        next: PartitionOffsets::new(),
        membership,
    };
    let end = loop {
        let assigned = reading.member.join().await?;
        if !assigned.is_empty() {
            follower.assigned(&assigned, io);
            io.write_out();
        }
        let end = reading.partitions(&assigned, follower, io).await;
        let done = std::mem::take(&mut reading.next);
        if !reading.membership.commits_each && !done.is_empty() {
            reading.member.commit(&done).await?;
        }
        if matches!(end, Ok(End::Signal(_))) {
            follower.stopping(io);
        }
        if !assigned.is_empty() {
            follower.revoked(&assigned, io);
        }
        match end {
            Ok(End::Rebalance) => {}
            end => break end,
        }
    };
    // Whether it could leave does not change what was read; the others find out by themselves.
    let _left = reading.member.leave().await;
    end
}

struct Reading<'a> {
    client: Arc<Client>,
    member: Member,
    membership: Membership<'a>,
    signals: Signals,
    idle_at: Instant,
    /// Offsets behind what was taken and is not committed.
    next: PartitionOffsets,
}

impl Reading<'_> {
    /// Reads the partitions that are its own until something ends that.
    async fn partitions(
        &mut self,
        assigned: &BTreeSet<PartitionKey>,
        follower: &mut dyn Follower,
        io: &mut Io,
    ) -> Result<End, Throwable> {
        let committed = self.member.committed(assigned).await?;
        let start = match self.membership.start {
            Some(start) => start,
            None => {
                let lacks = assigned.iter().filter(|key| !committed.contains_key(*key));
                let lacks: Vec<String> = lacks.map(|(topic, partition)| format!("{topic}-{partition}")).collect();
                if !lacks.is_empty() {
                    return Err(Throwable::new(
                        "org.apache.kafka.clients.consumer.NoOffsetForPartitionException",
                        format!(
                            "Undefined offset with no reset policy for partitions: [{}]",
                            lacks.join(", ")
                        ),
                    ));
                }
                Start::Earliest
            }
        };
        let from = positions(&self.client, assigned, start, &committed).await?;
        let (_reader, mut chunks) = Reader::start(Arc::clone(&self.client), from, false);
        let mut heartbeat = interval(HEARTBEAT_INTERVAL);
        let mut is_read = !assigned.is_empty();
        loop {
            tokio::select! {
                some = chunks.recv(), if is_read => match some {
                    Some(some) => {
                        if self.take(&some?, follower, io).await? {
                            return Ok(End::Enough);
                        }
                    }
                    None => is_read = false,
                },
                () = sleep_until(self.idle_at) => return Ok(End::Idle),
                code = self.signals.next() => return Ok(End::Signal(code)),
                _ = heartbeat.tick() => {
                    if !self.member.heartbeat().await? || !self.commit().await? {
                        return Ok(End::Rebalance);
                    }
                }
            }
        }
    }

    async fn take(&mut self, chunks: &[Chunk], follower: &mut dyn Follower, io: &mut Io) -> Result<bool, Throwable> {
        let before = self.next.clone();
        let is_enough = follower.take(chunks, &mut self.next, io)?;
        if self.next != before {
            self.idle_at = Instant::now() + self.membership.idle.unwrap_or(FAR);
        }
        if self.membership.commits_each && !self.next.is_empty() {
            let offsets = std::mem::take(&mut self.next);
            let is_done = self.member.commit(&offsets).await?;
            follower.committed(&offsets, is_done, io);
        }
        io.write_out();
        Ok(is_enough)
    }

    /// Commits what was taken; false if it is somebody else's business by now.
    async fn commit(&mut self) -> Result<bool, Throwable> {
        if self.membership.commits_each || self.next.is_empty() {
            return Ok(true);
        }
        let offsets = std::mem::take(&mut self.next);
        Ok(self.member.commit(&offsets).await?)
    }
}
