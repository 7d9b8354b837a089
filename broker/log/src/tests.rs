use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use protocol::records::{BatchBuilder, Batches, Compression, NewRecord, ProducerStamp, Records, records_of};

use crate::disk::{Disk, SimDisk};
use crate::{AppendError, LoadReport, Log, LogConfig, LogContext, LogError, OpenOptions, Origin, Slice};

mod crashes;
mod faults;
mod hostile;
mod truncation;

fn dir() -> PathBuf {
    PathBuf::from("/logs/t-0")
}

fn context(disk: &SimDisk) -> LogContext {
    LogContext::new(Arc::new(disk.clone()), 16, 64 << 10)
}

fn small_config() -> Arc<LogConfig> {
    Arc::new(LogConfig {
        segment_bytes: 600,
        index_interval_bytes: 100,
        ..LogConfig::default()
    })
}

fn open(disk: &SimDisk, config: &Arc<LogConfig>, options: OpenOptions) -> Log {
    Log::open(&context(disk), &dir(), Arc::clone(config), options)
        .unwrap()
        .0
}

fn crashed(recovery_point: i64) -> OpenOptions {
    OpenOptions {
        clean: false,
        recovery_point,
        ..OpenOptions::default()
    }
}

fn batch(timestamp: i64, values: &[&[u8]]) -> Bytes {
    let mut builder = BatchBuilder::new(0, Compression::None);
    for value in values {
        builder.push(&NewRecord {
            timestamp,
            value: Some(value),
            ..NewRecord::default()
        });
    }
    builder.build().unwrap().into()
}

fn append(log: &mut Log, timestamp: i64, values: &[&[u8]]) -> i64 {
    log.append_as_leader(&batch(timestamp, values), 1, Origin::Client, timestamp)
        .unwrap()
        .first_offset
}

fn bytes_of(slices: &[Slice]) -> Vec<u8> {
    let mut out = Vec::new();
    for slice in slices {
        match slice {
            Slice::Bytes(bytes) => out.extend_from_slice(bytes),
            Slice::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; *size_bytes];
                assert_eq!(file.read_at(&mut range, *position).unwrap(), *size_bytes);
                out.extend(range);
            }
        }
    }
    out
}

/// Every record from `offset` on, by reading as a client does.
fn read_all(log: &Log, mut offset: i64) -> Vec<(i64, Vec<u8>)> {
    let mut out = Vec::new();
    while offset < log.log_end_offset() {
        let slices = log.read(offset, log.log_end_offset(), 300, true).unwrap();
        let bytes = bytes_of(&slices);
        let before = offset;
        for found in Batches::new(&bytes) {
            let (header, batch) = found.unwrap();
            let unpacked = records_of(&header, batch, 1 << 20).unwrap();
            for record in Records::new(header, &unpacked).map(Result::unwrap) {
                if record.offset >= offset {
                    out.push((record.offset, record.value.unwrap().to_vec()));
                }
            }
            offset = offset.max(header.next_offset());
        }
        assert!(offset > before, "no progress at {offset}");
    }
    out
}

#[test]
fn records_are_read_back_from_memory_and_from_segments() {
    let disk = SimDisk::default();
    let config = small_config();
    let mut log = open(&disk, &config, OpenOptions::default());
    let values: Vec<Vec<u8>> = (0..60u8).map(|i| vec![i; 20]).collect();
    for (at, value) in values.iter().enumerate() {
        assert_eq!(append(&mut log, at as i64, &[value]), at as i64);
    }
    assert!(log.segment_count() > 5);
    let expected: Vec<(i64, Vec<u8>)> = values
        .iter()
        .cloned()
        .enumerate()
        .map(|(at, v)| (at as i64, v))
        .collect();
    assert_eq!(read_all(&log, 0), expected);
    log.close().unwrap();
    drop(log);
    let log = open(
        &disk,
        &config,
        OpenOptions {
            recovery_point: 60,
            ..OpenOptions::default()
        },
    );
    assert_eq!(read_all(&log, 0), expected);
    assert_eq!(read_all(&log, 37), expected[37..]);
}

