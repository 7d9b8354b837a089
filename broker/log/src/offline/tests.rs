use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use protocol::records::{ATTRIBUTES_AT, BatchBuilder, Compression, NewRecord};

use super::*;
use crate::disk::{Disk, OpenMode, SimDisk};
use crate::{Log, LogConfig, LogContext, OpenOptions, Origin};

const BATCHES: i64 = 80;

fn path(suffix: &str) -> PathBuf {
    PathBuf::from(format!("/logs/t-0/00000000000000000000.{suffix}"))
}

/// A closed log of one segment, with an index entry for nearly every batch.
fn closed_log() -> SimDisk {
    let disk = SimDisk::default();
    let context = LogContext::new(Arc::new(disk.clone()), 16, 64 << 10);
    let config = Arc::new(LogConfig {
        index_interval_bytes: 100,
        ..LogConfig::default()
    });
    let (mut log, _) = Log::open(&context, Path::new("/logs/t-0"), config, OpenOptions::default()).unwrap();
    for at in 0..BATCHES {
        let mut builder = BatchBuilder::new(0, Compression::None);
        for _ in 0..=at % 3 {
            builder.push(&NewRecord {
                timestamp: 1000 + at * 10,
                value: Some(&[7; 40]),
                ..NewRecord::default()
            });
        }
        let batch = builder.build().unwrap().into();
        log.append_as_leader(&batch, 1, Origin::Client, 1000).unwrap();
    }
    log.close().unwrap();
    disk
}

fn write(disk: &SimDisk, suffix: &str, bytes: &[u8]) {
    let file = disk.open(&path(suffix), OpenMode::Write).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
    file.write_at(&[bytes], 0).unwrap();
}

fn batches(disk: &SimDisk) -> (Vec<WalkedBatch>, Vec<Fault>) {
    let mut walk = SegmentWalk::open(disk, &path("log"), true).unwrap();
    let (mut batches, mut faults) = (Vec::new(), Vec::new());
    while let Some(step) = walk.next().unwrap() {
        match step {
            SegmentStep::Batch(batch) => {
                faults.extend(batch.faults.clone());
                batches.push(batch);
            }
            SegmentStep::End(fault) => faults.push(fault),
        }
    }
    (batches, faults)
}

/// Entries, faults and unused bytes of an index.
macro_rules! entries {
    ($walk:ident, $disk:expr, $suffix:literal) => {{
        let mut walk = $walk::open($disk, &path($suffix)).unwrap();
        let (mut entries, mut found, mut unused) = (Vec::new(), Vec::new(), 0);
        while let Some(step) = walk.next().unwrap() {
            match step {
                IndexStep::Entry { entry, faults, .. } => {
                    entries.push(entry);
                    found.extend(faults);
                }
                IndexStep::Unused { left_bytes, .. } => unused += left_bytes,
                IndexStep::End(fault) => found.push(fault),
            }
        }
        (entries, found, unused)
    }};
}

#[test]
fn a_closed_log_has_no_faults() {
    let disk = closed_log();
    let (batches, faults) = batches(&disk);
    assert_eq!((batches.len() as i64, faults), (BATCHES, vec![]));
    assert!(batches.iter().all(|batch| batch.is_valid == Some(true)));
    let (offsets, faults, unused) = entries!(OffsetIndexWalk, &disk, "index");
    assert_eq!((faults, unused), (vec![], 0));
    assert!(offsets.len() > 30, "{} entries", offsets.len());
    for entry in &offsets {
        let batch = batches.iter().find(|batch| batch.position == entry.position).unwrap();
        assert_eq!(batch.header.last_offset(), entry.offset);
    }
    let (times, faults, _) = entries!(TimeIndexWalk, &disk, "timeindex");
    assert_eq!(faults, []);
    assert_eq!(times.last().unwrap().timestamp, 1000 + (BATCHES - 1) * 10);
}

