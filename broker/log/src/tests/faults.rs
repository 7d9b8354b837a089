//! Faults at any byte of a segment of 64 KiB and of the files beside it: what is whole before the fault stays, and
//! lookups by offset, by time and by transaction find what a walk through the batches finds.
//!
//! The short form takes some of the bytes; `KFLEET_EVERY_BYTE` takes each.

use protocol::files::names;

use super::*;
use crate::{AbortedTxn, ActiveProducer};

const SEGMENT_BYTES: u64 = 64 << 10;
const SECTOR_BYTES: usize = 512;
/// Batches up to a transaction that is aborted.
const TXN_EVERY: usize = 12;
/// Batches of a leader epoch.
const EPOCH_BATCHES: usize = 40;
const RECORDS_MAX: usize = 3;

/// Offset, timestamp and value of a record.
type Entry = (i64, i64, Vec<u8>);

/// The log as it was after some batch.
#[derive(Debug, Clone)]
struct Moment {
    /// Where the batch ends in its segment.
    end_bytes: u64,
    end_offset: i64,
    producers: Vec<ActiveProducer>,
    aborted: Vec<AbortedTxn>,
    epochs: Vec<(i32, i64)>,
}

#[derive(Debug)]
struct Filled {
    disk: SimDisk,
    config: Arc<LogConfig>,
    moments: Vec<Moment>,
    /// Offsets, timestamps and values.
    records: Vec<Entry>,
}

fn state_of(log: &Log, end_bytes: u64) -> Moment {
    let end_offset = log.log_end_offset();
    let epochs = log.epochs().entries();
    Moment {
        end_bytes,
        end_offset,
        producers: log.active_producers(),
        aborted: log.aborted_transactions(0, end_offset).unwrap(),
        epochs: epochs.iter().map(|entry| (entry.epoch, entry.start_offset)).collect(),
    }
}

/// Next sequence numbers by producer id and epoch.
type Sequences = std::collections::BTreeMap<(i64, i16), i32>;

/// The `at`th batch: of one of three idempotent producers, of a transaction, or the marker that aborts it.
fn nth_batch(at: usize, first_offset: i64, rising: bool, sequences: &mut Sequences) -> (Bytes, Origin, Vec<Entry>) {
    let codecs = [
        Compression::None,
        Compression::Lz4,
        Compression::None,
        Compression::Snappy,
    ];
    let in_txn = at % TXN_EVERY;
    let id = if in_txn >= 10 { 9 } else { (at % 3) as i64 };
    let epoch = i16::from(id < 3 && at > 60);
    let next = sequences.entry((id, epoch)).or_insert(0);
    let base_sequence = if in_txn == 11 { -1 } else { *next };
    *next += if in_txn == 11 { 0 } else { RECORDS_MAX as i32 };
    let stamp = ProducerStamp {
        id,
        epoch,
        base_sequence,
    };
    let mut builder = BatchBuilder::new(0, codecs[at % codecs.len()]).producer(stamp);
    let timestamp = 1_000_000 + at as i64 * 10 + i64::from(!rising) * ((at as i64 * 7919) % 5000);
    if in_txn == 11 {
        builder = BatchBuilder::new(0, Compression::None)
            .producer(stamp)
            .transactional()
            .control();
        builder.push(&NewRecord {
            timestamp,
            // Version 0, type abort; version 0, coordinator epoch 1.
            key: Some(&[0, 0, 0, 0]),
            value: Some(&[0, 0, 0, 0, 0, 1]),
            ..NewRecord::default()
        });
        return (
            builder.build().unwrap().into(),
            Origin::Coordinator,
            vec![(first_offset, timestamp, vec![])],
        );
    }
    if in_txn == 10 {
        builder = builder.transactional();
    }
    let mut records = Vec::new();
    for (offset, nth) in (first_offset..).zip(0..RECORDS_MAX) {
        let value: Vec<u8> = (0..60 + (at * 37 + nth * 101) % 500)
            .map(|byte| (byte * at * 31 % 251) as u8)
            .collect();
        let timestamp = timestamp + nth as i64;
        builder.push(&NewRecord {
            timestamp,
            value: Some(&value),
            ..NewRecord::default()
        });
        records.push((offset, timestamp, value));
    }
    (builder.build().unwrap().into(), Origin::Client, records)
}

