//! Virtual memory: swapping, maps, huge pages, NUMA.

use super::given::{bytes, held_against};
use super::{
    Area, Fix, Given, Judged, Known, Needed as _, Ranges, Rule, Status, at_least, by, rule, says, sysctl, within,
};
use crate::host::facts::{Broker, Fact};

const MEMORY: Area = Area::Memory;
/// Areas that a JVM maps beside its indexes.
const MAPS_OF_JVM: u64 = 4096;
/// Maps are set in steps of this.
const MAPS_STEP: u64 = 65_536;

pub(super) const RULES: &[Rule] = &[
    Rule {
        reason: "A broker whose heap is swapped out stalls for seconds, loses its session with the controller and drops out of every ISR.",
        authorities: &[
            says(by::BOOK, "1"),
            says(by::TUTORIAL, "1; 0 on kernels before 3.5"),
            says(by::CONFLUENT, "1"),
            says(by::CLOUDERA, "1"),
            says(by::RPK, "exactly 1"),
            says(by::TUNED, "10 in throughput-performance and latency-performance"),
            says(
                by::KERNEL,
                "0 swaps only when free and file pages are below the high watermark",
            ),
        ],
        dispute: "1 or 10: both are taken, except under the confluent and tutorial baselines; 0 is refused because the OOM killer then comes before swap.",
        ..sysctl(
            "vm.swappiness",
            "VM01",
            MEMORY,
            &["vm.swappiness"],
            Ranges::all(within(1, 10, 1))
                .confluent(within(1, 1, 1))
                .tutorial(within(1, 1, 1)),
        )
    },
    Rule {
        severity: Status::Critical,
        is_essential: true,
        safe: "and room for two maps of each segment with a quarter to spare",
        reason: "Apache Kafka maps two indexes of every segment, and the broker dies of \"Map failed\" when the kernel allows no more.",
        authorities: &[
            says(
                by::APACHE,
                "two map areas for each segment; the default of 65535 is too few for many partitions",
            ),
            says(by::CONFLUENT, "262144"),
            says(by::BOOK, "400000 to 600000"),
        ],
        dispute: "A constant is too few for large brokers (305,784 index files were seen on one), so the need is counted in the log directories and the larger one counts. Our own broker maps nothing and needs no more than the kernel's default.",
        judge: max_map_count,
        ..sysctl(
            "vm.max_map_count",
            "VM06",
            MEMORY,
            &["vm.max_map_count"],
            Ranges::all(at_least(262_144, 262_144))
                .tutorial(at_least(400_000, 400_000))
                .minimal(at_least(1, 262_144)),
        )
    },
    Rule {
        reason: "With strict accounting a JVM that reserves its heap and maps its indexes is refused memory that nobody uses.",
        authorities: &[
            says(by::BOOK, "0"),
            says(
                by::KERNEL,
                "0 is the default; 2 refuses what exceeds swap and a share of memory",
            ),
        ],
        ..sysctl(
            "vm.overcommit_memory",
            "VM07",
            MEMORY,
            &["vm.overcommit_memory"],
            Ranges::all(within(0, 1, 0)),
        )
    },
    Rule {
        severity: Status::Critical,
        is_essential: true,
        safe: "on hosts with more than one NUMA node",
        reason: "With zone reclaim a node throws its page cache away instead of using another node's free memory, and consumers read from disk.",
        authorities: &[
            says(
                by::KERNEL,
                "leave it off for file servers and whatever benefits from caches",
            ),
            says(by::INTEL, "0"),
        ],
        judge: zone_reclaim,
        ..sysctl(
            "vm.zone_reclaim_mode",
            "VM08",
            MEMORY,
            &["vm.zone_reclaim_mode"],
            Ranges::all(within(0, 0, 0)),
        )
    },
    Rule {
        severity: Status::Info,
        reason: "NUMA balancing unmaps pages to learn who uses them, and the faults show as jitter.",
        authorities: &[
            says(by::TUNED, "0 in network-latency, mssql and oracle"),
            says(by::KERNEL, "1 by default on NUMA hosts"),
        ],
        ..sysctl(
            "kernel.numa_balancing",
            "VM09",
            MEMORY,
            &["kernel.numa_balancing"],
            Ranges::all(within(0, 0, 0)),
        )
    },
    Rule {
        severity: Status::Info,
        safe: "0.05 % to 5 % of memory",
        reason: "Network bursts take memory that cannot wait; a reserve that is too small drops packets, one that is too large takes page cache away.",
        authorities: &[
            says(
                by::KERNEL,
                "too low deadlocks under load, too high runs out of memory at once",
            ),
            says(by::OURS, "the bounds"),
        ],
        keys: &["vm.min_free_kbytes"],
        fix: Fix::Sysctl("vm.min_free_kbytes"),
        judge: min_free,
        ..rule("vm.min_free_kbytes", "VM08", MEMORY)
    },
    Rule {
        subject: "/sys/kernel/mm/transparent_hugepage/enabled",
        safe: "madvise or never; always only with a defrag that does not stall",
        reason: "When every allocation may wait for a huge page, the broker stalls while the kernel compacts memory full of page cache.",
        authorities: &[
            says(by::INTEL, "defrag never"),
            says(by::CLOUDERA, "no compaction"),
            says(by::RPK, "always, for its own broker, which is no JVM"),
            says("Apache Kafka", "says nothing"),
        ],
        dispute: "always, madvise or never: only always together with a defrag of always is a warning; always alone is worth knowing.",
        fix: Fix::Boot(
            "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, and transparent_hugepage=madvise on the kernel's command line; restart the JVM",
        ),
        judge: thp_enabled,
        ..rule("thp.enabled", "VM10", MEMORY)
    },
    Rule {
        subject: "/sys/kernel/mm/transparent_hugepage/defrag",
        safe: "anything but always",
        reason: "A defrag of always makes the thread that allocates compact memory itself, and on a broker that is a network or request thread.",
        authorities: &[
            says(by::INTEL, "never"),
            says(by::CLOUDERA, "never"),
            says(by::KERNEL, "madvise by default; always stalls on allocation"),
        ],
        fix: Fix::Boot("echo madvise > /sys/kernel/mm/transparent_hugepage/defrag, from a unit that runs at boot"),
        judge: thp_defrag,
        ..rule("thp.defrag", "VM10", MEMORY)
    },
    Rule {
        subject: "SwapTotal in /proc/meminfo",
        severity: Status::Info,
        safe: "none, or little",
        reason: "Swap delays the OOM killer, and lets a broker run slowly where it should fail over.",
        authorities: &[
            says(by::TUTORIAL, "avoid swapping, keep a little for safety"),
            says(by::INTEL, "swapoff"),
            says(by::RPK, "swap must be on"),
        ],
        dispute: "On or off: both are taken; only swap that a broker uses is a warning (swap.broker).",
        fix: Fix::Note("nothing has to be done while no broker uses it"),
        judge: swap_present,
        ..rule("swap.present", "VM11", MEMORY)
    },
    Rule {
        subject: "VmSwap in /proc/PID/status of each broker",
        safe: "0",
        reason: "Every page of a broker in swap is a page that a garbage collection has to read back from disk.",
        authorities: &[
            says(by::BOOK, "avoid swapping at all costs"),
            says(by::OURS, "any swap in use by a broker is too much"),
        ],
        fix: Fix::Note("lower vm.swappiness and whatever else takes memory, then restart the broker"),
        judge: swap_broker,
        ..rule("swap.broker", "VM11", MEMORY)
    },
];

