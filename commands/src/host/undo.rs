//! host undo

use std::path::PathBuf;

use clap::Args;

use super::tune::{directory, insist_on_root, own_file};
use super::tuning::{Below, HostUndo, Journal, Machine as _, Restore, restore};
use crate::context::{AskArgs, Context};
use crate::error::CommandError;
use crate::exit_codes;

/// Put the kernel's parameters and the file in sysctl.d back to what they were before `kfleet host tune`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 declined, 75 something is not as it was, 77 refused, or not root.\n\n\
    Examples:\n  kfleet host undo --dry-run\n  sudo kfleet host undo"
)]
pub(crate) struct UndoArgs {
    /// The directory that was given to tune
    #[arg(long, value_name = "DIR", default_value = "/", hide_default_value = true)]
    root: PathBuf,
    #[command(flatten)]
    ask: AskArgs,
}

pub(crate) fn run(args: &UndoArgs, context: &Context) -> Result<(), CommandError> {
    let root = directory(&args.root)?;
    if !args.ask.dry_run {
        insist_on_root(&root)?;
    }
    let journal = Journal::of(&root)?;
    let shown_journal = journal.path().display().to_string();
    let mut below = Below::new(root.clone(), journal);
    let before = read(&below, &shown_journal)?;
    let found = |key: &str| below.read(key).unwrap_or_default();
    let rows = before
        .values
        .iter()
        .map(|pair| (pair.key.clone(), found(&pair.key), pair.value.clone()));
    let rows: Vec<_> = rows.collect();
    let mut undo = HostUndo::planned(
        &args.root.display().to_string(),
        &rows,
        own_file(&root),
        shown_journal.clone(),
    );
    if before == Restore::default() {
        context
            .out
            .note(&format!("nothing to undo: {shown_journal} has nothing in it"));
        return context.out.show(None, &undo, &[]);
    }
    before.check(&below)?;
    if !args.ask.dry_run {
        for (key, now, wanted) in &rows {
            context.out.note(&format!("  {key}: {now} -> {wanted}"));
        }
    }
    let action = format!("put back {} kernel parameters and {}", rows.len(), own_file(&root));
    if !context.may_go_ahead(&args.ask, &action)? {
        return context.out.show(None, &undo, &[]);
    }
    let lock = below.lock()?;
    // Another run may have come first while this one was asking.
    let before = read(&below, &shown_journal)?;
    before.check(&below)?;
    undo.done(restore(&before, &mut below));
    drop(lock);
    let warnings: Vec<String> = undo.stopped.iter().cloned().collect();
    context.out.show(None, &undo, &warnings)?;
    if undo.stopped.is_some() {
        context.out.note(&format!("{shown_journal} is kept; run this again"));
        return Err(CommandError::exit(exit_codes::INTERRUPTED));
    }
    Ok(())
}

fn read(below: &Below, shown_journal: &str) -> Result<Restore, CommandError> {
    let entries = below.journal().map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => CommandError::data(format!("{shown_journal}: {error}")),
        _ => CommandError::io(&format!("reading {shown_journal}"), &error),
    })?;
    Ok(Restore::of(&entries))
}
