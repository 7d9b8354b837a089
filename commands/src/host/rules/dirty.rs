//! When written pages go to disk. Ratio and bytes of a pair exclude each other: the one that was written last counts,
//! and the other reads 0.

use super::given::{bytes, held_against};
use super::{Area, Fix, Given, Judged, Known, Range, Ranges, Rule, Status, at_least, by, rule, says, sysctl, within};

const MEMORY: Area = Area::Memory;
/// Memory from which on a percent is too coarse.
const LARGE_BYTES: u64 = 64 << 30;

pub(super) const RULES: &[Rule] = &[
    Rule {
        keys: &[
            "vm.dirty_background_ratio",
            "vm.dirty_background_bytes",
            "vm.dirty_ratio",
            "vm.dirty_bytes",
        ],
        safe: "below vm.dirty_ratio; 0 only where vm.dirty_background_bytes is set",
        reason: "Flushing early and steadily keeps the disk busy in small steps, so that no produce request waits behind a burst of writeback.",
        authorities: &[
            says(by::BOOK, "5"),
            says(by::TUTORIAL, "below 10, about 5, never 0"),
            says(by::CONFLUENT, "5"),
            says(by::UBUNTU, "5"),
            says(by::TUNED, "3 in latency-performance, 10 in throughput-performance"),
            says(
                by::KERNEL,
                "a share of available memory, not of all memory as tutorials say",
            ),
        ],
        dispute: "5 or 10: 10 is the kernel's default, too, which the book, cp-ansible and Ubuntu lower; we take less than 10.",
        judge: background_ratio,
        ..sysctl(
            "vm.dirty_background_ratio",
            "VM02",
            MEMORY,
            &[],
            Ranges::all(within(1, 9, 5))
                .latency(within(1, 5, 3))
                .confluent(within(1, 5, 5)),
        )
    },
    Rule {
        keys: &["vm.dirty_ratio", "vm.dirty_bytes"],
        safe: "above vm.dirty_background_ratio",
        reason: "At this share the thread that writes must write back itself, which on a broker stalls the request threads.",
        authorities: &[
            says(by::BOOK, "60 to 80"),
            says(by::TUTORIAL, "60 to 80"),
            says(by::CONFLUENT, "80"),
            says(by::UBUNTU, "80"),
            says(by::TUNED, "40 in throughput-performance, 10 in latency-performance"),
            says(by::INTEL, "few bytes instead, for latency"),
        ],
        dispute: "High for throughput, low for latency: 20 to 80 is taken under throughput, 5 to 40 under latency, and the authors' own values under their baselines.",
        judge: ratio,
        ..sysctl(
            "vm.dirty_ratio",
            "VM03",
            MEMORY,
            &[],
            Ranges::all(within(20, 80, 60))
                .latency(within(5, 40, 10))
                .confluent(within(60, 80, 80))
                .tutorial(within(60, 80, 60)),
        )
    },
    Rule {
        keys: &["vm.dirty_background_bytes", "vm.dirty_bytes"],
        severity: Status::Warning,
        safe: "0, or less than vm.dirty_bytes; set from 64 GiB of memory on",
        reason: "One percent of a large memory is gigabytes that are flushed in one burst; bytes can say less.",
        authorities: &[
            says(by::INTEL, "400000000"),
            says("EDB", "prefer bytes on hosts with much memory"),
            says(by::TUNED, "64 MiB in postgresql"),
        ],
        fix: Fix::Sysctl("vm.dirty_background_bytes"),
        judge: background_bytes,
        ..rule("vm.dirty_background_bytes", "VM04", MEMORY)
    },
    Rule {
        keys: &["vm.dirty_bytes", "vm.dirty_background_bytes"],
        severity: Status::Warning,
        safe: "0, or more than vm.dirty_background_bytes",
        reason: "A writer that is stopped before the background flush has begun makes every produce request wait for the disk.",
        authorities: &[
            says(by::KERNEL, "at least two pages; excludes vm.dirty_ratio"),
            says(by::TUNED, "512 MiB in postgresql"),
        ],
        fix: Fix::Sysctl("vm.dirty_bytes"),
        judge: dirty_bytes,
        ..rule("vm.dirty_bytes", "VM04", MEMORY)
    },
    Rule {
        severity: Status::Info,
        reason: "Pages older than this are flushed; much more than the default leaves acknowledged records in memory longer.",
        authorities: &[
            says(by::KERNEL, "3000 by default"),
            says(by::TUNED, "500 in mssql and oracle"),
        ],
        ..sysctl(
            "vm.dirty_expire_centisecs",
            "VM05",
            MEMORY,
            &["vm.dirty_expire_centisecs"],
            Ranges::all(within(100, 6000, 3000)),
        )
    },
    Rule {
        is_essential: true,
        reason: "Without periodic writeback, old pages stay in memory until the background ratio is reached, which on a quiet topic is never.",
        authorities: &[
            says(by::KERNEL, "500 by default; 0 switches it off"),
            says(by::TUNED, "100 in mssql and oracle"),
        ],
        ..sysctl(
            "vm.dirty_writeback_centisecs",
            "VM05",
            MEMORY,
            &["vm.dirty_writeback_centisecs"],
            Ranges::all(at_least(1, 500)),
        )
    },
];

