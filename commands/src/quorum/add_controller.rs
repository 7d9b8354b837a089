//! quorum add-controller

use clap::Args;
use client::{Quorum, Voter};
use planner::counted::counted;
use protocol::api::messages::AddRaftVoterRequest;

use super::change::{QuorumChange, carry_out, insist_on_dynamic, voter_ids, voters_text};
use super::endpoint_text;
use super::newcomer::NewcomerArgs;
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Make a controller a voter.
///
/// It has to run already, and to follow: the leader makes nobody a voter who lags. Voters have to be dynamic
/// (kraft.version 1).
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quorum add-controller -c /etc/kafka/server.properties -b localhost:9092\n  kfleet quorum add-controller --controller-id 3 --directory-id MvDxzVmcRsaTz33bUuRU6A --endpoint CONTROLLER://c3:9093 --yes"
)]
pub(crate) struct AddControllerArgs {
    #[command(flatten)]
    newcomer: NewcomerArgs,
    #[command(flatten)]
    safety: SafetyArgs,
}

pub(crate) fn run(args: &AddControllerArgs, context: &Context) -> Result<(), CommandError> {
    let newcomer = args.newcomer.read()?;
    let voter = newcomer.voter;
    let (id, quorum, changed) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        if let Some(other) = newcomer.cluster_id.filter(|other| *other != id) {
            let message = format!(
                "controller {} was formatted for cluster {other}, and this is {id}",
                voter.id
            );
            return Err(CommandError::refused(message));
        }
        client.check_served::<AddRaftVoterRequest>().await?;
        let quorum = client.describe_quorum().await?;
        let is_voter = |quorum: &Quorum| {
            let mut same = quorum.voters_with_id(voter.id);
            same.any(|known| known.directory_id == Some(voter.directory_id))
        };
        if is_voter(&quorum) {
            return Ok((id, quorum, false));
        }
        insist_on_dynamic(&quorum)?;
        insist_on_new_id(&quorum, &voter)?;
        for line in plan(&quorum, &voter) {
            context.out.note(&line);
        }
        let action = format!(
            "make controller {} a voter beside {}",
            voter.id,
            voters_text(&voter_ids(&quorum))
        );
        if !context.may_change(&args.safety, &id, &action)? {
            return Ok((id, quorum, false));
        }
        let quorum = carry_out(&client, async || client.add_voter(&voter).await, is_voter).await?;
        Ok((id, quorum, true))
    })??;
    let change = QuorumChange {
        controller_id: voter.id,
        directory_id: voter.directory_id.to_string(),
        endpoints: voter.endpoints.iter().map(endpoint_text).collect(),
        changed,
        voters: voter_ids(&quorum),
    };
    context.out.show(Some(&id), &change, &[])
}

/// The leader takes no second directory of a voter, so that a replaced disk needs a removal first.
fn insist_on_new_id(quorum: &Quorum, voter: &Voter) -> Result<(), CommandError> {
    let Some(known) = quorum.voters_with_id(voter.id).next() else {
        return Ok(());
    };
    let directory = known
        .directory_id
        .map_or_else(String::new, |id| format!(" with directory {id}"));
    let message = format!("controller {} is a voter already{directory}", voter.id);
    Err(CommandError::rejected(message).hint(format!(
        "take it out first: kfleet quorum remove-controller --controller-id {}",
        voter.id
    )))
}

/// What is to be changed, and what is known of the newcomer.
fn plan(quorum: &Quorum, voter: &Voter) -> Vec<String> {
    let endpoints: Vec<String> = voter.endpoints.iter().map(endpoint_text).collect();
    let (before, after) = (quorum.voters.len(), quorum.voters.len() + 1);
    let is_newcomer = |replica: &&client::QuorumReplica| {
        replica.id == voter.id && replica.directory_id.is_none_or(|id| id == voter.directory_id)
    };
    let follows = match quorum.observers.iter().find(is_newcomer) {
        Some(observer) => match quorum.lag(observer) {
            Some(lag) => format!("it follows, {} behind", counted(lag, "offset")),
            None => "it follows".to_owned(),
        },
        None => "it does not follow yet, and nobody becomes a voter who lags; is it running?".to_owned(),
    };
    vec![
        format!(
            "  controller {}, directory {}, {}",
            voter.id,
            voter.directory_id,
            endpoints.join(", ")
        ),
        format!("  {follows}"),
        format!(
            "  voters: {before} -> {after}; majority: {} -> {}",
            before / 2 + 1,
            after / 2 + 1
        ),
    ]
}
