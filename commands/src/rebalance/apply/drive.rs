//! Carries a plan out: looks, decides, writes down, acts.

use std::time::Duration;

use client::{Client, ClientError, ConfigChange, ConfigChanges, ElectionType, ReplicaTarget, ReplicaTargets};
use planner::counted::counted;
use protocol::api::ErrorCode;
use tokio::time::{Instant, sleep};

use super::journal::Journal;
use super::machine::{Action, Hold, Memory, Next, next};
use super::observe::{observe, resource};
use super::state::{Entry, State, Status};
use super::view::View;
use crate::context::Context;
use crate::error::CommandError;
use crate::offsets::time::now_ms;
use crate::size::units::bytes;

/// Between two looks at least.
const TICK: Duration = Duration::from_millis(500);
/// A look may take this part of the time.
const LOOK_PART: u32 = 5;
/// How often it is said how far it has come.
const TELL_EVERY: Duration = Duration::from_secs(10);
/// So often in a row a look or an action may fail.
const FAILURES_MAX: u32 = 60;

/// What is told to whoever it stops for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hints {
    /// How it goes on.
    pub(crate) goes_on: &'static str,
    /// How it goes on, or is undone, once what was in the way is put right.
    pub(crate) stuck: &'static str,
}

/// Of plans.
pub(super) const OF_PLANS: Hints = Hints {
    goes_on: "`kfleet rebalance resume` goes on",
    stuck: "`kfleet rebalance resume` goes on once that is put right; `cancel` undoes what is under way, `rollback` everything",
};

/// Until it is over.
pub(crate) async fn drive(
    context: &Context,
    client: &Client,
    journal: &Journal,
    state: &mut State,
    hints: Hints,
) -> Result<(), CommandError> {
    let mut driver = Driver {
        hints,
        context,
        client,
        journal,
        memory: Memory::default(),
        failures: 0,
        told: None,
        said: None,
    };
    loop {
        if driver.round(state).await? {
            return Ok(());
        }
    }
}

struct Driver<'a> {
    hints: Hints,
    context: &'a Context,
    client: &'a Client,
    journal: &'a Journal,
    memory: Memory,
    failures: u32,
    /// When it was told last, and how many bytes had been copied.
    told: Option<(Instant, u64)>,
    said: Option<Hold>,
}

