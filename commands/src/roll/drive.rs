//! Carries a roll out: does what the machine asks for, and tells it what happened.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use client::Client;
use roller::run::{Action, Event, Outcome, Probe, Record, Roll};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::elect::elect;
use super::executor::Executor;
use super::journal::{ABORT, Journal, Line, State};
use super::tell::Teller;
use super::view;
use crate::context::Context;
use crate::error::CommandError;
use crate::offsets::time::now_ms;

/// How often it is looked whether somebody asks for something.
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// How shells tell of what a signal ended.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Every node restarted.
    Done,
    /// Somebody asked for no further step.
    Aborted,
    /// A signal came; the exit code that tells of it.
    Signalled(u8),
    /// For these reasons.
    Stopped(Vec<String>),
}

/// What drives a roll.
pub(super) struct Driver<'a> {
    context: &'a Context,
    client: &'a Client,
    journal: &'a Journal,
    state: State,
    executor: Arc<Executor>,
    roll: Roll,
    began: Instant,
    actions: VecDeque<Action>,
    /// What executors are at.
    tasks: JoinSet<Event>,
    /// What the cluster is asked, one after the other.
    asking: Option<Pin<Box<dyn Future<Output = Event> + 'a>>>,
    to_ask: VecDeque<Action>,
    wakes: BTreeSet<Duration>,
    /// What nodes were when it was written down that they are to stop.
    identities: BTreeMap<i32, Probe>,
    teller: Teller<'a>,
    signalled: Option<u8>,
}

/// Carries a roll on from its journal, until it is over. The state is as the journal has it then.
pub(super) async fn drive(
    context: &Context,
    client: &Client,
    journal: &Journal,
    state: State,
) -> Result<(End, State), CommandError> {
    let progress = state
        .progress()
        .map_err(|error| CommandError::data(error.to_string()))?;
    let executor = Executor::new(state.how.means.clone(), client.cluster_id());
    let mut driver = Driver {
        context,
        client,
        journal,
        executor: Arc::new(executor),
        roll: Roll::new(state.how.order(), &progress),
        began: Instant::now(),
        actions: VecDeque::new(),
        tasks: JoinSet::new(),
        asking: None,
        to_ask: VecDeque::new(),
        wakes: BTreeSet::new(),
        identities: BTreeMap::new(),
        teller: Teller::new(context, state.steps()),
        signalled: None,
        state,
    };
    let end = driver.run().await?;
    Ok((end, driver.state))
}

