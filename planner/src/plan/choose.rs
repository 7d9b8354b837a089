//! Which replicas leave a broker that is above its limits: as few bytes as cover the excess.

use crate::bound::cover::{Amounts, Item, Need, climb, cost_floor, dot, part};

/// Places of the chosen items. What is needed at least is covered if the items and the room allow it.
///
/// The linear program takes parts of items, and where several choices cost the same a part of each. From the largest
/// item to the smallest an item is taken whole when what has been taken lags behind the parts, so that the sums of
/// all resources stay close to what is needed.
pub(crate) fn choose(items: &[Item], need: &Need) -> Vec<usize> {
    let y = climb(items, need).last;
    let floor = cost_floor(items);
    let largest = |item: &Item| item.weights.iter().copied().fold(0.0, f64::max);
    let mut order: Vec<(f64, f64, usize, &Item)> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        order.push((part(item, y, floor), largest(item), at, item));
    }
    order.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.2.cmp(&b.2)));
    let mut cover = Cover {
        left: need.least,
        room: need.most,
        chosen: Vec::new(),
    };
    cover.follow(&order);
    cover.finish(items);
    cover.give_back(items);
    cover.chosen
}

/// Rounds of covering what is left.
const FINISHING: usize = 4;

#[derive(Clone)]
struct Cover {
    /// Still to be covered.
    left: Amounts,
    /// Still allowed.
    room: Amounts,
    chosen: Vec<usize>,
}

impl Cover {
    fn is_covered(&self) -> bool {
        self.left.iter().all(|left| *left <= 0.0)
    }

    fn fits(&self, item: &Item) -> bool {
        item.weights.iter().zip(self.room).all(|(weight, room)| *weight <= room)
    }

    fn helps(&self, item: &Item) -> bool {
        item.weights
            .iter()
            .zip(self.left)
            .any(|(weight, left)| *weight > 0.0 && left > 0.0)
    }

    fn take(&mut self, at: usize, item: &Item) {
        self.chosen.push(at);
        self.shift(item, 1.0);
    }

    fn shift(&mut self, item: &Item, sign: f64) {
        for ((left, room), weight) in self.left.iter_mut().zip(&mut self.room).zip(item.weights) {
            *left -= sign * weight;
            *room -= sign * weight;
        }
    }

    fn follow(&mut self, order: &[(f64, f64, usize, &Item)]) {
        let mut lag = [0.0; 3];
        for (part, _, at, item) in order {
            if *part <= 0.0 {
                continue;
            }
            for (lag, weight) in lag.iter_mut().zip(item.weights) {
                *lag += part * weight;
            }
            let lags = dot(lag, item.weights) >= 0.5 * dot(item.weights, item.weights);
            let [disk, ..] = item.weights;
            let [disk_left, ..] = self.left;
            let overshoots = item.cost > 0.0 && disk > disk_left.max(0.0) && *part < 1.0;
            if lags && !overshoots && self.fits(item) {
                self.take(*at, item);
                for (lag, weight) in lag.iter_mut().zip(item.weights) {
                    *lag -= weight;
                }
            }
        }
    }

    /// Covers what is left with what does most for its cost, or with the cheapest item that does it alone.
    fn finish(&mut self, items: &[Item]) {
        let mut taken = vec![false; items.len()];
        for at in &self.chosen {
            if let Some(taken) = taken.get_mut(*at) {
                *taken = true;
            }
        }
        for _ in 0..FINISHING {
            let mut offers: Vec<(f64, usize, &Item)> = Vec::new();
            let mut alone: Option<(f64, usize, &Item)> = None;
            for ((at, item), taken) in items.iter().enumerate().zip(&taken) {
                if *taken || !self.helps(item) || !self.fits(item) {
                    continue;
                }
                offers.push((self.price(item), at, item));
                let is_enough = item.weights.iter().zip(self.left).all(|(weight, left)| *weight >= left);
                if is_enough && alone.is_none_or(|(least, ..)| item.cost < least) {
                    alone = Some((item.cost, at, item));
                }
            }
            offers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let before = self.clone();
            for (price, at, item) in offers {
                // What has become much dearer covers little that is still missing.
                if self.helps(item) && self.fits(item) && self.price(item) <= 2.0 * price {
                    self.take(at, item);
                    if let Some(taken) = taken.get_mut(at) {
                        *taken = true;
                    }
                }
            }
            let added = self
                .chosen
                .iter()
                .skip(before.chosen.len())
                .filter_map(|at| items.get(*at));
            let several: f64 = added.map(|item| item.cost).sum();
            if let Some((_, at, item)) = alone.filter(|(cost, ..)| !self.is_covered() || *cost <= several) {
                *self = before;
                self.take(at, item);
            }
            if self.is_covered() {
                return;
            }
        }
    }

    /// What an item costs for what it covers of what is missing.
    fn price(&self, item: &Item) -> f64 {
        let pairs = item.weights.iter().zip(self.left);
        let covered: f64 = pairs.map(|(weight, left)| weight.min(left.max(0.0))).sum();
        item.cost / covered.max(1e-300)
    }

    /// Lets the most expensive go that are not needed after all.
    fn give_back(&mut self, items: &[Item]) {
        let mut by_cost: Vec<(f64, usize)> = self
            .chosen
            .iter()
            .filter_map(|at| Some((items.get(*at)?.cost, *at)))
            .collect();
        by_cost.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut unneeded = std::collections::BTreeSet::new();
        for (_, at) in by_cost {
            let Some(item) = items.get(at) else { continue };
            if item
                .weights
                .iter()
                .zip(self.left)
                .all(|(weight, left)| left + weight <= 0.0)
            {
                self.shift(item, -1.0);
                unneeded.insert(at);
            }
        }
        self.chosen.retain(|at| !unneeded.contains(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_choice_covers_and_costs_little_more_than_the_dual_proves() {
        let mut all = 0.0;
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let item = |_| {
                let disk = 0.003 * random.normal().exp();
                Item {
                    weights: [disk, disk * (0.5 * random.normal()).exp(), 0.001],
                    cost: disk,
                    copies: 1.0,
                }
            };
            let items: Vec<Item> = (0..1000).map(item).collect();
            let need = Need::at_least([0.4, 0.5, 0.1]);
            let chosen = choose(&items, &need);
            let mut sum = [0.0; 3];
            let mut cost = 0.0;
            for at in &chosen {
                for (sum, weight) in sum.iter_mut().zip(items[*at].weights) {
                    *sum += weight;
                }
                cost += items[*at].cost;
            }
            assert!(
                sum.iter().zip(need.least).all(|(sum, least)| *sum >= least),
                "seed {seed}: {sum:?}"
            );
            let proven = climb(&items, &need).proven;
            assert!(cost <= proven * 1.03, "seed {seed}: {cost} for {proven}");
            all += cost / proven / 40.0;
        }
        assert!(all <= 1.01, "{all} on average");
    }
}
