//! What was measured, as rates and percentiles.

use std::time::Duration;

use hdrhistogram::Histogram;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::CommandError;

/// The longest time that is told apart from longer ones.
const LONGEST_US: u64 = 600_000_000;

/// Times that were measured, to three digits.
#[derive(Debug, Clone)]
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Result<Self, CommandError> {
        Histogram::new_with_max(LONGEST_US, 3)
            .map(Self)
            .map_err(|error| CommandError::bug(error.to_string()))
    }

    pub(super) fn record(&mut self, time: Duration) {
        let time_us = u64::try_from(time.as_micros()).unwrap_or(LONGEST_US);
        self.0.saturating_record(time_us.max(1));
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<(), CommandError> {
        self.0
            .add(&other.0)
            .map_err(|error| CommandError::bug(error.to_string()))
    }

    pub(super) fn percentiles(&self) -> PercentilesUs {
        PercentilesUs {
            average: self.0.mean().round() as u64,
            p50: self.0.value_at_quantile(0.5),
            p95: self.0.value_at_quantile(0.95),
            p99: self.0.value_at_quantile(0.99),
            p999: self.0.value_at_quantile(0.999),
            max: self.0.max(),
        }
    }
}

/// Times in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct PercentilesUs {
    /// All of them, averaged.
    average: u64,
    /// Half of them are not above this.
    p50: u64,
    /// 95 of 100.
    p95: u64,
    /// 99 of 100.
    p99: u64,
    /// 999 of 1000.
    p999: u64,
    /// The longest.
    max: u64,
}

impl PercentilesUs {
    /// Names of the columns that `cells` fills.
    pub(super) const HEADERS: [&'static str; 6] = ["AVG-US", "P50-US", "P95-US", "P99-US", "P99.9-US", "MAX-US"];

    pub(super) fn cells(self) -> Vec<String> {
        [self.average, self.p50, self.p95, self.p99, self.p999, self.max]
            .map(|time_us| time_us.to_string())
            .to_vec()
    }
}

/// How much was moved in how long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Rate {
    /// Records.
    records: u64,
    /// Their bytes as they lie in the log, with the headers of their batches.
    bytes: u64,
    /// How long it took.
    seconds: f64,
    /// Records in a second.
    records_per_s: f64,
    /// MiB in a second.
    mib_per_s: f64,
}

impl Rate {
    /// Names of the columns that `cells` fills.
    pub(super) const HEADERS: [&'static str; 4] = ["RECORDS", "SECONDS", "RECORDS/S", "MIB/S"];

    pub(super) fn of(records: u64, bytes: u64, took: Duration) -> Self {
        let seconds = took.as_secs_f64().max(1e-9);
        Self {
            records,
            bytes,
            seconds,
            records_per_s: records as f64 / seconds,
            mib_per_s: bytes as f64 / f64::from(1 << 20) / seconds,
        }
    }

    pub(super) fn cells(self) -> Vec<String> {
        vec![
            self.records.to_string(),
            format!("{:.3}", self.seconds),
            format!("{:.0}", self.records_per_s),
            format!("{:.1}", self.mib_per_s),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let (mut low, mut high) = (Latencies::new().unwrap(), Latencies::new().unwrap());
        (1..=99).for_each(|_| low.record(Duration::from_micros(100)));
        high.record(Duration::from_millis(5));
        low.merge(&high).unwrap();
        let percentiles = low.percentiles();
        assert_eq!((percentiles.p50, percentiles.p99), (100, 100));
        assert!((4_990..=5_010).contains(&percentiles.max), "{percentiles:?}");
        assert_eq!(percentiles.average, 149);
    }

    #[test]
    fn a_rate_counts_per_second() {
        let rate = Rate::of(1000, 3 << 20, Duration::from_millis(500));
        assert_eq!((rate.records_per_s, rate.mib_per_s), (2000.0, 6.0));
    }
}
