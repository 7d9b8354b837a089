//! What another engine, or another run, left in a partition's directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use protocol::files::{EpochStart, parse_leader_epochs};
use protocol::messages::framing::ControlType;
use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};

use crate::disk::{Disk, OpenMode, SimDisk};
use crate::{AppendError, Log, LogConfig, LogContext, OpenOptions, Origin};

fn path(name: &str) -> PathBuf {
    Path::new("/logs/t-0").join(name)
}

fn open(disk: &SimDisk, options: OpenOptions) -> Log {
    let context = LogContext::new(Arc::new(disk.clone()), 16, 64 << 10);
    Log::open(&context, &path(""), Arc::new(LogConfig::default()), options)
        .unwrap()
        .0
}

fn closed_at(recovery_point: i64, clean: bool) -> OpenOptions {
    OpenOptions {
        clean,
        recovery_point,
        high_watermark: i64::MAX,
        ..OpenOptions::default()
    }
}

fn of_producer(id: i64, base_sequence: i32) -> BatchBuilder {
    BatchBuilder::new(0, Compression::None)
        .producer(ProducerStamp {
            id,
            epoch: 0,
            base_sequence,
        })
        .transactional()
}

fn append(log: &mut Log, mut batch: BatchBuilder, origin: Origin, key: Option<&[u8]>) {
    batch.push(&NewRecord {
        timestamp: 1,
        key,
        value: Some(&[0, 0, 0, 0, 0, 1]),
        ..NewRecord::default()
    });
    let batch: Bytes = batch.build().unwrap().into();
    log.append_as_leader(&batch, 0, origin, 1).unwrap();
}

/// One record and the marker that aborts it.
fn abort(log: &mut Log, id: i64) {
    append(log, of_producer(id, 0), Origin::Client, None);
    append(
        log,
        of_producer(id, -1).control(),
        Origin::Coordinator,
        Some(&ControlType::Abort.key()),
    );
}

fn aborted(log: &Log) -> Vec<(i64, i64)> {
    let found = log.aborted_transactions(0, log.log_end_offset()).unwrap();
    found.iter().map(|txn| (txn.producer_id, txn.first_offset)).collect()
}

#[test]
fn a_crash_forgets_no_transaction_that_was_aborted_before_the_last_clean_stop() {
    let disk = SimDisk::default();
    let mut log = open(&disk, OpenOptions::default());
    abort(&mut log, 7);
    log.close().unwrap();
    drop(log);
    let mut log = open(&disk, closed_at(2, true));
    abort(&mut log, 8);
    drop(log);
    let log = open(&disk, closed_at(2, false));
    assert_eq!(aborted(&log), [(7, 0), (8, 2)]);
}

#[test]
fn snapshots_of_earlier_stops_do_not_pile_up() {
    let disk = SimDisk::default();
    for round in 0..4 {
        let mut log = open(&disk, closed_at(2 * round, true));
        abort(&mut log, round);
        log.close().unwrap();
    }
    drop(open(&disk, closed_at(8, true)));
    let names = disk.list(&path("")).unwrap().into_iter().map(|entry| entry.name);
    let snapshots: Vec<String> = names.filter(|name| name.ends_with(".snapshot")).collect();
    assert_eq!(snapshots, ["00000000000000000008.snapshot"]);
}

#[test]
fn a_leader_that_wrote_nothing_has_begun_its_epoch_and_checkpoints_it_with_its_first_batch() {
    let disk = SimDisk::default();
    let mut log = open(&disk, OpenOptions::default());
    log.begin_epoch(3);
    assert_eq!(
        (log.epochs().epoch_of(0), log.end_offset_for_epoch(3)),
        (Some(3), Some((3, 0)))
    );
    let checkpoint = path("leader-epoch-checkpoint");
    assert!(!disk.exists(&checkpoint).unwrap());
    let mut batch = BatchBuilder::new(0, Compression::None);
    batch.push(&NewRecord::default());
    let batch: Bytes = batch.build().unwrap().into();
    log.append_as_leader(&batch, 3, Origin::Client, 1).unwrap();
    let text = String::from_utf8(disk.read(&checkpoint, 100).unwrap()).unwrap();
    let started = EpochStart {
        epoch: 3,
        start_offset: 0,
    };
    assert_eq!(parse_leader_epochs(&text).unwrap(), [started]);
}

#[test]
fn a_rewritten_segment_takes_the_place_of_the_old_ones_also_after_a_crash() {
    let disk = SimDisk::default();
    let mut log = open(&disk, OpenOptions::default());
    abort(&mut log, 7);
    log.close().unwrap();
    drop(log);
    // The cleaner had renamed the old segment and not yet the new one.
    let base = "00000000000000000000";
    for suffix in ["log", "index", "timeindex", "txnindex"] {
        let (from, to) = (
            path(&format!("{base}.{suffix}")),
            path(&format!("{base}.{suffix}.swap")),
        );
        disk.rename(&from, &to).unwrap();
    }
    for left in [".log.deleted", ".index"] {
        disk.open(&path(&format!("{base}{left}")), OpenMode::Write).unwrap();
    }
    // Behind a segment that was still being written, nothing is finished.
    disk.open(&path("00000000000000000009.log.cleaned"), OpenMode::Write)
        .unwrap();
    disk.open(&path("00000000000000000009.log.swap"), OpenMode::Write)
        .unwrap();
    let log = open(&disk, closed_at(2, true));
    assert_eq!(
        (log.log_end_offset(), log.segment_count(), aborted(&log)),
        (2, 1, vec![(7, 0)])
    );
    let names: Vec<String> = disk
        .list(&path(""))
        .unwrap()
        .into_iter()
        .map(|entry| entry.name)
        .collect();
    assert!(
        !names.iter().any(|name| name.ends_with("swap") || name.ends_with("ed")),
        "{names:?}"
    );
}

#[test]
fn a_clients_batch_that_does_not_start_at_0_is_refused() {
    let mut log = open(&SimDisk::default(), OpenOptions::default());
    let mut batch = BatchBuilder::new(30, Compression::None);
    batch.push(&NewRecord::default());
    let batch: Bytes = batch.build().unwrap().into();
    let refused = log.append_as_leader(&batch, 0, Origin::Client, 1);
    assert!(matches!(refused, Err(AppendError::InvalidRecord { .. })), "{refused:?}");
}
