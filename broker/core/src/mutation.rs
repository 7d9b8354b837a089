//! Rules of the core that a test breaks on purpose: what finds no fault in a broken core proves nothing of the whole one.
//!
//! Without the feature `mutations` every rule holds, and the compiler leaves nothing of this in the code.

/// A rule that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutation {
    /// The leader of the quorum counts its own log before that is durable.
    SelfCountedBeforeFsync,
    /// The quorum commits records of former epochs without one of the leader's own.
    HighWatermarkOnOldEpoch,
    /// A voter answers before its vote is on disk.
    VoteNotPersisted,
    /// A leader, of the quorum or of a partition, counts fetches of any epoch.
    FetchEpochUnchecked,
    /// A follower, of the quorum or of a partition, keeps what its leader does not have.
    NoTruncation,
    /// A follower joins the ISR before it has what is committed.
    IsrJoinedWhileBehind,
    /// The high watermark waits for the ISR only, not for replicas that may have joined it.
    IsrInsteadOfMaximalIsr,
    /// Writes are taken and acknowledged below min.insync.replicas.
    AcknowledgedBelowMinIsr,
    /// The controller takes an ISR from whichever leader epoch and partition epoch.
    AlterPartitionEpochsIgnored,
    /// A new leader knows nothing of the sequences of producers.
    SequencesForgottenAtFailover,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::SelfCountedBeforeFsync,
        Self::HighWatermarkOnOldEpoch,
        Self::VoteNotPersisted,
        Self::FetchEpochUnchecked,
        Self::NoTruncation,
        Self::IsrJoinedWhileBehind,
        Self::IsrInsteadOfMaximalIsr,
        Self::AcknowledgedBelowMinIsr,
        Self::AlterPartitionEpochsIgnored,
        Self::SequencesForgottenAtFailover,
    ];
}

/// Whether a rule is broken in this thread.
#[cfg(not(feature = "mutations"))]
pub(crate) const fn mutated(_rule: Mutation) -> bool {
    false
}

#[cfg(feature = "mutations")]
mod switch {
    use std::cell::Cell;

    use super::Mutation;

    thread_local! {
        static BROKEN: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    /// Whether a rule is broken in this thread.
    pub(crate) fn mutated(rule: Mutation) -> bool {
        BROKEN.get() == Some(rule)
    }

    /// Mends the rule, also when what ran with it broken panics.
    struct Mend;

    impl Drop for Mend {
        fn drop(&mut self) {
            BROKEN.set(None);
        }
    }

    /// Runs something in this thread with a rule broken.
    pub fn broken<T>(rule: Mutation, run: impl FnOnce() -> T) -> T {
        let _mend = Mend;
        BROKEN.set(Some(rule));
        run()
    }
}

#[cfg(feature = "mutations")]
pub use switch::broken;
#[cfg(feature = "mutations")]
pub(crate) use switch::mutated;
