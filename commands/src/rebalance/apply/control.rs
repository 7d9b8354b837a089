//! rebalance status, pause, resume, cancel, rollback, verify

use clap::Args;
use client::Client;

use super::drive::{OF_PLANS, drive};
use super::journal::{self, Journal, Request};
use super::limits;
use super::observe::observe;
use super::report::ApplyReport;
use super::run::{Throttle, finish, insist_on_an_end, throttle};
use super::state::{Mode, State, Status};
use super::work::Job;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::exit_codes;

/// Tell how far the last plan has been carried out, as its journal on this machine has it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet rebalance status -b localhost:9092")]
pub(crate) struct StatusArgs {}

/// See whether partitions and throttles are as they are to be after the last plan.
///
/// Exits with 0 if they are, with 75 while it is under way, and with 1 if something is otherwise.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet rebalance verify -b localhost:9092")]
pub(crate) struct VerifyArgs {}

/// Begin nothing more; what is under way goes on.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet rebalance pause --yes -b localhost:9092")]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Go on where it stopped, also with another throttle.
///
/// Whoever carries the plan out takes the new throttle at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet rebalance resume --yes -b localhost:9092\n  kfleet rebalance resume --throttle 120MB/s --yes"
)]
pub(crate) struct ResumeArgs {
    /// The most that a broker sends, and receives, in a second from now on, or none
    #[arg(long, value_name = "RATE", value_parser = throttle)]
    throttle: Option<Throttle>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Undo what is under way, and begin nothing more; what has arrived stays.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet rebalance cancel --yes -b localhost:9092")]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Move everything back to where it was.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet rebalance rollback --yes -b localhost:9092")]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    safety: SafetyArgs,
}

fn known(journal: &Journal) -> Result<State, CommandError> {
    journal.state()?.ok_or_else(|| {
        CommandError::not_found("no plan has been carried out on this cluster from here")
            .hint("journals are below XDG_STATE_HOME, or ~/.local/state, of whoever applied it")
    })
}

pub(crate) fn status(_: &StatusArgs, context: &Context) -> Result<(), CommandError> {
    let id = block_on(async { Ok::<_, CommandError>(context.connect().await?.cluster_id().to_owned()) })??;
    let journal = journal::of(&id)?;
    let state = known(&journal)?;
    let is_at_work = journal.lock()?.is_none();
    context.out.show(Some(&id), &ApplyReport::of(&state, is_at_work), &[])
}

pub(crate) fn verify(_: &VerifyArgs, context: &Context) -> Result<(), CommandError> {
    let (id, state, wrong) = block_on(async {
        let client = context.connect().await?;
        let id = client.cluster_id().to_owned();
        let state = known(&journal::of(&id)?)?;
        let wrong = wrong(&client, &state).await?;
        Ok::<_, CommandError>((id, state, wrong))
    })??;
    let is_at_work = journal::of(&id)?.lock()?.is_none();
    context
        .out
        .show(Some(&id), &ApplyReport::of(&state, is_at_work), &wrong)?;
    match (state.ended_ms, wrong.is_empty()) {
        (None, _) => Err(CommandError::exit(exit_codes::INTERRUPTED)),
        (Some(_), false) => Err(CommandError::exit(exit_codes::NO)),
        (Some(_), true) => Ok(()),
    }
}

/// What is otherwise than the journal has it.
async fn wrong(client: &Client, state: &State) -> Result<Vec<String>, CommandError> {
    let view = observe(client, state).await?;
    let mut wrong = Vec::new();
    for (key, part) in &state.parts {
        let name = part.job.name();
        let Some(seen) = view.partitions.get(key) else {
            wrong.push(format!("{name} is gone"));
            continue;
        };
        let goal = part.goal();
        if part.status == Status::Settled && seen.replicas != goal {
            let (is, goal) = (super::shown(&seen.replicas), super::shown(goal));
            wrong.push(format!("{name} is on {is}, not on {goal}"));
        }
        if part.status == Status::Settled && !goal.iter().all(|id| seen.isr.contains(id)) {
            wrong.push(format!(
                "{name} has in-sync replicas {} of {}",
                super::shown(&seen.isr),
                super::shown(goal)
            ));
        }
        if part.status != Status::Active && view.reassignments.contains_key(key) {
            wrong.push(format!("{name} is being moved"));
        }
    }
    if state.ended_ms.is_some() {
        let wanted = limits::wanted(state, &view);
        let differs = wanted
            .iter()
            .filter(|(key, value)| view.settings.get(*key).is_some_and(|now| now != *value));
        wrong.extend(differs.map(|(key, _)| format!("{} of {} is not what it was", key.key, key.name)));
    }
    Ok(wrong)
}

