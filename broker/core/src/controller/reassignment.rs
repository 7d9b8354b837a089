//! Replicas on the move: what is added and removed, when a move is complete, and what its cancellation leaves.

use crate::image::PartitionImage;

/// A reassignment as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reassignment {
    /// Replicas that go.
    pub(super) removing: Vec<i32>,
    /// Replicas that come.
    pub(super) adding: Vec<i32>,
    /// All replicas while it goes on, those that go at the end.
    pub(super) replicas: Vec<i32>,
}

impl Reassignment {
    /// From what a partition has to the replicas it is to have. What an unfinished move was adding is still on its
    /// way if it stays, and goes again if it does not.
    pub(super) fn towards(partition: &PartitionImage, target: &[i32]) -> Self {
        let without = |some: &[i32], others: &[i32]| {
            let mut left: Vec<i32> = some.iter().filter(|id| !others.contains(id)).copied().collect();
            left.sort_unstable();
            left
        };
        let settled = without(&partition.replicas, &partition.adding_replicas);
        let removing = without(&partition.replicas, target);
        Self {
            replicas: target.iter().chain(&removing).copied().collect(),
            adding: without(target, &settled),
            removing,
        }
    }

    /// Replicas and ISR once it is complete, if it is.
    pub(super) fn completed(&self, isr: &[i32]) -> Option<(Vec<i32>, Vec<i32>)> {
        if self.removing.is_empty() && self.adding.is_empty() {
            return None;
        }
        let staying = |ids: &[i32]| -> Vec<i32> {
            let stays = ids.iter().filter(|id| !self.removing.contains(id));
            stays.copied().collect()
        };
        let (replicas, isr) = (staying(&self.replicas), staying(isr));
        let has_all = |ids: &[i32]| ids.iter().all(|id| isr.contains(id));
        // With fewer replicas than before, one that lags would cost more of the ISR than the move is worth.
        let shrinks = self.adding.len() < self.removing.len();
        let whole = !isr.is_empty() && !replicas.is_empty() && has_all(&self.adding);
        (whole && (!shrinks || has_all(&replicas))).then_some((replicas, isr))
    }
}

/// What a cancelled reassignment leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reverted {
    pub(super) replicas: Vec<i32>,
    pub(super) isr: Vec<i32>,
    /// Nobody of the old replicas is in sync: going back loses records.
    pub(super) unclean: bool,
}

/// Takes out what was being added; none if nothing would be left.
pub(super) fn reverted(partition: &PartitionImage) -> Option<Reverted> {
    let without_added = |ids: &[i32]| -> Vec<i32> {
        let stays = ids.iter().filter(|id| !partition.adding_replicas.contains(id));
        stays.copied().collect()
    };
    let replicas = without_added(&partition.replicas);
    let first = *replicas.first()?;
    let isr = without_added(&partition.isr);
    let unclean = isr.is_empty();
    Some(Reverted {
        isr: if unclean { vec![first] } else { isr },
        replicas,
        unclean,
    })
}
