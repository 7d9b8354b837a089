//! roll run

use std::time::Duration;

use clap::Args;
use client::Client;
use planner::counted::counted;
use roller::fleet::Fleet;
use roller::plan::Plan;
use roller::run::{Probe, Record, View};

use super::asked::RequestArgs;
use super::drive::{End, drive};
use super::executor::{Executor, MeansArgs};
use super::journal::{self, How, Journal, Line, SCHEMA, State};
use super::plan::{RollPlan, make};
use super::report::RollReport;
use super::view;
use crate::context::{Context, SafetyArgs, block_on, parse_duration};
use crate::error::CommandError;
use crate::exit_codes;
use crate::failure::Failure;
use crate::offsets::time::now_ms;

/// Restart nodes in steps of a plan that is proved again before each of them.
///
/// The plan is that of `roll plan`. Before a step the cluster is looked at anew: no partition may get below
/// min.insync.replicas (and --spare), nothing may be under-replicated or on the move, and the quorum keeps its majority. What
/// a node's process is is written down before it is stopped, and it counts as restarted once it is another one. Then
/// the next step waits until all that it had is in sync again, its preferred leaders lead, and several looks in a row
/// found all well. On any doubt nothing more is stopped, and the cluster is left as it is.
///
/// Each executor that is not the sandbox's finds nodes by an --inventory. With meta_properties in it, that file must have the
/// node's id and the cluster's before anything is stopped.
///
/// Exit code 75 if it stopped midway: `roll resume` goes on, and restarts nothing twice, also after kill -9. `roll status`
/// tells how far it is, `roll abort` lets it do no further step. A first Ctrl-C does that, too.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet roll run --executor sandbox --sandbox /tmp/three --dry-run\n  kfleet roll run --executor sandbox --sandbox /tmp/three --nodes brokers --spare 1 --yes\n  kfleet roll run --executor ssh --inventory nodes.toml --max-batch 5 --yes\n  kfleet roll run --executor command --inventory nodes.toml --stop-command 'ssh {host} sudo systemctl stop {unit}' --start-command 'ssh {host} sudo systemctl start {unit}' --probe-command 'ssh {host} systemctl show -P InvocationID {unit}' --yes"
)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    asked: RequestArgs,
    #[command(flatten)]
    means: MeansArgs,
    #[command(flatten)]
    waits: WaitArgs,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// How long is waited for what.
#[derive(Debug, Clone, Args)]
#[group(skip)]
struct WaitArgs {
    /// How long a step may have to wait until it is safe
    #[arg(long, default_value = "10m", value_parser = parse_duration, value_name = "DURATION")]
    gate_timeout: Duration,
    /// How long nodes may take until they are back in sync
    #[arg(long, default_value = "30m", value_parser = parse_duration, value_name = "DURATION")]
    recovery_timeout: Duration,
    /// Time between two looks at the cluster
    #[arg(long, default_value = "5s", value_parser = parse_duration, value_name = "DURATION")]
    poll: Duration,
    /// Looks in a row that have to find all well before the next step
    #[arg(long, default_value_t = 3, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    stable_checks: u32,
    /// Time between being back in sync and electing preferred leaders
    #[arg(long, default_value = "10s", value_parser = parse_duration, value_name = "DURATION")]
    election_delay: Duration,
    /// Leave leaders where they are after each step
    #[arg(long)]
    no_election: bool,
}

/// A poll may not be no time at all.
const POLL_MIN: Duration = Duration::from_millis(10);

impl RunArgs {
    fn how(&self, plan: &Plan) -> Result<How, CommandError> {
        let accepted = if self.asked.accepts_unavoidable() {
            plan.unavoidable.clone()
        } else {
            Vec::new()
        };
        Ok(How {
            spare: self.asked.spare(),
            accepted,
            accept_quorum: self.asked.accepts_quorum_loss(),
            elect_preferred: !self.waits.no_election,
            poll: self.waits.poll.max(POLL_MIN),
            gate: self.waits.gate_timeout,
            recovery: self.waits.recovery_timeout,
            before_election: self.waits.election_delay,
            stable_looks: self.waits.stable_checks,
            means: self.means.means()?,
        })
    }
}

