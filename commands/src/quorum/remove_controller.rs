//! quorum remove-controller

use clap::Args;
use client::{Quorum, QuorumReplica};
use protocol::Uuid;
use protocol::api::messages::RemoveRaftVoterRequest;

use super::change::{QuorumChange, carry_out, insist_on_dynamic, voter_ids, voters_text};
use super::{directory_text, endpoint_text};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;

/// Take its vote from a controller.
///
/// It goes on as an observer until it is stopped. What would leave too few voters that keep up for a majority is
/// refused, since nothing could be changed any more, this included.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet quorum remove-controller --controller-id 3 -b localhost:9092\n  kfleet quorum remove-controller -i 3 -d MvDxzVmcRsaTz33bUuRU6A --bootstrap-controller localhost:9093 --yes"
)]
pub(crate) struct RemoveControllerArgs {
    /// The controller
    #[arg(short = 'i', long, value_name = "ID")]
    controller_id: i32,
    /// Its directory; that of the voter with this id if not given
    #[arg(short = 'd', long, alias = "controller-directory-id", value_name = "ID")]
    directory_id: Option<Uuid>,
    /// Go ahead although the voters that are left may not get a majority together
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// A follower that did not fetch for so long is not counted on: more than controller.quorum.fetch.timeout.ms.
const CURRENT_MAX_MS: i64 = 3000;

pub(crate) fn run(args: &RemoveControllerArgs, context: &Context) -> Result<(), CommandError> {
    let (id, voter, quorum, changed) = block_on(async {
        let client = context.connect_to_any_role().await?;
        let id = client.cluster_id().to_owned();
        context.expect_cluster(&args.safety, &id)?;
        client.check_served::<RemoveRaftVoterRequest>().await?;
        let quorum = client.describe_quorum().await?;
        insist_on_dynamic(&quorum)?;
        let (voter, directory_id) = voter(args, &quorum)?;
        let rest: Vec<&QuorumReplica> = quorum.voters.iter().filter(|other| **other != voter).collect();
        insist_on_majority(&quorum, &rest, args.force)?;
        for line in plan(&quorum, &voter, &rest) {
            context.out.note(&line);
        }
        let ids: Vec<i32> = rest.iter().map(|voter| voter.id).collect();
        let action = format!(
            "take its vote from controller {}; left to vote: {}",
            voter.id,
            voters_text(&ids)
        );
        if !context.may_change(&args.safety, &id, &action)? {
            return Ok((id, voter, quorum, false));
        }
        let is_gone = |quorum: &Quorum| {
            let mut same = quorum.voters_with_id(voter.id);
            !same.any(|known| known.directory_id == Some(directory_id))
        };
        let send = async || client.remove_voter(voter.id, directory_id).await;
        let quorum = carry_out(&client, send, is_gone).await?;
        Ok::<_, CommandError>((id, voter, quorum, true))
    })??;
    let change = QuorumChange {
        controller_id: voter.id,
        directory_id: directory_text(voter.directory_id),
        endpoints: voter.endpoints.iter().map(endpoint_text).collect(),
        changed,
        voters: voter_ids(&quorum),
    };
    context.out.show(Some(&id), &change, &[])
}

/// The voter that is meant, with its directory.
fn voter(args: &RemoveControllerArgs, quorum: &Quorum) -> Result<(QuorumReplica, Uuid), CommandError> {
    let id = args.controller_id;
    let known: Vec<(&QuorumReplica, Uuid)> = quorum
        .voters_with_id(id)
        .filter_map(|voter| Some((voter, voter.directory_id?)))
        .collect();
    let found = known
        .iter()
        .find(|(_, own)| args.directory_id.is_none_or(|asked| asked == *own));
    if let Some((voter, directory_id)) = found {
        return Ok(((*voter).clone(), *directory_id));
    }
    Err(match (known.first(), args.directory_id) {
        (Some((_, own)), Some(asked)) => CommandError::not_found(format!(
            "controller {id} votes with directory {own}, and not with {asked}"
        )),
        _ => CommandError::not_found(format!(
            "controller {id} is no voter; voters are {}",
            voters_text(&voter_ids(quorum))
        )),
    })
}

/// A majority of those that are left has to commit the change, and all that comes after it.
fn insist_on_majority(quorum: &Quorum, rest: &[&QuorumReplica], force: bool) -> Result<(), CommandError> {
    if rest.is_empty() {
        return Err(CommandError::refused("it is the only voter, and a quorum needs one"));
    }
    let lagging: Vec<i32> = rest
        .iter()
        .filter(|voter| !is_current(quorum, voter))
        .map(|voter| voter.id)
        .collect();
    let majority = rest.len() / 2 + 1;
    if force || rest.len() - lagging.len() >= majority {
        return Ok(());
    }
    let message = format!(
        "of the voters that are left {majority} have to keep up, and {} did not fetch within {CURRENT_MAX_MS} ms",
        voters_text(&lagging)
    );
    Err(CommandError::refused(message).hint("start them first; --force goes ahead, and the quorum may stand still"))
}

/// Whether it fetches; one whose times are not told is taken to.
fn is_current(quorum: &Quorum, voter: &QuorumReplica) -> bool {
    if voter.id == quorum.leader_id || quorum.leader().is_none_or(|leader| leader.last_fetch_ms.is_none()) {
        return true;
    }
    quorum.since_fetch_ms(voter).is_some_and(|ms| ms <= CURRENT_MAX_MS)
}

fn plan(quorum: &Quorum, voter: &QuorumReplica, rest: &[&QuorumReplica]) -> Vec<String> {
    let (before, after) = (quorum.voters.len(), rest.len());
    let mut lines = vec![
        format!(
            "  controller {}, directory {}",
            voter.id,
            directory_text(voter.directory_id)
        ),
        format!(
            "  voters: {before} -> {after}; majority: {} -> {}",
            before / 2 + 1,
            after / 2 + 1
        ),
    ];
    if voter.id == quorum.leader_id {
        lines.push("  it is the active controller: another one takes over".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voter_of(id: i32, last_fetch_ms: Option<i64>) -> QuorumReplica {
        QuorumReplica {
            id,
            directory_id: Some(Uuid::from_u128(1000 + id as u128)),
            endpoints: vec![],
            log_end_offset: Some(10),
            last_fetch_ms,
            last_caught_up_ms: last_fetch_ms,
        }
    }

    fn quorum_of(fetches: &[Option<i64>]) -> Quorum {
        let voters = fetches.iter().zip(1..);
        Quorum {
            leader_id: 1,
            leader_epoch: 1,
            high_watermark: Some(10),
            voters: voters.map(|(fetch, id)| voter_of(id, *fetch)).collect(),
            observers: vec![],
        }
    }

    fn without(quorum: &Quorum, id: i32, force: bool) -> Result<(), CommandError> {
        let rest: Vec<&QuorumReplica> = quorum.voters.iter().filter(|voter| voter.id != id).collect();
        insist_on_majority(quorum, &rest, force)
    }

    #[test]
    fn the_voters_that_are_left_have_to_keep_up() {
        let current = quorum_of(&[Some(90_000), Some(89_500), Some(89_600)]);
        assert!(without(&current, 2, false).is_ok() && without(&current, 1, false).is_ok());
        let third_is_dead = quorum_of(&[Some(90_000), Some(89_500), Some(20_000)]);
        assert!(without(&third_is_dead, 3, false).is_ok(), "the dead one may go");
        let refused = without(&third_is_dead, 2, false).unwrap_err();
        assert_eq!(refused.code, crate::exit_codes::REFUSED);
        assert!(refused.message.contains("and 3 did not fetch"), "{}", refused.message);
        assert!(without(&third_is_dead, 2, true).is_ok());
        let never_heard_of = quorum_of(&[Some(90_000), Some(89_500), None]);
        assert!(without(&never_heard_of, 2, false).is_err());
        // Where no times are told, nothing is held against anybody.
        assert!(without(&quorum_of(&[None, None, None]), 2, false).is_ok());
        assert!(without(&quorum_of(&[Some(1)]), 1, true).is_err(), "there is always one");
    }

    #[test]
    fn a_voter_is_named_by_its_id_and_checked_by_its_directory() {
        let quorum = quorum_of(&[Some(1), Some(1)]);
        let args = |controller_id, directory_id| RemoveControllerArgs {
            controller_id,
            directory_id,
            force: false,
            safety: SafetyArgs {
                ask: crate::context::AskArgs {
                    dry_run: false,
                    yes: false,
                },
                expect_cluster_id: None,
            },
        };
        let found = |args: &RemoveControllerArgs| voter(args, &quorum);
        assert_eq!(found(&args(2, None)).unwrap().1, Uuid::from_u128(1002));
        assert!(found(&args(2, Some(Uuid::from_u128(1002)))).is_ok());
        for wrong in [args(2, Some(Uuid::from_u128(1001))), args(3, None)] {
            assert_eq!(found(&wrong).unwrap_err().code, crate::exit_codes::NOT_FOUND);
        }
    }
}
