//! What other brokers got wrong, and clients rely on.

use protocol::api::messages::ApiVersionsRequest;
use protocol::records::{Batches, ProducerStamp, Records, records_of};

use super::*;

fn with_records(records: Bytes) -> ProduceRequest {
    use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
    let data = PartitionProduceData::default()
        .with_index(0)
        .with_records(Some(records));
    let topic = TopicProduceData::default()
        .with_name(name("t"))
        .with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(1).with_topic_data(vec![topic])
}

fn three_records(builder: BatchBuilder) -> Bytes {
    let mut builder = builder;
    for value in [b"a", b"b", b"c"] {
        builder.push(&NewRecord {
            timestamp: 1000,
            value: Some(value),
            ..NewRecord::default()
        });
    }
    builder.build().unwrap().into()
}

#[test]
fn a_fetch_from_inside_a_batch_returns_the_whole_batch() {
    let lone = Lone::start();
    lone.call(9, &with_records(three_records(BatchBuilder::new(0, Compression::Lz4))));
    for offset in 0..3 {
        let response = lone.call(12, &fetch(12, offset, 1));
        let bytes = response.responses[0].partitions[0].records.clone().unwrap();
        let (header, batch) = Batches::new(&bytes).next().unwrap().unwrap();
        assert_eq!((header.base_offset, batch.len()), (0, bytes.len()), "from {offset}");
        let unpacked = records_of(&header, batch, 1 << 20).unwrap();
        assert_eq!(Records::new(header, &unpacked).count(), 3);
    }
}

fn transactional(id: i64) -> BatchBuilder {
    let stamp = ProducerStamp {
        id,
        epoch: 0,
        base_sequence: 0,
    };
    BatchBuilder::new(0, Compression::None).producer(stamp).transactional()
}

/// Keys of control records: version 0, then the type.
const ABORT: [u8; 4] = [0, 0, 0, 0];
const COMMIT: [u8; 4] = [0, 0, 0, 1];

fn marker(id: i64, key: [u8; 4]) -> Bytes {
    let stamp = ProducerStamp {
        id,
        epoch: 0,
        base_sequence: -1,
    };
    let mut builder = BatchBuilder::new(0, Compression::None)
        .producer(stamp)
        .transactional()
        .control();
    builder.push(&NewRecord {
        timestamp: 1000,
        key: Some(&key),
        value: Some(&[0; 6]),
        ..NewRecord::default()
    });
    builder.build().unwrap().into()
}

#[test]
fn a_read_committed_reader_learns_what_was_aborted_and_waits_at_what_is_open() {
    let lone = Lone::start();
    lone.call(9, &with_records(three_records(transactional(7))));
    let committed = |offset| {
        let request = fetch(12, offset, 0).with_isolation_level(1);
        lone.call(12, &request).responses[0].partitions[0].clone()
    };
    let open = committed(0);
    assert_eq!((open.high_watermark, open.last_stable_offset), (3, 0));
    assert!(
        open.records.unwrap_or_default().is_empty(),
        "an open transaction is not seen"
    );
    let uncommitted = lone.call(12, &fetch(12, 0, 0)).responses[0].partitions[0].clone();
    assert!(!uncommitted.records.unwrap().is_empty());

    let partition = lone.broker.partition_by_name("t", 0).unwrap();
    let now = Now {
        wall_ms: 1000,
        ..Now::default()
    };
    partition.append_as_coordinator(&marker(7, ABORT), 4, now).unwrap();
    let aborted = committed(0);
    assert_eq!((aborted.high_watermark, aborted.last_stable_offset), (4, 4));
    let transactions = aborted.aborted_transactions.unwrap();
    assert_eq!((transactions[0].producer_id.0, transactions[0].first_offset), (7, 0));

    lone.call(9, &with_records(three_records(transactional(8))));
    partition.append_as_coordinator(&marker(8, COMMIT), 4, now).unwrap();
    let after = committed(4);
    assert_eq!(after.last_stable_offset, 8);
    assert!(after.aborted_transactions.unwrap_or_default().is_empty());
}

#[test]
fn names_and_versions_of_client_software_follow_kip_511() {
    let lone = Lone::start();
    let code = |software: &str, version: &str| {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_string(software.to_owned()))
            .with_client_software_version(StrBytes::from_string(version.to_owned()));
        lone.call(3, &request).error_code
    };
    for (software, version) in [("apache-kafka-java", "4.3.1"), ("a", "1"), ("a.b-c", "v1.2-rc3")] {
        assert_eq!(code(software, version), 0, "{software} {version}");
    }
    let invalid = ErrorCode::InvalidRequest.code();
    for (software, version) in [("", "1"), ("a", ""), ("-a", "1"), ("a b", "1"), ("a", "1."), ("ä", "1")] {
        assert_eq!(code(software, version), invalid, "{software} {version}");
    }
}
