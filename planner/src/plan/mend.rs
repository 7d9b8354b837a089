//! Mends what the rounds left outside of windows, broker by broker: with the best single move, or else the best swap.

use super::state::State;
use super::violation::Measure;
use crate::dense::{BrokerIx, PerResource, Resource, SlotIx};
use crate::request::Role;

const PASSES: usize = 40;
/// Slots looked at of each broker, and brokers looked at for each slot.
const SLOTS: usize = 40;
const BROKERS: usize = 32;
const BROKERS_PULLED: usize = 8;
const MOVES_EACH: usize = 60;
/// Of the best moves found in one look at a broker this many are made, as long as each does what it promised.
const STEPS_AT_ONCE: usize = 8;
/// Less than a byte of a terabyte: what sums in another order make is smaller.
pub(crate) const SMALLEST_GAIN: f64 = 1e-13;

/// A change of one or two replicas' places.
#[derive(Debug, Clone, Copy)]
struct Step {
    gain: f64,
    cost: i64,
    slot: SlotIx,
    to: BrokerIx,
    back: Option<(SlotIx, BrokerIx)>,
}

impl Step {
    /// Better is what gains more for its bytes.
    fn value(&self) -> f64 {
        self.gain / (self.cost.max(0) as f64 + 1.0)
    }
}

/// Mends until nothing is outside, or nothing helps.
pub(crate) fn mend(state: &mut State<'_>, measure: &Measure) {
    for _ in 0..PASSES {
        let mut outside: Vec<(f64, BrokerIx)> = Vec::new();
        for (broker, load) in state.loads.iter() {
            let by = measure.of(broker, load, measure.resources);
            if by > 0.0 && state.problem.roles[broker].takes_part() {
                outside.push((by, broker));
            }
        }
        outside.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let brokers: Vec<BrokerIx> = outside.into_iter().map(|(_, broker)| broker).collect();
        if !mend_these(state, measure, &brokers) || !state.spend(1) {
            return;
        }
    }
}

/// Mends these brokers, in this order; whether anything moved.
pub(crate) fn mend_these(state: &mut State<'_>, measure: &Measure, brokers: &[BrokerIx]) -> bool {
    let mut moved = false;
    for broker in brokers {
        for _ in 0..MOVES_EACH {
            let mut carried = false;
            for step in best_steps(state, measure, *broker) {
                if !carried || is_still_good(state, measure, &step) {
                    carry_out(state, &step);
                    carried = true;
                }
            }
            if !carried {
                break;
            }
            moved = true;
        }
    }
    moved
}

fn carry_out(state: &mut State<'_>, step: &Step) {
    state.lift(step.slot);
    if let Some((other, to)) = step.back {
        state.put(other, to);
    }
    state.put(step.slot, step.to);
}

/// Whether a move found before others were made is as good as it was.
fn is_still_good(state: &State<'_>, measure: &Measure, step: &Step) -> bool {
    let Some(from) = state
        .broker(step.slot)
        .filter(|from| *from != step.to && step.back.is_none())
    else {
        return false;
    };
    gain_of_move(state, measure, step.slot, from, step.to) >= 0.999 * step.gain && state.may_take(step.slot, step.to)
}

/// The changes, best first, for the resource in which the broker is furthest outside.
fn best_steps(state: &mut State<'_>, measure: &Measure, broker: BrokerIx) -> Vec<Step> {
    let load = state.loads[broker];
    let furthest = |k: &Resource| measure.outside(broker, *k, load[*k]);
    let resources = measure.resources.iter().copied();
    let Some(k) = resources.max_by(|a, b| furthest(a).total_cmp(&furthest(b))) else {
        return Vec::new();
    };
    if furthest(&k) <= 0.0 || !state.spend(SLOTS * BROKERS) {
        return Vec::new();
    }
    let over = load[k] > measure.upper(broker, k);
    let others = others(state, measure, k, broker, over);
    let moves = if over {
        pushes(state, measure, k, broker, &others)
    } else {
        pulls(state, measure, k, broker, &others)
    };
    if moves.is_empty() {
        return best_first(swaps(state, measure, k, broker, &others, over));
    }
    best_first(moves)
}

