//! The bulk of a plan, in rounds: sources give the cheapest replicas that cover what they have too much of, takers
//! are filled to one level.

use super::choose::choose;
use super::levels::{Group, Levels, at_level};
use super::place::Placing;
use super::state::State;
use super::violation::Measure;
use crate::bound::Scale;
use crate::bound::cover::{Item, Need};
use crate::dense::{BrokerIx, PerResource, Resource, SlotIx, Table};
use crate::request::Role;

const ROUNDS: usize = 6;

/// A round that brings less than this part of what is outside inside is the last.
const WORTH_A_ROUND: f64 = 0.5;

/// A cost for each move, as a part of the average replica's, so that of plans with the same bytes one with fewer
/// moves is made.
const COST_OF_MOVE: f64 = 0.001;

/// A replica that has no place at the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifted {
    pub slot: SlotIx,
    /// Where it was, and may go back to; `None` if it has to be elsewhere.
    pub from: Option<BrokerIx>,
}

/// Whether windows bind each of the resources that replicas take.
pub(crate) fn windowed(state: &State<'_>) -> [bool; 3] {
    let problem = state.problem;
    let bound = |broker: BrokerIx, k| problem.roles[broker].takes_part() && problem.limits.upper[broker][k] < i64::MAX;
    Resource::REPLICA.map(|k| problem.roles.keys().any(|broker| bound(broker, k)))
}

/// Moves what windows demand, on top of what is in hand because rules do. Hands back what found no place.
pub(crate) fn construct(state: &mut State<'_>, forced: Vec<Lifted>) -> Vec<Lifted> {
    let groups = groups(state);
    let measure = Measure::new(state.problem);
    let mut stuck = Table::filled(state.slots().count(), false);
    let mut homeless = forced;
    for _ in 0..ROUNDS {
        let before = measure.total(&state.loads, &Resource::REPLICA);
        if homeless.is_empty() && before <= 0.0 {
            break;
        }
        let mut left = Vec::new();
        for group in &groups {
            let of_group: Vec<Lifted> = homeless
                .iter()
                .filter(|lifted| groups.len() == 1 || in_group(state, lifted, group))
                .copied()
                .collect();
            left.extend(one_round(state, group, of_group, &mut stuck));
        }
        let gained = before - measure.total(&state.loads, &Resource::REPLICA);
        let placed = left.len() < homeless.len();
        homeless = left;
        // Little is left for the mending of single brokers.
        let slow = gained <= WORTH_A_ROUND * before && !placed;
        if slow || !state.spend(1) {
            break;
        }
    }
    homeless
}

/// Racks of their own if every partition has one replica's room in each, and so none can go elsewhere; else all.
fn groups(state: &State<'_>) -> Vec<Vec<BrokerIx>> {
    let problem = state.problem;
    let all: Vec<BrokerIx> = problem.roles.keys().collect();
    if !state.closed_racks {
        return vec![all];
    }
    let in_rack = |rack| {
        all.iter()
            .copied()
            .filter(|broker| state.rack(*broker) == rack)
            .collect()
    };
    state.cluster().racks().keys().map(in_rack).collect()
}

/// A replica that must leave a rack belongs to none of the groups, and so is tried in each.
fn in_group(state: &State<'_>, lifted: &Lifted, group: &[BrokerIx]) -> bool {
    let placed = state.placed(state.partition(lifted.slot));
    let Some(first) = group.first() else { return false };
    let rack = state.rack(*first);
    let in_rack = placed
        .iter()
        .flatten()
        .filter(|broker| state.rack(**broker) == rack)
        .count();
    in_rack < state.problem.room.rule(placed.len())
}

