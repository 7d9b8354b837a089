//! Reading as a member of a group.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use client::{Client, Member, Reader};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, interval, timeout};

use super::offsets::{Bound, partitions, plan};
use super::printer::Printer;
use crate::error::CommandError;

/// Between two signs of life.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);
/// Between two commits.
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);
/// So long what was read may take to be printed when the partitions have to be given back.
const PRINT_WAIT: Duration = Duration::from_secs(10);
/// Exit codes of signals.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// Why reading has come to an end.
enum End {
    /// Everything there was, or as much as was wanted, has been printed.
    Done,
    /// Partitions are dealt out anew.
    Rebalance,
    /// A signal came, which means this exit code.
    Signal(u8),
}

/// How to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HowToRead {
    /// Where to begin, where the group has committed nothing, and to end.
    pub(crate) bounds: (Bound, Option<i64>),
    /// Whether to wait for more at the end.
    pub(crate) follow: bool,
    /// Leave out what was aborted or is not committed yet.
    pub(crate) committed_only: bool,
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}

/// Reads the partitions that the group deals out to this member. What was printed is committed, last of all when it ends
/// or is told to; then the member leaves.
pub(crate) async fn read_as_member(
    client: Arc<Client>,
    mut member: Member,
    mut printer: Printer,
    how: HowToRead,
) -> Result<(), CommandError> {
    let mut signals = Signals {
        interrupt: signal(SignalKind::interrupt())?,
        terminate: signal(SignalKind::terminate())?,
    };
    let result = loop {
        let assigned = tokio::select! {
            assigned = member.join() => assigned,
            code = signals.next() => break Ok(End::Signal(code)),
        };
        let assigned = match assigned {
            Ok(assigned) => assigned,
            Err(error) => break Err(error.into()),
        };
        let (back, end) = read_generation(&client, &mut member, printer, &assigned, how, &mut signals).await;
        match (back, end) {
            (Some(back), Ok(End::Rebalance)) => printer = back,
            (Some(back), Ok(End::Done)) => break back.finish().map(|()| End::Done),
            (_, end) => break end,
        }
    };
    // Whether it could leave does not change what was read; the others find out by themselves.
    let left = member.leave().await;
    match result? {
        End::Signal(code) => Err(CommandError::exit(code)),
        End::Done | End::Rebalance => Ok(left?),
    }
}

/// Reads until the partitions have to be given back, and commits what was printed. The printer comes back unless it is
/// stuck.
async fn read_generation(
    client: &Arc<Client>,
    member: &mut Member,
    printer: Printer,
    assigned: &BTreeSet<(String, i32)>,
    how: HowToRead,
    signals: &mut Signals,
) -> (Option<Printer>, Result<End, CommandError>) {
    let from = match positions(client, member, assigned, how).await {
        Ok(from) => from,
        Err(error) => return (Some(printer), Err(error)),
    };
    let progress = printer.progress();
    let waits_for_others = from.is_empty() && how.follow;
    let (reader, chunks) = Reader::start(Arc::clone(client), from, how.committed_only);
    let mut printing = match printer.start(chunks) {
        Ok(printing) => printing,
        Err(error) => return (None, Err(error)),
    };
    let mut heartbeat = interval(HEARTBEAT_INTERVAL);
    let mut commit_at = Instant::now() + COMMIT_INTERVAL;
    let mut printed = None;
    let end = loop {
        tokio::select! {
            done = &mut printing, if printed.is_none() => {
                let (back, result) = match done {
                    Ok((back, result)) => (Some(back), result),
                    Err(_) => (None, Err(CommandError::bug("the printer ended"))),
                };
                printed = Some(back);
                if let Err(error) = result {
                    break Err(error);
                }
                // A member that got no partition is one that stands by.
                if !waits_for_others {
                    break Ok(End::Done);
                }
            }
            code = signals.next() => break Ok(End::Signal(code)),
            _ = heartbeat.tick() => {
                match member.heartbeat().await {
                    Ok(true) => {}
                    Ok(false) => break Ok(End::Rebalance),
                    Err(error) => break Err(error.into()),
                }
                if Instant::now() >= commit_at {
                    commit_at = Instant::now() + COMMIT_INTERVAL;
                    match member.commit(&progress.take()).await {
                        Ok(true) => {}
                        Ok(false) => break Ok(End::Rebalance),
                        Err(error) => break Err(error.into()),
                    }
                }
            }
        }
    };
    drop(reader);
    let mut end = end;
    let back = match printed {
        Some(back) => back,
        None => match timeout(PRINT_WAIT, printing).await {
            Ok(Ok((back, result))) => {
                // A reader that was stopped in its middle is no failure, but a full disk is.
                if let Err(error) = result {
                    end = end.and(Err(error));
                }
                Some(back)
            }
            Ok(Err(_)) => None,
            Err(_) => {
                end = end.and_then(|end| match end {
                    End::Rebalance => Err(CommandError::timed_out("nobody takes what is printed")),
                    other => Ok(other),
                });
                None
            }
        },
    };
    if let Err(error) = member.commit(&progress.take()).await {
        end = end.and(Err(error.into()));
    }
    (back, end)
}

/// Where to read the partitions of a member.
async fn positions(
    client: &Client,
    member: &Member,
    assigned: &BTreeSet<(String, i32)>,
    how: HowToRead,
) -> Result<Vec<client::ReadFrom>, CommandError> {
    if assigned.is_empty() {
        return Ok(Vec::new());
    }
    let stored = member.committed(assigned).await?;
    let topics: BTreeSet<&String> = assigned.iter().map(|(topic, _)| topic).collect();
    let topics: Vec<String> = topics.into_iter().cloned().collect();
    let mut leaders = partitions(client, &topics, &[]).await?;
    leaders.retain(|key, _| assigned.contains(key));
    plan(client, &leaders, how.bounds, how.follow, &stored).await
}