fn best_first(mut steps: Vec<Step>) -> Vec<Step> {
    let better = |a: &Step, b: &Step| {
        b.value()
            .total_cmp(&a.value())
            .then(a.slot.cmp(&b.slot))
            .then(a.to.cmp(&b.to))
    };
    if steps.len() > STEPS_AT_ONCE {
        steps.select_nth_unstable_by(STEPS_AT_ONCE, better);
        steps.truncate(STEPS_AT_ONCE);
    }
    steps.sort_unstable_by(better);
    steps
}

/// Brokers to move to, those with the most room first; or to move from, those with the most to spare.
fn others(state: &State<'_>, measure: &Measure, k: Resource, broker: BrokerIx, over: bool) -> Vec<BrokerIx> {
    let mut found: Vec<(f64, BrokerIx)> = Vec::new();
    for (other, role) in state.problem.roles.iter() {
        let usable = if over { *role == Role::Takes } else { role.takes_part() };
        let out_of_reach = state.closed_racks && state.rack(other) != state.rack(broker);
        if other == broker || !usable || out_of_reach {
            continue;
        }
        let relative = state.loads[other][k] as f64 - state.problem.shares[other][k];
        let relative = measure.in_units(k, relative as i64);
        found.push((if over { relative } else { -relative }, other));
    }
    found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found.into_iter().take(BROKERS).map(|(_, other)| other).collect()
}

/// The slots of a broker whose amount of a resource comes closest to what is wanted, the cheapest for it first.
fn candidates(state: &mut State<'_>, measure: &Measure, broker: BrokerIx, k: Resource, wanted: i64) -> Vec<SlotIx> {
    let mut found: Vec<(f64, SlotIx)> = Vec::new();
    for slot in state.held(broker) {
        if !state.may_leave(slot) {
            continue;
        }
        let load = state.borne(slot);
        let paid = state.arrives(slot, broker);
        let bytes = if paid {
            0.0
        } else {
            measure.in_units(Resource::Disk, load[Resource::Disk])
        };
        let helps = measure.in_units(k, load[k].min(wanted).max(0));
        let disturbs: f64 = Resource::REPLICA
            .into_iter()
            .filter(|other| *other != k)
            .map(|other| measure.in_units(other, load[other]))
            .sum();
        if helps > 0.0 {
            found.push(((bytes + 0.05 * disturbs + 1e-9) / helps, slot));
        }
    }
    let order = |a: &(f64, SlotIx), b: &(f64, SlotIx)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if found.len() > SLOTS {
        found.select_nth_unstable_by(SLOTS, order);
        found.truncate(SLOTS);
    }
    found.sort_unstable_by(order);
    found.into_iter().map(|(_, slot)| slot).collect()
}

fn gain_of_move(state: &State<'_>, measure: &Measure, slot: SlotIx, from: BrokerIx, to: BrokerIx) -> f64 {
    let load = state.borne(slot);
    measure.gain(from, &state.loads[from], &load, -1, measure.resources)
        + measure.gain(to, &state.loads[to], &load, 1, measure.resources)
}

fn pushes(state: &mut State<'_>, measure: &Measure, k: Resource, from: BrokerIx, others: &[BrokerIx]) -> Vec<Step> {
    let wanted = state.loads[from][k] - measure.upper(from, k);
    let mut steps = Vec::new();
    for slot in candidates(state, measure, from, k, wanted) {
        for to in others {
            let gain = gain_of_move(state, measure, slot, from, *to);
            if gain > SMALLEST_GAIN && state.may_take(slot, *to) {
                steps.push(Step {
                    gain,
                    cost: state.cost(slot, *to),
                    slot,
                    to: *to,
                    back: None,
                });
            }
        }
    }
    steps
}

fn pulls(state: &mut State<'_>, measure: &Measure, k: Resource, to: BrokerIx, others: &[BrokerIx]) -> Vec<Step> {
    let wanted = measure.lower(to, k) - state.loads[to][k];
    let mut steps = Vec::new();
    for from in others.iter().take(BROKERS_PULLED) {
        for slot in candidates(state, measure, *from, k, wanted) {
            let gain = gain_of_move(state, measure, slot, *from, to);
            if gain > SMALLEST_GAIN && state.may_take(slot, to) {
                steps.push(Step {
                    gain,
                    cost: state.cost(slot, to),
                    slot,
                    to,
                    back: None,
                });
            }
        }
    }
    steps
}

