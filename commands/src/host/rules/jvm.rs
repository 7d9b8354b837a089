//! The JVM of Apache Kafka, and memory beside its heap.

use super::given::bytes;
use super::{Area, Fix, Given, Judged, Known, Needed as _, Rule, Status, by, rule, says};
use crate::host::facts::{Fact, Process};

const BROKER: Area = Area::Broker;
/// Heap that Apache's scripts give if nobody says more.
const HEAP_OF_SCRIPTS: u64 = 1 << 30;
/// From this on a JVM's pointers are longer.
const HEAP_MOST: u64 = 32 << 30;
/// Memory of a host that is good for much.
const MEMORY_GOOD: u64 = 31 << 30;

pub(super) const RULES: &[Rule] = &[
    Rule {
        subject: "-Xmx of each broker, against the memory it may have",
        is_essential: true,
        safe: "at most half of the memory, and below 32 GiB",
        reason: "A broker's data lives in the page cache; heap beyond need only lengthens collections, and above 32 GiB pointers double.",
        authorities: &[
            says(by::APACHE, "6 GiB"),
            says(by::CONFLUENT_DOC, "no more than 6 GiB, on hosts with 64 GiB"),
            says("Apache Kafka scripts", "1 GiB if KAFKA_HEAP_OPTS is not set"),
            says(by::OURS, "half of the memory; 32 GiB for compressed pointers"),
        ],
        fix: Fix::Jvm("KAFKA_HEAP_OPTS=\"-Xms6g -Xmx6g\""),
        judge: heap,
        ..rule("jvm.heap", "JVM01", BROKER)
    },
    Rule {
        subject: "-Xms and -Xmx of each broker",
        severity: Status::Info,
        safe: "the same",
        reason: "A heap that grows does so under load, when a pause is wanted least.",
        authorities: &[
            says(by::APACHE, "-Xms6g -Xmx6g"),
            says("Confluent cp-ansible", "-Xms1g -Xmx6g"),
        ],
        dispute: "cp-ansible lets it grow; a difference is only worth knowing.",
        fix: Fix::Jvm("KAFKA_HEAP_OPTS with the same -Xms and -Xmx"),
        judge: heap_fixed,
        ..rule("jvm.heap_fixed", "JVM01", BROKER)
    },
    Rule {
        subject: "options of the collector on each broker's command line",
        severity: Status::Info,
        safe: "G1 with the options of Apache's scripts, or ZGC",
        reason: "Pauses longer than replica.lag.time.max.ms or the session with the controller drop a broker out of its ISRs.",
        authorities: &[
            says(
                "Apache Kafka scripts",
                "-XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent",
            ),
            says(
                by::APACHE,
                "also -XX:MetaspaceSize=96m -XX:G1HeapRegionSize=16M -XX:MinMetaspaceFreeRatio=50 -XX:MaxMetaspaceFreeRatio=80",
            ),
            says(
                by::TUTORIAL,
                "the JVM's defaults: MaxGCPauseMillis 200, InitiatingHeapOccupancyPercent 45",
            ),
        ],
        dispute: "Tutorials name the JVM's defaults; Kafka's own scripts set 20 and 35, and these count.",
        fix: Fix::Jvm("unset KAFKA_JVM_PERFORMANCE_OPTS, and Apache's scripts set them"),
        judge: collector,
        ..rule("jvm.gc", "JVM02", BROKER)
    },
    Rule {
        subject: "JAVA_VERSION in the file release of each broker's Java",
        severity: Status::Critical,
        is_essential: true,
        safe: "17 or newer for Kafka 4, 11 for Kafka 3",
        reason: "Brokers of Kafka 4 do not start on Java 11, and an upgrade finds out at the restart.",
        authorities: &[says(
            "Apache Kafka upgrade notes",
            "from 4.0 on, 17 for brokers, Connect and tools, and 11 for clients and Streams only",
        )],
        fix: Fix::Jvm("install Java 17 or 21 and set JAVA_HOME before the next restart"),
        judge: version,
        ..rule("jvm.version", "JVM03", BROKER)
    },
    Rule {
        subject: "MemTotal in /proc/meminfo",
        severity: Status::Info,
        safe: "32 GiB or more",
        reason: "What consumers read should still be in memory: Kafka advises room for 30 seconds of writes.",
        authorities: &[
            says(by::APACHE, "write throughput * 30 s, 24 GB in the example"),
            says(by::BOOK, "32 GB or more"),
            says(by::CONFLUENT_DOC, "64 GB is good, less than 32 GB is not"),
        ],
        fix: Fix::Note("kfleet size computes it from your throughput"),
        judge: memory_total,
        ..rule("memory.total", "MEM01", BROKER)
    },
    Rule {
        subject: "MemTotal, less the heaps of all brokers here",
        safe: "at least half of the memory",
        reason: "All that brokers serve comes from the page cache; what heaps take away from it has to be read from disk.",
        authorities: &[
            says(by::APACHE, "the page cache does the work"),
            says(by::CONFLUENT_DOC, "6 GiB of heap on 64 GiB leave 58 GiB"),
            says(by::OURS, "half"),
        ],
        fix: Fix::Jvm("lower -Xmx, or run fewer brokers here"),
        judge: page_cache,
        ..rule("memory.page_cache", "MEM01", BROKER)
    },
];

