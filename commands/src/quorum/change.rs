//! A change of the voters, from asking until the quorum has it.

use std::time::Duration;

use client::{Client, ClientError, Quorum};
use protocol::api::ErrorCode;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::error::CommandError;
use crate::output::{Shown, Table};

/// How often the quorum is asked whether it has a change, and a change is asked for again.
const POLL: Duration = Duration::from_millis(100);
const AGAIN: Duration = Duration::from_millis(500);

/// What became of a voter.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QuorumChange {
    /// The controller.
    pub(super) controller_id: i32,
    /// Its directory.
    pub(super) directory_id: String,
    /// Where it is reached, NAME://HOST:PORT.
    pub(super) endpoints: Vec<String>,
    /// Whether anything was changed.
    pub(super) changed: bool,
    /// Who votes now.
    pub(super) voters: Vec<i32>,
}

impl Shown for QuorumChange {
    const SCHEMA: &'static str = "quorum-change/1";

    fn table(&self, _: bool) -> Table {
        let result = if self.changed { "done" } else { "unchanged" };
        Table {
            headers: vec!["CONTROLLER", "DIRECTORY", "RESULT", "VOTERS"],
            rows: vec![vec![
                self.controller_id.to_string(),
                self.directory_id.clone(),
                result.to_owned(),
                voters_text(&self.voters),
            ]],
        }
    }
}

/// Ids of the voters.
pub(super) fn voter_ids(quorum: &Quorum) -> Vec<i32> {
    let mut ids: Vec<i32> = quorum.voters.iter().map(|voter| voter.id).collect();
    ids.sort_unstable();
    ids
}

/// Ids, separated by commas.
pub(super) fn voters_text(ids: &[i32]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Refuses where voters come from a configuration.
pub(super) fn insist_on_dynamic(quorum: &Quorum) -> Result<(), CommandError> {
    if quorum.is_static() { Err(is_static()) } else { Ok(()) }
}

fn is_static() -> CommandError {
    CommandError::rejected(
        "the voters of this quorum are static (kraft.version 0): controller.quorum.voters names them",
    )
    .hint(
        "kfleet features upgrade --feature kraft.version=1 makes them dynamic, for good; \
         then name controller.quorum.bootstrap.servers instead, on every node",
    )
}

/// Asks for a change until the quorum has it. The leader takes one change at a time and no voter that lags, and
/// answers get lost when the leader changes, so what may pass is asked again.
pub(super) async fn carry_out(
    client: &Client,
    send: impl AsyncFn() -> Result<(), ClientError>,
    has_it: impl Fn(&Quorum) -> bool,
) -> Result<Quorum, CommandError> {
    let mut sent = false;
    loop {
        let failure = send().await.err();
        match failure {
            None => return until(client, has_it).await,
            Some(failure) => {
                // Of an earlier attempt only the answer may have been lost.
                if let Some(quorum) = done_before(client, sent, &has_it).await {
                    return Ok(quorum);
                }
                if !failure.is_retriable() || Instant::now() + AGAIN >= client.deadline() {
                    return Err(explained(failure));
                }
            }
        }
        sent = true;
        sleep(AGAIN).await;
    }
}

async fn done_before(client: &Client, sent: bool, has_it: impl Fn(&Quorum) -> bool) -> Option<Quorum> {
    if !sent {
        return None;
    }
    client.describe_quorum().await.ok().filter(has_it)
}

/// Waits until the leader has a change; while there is an election nobody answers.
async fn until(client: &Client, has_it: impl Fn(&Quorum) -> bool) -> Result<Quorum, CommandError> {
    loop {
        match client.describe_quorum().await {
            Ok(quorum) if has_it(&quorum) => return Ok(quorum),
            Ok(_) => {}
            Err(error) if error.is_retriable() => {}
            Err(error) => return Err(error.into()),
        }
        if Instant::now() + POLL >= client.deadline() {
            return Err(CommandError::timed_out(
                "the leader took the change, and the quorum does not have it yet",
            ));
        }
        sleep(POLL).await;
    }
}

fn explained(failure: ClientError) -> CommandError {
    match failure.code() {
        Some(ErrorCode::UnsupportedVersion) => is_static(),
        Some(ErrorCode::DuplicateVoter) => CommandError::from(failure)
            .hint("a voter with a new directory takes its place once kfleet quorum remove-controller took the old one out"),
        Some(ErrorCode::VoterNotFound) => {
            CommandError::from(failure).hint("kfleet quorum status tells who votes, with which directory")
        }
        Some(ErrorCode::RequestTimedOut) => CommandError::from(failure).hint(
            "the leader makes one change at a time, has to reach a new voter, and takes none that lags: see kfleet quorum replication",
        ),
        _ => failure.into(),
    }
}
