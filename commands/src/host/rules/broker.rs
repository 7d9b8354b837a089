//! The broker's configuration as such, and what the host leaves it to work with.

use super::given::bytes;
use super::{Area, Fix, Given, Judged, Known, Needed as _, Rule, Status, by, rule, says};
use crate::host::facts::{Cgroup, Fact};

const CGROUP: Area = Area::Cgroup;
/// Percent of the last ten seconds in which everything waited.
const PRESSURE_MOST: f64 = 10.0;

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "server.properties of each broker",
        is_essential: true,
        safe: "Kafka 4.3 starts with it, and every key has an effect",
        reason: "A key that is misspelled has no effect and nobody is told; one that is refused is found out at the next restart.",
        authorities: &[says(by::APACHE_SOURCE, "refuses values; unknown keys are only logged")],
        fix: Fix::Broker("correct the keys that are named"),
        judge: config,
        ..rule("broker.config", "FS06", Area::Broker)
    },
    Rule {
        subject: "memory.max of the broker's control groups",
        severity: Status::Info,
        safe: "no limit, or one that was meant",
        reason: "The page cache of a broker counts against its limit, so that a small one makes it read from disk.",
        authorities: &[says(by::RPK, "counts with the limit instead of the host's memory")],
        fix: Fix::Limits("MemoryMax= in the unit, or the container's limit"),
        judge: memory,
        ..rule("cgroup.memory", "CG01", CGROUP)
    },
    Rule {
        subject: "cpu.max of the broker's control groups",
        severity: Status::Info,
        safe: "no limit, or one that was meant",
        reason: "A group that has used up its share stands still until the next period, and every request with it.",
        authorities: &[says(by::RPK, "counts with the limit instead of the host's processors")],
        fix: Fix::Limits("CPUQuota= in the unit, or the container's limit"),
        judge: cpu,
        ..rule("cgroup.cpu", "CG01", CGROUP)
    },
    Rule {
        subject: "full avg10 in /proc/pressure/io",
        is_essential: true,
        safe: "at most 10 %",
        reason: "While everything waits for a disk, so does every request; this is the share of time in which it did.",
        authorities: &[
            says(by::PSI, "full: all tasks waited; some: at least one did"),
            says(by::OURS, "10 %"),
        ],
        fix: Fix::Note(
            "iostat -x 1 tells which disk; move leaders away (kfleet leaders evacuate) or throttle what moves data",
        ),
        judge: |_, given| pressure(&given.facts.pressure_io, "io", PRESSURE_MOST, Status::Warning),
        ..rule("pressure.io", "CG01", CGROUP)
    },
    Rule {
        subject: "full avg10 in /proc/pressure/memory",
        is_essential: true,
        safe: "at most 10 %",
        reason: "While everything waits for memory, as when pages are read back that were just dropped, so does every request; this is the share of time in which it did.",
        authorities: &[
            says(by::PSI, "full: all tasks waited; some: at least one did"),
            says(by::OURS, "10 %"),
        ],
        fix: Fix::Note("find what takes the memory, or lower -Xmx"),
        judge: |_, given| pressure(&given.facts.pressure_memory, "memory", PRESSURE_MOST, Status::Warning),
        ..rule("pressure.memory", "CG01", CGROUP)
    },
    Rule {
        subject: "some avg10 in /proc/pressure/cpu",
        severity: Status::Info,
        safe: "at most 50 %",
        reason: "What waits for a processor answers late; this is the share of time in which something did.",
        authorities: &[
            says(by::PSI, "full: all tasks waited; some: at least one did"),
            says(by::OURS, "50 %"),
        ],
        fix: Fix::Note("look at num.io.threads, compression and TLS before more processors"),
        judge: |_, given| pressure(&given.facts.pressure_cpu, "cpu", 50.0, Status::Info),
        ..rule("pressure.cpu", "CG01", CGROUP)
    },
];

fn config(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    given.worst_broker(|broker| {
        let config = broker.config.as_ref().needed("server.properties")?;
        let judged = |status, value: &str| Ok(Judged::new(status, value).expected("what Kafka 4.3 takes"));
        match (&config.refused, config.warnings.first()) {
            (Some(refused), _) => Ok(judged(Status::Warning, "refused by Kafka 4.3")?.note(refused.clone())),
            (None, Some(_)) => Ok(judged(Status::Warning, "has keys without effect")?.note(config.warnings.join("; "))),
            (None, None) => judged(Status::Ok, "taken by Kafka 4.3"),
        }
    })
}

/// Control groups of each broker, or of this session where no broker runs.
fn groups(given: &Given<'_>, judge: impl Fn(&Cgroup) -> Known<Judged>) -> Known<Judged> {
    if given.brokers.iter().all(|broker| broker.process.is_none()) {
        return judge(given.facts.cgroup.as_ref().needed("/proc/self/cgroup")?);
    }
    given.worst_broker(|broker| match &broker.process {
        None => Ok(Judged::not_applicable("the broker does not run")),
        Some(process) => judge(
            process
                .cgroup
                .as_ref()
                .needed(&format!("/proc/{}/cgroup", process.pid))?,
        ),
    })
}

fn memory(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    groups(given, |cgroup| {
        match cgroup.memory_bytes.clone().needed("memory.max")? {
            None => Ok(Judged::ok("no limit")),
            Some(limit) => Ok(Judged::new(Status::Info, bytes(limit)).expected("no limit, or one that was meant")),
        }
    })
}

fn cpu(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    groups(given, |cgroup| match cgroup.cpus.clone().needed("cpu.max")? {
        None => Ok(Judged::ok("no limit")),
        Some(limit) => {
            Ok(Judged::new(Status::Info, format!("{limit:.2} processors")).expected("no limit, or one that was meant"))
        }
    })
}

fn pressure(share: &Fact<f64>, resource: &str, most: f64, status: Status) -> Known<Judged> {
    let share = share.clone().needed(&format!("/proc/pressure/{resource}"))?;
    let status = if share <= most { Status::Ok } else { status };
    Ok(Judged::new(status, format!("{share:.2} %")).expected(format!("at most {most:.0} %")))
}
