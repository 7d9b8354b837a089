//! AlterPartitionReassignments (45), versions 0 and 1: replicas are moved, and moves are cancelled.

use std::collections::BTreeSet;

use protocol::api::messages::alter_partition_reassignments_request::{
    AlterPartitionReassignmentsRequest, ReassignablePartition,
};
use protocol::api::messages::alter_partition_reassignments_response::{
    AlterPartitionReassignmentsResponse, ReassignablePartitionResponse, ReassignableTopicResponse,
};
use protocol::api::{ErrorCode, StrBytes};

use super::draft::{Draft, PartitionId};
use super::new_partitions::wrong_replicas;
use super::partition_change::Election;
use super::reassignment::{Reassignment, reverted};
use super::{Controller, Handled, Plan, Refusal};
use crate::call::Call;
use crate::image::PartitionImage;

/// Most partitions one request may move (Kafka's `MAX_RECORDS_PER_USER_OP`).
const CHANGES_MAX: usize = 10_000;

impl Controller {
    pub(super) fn alter_partition_reassignments(&self, call: &Call) -> Handled {
        let request: AlterPartitionReassignmentsRequest = call.decode()?;
        let may_resize = request.allow_replication_factor_change;
        let mut draft = Draft::new(self);
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            let partitions = topic.partitions.iter().map(|target| {
                let result = ReassignablePartitionResponse::default().with_partition_index(target.partition_index);
                match alter(&mut draft, &topic.name, target, may_resize) {
                    Ok(()) => result.with_error_message(None),
                    Err((code, message)) => result
                        .with_error_code(code.code())
                        .with_error_message(Some(StrBytes::from_string(message))),
                }
            });
            topics.push(
                ReassignableTopicResponse::default()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions.collect()),
            );
        }
        let response = AlterPartitionReassignmentsResponse::default()
            .with_error_message(None)
            .with_allow_replication_factor_change(may_resize)
            .with_responses(topics);
        let reply = call.reply(&response)?;
        Ok(Plan {
            records: draft.into_records(),
            reply,
        })
    }
}

fn alter(draft: &mut Draft<'_>, topic: &str, target: &ReassignablePartition, may_resize: bool) -> Result<(), Refusal> {
    if draft.len() >= CHANGES_MAX {
        let message =
            format!("Excessively large number of changes per request: at most {CHANGES_MAX} are made at a time.");
        return Err((ErrorCode::PolicyViolation, message));
    }
    let index = target.partition_index;
    let unknown = |message: String| (ErrorCode::UnknownTopicOrPartition, message);
    let found = draft.image().topics().by_name(topic);
    let found = found.ok_or_else(|| unknown(format!("Unable to find a topic named {topic}.")))?;
    let partition = found.partition(index).cloned();
    let partition = partition.ok_or_else(|| unknown(format!("Unable to find partition {topic}:{index}.")))?;
    let id = (found.id, index);
    match &target.replicas {
        None => cancel(draft, topic, id, &partition),
        Some(replicas) => {
            let replicas: Vec<i32> = replicas.iter().map(|id| id.0).collect();
            reassign(draft, id, &partition, &replicas, may_resize)
        }
    }
}

fn cancel(draft: &mut Draft<'_>, topic: &str, id: PartitionId, partition: &PartitionImage) -> Result<(), Refusal> {
    if !partition.is_moving() {
        let message = "No partition reassignment is in progress.".to_owned();
        return Err((ErrorCode::NoReassignmentInProgress, message));
    }
    let Some(reverted) = reverted(partition) else {
        let message = "Invalid replica assignment: addingReplicas contains all replicas.".to_owned();
        return Err((ErrorCode::InvalidReplicaAssignment, message));
    };
    let may_be_unclean = draft.is_unclean(topic);
    if reverted.unclean && !may_be_unclean {
        let message = format!(
            "Unable to revert partition assignment for {topic}:{} because it would require an unclean leader election.",
            id.1
        );
        return Err((ErrorCode::InvalidReplicaAssignment, message));
    }
    draft.change_partition(id, None, |_, _, change| {
        if may_be_unclean {
            change.election = Election::Unclean;
        }
        change.isr = reverted.isr;
        change.replicas = reverted.replicas;
        change.removing = Vec::new();
        change.adding = Vec::new();
    });
    Ok(())
}

fn reassign(
    draft: &mut Draft<'_>,
    id: PartitionId,
    partition: &PartitionImage,
    target: &[i32],
    may_resize: bool,
) -> Result<(), Refusal> {
    if let Some(message) = wrong_replicas(draft.image(), target, None) {
        return Err((ErrorCode::InvalidReplicaAssignment, message));
    }
    let factor = replication_factor(partition);
    if !may_resize && factor != target.len() {
        let message = format!("The replication factor is changed from {factor} to {}", target.len());
        return Err((ErrorCode::InvalidReplicationFactor, message));
    }
    let moved = Reassignment::towards(partition, target);
    draft.change_partition(id, None, |_, _, change| {
        change.replicas = moved.replicas;
        change.removing = moved.removing;
        change.adding = moved.adding;
    });
    Ok(())
}

/// Replicas there will be once what goes on is complete.
fn replication_factor(partition: &PartitionImage) -> usize {
    let mut replicas: BTreeSet<i32> = partition
        .replicas
        .iter()
        .chain(&partition.adding_replicas)
        .copied()
        .collect();
    replicas.retain(|id| !partition.removing_replicas.contains(id));
    replicas.len()
}
