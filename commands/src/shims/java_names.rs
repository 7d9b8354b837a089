//! Names of the Java classes that Kafka's errors are.

use protocol::api::ErrorCode;

/// The class of an error, as its `toString` names it.
pub(super) fn class_of(code: ErrorCode) -> &'static str {
    let code = code.code();
    let found = CLASSES.iter().find(|(known, _)| *known == code);
    found.map_or("org.apache.kafka.common.errors.UnknownServerException", |(_, class)| {
        class
    })
}

/// A name as Java's constants are written: DescribeAcls is DESCRIBE_ACLS.
pub(super) fn constant(name: &str) -> String {
    let mut constant = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !constant.is_empty() {
            constant.push('_');
        }
        constant.push(c.to_ascii_uppercase());
    }
    constant
}

/// What is said of an error of which a cluster says nothing itself: scripts look for these words.
pub(super) fn message_of(code: ErrorCode) -> Option<&'static str> {
    let code = code.code();
    MESSAGES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, message)| *message)
}

/// By code, of those errors that brokers answer without words.
const MESSAGES: [(i16, &str); 40] = [
    (
        -1,
        "The server experienced an unexpected error when processing the request.",
    ),
    (
        1,
        "The requested offset is not within the range of offsets maintained by the server.",
    ),
    (3, "This server does not host this topic-partition."),
    (
        5,
        "There is no leader for this topic-partition as we are in the middle of a leadership election.",
    ),
    (
        6,
        "For requests intended only for the leader, this error indicates that the broker is not the current leader. For requests intended for any replica, this error indicates that the broker is not a replica of the topic partition.",
    ),
    (7, "The request timed out."),
    (
        9,
        "The replica is not available for the requested topic-partition. Produce/Fetch requests and other requests intended only for the leader or follower return NOT_LEADER_OR_FOLLOWER if the broker is not a replica of the topic-partition.",
    ),
    (13, "The server disconnected before a response was received."),
    (14, "The coordinator is loading and hence can't process requests."),
    (15, "The coordinator is not available."),
    (16, "This is not the correct coordinator."),
    (17, "The request attempted to perform an operation on an invalid topic."),
    (24, "The group id is invalid."),
    (25, "The coordinator is not aware of this member."),
    (27, "The group is rebalancing, so a rejoin is needed."),
    (28, "The committing offset data size is not valid."),
    (29, "Topic authorization failed."),
    (30, "Group authorization failed."),
    (31, "Cluster authorization failed."),
    (35, "The version of API is not supported."),
    (41, "This is not the correct controller for this cluster."),
    (
        42,
        "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.",
    ),
    (44, "Request parameters do not satisfy the configured policy."),
    (54, "Security features are disabled."),
    (56, "Disk error when trying to access log file on the disk."),
    (
        57,
        "The user-specified log directory is not found in the broker config.",
    ),
    (68, "The group is not empty."),
    (69, "The group id does not exist."),
    (77, "Broker epoch has changed."),
    (80, "The preferred leader was not available."),
    (83, "Eligible topic partition leaders are not available."),
    (84, "Leader election not needed for topic partition."),
    (85, "No partition reassignment is in progress."),
    (
        86,
        "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.",
    ),
    (
        87,
        "This record has failed the validation on broker and hence will be rejected.",
    ),
    (88, "There are unstable offsets that need to be cleared."),
    (89, "The throttling quota has been exceeded."),
    (100, "This server does not host this topic ID."),
    (109, "The requested offset is moved to tiered storage."),
    (114, "The request was sent to an endpoint of the wrong type."),
];

