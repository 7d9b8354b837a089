//! The arithmetic, and nothing else: numbers in, numbers out with how they came about.

use super::units::{bytes, count, period};

/// Maps of a segment: its offset index and its time index.
const MAPS_PER_SEGMENT: u64 = 2;
/// Kafka's documentation: enough memory to buffer what is written in half a minute.
const PAGE_CACHE_S: u64 = 30;
/// For the system and what else runs on the host; ours.
const SYSTEM_MEMORY_BYTES: u64 = 2 << 30;
/// What Kafka's documentation asks for at least.
pub(crate) const FILES_MIN: u64 = 100_000;
/// What cp-ansible sets.
pub(crate) const MAPS_MIN: u64 = 262_144;

/// What a cluster is to do, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// What producers write, as it goes over the network, bytes/s.
    pub(crate) write_rate: u64,
    /// Consumer groups that read all of it.
    pub(crate) readers: u64,
    /// What a producer side gets through one partition, bytes/s.
    pub(crate) producer_rate: u64,
    /// What a consumer gets through one partition, bytes/s.
    pub(crate) consumer_rate: u64,
    /// Partitions, where they are known and not to be worked out.
    pub(crate) partitions: Option<u64>,
    /// Replicas of a partition.
    pub(crate) replication_factor: u64,
    /// How long records are kept, s.
    pub(crate) retention_s: u64,
    /// Size of a segment.
    pub(crate) segment_bytes: u64,
    /// Room for log directories of a broker.
    pub(crate) disk_bytes: u64,
    /// How full that room may be, percent.
    pub(crate) disk_fill_percent: u64,
    /// What a broker's disks write, bytes/s; unbounded if it is not known.
    pub(crate) disk_rate: Option<u64>,
    /// What a broker's network carries each way, bytes/s.
    pub(crate) network_rate: u64,
    /// How busy the network may be, percent.
    pub(crate) network_fill_percent: u64,
    /// Brokers that may be away while the others carry the load.
    pub(crate) spare_brokers: u64,
    /// Connections of clients to a broker.
    pub(crate) connections: u64,
    /// The JVM's heap.
    pub(crate) heap_bytes: u64,
}

/// A number and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// A word for scripts.
    pub(crate) id: &'static str,
    /// What it is.
    pub(crate) title: &'static str,
    /// The number.
    pub(crate) value: u64,
    /// Its unit: bytes, bytes/s, or none for a count.
    pub(crate) unit: &'static str,
    /// How it came about.
    pub(crate) formula: &'static str,
    /// The same with its numbers.
    pub(crate) numbers: String,
    /// Who says so.
    pub(crate) source: &'static str,
}

const RAO: &str =
    "Rao: How to choose the number of topics/partitions in a Kafka cluster (Confluent); each broker leads one or more";
const GUIDE: &str = "Kafka: The Definitive Guide, How Many Brokers?";
const DOCS: &str = "Kafka's documentation, Hardware and OS";

/// How often partitions and brokers are fitted to each other; two rounds are usual.
const ROUNDS: usize = 8;

/// All steps, each from those before it.
pub(crate) fn size(needs: &Needs) -> Vec<Step> {
    let mut carrying = 1;
    let mut steps = Vec::new();
    for _ in 0..ROUNDS {
        steps = fitted(needs, carrying);
        let brokers = value(&steps, "brokers").saturating_sub(needs.spare_brokers).max(1);
        if brokers <= carrying {
            break;
        }
        carrying = brokers;
    }
    let brokers = value(&steps, "brokers");
    steps.extend(of_a_broker(needs, &steps, brokers));
    steps.push(controllers(needs));
    steps
}

/// Partitions for at least so many brokers, and the brokers that these ask for.
fn fitted(needs: &Needs, carrying: u64) -> Vec<Step> {
    let partitions = partitions(needs, carrying);
    let replicas = replicas(needs, partitions.value);
    let stored = stored(needs, replicas.value);
    let network_in = network_in(needs);
    let network_out = network_out(needs);
    let mut steps = vec![partitions, replicas, stored, network_in, network_out];
    steps.extend(brokers(needs, &steps));
    steps
}

/// The value of a step.
pub(crate) fn value(steps: &[Step], id: &str) -> u64 {
    steps.iter().find(|step| step.id == id).map_or(0, |step| step.value)
}

