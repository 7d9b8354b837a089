//! AlterPartition (56), versions 2 and 3: a leader proposes who is in sync.

use protocol::Uuid;
use protocol::api::messages::alter_partition_request::{AlterPartitionRequest, PartitionData};
use protocol::api::messages::alter_partition_response::{
    AlterPartitionResponse, PartitionData as PartitionResult, TopicData as TopicResult,
};
use protocol::api::{BrokerId, ErrorCode};

use super::draft::Draft;
use super::partition_change::{Election, RECOVERED, RECOVERING};
use super::{Controller, Handled, Plan};
use crate::call::Call;
use crate::image::{Brokers, PartitionImage};
use crate::mutation::{Mutation, mutated};

/// First version that names the epochs of brokers.
const EPOCHS_FROM: i16 = 3;
/// Stands for any epoch of a broker.
const ANY_EPOCH: i64 = -1;

/// A broker that is to be in sync, and its epoch.
pub(crate) type InSync = (i32, i64);

impl Controller {
    pub(super) fn alter_partition(&self, call: &Call) -> Handled {
        let request: AlterPartitionRequest = call.decode()?;
        let response = AlterPartitionResponse::default();
        let leader = request.broker_id.0;
        if let Err(code) = self.check_broker_epoch(leader, request.broker_epoch) {
            return Ok(Plan::answer(call.reply(&response.with_error_code(code.code()))?));
        }
        let mut draft = Draft::new(self);
        let mut topics = Vec::with_capacity(request.topics.len());
        for topic in &request.topics {
            let id = Uuid::from(topic.topic_id);
            let known = draft.image().topics().by_id(id).is_some();
            let partitions = topic.partitions.iter().map(|asked| {
                let altered = if known {
                    alter(&mut draft, leader, id, asked, call.header.api_version)
                } else {
                    Err(ErrorCode::UnknownTopicId)
                };
                let result = PartitionResult::default().with_partition_index(asked.partition_index);
                match altered {
                    Ok(partition) => told(result, &partition),
                    Err(code) => result.with_error_code(code.code()),
                }
            });
            topics.push(
                TopicResult::default()
                    .with_topic_id(topic.topic_id)
                    .with_partitions(partitions.collect()),
            );
        }
        let reply = call.reply(&response.with_topics(topics))?;
        Ok(Plan {
            records: draft.into_records(),
            reply,
        })
    }
}

fn alter(
    draft: &mut Draft<'_>,
    leader: i32,
    topic: Uuid,
    asked: &PartitionData,
    version: i16,
) -> Result<PartitionImage, ErrorCode> {
    let isr: Vec<InSync> = if version < EPOCHS_FROM {
        asked.new_isr.iter().map(|id| (id.0, ANY_EPOCH)).collect()
    } else {
        let with_epochs = asked.new_isr_with_epochs.iter();
        with_epochs
            .map(|state| (state.broker_id.0, state.broker_epoch))
            .collect()
    };
    let index = asked.partition_index;
    let partition = current(draft, topic, index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    check(draft.image().brokers(), leader, &partition, asked, &isr)?;
    draft.change_partition((topic, index), None, |draft, topic, change| {
        if draft.is_unclean(&topic.name) {
            change.election = Election::Unclean;
        }
        change.isr = isr.iter().map(|(id, _)| *id).collect();
        change.leader_recovery_state = asked.leader_recovery_state;
    });
    let altered = current(draft, topic, index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    // The change completed a reassignment that takes the proposer's replica away.
    if altered.leader != leader {
        return Err(ErrorCode::NewLeaderElected);
    }
    Ok(altered)
}

fn current(draft: &Draft<'_>, topic: Uuid, index: i32) -> Option<PartitionImage> {
    draft.image().topics().by_id(topic)?.partition(index).cloned()
}

/// In the order in which Kafka's controller finds fault.
pub(crate) fn check(
    brokers: &Brokers,
    leader: i32,
    partition: &PartitionImage,
    asked: &PartitionData,
    isr: &[InSync],
) -> Result<(), ErrorCode> {
    let known = (partition.leader_epoch, partition.partition_epoch);
    let any_epoch = mutated(Mutation::AlterPartitionEpochsIgnored);
    let (leader_epoch, partition_epoch) = if any_epoch {
        known
    } else {
        (asked.leader_epoch, asked.partition_epoch)
    };
    // Whoever knows more than this controller has seen a later one.
    if leader_epoch > partition.leader_epoch || partition_epoch > partition.partition_epoch {
        return Err(ErrorCode::NotController);
    }
    if leader_epoch < partition.leader_epoch {
        return Err(ErrorCode::FencedLeaderEpoch);
    }
    if leader != partition.leader {
        return Err(ErrorCode::InvalidRequest);
    }
    if partition_epoch < partition.partition_epoch {
        return Err(ErrorCode::InvalidUpdateVersion);
    }
    let mut ids: Vec<i32> = isr.iter().map(|(id, _)| *id).collect();
    let has_leader = ids.contains(&leader);
    let are_replicas = ids.iter().all(|id| partition.replicas.contains(id));
    ids.sort_unstable();
    ids.dedup();
    if !are_replicas || ids.len() != isr.len() || !has_leader {
        return Err(ErrorCode::InvalidRequest);
    }
    let recovering = match asked.leader_recovery_state {
        RECOVERED => false,
        RECOVERING => true,
        _ => return Err(ErrorCode::InvalidRequest),
    };
    if recovering && (isr.len() > 1 || partition.leader_recovery_state == RECOVERED) {
        return Err(ErrorCode::InvalidRequest);
    }
    let fits = |(id, epoch): &InSync| {
        let broker = brokers.get(*id).filter(|broker| broker.is_active());
        broker.is_some_and(|broker| *epoch == ANY_EPOCH || *epoch == broker.epoch)
    };
    if !isr.iter().all(fits) {
        return Err(ErrorCode::IneligibleReplica);
    }
    Ok(())
}

fn told(result: PartitionResult, partition: &PartitionImage) -> PartitionResult {
    result
        .with_leader_id(BrokerId(partition.leader))
        .with_leader_epoch(partition.leader_epoch)
        .with_isr(partition.isr.iter().copied().map(BrokerId).collect())
        .with_leader_recovery_state(partition.leader_recovery_state)
        .with_partition_epoch(partition.partition_epoch)
}
