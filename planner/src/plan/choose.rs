//! Which replicas leave a broker that is above its limits: as few bytes as cover the excess.

use crate::bound::cover::{Amounts, BAND_LAST, Item, Need, climb, cost_floor, dot};

/// Places of the chosen items. What is needed at least is covered if the items and the room allow it.
pub(crate) fn choose(items: &[Item], need: &Need) -> Vec<usize> {
    let y = climb(items, need).last;
    let floor = cost_floor(items);
    let worth = |item: &Item| (dot(y, item.weights) - item.cost) / item.cost.max(floor);
    let mut order: Vec<(f64, usize)> = items.iter().map(worth).zip(0..).collect();
    // What is tied within the band goes by size: a few large ones rather than many small.
    let size = |at: usize| items.get(at).map_or(0.0, |item| item.cost);
    let class = |worth: f64| if worth.abs() < BAND_LAST { 0.0 } else { worth };
    order.sort_unstable_by(|(a, at), (b, bt)| {
        class(*b).total_cmp(&class(*a)).then(size(*bt).total_cmp(&size(*at))).then(at.cmp(bt))
    });
    let ordered: Vec<(usize, &Item)> = order.iter().filter_map(|(_, at)| Some((*at, items.get(*at)?))).collect();
    let mut cover = Cover { left: need.least, room: need.most, chosen: Vec::new() };
    cover.take_what_does_not_overshoot(&ordered);
    cover.finish(&ordered);
    cover.give_back(items);
    cover.chosen
}

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
        item.weights.iter().zip(self.left).any(|(weight, left)| *weight > 0.0 && left > 0.0)
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

    fn take_what_does_not_overshoot(&mut self, ordered: &[(usize, &Item)]) {
        for (at, item) in ordered {
            if self.is_covered() {
                return;
            }
            let [disk, ..] = item.weights;
            let [disk_left, ..] = self.left;
            // Once the disk is covered the rest is covered with the best that is left, whatever its size.
            let overshoots = disk_left > 0.0 && disk > disk_left && item.cost > 0.0;
            if !overshoots && self.helps(item) && self.fits(item) {
                self.take(*at, item);
            }
        }
    }

    /// Covers what is left with the cheapest item that does it alone, or else with what does most for its cost.
    fn finish(&mut self, ordered: &[(usize, &Item)]) {
        let mut taken: std::collections::BTreeSet<usize> = self.chosen.iter().copied().collect();
        while !self.is_covered() {
            let mut best: Option<(bool, f64, usize, &Item)> = None;
            for (at, item) in ordered.iter().filter(|(at, _)| !taken.contains(at)) {
                if !self.helps(item) || !self.fits(item) {
                    continue;
                }
                let pairs = item.weights.iter().zip(self.left);
                let alone = pairs.clone().all(|(weight, left)| *weight >= left);
                let covered: f64 = pairs.map(|(weight, left)| weight.min(left.max(0.0))).sum();
                let price = if alone { item.cost } else { item.cost / covered.max(1e-300) };
                if best.is_none_or(|(sole, least, ..)| (alone && !sole) || (alone == sole && price < least)) {
                    best = Some((alone, price, *at, item));
                }
            }
            let Some((_, _, at, item)) = best else { return };
            taken.insert(at);
            self.take(at, item);
        }
    }

    /// Lets the most expensive go that are not needed after all.
    fn give_back(&mut self, items: &[Item]) {
        let mut by_cost: Vec<(f64, usize)> =
            self.chosen.iter().filter_map(|at| Some((items.get(*at)?.cost, *at))).collect();
        by_cost.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut unneeded = std::collections::BTreeSet::new();
        for (_, at) in by_cost {
            let Some(item) = items.get(at) else { continue };
            if item.weights.iter().zip(self.left).all(|(weight, left)| left + weight <= 0.0) {
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
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let item = |_| {
                let disk = 0.003 * random.normal().exp();
                Item { weights: [disk, disk * (0.5 * random.normal()).exp(), 0.001], cost: disk, copies: 1.0 }
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
            assert!(sum.iter().zip(need.least).all(|(sum, least)| *sum >= least), "seed {seed}: {sum:?}");
            let proven = climb(&items, &need).proven;
            assert!(cost <= proven * 1.005, "seed {seed}: {cost} for {proven}");
        }
    }
}
