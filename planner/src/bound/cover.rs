//! The cheapest way to cover several needs at once, some items in part: its dual.
//!
//! For needs E and items of weights w and cost c, any multipliers y prove that covering costs at least
//! `y.E - sum max(0, y.w - c)`. That is concave and has corners; it is made smooth over a band around each item's
//! corner, climbed by Newton's steps, and the band is narrowed. Whatever comes out is a proof, the best one or not.
//! With a room R >= E for what may be taken at most, a negative multiplier stands for room that is short.

use crate::dense::Resource;

/// Amounts of the resources that each replica takes, in the order of [`Resource::REPLICA`].
pub(crate) type Amounts = [f64; 3];

/// Something that may be taken, up to `copies` times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub weights: Amounts,
    pub cost: f64,
    pub copies: f64,
}

/// What is to be covered, and what may be taken at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Need {
    pub least: Amounts,
    pub most: Amounts,
}

impl Need {
    pub(crate) fn at_least(least: Amounts) -> Self {
        Self {
            least,
            most: Resource::REPLICA.map(|_| f64::INFINITY),
        }
    }

    fn is_met(&self) -> bool {
        self.least.iter().all(|least| *least <= 0.0)
    }

    /// What multipliers earn before items are paid.
    fn earned(&self, y: Amounts) -> f64 {
        let each = y.iter().zip(self.least).zip(self.most);
        each.map(|((y, least), most)| if *y >= 0.0 { y * least } else { y * most })
            .sum()
    }
}

pub(crate) fn dot(a: Amounts, b: Amounts) -> f64 {
    let ([a0, a1, a2], [b0, b1, b2]) = (a, b);
    a0 * b0 + a1 * b1 + a2 * b2
}

fn plus(a: Amounts, b: Amounts, times: f64) -> Amounts {
    let ([a0, a1, a2], [b0, b1, b2]) = (a, b);
    [a0 + times * b0, a1 + times * b1, a2 + times * b2]
}

fn cross(a: Amounts, b: Amounts) -> Amounts {
    let ([a0, a1, a2], [b0, b1, b2]) = (a, b);
    [a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0]
}

/// What these multipliers prove.
pub(crate) fn proven(items: &[Item], need: &Need, y: Amounts) -> f64 {
    let paid: f64 = items
        .iter()
        .map(|item| item.copies * (dot(y, item.weights) - item.cost).max(0.0))
        .sum();
    need.earned(y) - paid
}

/// How much of an item is taken at these multipliers, with the narrowest band.
pub(crate) fn part(item: &Item, y: Amounts, floor: f64) -> f64 {
    let half = BAND_LAST * item.cost.max(floor);
    ((dot(y, item.weights) - item.cost + half) / (2.0 * half)).clamp(0.0, 1.0)
}

/// The smoothed dual at one point: its value, what is taken, and how that changes.
struct Slope {
    value: f64,
    taken: Amounts,
    /// What the taken costs.
    cost: f64,
    /// Rows of the (symmetric) matrix of second derivatives of what is paid.
    curve: [Amounts; 3],
}

fn slope(items: &[Item], need: &Need, y: Amounts, band: f64, floor: f64) -> Slope {
    let (mut paid, mut cost, mut taken) = (0.0, 0.0, [0.0; 3]);
    let [mut c00, mut c01, mut c02, mut c11, mut c12, mut c22] = [0.0; 6];
    for item in items {
        let half = band * item.cost.max(floor);
        let over = dot(y, item.weights) - item.cost;
        if over <= -half {
            continue;
        }
        if over >= half {
            paid += item.copies * over;
            cost += item.copies * item.cost;
            taken = plus(taken, item.weights, item.copies);
            continue;
        }
        let inside = over + half;
        paid += item.copies * inside * inside / (4.0 * half);
        cost += item.copies * item.cost * inside / (2.0 * half);
        taken = plus(taken, item.weights, item.copies * inside / (2.0 * half));
        let bend = item.copies / (2.0 * half);
        let [w0, w1, w2] = item.weights;
        c00 += bend * w0 * w0;
        c01 += bend * w0 * w1;
        c02 += bend * w0 * w2;
        c11 += bend * w1 * w1;
        c12 += bend * w1 * w2;
        c22 += bend * w2 * w2;
    }
    let curve = [[c00, c01, c02], [c01, c11, c12], [c02, c12, c22]];
    Slope {
        value: need.earned(y) - paid,
        taken,
        cost,
        curve,
    }
}