/// By code.
const CLASSES: [(i16, &str); 133] = [
    (1, "org.apache.kafka.common.errors.OffsetOutOfRangeException"),
    (2, "org.apache.kafka.common.errors.CorruptRecordException"),
    (3, "org.apache.kafka.common.errors.UnknownTopicOrPartitionException"),
    (4, "org.apache.kafka.common.errors.InvalidFetchSizeException"),
    (5, "org.apache.kafka.common.errors.LeaderNotAvailableException"),
    (6, "org.apache.kafka.common.errors.NotLeaderOrFollowerException"),
    (7, "org.apache.kafka.common.errors.TimeoutException"),
    (8, "org.apache.kafka.common.errors.BrokerNotAvailableException"),
    (9, "org.apache.kafka.common.errors.ReplicaNotAvailableException"),
    (10, "org.apache.kafka.common.errors.RecordTooLargeException"),
    (11, "org.apache.kafka.common.errors.ControllerMovedException"),
    (12, "org.apache.kafka.common.errors.OffsetMetadataTooLarge"),
    (13, "org.apache.kafka.common.errors.NetworkException"),
    (14, "org.apache.kafka.common.errors.CoordinatorLoadInProgressException"),
    (15, "org.apache.kafka.common.errors.CoordinatorNotAvailableException"),
    (16, "org.apache.kafka.common.errors.NotCoordinatorException"),
    (17, "org.apache.kafka.common.errors.InvalidTopicException"),
    (18, "org.apache.kafka.common.errors.RecordBatchTooLargeException"),
    (19, "org.apache.kafka.common.errors.NotEnoughReplicasException"),
    (
        20,
        "org.apache.kafka.common.errors.NotEnoughReplicasAfterAppendException",
    ),
    (21, "org.apache.kafka.common.errors.InvalidRequiredAcksException"),
    (22, "org.apache.kafka.common.errors.IllegalGenerationException"),
    (23, "org.apache.kafka.common.errors.InconsistentGroupProtocolException"),
    (24, "org.apache.kafka.common.errors.InvalidGroupIdException"),
    (25, "org.apache.kafka.common.errors.UnknownMemberIdException"),
    (26, "org.apache.kafka.common.errors.InvalidSessionTimeoutException"),
    (27, "org.apache.kafka.common.errors.RebalanceInProgressException"),
    (28, "org.apache.kafka.common.errors.InvalidCommitOffsetSizeException"),
    (29, "org.apache.kafka.common.errors.TopicAuthorizationException"),
    (30, "org.apache.kafka.common.errors.GroupAuthorizationException"),
    (31, "org.apache.kafka.common.errors.ClusterAuthorizationException"),
    (32, "org.apache.kafka.common.errors.InvalidTimestampException"),
    (33, "org.apache.kafka.common.errors.UnsupportedSaslMechanismException"),
    (34, "org.apache.kafka.common.errors.IllegalSaslStateException"),
    (35, "org.apache.kafka.common.errors.UnsupportedVersionException"),
    (36, "org.apache.kafka.common.errors.TopicExistsException"),
    (37, "org.apache.kafka.common.errors.InvalidPartitionsException"),
    (38, "org.apache.kafka.common.errors.InvalidReplicationFactorException"),
    (39, "org.apache.kafka.common.errors.InvalidReplicaAssignmentException"),
    (40, "org.apache.kafka.common.errors.InvalidConfigurationException"),
    (41, "org.apache.kafka.common.errors.NotControllerException"),
    (42, "org.apache.kafka.common.errors.InvalidRequestException"),
    (
        43,
        "org.apache.kafka.common.errors.UnsupportedForMessageFormatException",
    ),
    (44, "org.apache.kafka.common.errors.PolicyViolationException"),
    (45, "org.apache.kafka.common.errors.OutOfOrderSequenceException"),
    (46, "org.apache.kafka.common.errors.DuplicateSequenceException"),
    (47, "org.apache.kafka.common.errors.InvalidProducerEpochException"),
    (48, "org.apache.kafka.common.errors.InvalidTxnStateException"),
    (49, "org.apache.kafka.common.errors.InvalidPidMappingException"),
    (50, "org.apache.kafka.common.errors.InvalidTxnTimeoutException"),
    (51, "org.apache.kafka.common.errors.ConcurrentTransactionsException"),
    (
        52,
        "org.apache.kafka.common.errors.TransactionCoordinatorFencedException",
    ),
    (
        53,
        "org.apache.kafka.common.errors.TransactionalIdAuthorizationException",
    ),
    (54, "org.apache.kafka.common.errors.SecurityDisabledException"),
    (55, "org.apache.kafka.common.errors.OperationNotAttemptedException"),
    (56, "org.apache.kafka.common.errors.KafkaStorageException"),
    (57, "org.apache.kafka.common.errors.LogDirNotFoundException"),
    (58, "org.apache.kafka.common.errors.SaslAuthenticationException"),
    (59, "org.apache.kafka.common.errors.UnknownProducerIdException"),
    (60, "org.apache.kafka.common.errors.ReassignmentInProgressException"),
    (61, "org.apache.kafka.common.errors.DelegationTokenDisabledException"),
    (62, "org.apache.kafka.common.errors.DelegationTokenNotFoundException"),
    (
        63,
        "org.apache.kafka.common.errors.DelegationTokenOwnerMismatchException",
    ),
    (
        64,
        "org.apache.kafka.common.errors.UnsupportedByAuthenticationException",
    ),
    (
        65,
        "org.apache.kafka.common.errors.DelegationTokenAuthorizationException",
    ),
    (66, "org.apache.kafka.common.errors.DelegationTokenExpiredException"),
    (67, "org.apache.kafka.common.errors.InvalidPrincipalTypeException"),
    (68, "org.apache.kafka.common.errors.GroupNotEmptyException"),
    (69, "org.apache.kafka.common.errors.GroupIdNotFoundException"),
    (70, "org.apache.kafka.common.errors.FetchSessionIdNotFoundException"),
    (71, "org.apache.kafka.common.errors.InvalidFetchSessionEpochException"),
    (72, "org.apache.kafka.common.errors.ListenerNotFoundException"),
    (73, "org.apache.kafka.common.errors.TopicDeletionDisabledException"),
    (74, "org.apache.kafka.common.errors.FencedLeaderEpochException"),
    (75, "org.apache.kafka.common.errors.UnknownLeaderEpochException"),
    (76, "org.apache.kafka.common.errors.UnsupportedCompressionTypeException"),
    (77, "org.apache.kafka.common.errors.StaleBrokerEpochException"),
    (78, "org.apache.kafka.common.errors.OffsetNotAvailableException"),
    (79, "org.apache.kafka.common.errors.MemberIdRequiredException"),
    (
        80,
        "org.apache.kafka.common.errors.PreferredLeaderNotAvailableException",
    ),
    (81, "org.apache.kafka.common.errors.GroupMaxSizeReachedException"),
    (82, "org.apache.kafka.common.errors.FencedInstanceIdException"),
    (
        83,
        "org.apache.kafka.common.errors.EligibleLeadersNotAvailableException",
    ),
    (84, "org.apache.kafka.common.errors.ElectionNotNeededException"),
    (85, "org.apache.kafka.common.errors.NoReassignmentInProgressException"),
    (86, "org.apache.kafka.common.errors.GroupSubscribedToTopicException"),
    (87, "org.apache.kafka.common.InvalidRecordException"),
    (88, "org.apache.kafka.common.errors.UnstableOffsetCommitException"),
    (89, "org.apache.kafka.common.errors.ThrottlingQuotaExceededException"),
    (90, "org.apache.kafka.common.errors.ProducerFencedException"),
    (91, "org.apache.kafka.common.errors.ResourceNotFoundException"),
    (92, "org.apache.kafka.common.errors.DuplicateResourceException"),
    (93, "org.apache.kafka.common.errors.UnacceptableCredentialException"),
    (94, "org.apache.kafka.common.errors.InconsistentVoterSetException"),
    (95, "org.apache.kafka.common.errors.InvalidUpdateVersionException"),
    (96, "org.apache.kafka.common.errors.FeatureUpdateFailedException"),
    (97, "org.apache.kafka.common.errors.PrincipalDeserializationException"),
    (98, "org.apache.kafka.common.errors.SnapshotNotFoundException"),
    (99, "org.apache.kafka.common.errors.PositionOutOfRangeException"),
    (100, "org.apache.kafka.common.errors.UnknownTopicIdException"),
    (
        101,
        "org.apache.kafka.common.errors.DuplicateBrokerRegistrationException",
    ),
    (102, "org.apache.kafka.common.errors.BrokerIdNotRegisteredException"),
    (103, "org.apache.kafka.common.errors.InconsistentTopicIdException"),
    (104, "org.apache.kafka.common.errors.InconsistentClusterIdException"),
    (105, "org.apache.kafka.common.errors.TransactionalIdNotFoundException"),
    (106, "org.apache.kafka.common.errors.FetchSessionTopicIdException"),
    (107, "org.apache.kafka.common.errors.IneligibleReplicaException"),
    (108, "org.apache.kafka.common.errors.NewLeaderElectedException"),
    (
        109,
        "org.apache.kafka.common.errors.OffsetMovedToTieredStorageException",
    ),
    (110, "org.apache.kafka.common.errors.FencedMemberEpochException"),
    (111, "org.apache.kafka.common.errors.UnreleasedInstanceIdException"),
    (112, "org.apache.kafka.common.errors.UnsupportedAssignorException"),
    (113, "org.apache.kafka.common.errors.StaleMemberEpochException"),
    (114, "org.apache.kafka.common.errors.MismatchedEndpointTypeException"),
    (115, "org.apache.kafka.common.errors.UnsupportedEndpointTypeException"),
    (116, "org.apache.kafka.common.errors.UnknownControllerIdException"),
    (117, "org.apache.kafka.common.errors.UnknownSubscriptionIdException"),
    (118, "org.apache.kafka.common.errors.TelemetryTooLargeException"),
    (119, "org.apache.kafka.common.errors.InvalidRegistrationException"),
    (120, "org.apache.kafka.common.errors.TransactionAbortableException"),
    (121, "org.apache.kafka.common.errors.InvalidRecordStateException"),
    (122, "org.apache.kafka.common.errors.ShareSessionNotFoundException"),
    (123, "org.apache.kafka.common.errors.InvalidShareSessionEpochException"),
    (124, "org.apache.kafka.common.errors.FencedStateEpochException"),
    (125, "org.apache.kafka.common.errors.InvalidVoterKeyException"),
    (126, "org.apache.kafka.common.errors.DuplicateVoterException"),
    (127, "org.apache.kafka.common.errors.VoterNotFoundException"),
    (128, "org.apache.kafka.common.errors.InvalidRegularExpression"),
    (129, "org.apache.kafka.common.errors.RebootstrapRequiredException"),
    (130, "org.apache.kafka.common.errors.StreamsInvalidTopologyException"),
    (
        131,
        "org.apache.kafka.common.errors.StreamsInvalidTopologyEpochException",
    ),
    (132, "org.apache.kafka.common.errors.StreamsTopologyFencedException"),
    (133, "org.apache.kafka.common.errors.ShareSessionLimitReachedException"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_their_class() {
        assert_eq!(
            class_of(ErrorCode::GroupIdNotFound),
            "org.apache.kafka.common.errors.GroupIdNotFoundException"
        );
        assert_eq!(
            message_of(ErrorCode::GroupIdNotFound),
            Some("The group id does not exist.")
        );
        assert_eq!(
            message_of(ErrorCode::InvalidPartitions),
            None,
            "brokers say more themselves"
        );
        assert!(class_of(ErrorCode::OffsetOutOfRange).ends_with(".OffsetOutOfRangeException"));
        assert_eq!(
            class_of(ErrorCode::Unknown(9999)),
            "org.apache.kafka.common.errors.UnknownServerException"
        );
    }
}
