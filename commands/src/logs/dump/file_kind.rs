//! What a file is, by its name.

use protocol::files::names;

/// Files of a log directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Batches.
    Segment,
    /// Batches between a snapshot's header and footer.
    Snapshot,
    /// Offsets to positions.
    OffsetIndex,
    /// Timestamps to offsets.
    TimeIndex,
    /// Aborted transactions.
    TxnIndex,
    /// State of the producers of a partition.
    Producers,
    /// An offset for each partition.
    Offsets,
    /// Where leader epochs start.
    LeaderEpochs,
    /// Epoch and vote.
    QuorumState,
    /// The topic id.
    PartitionMetadata,
    /// Cluster, node and directory.
    MetaProperties,
    /// The mark of a clean shutdown.
    CleanShutdown,
}

impl FileKind {
    /// The kind of a file of this name; none if Kafka has no such file.
    pub(super) fn of(name: &str) -> Option<Self> {
        // Files on their way in or out keep their content.
        let name = [".deleted", ".swap", ".cleaned", ".part", ".tmp"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(name);
        let by_suffix = [
            (".log", Self::Segment),
            (".checkpoint", Self::Snapshot),
            (".index", Self::OffsetIndex),
            (".timeindex", Self::TimeIndex),
            (".txnindex", Self::TxnIndex),
            (".snapshot", Self::Producers),
        ];
        let whole = match name {
            names::RECOVERY_POINTS | names::LOG_START_OFFSETS | names::HIGH_WATERMARKS | names::CLEANER_OFFSETS => {
                Some(Self::Offsets)
            }
            names::LEADER_EPOCHS => Some(Self::LeaderEpochs),
            names::QUORUM_STATE => Some(Self::QuorumState),
            names::PARTITION_METADATA => Some(Self::PartitionMetadata),
            names::META_PROPERTIES => Some(Self::MetaProperties),
            names::CLEAN_SHUTDOWN => Some(Self::CleanShutdown),
            _ => None,
        };
        whole.or_else(|| {
            by_suffix
                .into_iter()
                .find(|(suffix, _)| name.ends_with(suffix))
                .map(|(_, kind)| kind)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kinds() {
        for (name, kind) in [
            ("00000000000000000000.log", Some(FileKind::Segment)),
            ("00000000000000000000.log.deleted", Some(FileKind::Segment)),
            ("00000000000000000007.timeindex", Some(FileKind::TimeIndex)),
            ("00000000000000000007-0000000001.checkpoint", Some(FileKind::Snapshot)),
            (
                "00000000000000000007-0000000001.checkpoint.part",
                Some(FileKind::Snapshot),
            ),
            ("bootstrap.checkpoint", Some(FileKind::Snapshot)),
            ("replication-offset-checkpoint", Some(FileKind::Offsets)),
            ("leader-epoch-checkpoint", Some(FileKind::LeaderEpochs)),
            ("server.log.txt", None),
            ("checkpoint", None),
        ] {
            assert_eq!(FileKind::of(name), kind, "{name}");
        }
    }
}
