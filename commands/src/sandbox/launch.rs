//! What becomes a node of another engine: this process follows its parent, then turns into the given program.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use clap::Args;

use super::die_with;
use crate::error::CommandError;

/// Become a program that ends with its parent.
#[derive(Debug, Args)]
pub(crate) struct LaunchArgs {
    /// The parent
    #[arg(long, value_name = "PID")]
    die_with: i32,
    /// What to become
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

pub(crate) fn run(args: &LaunchArgs) -> Result<(), CommandError> {
    die_with(args.die_with)?;
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(CommandError::usage("there is nothing to launch"));
    };
    // Only a failure comes back from it; the signal that was asked for above outlives it.
    let error = Command::new(program).args(arguments).exec();
    Err(CommandError::io(&format!("running {program}"), &error))
}