pub(crate) fn run(args: &RunArgs, context: &Context) -> Result<(), CommandError> {
    block_on(async {
        let client = context.connect_for_long().await?;
        let id = client.cluster_id();
        context.expect_cluster(&args.safety, id)?;
        let journal = journal::of(id)?;
        insist_on_no_other(&journal)?;
        let view = view::look(&client).await?;
        let fleet = Fleet {
            cluster: &view.cluster,
            quorum: &view.quorum,
        };
        let request = args.asked.request(fleet)?;
        let made = make(fleet, &request)?;
        let how = args.how(&made)?;
        insist_on_whole(&made)?;
        let steps: Vec<Vec<i32>> = made.steps.iter().map(|step| step.nodes.clone()).collect();
        insist_on_calm(&view)?;
        check(&Executor::new(how.means.clone(), id), &steps).await?;
        if !args.safety.ask.dry_run {
            let shown = RollPlan::of(fleet, &request, made);
            context.out.note(super::screen::text(&shown).trim_end());
        }
        let nodes: usize = steps.iter().map(Vec::len).sum();
        let action = format!(
            "restart {} of cluster {id} in {}",
            counted(nodes, "node"),
            counted(steps.len(), "step")
        );
        if !context.may_change(&args.safety, id, &action)? {
            return context.out.show(Some(id), &RollReport::planned(&steps), &[]);
        }
        let Some(_lock) = journal.lock()? else {
            return Err(CommandError::refused(
                "another kfleet restarts nodes; nothing was changed",
            ));
        };
        // Somebody may have been faster while this one was asked.
        insist_on_no_other(&journal)?;
        let begun = [
            Line::Asked {
                schema: SCHEMA.to_owned(),
                cluster_id: id.to_owned(),
                at_ms: now_ms(),
                how: Box::new(how),
            },
            Line::did(Record::Begun { steps }),
        ];
        journal.begin(&begun)?;
        carry_on(context, &client, &journal, false).await
    })?
}

/// Goes on from the journal, and tells what became of it. An abort is a failure unless it is what was asked for.
pub(super) async fn carry_on(
    context: &Context,
    client: &Client,
    journal: &Journal,
    is_abort: bool,
) -> Result<(), CommandError> {
    let state = State::read(journal)?.ok_or_else(|| CommandError::bug("a journal that was begun is empty"))?;
    let touched_before = state.records.len();
    let (end, state) = drive(context, client, journal, state).await?;
    let mut report = RollReport::of(&state, false);
    report.changed = state.records.len() > touched_before && state.has_touched();
    let end = if is_abort && end == End::Aborted {
        End::Done
    } else {
        end
    };
    let failures: Vec<Failure> = failure(end, &state).into_iter().collect();
    context
        .out
        .show_part(Some(client.cluster_id()), &report, &[], &failures)
}

fn failure(end: End, state: &State) -> Option<Failure> {
    let resume = "`kfleet roll resume` goes on, `kfleet roll abort` ends it; see `kfleet roll status`";
    let error = match end {
        End::Done => return None,
        End::Aborted => CommandError {
            message: "aborted, as somebody asked; not every node was restarted".to_owned(),
            ..CommandError::exit(exit_codes::NO)
        },
        End::Stopped(why) if state.has_touched() => {
            CommandError::interrupted(format!("stopped, and the cluster left as it is: {}", why.join("; ")))
                .hint(resume)
        }
        End::Stopped(why) => CommandError::refused(format!("{}; nothing was changed", why.join("; "))),
        End::Signalled(_) if state.has_touched() => CommandError::interrupted("stopped by a signal").hint(resume),
        End::Signalled(code) => CommandError {
            message: "stopped by a signal; nothing was changed".to_owned(),
            ..CommandError::exit(code)
        },
    };
    Some(Failure::new("roll", error))
}

/// Refuses while another roll runs, or was not ended.
fn insist_on_no_other(journal: &Journal) -> Result<(), CommandError> {
    let Some(state) = State::read(journal)? else {
        return Ok(());
    };
    if state.ended_ms.is_some() || !state.has_touched() {
        return Ok(());
    }
    Err(
        CommandError::refused("a rolling restart of this cluster was begun and is not over; nothing was changed").hint(
            "`kfleet roll status` tells of it, `kfleet roll resume` goes on with it, `kfleet roll abort` ends it",
        ),
    )
}

fn insist_on_whole(plan: &Plan) -> Result<(), CommandError> {
    if plan.steps.is_empty() && plan.is_complete() {
        return Err(CommandError::usage("no node is to be restarted"));
    }
    let Some(first) = plan.blocked.first() else {
        return Ok(());
    };
    let why = first.breaches.first().map(ToString::to_string).unwrap_or_default();
    let count = counted(plan.blocked.len(), "node");
    Err(CommandError::refused(format!(
        "{count} may not stop now: node {}: {why}; nothing was changed",
        first.node
    ))
    .hint("`kfleet roll plan` shows all of it; --nodes restarts others, --accept-unavoidable and --accept-quorum-loss accept what cannot be avoided"))
}

/// Refuses what the first step would wait for in vain.
fn insist_on_calm(view: &View) -> Result<(), CommandError> {
    let against = view.against(&[], &roller::rule::Rule::default(), false);
    match against.first() {
        None => Ok(()),
        Some(first) => Err(CommandError::refused(format!("{first}; nothing was changed"))
            .hint("`kfleet reassign list` shows what moves, `kfleet check under-replicated` what is not in sync")),
    }
}

/// Refuses nodes that the executor does not know, or finds to be others.
async fn check(executor: &Executor, steps: &[Vec<i32>]) -> Result<(), CommandError> {
    for node in steps.iter().flatten() {
        let refused = |why: &str| CommandError::refused(format!("node {node}: {why}; nothing was changed"));
        executor.check(*node).await.map_err(|why| refused(&why))?;
        match executor.probe(*node).await {
            Ok(Probe::NotRunning) => return Err(refused("it is not running")),
            Ok(_) => {}
            Err(why) => return Err(refused(&why)),
        }
    }
    Ok(())
}
