use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use protocol::files::{EpochStart, format_leader_epochs};
use protocol::records::{BatchBuilder, Compression, HEADER_BYTES, NewRecord, ProducerStamp};

use super::super::{SegmentStep, SegmentWalk, WalkedBatch};
use super::*;
use crate::disk::{OpenMode, SimDisk};
use crate::{Log, LogConfig, LogContext, OpenOptions, Origin};

const BATCHES: i64 = 110;

fn dir() -> PathBuf {
    PathBuf::from("/logs/t-0")
}

/// A batch of three records, the last one of a transaction, or the marker that aborts it.
fn batch(at: i64) -> (Bytes, Origin) {
    let codecs = [
        Compression::None,
        Compression::Lz4,
        Compression::Gzip,
        Compression::Zstd,
    ];
    let timestamp = 1000 + at * 10;
    let (in_txn, sequence) = (at % 10, (at / 10 * 3) as i32);
    let stamp = |base_sequence| ProducerStamp {
        id: 7,
        epoch: 0,
        base_sequence,
    };
    if in_txn == 9 {
        let mut builder = BatchBuilder::new(0, Compression::None)
            .producer(stamp(-1))
            .transactional()
            .control();
        builder.push(&NewRecord {
            timestamp,
            key: Some(&[0, 0, 0, 0]),
            value: Some(&[0, 0, 0, 0, 0, 1]),
            ..NewRecord::default()
        });
        return (builder.build().unwrap().into(), Origin::Coordinator);
    }
    let mut builder = BatchBuilder::new(0, codecs[at as usize % codecs.len()]);
    if in_txn == 8 {
        builder = builder.producer(stamp(sequence)).transactional();
    }
    for nth in 0..3 {
        let value: Vec<u8> = (0..60).map(|byte| (byte * at * 31 + nth) as u8).collect();
        builder.push(&NewRecord {
            timestamp: timestamp + nth,
            value: Some(&value),
            ..NewRecord::default()
        });
    }
    (builder.build().unwrap().into(), Origin::Client)
}

/// A log of some segments and leader epochs, closed well.
struct World {
    disk: SimDisk,
    end: i64,
}

impl World {
    fn new() -> Self {
        let disk = SimDisk::default();
        let context = LogContext::new(Arc::new(disk.clone()), 16, 64 << 10);
        let config = Arc::new(LogConfig {
            segment_bytes: 6_000,
            index_interval_bytes: 200,
            ..LogConfig::default()
        });
        let (mut log, _) = Log::open(&context, &dir(), config, OpenOptions::default()).unwrap();
        for at in 0..BATCHES {
            let (batch, origin) = batch(at);
            log.append_as_leader(&batch, 1 + (at / 35) as i32, origin, 1000)
                .unwrap();
        }
        log.flush().unwrap();
        let end = log.log_end_offset();
        log.close().unwrap();
        Self { disk, end }
    }

    fn files(&self) -> PartitionFiles {
        PartitionFiles::read(&self.disk, &dir()).unwrap()
    }

    fn options(&self, left: Left) -> VerifyOptions {
        VerifyOptions {
            left,
            recovery_point: Some(self.end),
            unpack_max_bytes: None,
        }
    }

    fn verify(&self, options: &VerifyOptions) -> Vec<Finding> {
        let files = self.files();
        let segments = files.segments.iter().flat_map(|base| {
            let report = verify_segment(&self.disk, &files, *base, options).unwrap();
            report.findings
        });
        let mut findings: Vec<Finding> = segments.collect();
        for name in &files.others {
            findings.extend(verify_file(&self.disk, &files, name, options).unwrap());
        }
        findings
    }

