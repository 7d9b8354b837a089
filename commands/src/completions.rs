//! completions

use clap::Args;
use clap_complete::Shell;

use crate::context::Context;
use crate::error::CommandError;

/// Print a completion script.
///
/// In bash, zsh and fish, names of topics, groups, brokers and settings are those of the cluster on the line: by -b,
/// --profile, --command-config, or what the environment has. It is asked for no longer than 400 ms, and what it told is kept
/// for 5 s below $XDG_CACHE_HOME/kfleet or ~/.cache/kfleet.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kfleet completions bash >/etc/bash_completion.d/kfleet
  kfleet completions zsh >/usr/local/share/zsh/site-functions/_kfleet
  kfleet completions fish >~/.config/fish/completions/kfleet.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs, context: &Context) -> Result<(), CommandError> {
    context.out.write(&script(args.shell))
}

/// A completion script. Those of the shells that most people have ask kfleet itself, so that one script serves all its
/// versions; the others have all commands in them, and no names of a cluster.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    match shell {
        Shell::Bash => include_bytes!("../../completions/kfleet.bash").to_vec(),
        Shell::Zsh => include_bytes!("../../completions/_kfleet").to_vec(),
        Shell::Fish => include_bytes!("../../completions/kfleet.fish").to_vec(),
        _ => {
            let mut out = Vec::new();
            clap_complete::generate(shell, &mut shown(&crate::definition()), "kfleet", &mut out);
            out
        }
    }
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
    use std::process::Command;

    use super::*;

    #[test]
    fn every_shell_has_a_script_without_hidden_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let script = String::from_utf8(script(shell)).unwrap();
            assert!(script.contains("kfleet") && !script.contains("launch"), "{shell}");
        }
    }

    #[test]
    fn bash_can_read_its_script() {
        let read = Command::new("bash").args(["-n", "../completions/kfleet.bash"]).output();
        let read = read.unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    }
}
