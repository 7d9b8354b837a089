//! The metadata quorum.

mod add_controller;
mod change;
mod newcomer;
mod remove_controller;
mod replication;
mod status;

use clap::Subcommand;
use client::ListenerAddress;
use protocol::Uuid;

use crate::context::Context;
use crate::error::CommandError;
use crate::watch;

pub(crate) use change::QuorumChange;
pub(crate) use newcomer::voter_of_files;
pub(crate) use replication::ReplicationRow;
pub(crate) use status::QuorumStatus;

/// Commands on the metadata quorum.
#[derive(Debug, Subcommand)]
pub(crate) enum QuorumCommand {
    AddController(add_controller::AddControllerArgs),
    RemoveController(remove_controller::RemoveControllerArgs),
    Replication(replication::ReplicationArgs),
    Status(status::StatusArgs),
}

pub(crate) fn run(command: QuorumCommand, context: &Context) -> Result<(), CommandError> {
    match command {
        QuorumCommand::AddController(args) => add_controller::run(&args, context),
        QuorumCommand::RemoveController(args) => remove_controller::run(&args, context),
        QuorumCommand::Replication(args) => watch::run(args.watch, args, context, replication::run),
        QuorumCommand::Status(args) => watch::run(args.watch, args, context, status::run),
    }
}

/// NAME://HOST:PORT
fn endpoint_text(endpoint: &ListenerAddress) -> String {
    let (listener, host, port) = (&endpoint.listener, &endpoint.host, endpoint.port);
    if host.contains(':') {
        format!("{listener}://[{host}]:{port}")
    } else {
        format!("{listener}://{host}:{port}")
    }
}

fn directory_text(directory_id: Option<Uuid>) -> String {
    directory_id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

/// A number, or a dash where it is not known.
fn number(value: Option<i64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