impl Driver<'_> {
    async fn run(&mut self) -> Result<End, CommandError> {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        self.teller.begins();
        if self.state.is_abort_asked {
            self.feed(Event::Abort);
        }
        self.feed(Event::Begin);
        loop {
            if let Some(outcome) = self.act()? {
                return self.end(outcome);
            }
            self.teller.awaited(self.roll.awaited());
            if let Some(event) = self.next(&mut interrupt, &mut terminate).await? {
                self.teller.event(&event);
                self.feed(event);
            }
        }
    }

    fn feed(&mut self, event: Event) {
        let actions = self.roll.on(event, self.began.elapsed());
        self.actions.extend(actions);
    }

    fn record(&mut self, line: Line) -> Result<(), CommandError> {
        self.journal.append(std::slice::from_ref(&line))?;
        self.state.take(line);
        Ok(())
    }

    /// Begins all that is to be done; the outcome once it is over.
    fn act(&mut self) -> Result<Option<Outcome>, CommandError> {
        while let Some(action) = self.actions.pop_front() {
            self.teller.action(&action);
            match action {
                Action::Write(record) => {
                    if let Record::Intended { node, identity } = &record {
                        self.identities.insert(*node, identity.clone());
                    }
                    self.record(Line::did(record))?;
                    self.feed(Event::Written);
                }
                Action::Look | Action::Elect(_) => self.to_ask.push_back(action),
                Action::Probe(_) | Action::Stop(_) | Action::Start(_) => self.execute(&action),
                Action::WakeAt(at) => drop(self.wakes.insert(at)),
                Action::End(outcome) => return Ok(Some(outcome)),
            }
        }
        if self.asking.is_none() {
            let client = self.client;
            self.asking = self.to_ask.pop_front().map(|action| ask(client, action));
        }
        Ok(None)
    }

    fn execute(&mut self, action: &Action) {
        let executor = Arc::clone(&self.executor);
        match *action {
            Action::Probe(node) => drop(
                self.tasks
                    .spawn(async move { Event::Probed(node, executor.probe(node).await) }),
            ),
            Action::Stop(node) => {
                let identity = self.identities.get(&node).cloned().unwrap_or(Probe::Unknown);
                self.tasks
                    .spawn(async move { Event::Stopped(node, executor.stop(node, &identity).await) });
            }
            Action::Start(node) => drop(
                self.tasks
                    .spawn(async move { Event::Started(node, executor.start(node).await) }),
            ),
            _ => {}
        }
    }

    /// What happens next; nothing if it was only looked whether somebody asks for something.
    async fn next(&mut self, interrupt: &mut Signal, terminate: &mut Signal) -> Result<Option<Event>, CommandError> {
        let wake = self.wakes.first().map(|at| self.began + *at);
        let code = tokio::select! {
            Some(done) = self.tasks.join_next() => {
                return done.map(Some).map_err(|error| CommandError::bug(error.to_string()));
            }
            event = async {
                match &mut self.asking {
                    Some(asking) => asking.await,
                    None => std::future::pending().await,
                }
            } => {
                self.asking = None;
                return Ok(Some(event));
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                self.wakes.pop_first();
                return Ok(Some(Event::Tick));
            }
            () = sleep(ASKED_EVERY) => return self.asked(),
            _ = interrupt.recv() => INTERRUPTED,
            _ = terminate.recv() => TERMINATED,
        };
        if self.signalled.replace(code).is_some() {
            self.context.out.note("left as it is; `kfleet roll resume` goes on");
            return Err(CommandError::exit(code));
        }
        self.teller.ending("a signal came (a second one ends it at once)");
        Ok(Some(Event::Abort))
    }

    fn asked(&mut self) -> Result<Option<Event>, CommandError> {
        if self.journal.asked()?.as_deref() != Some(ABORT) {
            return Ok(None);
        }
        self.record(Line::AbortAsked { at_ms: now_ms() })?;
        self.journal.take_request()?;
        self.teller.ending("it was asked to abort");
        Ok(Some(Event::Abort))
    }

    fn end(&mut self, outcome: Outcome) -> Result<End, CommandError> {
        let end = match outcome {
            Outcome::Done => return Ok(End::Done),
            Outcome::Halted(doubts) => {
                let why: Vec<String> = doubts.iter().map(ToString::to_string).collect();
                self.record(Line::Stopped {
                    at_ms: now_ms(),
                    why: why.clone(),
                })?;
                End::Stopped(why)
            }
            Outcome::Aborted => match self.signalled {
                Some(code) if !self.state.is_abort_asked => End::Signalled(code),
                _ => End::Aborted,
            },
        };
        // Where nothing was touched there is nothing to go on with.
        if end == End::Aborted || !self.state.has_touched() {
            self.record(Line::Ended { at_ms: now_ms() })?;
        }
        Ok(end)
    }
}

/// Asks the cluster.
fn ask<'a>(client: &'a Client, action: Action) -> Pin<Box<dyn Future<Output = Event> + 'a>> {
    Box::pin(async move {
        match action {
            Action::Elect(brokers) => Event::Elected(elect(client, &brokers).await),
            _ => match view::look(client).await {
                Ok(view) => Event::Saw(Box::new(view)),
                Err(error) => Event::Unseen(error.message),
            },
        }
    })
}
