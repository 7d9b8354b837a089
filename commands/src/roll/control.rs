//! roll status, resume, abort

use clap::Args;

use super::journal::{self, ABORT, Journal, Line, State};
use super::report::RollReport;
use super::run::carry_on;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::offsets::time::now_ms;

/// Tell how far the last rolling restart has come, as its journal on this machine has it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet roll status -b localhost:9092")]
pub(crate) struct StatusArgs {}

/// Go on with a rolling restart that stopped, or was killed; nothing is restarted twice.
///
/// What was under way is looked at first: a node that is another process has restarted, one that has ended is started, one
/// that is the same process takes part in its step again. It goes on as `roll run` was told to.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet roll resume --yes -b localhost:9092")]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    safety: SafetyArgs,
}

/// Do no further step of a rolling restart, once and for all; nodes that were stopped are started.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet roll abort --yes -b localhost:9092")]
pub(crate) struct AbortArgs {
    #[command(flatten)]
    safety: SafetyArgs,
}

fn known(journal: &Journal) -> Result<State, CommandError> {
    State::read(journal)?.ok_or_else(|| {
        CommandError::not_found("no rolling restart of this cluster was begun from here")
            .hint("journals are below XDG_STATE_HOME, or ~/.local/state, of whoever began it")
    })
}

pub(crate) fn status(_: &StatusArgs, context: &Context) -> Result<(), CommandError> {
    let id = block_on(async { Ok::<_, CommandError>(context.connect().await?.cluster_id().to_owned()) })??;
    let journal = journal::of(&id)?;
    let state = known(&journal)?;
    let is_at_work = journal.lock()?.is_none();
    context.out.show(Some(&id), &RollReport::of(&state, is_at_work), &[])
}

pub(crate) fn resume(args: &ResumeArgs, context: &Context) -> Result<(), CommandError> {
    block_on(async {
        let client = context.connect_for_long().await?;
        let id = client.cluster_id();
        context.expect_cluster(&args.safety, id)?;
        let journal = journal::of(id)?;
        let state = known(&journal)?;
        if state.ended_ms.is_some() {
            return context.out.show(Some(id), &RollReport::of(&state, false), &[]);
        }
        if !context.may_change(&args.safety, id, "go on with the rolling restart")? {
            return context.out.show(Some(id), &RollReport::of(&state, false), &[]);
        }
        let Some(_lock) = journal.lock()? else {
            return Err(CommandError::refused(
                "another kfleet restarts nodes; nothing was changed",
            ));
        };
        journal.take_request()?;
        carry_on(context, &client, &journal, false).await
    })?
}

pub(crate) fn abort(args: &AbortArgs, context: &Context) -> Result<(), CommandError> {
    block_on(async {
        let client = context.connect_for_long().await?;
        let id = client.cluster_id();
        context.expect_cluster(&args.safety, id)?;
        let journal = journal::of(id)?;
        let state = known(&journal)?;
        let is_over = state.ended_ms.is_some();
        if is_over || !context.may_change(&args.safety, id, "do no further step of the rolling restart")? {
            return context.out.show(Some(id), &RollReport::of(&state, false), &[]);
        }
        let Some(_lock) = journal.lock()? else {
            journal.ask(ABORT)?;
            journal.until_taken().await?;
            let mut report = RollReport::of(&known(&journal)?, true);
            report.changed = true;
            return context.out.show(Some(id), &report, &[]);
        };
        journal.append(&[Line::AbortAsked { at_ms: now_ms() }])?;
        carry_on(context, &client, &journal, true).await
    })?
}
