//! ISR proposals as AlterPartition requests (key 56, version 3), and what its answers say.

use protocol::Uuid;
use protocol::api::messages::alter_partition_request::{AlterPartitionRequest, BrokerState, PartitionData, TopicData};
use protocol::api::messages::alter_partition_response::AlterPartitionResponse;
use protocol::api::{BrokerId, ErrorCode};

use super::{IsrMember, IsrOutcome, ProposeIsr};

/// The first version that tells the epochs of the ISR's brokers (KIP-903), which every controller of ours and of Apache
/// Kafka's supported releases takes.
pub const VERSION: i16 = 3;

/// One request for all these proposals.
pub fn request(sender: IsrMember, proposals: &[ProposeIsr]) -> AlterPartitionRequest {
    let mut topics: Vec<TopicData> = Vec::new();
    for proposal in proposals {
        let member = |member: &IsrMember| {
            BrokerState::default()
                .with_broker_id(BrokerId(member.broker_id))
                .with_broker_epoch(member.broker_epoch)
        };
        let partition = PartitionData::default()
            .with_partition_index(proposal.partition)
            .with_leader_epoch(proposal.leader_epoch)
            .with_partition_epoch(proposal.partition_epoch)
            .with_leader_recovery_state(proposal.leader_recovery_state)
            .with_new_isr_with_epochs(proposal.isr.iter().map(member).collect());
        match topics
            .iter_mut()
            .find(|topic| Uuid::from(topic.topic_id) == proposal.topic_id)
        {
            Some(topic) => topic.partitions.push(partition),
            None => topics.push(
                TopicData::default()
                    .with_topic_id(proposal.topic_id.into())
                    .with_partitions(vec![partition]),
            ),
        }
    }
    AlterPartitionRequest::default()
        .with_broker_id(BrokerId(sender.broker_id))
        .with_broker_epoch(sender.broker_epoch)
        .with_topics(topics)
}

/// What the answer says of each proposal of the request; no answer is `None`. What it is silent about is tried again.
pub fn outcomes(response: Option<&AlterPartitionResponse>, proposals: &[ProposeIsr]) -> Vec<IsrOutcome> {
    proposals.iter().map(|proposal| outcome(response, proposal)).collect()
}

fn outcome(response: Option<&AlterPartitionResponse>, proposal: &ProposeIsr) -> IsrOutcome {
    let Some(response) = response else {
        return IsrOutcome::Refused(ErrorCode::NetworkException);
    };
    if let Some(code) = ErrorCode::try_from_code(response.error_code) {
        return IsrOutcome::Refused(of_request(code));
    }
    let mut topics = response.topics.iter();
    let topic = topics.find(|topic| Uuid::from(topic.topic_id) == proposal.topic_id);
    let found = topic.and_then(|topic| {
        topic
            .partitions
            .iter()
            .find(|p| p.partition_index == proposal.partition)
    });
    let Some(found) = found else {
        return IsrOutcome::Refused(ErrorCode::UnknownServerError);
    };
    match ErrorCode::try_from_code(found.error_code) {
        Some(code) => IsrOutcome::Refused(code),
        None => IsrOutcome::Accepted {
            isr: found.isr.iter().map(|id| id.0).collect(),
            leader_epoch: found.leader_epoch,
            partition_epoch: found.partition_epoch,
        },
    }
}

/// An error of the whole request says nothing of its partitions: another controller, another broker epoch or another
/// time may bring them through. So none of those that end a proposal.
fn of_request(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::NotController
        | ErrorCode::StaleBrokerEpoch
        | ErrorCode::ClusterAuthorizationFailed
        | ErrorCode::RequestTimedOut => code,
        _ => ErrorCode::UnknownServerError,
    }
}

#[cfg(test)]
mod tests {
    use protocol::api::messages::alter_partition_response as response;

    use super::*;

    fn proposal(topic: u128, partition: i32) -> ProposeIsr {
        ProposeIsr {
            topic_id: Uuid::from_u128(topic),
            partition,
            leader_epoch: 4,
            partition_epoch: 9,
            isr: vec![IsrMember {
                broker_id: 2,
                broker_epoch: 77,
            }],
            leader_recovery_state: 0,
            id: 1,
            attempts: 0,
        }
    }

    #[test]
    fn proposals_of_a_topic_go_together() {
        let sender = IsrMember {
            broker_id: 1,
            broker_epoch: 5,
        };
        let request = request(sender, &[proposal(7, 0), proposal(8, 0), proposal(7, 3)]);
        assert_eq!((request.broker_id.0, request.broker_epoch), (1, 5));
        let indexes = |topic: &TopicData| topic.partitions.iter().map(|p| p.partition_index).collect::<Vec<_>>();
        assert_eq!(
            request.topics.iter().map(indexes).collect::<Vec<_>>(),
            [vec![0, 3], vec![0]]
        );
        let partition = &request.topics[0].partitions[1];
        assert_eq!((partition.leader_epoch, partition.partition_epoch), (4, 9));
        let member = &partition.new_isr_with_epochs[0];
        assert_eq!((member.broker_id.0, member.broker_epoch), (2, 77));
    }

    #[test]
    fn each_proposal_gets_its_own_answer_and_silence_is_a_reason_to_try_again() {
        let accepted = response::PartitionData::default()
            .with_partition_index(0)
            .with_leader_epoch(4)
            .with_partition_epoch(10)
            .with_isr(vec![BrokerId(2), BrokerId(1)]);
        let refused = response::PartitionData::default()
            .with_partition_index(1)
            .with_error_code(ErrorCode::IneligibleReplica.code());
        let topic = response::TopicData::default()
            .with_topic_id(Uuid::from_u128(7).into())
            .with_partitions(vec![accepted, refused]);
        let answer = AlterPartitionResponse::default().with_topics(vec![topic]);
        let asked = [proposal(7, 0), proposal(7, 1), proposal(7, 2)];
        let expected = [
            IsrOutcome::Accepted {
                isr: vec![2, 1],
                leader_epoch: 4,
                partition_epoch: 10,
            },
            IsrOutcome::Refused(ErrorCode::IneligibleReplica),
            IsrOutcome::Refused(ErrorCode::UnknownServerError),
        ];
        assert_eq!(outcomes(Some(&answer), &asked), expected);
        let fenced = AlterPartitionResponse::default().with_error_code(ErrorCode::FencedLeaderEpoch.code());
        assert_eq!(
            outcomes(Some(&fenced), &asked[..1]),
            [IsrOutcome::Refused(ErrorCode::UnknownServerError)],
            "it is not about the partition"
        );
        let none = outcomes(None, &asked[..1]);
        assert_eq!(none, [IsrOutcome::Refused(ErrorCode::NetworkException)]);
    }
}
