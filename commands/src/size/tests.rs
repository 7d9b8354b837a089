use super::arithmetic::{Needs, Step, size, value};
use super::limits::warnings;

/// 100 MB/s for a week, in three replicas, for two groups.
const NEEDS: Needs = Needs {
    write_rate: 100_000_000,
    readers: 2,
    producer_rate: 10_000_000,
    consumer_rate: 5_000_000,
    partitions: None,
    replication_factor: 3,
    retention_s: 604_800,
    segment_bytes: 1 << 30,
    disk_bytes: 8_000_000_000_000,
    disk_fill_percent: 80,
    disk_rate: None,
    network_rate: 1_250_000_000,
    network_fill_percent: 80,
    spare_brokers: 1,
    connections: 1_000,
    heap_bytes: 6 << 30,
};

#[track_caller]
fn values(needs: &Needs, expected: &[(&str, u64)]) -> Vec<Step> {
    let steps = size(needs);
    for (id, number) in expected {
        let step = steps
            .iter()
            .find(|step| step.id == *id)
            .unwrap_or_else(|| panic!("no {id}"));
        assert_eq!(step.value, *number, "{id}: {} = {}", step.formula, step.numbers);
    }
    steps
}

#[test]
fn a_worked_example_by_hand() {
    // 87 replicas keep 181.44 TB and up to 1 GiB each in a segment that is not closed.
    let stored = 100_000_000 * 604_800 * 3 + 87 * (1 << 30);
    let steps = values(
        &NEEDS,
        &[
            ("partitions", 29), // one for each broker; the consumers' 100 / 5 and the producers' 100 / 10 are fewer
            ("replicas", 87),
            ("stored", stored),
            ("network-in", 300_000_000),
            ("network-out", 400_000_000),
            ("brokers-for-disk", 29), // 181.5 TB / 6.4 TB = 28.4
            ("brokers-for-network-in", 1),
            ("brokers-for-network-out", 1),
            ("brokers", 30),
            ("replicas-per-broker", 3),
            ("page-cache", 310_344_840), // 300 MB/s / 29 brokers, rounded up to a byte, * 30 s
            ("open-files", 3 * 1_944 + 1_000),
            ("memory-maps", 3 * 1_944 * 2),
            ("controllers", 3),
        ],
    );
    let partitions = &steps[0];
    assert_eq!(partitions.numbers, "max(100 MB/s / 10 MB/s, 100 MB/s / 5 MB/s, 29)");
}

#[test]
fn throughput_decides_where_brokers_are_few() {
    let needs = Needs {
        retention_s: 3_600,
        ..NEEDS
    };
    values(&needs, &[("partitions", 20), ("replicas", 60), ("brokers", 3)]);
}

#[test]
fn what_cannot_be_divided_is_said() {
    let needs = Needs {
        partitions: Some(4),
        ..NEEDS
    };
    let steps = values(&needs, &[("partitions", 4), ("brokers", 30)]);
    let said = warnings(&needs, &steps).join("\n");
    assert!(said.contains("4 partitions do not occupy 30 brokers"), "{said}");
    assert!(
        said.contains("a replica of 15.1 TB does not fit on a disk of 8 TB"),
        "{said}"
    );
}

/// Kafka: The Definitive Guide, "How Many Brokers?": 10 TB to retain, and 2 TB a broker, are five brokers; replicated
/// once more, they are ten.
#[test]
fn the_guides_example_of_disks() {
    let mut needs = Needs {
        write_rate: 10_000_000,
        retention_s: 1_000_000,
        replication_factor: 1,
        segment_bytes: 0,
        disk_bytes: 2_000_000_000_000,
        disk_fill_percent: 100,
        spare_brokers: 0,
        ..NEEDS
    };
    values(&needs, &[("stored", 10_000_000_000_000), ("brokers", 5)]);
    needs.replication_factor = 2;
    values(&needs, &[("stored", 20_000_000_000_000), ("brokers", 10)]);
}