    fn found(&self, options: &VerifyOptions) -> Vec<(String, &'static str, Severity)> {
        let shown = |finding: Finding| {
            let name = finding.path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, finding.kind.name(), finding.severity)
        };
        self.verify(options).into_iter().map(shown).collect()
    }

    fn bytes(&self, path: &Path) -> Vec<u8> {
        self.disk.read(path, 1 << 20).unwrap()
    }

    fn write(&self, path: &Path, bytes: &[u8]) {
        let file = self.disk.open(path, OpenMode::Write).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
        file.write_at(&[bytes], 0).unwrap();
    }

    fn batches(&self, path: &Path) -> Vec<WalkedBatch> {
        let mut walk = SegmentWalk::open(&self.disk, path, false).unwrap();
        let mut batches = Vec::new();
        while let Some(SegmentStep::Batch(batch)) = walk.next().unwrap() {
            batches.push(batch);
        }
        batches
    }

    fn path(&self, segment: usize, suffix: &str) -> PathBuf {
        file(&dir(), self.files().segments[segment], suffix)
    }

    fn name(&self, segment: usize, suffix: &str) -> String {
        let path = self.path(segment, suffix);
        path.file_name().unwrap().to_str().unwrap().to_owned()
    }
}

#[test]
fn a_log_that_is_whole_has_no_findings() {
    let world = World::new();
    let files = world.files();
    assert!(files.segments.len() >= 3, "{files:?}");
    assert!(files.others.len() >= 3, "snapshots and epochs: {files:?}");
    for left in [Left::Clean, Left::Unclean, Left::InUse, Left::Unknown] {
        for unpack_max_bytes in [None, Some(1 << 20)] {
            let options = VerifyOptions {
                unpack_max_bytes,
                ..world.options(left)
            };
            assert_eq!(world.found(&options), []);
        }
    }
    assert_eq!(log_end_offset(&world.disk, &files).unwrap(), Some(world.end));
    let reports = files.segments.iter().map(|base| {
        let report = verify_segment(&world.disk, &files, *base, &world.options(Left::Clean)).unwrap();
        (report.batches, report.records)
    });
    let (batches, records) = reports.fold((0, 0), |sum, report| (sum.0 + report.0, sum.1 + report.1));
    assert_eq!((batches as i64, records as i64), (BATCHES, world.end));
}

/// What is done to a file, and the finding there must be: its kind and severity.
type Damage = (&'static str, fn(&mut Vec<u8>, &[WalkedBatch]), &'static str);

fn at(batches: &[WalkedBatch], batch: usize, byte: usize) -> usize {
    batches[batch].position as usize + byte
}

#[test]
fn each_damage_to_a_segment_is_one_finding() {
    let cases: [Damage; 12] = [
        ("a record's byte", |b, a| b[at(a, 3, 70)] ^= 1, "checksum"),
        ("the checksum", |b, a| b[at(a, 3, 18)] ^= 1, "checksum"),
        ("a base offset, lowered", |b, a| b[at(a, 3, 7)] = 0, "offset-order"),
        ("a base offset, raised", |b, a| b[at(a, 3, 3)] ^= 0x10, "beyond-end"),
        (
            "a base offset, raised by little",
            |b, a| b[at(a, 3, 7)] += 1,
            "offset-order",
        ),
        ("a leader epoch", |b, a| b[at(a, 3, 15)] ^= 4, "leader-epoch"),
        ("a length, grown", |b, a| b[at(a, 3, 11)] += 1, "checksum"),
        ("a length beyond the file", |b, a| b[at(a, 3, 8)] = 1, "no-batch"),
        ("the magic byte", |b, a| b[at(a, 3, 16)] = 1, "no-batch"),
        (
            "a page of zeros",
            |b, a| b[at(a, 3, 0)..at(a, 5, 18)].fill(0),
            "no-batch",
        ),
        (
            "the batch before, again",
            |b, a| {
                let again = b[at(a, 2, 0)..at(a, 3, 0)].to_vec();
                b.splice(at(a, 3, 0)..at(a, 3, 0), again);
            },
            "offset-order",
        ),
        ("an end that is cut", |b, _| b.truncate(b.len() - 5), "no-batch"),
    ];
    let world = World::new();
    for segment in [0, 1, world.files().segments.len() - 1] {
        let path = world.path(segment, "log");
        let (good, batches) = (world.bytes(&path), world.batches(&path));
        for (what, damage, kind) in &cases {
            let mut bytes = good.clone();
            damage(&mut bytes, &batches);
            world.write(&path, &bytes);
            let mut found = world.found(&world.options(Left::Clean));
            if *what == "the batch before, again" {
                // Everything behind it lies elsewhere than the index says.
                found.retain(|(name, ..)| !name.ends_with(".index"));
            }
            let expected = (world.name(segment, "log"), *kind, Severity::Error);
            assert_eq!(found, [expected], "{what} in segment {segment}");
        }
        world.write(&path, &good);
    }
}

