//! Sends home what did not have to move, the largest first.

use super::mend::SMALLEST_GAIN;
use super::state::State;
use super::violation::Measure;
use crate::dense::{Resource, SlotIx};

/// Sends replicas home whose return leaves no load further outside its window than it is. Returns how many.
pub(crate) fn settle(state: &mut State<'_>, measure: &Measure) -> usize {
    let mut moved: Vec<(i64, SlotIx)> = Vec::new();
    for slot in state.slots() {
        if let (Some(at), Some(home)) = (state.broker(slot), state.home(slot))
            && at != home
            && state.arrives(slot, at)
        {
            moved.push((state.load(slot)[Resource::Disk], slot));
        }
    }
    moved.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut returned = 0;
    for (_, slot) in moved {
        let (Some(at), Some(home)) = (state.broker(slot), state.home(slot)) else {
            continue;
        };
        let load = state.load(slot);
        let gain = measure.gain(at, &state.loads[at], &load, -1, &Resource::REPLICA)
            + measure.gain(home, &state.loads[home], &load, 1, &Resource::REPLICA);
        if gain >= -SMALLEST_GAIN && state.may_take(slot, home) {
            state.put(slot, home);
            returned += 1;
        }
    }
    returned
}