#[test]
fn a_flipped_byte_is_told_with_the_position_of_its_batch() {
    let disk = closed_log();
    let good = disk.read(&path("log"), 1 << 20).unwrap();
    let (all, _) = batches(&disk);
    for batch in all.iter().skip(20).take(3) {
        let size_bytes = batch.header.size_bytes();
        for at in ATTRIBUTES_AT..size_bytes {
            let mut bytes = good.clone();
            bytes[batch.position as usize + at] ^= 0x10;
            write(&disk, "log", &bytes);
            let (seen, faults) = batches(&disk);
            assert_eq!(seen.len(), all.len(), "the walk goes on behind it");
            assert!(
                faults.iter().all(|fault| fault.position >= batch.position)
                    && faults
                        .iter()
                        .any(|fault| fault.position == batch.position
                            && matches!(fault.kind, FaultKind::Checksum { .. })),
                "byte {at}: {faults:?}"
            );
        }
    }
}

#[test]
fn what_is_no_batch_ends_the_walk() {
    let disk = closed_log();
    let good = disk.read(&path("log"), 1 << 20).unwrap();
    let (all, _) = batches(&disk);
    let third = &all[3];
    let cut = third.position as usize + 70;
    write(&disk, "log", &good[..cut]);
    let (seen, faults) = batches(&disk);
    assert_eq!(seen.len(), 3);
    assert_eq!(faults[0].position, third.position);
    assert!(
        matches!(faults[0].kind, FaultKind::NoBatch { left_bytes: 70, .. }),
        "{faults:?}"
    );

    let mut zeroed = good[..third.position as usize].to_vec();
    zeroed.resize(good.len(), 0);
    write(&disk, "log", &zeroed);
    let (_, faults) = batches(&disk);
    assert!(matches!(faults[0].kind, FaultKind::ZeroTail { .. }), "{faults:?}");

    // The second batch a second time, where the fourth was.
    let mut repeated = good[..third.position as usize].to_vec();
    repeated.extend(&good[all[1].position as usize..all[2].position as usize]);
    write(&disk, "log", &repeated);
    let (_, faults) = batches(&disk);
    assert!(
        matches!(faults[..], [Fault { position, kind: FaultKind::OffsetOrder { least: 6, found: 1 } }] if position == third.position),
        "{faults:?}"
    );
}

#[test]
fn an_offset_index_must_point_at_batches() {
    let disk = closed_log();
    let good = disk.read(&path("index"), 1 << 20).unwrap();
    let faults = |bytes: &[u8]| {
        write(&disk, "index", bytes);
        entries!(OffsetIndexWalk, &disk, "index").1
    };
    let mut bytes = good.clone();
    bytes[8 * 5 + 7] ^= 1;
    assert!(
        matches!(
            faults(&bytes)[..],
            [Fault {
                position: 40,
                kind: FaultKind::NotABatch { .. }
            }]
        ),
        "{:?}",
        faults(&bytes)
    );
    // An offset that lies before the batch it points to.
    let mut bytes = good.clone();
    bytes.copy_within(8 * 5 + 4..8 * 6, 8 * 4 + 4);
    let found = faults(&bytes);
    assert!(
        matches!(
            found[0],
            Fault {
                position: 32,
                kind: FaultKind::PastOffset { .. }
            }
        ),
        "{found:?}"
    );
    assert!(
        matches!(
            found[1],
            Fault {
                position: 40,
                kind: FaultKind::EntryOrder { what: "position", .. }
            }
        ),
        "{found:?}"
    );
    assert!(matches!(
        faults(&good[..good.len() - 3])[..],
        [Fault {
            kind: FaultKind::PartialEntry { left_bytes: 5 },
            ..
        }]
    ));
    let mut open = good.clone();
    open.resize(10 << 20, 0);
    write(&disk, "index", &open);
    let (entries, faults, unused) = entries!(OffsetIndexWalk, &disk, "index");
    assert_eq!((entries.len(), faults), (good.len() / 8, vec![]));
    assert_eq!(unused as usize, open.len() - good.len());
}

