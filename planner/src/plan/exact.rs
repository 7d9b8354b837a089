//! Takes over the best placement that a flow found.

use super::state::State;
use crate::dense::{BrokerIx, PartitionIx, SlotIx, Table};

/// Moves what has to move for each partition to be on these brokers: who stays keeps its place in the list.
pub(crate) fn adopt(state: &mut State<'_>, brokers: &Table<PartitionIx, Vec<BrokerIx>>) {
    let all: Vec<PartitionIx> = brokers.keys().filter(|at| state.problem.may_change(*at)).collect();
    for partition in all {
        let target = &brokers[partition];
        let slots: Vec<SlotIx> = state.slots_of(partition).collect();
        let mut free = Vec::new();
        for slot in slots {
            if state.broker(slot).is_none_or(|broker| !target.contains(&broker)) {
                state.lift(slot);
                free.push(slot);
            }
        }
        let missing: Vec<BrokerIx> = target
            .iter()
            .copied()
            .filter(|broker| !state.placed(partition).contains(&Some(*broker)))
            .collect();
        for (slot, broker) in free.into_iter().zip(missing) {
            state.put(slot, broker);
        }
    }
}