fn one_round(
    state: &mut State<'_>,
    group: &[BrokerIx],
    homeless: Vec<Lifted>,
    stuck: &mut Table<SlotIx, bool>,
) -> Vec<Lifted> {
    let bound_by = windowed(state);
    let give = levels(state, group, &homeless, 0.002).give;
    let mut hand = homeless;
    for source in group
        .iter()
        .copied()
        .filter(|broker| state.problem.roles[*broker].takes_part())
    {
        let slots = leaving(state, source, &give, bound_by, stuck);
        for slot in slots {
            state.lift(slot);
            hand.push(Lifted {
                slot,
                from: Some(source),
            });
        }
    }
    let take = levels(state, group, &hand, 0.0).take;
    let mut placing = Placing::new(state, group, &take, &bound_by);
    let mut left = Vec::new();
    for lifted in placing.place(state, hand) {
        match lifted.from {
            // Another replica of the partition may have come into its rack meanwhile.
            Some(home) if state.may_take(lifted.slot, home) => {
                state.put(lifted.slot, home);
                stuck[lifted.slot] = true;
            }
            _ => left.push(Lifted {
                slot: lifted.slot,
                from: None,
            }),
        }
    }
    left
}

fn levels(state: &State<'_>, group: &[BrokerIx], hand: &[Lifted], margin: f64) -> Levels {
    let mut sum = PerResource::new([0; 5]);
    for lifted in hand {
        let load = state.load(lifted.slot);
        for k in Resource::REPLICA {
            sum[k] += load[k];
        }
    }
    Group {
        problem: state.problem,
        brokers: group,
        loads: &state.loads,
        hand: sum,
    }
    .levels(margin)
}

/// The slots that leave a source so that it comes down to the level.
fn leaving(
    state: &mut State<'_>,
    source: BrokerIx,
    give: &PerResource<f64>,
    bound_by: [bool; 3],
    stuck: &Table<SlotIx, bool>,
) -> Vec<SlotIx> {
    let load = state.loads[source];
    let scale = Scale::new(state.problem);
    let limits = &state.problem.limits;
    let excess = Resource::REPLICA.map(|k| {
        let windowed = limits.upper[source][k] < i64::MAX;
        let down_to = at_level(state.problem, source, k, give[k]).floor() as i64;
        if windowed { (load[k] - down_to).max(0) } else { 0 }
    });
    if excess.iter().all(|excess| *excess == 0) {
        return Vec::new();
    }
    let mut most = scale.scaled(Resource::REPLICA.map(|k| (load[k] - limits.lower[source][k]).max(0)));
    for (most, bound) in most.iter_mut().zip(bound_by) {
        if !bound {
            *most = f64::INFINITY;
        }
    }
    let held = state.held(source);
    let slots: Vec<SlotIx> = held
        .into_iter()
        .filter(|slot| state.may_leave(*slot) && !stuck[*slot])
        .collect();
    let items: Vec<Item> = slots.iter().map(|slot| item(state, scale, *slot, source)).collect();
    let need = Need {
        least: scale.scaled(excess),
        most,
    };
    state.spend(items.len());
    choose(&items, &need)
        .into_iter()
        .filter_map(|at| slots.get(at).copied())
        .collect()
}

fn item(state: &State<'_>, scale: Scale, slot: SlotIx, from: BrokerIx) -> Item {
    let partition = state.partition(slot);
    let of = &state.cluster().partitions()[partition];
    // What has been moved already has been paid for.
    let cost = if state.arrives(slot, from) { 0 } else { of.size_bytes };
    let mut item = scale.item(of, cost, 1.0);
    let [_, _, one] = item.weights;
    item.cost += COST_OF_MOVE * one;
    item
}

/// Takes in hand what rules demand to move: replicas on brokers that go, those beyond a rack's room, and new ones.
pub(crate) fn forced(state: &mut State<'_>) -> Vec<Lifted> {
    let mut hand = Vec::new();
    for slot in state.slots() {
        let Some(broker) = state.broker(slot) else {
            hand.push(Lifted { slot, from: None });
            continue;
        };
        let drains = state.problem.roles[broker] == Role::Drains;
        if (drains || state.rack_surplus(slot) > 0) && state.may_leave(slot) {
            state.lift(slot);
            hand.push(Lifted { slot, from: None });
        }
    }
    hand
}
