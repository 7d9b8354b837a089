//! Safe values of numbers, and whose they are.

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

/// Whose advice counts where authorities differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Baseline {
    /// Much data through the page cache.
    Throughput,
    /// Short and even response times.
    Latency,
    /// What Confluent's playbooks set.
    Confluent,
    /// What Kafka: The Definitive Guide and the tutorials after it set.
    Tutorial,
    /// Only what breaks a broker or loses data.
    Minimal,
}

/// Safe values of a number, both ends included, and the one to set outside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// The least.
    pub(crate) least: i64,
    /// The most.
    pub(crate) most: i64,
    /// What to set.
    pub(crate) set: i64,
}

impl Range {
    /// As it is printed.
    pub(crate) fn text(self) -> String {
        match (self.least, self.most) {
            (least, most) if least == most => least.to_string(),
            (least, i64::MAX) => format!("at least {least}"),
            (least, most) => format!("{least} to {most}"),
        }
    }
}

/// Both ends, and what to set.
pub(super) const fn within(least: i64, most: i64, set: i64) -> Range {
    Range { least, most, set }
}

/// A least value, and what to set.
pub(super) const fn at_least(least: i64, set: i64) -> Range {
    within(least, i64::MAX, set)
}

/// Safe values under each baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ranges {
    throughput: Range,
    latency: Range,
    confluent: Range,
    tutorial: Range,
    minimal: Range,
}

impl Ranges {
    /// The same under all.
    pub(super) const fn all(range: Range) -> Self {
        Self {
            throughput: range,
            latency: range,
            confluent: range,
            tutorial: range,
            minimal: range,
        }
    }

    pub(super) const fn latency(mut self, range: Range) -> Self {
        self.latency = range;
        self
    }

    pub(super) const fn confluent(mut self, range: Range) -> Self {
        self.confluent = range;
        self
    }

    pub(super) const fn tutorial(mut self, range: Range) -> Self {
        self.tutorial = range;
        self
    }

    pub(super) const fn minimal(mut self, range: Range) -> Self {
        self.minimal = range;
        self
    }

    /// The one that counts.
    pub(crate) const fn of(&self, baseline: Baseline) -> Range {
        match baseline {
            Baseline::Throughput => self.throughput,
            Baseline::Minimal => self.minimal,
            Baseline::Latency => self.latency,
            Baseline::Confluent => self.confluent,
            Baseline::Tutorial => self.tutorial,
        }
    }
}
