//! Who leads: replica lists are reordered, which moves no bytes, until leaders are inside their windows.
//!
//! First the changes that bring most of what is outside inside; when single ones help no more, a chain of changes
//! along which each broker but the ends keeps its number of leaders.

use std::collections::VecDeque;

use super::mend::SMALLEST_GAIN;
use super::state::State;
use super::violation::Measure;
use crate::dense::{BrokerIx, PartitionIx, Resource, SlotIx, Table};
use crate::request::Role;

/// How much of what is outside a change must bring inside, at first and then, in parts of the change itself.
const THRESHOLDS: [f64; 5] = [1.9, 1.0, 0.5, 0.1, 0.0];
const PASSES_EACH: usize = 2;

/// Reorders replica lists.
pub(crate) fn lead(state: &mut State<'_>, measure: &Measure) {
    if outside(state, measure) <= 0.0 {
        return;
    }
    for threshold in THRESHOLDS {
        for _ in 0..PASSES_EACH {
            if !pass(state, measure, threshold) {
                break;
            }
        }
        if outside(state, measure) <= 0.0 || !state.spend(1) {
            return;
        }
    }
    even_out(state, measure);
}

/// By how much leaders are outside of their windows.
pub(crate) fn outside(state: &State<'_>, measure: &Measure) -> f64 {
    measure.total(&state.loads, &Resource::LEADER)
}

/// Whether leadership may pass between these brokers.
fn may_pass(state: &State<'_>, from: BrokerIx, to: BrokerIx) -> bool {
    let part = |broker| state.problem.roles[broker].takes_part();
    part(from) && part(to)
}

/// What a change of the leader brings inside, and its size: both in units of the average load.
fn gain(state: &State<'_>, measure: &Measure, slot: SlotIx, from: BrokerIx, to: BrokerIx) -> (f64, f64) {
    let load = state.load(slot);
    let gained = measure.gain(from, &state.loads[from], &load, -1, &Resource::LEADER)
        + measure.gain(to, &state.loads[to], &load, 1, &Resource::LEADER);
    let size = Resource::LEADER.into_iter().map(|k| measure.in_units(k, load[k])).sum();
    (gained, size)
}

/// One look at each partition; whether anything changed.
fn pass(state: &mut State<'_>, measure: &Measure, threshold: f64) -> bool {
    let is_outside = |(broker, load)| measure.of(broker, load, &Resource::LEADER) > 0.0;
    let mut hot: Table<BrokerIx, bool> = state.loads.iter().map(is_outside).collect();
    let mut changed = false;
    let partitions = state.cluster().partitions().keys();
    for partition in partitions {
        if !state.problem.may_change(partition) {
            continue;
        }
        let Some(from) = state.placed(partition).first().copied().flatten() else {
            continue;
        };
        let any_hot = state.placed(partition).iter().flatten().any(|broker| hot[*broker]);
        if !any_hot {
            continue;
        }
        let Some((slot, to)) = best_leader(state, measure, partition, from, threshold) else {
            continue;
        };
        state.lead(slot);
        changed = true;
        for broker in [from, to] {
            hot[broker] = measure.of(broker, &state.loads[broker], &Resource::LEADER) > 0.0;
        }
    }
    state.spend(hot.len());
    changed
}

fn best_leader(
    state: &State<'_>,
    measure: &Measure,
    partition: PartitionIx,
    from: BrokerIx,
    threshold: f64,
) -> Option<(SlotIx, BrokerIx)> {
    let mut best = None;
    let mut most = SMALLEST_GAIN;
    for slot in state.slots_of(partition).skip(1) {
        let Some(to) = state.broker(slot).filter(|to| may_pass(state, from, *to)) else {
            continue;
        };
        let (gained, size) = gain(state, measure, slot, from, to);
        if gained > most && gained >= threshold * size {
            (best, most) = (Some((slot, to)), gained);
        }
    }
    best
}