#[test]
fn each_damage_to_an_index_is_one_finding() {
    let flip =
        |entry: usize, bytes: usize, byte: usize, mask: u8| move |all: &mut Vec<u8>| all[entry * bytes + byte] ^= mask;
    let world = World::new();
    let last = world.files().segments.len() - 1;
    for segment in [0, last] {
        for (suffix, damages) in [
            (
                "index",
                vec![
                    (flip(2, 8, 7, 1), "not-a-batch"),
                    (flip(2, 8, 4, 1), "not-a-batch"),
                    (flip(2, 8, 0, 0x80), "entry-order"),
                ],
            ),
            (
                "timeindex",
                vec![
                    (flip(2, 12, 7, 0x80), "later-timestamp"),
                    (flip(2, 12, 5, 1), "no-such-timestamp"),
                    (flip(2, 12, 8, 0x80), "entry-order"),
                    (flip(2, 12, 9, 1), "entry-order"),
                ],
            ),
            (
                "txnindex",
                vec![
                    (flip(0, 34, 9, 1), "no-marker"),
                    (flip(0, 34, 25, 1), "no-marker"),
                    (flip(0, 34, 1, 1), "version"),
                ],
            ),
        ] {
            let path = world.path(segment, suffix);
            let good = world.bytes(&path);
            for (at, (damage, kind)) in damages.iter().enumerate() {
                let mut bytes = good.clone();
                damage(&mut bytes);
                world.write(&path, &bytes);
                let found = world.found(&world.options(Left::Clean));
                assert_eq!(found.len(), 1, "{suffix} {at}: {found:?}");
                assert_eq!(found[0].0, world.name(segment, suffix));
                let entry_order = ["entry-order", "later-timestamp", "no-such-timestamp", "beyond-segment"];
                let is_expected = found[0].1 == *kind || (suffix == "timeindex" && entry_order.contains(&found[0].1));
                assert!(is_expected, "{suffix} {at}: {found:?}, expected {kind}");
            }
            world.write(&path, &good[..good.len() - 3]);
            let found = world.found(&world.options(Left::Clean));
            assert_eq!(found, [(world.name(segment, suffix), "partial-entry", Severity::Error)]);
            world.write(&path, &good);
        }
    }
}

#[test]
fn compaction_may_leave_an_aborted_transaction_in_the_segment_before_its_marker() {
    let world = World::new();
    let last = world.files().segments.len() - 1;
    for (segment, end, expected) in [
        (0, world.end - 1, vec![]),
        (
            last,
            world.end + 5,
            vec![(world.name(last, "txnindex"), "beyond-segment", Severity::Error)],
        ),
    ] {
        let path = world.path(segment, "txnindex");
        let good = world.bytes(&path);
        let fields = [7, 20, end, 20];
        let entry = fields.iter().flat_map(|field: &i64| field.to_be_bytes());
        let entry: Vec<u8> = [0, 0].into_iter().chain(entry).collect();
        world.write(&path, &[good.clone(), entry].concat());
        assert_eq!(world.found(&world.options(Left::Clean)), expected);
        world.write(&path, &good);
    }
}