/// Maps a broker needs, by what is in its directories and what it has now.
fn maps_needed(broker: &Broker) -> Known<u64> {
    let mut indexes = 0_u64;
    for dir in &broker.dirs {
        match dir.counts() {
            // A directory that is not there yet has nothing in it; another rule finds it missing.
            Fact::Absent => {}
            counts => {
                let counts = counts.needed(&format!("files in {}", dir.path))?;
                indexes = indexes.saturating_add(counts.indexes);
            }
        }
    }
    let live = match &broker.process {
        None => 0,
        Some(process) => match process.state.maps.clone() {
            Fact::Absent => 0,
            maps => maps.needed(&format!("/proc/{}/maps", process.pid))?,
        },
    };
    let most = indexes.saturating_add(MAPS_OF_JVM).max(live);
    Ok(most.saturating_add(most / 4))
}

fn max_map_count(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("vm.max_map_count", 0)?;
    let only_ours = !given.brokers.is_empty() && !given.brokers.iter().any(Broker::is_apache);
    if only_ours {
        let judged = Judged::ok(value.to_string()).note("only our own broker runs here, which maps no indexes");
        return Ok(judged);
    }
    let mut needed = 0;
    let mut unknown = None;
    for broker in given.brokers.iter().filter(|broker| broker.is_apache()) {
        match maps_needed(broker) {
            Ok(maps) => needed = needed.max(maps),
            Err(judged) => unknown = Some(judged),
        }
    }
    let mut judged = held_against(rule, given, value);
    let advised = rule.ranges.map_or(0, |ranges| ranges.of(given.baseline).set) as u64;
    if judged.status > Status::Ok {
        judged.status = Status::Warning;
    }
    if u64::try_from(value).unwrap_or(0) < needed {
        let set = needed.div_ceil(MAPS_STEP).saturating_mul(MAPS_STEP).max(advised);
        judged = Judged::new(Status::Critical, value.to_string())
            .expected(format!("at least {needed}"))
            .note(format!("the segments here need {needed} maps"))
            .set(set.to_string());
    } else if let Some(unknown) = unknown {
        return Err(Box::new(Judged {
            value: judged.value,
            ..*unknown
        }));
    }
    Ok(judged)
}

