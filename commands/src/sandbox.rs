//! sandbox

mod cluster;
mod engine;
pub(crate) mod launch;

use std::path::PathBuf;
use std::process::Command;

use clap::{Args, ValueEnum};

pub(crate) use cluster::{Sandbox, SandboxSpec};
pub(crate) use engine::die_with;

use crate::context::Context;
use crate::error::CommandError;

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// The broker in this binary.
    Kfleet,
    /// Apache Kafka's jars.
    Apache,
}

/// A throw-away cluster in one command.
///
/// It is formatted, started, and, unless a command is given, served until SIGINT or SIGTERM. With a command, that
/// finds the address in KFLEET_BOOTSTRAP_SERVER and BOOTSTRAP_SERVERS, and everything is removed when it ends.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet sandbox\n  kfleet sandbox -- sh -c 'kfleet topics create t --yes && kfleet topics list'"
)]
pub(crate) struct SandboxArgs {
    /// Keep the data here; it can be started again
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Who serves
    #[arg(long, value_enum, default_value = "kfleet")]
    engine: Engine,
    /// The folder with Apache Kafka's jars, for --engine apache
    #[arg(long, value_name = "DIR")]
    kafka_libs: Option<PathBuf>,
    /// A key of server.properties; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// What to run on it
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
}

pub(crate) fn run(args: &SandboxArgs, context: &Context) -> Result<(), CommandError> {
    if args.engine == Engine::Apache && args.kafka_libs.is_none() {
        return Err(CommandError::usage(
            "--engine apache needs --kafka-libs DIR with Apache Kafka's jars",
        ));
    }
    let spec = SandboxSpec {
        engine: args.engine,
        kafka_libs: args.kafka_libs.clone(),
        data_dir: args.data_dir.clone(),
        settings: args.settings.clone(),
        timeout: context.global.timeout,
    };
    let sandbox = Sandbox::start(&spec)?;
    let Some((program, arguments)) = args.command.split_first() else {
        wait_for_signal(|| announce(&sandbox, context))?;
        return sandbox.stop();
    };
    let status = Command::new(program)
        .args(arguments)
        .env("KFLEET_BOOTSTRAP_SERVER", sandbox.bootstrap())
        .env("BOOTSTRAP_SERVERS", sandbox.bootstrap())
        .status();
    let stopped = sandbox.stop();
    let status = status.map_err(|error| CommandError::io(&format!("running {program}"), &error))?;
    stopped?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(CommandError::exit(u8::try_from(code).unwrap_or(1))),
        None => Err(CommandError::rejected(format!("{program} was ended by a signal"))),
    }
}

fn announce(sandbox: &Sandbox, context: &Context) -> Result<(), CommandError> {
    context.out.print(&format!("{}\n", sandbox.bootstrap()))?;
    context.out.note(&format!(
        "serving from {}; stop it with Ctrl-C",
        sandbox.data_dir().display()
    ));
    Ok(())
}

/// Waits for SIGTERM or SIGINT. Whoever is told by `ready` may send one at once, so they are listened for before.
fn wait_for_signal(ready: impl FnOnce() -> Result<(), CommandError>) -> Result<(), CommandError> {
    use tokio::signal::unix::{SignalKind, signal};
    crate::context::block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        ready()?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok::<(), CommandError>(())
    })?
}