fn background_ratio(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("vm.dirty_background_ratio", 0)?;
    if value == 0
        && given
            .number_if_any("vm.dirty_background_bytes")
            .is_some_and(|bytes| bytes > 0)
    {
        return Ok(Judged::not_applicable("vm.dirty_background_bytes is in force instead"));
    }
    let most = given.number_if_any("vm.dirty_ratio").filter(|most| *most > 0);
    if let Some(most) = most.filter(|most| value >= *most) {
        let range = rule.ranges.map_or(within(1, 9, 5), |ranges| ranges.of(given.baseline));
        let note = format!("vm.dirty_background_ratio={value} is not below vm.dirty_ratio={most}: were they swapped?");
        return Ok(Judged::new(Status::Warning, value.to_string())
            .expected(range.text())
            .note(note)
            .set(range.set.to_string()));
    }
    Ok(held_against(rule, given, value))
}

fn ratio(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("vm.dirty_ratio", 0)?;
    if value == 0 && given.number_if_any("vm.dirty_bytes").is_some_and(|bytes| bytes > 0) {
        return Ok(Judged::not_applicable("vm.dirty_bytes is in force instead"));
    }
    Ok(held_against(rule, given, value))
}

fn background_bytes(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("vm.dirty_background_bytes", 0)?;
    let most = given.number_if_any("vm.dirty_bytes").filter(|most| *most > 0);
    if let Some(most) = most.filter(|most| value >= *most) {
        let note = format!("vm.dirty_background_bytes={value} is not below vm.dirty_bytes={most}: were they swapped?");
        return Ok(Judged::new(Status::Warning, value.to_string())
            .expected(format!("less than {most}"))
            .note(note)
            .set((most / 4).to_string()));
    }
    let memory = given.memory()?;
    if value == 0 && memory.total_bytes >= LARGE_BYTES {
        let note = format!("one percent of {} is flushed in one burst", bytes(memory.total_bytes));
        return Ok(Judged::new(Status::Info, "0").expected("about 400000000").note(note));
    }
    Ok(Judged::ok(value.to_string()))
}

fn dirty_bytes(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("vm.dirty_bytes", 0)?;
    let background = given.number_if_any("vm.dirty_background_bytes").unwrap_or(0);
    if value == 0 || value > background {
        return Ok(Judged::ok(value.to_string()));
    }
    let expected: Range = at_least(background.saturating_add(1), background.saturating_mul(4));
    Ok(Judged::new(Status::Warning, value.to_string())
        .expected(expected.text())
        .set(expected.set.to_string()))
}