#[test]
fn a_log_that_was_closed_well_is_durable_to_its_end_whatever_the_checkpoint_says() {
    let disk = SimDisk::default();
    let mut log = open(&disk, &small_config(), OpenOptions::default());
    append(&mut log, 1, &[b"a", b"b"]);
    assert_eq!(log.recovery_point(), 0);
    log.close().unwrap();
    drop(log);
    assert_eq!(open(&disk, &small_config(), OpenOptions::default()).recovery_point(), 2);
    let mut log = open(&disk, &small_config(), crashed(0));
    assert_eq!(log.recovery_point(), 0, "after a crash nobody knows");
    log.flush().unwrap();
    assert_eq!(log.recovery_point(), 2);
}

/// What closing thousands of partitions that nothing was written to costs.
#[test]
fn a_log_that_did_not_change_is_closed_without_a_write() {
    for records in [0, 3] {
        let disk = SimDisk::default();
        let mut log = open(&disk, &small_config(), OpenOptions::default());
        for _ in 0..records {
            append(&mut log, 1, &[b"v"]);
        }
        disk.fail_writes(true);
        disk.fail_syncs(true);
        assert_eq!(
            log.close().is_ok(),
            records == 0,
            "{records} records that are not durable"
        );
        let disk = SimDisk::default();
        let mut log = open(&disk, &small_config(), OpenOptions::default());
        for _ in 0..records {
            append(&mut log, 1, &[b"v"]);
        }
        log.close().unwrap();
        drop(log);
        let mut log = open(&disk, &small_config(), OpenOptions::default());
        disk.fail_writes(true);
        disk.fail_syncs(true);
        log.begin_epoch(7);
        log.close().unwrap();
    }
}

#[test]
fn an_empty_log_needs_no_repair_whatever_is_left_of_its_small_files() {
    let disk = SimDisk::default();
    let log = open(&disk, &small_config(), OpenOptions::default());
    drop(log);
    for name in ["00000000000000000000.index", "00000000000000000000.timeindex"] {
        disk.remove_file(&dir().join(name)).unwrap();
    }
    for options in [OpenOptions::default(), crashed(0)] {
        let (log, report) = Log::open(&context(&disk), &dir(), small_config(), options).unwrap();
        assert_eq!(report, LoadReport::default(), "{options:?}");
        assert_eq!((log.log_start_offset(), log.log_end_offset()), (0, 0));
    }
}

#[test]
fn an_empty_log_that_was_closed_is_opened_without_a_write() {
    let (disk, config) = (SimDisk::default(), small_config());
    open(&disk, &config, OpenOptions::default()).close().unwrap();
    disk.fail_writes(true);
    let mut log = open(&disk, &config, OpenOptions::default());
    disk.fail_writes(false);
    assert_eq!(append(&mut log, 1, &[b"a"]), 0);
    log.close().unwrap();
    drop(log);
    assert_eq!(read_all(&open(&disk, &config, OpenOptions::default()), 0).len(), 1);
}

#[test]
fn an_offset_outside_the_log_is_out_of_range_and_its_end_is_empty() {
    let disk = SimDisk::default();
    let mut log = open(&disk, &small_config(), OpenOptions::default());
    append(&mut log, 1, &[b"a"]);
    assert!(matches!(
        log.read(2, 2, 100, true),
        Err(LogError::OutOfRange { end_offset: 1, .. })
    ));
    assert!(log.read(1, 1, 100, true).unwrap().is_empty());
    assert!(log.read(0, 0, 100, true).unwrap().is_empty(), "nothing above the bound");
}

