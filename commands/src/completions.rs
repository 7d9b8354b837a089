//! completions

use clap::Args;
use clap_complete::Shell;

use crate::context::Context;
use crate::error::CommandError;

/// Print a completion script.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet completions bash > /etc/bash_completion.d/kfleet")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, context: &Context) -> Result<(), CommandError> {
    context.out.write(&script(args.shell))
}

/// A completion script.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut shown(&crate::definition()), "kfleet", &mut out);
    out
}

/// A command without those below it that are not for people; the generator would offer them.
fn shown(command: &clap::Command) -> clap::Command {
    let inner = command
        .get_subcommands()
        .filter(|inner| !inner.is_hide_set())
        .map(shown);
    let inner: Vec<clap::Command> = inner.collect();
    let mut bare = clap::Command::new(command.get_name().to_owned())
        .args(command.get_arguments())
        .groups(command.get_groups());
    if let Some(about) = command.get_about() {
        bare = bare.about(about.clone());
    }
    if let Some(version) = command.get_version() {
        bare = bare.version(version.to_owned());
    }
    bare.subcommands(inner).disable_help_subcommand(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_scripts_are_current() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../completions");
        for (shell, name) in [
            (Shell::Bash, "kfleet.bash"),
            (Shell::Zsh, "_kfleet"),
            (Shell::Fish, "kfleet.fish"),
        ] {
            let committed = std::fs::read(dir.join(name)).unwrap_or_default();
            assert!(
                committed == script(shell),
                "completions/{name} is stale: run kfleet completions"
            );
        }
    }
}