#[test]
fn the_end_of_a_log_that_was_not_closed_well_may_be_torn() {
    let world = World::new();
    let last = world.files().segments.len() - 1;
    let (path, name) = (world.path(last, "log"), world.name(last, "log"));
    let (good, batches) = (world.bytes(&path), world.batches(&path));
    let synced_to = batches[batches.len() - 4].header.base_offset;
    let torn = VerifyOptions {
        recovery_point: Some(synced_to),
        ..world.options(Left::Unclean)
    };
    let of_log = |options: &VerifyOptions| {
        let mut found = world.found(options);
        // What the indexes and snapshots tell of the lost end is told, too, and is no corruption either.
        found.retain(|(name, _, severity)| name.ends_with(".log") || *severity == Severity::Error);
        found
    };
    for cut in [1, 30, 70, good.len() - at(&batches, batches.len() - 2, 40)] {
        world.write(&path, &good[..good.len() - cut]);
        assert_eq!(of_log(&torn), [(name.clone(), "torn-tail", Severity::Warning)], "{cut}");
        let unknown = VerifyOptions {
            left: Left::Unknown,
            recovery_point: None,
            ..torn
        };
        let found: Vec<_> = of_log(&unknown)
            .into_iter()
            .filter(|(file, ..)| *file == name)
            .collect();
        assert_eq!(found, [(name.clone(), "torn-tail", Severity::Warning)], "{cut}");
        // Nothing of this was synced only later.
        let found = of_log(&world.options(Left::Unclean));
        assert_eq!(found, [(name.clone(), "no-batch", Severity::Error)], "{cut}");
    }
    // A page that was not written, with nothing whole behind it.
    let mut bytes = good.clone();
    bytes[at(&batches, batches.len() - 2, 30)..].fill(0);
    world.write(&path, &bytes);
    assert_eq!(of_log(&torn), [(name.clone(), "torn-tail", Severity::Warning)]);
    // Damage with whole batches behind it is none that a crash of the process leaves.
    let mut bytes = good.clone();
    bytes[at(&batches, batches.len() - 3, 80)] ^= 1;
    world.write(&path, &bytes);
    assert_eq!(of_log(&torn), [(name.clone(), "checksum", Severity::Error)]);
    // Space that was set aside.
    let mut bytes = good.clone();
    bytes.resize(good.len() + 5000, 0);
    world.write(&path, &bytes);
    assert_eq!(of_log(&torn), [(name.clone(), "torn-tail", Severity::Warning)]);
    assert_eq!(world.found(&world.options(Left::InUse)), []);
    assert_eq!(
        of_log(&world.options(Left::Clean)),
        [(name.clone(), "zero-tail", Severity::Error)]
    );
    world.write(&path, &good);
    assert_eq!(world.found(&torn), []);
}

#[test]
fn batches_that_are_missing_at_the_end_are_told_by_the_recovery_point() {
    let world = World::new();
    let last = world.files().segments.len() - 1;
    let (path, name) = (world.path(last, "log"), world.name(last, "log"));
    let (good, batches) = (world.bytes(&path), world.batches(&path));
    world.write(&path, &good[..at(&batches, batches.len() - 1, 0)]);
    let found = world.found(&world.options(Left::Clean));
    let of_log: Vec<_> = found.iter().filter(|(_, kind, _)| *kind != "beyond-log").collect();
    assert_eq!(of_log, [&(name.clone(), "ends-early", Severity::Error)], "{found:?}");
    world.write(&path, &good);
    let late = VerifyOptions {
        recovery_point: Some(world.end - 1),
        ..world.options(Left::Clean)
    };
    assert_eq!(world.found(&late), [(name, "ends-late", Severity::Error)]);
}

