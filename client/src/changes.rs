//! Requests that change a cluster, and who is told before one is sent.

use std::sync::OnceLock;

use protocol::api::ApiKey;

/// Hears of a change before it is sent, and may keep it from being sent.
pub type Witness = fn(ApiKey) -> Result<(), String>;

static WITNESS: OnceLock<Witness> = OnceLock::new();

/// From now on this process tells of each change before it sends it. The first witness stays.
pub fn tell_of_changes_to(witness: Witness) {
    WITNESS.get_or_init(|| witness);
}

/// Tells of a request, if it changes something and somebody wants to know.
pub(crate) fn tell_of(api: ApiKey) -> Result<(), String> {
    match WITNESS.get() {
        Some(witness) if is_change(api) => witness(api),
        _ => Ok(()),
    }
}

/// Whether a request changes something besides records and who sends it.
const fn is_change(api: ApiKey) -> bool {
    matches!(
        api,
        ApiKey::AddRaftVoter
            | ApiKey::AlterClientQuotas
            | ApiKey::AlterConfigs
            | ApiKey::AlterPartitionReassignments
            | ApiKey::AlterReplicaLogDirs
            | ApiKey::AlterShareGroupOffsets
            | ApiKey::AlterUserScramCredentials
            | ApiKey::CreateAcls
            | ApiKey::CreateDelegationToken
            | ApiKey::CreatePartitions
            | ApiKey::CreateTopics
            | ApiKey::DeleteAcls
            | ApiKey::DeleteGroups
            | ApiKey::DeleteRecords
            | ApiKey::DeleteShareGroupOffsets
            | ApiKey::DeleteTopics
            | ApiKey::ElectLeaders
            | ApiKey::ExpireDelegationToken
            | ApiKey::IncrementalAlterConfigs
            | ApiKey::LeaveGroup
            | ApiKey::OffsetCommit
            | ApiKey::OffsetDelete
            | ApiKey::RemoveRaftVoter
            | ApiKey::RenewDelegationToken
            | ApiKey::UnregisterBroker
            | ApiKey::UpdateFeatures
            | ApiKey::WriteTxnMarkers
    )
}