/// The same chapter: an interface that is used to 80 % by one reader does not serve two, unless there are two brokers.
#[test]
fn the_guides_example_of_networks() {
    let mut needs = Needs {
        write_rate: 80_000_000,
        readers: 1,
        replication_factor: 1,
        network_rate: 100_000_000,
        network_fill_percent: 100,
        ..NEEDS
    };
    values(&needs, &[("brokers-for-network-out", 1)]);
    needs.readers = 2;
    values(&needs, &[("brokers-for-network-out", 2)]);
}

/// Kafka's documentation: 50,000 partitions on a broker, of one segment each, are 100,000 maps.
#[test]
fn the_documentations_example_of_maps() {
    let needs = Needs {
        write_rate: 1,
        retention_s: 1,
        partitions: Some(50_000),
        replication_factor: 1,
        spare_brokers: 0,
        ..NEEDS
    };
    let steps = values(&needs, &[("brokers", 1), ("memory-maps", 100_000)]);
    let said = warnings(&needs, &steps).join("\n");
    assert!(
        said.contains("100,000 memory maps are more than Linux grants (65,530)"),
        "{said}"
    );
    assert!(said.contains("vm.max_map_count to 262,144"), "{said}");
    assert!(said.contains("50,000 replicas of a broker are above 4,000"), "{said}");
    assert!(said.contains("without a spare broker"), "{said}");
}

#[test]
fn as_many_brokers_as_replicas_and_spare_ones_carry_nothing() {
    let small = Needs {
        write_rate: 1_000,
        spare_brokers: 0,
        ..NEEDS
    };
    values(&small, &[("partitions", 3), ("brokers", 3), ("replicas-per-broker", 3)]);
    let spare = Needs {
        spare_brokers: 2,
        ..small
    };
    values(&spare, &[("partitions", 1), ("brokers", 3), ("replicas-per-broker", 3)]);
}

#[test]
fn the_slowest_resource_decides() {
    let needs = Needs {
        disk_rate: Some(10_000_000),
        disk_bytes: u64::MAX,
        ..NEEDS
    };
    values(&needs, &[("brokers-for-disk-writes", 30), ("brokers", 31)]);
}

#[test]
fn old_limits_of_a_cluster_are_told_apart_from_todays() {
    let many = |partitions| Needs {
        partitions: Some(partitions),
        ..NEEDS
    };
    let said = |partitions| {
        let needs = many(partitions);
        warnings(&needs, &size(&needs)).join("\n")
    };
    assert!(!said(1_000).contains("rule of ZooKeeper"));
    assert!(said(100_000).contains("300,000 replicas of the cluster are above 200,000"));
    assert!(said(1_000_000).contains("more than the 2,000,000 partitions that KRaft was shown with"));
}

#[test]
fn absurd_numbers_are_no_panic() {
    let needs = Needs {
        write_rate: u64::MAX,
        readers: u64::MAX,
        producer_rate: 0,
        consumer_rate: 0,
        partitions: Some(u64::MAX),
        replication_factor: u64::MAX,
        retention_s: u64::MAX,
        segment_bytes: 0,
        disk_bytes: 0,
        disk_fill_percent: 0,
        disk_rate: Some(0),
        network_rate: 0,
        network_fill_percent: 0,
        spare_brokers: u64::MAX,
        connections: u64::MAX,
        heap_bytes: u64::MAX,
    };
    let steps = size(&needs);
    assert_eq!(value(&steps, "brokers"), u64::MAX);
    assert!(!warnings(&needs, &steps).is_empty());
}

#[test]
fn every_step_has_a_formula_numbers_and_a_source() {
    for step in size(&NEEDS) {
        assert!(
            !step.formula.is_empty() && !step.numbers.is_empty() && !step.source.is_empty(),
            "{}",
            step.id
        );
    }
}
