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

/// By code.
const CLASSES: [(i16, &str); 132] = [
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
            class_of(ErrorCode::Unknown(9999)),
            "org.apache.kafka.common.errors.UnknownServerException"
        );
    }
}
