//! How far loads are outside their windows, in units of the average broker's load.

use crate::dense::{BrokerIx, PerResource, Resource, Table};
use crate::request::{Limits, Problem};

/// Measures what is outside of windows.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    limits: Limits,
    /// One over the average load.
    per_unit: PerResource<f64>,
    /// What is mended at the moment.
    pub resources: &'static [Resource],
}

impl Measure {
    /// With the resources that replicas take as those to be mended.
    pub(crate) fn new(problem: &Problem<'_>) -> Self {
        let average = problem.average_load();
        Self {
            limits: problem.limits.clone(),
            per_unit: PerResource::from_fn(|k| 1.0 / average[k]),
            resources: &Resource::REPLICA,
        }
    }

    /// The same, for mending all resources.
    pub(crate) fn of_all(&self) -> Self {
        Self {
            resources: &Resource::ALL,
            ..self.clone()
        }
    }

    pub(crate) fn upper(&self, broker: BrokerIx, resource: Resource) -> i64 {
        self.limits.upper[broker][resource]
    }

    pub(crate) fn lower(&self, broker: BrokerIx, resource: Resource) -> i64 {
        self.limits.lower[broker][resource]
    }

    pub(crate) fn in_units(&self, resource: Resource, amount: i64) -> f64 {
        amount as f64 * self.per_unit[resource]
    }

    /// By how much a load of one resource is outside.
    pub(crate) fn outside(&self, broker: BrokerIx, resource: Resource, load: i64) -> f64 {
        let over = load.saturating_sub(self.upper(broker, resource)).max(0);
        let under = self.lower(broker, resource).saturating_sub(load).max(0);
        (over + under) as f64 * self.per_unit[resource]
    }

    /// By how much a broker is outside, for these resources.
    pub(crate) fn of(&self, broker: BrokerIx, load: &PerResource<i64>, resources: &[Resource]) -> f64 {
        resources.iter().map(|k| self.outside(broker, *k, load[*k])).sum()
    }

    /// By how much all are, for these resources.
    pub(crate) fn total(&self, loads: &Table<BrokerIx, PerResource<i64>>, resources: &[Resource]) -> f64 {
        loads
            .iter()
            .map(|(broker, load)| self.of(broker, load, resources))
            .sum()
    }

    /// By how much `broker` is less outside with this change of its load.
    pub(crate) fn gain(
        &self,
        broker: BrokerIx,
        load: &PerResource<i64>,
        change: &PerResource<i64>,
        sign: i64,
        resources: &[Resource],
    ) -> f64 {
        let after = |k: Resource| load[k] + sign * change[k];
        resources
            .iter()
            .map(|k| self.outside(broker, *k, load[*k]) - self.outside(broker, *k, after(*k)))
            .sum()
    }
}
