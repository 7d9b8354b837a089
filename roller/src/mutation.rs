//! Rules that a test breaks on purpose: what finds no fault in a broken gate proves nothing of the whole one.
//!
//! Without the feature `mutations` every rule holds, and the compiler leaves nothing of this in the code.

/// A rule that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutation {
    /// Nothing is kept in reserve for others that fail.
    SpareIgnored,
    /// One replica in sync is taken to be enough.
    MinIsrIgnored,
    /// Replicas count, in sync or not.
    AllReplicasCounted,
    /// Replicas out of sync stop while their partition is short.
    ShortOnesTouched,
    /// One replica too many may stop.
    OneMore,
    /// Each node is looked at as if it stopped alone.
    EachAlone,
    /// Only the partitions that a node leads count.
    LedOnly,
    /// A batch is taken from the plan, and not proved again.
    GateSkipped,
    /// Voters that lag count for the majority.
    LaggingVotersCounted,
    /// The majority is that of the voters that are caught up.
    MajorityOfTheCaughtUp,
    /// All replicas of a partition that no restart spares may stop together.
    AcceptedTogether,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::SpareIgnored,
        Self::MinIsrIgnored,
        Self::AllReplicasCounted,
        Self::ShortOnesTouched,
        Self::OneMore,
        Self::EachAlone,
        Self::LedOnly,
        Self::GateSkipped,
        Self::LaggingVotersCounted,
        Self::MajorityOfTheCaughtUp,
        Self::AcceptedTogether,
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
