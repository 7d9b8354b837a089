//! Scripts that a command of kfleet's own does to the letter.

use std::ffi::OsString;

use super::failed::Failed;
use super::io::Io;
use crate::context::Context;

/// Runs a command of kfleet's own; whatever is wrong exits with 1.
pub(super) fn run(words: Vec<String>, io: &mut Io) -> Result<(), Failed> {
    io.flush()?;
    let words = std::iter::once("kfleet".to_owned()).chain(words).map(OsString::from);
    let (cli, _) = match crate::parse(words.collect(), None) {
        Ok(parsed) => parsed,
        Err(error) if !error.use_stderr() => {
            let mut help = Failed::on_stdout(error.render());
            (help.code, help.apaches_code) = (0, 0);
            return Err(help);
        }
        Err(error) => return Err(Failed::on_stderr(error.render())),
    };
    let context = Context::new(cli.global);
    Ok(crate::run(cli.command, &context)?)
}