/// Fills a segment, and begins another if it is to be followed, in which case time goes on in it.
fn filled(followed: bool) -> Filled {
    let disk = SimDisk::default();
    let config = Arc::new(LogConfig {
        segment_bytes: if followed { SEGMENT_BYTES } else { u64::MAX },
        index_interval_bytes: 1024,
        ..LogConfig::default()
    });
    let mut log = open(&disk, &config, OpenOptions::default());
    let (mut moments, mut records) = (Vec::new(), Vec::new());
    let mut sequences = Sequences::new();
    let mut at = 0;
    while (log.size_bytes() < SEGMENT_BYTES && !followed)
        || (followed && (log.segment_count() < 2 || at % TXN_EVERY != 3))
    {
        let (batch, origin, new) = nth_batch(at, log.log_end_offset(), followed, &mut sequences);
        log.append_as_leader(&batch, (at / EPOCH_BATCHES) as i32, origin, 1_000_000)
            .unwrap();
        log.set_high_watermark(log.log_end_offset());
        records.extend(new);
        moments.push(state_of(&log, log.size_bytes()));
        at += 1;
    }
    log.close().unwrap();
    Filled {
        disk,
        config,
        moments,
        records,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Cut,
    Zeroed,
    Torn,
}

const FAULTS: [Fault; 3] = [Fault::Cut, Fault::Zeroed, Fault::Torn];

impl Fault {
    fn strike(self, whole: &[u8], at: usize) -> Vec<u8> {
        let mut bytes = whole.to_vec();
        match self {
            Self::Cut => bytes.truncate(at),
            Self::Zeroed => bytes[at..].fill(0),
            Self::Torn => {
                bytes.truncate(at / SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES);
                bytes[at..].fill(0xa5);
            }
        }
        bytes
    }
}

/// Every byte in the long form, every `step`th in the short one.
fn step(short: usize) -> usize {
    if std::env::var_os("KFLEET_EVERY_BYTE").is_some() {
        1
    } else {
        short
    }
}

impl Filled {
    fn open(&self, recovery_point: i64) -> (Log, crate::LoadReport) {
        let options = OpenOptions {
            high_watermark: i64::MAX,
            ..crashed(recovery_point)
        };
        Log::open(&context(&self.disk), &dir(), Arc::clone(&self.config), options).unwrap()
    }

    /// The log is what it was after `kept` batches, however it is looked at.
    #[track_caller]
    fn check(&self, log: &Log, kept: usize, lookups: usize, what: &dyn std::fmt::Debug) {
        let empty = Moment {
            end_bytes: 0,
            end_offset: 0,
            producers: vec![],
            aborted: vec![],
            epochs: vec![],
        };
        let moment = kept.checked_sub(1).map_or(&empty, |last| &self.moments[last]);
        assert_eq!(log.log_end_offset(), moment.end_offset, "{what:?}");
        let records = &self.records[..moment.end_offset as usize];
        let expected: Vec<(i64, &[u8])> = records
            .iter()
            .map(|(offset, _, value)| (*offset, value.as_slice()))
            .collect();
        let read = read_values(log, 0);
        let read: Vec<(i64, &[u8])> = read.iter().map(|(offset, value)| (*offset, value.as_slice())).collect();
        assert!(read == expected, "{what:?}");
        let found = state_of(log, moment.end_bytes);
        assert_eq!(found.producers, moment.producers, "{what:?}");
        let txns = |moment: &Moment| {
            moment
                .aborted
                .iter()
                .map(|txn| (txn.first_offset, txn.last_offset))
                .collect::<Vec<_>>()
        };
        assert_eq!(txns(&found), txns(moment), "{what:?}");
        assert_eq!(found.epochs, moment.epochs, "{what:?}");
        for nth in 0..lookups {
            let at = records.len() * nth / lookups;
            let Some((offset, timestamp, _)) = records.get(at) else {
                continue;
            };
            let batch = log.read(*offset, moment.end_offset, 1, true).unwrap();
            let (header, _) = Batches::new(&bytes_of(&batch)).next().unwrap().unwrap();
            assert!(
                header.base_offset <= *offset && *offset <= header.last_offset(),
                "{what:?}: offset {offset}"
            );
            let walked = records
                .iter()
                .find(|(_, other, _)| other >= timestamp)
                .map(|(offset, ..)| *offset);
            let found = log.offset_for_timestamp(*timestamp, moment.end_offset).unwrap();
            assert_eq!(
                found.map(|found| found.offset),
                walked,
                "{what:?}: timestamp {timestamp}"
            );
        }
        let newest = records.iter().map(|(_, timestamp, _)| *timestamp).max();
        let found = log.offset_of_max_timestamp().unwrap();
        assert_eq!(found.map(|found| found.timestamp), newest, "{what:?}");
    }
}

/// Every record from `offset` on; markers have no value.
fn read_values(log: &Log, offset: i64) -> Vec<(i64, Vec<u8>)> {
    let mut out = Vec::new();
    let mut next = offset;
    while next < log.log_end_offset() {
        let bytes = bytes_of(&log.read(next, log.log_end_offset(), 16 << 10, true).unwrap());
        for (header, batch) in Batches::new(&bytes).map_while(Result::ok) {
            let unpacked = records_of(&header, batch, 1 << 20).unwrap();
            for record in Records::new(header, &unpacked).map(Result::unwrap) {
                let value = if header.is_control() {
                    &[]
                } else {
                    record.value.unwrap()
                };
                out.push((record.offset, value.to_vec()));
            }
            next = header.next_offset();
        }
    }
    out
}

#[test]
fn a_fault_at_any_byte_of_a_segment_keeps_what_is_whole_before_it_and_nothing_after() {
    let filled = filled(false);
    let path = dir().join("00000000000000000000.log");
    let whole = filled.disk.read(&path, 1 << 20).unwrap();
    let files = snapshot_of(&filled.disk);
    // All bytes around batch ends, too.
    let near_end = |at: usize| filled.moments.iter().any(|m| at.abs_diff(m.end_bytes as usize) <= 1);
    let step = step(127);
    for at in (0..whole.len()).filter(|at| at % step == 0 || near_end(*at)) {
        for fault in FAULTS {
            put_back(&filled.disk, &files);
            let damaged = fault.strike(&whole, at);
            // A byte that is the same after the fault is no damage: a zero at the end of a batch, say.
            let both = whole.iter().zip(&damaged);
            let intact = both.take_while(|(before, after)| before == after).count() as u64;
            let kept = filled
                .moments
                .iter()
                .filter(|moment| moment.end_bytes <= intact)
                .count();
            let end_bytes = kept.checked_sub(1).map_or(0, |last| filled.moments[last].end_bytes);
            let cut = damaged.len() as u64 > end_bytes;
            filled.disk.damage(&path, |bytes| *bytes = damaged);
            let (log, report) = filled.open(0);
            assert_eq!(report.truncated.is_some(), cut, "{fault:?} at byte {at}");
            filled.check(&log, kept, 3, &(fault, at));
        }
    }
}

/// All files of the log, to be put back after each fault.
fn snapshot_of(disk: &SimDisk) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = disk.list(&dir()).unwrap();
    let paths = entries.iter().map(|entry| dir().join(&entry.name));
    paths
        .map(|path| (path.clone(), disk.read(&path, 1 << 20).unwrap()))
        .collect()
}

