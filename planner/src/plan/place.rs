//! Finds brokers for replicas that have been lifted, each the one that lacks most of what the replica has: the large
//! ones first, the others in no order, so that takers fill up with all resources at the same time.

use super::construct::Lifted;
use super::levels::at_level;
use super::state::State;
use crate::bound::Scale;
use crate::bound::cover::{Amounts, dot};
use crate::dense::{BrokerIx, PerResource, Resource};
use crate::model::Partition;
use crate::random::Random;
use crate::request::Role;

/// Parts of an average broker's load from which a replica is large.
const LARGE: f64 = 0.01;
/// How much worse a unit above the level is than a unit that is lacking.
const TOO_MUCH: f64 = 4.0;

/// A broker that may take, and what it lacks up to the level it is filled to.
struct Taker {
    broker: BrokerIx,
    lacks: Amounts,
    room: Amounts,
}

pub(crate) struct Placing {
    scale: Scale,
    takers: Vec<Taker>,
    windowed: Amounts,
}

impl Placing {
    /// Takers of this group, to be filled to these levels.
    pub(crate) fn new(state: &State<'_>, group: &[BrokerIx], take: &PerResource<f64>, windowed: &[bool; 3]) -> Self {
        let scale = Scale::new(state.problem);
        let weight = |windowed: bool| if windowed { 1.0 } else { 0.02 };
        let mut placing = Self {
            scale,
            takers: Vec::new(),
            windowed: windowed.map(weight),
        };
        for broker in group
            .iter()
            .copied()
            .filter(|broker| state.problem.roles[*broker] == Role::Takes)
        {
            let load = &state.loads[broker];
            let target = Resource::REPLICA.map(|k| at_level(state.problem, broker, k, take[k]) as i64 - load[k]);
            let upper = Resource::REPLICA.map(|k| state.problem.limits.upper[broker][k].saturating_sub(load[k]));
            placing.takers.push(Taker {
                broker,
                lacks: scale.scaled(target),
                room: scale.scaled(upper),
            });
        }
        placing
    }

    fn weights(&self, of: &Partition) -> Amounts {
        self.scale.scaled([of.size_bytes, of.bytes_in, 1])
    }

    /// Places what it can; hands back what fits nowhere.
    pub(crate) fn place(&mut self, state: &mut State<'_>, hand: Vec<Lifted>) -> Vec<Lifted> {
        let largest = |lifted: &Lifted| {
            let [a, b, c] = self.weights(&state.cluster().partitions()[state.partition(lifted.slot)]);
            a.max(b).max(c)
        };
        let (mut large, mut small): (Vec<_>, Vec<_>) = hand
            .into_iter()
            .map(|lifted| (largest(&lifted), lifted))
            .partition(|(size, _)| *size > LARGE);
        large.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.slot.cmp(&b.1.slot)));
        Random::new(state.problem.request.effort.seed).shuffle(&mut small);
        let mut left = Vec::new();
        for (_, lifted) in large.into_iter().chain(small) {
            let weights = self.weights(&state.cluster().partitions()[state.partition(lifted.slot)]);
            let may_look = state.spend(self.takers.len());
            match self.best(state, &lifted, weights).filter(|_| may_look) {
                Some(at) => self.put(state, &lifted, at, weights),
                None => left.push(lifted),
            }
        }
        left
    }

    fn best(&self, state: &State<'_>, lifted: &Lifted, weights: Amounts) -> Option<usize> {
        let [w0, w1, w2] = weights;
        let [v0, v1, v2] = self.windowed;
        let weighted = [w0 * v0, w1 * v1, w2 * v2];
        let felt = |lacks: f64| if lacks < 0.0 { TOO_MUCH * lacks } else { lacks };
        let mut best = None;
        let mut score = f64::NEG_INFINITY;
        for (at, taker) in self.takers.iter().enumerate() {
            let here = dot(weighted, taker.lacks.map(felt));
            let [r0, r1, r2] = taker.room;
            let fits = w0 <= r0 && w1 <= r1 && w2 <= r2;
            if here > score && fits && lifted.from != Some(taker.broker) && state.may_take(lifted.slot, taker.broker) {
                (best, score) = (Some(at), here);
            }
        }
        best
    }

    fn put(&mut self, state: &mut State<'_>, lifted: &Lifted, at: usize, weights: Amounts) {
        let Some(taker) = self.takers.get_mut(at) else { return };
        state.put(lifted.slot, taker.broker);
        for ((lacks, room), weight) in taker.lacks.iter_mut().zip(&mut taker.room).zip(weights) {
            *lacks -= weight;
            *room -= weight;
        }
    }
}
