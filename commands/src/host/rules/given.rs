//! What a rule is given, what it makes of it, and the judgement that most rules share.

use super::{Baseline, Needed as _, Rule, Status};
use crate::host::facts::{Broker, BrokerFacts, Facts, Memory};

/// A value, or the finding if it is not known.
pub(crate) type Known<T> = Result<T, Box<Judged>>;

/// What a rule is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    /// The host.
    pub(crate) facts: &'a Facts,
    /// Its brokers.
    pub(crate) brokers: &'a [Broker],
    /// Whose advice counts.
    pub(crate) baseline: Baseline,
}

/// What a rule finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    /// How bad it is.
    pub(crate) status: Status,
    /// What there is.
    pub(crate) value: Option<String>,
    /// What there should be.
    pub(crate) expected: Option<String>,
    /// A sentence about this host.
    pub(crate) note: Option<String>,
    /// The value to set, if it is a sysctl and should be set.
    pub(crate) set: Option<String>,
}

impl Judged {
    pub(crate) fn new(status: Status, value: impl Into<String>) -> Self {
        Self {
            status,
            value: Some(value.into()),
            expected: None,
            note: None,
            set: None,
        }
    }

    pub(crate) fn ok(value: impl Into<String>) -> Self {
        Self::new(Status::Ok, value)
    }

    pub(crate) fn not_applicable(note: impl Into<String>) -> Self {
        Self::without_value(Status::NotApplicable, note)
    }

    pub(crate) fn unknown(note: impl Into<String>) -> Self {
        Self::without_value(Status::Unknown, note)
    }

    fn without_value(status: Status, note: impl Into<String>) -> Self {
        Self {
            status,
            value: None,
            expected: None,
            note: Some(note.into()),
            set: None,
        }
    }

    #[must_use]
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    #[must_use]
    pub(crate) fn set(mut self, value: impl Into<String>) -> Self {
        self.set = Some(value.into());
        self
    }
}

impl<'a> Given<'a> {
    pub(crate) fn new(facts: &'a Facts, brokers: &'a BrokerFacts, baseline: Baseline) -> Self {
        Self {
            facts,
            brokers: &brokers.brokers,
            baseline,
        }
    }

    /// A field of a sysctl that is a number.
    pub(crate) fn number(&self, key: &str, field: usize) -> Known<i64> {
        self.facts.sysctls.number(key, field).needed(key)
    }

    /// A field of a sysctl that is a number; none where it is not to be had.
    pub(crate) fn number_if_any(&self, key: &str) -> Option<i64> {
        self.facts.sysctls.number(key, 0).value().copied()
    }

    /// Memory of the host.
    pub(crate) fn memory(&self) -> Known<Memory> {
        self.facts.memory.clone().needed("/proc/meminfo")
    }

    /// What is found with each of the brokers: the worst counts, and what it says of which.
    pub(crate) fn worst_broker(&self, judge: impl Fn(&'a Broker) -> Known<Judged>) -> Known<Judged> {
        worst(
            self.brokers,
            "no broker runs here, and --broker-config names none",
            |broker| broker.name.as_str(),
            judge,
        )
    }
}

/// What is found with each of many; the worst counts, named if there are more than one.
pub(crate) fn worst<'a, T: 'a>(
    all: impl IntoIterator<Item = &'a T>,
    none: &str,
    name: impl Fn(&'a T) -> &'a str,
    judge: impl Fn(&'a T) -> Known<Judged>,
) -> Known<Judged> {
    let mut worst: Option<(&str, Judged)> = None;
    let mut count = 0;
    for one in all {
        count += 1;
        let judged = judge(one).unwrap_or_else(|judged| *judged);
        if worst.as_ref().is_none_or(|(_, before)| judged.status > before.status) {
            worst = Some((name(one), judged));
        }
    }
    match worst {
        None => Err(Box::new(Judged::not_applicable(none))),
        Some((name, mut judged)) => {
            if count > 1 && judged.status > Status::Ok {
                let named = |value: String| {
                    if value.contains(name) {
                        value
                    } else {
                        format!("{value} ({name})")
                    }
                };
                judged.value = judged.value.map(named);
            }
            Ok(judged)
        }
    }
}

/// A sysctl held against the range of its rule. Of those with three fields the last one, the most, counts.
pub(crate) fn in_range(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let key = rule.keys.first().copied().unwrap_or(rule.id);
    let value = given.number(key, 0)?;
    Ok(held_against(rule, given, value))
}

/// A value held against the range of a rule.
pub(crate) fn held_against(rule: &Rule, given: &Given<'_>, value: i64) -> Judged {
    let Some(range) = rule.ranges.map(|ranges| ranges.of(given.baseline)) else {
        return Judged::ok(value.to_string());
    };
    if (range.least..=range.most).contains(&value) {
        return Judged::ok(value.to_string()).expected(range.text());
    }
    Judged::new(rule.severity, value.to_string())
        .expected(range.text())
        .set(range.set.to_string())
}

/// Bytes for people.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", bytes as f64 / *size as f64),
        None => format!("{bytes} B"),
    }
}
