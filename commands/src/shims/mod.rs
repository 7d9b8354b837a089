//! Apache's scripts under their own names: their flags, their text on stdout, and exit codes that tell the truth.
//!
//! A link that is named as one of the scripts runs it. What differs from Apache Kafka 4.3.1 is listed in docs/SHIMS.md,
//! and what each flag is in kfleet's own commands in docs/PARITY.md.

mod acls;
mod arguments;
mod broker_api_versions;
mod cluster;
mod cluster_tool;
mod columns;
mod configs;
mod console_consumer;
mod console_producer;
mod consumer_groups;
mod consumer_perf;
mod date_format;
mod delete_records;
#[cfg(test)]
mod documented;
mod dump_log;
mod failed;
mod features;
mod get_offsets;
mod groups;
mod hash_order;
mod install;
mod io;
mod java_names;
mod json;
mod leader_election;
mod list;
mod log_dirs;
mod membership;
mod names;
mod options;
mod passed;
mod producer_perf;
mod properties;
mod quorum;
mod reassign;
mod sending;
mod signals;
mod storage;
mod table;
mod topics;
mod transactions;
mod utils;
mod verifiable_consumer;
mod verifiable_producer;

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use clap::Subcommand;

use crate::audit;
use crate::context::{self, Context};
use crate::error::CommandError;
use failed::Failed;
use io::Io;

pub(crate) use install::InstalledShim;
pub(crate) use list::ShimRow;

/// Longer than anybody waits.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// Apache's scripts under their own names.
#[derive(Debug, Subcommand)]
pub(crate) enum ShimsCommand {
    Install(install::InstallArgs),
    List(list::ListArgs),
}

pub(crate) fn run(command: ShimsCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        ShimsCommand::Install(args) => install::run(&args, context),
        ShimsCommand::List(args) => list::run(&args, context),
    }
}

/// `apache` has every shim exit as Apache's script does, also where that is 0 for a failure.
const EXIT_VARIABLE: &str = "KFLEET_SHIM_EXIT";

/// How names of scripts end that write and read records, which are no changes for the audit log.
const MOVE_RECORDS: [&str; 4] = ["-consumer", "-producer", "-consumer-perf-test", "-producer-perf-test"];

/// Runs the script whose name a program was called by; its exit code, or none if that is no script's name.
pub(crate) fn run_as(program: Option<&OsStr>, args: &[String]) -> Option<u8> {
    let name = Path::new(program?).file_name()?.to_str()?;
    let name = name.strip_suffix(".sh").unwrap_or(name);
    let mut io = Io::default();
    let done = match utils::equivalents(name) {
        Some(equivalents) => utils::tell(name, equivalents, &mut io),
        None => {
            let shim = table::SHIMS.iter().find(|shim| shim.name == name)?;
            if !(MOVE_RECORDS.iter().any(|ending| name.ends_with(ending))
                || args.iter().any(|word| word == "--dry-run"))
            {
                audit::watch_script();
            }
            (shim.run)(args, &mut io)
        }
    };
    let as_apache = std::env::var(EXIT_VARIABLE).is_ok_and(|value| value == "apache");
    let code = end(done, &mut io, as_apache);
    if let Err(error) = audit::end(code) {
        io.note(format!(
            "the end of this could not be written to the audit log: {error}"
        ));
    }
    Some(code)
}

/// Prints what is left to print; the exit code.
fn end(done: Result<(), Failed>, io: &mut Io, as_apache: bool) -> u8 {
    let failed = match done {
        Ok(()) => None,
        Err(failed) => {
            io.text(&failed.out);
            Some(failed)
        }
    };
    let closed = io.flush().err();
    // That stdout is closed or full matters only if nothing else is wrong.
    let Some(failed) = failed.or(closed) else { return 0 };
    if !failed.err.is_empty() {
        io.note(failed.err.trim_end_matches('\n'));
    }
    if as_apache { failed.apaches_code } else { failed.code }
}

/// Runs a script that talks to a cluster.
fn wait(future: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    context::block_on(future).unwrap_or_else(|error| Err(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_scripts_are_dispatched() {
        let args = ["--version".to_owned()];
        for program in ["kfleet", "/usr/bin/kfleet", "kafka-nope.sh", "kafka-topics.sh.bak"] {
            assert_eq!(run_as(Some(OsStr::new(program)), &args), None, "{program}");
        }
        assert_eq!(run_as(None, &args), None);
    }

    #[test]
    fn a_failure_that_apache_hides_is_shown_unless_it_is_to_be_hidden() {
        let hidden = || Err(Failed::silently().apache_exits_with_0());
        assert_eq!(end(hidden(), &mut Io::default(), false), 1);
        assert_eq!(end(hidden(), &mut Io::default(), true), 0);
        assert_eq!(end(Err(Failed::silently()), &mut Io::default(), true), 1);
        assert_eq!(end(Ok(()), &mut Io::default(), false), 0);
    }
}