fn ratio(amount: u64, by: u64) -> u64 {
    amount.div_ceil(by.max(1))
}

fn part(amount: u64, percent: u64) -> u64 {
    (u128::from(amount) * u128::from(percent) / 100) as u64
}

fn partitions(needs: &Needs, carrying: u64) -> Step {
    let (write, p, c) = (needs.write_rate, needs.producer_rate, needs.consumer_rate);
    let derived = ratio(write, p).max(ratio(write, c)).max(carrying);
    let (value, formula, numbers) = match needs.partitions {
        Some(known) => (known, "as they are", count(known)),
        None => (
            derived,
            "max(write rate / producer rate, write rate / consumer rate, brokers that carry them)",
            format!(
                "max({w} / {}, {w} / {}, {})",
                rate(p),
                rate(c),
                count(carrying),
                w = rate(write)
            ),
        ),
    };
    Step {
        id: "partitions",
        title: "partitions",
        value,
        unit: "",
        formula,
        numbers,
        source: RAO,
    }
}

fn replicas(needs: &Needs, partitions: u64) -> Step {
    let factor = needs.replication_factor;
    Step {
        id: "replicas",
        title: "replicas",
        value: partitions.saturating_mul(factor),
        unit: "",
        formula: "partitions * replication factor",
        numbers: format!("{} * {factor}", count(partitions)),
        source: "Kafka's documentation, Replication",
    }
}

fn stored(needs: &Needs, replicas: u64) -> Step {
    let (write, kept, factor) = (needs.write_rate, needs.retention_s, needs.replication_factor);
    let closed = write.saturating_mul(kept).saturating_mul(factor);
    // Only closed segments are deleted: each replica keeps up to one more.
    let active = replicas.saturating_mul(needs.segment_bytes.min(write.saturating_mul(kept)));
    Step {
        id: "stored",
        title: "bytes on all disks",
        value: closed.saturating_add(active),
        unit: "bytes",
        formula: "write rate * retention * replication factor + replicas * segment size",
        numbers: format!(
            "{} * {} * {factor} + {} * {}",
            rate(write),
            period(kept),
            count(replicas),
            bytes(needs.segment_bytes.min(write.saturating_mul(kept)))
        ),
        source: "Kafka: The Definitive Guide, How Many Brokers?; log.retention.* deletes whole segments",
    }
}

fn network_in(needs: &Needs) -> Step {
    Step {
        id: "network-in",
        title: "network in, all brokers",
        value: needs.write_rate.saturating_mul(needs.replication_factor),
        unit: "bytes/s",
        formula: "write rate * replication factor",
        numbers: format!("{} * {}", rate(needs.write_rate), needs.replication_factor),
        source: "each replica is written once: by the producer, or by a fetch of its follower",
    }
}

fn network_out(needs: &Needs) -> Step {
    let followers = needs.replication_factor.saturating_sub(1);
    Step {
        id: "network-out",
        title: "network out, all brokers",
        value: needs.write_rate.saturating_mul(followers.saturating_add(needs.readers)),
        unit: "bytes/s",
        formula: "write rate * (replication factor - 1 + groups)",
        numbers: format!("{} * ({followers} + {})", rate(needs.write_rate), needs.readers),
        source: GUIDE,
    }
}