/// A replica with much of the resource against one with little.
fn swaps(
    state: &mut State<'_>,
    measure: &Measure,
    k: Resource,
    broker: BrokerIx,
    others: &[BrokerIx],
    over: bool,
) -> Vec<Step> {
    let mine = spread(state, k, broker);
    let mut steps = Vec::new();
    for other in others.iter().take(BROKERS / 2) {
        let theirs = spread(state, k, *other);
        for (amount, slot) in &mine {
            for (their_amount, their_slot) in &theirs {
                if (amount > their_amount) != over || amount == their_amount {
                    continue;
                }
                if let Some(step) = swap(state, measure, (*slot, broker), (*their_slot, *other)) {
                    steps.push(step);
                }
            }
        }
    }
    steps
}

/// Slots of a broker, evenly chosen from those in order of a resource.
fn spread(state: &mut State<'_>, k: Resource, broker: BrokerIx) -> Vec<(i64, SlotIx)> {
    let mut all: Vec<(i64, SlotIx)> = Vec::new();
    for slot in state.held(broker) {
        if state.may_leave(slot) {
            all.push((state.borne(slot)[k], slot));
        }
    }
    all.sort_unstable();
    let every = all.len().div_ceil(SLOTS).max(1);
    // Not always the same ones: another load, another offset.
    let offset = (state.loads[broker][k] % every as i64) as usize;
    all.into_iter().skip(offset).step_by(every).collect()
}

fn swap(
    state: &State<'_>,
    measure: &Measure,
    (mine, here): (SlotIx, BrokerIx),
    (theirs, there): (SlotIx, BrokerIx),
) -> Option<Step> {
    if state.partition(mine) == state.partition(theirs) {
        return None;
    }
    let (a, b) = (state.borne(mine), state.borne(theirs));
    let change = PerResource::from_fn(|k| b[k] - a[k]);
    let gain = measure.gain(here, &state.loads[here], &change, 1, measure.resources)
        + measure.gain(there, &state.loads[there], &change, -1, measure.resources);
    if gain <= SMALLEST_GAIN || !state.may_take(mine, there) || !state.may_take(theirs, here) {
        return None;
    }
    let cost = state.cost(mine, there) + state.cost(theirs, here);
    Some(Step {
        gain,
        cost,
        slot: mine,
        to: there,
        back: Some((theirs, here)),
    })
}

/// Puts a replica that must be somewhere on the broker where it does the least harm. False if the rules allow none.
pub(crate) fn put_anywhere(state: &mut State<'_>, measure: &Measure, slot: SlotIx) -> bool {
    let load = state.borne(slot);
    let mut best: Option<(f64, f64, BrokerIx)> = None;
    for broker in state.problem.roles.keys() {
        if !state.may_take(slot, broker) {
            continue;
        }
        let harm = -measure.gain(broker, &state.loads[broker], &load, 1, measure.resources);
        let full: f64 = measure
            .resources
            .iter()
            .copied()
            .map(|k| measure.in_units(k, state.loads[broker][k]))
            .sum();
        let here = (harm, full, broker);
        let less = |best: &(f64, f64, BrokerIx)| here.0.total_cmp(&best.0).then(here.1.total_cmp(&best.1)).is_lt();
        if best.as_ref().is_none_or(less) {
            best = Some(here);
        }
    }
    let Some((.., broker)) = best else { return false };
    state.put(slot, broker);
    true
}

/// Makes room for a replica that no broker may take, by moving another replica of its partition out of the way.
pub(crate) fn put_by_chain(state: &mut State<'_>, measure: &Measure, slot: SlotIx) -> bool {
    let partition = state.partition(slot);
    let others: Vec<SlotIx> = state.slots_of(partition).filter(|other| *other != slot).collect();
    for other in others {
        let Some(was) = state.broker(other).filter(|_| state.may_leave(other)) else {
            continue;
        };
        let takers: Vec<BrokerIx> = state.problem.roles.keys().filter(|to| *to != was).collect();
        for to in takers {
            if !state.may_take(other, to) {
                continue;
            }
            state.put(other, to);
            if put_anywhere(state, measure, slot) {
                return true;
            }
            state.put(other, was);
        }
    }
    false
}