fn put_back(disk: &SimDisk, files: &[(PathBuf, Vec<u8>)]) {
    for entry in disk.list(&dir()).unwrap() {
        let path = dir().join(entry.name);
        if !files.iter().any(|(known, _)| *known == path) {
            disk.remove_file(&path).unwrap();
        }
    }
    for (path, whole) in files {
        disk.open(path, crate::disk::OpenMode::Write).unwrap();
        disk.damage(path, |bytes| bytes.clone_from(whole));
    }
}

/// Damages each of the files beside the batches and looks at everything, with some recovery point.
fn damage_beside(filled: &Filled, recovery_point: i64, spared: &[&str], step: usize) {
    let files = snapshot_of(&filled.disk);
    let beside = |path: &&(PathBuf, Vec<u8>)| {
        let name = path.0.file_name().unwrap().to_str().unwrap();
        !name.ends_with(".log") && !spared.iter().any(|suffix| name.ends_with(suffix))
    };
    let mut struck = Vec::new();
    for (path, whole) in files.iter().filter(beside) {
        struck.push(
            path.extension()
                .unwrap_or(path.as_os_str())
                .to_str()
                .unwrap()
                .to_owned(),
        );
        for at in (0..whole.len()).step_by(step) {
            for fault in FAULTS {
                put_back(&filled.disk, &files);
                filled.disk.damage(path, |bytes| *bytes = fault.strike(whole, at));
                let (log, _) = filled.open(recovery_point);
                filled.check(&log, filled.moments.len(), 40, &(path, fault, at));
            }
        }
        put_back(&filled.disk, &files);
        filled.disk.remove_file(path).unwrap();
        filled.check(
            &filled.open(recovery_point).0,
            filled.moments.len(),
            40,
            &(path, "removed"),
        );
        put_back(&filled.disk, &files);
    }
    for expected in ["index", "timeindex", "snapshot", names::LEADER_EPOCHS] {
        assert!(
            struck.iter().any(|name| name.ends_with(expected)),
            "{expected} is not in {struck:?}"
        );
    }
}