/// Newton's direction; multipliers that rest at zero between need and room stay there.
fn direction(need: &Need, at: &Slope, y: Amounts) -> Amounts {
    let sides = y.iter().zip(at.taken).zip(need.least.iter().zip(need.most));
    let mut climb = [0.0; 3];
    for (climb, ((y, taken), (least, most))) in climb.iter_mut().zip(sides) {
        *climb = if *y > 0.0 || (*y == 0.0 && *least > taken) {
            least - taken
        } else if *y < 0.0 || most < taken {
            most - taken
        } else {
            0.0
        };
    }
    let [[c00, c01, c02], [_, c11, c12], [_, _, c22]] = at.curve;
    let [g0, g1, g2] = climb;
    let [f0, f1, f2] = climb.map(|slope| if slope == 0.0 { 0.0 } else { 1.0 });
    let ridge = 1e-9 * (c00 + c11 + c22) + 1e-12;
    let held = |free: f64, curve: f64| if free > 0.0 { curve + ridge } else { 1.0 };
    let a = [held(f0, c00), f0 * f1 * c01, f0 * f2 * c02];
    let b = [f0 * f1 * c01, held(f1, c11), f1 * f2 * c12];
    let c = [f0 * f2 * c02, f1 * f2 * c12, held(f2, c22)];
    let determinant = dot(a, cross(b, c));
    let solved = plus(plus(plus([0.0; 3], cross(b, c), g0), cross(c, a), g1), cross(a, b), g2);
    let mut step = solved.map(|part| part / determinant);
    if !step.iter().all(|part| part.is_finite()) {
        step = climb;
    }
    // Off a corner only to the side that climbs.
    for (step, (y, climb)) in step.iter_mut().zip(y.iter().zip(climb)) {
        if *y == 0.0 && *step * climb < 0.0 {
            *step = 0.0;
        }
    }
    step
}

/// A step that neither runs away nor crosses zero, where the slope has a corner.
fn stepped(y: Amounts, step: Amounts, times: f64) -> Amounts {
    let mut next = y;
    let within = |(step, y): (&f64, &f64)| (0.5 + y.abs()) / step.abs().max(1e-300);
    let shrunk = step.iter().zip(&y).map(within).fold(1.0, f64::min);
    for (next, step) in next.iter_mut().zip(step) {
        let before = *next;
        *next += times * shrunk * step;
        if before * *next < 0.0 {
            *next = 0.0;
        }
    }
    next
}

/// The narrowest band; what lies in it is as good as tied.
const BAND_LAST: f64 = 0.01;
const BANDS: [f64; 4] = [1.0, 0.25, 0.05, BAND_LAST];
const STEPS_EACH: usize = 10;

/// The smallest cost that a band is measured by: of free items it would have no width.
pub(crate) fn cost_floor(items: &[Item]) -> f64 {
    let mean = items.iter().map(|item| item.cost).sum::<f64>() / items.len().max(1) as f64;
    (mean * 1e-3).max(f64::MIN_POSITIVE)
}

/// Multipliers that prove about as much as any can, and where the climb ended.
pub(crate) struct Climbed {
    /// The best proof met on the way; no multiplier of it is negative unless room was short.
    pub best: Amounts,
    pub proven: f64,
    /// The last point, for choosing items by.
    pub last: Amounts,
}

/// Climbs the dual. Needs and costs should be of the order of one.
pub(crate) fn climb(items: &[Item], need: &Need) -> Climbed {
    let start = start(items, need);
    let mut found = Climbed {
        best: [0.0; 3],
        proven: 0.0,
        last: start,
    };
    if need.is_met() && need.most.iter().all(|most| *most == f64::INFINITY) {
        return found;
    }
    // With the disk alone at one unit for each byte, the bytes above the limit are the proof.
    let [disk, ..] = need.least;
    if disk > 0.0 {
        found.consider(items, need, [1.0, 0.0, 0.0]);
    }
    let floor = cost_floor(items);
    let mut y = start;
    let mut band_before = 1.0;
    for band in BANDS {
        y = narrowed(&slope(items, need, y, band_before, floor), y, band / band_before);
        band_before = band;
        let mut at = slope(items, need, y, band, floor);
        for _ in 0..STEPS_EACH {
            let step = direction(need, &at, y);
            let mut times = 1.0;
            let mut next = None;
            while times > 1e-3 {
                let candidate = stepped(y, step, times);
                let there = slope(items, need, candidate, band, floor);
                if there.value > at.value {
                    next = Some((candidate, there));
                    break;
                }
                times *= 0.3;
            }
            let Some((better, there)) = next else { break };
            let gained = there.value - at.value;
            (y, at) = (better, there);
            if gained <= 1e-4 * at.value.abs() {
                break;
            }
        }
        // Where items that are taken in part would be worth just what they cost.
        found.consider(items, need, narrowed(&at, y, 0.0));
    }
    found.last = y;
    found
}

