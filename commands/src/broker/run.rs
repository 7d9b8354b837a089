//! broker run

use std::path::PathBuf;

use ::broker::{Node, StartError};
use clap::Args;
use protocol::config::NodeConfig;
use protocol::properties::Properties;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use crate::context::Context;
use crate::error::CommandError;

/// Run a node until SIGTERM or SIGINT.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet broker run -c server.properties --override num.partitions=3")]
pub(crate) struct RunArgs {
    /// server.properties
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// A key that counts instead of the file's; may be repeated
    #[arg(long = "override", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Stop when this process ends; for sandboxes, whose nodes must not outlive them
    #[arg(long, hide = true, value_name = "PID")]
    die_with: Option<i32>,
}

pub(crate) fn run(args: &RunArgs, context: &Context) -> Result<(), CommandError> {
    if let Some(parent) = args.die_with {
        crate::sandbox::die_with(parent)?;
    }
    log_to_stderr(context.global.verbose);
    let config = read_config(args)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    crate::context::block_on(serve(config))?
}

/// Reads server.properties as a node does.
pub(crate) fn read_config(args: &RunArgs) -> Result<NodeConfig, CommandError> {
    let path = &args.config;
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CommandError::not_found(format!("{} does not exist", path.display())),
        _ => CommandError::io(&format!("reading {}", path.display()), &error),
    })?;
    let file = Properties::parse(&bytes);
    let mut entries: Vec<(&str, &str)> = file.iter().collect();
    for text in &args.overrides {
        let pair = text.split_once('=');
        entries.push(pair.ok_or_else(|| CommandError::usage(format!("\"{text}\" is not KEY=VALUE")))?);
    }
    NodeConfig::parse(entries).map_err(|error| CommandError::data(format!("{}: {error}", path.display())))
}

async fn serve(config: NodeConfig) -> Result<(), CommandError> {
    let node_id = config.node_id;
    let started = std::time::Instant::now();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // A write past the process's limit on file sizes is then an error of that write, and not the end.
    let _file_too_large = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
    let mut node = Node::start(config).await.map_err(|error| start_error(&error))?;
    let millis = started.elapsed().as_millis();
    tracing::info!(node_id, listeners = ?node.listeners(), millis, "serving");
    let status = format!("node {node_id} serves on {}", node.listeners().join(", "));
    tell_service_manager(&[NotifyState::Ready, NotifyState::Status(&status)]);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        reason = node.failed() => return Err(CommandError::io("the node stopped", &reason)),
    }
    tracing::info!(node_id, "stopping");
    tracing::info!("refused since the start: {}", node.refusals());
    tell_service_manager(&[NotifyState::Stopping]);
    node.stop().await.map_err(|error| start_error(&error))?;
    tracing::info!(node_id, "stopped");
    Ok(())
}

/// Tells systemd how the node is, if it was started by a unit with Type=notify.
fn tell_service_manager(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}

fn start_error(error: &StartError) -> CommandError {
    let message = error.to_string();
    match error {
        StartError::NotFormatted { .. } => {
            CommandError::data(message).hint("run kfleet storage format first, or Apache's kafka-storage.sh")
        }
        StartError::Foreign { .. } => {
            CommandError::data(message).hint("check node.id and log.dirs; nothing was changed")
        }
        StartError::Unsupported(_) => CommandError::data(message),
        StartError::Locked { .. } => CommandError::refused(message).hint("is this node running already?"),
        _ => CommandError::io("cannot start", &message),
    }
}

fn log_to_stderr(verbose: u8) {
    let level = if verbose > 0 {
        tracing::Level::DEBUG
    } else {
        tracing::Level::INFO
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_ansi(false);
    // A second subscriber is a fault of a test that runs two nodes in one process.
    let _second = subscriber.try_init();
}