impl Driver<'_> {
    fn record(&self, state: &mut State, entries: &[Entry]) -> Result<(), CommandError> {
        self.journal.append(entries)?;
        for entry in entries {
            state.apply(entry).map_err(CommandError::bug)?;
        }
        Ok(())
    }

    /// One look and what follows from it; whether it is over.
    async fn round(&mut self, state: &mut State) -> Result<bool, CommandError> {
        if let Some(request) = self.journal.request()? {
            let entry = request.entry(state);
            self.record(state, &[entry])?;
            self.journal.take_request()?;
            self.context.out.note(&format!("asked to {}", request.text()));
        }
        let began = Instant::now();
        let view = match observe(self.client, state).await {
            Ok(view) => view,
            Err(error) => {
                self.fail(&error.into()).await?;
                return Ok(false);
            }
        };
        let took = began.elapsed();
        loop {
            match next(state, &view, &mut self.memory, now_ms()) {
                Next::Record(entries) => self.record(state, &entries)?,
                Next::Act(action) => {
                    match self.act(&action).await {
                        Ok(()) => self.failures = 0,
                        Err(error) => self.fail(&error).await?,
                    }
                    return Ok(false);
                }
                Next::Look => {
                    let why = CommandError::unreachable("not every node tells its settings");
                    self.fail(&why).await?;
                    return Ok(false);
                }
                Next::Wait(hold) => {
                    self.failures = 0;
                    self.tell(state, &view, hold);
                    sleep(TICK.max(took * LOOK_PART)).await;
                    return Ok(false);
                }
                Next::Stuck(why) => {
                    let message = format!("stopped: {why}; what is under way goes on, with its throttles");
                    return Err(CommandError::interrupted(message).hint(self.hints.stuck));
                }
                Next::Ended => return Ok(true),
            }
        }
    }

    /// Waits a moment, unless it has failed too often.
    async fn fail(&mut self, error: &CommandError) -> Result<(), CommandError> {
        self.failures += 1;
        if self.failures < FAILURES_MAX {
            sleep(TICK).await;
            return Ok(());
        }
        Err(CommandError::interrupted(format!(
            "stopped: {}; what is under way goes on, with its throttles",
            error.message
        ))
        .hint(self.hints.goes_on))
    }

    async fn act(&mut self, action: &Action) -> Result<(), CommandError> {
        match action {
            Action::Set(settings) => {
                let mut changes = ConfigChanges::new();
                for (key, value) in settings {
                    let change = value.clone().map_or(ConfigChange::Delete, ConfigChange::Set);
                    changes
                        .entry(resource(key))
                        .or_default()
                        .insert(key.key.clone(), change);
                }
                self.client.alter_configs(&changes, false).await.into_result()?;
            }
            Action::Reassign(targets) => {
                let asked: ReplicaTargets = targets
                    .iter()
                    .map(|(key, target)| {
                        let target = target.clone().map_or(ReplicaTarget::Cancel, ReplicaTarget::Brokers);
                        (key.clone(), target)
                    })
                    .collect();
                for (key, result) in self.client.alter_reassignments(&asked, true).await? {
                    if let Err(error) = result
                        && is_final(&error)
                    {
                        self.memory.refuse(&key, error.reason());
                    }
                }
            }
            Action::MoveDirs(dirs) => {
                // Brokers that have no such replica yet note where it is to be, and say that they do not have it.
                let results = self.client.move_replicas(dirs).await;
                for (replica, result) in results {
                    if let Err(error) = result
                        && error.code() != Some(ErrorCode::ReplicaNotAvailable)
                    {
                        let name = crate::reassign::named(&replica.partition);
                        self.context.out.note(&format!(
                            "warning: {name} on broker {}: {}",
                            replica.broker,
                            error.reason()
                        ));
                    }
                }
            }
            Action::Elect(keys) => {
                self.client.elect_leaders(ElectionType::Preferred, keys).await?;
            }
        }
        Ok(())
    }

    /// Says how far it has come, every so often, and what it waits for, once.
    fn tell(&mut self, state: &State, view: &View, hold: Option<Hold>) {
        if hold != self.said {
            if let Some(hold) = &hold {
                self.context.out.note(&format!("nothing more is begun: {hold}"));
            }
            self.said = hold;
        }
        let done = moved_bytes(state, view);
        let Some((at, before)) = self.told else {
            self.told = Some((Instant::now(), done));
            return;
        };
        let elapsed = at.elapsed();
        if elapsed < TELL_EVERY {
            return;
        }
        let rate = done.saturating_sub(before) as f64 / elapsed.as_secs_f64();
        self.told = Some((Instant::now(), done));
        self.context.out.note(&line(state, done, rate as u64));
    }
}

/// Whether a refusal stays one.
fn is_final(error: &ClientError) -> bool {
    let is_over = error.code() == Some(ErrorCode::NoReassignmentInProgress);
    error.code().is_some() && !error.is_retriable() && !is_over
}

/// Bytes that were copied between brokers by now.
fn moved_bytes(state: &State, view: &View) -> u64 {
    let active = state.active().map(|(key, part)| {
        let copied = part.adding().map(|broker| view.size_bytes(broker, key));
        copied.sum::<u64>()
    });
    state.moved_bytes.saturating_add(active.sum())
}

/// Bytes that are to be copied between brokers, all in all.
pub(super) fn planned_bytes(state: &State) -> u64 {
    state
        .parts
        .values()
        .map(|part| part.job.moved_bytes(part.heading))
        .sum()
}

fn line(state: &State, done: u64, rate: u64) -> String {
    let settled = state.count(|part| part.status == Status::Settled);
    let planned = planned_bytes(state);
    let left = planned.saturating_sub(done);
    let eta = match left.checked_div(rate) {
        Some(seconds) if rate > 0 => format!(", about {seconds} s left"),
        _ => String::new(),
    };
    format!(
        "{settled} of {}, {} of {}, {}/s{eta}; {} under way",
        counted(state.parts.len(), "partition"),
        bytes(done),
        bytes(planned),
        bytes(rate),
        state.active().count()
    )
}
