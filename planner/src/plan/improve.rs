//! Makes a finished plan better, as long as there is work left to spend: some replicas go home, what that leaves
//! outside is mended in another way, and the better of both stays. On small clusters that is most of the way from a
//! good plan to the best; on large ones single replicas matter little, and little is spent.

use super::mend::mend_these;
use super::state::State;
use super::violation::Measure;
use crate::dense::{BrokerIx, Resource, SlotIx};
use crate::random::Random;

/// Clusters with more replicas are good enough without.
const SLOTS_MAX: usize = 20_000;
/// Slots looked at, about, before improving ends.
const WORK: usize = 60_000_000;
/// Tries in vain, for each replica that moves, before it ends.
const VAIN: usize = 12;
const AT_ONCE: usize = 4;

/// Improves a plan.
pub(crate) fn improve(state: &mut State<'_>, measure: &Measure) {
    let mut random = Random::new(state.problem.request.effort.seed);
    let brokers = state.problem.roles.len();
    let slots = state.slots().count();
    if slots > SLOTS_MAX {
        return;
    }
    let on_one = slots / brokers.max(1) + 1;
    let each = 8 * (on_one.min(40).pow(2) * brokers.min(16) + 33 * on_one);
    let mut tries = WORK / each;
    let mut moved = moved(state);
    let mut vain = 0;
    while tries > 0 && !moved.is_empty() && vain < VAIN * (moved.len() + 8) && state.spend(each) {
        tries -= 1;
        vain += 1;
        let before = value(state, measure);
        state.mark();
        let touched = send_some_home(state, &mut random, &moved);
        mend_these(state, measure, &touched);
        state.hold(Vec::new());
        let after = value(state, measure);
        if is_better(after, before) {
            vain = 0;
            moved = self::moved(state);
        } else if is_better(before, after) {
            state.undo();
        } else {
            moved = self::moved(state);
        }
    }
}

/// What is outside of windows, bytes and moves.
fn value(state: &State<'_>, measure: &Measure) -> (f64, i64, u64) {
    (
        measure.total(&state.loads, &Resource::REPLICA),
        state.bytes,
        state.moves,
    )
}

fn is_better(a: (f64, i64, u64), b: (f64, i64, u64)) -> bool {
    if (a.0 - b.0).abs() > 1e-9 {
        a.0 < b.0
    } else {
        (a.1, a.2) < (b.1, b.2)
    }
}

fn moved(state: &State<'_>) -> Vec<SlotIx> {
    let is_moved = |slot: &SlotIx| match (state.broker(*slot), state.home(*slot)) {
        (Some(at), Some(home)) => at != home,
        _ => false,
    };
    state.slots().filter(is_moved).collect()
}

/// Sends a few replicas home; some of them are held there. Returns the brokers that this touched.
fn send_some_home(state: &mut State<'_>, random: &mut Random, moved: &[SlotIx]) -> Vec<BrokerIx> {
    let mut touched = Vec::new();
    let mut held = Vec::new();
    for _ in 0..1 + random.below(AT_ONCE) {
        let Some(slot) = moved.get(random.below(moved.len())).copied() else {
            continue;
        };
        let (Some(at), Some(home)) = (state.broker(slot), state.home(slot)) else {
            continue;
        };
        if at != home && state.may_take(slot, home) {
            state.put(slot, home);
            touched.extend([home, at]);
            if random.below(2) == 0 {
                held.push(slot);
            }
        }
    }
    state.hold(held);
    touched.sort_unstable();
    touched.dedup();
    touched
}