#[test]
fn a_damaged_segment_is_told_once_in_its_index() {
    let disk = closed_log();
    let (all, _) = batches(&disk);
    let good = disk.read(&path("log"), 1 << 20).unwrap();
    write(&disk, "log", &good[..all[40].position as usize + 5]);
    for faults in [
        entries!(OffsetIndexWalk, &disk, "index").1,
        entries!(TimeIndexWalk, &disk, "timeindex").1,
    ] {
        assert!(
            matches!(faults[..], [Fault { kind: FaultKind::SegmentDamaged { damaged_at }, .. }] if damaged_at == all[40].position),
            "{faults:?}"
        );
    }
}

#[test]
fn a_time_index_must_not_hide_batches() {
    let disk = closed_log();
    let good = disk.read(&path("timeindex"), 1 << 20).unwrap();
    let faults = |bytes: &[u8]| {
        write(&disk, "timeindex", bytes);
        entries!(TimeIndexWalk, &disk, "timeindex").1
    };
    let mut bytes = good.clone();
    bytes[12 * 9 + 7] -= 1;
    let found = faults(&bytes);
    assert!(
        found
            .iter()
            .any(|fault| fault.position == 108 && matches!(fault.kind, FaultKind::LaterTimestamp { .. })),
        "{found:?}"
    );
    let mut bytes = good.clone();
    bytes.copy_within(0..12, 24);
    let found = faults(&bytes);
    assert!(
        matches!(
            found[0],
            Fault {
                position: 24,
                kind: FaultKind::EntryOrder { what: "timestamp", .. }
            }
        ),
        "{found:?}"
    );
    let mut bytes = good.clone();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&100_000i32.to_be_bytes());
    let found = faults(&bytes);
    assert!(
        matches!(
            found[..],
            [Fault {
                kind: FaultKind::BeyondSegment { offset: 100_000, .. },
                ..
            }]
        ),
        "{found:?}"
    );
}

#[test]
fn aborted_transactions_are_in_order() {
    let disk = closed_log();
    let entry = |first: i64, last: i64| {
        let fields = [9i64, first, last, first];
        let body = fields.iter().flat_map(|field| field.to_be_bytes());
        [0u8, 0].into_iter().chain(body).collect::<Vec<u8>>()
    };
    write(&disk, "txnindex", &[entry(3, 9), entry(12, 14)].concat());
    let (entries, faults, _) = entries!(TxnIndexWalk, &disk, "txnindex");
    assert_eq!((entries.len(), faults), (2, vec![]));
    assert_eq!((entries[1].first_offset, entries[1].last_offset), (12, 14));
    write(&disk, "txnindex", &[entry(12, 14), entry(9, 3)].concat());
    let faults = entries!(TxnIndexWalk, &disk, "txnindex").1;
    assert_eq!(faults.len(), 2, "its bounds and its place: {faults:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_walked_to_an_end(log: Vec<u8>, index: Vec<u8>, times: Vec<u8>, txns: Vec<u8>) {
        let disk = SimDisk::default();
        disk.create_dir_all(Path::new("/logs/t-0")).unwrap();
        for (suffix, bytes) in [("log", &log), ("index", &index), ("timeindex", &times), ("txnindex", &txns)] {
            write(&disk, suffix, bytes);
        }
        prop_assert!(batches(&disk).0.len() <= log.len() / 61);
        prop_assert!(entries!(OffsetIndexWalk, &disk, "index").0.len() <= index.len() / 8);
        prop_assert!(entries!(TimeIndexWalk, &disk, "timeindex").0.len() <= times.len() / 12);
        prop_assert!(entries!(TxnIndexWalk, &disk, "txnindex").0.len() <= txns.len() / 34);
    }

    #[test]
    fn damaged_files_are_walked_to_an_end(flips in prop::collection::vec((0usize..8000, 0u8..255), 1..6), cut in 0usize..8000) {
        let disk = closed_log();
        for suffix in ["log", "index", "timeindex"] {
            let mut bytes = disk.read(&path(suffix), 1 << 20).unwrap();
            for (at, mask) in &flips {
                let at = at % bytes.len();
                bytes[at] ^= mask;
            }
            bytes.truncate(cut);
            write(&disk, suffix, &bytes);
        }
        batches(&disk);
        entries!(OffsetIndexWalk, &disk, "index");
        entries!(TimeIndexWalk, &disk, "timeindex");
    }
}