/// Moves leaders along chains from brokers with too many to brokers with fewer, until none help.
fn even_out(state: &mut State<'_>, measure: &Measure) {
    let brokers = state.problem.roles.len();
    for _ in 0..4 * brokers {
        let mut passed = false;
        let off = |(broker, load): (BrokerIx, &crate::dense::PerResource<i64>)| {
            let k = Resource::Leaders;
            let by = measure.outside(broker, k, load[k]);
            (by > 0.0 && state.problem.roles[broker].takes_part())
                .then_some((load[k] > measure.upper(broker, k), broker))
        };
        let ends: Vec<(bool, BrokerIx)> = state.loads.iter().filter_map(off).collect();
        for (over, end) in ends {
            passed |= chain(state, measure, end, over);
        }
        if !passed || !state.spend(brokers) {
            return;
        }
    }
}

/// For each broker the partitions it leads (or follows) and who else has them, walked breadth first from one end.
fn chain(state: &mut State<'_>, measure: &Measure, end: BrokerIx, over: bool) -> bool {
    let brokers = state.problem.roles.len();
    let mut came: Table<BrokerIx, Option<(BrokerIx, SlotIx)>> = Table::filled(brokers, None);
    let mut queue = VecDeque::from([end]);
    let before = measure.total(&state.loads, &Resource::LEADER);
    while let Some(broker) = queue.pop_front() {
        for held in state.held(broker) {
            let partition = state.partition(held);
            let leads = state.first_slot(partition) == held;
            if leads != over || !state.problem.may_change(partition) {
                continue;
            }
            let next_slots: Vec<SlotIx> = if over {
                state.slots_of(partition).skip(1).collect()
            } else {
                vec![state.first_slot(partition)]
            };
            for next_slot in next_slots {
                let Some(next) = state.broker(next_slot) else { continue };
                if next == end || came[next].is_some() || !may_pass(state, broker, next) {
                    continue;
                }
                // The slot that is to lead when this link is carried out.
                came[next] = Some((broker, if over { next_slot } else { held }));
                if carry(state, measure, &came, (end, next), over, before) {
                    return true;
                }
                queue.push_back(next);
            }
        }
        if !state.spend(1) {
            return false;
        }
    }
    false
}

/// Carries out a chain if less is outside afterwards.
fn carry(
    state: &mut State<'_>,
    measure: &Measure,
    came: &Table<BrokerIx, Option<(BrokerIx, SlotIx)>>,
    (end, last): (BrokerIx, BrokerIx),
    over: bool,
    before: f64,
) -> bool {
    let k = Resource::Leaders;
    let load = state.loads[last][k];
    let takes_it = if over {
        load < measure.upper(last, k)
    } else {
        load > measure.lower(last, k)
    };
    if !takes_it || state.problem.roles[last] == Role::Frozen {
        return false;
    }
    let mut links: Vec<SlotIx> = Vec::new();
    let mut at = last;
    while at != end {
        let Some((previous, slot)) = came[at] else { return false };
        links.push(slot);
        at = previous;
        if links.len() > came.len() {
            return false;
        }
    }
    for slot in &links {
        state.lead(*slot);
    }
    if measure.total(&state.loads, &Resource::LEADER) < before - SMALLEST_GAIN {
        return true;
    }
    for slot in links.iter().rev() {
        state.lead(*slot);
    }
    false
}

/// Slots are named by their place in the list, and `lead` exchanges two of them: done twice it changes nothing.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::Key;
    use crate::generate::{Spec, generate};
    use crate::request::{Problem, Request};

    #[test]
    fn leading_twice_changes_nothing() {
        let cluster = generate(&Spec::default()).unwrap();
        let request = Request::default();
        let problem = Problem::new(&cluster, &request).unwrap();
        let mut state = State::new(&problem, |_| None);
        let before = state.loads.clone();
        let slot = state.slots_of(PartitionIx::from_index(3)).nth(2).unwrap();
        state.lead(slot);
        assert_ne!(state.loads, before);
        state.lead(slot);
        assert_eq!(state.loads, before);
    }
}