#[test]
fn timestamps_find_the_first_record_at_or_after_them() {
    let disk = SimDisk::default();
    let config = small_config();
    let mut log = open(&disk, &config, OpenOptions::default());
    for at in 0..50 {
        append(&mut log, at * 10, &[&[7; 30]]);
    }
    let check = |log: &Log| {
        assert_eq!(log.offset_for_timestamp(0, 50).unwrap().unwrap().offset, 0);
        assert_eq!(log.offset_for_timestamp(101, 50).unwrap().unwrap().offset, 11);
        assert_eq!(log.offset_for_timestamp(490, 50).unwrap().unwrap().offset, 49);
        assert_eq!(log.offset_for_timestamp(491, 50).unwrap(), None);
        assert_eq!(log.offset_of_max_timestamp().unwrap().unwrap().offset, 49);
    };
    check(&log);
    log.close().unwrap();
    drop(log);
    check(&open(
        &disk,
        &config,
        OpenOptions {
            recovery_point: 50,
            ..OpenOptions::default()
        },
    ));
}

#[test]
fn a_duplicate_batch_gets_its_first_offsets_again_also_after_a_restart() {
    let disk = SimDisk::default();
    let config = small_config();
    let mut log = open(&disk, &config, OpenOptions::default());
    let produce = |sequence| {
        let stamp = ProducerStamp {
            id: 4,
            epoch: 0,
            base_sequence: sequence,
        };
        let mut builder = BatchBuilder::new(0, Compression::None).producer(stamp);
        builder.push(&NewRecord {
            value: Some(b"v"),
            ..NewRecord::default()
        });
        Bytes::from(builder.build().unwrap())
    };
    for sequence in 0..3 {
        log.append_as_leader(&produce(sequence), 0, Origin::Client, 0).unwrap();
    }
    let again = log.append_as_leader(&produce(1), 0, Origin::Client, 0).unwrap();
    assert!(again.duplicate && again.first_offset == 1);
    assert!(matches!(
        log.append_as_leader(&produce(7), 0, Origin::Client, 0),
        Err(AppendError::OutOfOrderSequence { expected: 3, .. })
    ));
    for options in [
        crashed(0),
        OpenOptions {
            recovery_point: 3,
            ..OpenOptions::default()
        },
    ] {
        log.close().unwrap();
        log = open(&disk, &config, options);
        assert!(
            log.append_as_leader(&produce(2), 0, Origin::Client, 0)
                .unwrap()
                .duplicate
        );
        assert_eq!(log.log_end_offset(), 3);
    }
}

#[test]
fn truncation_and_new_records_leave_one_history() {
    let disk = SimDisk::default();
    let config = small_config();
    let mut log = open(&disk, &config, OpenOptions::default());
    for at in 0..30u8 {
        append(&mut log, 1, &[&[at; 30]]);
    }
    log.truncate_to(11).unwrap();
    assert_eq!(log.log_end_offset(), 11);
    append(&mut log, 2, &[b"new"]);
    let read = read_all(&log, 0);
    assert_eq!(
        (read.len(), read[10].1.as_slice(), read[11].1.as_slice()),
        (12, &[10u8; 30][..], &b"new"[..])
    );
    log.truncate_fully_and_start_at(100).unwrap();
    assert_eq!((log.log_start_offset(), append(&mut log, 3, &[b"x"])), (100, 100));
}

#[test]
fn retention_removes_old_segments_and_moves_the_start() {
    let disk = SimDisk::default();
    let config = Arc::new(LogConfig {
        retention_ms: Some(100),
        ..(*small_config()).clone()
    });
    let mut log = open(&disk, &config, OpenOptions::default());
    for at in 0..30 {
        append(&mut log, at, &[&[1; 30]]);
    }
    assert!(
        log.apply_retention(1000).unwrap().segments.is_empty(),
        "nothing above the high watermark goes"
    );
    log.set_high_watermark(30);
    let removed = log.apply_retention(115).unwrap();
    assert!(!removed.segments.is_empty() && log.log_start_offset() > 0 && log.log_start_offset() < 30);
    assert!(removed.files.iter().all(|path| disk.exists(path).unwrap()));
    log.apply_retention(10_000).unwrap();
    assert_eq!(
        (log.log_start_offset(), log.log_end_offset(), log.segment_count()),
        (30, 30, 1)
    );
    assert_eq!(append(&mut log, 10_001, &[b"next"]), 30);
}