pub(crate) fn pause(args: &PauseArgs, context: &Context) -> Result<(), CommandError> {
    control(&args.safety, &[Request::Pause], context)
}

pub(crate) fn resume(args: &ResumeArgs, context: &Context) -> Result<(), CommandError> {
    let throttle = args.throttle.map(|throttle| Request::Throttle(throttle.bytes_per_s()));
    let requests: Vec<Request> = throttle.into_iter().chain([Request::Resume]).collect();
    control(&args.safety, &requests, context)
}

pub(crate) fn cancel(args: &CancelArgs, context: &Context) -> Result<(), CommandError> {
    control(&args.safety, &[Request::Cancel], context)
}

pub(crate) fn rollback(args: &RollbackArgs, context: &Context) -> Result<(), CommandError> {
    control(&args.safety, &[Request::Rollback], context)
}

fn control(safety: &SafetyArgs, requests: &[Request], context: &Context) -> Result<(), CommandError> {
    let (id, report) = block_on(async {
        let client = context.connect_for_long().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(safety, &id)?;
        let journal = journal::of(&id)?;
        let state = known(&journal)?;
        let report = carry_out(context, &client, &journal, state, safety, requests).await?;
        Ok::<_, CommandError>((id, report))
    })??;
    finish(context, &id, &report)
}

/// Whether there is something left to do about a request.
fn is_needed(state: &State, request: Request) -> bool {
    match request {
        Request::Pause => state.ended_ms.is_none() && !state.is_paused,
        Request::Resume => state.ended_ms.is_none(),
        Request::Throttle(throttle) => state.ended_ms.is_none() && state.options.throttle_bytes_per_s != throttle,
        Request::Cancel => state.ended_ms.is_none(),
        Request::Rollback => state.mode != Mode::Rollback || state.ended_ms.is_none(),
    }
}

async fn carry_out(
    context: &Context,
    client: &Client,
    journal: &Journal,
    mut state: State,
    safety: &SafetyArgs,
    requests: &[Request],
) -> Result<ApplyReport, CommandError> {
    if requests.contains(&Request::Cancel) && state.mode == Mode::Rollback && state.ended_ms.is_none() {
        return Err(
            CommandError::refused("a rollback is not cancelled: it ends where everything was")
                .hint("`kfleet rebalance resume` goes on with it"),
        );
    }
    let needed: Vec<Request> = requests
        .iter()
        .copied()
        .filter(|request| is_needed(&state, *request))
        .collect();
    if needed.is_empty() {
        return Ok(ApplyReport::of(&state, false));
    }
    let jobs: Vec<Job> = state.unfinished().map(|(_, part)| part.job.clone()).collect();
    for request in &needed {
        if let Request::Throttle(throttle) = request {
            insist_on_an_end(&jobs, *throttle)?;
        }
    }
    let words: Vec<String> = needed.iter().map(|request| request.text()).collect();
    let action = format!("{} the plan that was begun", words.join(", "));
    if !context.may_change(safety, &state.cluster_id, &action)? {
        return Ok(ApplyReport::of(&state, false));
    }
    let Some(_lock) = journal.lock()? else {
        for request in needed {
            journal.ask(&request.text())?;
            journal.until_taken().await?;
        }
        let mut report = ApplyReport::of(&known(journal)?, true);
        report.changed = true;
        return Ok(report);
    };
    journal.take_request()?;
    state = known(journal)?;
    for request in needed {
        let entry = request.entry(&state);
        journal.append(std::slice::from_ref(&entry))?;
        state.apply(&entry).map_err(CommandError::bug)?;
    }
    if !requests.contains(&Request::Pause) {
        drive(context, client, journal, &mut state, OF_PLANS).await?;
    }
    let mut report = ApplyReport::of(&state, false);
    report.changed = true;
    Ok(report)
}