/// How many brokers each resource asks for, and the most of them.
fn brokers(needs: &Needs, steps: &[Step]) -> Vec<Step> {
    let step = |id, title, amount: u64, room: u64, percent: u64, unit: fn(u64) -> String, formula, source| Step {
        id,
        title,
        value: ratio(amount, part(room, percent)),
        unit: "",
        formula,
        numbers: format!("{} / ({} * {percent} %)", unit(amount), unit(room)),
        source,
    };
    let mut found = vec![step(
        "brokers-for-disk",
        "brokers for disk space",
        value(steps, "stored"),
        needs.disk_bytes,
        needs.disk_fill_percent,
        bytes,
        "bytes on all disks / (disk * fill)",
        GUIDE,
    )];
    for (id, title, of) in [
        ("brokers-for-network-in", "brokers for network in", "network-in"),
        ("brokers-for-network-out", "brokers for network out", "network-out"),
    ] {
        let (rate_, fill) = (needs.network_rate, needs.network_fill_percent);
        let formula = "bytes/s of all brokers / (network * fill)";
        found.push(step(id, title, value(steps, of), rate_, fill, rate, formula, GUIDE));
    }
    if let Some(disk_rate) = needs.disk_rate {
        found.push(step(
            "brokers-for-disk-writes",
            "brokers for disk writes",
            value(steps, "network-in"),
            disk_rate,
            100,
            rate,
            "bytes/s of all brokers / disk rate",
            "each byte that comes in is written once",
        ));
    }
    let most = found.iter().map(|step| step.value).max().unwrap_or(1);
    let (factor, spare) = (needs.replication_factor, needs.spare_brokers);
    found.push(Step {
        id: "brokers",
        title: "brokers",
        value: most.saturating_add(spare).max(factor).max(1),
        unit: "",
        formula: "max(most of the above + spare, replication factor)",
        numbers: format!("max({} + {spare}, {factor})", count(most)),
        source: "a partition's replicas are on different brokers; the spare ones may be restarted or lost",
    });
    found
}

/// What each broker needs, while the spare ones are away.
fn of_a_broker(needs: &Needs, steps: &[Step], brokers: u64) -> Vec<Step> {
    let carrying = brokers.saturating_sub(needs.spare_brokers).max(1);
    let replicas = ratio(value(steps, "replicas"), carrying);
    let per_replica = ratio(
        ratio(value(steps, "stored"), value(steps, "replicas")),
        needs.segment_bytes,
    )
    .max(1);
    let segments = replicas.saturating_mul(per_replica);
    let written = ratio(value(steps, "network-in"), carrying);
    let cache = written.saturating_mul(PAGE_CACHE_S);
    let step = |id, title, value, unit, formula, numbers, source| Step {
        id,
        title,
        value,
        unit,
        formula,
        numbers,
        source,
    };
    vec![
        step(
            "replicas-per-broker",
            "replicas of a broker",
            replicas,
            "",
            "replicas / (brokers - spare)",
            format!(
                "{} / ({brokers} - {})",
                count(value(steps, "replicas")),
                brokers - carrying
            ),
            "the spare brokers' share goes to the others",
        ),
        step(
            "page-cache",
            "page cache of a broker",
            cache,
            "bytes",
            "bytes/s written by a broker * 30 s",
            format!("{} * {PAGE_CACHE_S} s", rate(written)),
            DOCS,
        ),
        step(
            "memory",
            "memory of a broker",
            needs
                .heap_bytes
                .saturating_add(cache)
                .saturating_add(SYSTEM_MEMORY_BYTES),
            "bytes",
            "heap + page cache + system",
            format!(
                "{} + {} + {}",
                bytes(needs.heap_bytes),
                bytes(cache),
                bytes(SYSTEM_MEMORY_BYTES)
            ),
            "Kafka's documentation, Java Version, for the heap; the system's share is ours",
        ),
        step(
            "open-files",
            "open files of a broker",
            segments.saturating_add(needs.connections),
            "",
            "replicas * segments of a replica + connections",
            format!(
                "{} * {} + {}",
                count(replicas),
                count(per_replica),
                count(needs.connections)
            ),
            DOCS,
        ),
        step(
            "memory-maps",
            "memory maps of a broker (Apache Kafka)",
            segments.saturating_mul(MAPS_PER_SEGMENT),
            "",
            "replicas * segments of a replica * 2",
            format!("{} * {} * {MAPS_PER_SEGMENT}", count(replicas), count(per_replica)),
            DOCS,
        ),
    ]
}

fn controllers(needs: &Needs) -> Step {
    let away = needs.spare_brokers.clamp(1, 2);
    Step {
        id: "controllers",
        title: "controllers",
        value: 2 * away + 1,
        unit: "",
        formula: "2 * controllers that may be away + 1",
        numbers: format!("2 * {away} + 1"),
        source: "Kafka's documentation, KRaft: 3 or 5, each with 5 GB of memory and of disk",
    }
}

/// Bytes in a second, for people.
pub(crate) fn rate(bytes_per_second: u64) -> String {
    format!("{}/s", bytes(bytes_per_second))
}
