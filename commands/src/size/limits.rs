//! What is too much or too little, and what that is worth today.

use super::arithmetic::{FILES_MIN, MAPS_MIN, Needs, Step, value};
use super::units::{bytes, count};
use planner::counted::{counted, noun};

/// Of the days of ZooKeeper: Rao, "Apache Kafka supports 200K partitions per cluster" (Confluent, 2018).
const REPLICAS_PER_BROKER: u64 = 4_000;
const PARTITIONS_PER_CLUSTER: u64 = 200_000;
/// What Confluent showed of KRaft: "Kafka without ZooKeeper: a sneak peek" (2021).
const PARTITIONS_SHOWN: u64 = 2_000_000;
/// The kernel's own vm.max_map_count.
const MAPS_DEFAULT: u64 = 65_530;
/// Beyond it object pointers take eight bytes.
const HEAP_MAX_BYTES: u64 = 32 << 30;
/// Kafka: The Definitive Guide, and Confluent.
const MEMORY_MIN_BYTES: u64 = 32_000_000_000;

/// Sentences about what should be looked at.
pub(crate) fn warnings(needs: &Needs, steps: &[Step]) -> Vec<String> {
    let of = |id| value(steps, id);
    let mut found = Vec::new();
    partition_limits(of("replicas-per-broker"), of("replicas"), &mut found);
    spread(needs, steps, &mut found);
    let maps = of("memory-maps");
    if maps > MAPS_DEFAULT {
        found.push(format!(
            "{} memory maps are more than Linux grants ({}); set vm.max_map_count to {} or more (kfleet render sysctl), or Apache \
             Kafka stops with \"Map failed\"; kfleet's broker maps nothing",
            count(maps),
            count(MAPS_DEFAULT),
            count(MAPS_MIN.max(maps.saturating_mul(5) / 4)),
        ));
    }
    let files = of("open-files");
    if files > FILES_MIN {
        let room = files.saturating_mul(5) / 4;
        found.push(format!(
            "{} open files are more than the {} that Kafka's documentation asks for; set LimitNOFILE to {} or more",
            count(files),
            count(FILES_MIN),
            count(room),
        ));
    }
    let memory = of("memory");
    if memory < MEMORY_MIN_BYTES {
        found.push(format!(
            "{} of memory are what the arithmetic asks for; Kafka: The Definitive Guide and Confluent advise {} or more, which readers \
             that fall behind are grateful for",
            bytes(memory),
            bytes(MEMORY_MIN_BYTES),
        ));
    }
    if needs.heap_bytes > HEAP_MAX_BYTES {
        found.push(format!(
            "a heap of {} has no compressed pointers and long pauses; Kafka's documentation runs big clusters with 6 GiB",
            bytes(needs.heap_bytes),
        ));
    }
    if needs.spare_brokers == 0 {
        found.push("without a spare broker the others are overloaded during every restart".to_owned());
    }
    if needs.replication_factor < 3 {
        found.push(format!(
            "with {} no broker can be restarted without a risk to records or to writes; 3, with min.insync.replicas=2, is usual",
            counted(needs.replication_factor, "replica"),
        ));
    }
    if needs.disk_fill_percent > 90 || needs.network_fill_percent > 90 {
        found.push("more than 90 % in use leaves no room to move partitions or to catch up".to_owned());
    }
    found
}

/// What is not as divisible as the arithmetic has it.
fn spread(needs: &Needs, steps: &[Step], found: &mut Vec<String>) {
    let (partitions, brokers) = (value(steps, "partitions"), value(steps, "brokers"));
    if partitions < brokers.saturating_sub(needs.spare_brokers) {
        found.push(format!(
            "{} {} do not occupy {} brokers: some lead none",
            count(partitions),
            noun(partitions, "partition"),
            count(brokers)
        ));
    }
    let replica = value(steps, "stored") / value(steps, "replicas").max(1);
    if replica > needs.disk_bytes {
        found.push(format!(
            "a replica of {} does not fit on a disk of {}, and cannot be split; more partitions have smaller ones",
            bytes(replica),
            bytes(needs.disk_bytes),
        ));
    }
}

fn partition_limits(per_broker: u64, replicas: u64, found: &mut Vec<String>) {
    if per_broker > REPLICAS_PER_BROKER {
        found.push(format!(
            "{} replicas of a broker are above {}, the rule of ZooKeeper's days (Confluent, 2018). KRaft has no such rule; it is now \
             memory maps, open files, the recovery after a crash and the time a restart takes that bound a broker",
            count(per_broker),
            count(REPLICAS_PER_BROKER),
        ));
    }
    // 50 brokers of 4,000 are 200,000: that rule counts what brokers carry.
    if replicas > PARTITIONS_SHOWN {
        found.push(format!(
            "{} replicas are more than the {} partitions that KRaft was shown with (Confluent, 2021); split the cluster, or prove it first",
            count(replicas),
            count(PARTITIONS_SHOWN),
        ));
    } else if replicas > PARTITIONS_PER_CLUSTER {
        found.push(format!(
            "{} replicas of the cluster are above {}, the rule of ZooKeeper's days (Confluent, 2018). KRaft was shown with {} partitions: \
             37 s instead of 503 s to recover from a crash of the controller (Confluent, 2021)",
            count(replicas),
            count(PARTITIONS_PER_CLUSTER),
            count(PARTITIONS_SHOWN),
        ));
    }
}
