//! sandbox

mod cluster;
pub(crate) mod control;
mod directory;
mod document;
mod engine;
pub(crate) mod launch;
mod layout;
mod node;
mod ports;
mod prepare;
mod properties;
mod serving;
mod signals;

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};

use clap::{Args, ValueEnum};
use planner::counted::counted;
use rustix::process::{Pid, Signal, kill_process};

pub(crate) use cluster::{Sandbox, SandboxSpec};
pub(crate) use document::SandboxCluster;
pub(crate) use engine::die_with;
pub(crate) use layout::Shape;
pub(crate) use signals::Signals;
use signals::Woken;

use crate::context::{COMMAND_CONFIG_VARIABLE, Context};
use crate::error::CommandError;
use crate::progress::Progress;

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
/// finds the addresses in KFLEET_BOOTSTRAP_SERVER and BOOTSTRAP_SERVERS, and everything is removed when it ends.
///
/// Each node is a process of its own. Nodes count from 1: the first --brokers of them are brokers, the first
/// --controllers of them controllers, so that nodes are both as far as both kinds reach. DIR/cluster.json, which is
/// there once all serve, tells of each its id, roles, rack, process, listeners, directories, and what would run it
/// again. `kfleet roll run --executor sandbox` restarts them one after the other.
///
/// Internal topics, and topics whose creator does not say, have as many replicas as there are brokers, and three at
/// most; any one broker may be missing.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet sandbox\n  kfleet sandbox --brokers 3 --racks 3 --data-dir /tmp/three\n  kfleet sandbox -- sh -c 'kfleet topics create t --yes && kfleet topics list'"
)]
pub(crate) struct SandboxArgs {
    /// How many brokers
    #[arg(long, value_name = "N", default_value_t = 1)]
    brokers: u16,
    /// How many controllers; three, or one if there are fewer than three brokers, if not given
    #[arg(long, value_name = "N")]
    controllers: Option<u16>,
    /// Deal the brokers out to so many racks, rack-1, rack-2, ...
    #[arg(long, value_name = "R")]
    racks: Option<u16>,
    /// Controllers are nodes of their own, with ids from 3001
    #[arg(long)]
    separate: bool,
    /// The controllers are written in the quorum's log (kraft.version 1), and can be changed
    #[arg(long)]
    dynamic_quorum: bool,
    /// Keep the data here; it can be started again, on other ports
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Who serves; of several engines, each is a node's, and the last is that of all that follow
    #[arg(
        long = "engine",
        value_enum,
        default_value = "kfleet",
        value_delimiter = ',',
        value_name = "ENGINE[,...]"
    )]
    engines: Vec<Engine>,
    /// The folder with Apache Kafka's jars, for --engine apache; KAFKA_HEAP_OPTS and KAFKA_JVM_PERFORMANCE_OPTS are
    /// read as Apache's scripts read them
    #[arg(long, value_name = "DIR")]
    kafka_libs: Option<PathBuf>,
    /// A key of server.properties, for all nodes; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// What to run on it
    #[arg(last = true, value_name = "CMD")]
    command: Vec<String>,
}

pub(crate) fn run(args: &SandboxArgs, context: &Context) -> Result<(), CommandError> {
    let spec = spec(args, context)?;
    let signals = Signals::listen()?;
    let mut sandbox = start(&spec, &signals, context)?;
    sandbox.listen(signals.sender())?;
    let Some((program, arguments)) = args.command.split_first() else {
        announce(&sandbox, context)?;
        while let Some(woken) = signals.next() {
            match woken {
                Woken::Signal(Signal::CHILD) => note_ended(&mut sandbox, context)?,
                Woken::Signal(_) => break,
                Woken::Asked(asked) => sandbox.answer(asked),
            }
        }
        return sandbox.stop();
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("KFLEET_BOOTSTRAP_SERVER", sandbox.bootstrap())
        .env("BOOTSTRAP_SERVERS", sandbox.bootstrap())
        // What lets somebody into another cluster is of no use in this one.
        .env_remove(COMMAND_CONFIG_VARIABLE);
    let child = command.spawn();
    let child = child.map_err(|error| CommandError::io(&format!("running {program}"), &error));
    let status = child.and_then(|child| wait(child, &signals, &mut sandbox, context));
    let stopped = sandbox.stop();
    let status = status?;
    stopped?;
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(CommandError::exit(u8::try_from(code).unwrap_or(1))),
        (None, signal) => Err(CommandError::exit(signals::exit_code(signal.unwrap_or_default()))),
    }
}

fn spec(args: &SandboxArgs, context: &Context) -> Result<SandboxSpec, CommandError> {
    let shape = Shape {
        brokers: args.brokers,
        controllers: args.controllers,
        racks: args.racks,
        is_separate: args.separate,
    };
    let nodes = shape.nodes()?.len();
    if args.engines.len() > nodes {
        let engines = args.engines.len();
        return Err(CommandError::usage(format!(
            "{engines} engines for {}",
            counted(nodes, "node")
        )));
    }
    if args.engines.contains(&Engine::Apache) && args.kafka_libs.is_none() {
        return Err(CommandError::usage(
            "--engine apache needs --kafka-libs DIR with Apache Kafka's jars",
        ));
    }
    Ok(SandboxSpec {
        shape,
        is_dynamic: args.dynamic_quorum,
        engines: args.engines.clone(),
        kafka_libs: args.kafka_libs.clone(),
        data_dir: args.data_dir.clone(),
        settings: args.settings.clone(),
        timeout: context.global.timeout,
    })
}

/// Starts it, unless a signal comes first.
fn start(spec: &SandboxSpec, signals: &Signals, context: &Context) -> Result<Sandbox, CommandError> {
    let brokers = u64::from(spec.shape.brokers);
    let progress = (brokers > 1).then(|| Progress::count(context, "brokers serve", brokers));
    Sandbox::start(spec, &mut |serving| {
        if let Some(progress) = &progress {
            progress.set(serving);
        }
        signals.check()
    })
}

fn announce(sandbox: &Sandbox, context: &Context) -> Result<(), CommandError> {
    context.out.show(Some(sandbox.cluster_id()), &sandbox.document(), &[])?;
    context.out.note(&format!(
        "serving from {}; stop it with Ctrl-C",
        sandbox.data_dir().display()
    ));
    Ok(())
}

/// Tells of nodes that ended by themselves. The others go on: it may be meant.
fn note_ended(sandbox: &mut Sandbox, context: &Context) -> Result<(), CommandError> {
    for (id, status) in sandbox.ended()? {
        context.out.note(&format!("node {id} ended, {status}"));
    }
    Ok(())
}

/// Waits for a command to end. It goes on after SIGINT, which it gets itself if it comes from a terminal, and is told of
/// SIGTERM: the cluster is not taken away under it.
fn wait(
    mut child: Child,
    signals: &Signals,
    sandbox: &mut Sandbox,
    context: &Context,
) -> Result<ExitStatus, CommandError> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        match signals.next() {
            Some(Woken::Signal(Signal::TERM)) => {
                let _ended = kill_process(Pid::from_child(&child), Signal::TERM);
            }
            Some(Woken::Asked(asked)) => sandbox.answer(asked),
            Some(Woken::Signal(_)) => note_ended(sandbox, context)?,
            None => return Ok(child.wait()?),
        }
    }
}
