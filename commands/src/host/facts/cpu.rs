//! Processors and where the time comes from.

use super::fact::Fact;
use super::root::Root;

/// Processors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cpu {
    /// How many are online.
    pub(crate) online: Fact<usize>,
    /// How many NUMA nodes they are on.
    pub(crate) nodes: Fact<usize>,
    /// Governors of their frequency, each once.
    pub(crate) governors: Fact<Vec<String>>,
    /// The clock source in use.
    pub(crate) clocksource: Fact<String>,
}

impl Cpu {
    pub(crate) fn read(root: &Root) -> Self {
        let count = |path: &str| root.line(path).and_then(|line| Fact::parsed(path, range_len(&line)));
        Self {
            online: count("sys/devices/system/cpu/online"),
            nodes: count("sys/devices/system/node/online"),
            governors: governors(root),
            clocksource: root.word("sys/devices/system/clocksource/clocksource0/current_clocksource"),
        }
    }
}

fn governors(root: &Root) -> Fact<Vec<String>> {
    let names = match root.scan("sys/devices/system/cpu/cpufreq") {
        Fact::Present(names) => names,
        Fact::Absent => return Fact::Absent,
        Fact::Unreadable(reason) => return Fact::Unreadable(reason),
    };
    let mut governors = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("policy")) {
        match root.word(&format!("sys/devices/system/cpu/cpufreq/{name}/scaling_governor")) {
            Fact::Present(governor) => governors.push(governor),
            Fact::Absent => {}
            Fact::Unreadable(reason) => return Fact::Unreadable(reason),
        }
    }
    governors.sort();
    governors.dedup();
    if governors.is_empty() {
        Fact::Absent
    } else {
        Fact::Present(governors)
    }
}

/// How many numbers a list such as `0-3,8` has.
fn range_len(text: &str) -> Option<usize> {
    text.split(',').try_fold(0_usize, |sum, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors_are_counted() {
        for (text, len) in [
            ("0", Some(1)),
            ("0-3", Some(4)),
            ("0-3,8,10-11", Some(7)),
            ("", None),
            ("3-0", None),
            ("x", None),
        ] {
            assert_eq!(range_len(text), len, "{text}");
        }
    }
}