#[test]
fn small_files_are_read_and_compared_with_the_log() {
    let world = World::new();
    let epochs = dir().join(names::LEADER_EPOCHS);
    let good = world.bytes(&epochs);
    let found = |world: &World| world.found(&world.options(Left::Clean));
    world.write(&epochs, &good[..good.len() - 4]);
    let name = names::LEADER_EPOCHS.to_owned();
    assert_eq!(found(&world), [(name.clone(), "content", Severity::Error)]);
    let entries = parse_leader_epochs(&String::from_utf8_lossy(&good)).unwrap();
    let mut beyond = entries.clone();
    beyond.push(EpochStart {
        epoch: 9,
        start_offset: world.end + 1,
    });
    world.write(&epochs, format_leader_epochs(&beyond).as_bytes());
    assert_eq!(found(&world), [(name.clone(), "beyond-log", Severity::Error)]);
    let mut swapped = entries;
    swapped.swap(0, 1);
    world.write(&epochs, format_leader_epochs(&swapped).as_bytes());
    assert_eq!(found(&world), [(name, "entry-order", Severity::Error)]);
    world.write(&epochs, &good);

    let snapshot = world.path(1, "snapshot");
    let good = world.bytes(&snapshot);
    let mut bytes = good.clone();
    bytes[20] ^= 1;
    world.write(&snapshot, &bytes);
    assert_eq!(found(&world), [(world.name(1, "snapshot"), "content", Severity::Error)]);
    world.write(&snapshot, &good);
    assert_eq!(found(&world), []);
}

#[test]
fn records_are_looked_into_only_if_asked() {
    let world = World::new();
    let path = world.path(0, "log");
    let (mut bytes, batches) = (world.bytes(&path), world.batches(&path));
    // A batch that was packed wrongly before its checksum was made.
    let (start, end) = (at(&batches, 1, 0), at(&batches, 2, 0));
    bytes[start + HEADER_BYTES + 6] ^= 0xff;
    let crc = crc32c::crc32c(&bytes[start + 21..end]);
    bytes[start + 17..start + 21].copy_from_slice(&crc.to_be_bytes());
    world.write(&path, &bytes);
    let options = world.options(Left::Clean);
    assert_eq!(world.found(&options), []);
    let deep = VerifyOptions {
        unpack_max_bytes: Some(1 << 20),
        ..options
    };
    assert_eq!(world.found(&deep), [(world.name(0, "log"), "records", Severity::Error)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_byte_of_a_batch_that_changes_is_exactly_one_finding(segment in 0usize..3, at: u32, mask in 1u8..=255) {
        let world = World::new();
        let path = world.path(segment, "log");
        let mut bytes = world.bytes(&path);
        let at = at as usize % bytes.len();
        bytes[at] ^= mask;
        world.write(&path, &bytes);
        let found = world.found(&world.options(Left::Clean));
        prop_assert_eq!(found.len(), 1, "byte {} ^ {}: {:?}", at, mask, found);
        prop_assert_eq!(&found[0].0, &world.name(segment, "log"));
    }

    #[test]
    fn many_changes_are_seen_and_walked_to_an_end(
        flips in prop::collection::vec((any::<u32>(), 1u8..=255), 1..40),
        suffix in prop::sample::select(vec!["log", "index", "timeindex", "txnindex"]),
        cut: Option<u16>,
        left in prop::sample::select(vec![Left::Clean, Left::Unclean, Left::InUse, Left::Unknown]),
    ) {
        let world = World::new();
        let path = world.path(1, suffix);
        let good = world.bytes(&path);
        let mut bytes = good.clone();
        for (at, mask) in flips {
            let at = at as usize % bytes.len();
            bytes[at] ^= mask;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| usize::from(cut) % bytes.len()));
        world.write(&path, &bytes);
        let options = VerifyOptions { unpack_max_bytes: Some(1 << 20), ..world.options(left) };
        let found = world.found(&options);
        let files: BTreeSet<&String> = found.iter().map(|(name, ..)| name).collect();
        if suffix == "log" {
            // One that ends where a batch does shows by its indexes.
            let is_cut = good.starts_with(&bytes);
            prop_assert!(is_cut || files.contains(&world.name(1, "log")), "{found:?}");
        } else {
            prop_assert!(found.len() <= 1, "{found:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_log_are_walked_to_an_end(log: Vec<u8>, index: Vec<u8>, times: Vec<u8>, txns: Vec<u8>) {
        let world = World::new();
        for (suffix, bytes) in [("log", &log), ("index", &index), ("timeindex", &times), ("txnindex", &txns)] {
            world.write(&world.path(0, suffix), bytes);
        }
        world.verify(&world.options(Left::Clean));
    }
}
