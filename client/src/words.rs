//! Kafka's errors in words, where a cluster sends a code and nothing else.

use protocol::api::ErrorCode;

/// What an error means to whoever runs a cluster: a lower-case fragment. Of errors that no command meets it is the name.
pub fn in_words(code: ErrorCode) -> String {
    said_of(code).map_or_else(|| name_in_words(code), str::to_owned)
}

fn said_of(code: ErrorCode) -> Option<&'static str> {
    refused(code)
        .or_else(|| no_right(code))
        .or_else(|| not_there(code))
        .or_else(|| not_now(code))
}

/// What was asked for is against a rule.
const fn refused(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::InvalidTopicException => "no topic can have this name",
        ErrorCode::TopicAlreadyExists => "a topic of this name exists",
        ErrorCode::InvalidPartitions => "no topic can have this many partitions",
        ErrorCode::InvalidReplicationFactor => "there are not as many brokers as replicas are asked for",
        ErrorCode::InvalidReplicaAssignment => "partitions cannot be assigned to brokers like this",
        ErrorCode::InvalidConfig => "a setting makes no sense to the cluster",
        ErrorCode::InvalidRequest => "the request makes no sense to the node",
        ErrorCode::PolicyViolation => "a policy of the cluster forbids it",
        ErrorCode::TopicDeletionDisabled => "topics cannot be deleted here: delete.topic.enable is false",
        ErrorCode::MessageTooLarge => "a record is larger than max.message.bytes of the topic",
        ErrorCode::RecordListTooLarge => "a batch is larger than a segment of the topic",
        ErrorCode::InvalidRecord => "a record is not as the topic demands",
        ErrorCode::InvalidTimestamp => "a timestamp is out of the topic's range",
        ErrorCode::CorruptMessage => "a record is damaged, or lacks the key that a compacted topic demands",
        ErrorCode::UnsupportedCompressionType => "the topic's compression is not one that is spoken here",
        ErrorCode::InvalidGroupId => "no group can have this id",
        ErrorCode::NonEmptyGroup => "the group has members",
        ErrorCode::GroupSubscribedToTopic => "members of the group read the topic",
        ErrorCode::OffsetMetadataTooLarge => "the metadata of an offset is longer than offset.metadata.max.bytes",
        ErrorCode::UnacceptableCredential => "the credential is not good enough for the cluster",
        ErrorCode::InvalidUpdateVersion => "the level is none that this feature can be set to",
        ErrorCode::FeatureUpdateFailed => "the feature could not be changed",
        ErrorCode::DuplicateVoter => "the controller is a voter already",
        ErrorCode::UnsupportedVersion => "the node does not support this",
        ErrorCode::InvalidPrincipalType => "no principal is of this type",
        _ => return None,
    })
}

/// Who asks may not, or is not believed.
const fn no_right(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::TopicAuthorizationFailed => "this user has no right to do it with the topic",
        ErrorCode::GroupAuthorizationFailed => "this user has no right to do it with the group",
        ErrorCode::ClusterAuthorizationFailed => "this user has no right to do it with the cluster",
        ErrorCode::TransactionalIdAuthorizationFailed => "this user has no right to do it with the transactional id",
        ErrorCode::DelegationTokenAuthorizationFailed => "this user has no right to do it with the token",
        ErrorCode::DelegationTokenOwnerMismatch => "this user neither owns the token nor may renew it",
        ErrorCode::DelegationTokenAuthDisabled => "the cluster has no delegation tokens",
        ErrorCode::DelegationTokenRequestNotAllowed => "tokens are for who has logged in, and not with a token",
        ErrorCode::DelegationTokenExpired => "the token has expired",
        ErrorCode::SaslAuthenticationFailed => "the login failed",
        ErrorCode::SecurityDisabled => "the cluster has no authorizer",
        _ => return None,
    })
}

/// What is named does not exist.
const fn not_there(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::UnknownTopicOrPartition => "no such topic or partition is there",
        ErrorCode::UnknownTopicId => "no topic has this id",
        ErrorCode::GroupIdNotFound => "no such group is there",
        ErrorCode::UnknownMemberId => "the group has no such member",
        ErrorCode::TransactionalIdNotFound => "no such transactional id is known",
        ErrorCode::DelegationTokenNotFound => "no such token is there",
        ErrorCode::ResourceNotFound => "it does not exist",
        ErrorCode::LogDirNotFound => "the broker has no such log directory",
        ErrorCode::BrokerIdNotRegistered => "no such broker is registered",
        ErrorCode::VoterNotFound => "the controller is no voter",
        ErrorCode::NoReassignmentInProgress => "no reassignment of it is under way",
        ErrorCode::OffsetOutOfRange => "the log has no such offset",
        _ => return None,
    })
}

/// It may be done later, or elsewhere.
const fn not_now(code: ErrorCode) -> Option<&'static str> {
    Some(match code {
        ErrorCode::UnknownServerError => "the node failed, and does not say why: its log may",
        ErrorCode::LeaderNotAvailable => "there is no leader yet",
        ErrorCode::NotLeaderOrFollower => "the broker is no longer the leader",
        ErrorCode::NotController => "the node is no longer the controller",
        ErrorCode::NotCoordinator => "the broker is no longer the coordinator",
        ErrorCode::CoordinatorNotAvailable => "there is no coordinator yet",
        ErrorCode::CoordinatorLoadInProgress => "the coordinator is still reading its log",
        ErrorCode::RequestTimedOut => "the cluster did not do it in time",
        ErrorCode::BrokerNotAvailable => "the broker is not there",
        ErrorCode::ReplicaNotAvailable => "the broker has no replica of it",
        ErrorCode::KafkaStorageError => "a disk of the broker failed",
        ErrorCode::NotEnoughReplicas => "fewer replicas are in sync than min.insync.replicas",
        ErrorCode::NotEnoughReplicasAfterAppend => {
            "it was written, but to fewer in-sync replicas than min.insync.replicas"
        }
        ErrorCode::RebalanceInProgress => "the group is rebalancing",
        ErrorCode::ReassignmentInProgress => "a reassignment is under way",
        ErrorCode::PreferredLeaderNotAvailable => "the preferred leader is not in sync, or not there",
        ErrorCode::EligibleLeadersNotAvailable => "no replica that could lead is there",
        ErrorCode::ElectionNotNeeded => "it has the right leader already",
        ErrorCode::UnstableOffsetCommit => "an open transaction has offsets of it",
        ErrorCode::ConcurrentTransactions => "another change of the transaction is under way",
        ErrorCode::ThrottlingQuotaExceeded => "a quota of changes is used up",
        ErrorCode::OperationNotAttempted => "it was not tried, as something before it failed",
        _ => return None,
    })
}

/// "policy violation" of PolicyViolation; the number of an error that has no name.
fn name_in_words(code: ErrorCode) -> String {
    if let ErrorCode::Unknown(number) = code {
        return format!("error {number}, which is not known here");
    }
    let mut words = String::new();
    for c in code.to_string().chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_words_that_are_not_its_name() {
        for number in -1..140 {
            let Some(code) = ErrorCode::try_from_code(number) else {
                continue;
            };
            let words = in_words(code);
            assert_ne!(words, code.to_string());
            assert!(
                words.contains(' ') && words.starts_with(|c: char| c.is_ascii_lowercase()),
                "{words}"
            );
        }
        assert_eq!(in_words(ErrorCode::FencedLeaderEpoch), "fenced leader epoch");
        assert_eq!(in_words(ErrorCode::Unknown(999)), "error 999, which is not known here");
    }
}
