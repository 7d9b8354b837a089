//! The host a broker runs on: what it must be set to, proved from the host itself.

mod audit;
mod capture;
mod explain;
mod facts;
mod findings;
mod list;
mod report;
mod rules;
mod sources;
mod tune;
mod tuning;
mod undo;

use clap::Subcommand;

pub(crate) use findings::{Finding, HostAudit};
pub(crate) use list::{RuleRow, manual};
pub(crate) use rules::Baseline;
pub(crate) use tuning::{HostTune, HostUndo};

use crate::context::Context;
use crate::error::CommandError;

/// Commands on hosts.
#[derive(Debug, Subcommand)]
pub(crate) enum HostCommand {
    Audit(audit::AuditArgs),
    Capture(capture::CaptureArgs),
    Explain(explain::ExplainArgs),
    Rules(list::RulesArgs),
    Tune(tune::TuneArgs),
    Undo(undo::UndoArgs),
}

pub(crate) fn run(command: HostCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        // An audit exits with 0 to 3 and nothing else.
        HostCommand::Audit(args) => audit::run(&args, context).map_err(CommandError::graded),
        HostCommand::Capture(args) => capture::run(&args, context),
        HostCommand::Explain(args) => explain::run(&args, context),
        HostCommand::Rules(args) => list::run(&args, context),
        HostCommand::Tune(args) => tune::run(&args, context),
        HostCommand::Undo(args) => undo::run(&args, context),
    }
}

/// How many findings of an audit of this machine are critical, unknown, and warnings.
pub(crate) fn count_findings() -> [usize; 3] {
    let (facts, brokers) = facts::read(&facts::Root::live(), &[], None);
    let found = findings::of_host("/", &facts, &brokers, Baseline::Throughput, |_| true);
    let count = |status| found.iter().filter(|finding| finding.status == status).count();
    [rules::Status::Critical, rules::Status::Unknown, rules::Status::Warning].map(count)
}
