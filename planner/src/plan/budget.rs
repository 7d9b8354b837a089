//! Keeps a plan within a budget: what does least for its bytes goes home first.

use super::PlanError;
use super::state::State;
use super::violation::Measure;
use crate::dense::{Resource, SlotIx};
use crate::feasible::Obstacle;

/// Sends replicas home until bytes and moves are within the budget. What rules demand stays.
pub(crate) fn keep_within(state: &mut State<'_>, measure: &Measure) -> Result<(), PlanError> {
    let budget = state.problem.request.budget;
    let is_within = |state: &State<'_>| {
        budget.bytes.is_none_or(|most| state.bytes as u64 <= most)
            && budget.moves.is_none_or(|most| state.moves <= most)
    };
    while !is_within(state) {
        let mut moved: Vec<(f64, SlotIx)> = Vec::new();
        for slot in state.slots() {
            if let Some(harm) = harm_of_return(state, measure, slot) {
                moved.push((harm, slot));
            }
        }
        moved.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // Each return changes what the others do, so only some are made before they are looked at again.
        let some = moved.len().div_ceil(8);
        let mut returned = false;
        for (_, slot) in moved.into_iter().take(some.max(1)) {
            if is_within(state) {
                return Ok(());
            }
            if let Some(home) = state.home(slot)
                && state.may_take(slot, home)
            {
                state.put(slot, home);
                returned = true;
            }
        }
        if !returned {
            let obstacle = Obstacle::Budget {
                bytes: state.bytes as u64,
                moves: state.moves,
            };
            return Err(PlanError::Impossible {
                obstacles: vec![obstacle],
            });
        }
    }
    Ok(())
}

/// How much further outside windows loads are without this move, for each byte it costs.
fn harm_of_return(state: &State<'_>, measure: &Measure, slot: SlotIx) -> Option<f64> {
    let (at, home) = (state.broker(slot)?, state.home(slot)?);
    if at == home || !state.arrives(slot, at) || !state.may_take(slot, home) {
        return None;
    }
    let load = state.load(slot);
    let gained = measure.gain(at, &state.loads[at], &load, -1, &Resource::REPLICA)
        + measure.gain(home, &state.loads[home], &load, 1, &Resource::REPLICA);
    let budget = state.problem.request.budget;
    let cost = if budget.bytes.is_some() {
        load[Resource::Disk].max(1) as f64
    } else {
        1.0
    };
    Some(-gained / cost)
}
