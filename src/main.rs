//! The kfleet binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(commands::main(option_env!("KFLEET_COMMIT")))
}