/// The same for each need, so that items are about worth their costs.
fn start(items: &[Item], need: &Need) -> Amounts {
    let even = need.least.map(|least| if least > 0.0 { 1.0 } else { 0.0 });
    let (mut cost, mut worth) = (0.0, 0.0);
    for item in items {
        cost += item.copies * item.cost;
        worth += item.copies * dot(even, item.weights);
    }
    let scale = cost / worth;
    if scale.is_finite() && scale > 0.0 {
        even.map(|y| y * scale)
    } else {
        even
    }
}

/// Multipliers at which a narrower band takes about the same: what is taken earns a part of its cost that comes as
/// much closer to all of it as the band gets narrower.
fn narrowed(at: &Slope, y: Amounts, times: f64) -> Amounts {
    let part = dot(y, at.taken) / at.cost;
    let scale = (1.0 - (1.0 - part) * times) / part;
    if scale.is_finite() && scale > 0.0 {
        y.map(|y| y * scale)
    } else {
        y
    }
}

impl Climbed {
    fn consider(&mut self, items: &[Item], need: &Need, y: Amounts) {
        let proven = proven(items, need, y);
        if proven > self.proven {
            (self.best, self.proven) = (y, proven);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn items(seed: u64, len: usize) -> Vec<Item> {
        let mut random = Random::new(seed);
        let item = |_| {
            let disk = random.normal().exp();
            Item {
                weights: [disk, disk * (0.5 * random.normal()).exp(), 1.0],
                cost: disk,
                copies: 1.0,
            }
        };
        (0..len).map(item).collect()
    }

    /// The best of a fine grid, refined around its best point.
    fn by_grid(items: &[Item], need: &Need) -> f64 {
        let (mut best, mut at) = (0.0, [0.0; 3]);
        for round in 0..6 {
            let width = 2.0 * 0.4f64.powi(round);
            let center = at;
            for step in 0..21 * 21 * 21 {
                let offset = |digit: i32| width * (f64::from(digit) / 10.0 - 1.0);
                let [a, b, c] = center;
                let y = [
                    (a + offset(step % 21)).max(0.0),
                    (b + offset(step / 21 % 21)).max(0.0),
                    (c + offset(step / 441)).max(0.0),
                ];
                let value = proven(items, need, y);
                if value > best {
                    (best, at) = (value, y);
                }
            }
        }
        best
    }

    #[test]
    fn climbing_proves_as_much_as_a_search_of_the_grid() {
        for seed in 0..12 {
            let items = items(seed, 60);
            let need = Need::at_least([12.0, 9.0 + seed as f64, 14.0]);
            let (climbed, grid) = (climb(&items, &need).proven, by_grid(&items, &need));
            assert!(climbed >= grid * 0.997, "seed {seed}: {climbed} of {grid}");
        }
    }

    #[test]
    fn nothing_is_proven_when_nothing_is_needed() {
        let items = items(1, 10);
        assert_eq!(climb(&items, &Need::at_least([0.0, -1.0, 0.0])).proven, 0.0);
    }

    #[test]
    fn room_that_is_short_makes_multipliers_negative() {
        // Disk is to be covered without taking much of what comes in: of the same disk, the quiet ones go.
        let loud = Item {
            weights: [1.0, 2.0, 1.0],
            cost: 1.0,
            copies: 1.0,
        };
        let quiet = Item {
            weights: [1.0, 0.1, 1.0],
            cost: 1.0,
            copies: 1.0,
        };
        let items: Vec<Item> = (0..20).map(|at| if at % 2 == 0 { loud } else { quiet }).collect();
        let need = Need {
            least: [8.0, 0.0, 0.0],
            most: [f64::INFINITY, 1.0, f64::INFINITY],
        };
        let y = climb(&items, &need).last;
        assert!(dot(y, quiet.weights) - 1.0 > dot(y, loud.weights) - 1.0, "{y:?}");
    }
}