/// What is found with each JVM that runs a broker.
fn jvms<'a>(given: &Given<'a>, judge: impl Fn(&'a Process) -> Known<Judged>) -> Known<Judged> {
    given.worst_broker(|broker| match &broker.process {
        None => Ok(Judged::not_applicable("the broker does not run")),
        Some(_) if !broker.is_apache() => Ok(Judged::not_applicable("our own broker has no JVM")),
        Some(process) => judge(process),
    })
}

/// The heap a broker may grow to.
fn heap_of(process: &Process) -> Fact<u64> {
    match process.jvm_option("-Xmx") {
        Some(text) => Fact::parsed(&format!("-Xmx{text}"), process.jvm_bytes("-Xmx")),
        None => Fact::Present(HEAP_OF_SCRIPTS),
    }
}

/// The memory a process may have: the host's, or what its control groups allow.
fn memory_of(given: &Given<'_>, process: &Process) -> Known<u64> {
    let total = given.memory()?.total_bytes;
    let limit = process
        .cgroup
        .value()
        .and_then(|cgroup| cgroup.memory_bytes.value().copied().flatten());
    Ok(limit.map_or(total, |limit| limit.min(total)))
}

fn heap(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    jvms(given, |process| {
        let heap = heap_of(process).needed("-Xmx")?;
        let memory = memory_of(given, process)?;
        let is_safe = heap <= memory / 2 && heap < HEAP_MOST;
        let status = if is_safe { Status::Ok } else { Status::Warning };
        let value = format!("{} of {}", bytes(heap), bytes(memory));
        Ok(Judged::new(status, value).expected(format!("at most {}, and below 32 GiB", bytes(memory / 2))))
    })
}

fn heap_fixed(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    jvms(given, |process| {
        let text = |name: &str| {
            process
                .jvm_option(name)
                .map_or_else(|| "unset".to_owned(), str::to_owned)
        };
        let is_same = process.jvm_bytes("-Xms").is_some() && process.jvm_bytes("-Xms") == process.jvm_bytes("-Xmx");
        let status = if is_same { Status::Ok } else { Status::Info };
        Ok(Judged::new(status, format!("-Xms {}, -Xmx {}", text("-Xms"), text("-Xmx"))).expected("the same"))
    })
}

fn collector(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    const OPTIONS: [&str; 4] = [
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=20",
        "-XX:InitiatingHeapOccupancyPercent=35",
        "-XX:+ExplicitGCInvokesConcurrent",
    ];
    jvms(given, |process| {
        let has = |option: &str| process.args.iter().any(|arg| arg == option);
        if has("-XX:+UseZGC") {
            return Ok(Judged::ok("ZGC"));
        }
        let missing: Vec<&str> = OPTIONS.into_iter().filter(|option| !has(option)).collect();
        if missing.is_empty() {
            return Ok(Judged::ok("as Apache's scripts set it"));
        }
        Ok(Judged::new(Status::Info, format!("without {}", missing.join(" "))).expected(OPTIONS.join(" ")))
    })
}

fn version(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    jvms(given, |process| {
        let java = process.java.clone().needed("the version of Java")?;
        let kafka = process.kafka_version();
        let least = match kafka {
            Some((major, _)) if major < 4 => 11,
            _ => 17,
        };
        let release = kafka.map_or_else(
            || "Kafka of an unknown release".to_owned(),
            |(major, minor)| format!("Kafka {major}.{minor}"),
        );
        let status = match kafka {
            _ if java >= least => Status::Ok,
            // Java 11 is enough for Kafka 3.
            None if java >= 11 => Status::Warning,
            _ => Status::Critical,
        };
        Ok(Judged::new(status, format!("Java {java} under {release}")).expected(format!("Java {least} or newer")))
    })
}

fn memory_total(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let total = given.memory()?.total_bytes;
    let status = if total >= MEMORY_GOOD { Status::Ok } else { Status::Info };
    Ok(Judged::new(status, bytes(total)).expected("32 GiB or more"))
}

fn page_cache(_: &Rule, given: &Given<'_>) -> Known<Judged> {
    let total = given.memory()?.total_bytes;
    let mut heaps = 0_u64;
    let mut any = false;
    for broker in given.brokers.iter().filter(|broker| broker.is_apache()) {
        if let Some(process) = &broker.process {
            heaps = heaps.saturating_add(heap_of(process).needed("-Xmx")?);
            any = true;
        }
    }
    if !any {
        return Err(Box::new(Judged::not_applicable("no JVM runs a broker here")));
    }
    let left = total.saturating_sub(heaps);
    let status = if left >= total / 2 { Status::Ok } else { Status::Warning };
    Ok(Judged::new(status, format!("{} of {}", bytes(left), bytes(total)))
        .expected(format!("at least {}", bytes(total / 2))))
}