#[test]
fn a_fault_at_any_byte_beside_a_segment_that_was_not_flushed_loses_nothing() {
    damage_beside(&filled(false), 0, &[], step(13));
}

#[test]
fn a_fault_at_any_byte_beside_a_segment_that_holds_the_recovery_point_loses_nothing() {
    let filled = filled(false);
    let end = filled.moments.last().unwrap().end_offset;
    damage_beside(&filled, end / 2, &[], step(13));
}

/// The batches of such a segment are not read again. So a list of aborted transactions that was cut cannot be told from
/// a shorter one, nor can a time index that was cut where the newest record is not among the last; a crash causes
/// neither, as both were synced with the batches.
#[test]
fn a_fault_at_any_byte_beside_a_segment_below_the_recovery_point_loses_nothing() {
    let filled = filled(true);
    let end = filled.moments.last().unwrap().end_offset;
    damage_beside(&filled, end, &[".txnindex"], step(13));
}

/// A closed log with a segment of 64 KiB, and where each of its batches ends.
fn plain() -> (SimDisk, Vec<u64>) {
    let disk = SimDisk::default();
    let config = Arc::new(LogConfig::default());
    let mut log = open(&disk, &config, OpenOptions::default());
    let mut ends = Vec::new();
    let mut at = 0u32;
    while log.size_bytes() < SEGMENT_BYTES {
        append(&mut log, 1, &[&vec![at as u8; 100 + (at as usize * 37) % 900]]);
        ends.push(log.size_bytes());
        at += 1;
    }
    log.close().unwrap();
    (disk, ends)
}

#[test]
fn damage_in_a_cleanly_closed_segment_is_reported_and_nothing_is_dropped() {
    let (disk, ends) = plain();
    let path = dir().join("00000000000000000000.log");
    disk.damage(&path, |bytes| bytes[ends[3] as usize + 16] = 9);
    let log = open(
        &disk,
        &Arc::default(),
        OpenOptions {
            recovery_point: ends.len() as i64,
            ..OpenOptions::default()
        },
    );
    assert_eq!(log.log_end_offset(), ends.len() as i64);
    let error = log.read(4, log.log_end_offset(), 10, true).unwrap_err();
    assert!(
        matches!(&error, LogError::Corrupt { position, .. } if *position == ends[3]),
        "{error}"
    );
}
