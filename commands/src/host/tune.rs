//! host tune

use std::path::{Path, PathBuf};

use clap::Args;

use super::audit::{RuleArgs, named_config, open};
use super::facts;
use super::findings::{OWN_FILE, of_host};
use super::rules::Baseline;
use super::tuning::{
    Below, HostTune, Journal, Machine as _, Plan, RowResult, apply, as_root, overriding, plan, script,
};
use crate::context::{AskArgs, Context};
use crate::error::CommandError;
use crate::exit_codes;

/// Set the kernel's parameters as the audit would have them, for now and for the next boot, and remember what they were.
/// What needs a mount, a flag at boot or a restart is told and not done.
#[derive(Debug, Args)]
#[command(
    after_help = "The old values are kept in /var/lib/kfleet/host, or below $XDG_STATE_HOME if that is set; those of a tree below \
    ~/.local/state. What needs a mount, a flag at boot or a restart is told and not done.\n\n\
    Exit codes: 0 done, 1 declined, or a value will not last or was not taken as it is, 74 nothing could be set, \
    75 stopped midway, 77 refused, or not root.\n\n\
    Examples:\n  kfleet host tune --dry-run\n  sudo kfleet host tune --baseline latency --skip vm.swappiness\n  \
    kfleet host tune --output-script > tune.sh\n  sudo kfleet host undo"
)]
pub(crate) struct TuneArgs {
    /// Whose advice counts where authorities differ
    #[arg(long, value_enum, default_value = "throughput")]
    baseline: Baseline,
    /// A directory with a tree of /proc and /etc, to be set instead of this machine
    #[arg(long, value_name = "DIR", default_value = "/", hide_default_value = true)]
    root: PathBuf,
    /// The server.properties to judge by; found from the running broker if not given
    #[arg(long, value_name = "FILE")]
    broker_config: Option<PathBuf>,
    #[command(flatten)]
    rules: RuleArgs,
    /// Print a shell script that does it, and do nothing
    #[arg(long)]
    output_script: bool,
    #[command(flatten)]
    ask: AskArgs,
}

pub(crate) fn run(args: &TuneArgs, context: &Context) -> Result<(), CommandError> {
    args.rules.check()?;
    let root = directory(&args.root)?;
    let journal = Journal::of(&root)?;
    let shown_journal = journal.path().display().to_string();
    let mut below = Below::new(root.clone(), journal);
    let plan = make_plan(args, &root, &below)?;
    if args.output_script {
        return context.out.print(&script(&plan));
    }
    let file = own_file(&root);
    let mut tune = HostTune::planned(
        &args.root.display().to_string(),
        args.baseline,
        &plan,
        file.clone(),
        shown_journal,
    );
    if plan.steps.is_empty() {
        context.out.note("nothing has to be set");
        return finish(&tune, context);
    }
    if !args.ask.dry_run {
        insist_on_root(&root)?;
        for step in &plan.steps {
            let line = format!("  {}: {} -> {}", step.key, step.before, step.wanted);
            context.out.note(&line);
        }
    }
    let action = format!("set {} kernel parameters and write them to {file}", plan.steps.len());
    if !context.may_go_ahead(&args.ask, &action)? {
        return finish(&tune, context);
    }
    let lock = below.lock()?;
    tune.done(apply(&plan, &mut below)?);
    drop(lock);
    finish(&tune, context)
}

fn make_plan(args: &TuneArgs, root: &Path, below: &Below) -> Result<Plan, CommandError> {
    let read = open(root)?;
    let named = args.broker_config.as_deref().map(named_config).transpose()?;
    let (facts, brokers) = facts::read(&read, &[], named.as_ref());
    let file = below
        .file()
        .map_err(|error| CommandError::io(&format!("reading {}", own_file(root)), &error))?;
    let findings = of_host("/", &facts, &brokers, args.baseline, |rule| args.rules.mean(rule));
    Ok(plan(&findings, &facts, args.baseline, file, &overriding(&read, &facts)))
}

/// The directory of a tree, without links; / is this machine.
pub(super) fn directory(path: &Path) -> Result<PathBuf, CommandError> {
    if !path.exists() {
        return Err(CommandError::not_found(format!("{} does not exist", path.display())));
    }
    if !path.is_dir() {
        let error = CommandError::data(format!("{} is no directory", path.display()));
        return Err(error.hint("an archive can be audited, and not set"));
    }
    let action = format!("finding {}", path.display());
    path.canonicalize().map_err(|error| CommandError::io(&action, &error))
}

/// Our file, as people find it.
pub(super) fn own_file(root: &Path) -> String {
    root.join("etc/sysctl.d").join(OWN_FILE).display().to_string()
}

/// Refuses to set this machine without the rights to.
pub(super) fn insist_on_root(root: &Path) -> Result<(), CommandError> {
    if root == Path::new("/") && !rustix::process::geteuid().is_root() {
        return Err(as_root());
    }
    Ok(())
}

fn finish(tune: &HostTune, context: &Context) -> Result<(), CommandError> {
    let mut warnings = Vec::new();
    if !tune.unknown.is_empty() {
        let unknown = tune.unknown.join(", ");
        warnings.push(format!("could not be judged, and was left as it is: {unknown}"));
    }
    warnings.extend(tune.stopped.clone());
    context.out.show(None, tune, &warnings)?;
    if tune.changed {
        let root = if tune.root == "/" {
            String::new()
        } else {
            format!(" --root {}", tune.root)
        };
        context.out.note(&format!(
            "the old values are in {}; kfleet host undo{root} puts them back",
            tune.journal
        ));
    }
    let is_unfinished = tune.stopped.is_some() || tune.has(RowResult::Refused);
    match (is_unfinished, tune.changed) {
        (true, true) => Err(CommandError::exit(exit_codes::INTERRUPTED)),
        (true, false) => Err(CommandError::exit(exit_codes::IO)),
        (false, _) if tune.has(RowResult::Clamped) || !tune.overridden.is_empty() => {
            Err(CommandError::exit(exit_codes::NO))
        }
        _ => Ok(()),
    }
}