#[test]
fn deleted_records_are_out_of_range() {
    let disk = SimDisk::default();
    let mut log = open(&disk, &small_config(), OpenOptions::default());
    for _ in 0..10 {
        append(&mut log, 1, &[b"v"]);
    }
    assert!(log.delete_records(5).is_err(), "not above the high watermark");
    log.set_high_watermark(10);
    assert_eq!(log.delete_records(5).unwrap(), 5);
    assert!(matches!(
        log.read(4, 10, 10, true),
        Err(LogError::OutOfRange { start_offset: 5, .. })
    ));
    assert_eq!(read_all(&log, 5).len(), 5);
}

#[test]
fn a_failed_write_takes_the_log_offline() {
    let disk = SimDisk::default();
    let mut log = open(&disk, &small_config(), OpenOptions::default());
    append(&mut log, 1, &[b"v"]);
    disk.fail_writes(true);
    let failed = log.append_as_leader(&batch(1, &[b"w"]), 1, Origin::Client, 1);
    assert!(matches!(failed, Err(AppendError::Log(LogError::Io { .. }))));
    disk.fail_writes(false);
    let refused = log.append_as_leader(&batch(1, &[b"w"]), 1, Origin::Client, 1);
    assert!(
        matches!(refused, Err(AppendError::Log(LogError::Offline { .. }))),
        "it is not tried again"
    );
}

#[test]
fn bad_batches_are_refused_with_their_own_error() {
    let disk = SimDisk::default();
    let config = Arc::new(LogConfig {
        message_max_bytes: 200,
        ..LogConfig::default()
    });
    let mut log = open(&disk, &config, OpenOptions::default());
    let mut append = |bytes: Vec<u8>| {
        log.append_as_leader(&bytes.into(), 1, Origin::Client, 1_000_000_000)
            .unwrap_err()
    };
    let good = batch(1_000_000_000, &[b"v"]).to_vec();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert!(matches!(append(flipped), AppendError::Corrupt(_)));
    assert!(matches!(append(good[..50].to_vec()), AppendError::Corrupt(_)));
    assert!(matches!(
        append(batch(1_000_000_000, &[&[0; 300]]).to_vec()),
        AppendError::TooLarge { .. }
    ));
    assert!(matches!(
        append(batch(9_000_000_000, &[b"v"]).to_vec()),
        AppendError::InvalidTimestamp { .. }
    ));
    assert!(matches!(
        append([good.clone(), good].concat()),
        AppendError::InvalidRecord { .. }
    ));
    assert!(matches!(append(vec![]), AppendError::InvalidRecord { .. }));
}

#[test]
fn a_compacted_topic_refuses_records_without_a_key() {
    let config = Arc::new(LogConfig {
        compact: true,
        ..LogConfig::default()
    });
    let mut log = open(&SimDisk::default(), &config, OpenOptions::default());
    let keys: [Option<&[u8]>; 3] = [Some(b"k"), None, Some(b"")];
    let mut builder = BatchBuilder::new(0, Compression::Zstd);
    for key in keys {
        builder.push(&NewRecord {
            timestamp: 1,
            key,
            value: Some(b"v"),
            ..NewRecord::default()
        });
    }
    let records = builder.build().unwrap().into();
    let Err(AppendError::InvalidRecord { indexes, .. }) = log.append_as_leader(&records, 1, Origin::Client, 1) else {
        panic!("it is taken")
    };
    assert_eq!(
        (indexes, log.log_end_offset()),
        (vec![1], 0),
        "nothing of the batch is written"
    );
}