fn zone_reclaim(rule: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("vm.zone_reclaim_mode", 0)?;
    let nodes = given.facts.cpu.nodes.value().copied().unwrap_or(1);
    if nodes > 1 || value == 0 {
        return Ok(held_against(rule, given, value));
    }
    Ok(Judged::new(Status::Info, value.to_string())
        .expected("0")
        .note("it has no effect on a host with one NUMA node"))
}

fn min_free(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let value = given.number("vm.min_free_kbytes", 0)?;
    let total_kib = given.memory()?.total_bytes / 1024;
    let (least, most) = ((total_kib / 2000) as i64, (total_kib / 20) as i64);
    let expected = format!("{least} to {most}");
    if (least..=most).contains(&value) {
        return Ok(Judged::ok(value.to_string()).expected(expected));
    }
    let set = value.clamp(least, most);
    Ok(Judged::new(Status::Info, value.to_string())
        .expected(expected)
        .set(set.to_string()))
}

fn thp_enabled(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let pages = &given.facts.huge_pages;
    let enabled = pages
        .enabled
        .clone()
        .needed("/sys/kernel/mm/transparent_hugepage/enabled")?;
    let status = match (enabled.as_str(), pages.defrag.value().map(String::as_str)) {
        ("madvise" | "never", _) => Status::Ok,
        ("always", Some("always")) => Status::Warning,
        ("always", _) => Status::Info,
        (other, _) => {
            return Err(Box::new(Judged::unknown(format!(
                "\"{other}\" is no choice that a kernel has"
            ))));
        }
    };
    Ok(Judged::new(status, enabled).expected("madvise or never"))
}

fn thp_defrag(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let pages = &given.facts.huge_pages;
    let defrag = pages
        .defrag
        .clone()
        .needed("/sys/kernel/mm/transparent_hugepage/defrag")?;
    let is_off = pages.enabled.value().is_some_and(|enabled| enabled == "never");
    let status = match defrag.as_str() {
        "always" if is_off => Status::Info,
        "always" => Status::Warning,
        "madvise" | "defer" | "defer+madvise" | "never" => Status::Ok,
        other => {
            return Err(Box::new(Judged::unknown(format!(
                "\"{other}\" is no choice that a kernel has"
            ))));
        }
    };
    Ok(Judged::new(status, defrag).expected("madvise, defer+madvise, defer or never"))
}

fn swap_present(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let memory = given.memory()?;
    let value = format!("{}, {} in use", bytes(memory.swap_bytes), bytes(memory.swap_used_bytes));
    let status = if memory.swap_bytes == 0 {
        Status::Ok
    } else {
        Status::Info
    };
    Ok(Judged::new(status, value).expected("none, or little"))
}

fn swap_broker(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    given.worst_broker(|broker| {
        let Some(process) = &broker.process else {
            return Ok(Judged::not_applicable("the broker does not run"));
        };
        let swapped = process.swap_bytes.clone().needed("VmSwap")?;
        let status = if swapped == 0 { Status::Ok } else { Status::Warning };
        Ok(Judged::new(status, bytes(swapped)).expected("0 B"))
    })
}
