//! Where sources stop giving and takers stop taking, so that what leaves is what is taken.
//!
//! With the windows' own limits one side may be short: then either sources give until what they gave fills the
//! takers up to their lower limits, or takers fill up, like basins with one water level, until all that must leave is
//! taken. A level is a place in every window at once: -1 its lower end, 0 the fair share, 1 its upper end.

use crate::dense::{BrokerIx, PerResource, Resource, Table};
use crate::request::{Problem, Role};

const HALVINGS: usize = 40;

/// Levels for one group of brokers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    /// Down to where sources give.
    pub give: PerResource<f64>,
    /// Up to where takers are filled.
    pub take: PerResource<f64>,
}

/// A load at this level of a broker's window.
pub(crate) fn at_level(problem: &Problem<'_>, broker: BrokerIx, resource: Resource, level: f64) -> f64 {
    let share = problem.shares[broker][resource];
    let upper = problem.limits.upper[broker][resource];
    let lower = problem.limits.lower[broker][resource] as f64;
    // Without a window there is still a middle to fill up to.
    let upper = if upper == i64::MAX { 2.0 * share } else { upper as f64 };
    if level >= 0.0 {
        share + level * (upper - share)
    } else {
        share + level * (share - lower)
    }
}

pub(crate) struct Group<'a> {
    pub problem: &'a Problem<'a>,
    pub brokers: &'a [BrokerIx],
    pub loads: &'a Table<BrokerIx, PerResource<i64>>,
    /// What has been lifted and is to be placed.
    pub hand: PerResource<i64>,
}

impl Group<'_> {
    pub(crate) fn levels(&self, margin: f64) -> Levels {
        let mut levels = Levels {
            give: PerResource::new([1.0; 5]),
            take: PerResource::new([-1.0; 5]),
        };
        for k in Resource::REPLICA {
            let hand = self.hand[k] as f64;
            let (given, lacking) = (self.given(k, 1.0), self.lacking(k, -1.0) * (1.0 + margin));
            if hand + given < lacking {
                levels.give[k] = falling(|level| hand + self.given(k, level) - lacking);
            } else {
                levels.take[k] = falling(|level| hand + given - self.lacking(k, level));
            }
        }
        levels
    }

    /// What sources have above a level.
    fn given(&self, k: Resource, level: f64) -> f64 {
        let windowed = self
            .brokers
            .iter()
            .filter(|broker| self.problem.limits.upper[**broker][k] < i64::MAX);
        let above = |broker: &BrokerIx| self.loads[*broker][k] as f64 - at_level(self.problem, *broker, k, level);
        windowed.map(|broker| above(broker).max(0.0)).sum()
    }

    /// What takers lack below a level.
    fn lacking(&self, k: Resource, level: f64) -> f64 {
        let takers = self
            .brokers
            .iter()
            .filter(|broker| self.problem.roles[**broker] == Role::Takes);
        let below = |broker: &BrokerIx| at_level(self.problem, *broker, k, level) - self.loads[*broker][k] as f64;
        takers.map(|broker| below(broker).max(0.0)).sum()
    }
}

/// The highest level at which a falling function is not yet below zero.
fn falling(value: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (-1.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if value(middle) >= 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}
