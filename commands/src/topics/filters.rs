//! Which partitions are worth a look, as kafka-topics has it.

use std::collections::BTreeSet;

use client::PartitionDescription;

/// Which partitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    All,
    UnderReplicated,
    Unavailable,
    UnderMinIsr,
    AtMinIsr,
}

/// What is known of a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) partition: &'a PartitionDescription,
    /// Replicas that a reassignment adds: nobody misses them yet.
    pub(super) adding: &'a [i32],
    /// What acks=all needs; none if it could not be found out.
    pub(super) min_insync: Option<u32>,
    /// Brokers that are alive.
    pub(super) alive: &'a BTreeSet<i32>,
}

impl Filter {
    /// Whether it has to be known what acks=all needs.
    pub(super) const fn needs_min_isr(self) -> bool {
        matches!(self, Self::UnderMinIsr | Self::AtMinIsr)
    }

    /// Whether a partition is among them.
    pub(super) fn takes(self, facts: &Facts<'_>) -> bool {
        let partition = facts.partition;
        let in_sync = partition.isr.len();
        match self {
            Self::All => true,
            Self::UnderReplicated => {
                let settled = partition.replicas.iter().filter(|id| !facts.adding.contains(id));
                in_sync < settled.count()
            }
            Self::Unavailable => partition.leader.is_none_or(|leader| !facts.alive.contains(&leader)),
            Self::UnderMinIsr => {
                partition.leader.is_none() || facts.min_insync.is_some_and(|min| (in_sync as u64) < u64::from(min))
            }
            Self::AtMinIsr => facts.min_insync.is_some_and(|min| in_sync as u64 == u64::from(min)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(leader: Option<i32>, isr: &[i32], adding: &[i32]) -> Vec<Filter> {
        let partition = PartitionDescription {
            leader,
            leader_epoch: 0,
            replicas: vec![1, 2, 3],
            isr: isr.to_vec(),
            offline: Vec::new(),
            elr: None,
            last_known_elr: None,
        };
        let facts = Facts {
            partition: &partition,
            adding,
            min_insync: Some(2),
            alive: &BTreeSet::from([1, 2, 3]),
        };
        let all = [
            Filter::UnderReplicated,
            Filter::Unavailable,
            Filter::UnderMinIsr,
            Filter::AtMinIsr,
        ];
        all.into_iter().filter(|filter| filter.takes(&facts)).collect()
    }

    #[test]
    fn each_filter_takes_what_kafkas_script_takes() {
        assert_eq!(taken(Some(1), &[1, 2, 3], &[]), []);
        assert_eq!(
            taken(Some(1), &[1, 2], &[]),
            [Filter::UnderReplicated, Filter::AtMinIsr]
        );
        assert_eq!(taken(Some(1), &[1, 2], &[3]), [Filter::AtMinIsr], "3 is yet to come");
        assert_eq!(
            taken(Some(1), &[1], &[]),
            [Filter::UnderReplicated, Filter::UnderMinIsr]
        );
        assert_eq!(taken(Some(9), &[1, 2, 3], &[]), [Filter::Unavailable], "9 is not alive");
        let leaderless = taken(None, &[2], &[]);
        assert_eq!(
            leaderless,
            [Filter::UnderReplicated, Filter::Unavailable, Filter::UnderMinIsr]
        );
    }
}
